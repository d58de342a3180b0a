// When the sign-in has run out nothing typed is lost: the words wait in this tab until their page is open
// again, for the same person alone, and are put back into the fields they came from.
(() => {
  const SENT = "tierdesk:form-sent";
  const KEPT = "tierdesk:form-kept";
  const person = document.body.dataset.person ?? "";
  const pathOf = (address) => new URL(address, location.href).pathname;
  const actionOf = (form) => pathOf(form.getAttribute("action") || location.href);
  const read = (name) => { try { return JSON.parse(sessionStorage.getItem(name) ?? "null"); } catch { return null; } };
  const write = (name, value) => { try { sessionStorage.setItem(name, JSON.stringify(value)); } catch { /* full or forbidden: the page itself still holds it */ } };

  // ── what was typed into a form, or chosen in it
  const isChoice = (field) => field.type === "radio" || field.type === "checkbox";
  const isWord = (field) => field.matches("textarea, input:not([type]), input[type=text], input[type=search], input[type=date], input[type=number]");
  function changed(field) {
    if (!field.name || field.disabled || field.readOnly) return false;
    if (isChoice(field)) return field.checked !== field.defaultChecked;
    if (field.matches("select:not([multiple])")) return [...field.options].some((option) => option.selected !== option.defaultSelected);
    return isWord(field) && field.value !== field.defaultValue;
  }
  function taken(form) {
    const fields = [...form.elements].filter(changed).map((field) => ({ name: field.name, value: field.value, checked: isChoice(field) ? field.checked : null }));
    return { action: actionOf(form), fields };
  }
  const typed = (forms) => forms.filter((form) => form.method === "post").map(taken).filter(({ fields }) => fields.length);
  const record = (forms) => ({ person, page: location.pathname, forms: typed(forms) });

  function keepAll() {
    const all = record([...document.forms]);
    if (person && all.forms.length) write(KEPT, all);
    return all.forms.length > 0;
  }

  // ── put back
  function fill(form, fields) {
    const done = fields.filter(({ name, value, checked }) => {
      const same = [...form.elements].filter((field) => field.name === name);
      const field = checked === null ? same.find((each) => !isChoice(each)) : same.find((each) => each.value === value);
      if (!field) return false;
      if (checked !== null) field.checked = checked;
      else if (field.matches("select") || !field.value.trim() || field.value === field.defaultValue) field.value = value;
      field.closest("details")?.setAttribute("open", "");
      field.dispatchEvent(new Event("input", { bubbles: true }));
      return true;
    });
    return fields.filter((field) => !done.includes(field));
  }

  function told(sentence) {
    const box = document.createElement("div");
    box.className = "alert alert-info";
    box.setAttribute("role", "status");
    box.textContent = sentence;
    return box;
  }

  function putBack(kept) {
    const homeless = [];
    let first = null;
    for (const { action, fields } of kept.forms) {
      const form = [...document.forms].find((each) => each.method === "post" && actionOf(each) === action);
      if (form && fields.some(({ name }) => form.elements[name])) first ??= form;
      homeless.push(...(form ? fill(form, fields) : fields));
    }
    const words = homeless.filter(({ checked, value }) => checked === null && value.trim()).map(({ value }) => value);
    // Not the page they came from, and nothing of it here: they wait on.
    if (!first && !kept.page.startsWith(location.pathname)) return;
    sessionStorage.removeItem(KEPT);
    const messages = document.getElementById("messages");
    if (first) messages.append(told(document.body.dataset.putBack));
    if (!words.length) return;
    const box = told(document.body.dataset.leftOver);
    const area = document.createElement("textarea");
    area.className = "form-control mt-2";
    area.readOnly = true;
    area.rows = 4;
    area.value = words.join("\n\n");
    area.setAttribute("aria-label", document.body.dataset.leftOver);
    box.append(area);
    messages.append(box);
  }

  // ── a form on its way: what became of it, the next page tells
  document.addEventListener("submit", (event) => {
    if (person && !event.defaultPrevented && event.target.method === "post") write(SENT, record([event.target]));
  });
  const expired = document.querySelector("[data-expired]");
  const sent = read(SENT);
  if (expired && sent?.forms.length) {
    write(KEPT, sent);
    expired.querySelector("[data-kept]").hidden = false;
  }
  if (expired || person) sessionStorage.removeItem(SENT);

  // ── a part of the page that was asked for too late: the page is still here, and is left by the way shown
  document.addEventListener("htmx:beforeOnLoad", (event) => { if (event.detail.xhr.status === 401) keepAll(); });
  document.addEventListener("htmx:afterSwap", () => {
    const note = document.querySelector("#messages [data-expired] [data-kept]");
    if (note) note.hidden = !keepAll();
  });
  document.addEventListener("tierdesk:expired", keepAll);
  document.addEventListener("click", (event) => { if (event.target.closest("[data-expired] a")) keepAll(); });

  document.addEventListener("DOMContentLoaded", () => {
    const kept = read(KEPT);
    if (!kept || !person || expired) return;
    if (kept.person !== person) sessionStorage.removeItem(KEPT);
    else putBack(kept);
  });
})();
