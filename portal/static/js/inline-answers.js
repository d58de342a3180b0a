// "//" in a reply opens a search over articles right there; Enter inserts the quote. Ctrl+/ opens it as well.
(() => {
  const WAIT = 120;
  // Not within an address: https:// has a colon before it.
  const MARK = /(^|[\s\u3000-\u303f\uff00-\uffef\u4e00-\u9fff])\/\/([^\n/]{0,60})$/;
  let open = null; // { field, list, asked, running }
  let made = 0;
  let waiting = 0;

  const markAt = (field) => field.value.slice(0, field.selectionStart).match(MARK);
  const lines = () => [...(open?.list.querySelectorAll("[role=option]") ?? [])];
  const active = () => lines().findIndex((line) => line.getAttribute("aria-selected") === "true");

  function begin(field) {
    if (open?.field === field) return;
    close();
    const list = document.createElement("div");
    list.className = "inline-answers";
    list.id = `inline-${++made}`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", field.dataset.inlineName ?? "");
    list.addEventListener("pointerdown", (event) => { event.preventDefault(); choose(event.target.closest("[role=option]")); });
    field.after(list);
    field.setAttribute("aria-controls", list.id);
    open = { field, list, asked: null, running: null };
  }
  function close() {
    clearTimeout(waiting);
    if (!open) return;
    open.running?.abort();
    open.list.remove();
    open.field.removeAttribute("aria-controls");
    open.field.removeAttribute("aria-activedescendant");
    open = null;
  }
  function point(place) {
    lines().forEach((line, other) => { line.id = `${open.list.id}-${other}`; line.setAttribute("aria-selected", String(other === place)); });
    const line = lines()[place];
    if (line) { open.field.setAttribute("aria-activedescendant", line.id); line.scrollIntoView({ block: "nearest" }); }
  }
  async function look() {
    const mark = open && markAt(open.field);
    if (!mark) return close();
    const here = open;
    const asked = mark[2].trim();
    if (asked === here.asked) return;
    here.running?.abort();
    here.asked = asked;
    here.running = new AbortController();
    try {
      const answer = await fetch(`${here.field.dataset.inline}?q=${encodeURIComponent(asked)}`, { signal: here.running.signal });
      const html = answer.ok && !answer.redirected ? await answer.text() : "";
      if (open !== here || here.asked !== asked) return;
      here.list.innerHTML = html;
      point(0);
    } catch (fault) {
      if (fault.name !== "AbortError") close();
    }
  }
  function follow(field) {
    if (!markAt(field)) { if (open?.field === field) close(); return; }
    begin(field);
    clearTimeout(waiting);
    waiting = setTimeout(look, WAIT);
  }
  function choose(line) {
    if (!line || !open) return;
    if (!line.dataset.quote) { line.classList.add("is-refused"); return; }
    const { field } = open;
    const mark = markAt(field);
    if (!mark) return close();
    const end = field.selectionStart;
    const start = end - mark[2].length - 2;
    const before = field.value.slice(0, start).replace(/[ \t]+$/, "");
    const gap = before && !before.endsWith("\n") ? "\n" : "";
    const quote = `${gap}${line.dataset.quote}\n`;
    field.value = before + quote + field.value.slice(end);
    field.setSelectionRange(before.length + quote.length, before.length + quote.length);
    cite(field.form, line.dataset.number);
    close();
    field.focus();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  // What was inserted is sent along; what still stands in the text counts as an answer.
  function cite(form, number) {
    let held = form.querySelector("input[name=cited]");
    if (!held) { held = Object.assign(document.createElement("input"), { type: "hidden", name: "cited" }); form.append(held); }
    held.value = `${held.value} ${number}`.trim();
  }

  const field = (event) => event.target.closest?.("textarea[data-inline]");
  document.addEventListener("input", (event) => { if (field(event) && !event.isComposing) follow(field(event)); });
  document.addEventListener("compositionend", (event) => { if (field(event)) follow(field(event)); });
  document.addEventListener("focusout", (event) => { if (open && event.target === open.field) close(); });
  document.addEventListener("keydown", (event) => {
    const text = field(event);
    if (!text || event.isComposing || event.keyCode === 229) return;
    if (event.key === "/" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      const at = text.selectionStart;
      const gap = at && !/\s$/.test(text.value.slice(0, at)) ? " " : "";
      text.setRangeText(`${gap}//`, at, text.selectionEnd, "end");
      return follow(text);
    }
    if (open?.field !== text) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const stop = () => { event.preventDefault(); event.stopImmediatePropagation(); };
    if (step && lines().length) { stop(); point((active() + step + lines().length) % lines().length); }
    if (event.key === "Escape") { stop(); close(); }
    if ((event.key === "Enter" || event.key === "Tab") && !event.ctrlKey && !event.metaKey && lines()[active()]) { stop(); choose(lines()[active()]); }
  }, true);

  // A flag for an article, in a dialog; the reply that is being written stays as it is.
  const dialog = () => document.getElementById("correction-dialog");
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!dialog()?.contains(event.detail.target) || dialog().open) return;
    dialog().showModal();
    dialog().querySelector("textarea")?.focus();
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-close-correction]")) dialog().close(); });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.closest("[data-correction]")) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });
})();
