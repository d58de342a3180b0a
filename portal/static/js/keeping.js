// Long forms lose nothing: what is typed is kept in this browser until it was saved, and offered back.
// Also: a select that depends on another one (data-depends, options with data-parent), Ctrl+S saves.
(() => {
  // The server says that what was sent is saved: the copy in this browser has done its work.
  const address = new URL(location.href);
  if (address.searchParams.has("saved")) {
    try {
      const sent = sessionStorage.getItem("tierdesk:sent");
      if (sent) localStorage.removeItem(sent);
      sessionStorage.removeItem("tierdesk:sent");
    } catch { /* nothing was kept */ }
    address.searchParams.delete("saved");
    history.replaceState(null, "", address);
  }

  const form = document.querySelector("form[data-keep]");
  if (!form) return;
  const key = `tierdesk:${form.dataset.keep}:${form.dataset.person}`;
  const fields = () => [...form.elements].filter((field) => field.name && !["hidden", "file", "submit", "button"].includes(field.type) && field.name !== "csrf_token");
  const read = () => Object.fromEntries(fields().map((field) => [field.id || field.name, field.type === "checkbox" ? field.checked : field.multiple ? [...field.selectedOptions].map((option) => option.value) : field.value]));
  const first = JSON.stringify(read());
  const failed = document.querySelector(".alert-danger, .invalid-feedback, .theirs");

  let timer = 0;
  const keep = () => {
    timer = 0;
    try { localStorage.setItem(key, JSON.stringify({ at: Date.now(), seen: form.elements.seen?.value || "", values: read() })); } catch { /* full or forbidden: the form itself still holds it */ }
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 400); });
  window.addEventListener("pagehide", () => { if (timer) keep(); });
  // Long texts (data-guard) ask before the page is left with something unsaved; sending them is no leaving.
  let sending = false;
  if (form.dataset.guard !== undefined) {
    window.addEventListener("beforeunload", (event) => {
      if (!sending && (failed || JSON.stringify(read()) !== first)) event.preventDefault();
    });
    window.addEventListener("pageshow", () => { sending = false; });
  }
  // Removed only when the server says that it is saved: the next page asks for it.
  form.addEventListener("submit", () => { sending = true; clearTimeout(timer); keep(); try { sessionStorage.setItem("tierdesk:sent", key); } catch { /* nothing to remember */ } });
  try {
    if (failed) sessionStorage.removeItem("tierdesk:sent");
  } catch { /* nothing to remember */ }

  // As the desk writes it elsewhere: "today 14:20", otherwise the day of the month and the time.
  const told = (moment) => {
    const language = document.documentElement.lang;
    const day = moment.toDateString() === new Date().toDateString()
      ? new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(0, "day")
      : moment.toLocaleDateString(language, { month: "long", day: "numeric" });
    return `${day} ${moment.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })}`;
  };

  const kept = (() => { try { return JSON.parse(localStorage.getItem(key) || "null"); } catch { return null; } })();
  const offer = form.parentElement.querySelector("[data-kept]");
  if (kept && offer && !failed && JSON.stringify(kept.values) !== first) {
    offer.hidden = false;
    offer.querySelector("[data-kept-at]").textContent = told(new Date(kept.at));
    offer.querySelector("[data-restore]").addEventListener("click", () => {
      for (const field of fields()) {
        const value = kept.values[field.id || field.name];
        if (value === undefined) continue;
        if (field.type === "checkbox") field.checked = value;
        else if (field.multiple) [...field.options].forEach((option) => { option.selected = value.includes(option.value); });
        else field.value = value;
        field.dispatchEvent(new Event("change", { bubbles: true }));
      }
      // The version it was written on comes back too: a colleague's newer one must not be overwritten unseen.
      if (form.elements.seen && kept.seen) form.elements.seen.value = kept.seen;
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
