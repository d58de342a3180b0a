// Long forms lose nothing: what is typed is kept in this browser until it was saved, and offered back.
// Also: a select that depends on another one (data-depends, options with data-parent), Ctrl+S saves.
(() => {
  const form = document.querySelector("form[data-keep]");
  if (!form) return;
  const me = document.body.dataset.person || "";
  const key = `tierdesk:${form.dataset.keep}:${me}`;
  const fields = () => [...form.elements].filter((field) => field.name && !["hidden", "file", "submit", "button"].includes(field.type) && field.name !== "csrf_token");
  const read = () => Object.fromEntries(fields().map((field) => [field.id || field.name, field.type === "checkbox" ? field.checked : field.multiple ? [...field.selectedOptions].map((option) => option.value) : field.value]));
  const first = JSON.stringify(read());
  const failed = document.querySelector(".alert-danger, .invalid-feedback, .theirs");

  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      try { localStorage.setItem(key, JSON.stringify({ at: Date.now(), seen: form.elements.seen?.value || "", values: read() })); } catch { /* full or forbidden: the form itself still holds it */ }
    }, 400);
  });
  // Removed only when the server says that it is saved: the next page asks for it.
  form.addEventListener("submit", () => { clearTimeout(timer); try { sessionStorage.setItem("tierdesk:sent", key); } catch { /* nothing to remember */ } });
  try {
    if (failed) sessionStorage.removeItem("tierdesk:sent");
  } catch { /* nothing to remember */ }

  const kept = (() => { try { return JSON.parse(localStorage.getItem(key) || "null"); } catch { return null; } })();
  const offer = form.parentElement.querySelector("[data-kept]");
  if (kept && offer && !failed && JSON.stringify(kept.values) !== first) {
    offer.hidden = false;
    offer.querySelector("[data-kept-at]").textContent = new Date(kept.at).toLocaleString();
    offer.querySelector("[data-restore]").addEventListener("click", () => {
      for (const field of fields()) {
        const value = kept.values[field.id || field.name];
        if (value === undefined) continue;
        if (field.type === "checkbox") field.checked = value;
        else if (field.multiple) [...field.options].forEach((option) => { option.selected = value.includes(option.value); });
        else field.value = value;
        field.dispatchEvent(new Event("change", { bubbles: true }));
      }
      form.dispatchEvent(new Event("input", { bubbles: true }));
      document.getElementById("body")?.dispatchEvent(new Event("input", { bubbles: true }));
      offer.hidden = true;
    });
    offer.querySelector("[data-forget]").addEventListener("click", () => { localStorage.removeItem(key); offer.hidden = true; });
  }

  document.querySelectorAll("select[data-depends]").forEach((select) => {
    const parent = document.getElementById(select.dataset.depends);
    const all = [...select.options];
    const narrow = () => {
      const now = select.value;
      select.replaceChildren(...all.filter((option) => !option.dataset.parent || option.dataset.parent === parent.value));
      select.value = [...select.options].some((option) => option.value === now) ? now : "";
    };
    parent?.addEventListener("change", narrow);
    narrow();
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-save]"));
    }
  });
})();
