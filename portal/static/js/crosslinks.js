// Typing [[ in the article offers articles and records by title; the number is written, the title is shown.
(() => {
  const form = document.getElementById("editor");
  const body = document.getElementById("body");
  if (!form?.dataset.targets || !body) return;
  const WAIT = 150;
  const OPEN = /\[\[([^\[\]|\uff5c\n]{0,60})$/;

  const list = document.createElement("div");
  list.className = "targets";
  list.id = "targets";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.dataset.targetsName);
  list.hidden = true;
  body.parentElement.append(list);
  body.setAttribute("aria-controls", list.id);
  body.setAttribute("aria-autocomplete", "list");

  let asked = null;  // what stands after [[ while the list is open
  let closed = "";   // what was typed when Escape closed it: it stays closed for this one
  let waiting = 0;
  let running = null;
  const lines = () => [...list.querySelectorAll("[role=option]")];
  const active = () => lines().findIndex((line) => line.getAttribute("aria-selected") === "true");
  const typed = () => body.selectionStart === body.selectionEnd ? body.value.slice(0, body.selectionStart).match(OPEN)?.[1] ?? null : null;

  function point(place) {
    lines().forEach((line, other) => line.setAttribute("aria-selected", String(other === place)));
    const line = lines()[place];
    if (line) { body.setAttribute("aria-activedescendant", line.id); line.scrollIntoView({ block: "nearest" }); }
    else body.removeAttribute("aria-activedescendant");
  }
  function close() {
    clearTimeout(waiting);
    running?.abort();
    asked = null;
    list.hidden = true;
    body.removeAttribute("aria-activedescendant");
  }
  // A copy of the text up to the caret, laid out alike, tells where the caret stands.
  function place() {
    const copy = document.createElement("div");
    const look = getComputedStyle(body);
    for (const name of ["font", "lineHeight", "padding", "border", "boxSizing", "letterSpacing", "tabSize"]) copy.style[name] = look[name];
    Object.assign(copy.style, { position: "absolute", visibility: "hidden", whiteSpace: "pre-wrap", overflowWrap: "break-word", width: `${body.clientWidth}px`, top: "0", left: "0" });
    copy.textContent = body.value.slice(0, body.selectionStart);
    const caret = document.createElement("span");
    caret.textContent = "\u200b";
    copy.append(caret);
    body.parentElement.append(copy);
    const top = caret.offsetTop + caret.offsetHeight - body.scrollTop;
    const left = caret.offsetLeft;
    copy.remove();
    list.style.top = `${body.offsetTop + Math.max(0, Math.min(top, body.clientHeight))}px`;
    list.style.left = `${Math.max(0, Math.min(left, body.clientWidth - list.offsetWidth))}px`;
  }
  async function look(text) {
    running?.abort();
    running = new AbortController();
    const address = `${form.dataset.targets}?q=${encodeURIComponent(text.trim())}&number=${encodeURIComponent(form.dataset.number)}`;
    try {
      const answer = await fetch(address, { signal: running.signal });
      if (!answer.ok || answer.redirected || asked !== text) return;
      list.innerHTML = await answer.text();
    } catch { return; }  // without an answer the number can be typed
    lines().forEach((line, number) => { line.id = `target-${number}`; });
    list.hidden = false;
    place();
    point(lines().length ? 0 : -1);
  }
  function watch() {
    const text = typed();
    if (text === null) { closed = ""; return close(); }
    if (text === asked || (closed && text.startsWith(closed))) return;
    asked = text;
    clearTimeout(waiting);
    waiting = setTimeout(() => look(text), list.hidden ? 0 : WAIT);
  }
  function choose(line) {
    const from = body.selectionStart - (typed() ?? "").length;
    const after = body.value.slice(body.selectionEnd).startsWith("]]") ? 2 : 0;
    close();
    body.focus();
    body.setSelectionRange(from, body.selectionEnd + after);
    const text = `${line.dataset.number}]]`;
    if (!document.execCommand("insertText", false, text)) body.setRangeText(text, from, body.selectionEnd, "end");
    body.dispatchEvent(new Event("input", { bubbles: true }));
  }
  body.addEventListener("input", (event) => { if (!event.isComposing) watch(); });
  body.addEventListener("compositionend", watch);
  body.addEventListener("click", watch);
  body.addEventListener("blur", close);
  body.addEventListener("scroll", () => { if (!list.hidden) place(); }, { passive: true });
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const line = event.target.closest("[role=option]");
    if (line) choose(line);
  });
  // Before the editor's own keys: Enter takes the line and does not go on with a list of the text.
  body.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden || asked === null) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const all = lines();
    if (step && all.length) {
      event.preventDefault();
      point((active() + step + all.length) % all.length);
    } else if ((event.key === "Enter" || event.key === "Tab") && active() >= 0) {
      event.preventDefault();
      event.stopImmediatePropagation();
      choose(all[active()]);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      closed = asked || "";
      close();
    }
  }, { capture: true });
})();
