// Search fields complete what is being typed: <input data-typeahead="address of the lines">.
// A combobox as the ARIA practices describe it; without this file the field is an ordinary form.
(() => {
  const WAIT = 120;
  let made = 0;

  document.querySelectorAll("input[data-typeahead]").forEach(attach);

  function attach(field) {
    const most = Number(field.dataset.typeaheadMost ?? 100);
    const list = document.createElement("div");
    list.className = "typing";
    list.id = `typing-${++made}`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", field.dataset.typeaheadName ?? "");
    list.hidden = true;
    const said = document.createElement("span");
    said.className = "visually-hidden";
    said.setAttribute("role", "status");
    field.form.classList.add("has-typing");
    field.form.append(list, said);
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id, autocomplete: "off",
    })) field.setAttribute(name, value);

    let asked = "";
    let waiting = 0;
    let running = null;
    const lines = () => [...list.children];
    const active = () => lines().findIndex((line) => line.getAttribute("aria-selected") === "true");

    function point(place) {
      lines().forEach((line, other) => line.setAttribute("aria-selected", String(other === place)));
      const line = lines()[place];
      if (line) { field.setAttribute("aria-activedescendant", line.id); line.scrollIntoView({ block: "nearest" }); }
      else field.removeAttribute("aria-activedescendant");
    }
    function show(open) {
      list.hidden = !open;
      field.setAttribute("aria-expanded", String(open));
      if (!open) point(-1);
    }
    function forget() {
      clearTimeout(waiting);
      running?.abort();
      asked = field.value.trim();
    }
    function draw(html) {
      list.innerHTML = html;
      lines().forEach((line, place) => { line.id = `${list.id}-${place}`; });
      said.textContent = lines()[0]?.dataset.said ?? "";
      show(lines().length > 0 && document.activeElement === field);
      point(-1);
    }
    async function look() {
      const text = field.value.trim();
      if (text === asked) return;
      forget();
      if (!text || text.length > most) return draw("");
      running = new AbortController();
      try {
        const answer = await fetch(`${field.dataset.typeahead}?q=${encodeURIComponent(text)}`, { signal: running.signal });
        const html = answer.ok && !answer.redirected ? await answer.text() : "";
        // Only the answer to what stands there now is shown; the old lines stay until it is here.
        if (text === asked) draw(html);
      } catch (fault) {
        if (fault.name !== "AbortError" && text === asked) draw("");
      }
    }
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(look, WAIT); };

    field.addEventListener("input", (event) => { if (!event.isComposing) soon(); });
    field.addEventListener("compositionend", soon);
    field.addEventListener("focus", () => { if (lines().length && field.value.trim() === asked) show(true); });
    field.addEventListener("blur", () => show(false));
    field.form.addEventListener("submit", () => { forget(); show(false); });
    list.addEventListener("pointerdown", (event) => event.preventDefault());

    field.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && lines().length) {
        event.preventDefault();
        if (list.hidden) show(true);
        const count = lines().length + 1; // one more place: back in the field itself
        point(((active() + 1 + step + count) % count) - 1);
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        event.stopPropagation();
        show(false);
      } else if (event.key === "Enter" && !list.hidden && active() >= 0) {
        event.preventDefault();
        event.stopPropagation();
        lines()[active()].click();
      }
    });
  }
})();
