// Behaviour every page shares: copying, keys, old content dimmed while new content loads.
(() => {
  const typing = (target) => target.closest("input, textarea, select, [contenteditable=true]");

  document.addEventListener("click", (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      navigator.clipboard?.writeText(copy.dataset.copy);
      copy.classList.add("is-done");
      setTimeout(() => copy.classList.remove("is-done"), 900);
    }
    if (event.target.closest("[data-back]") && history.length > 1) {
      event.preventDefault();
      history.back();
    }
    if (event.target.closest("[data-show-keys]")) showKeys();
  });

  // Keys: an element with data-key="x" is pressed (a link or button) or focused (a field) by x;
  // data-go="x" is reached by g and then x. Typing in a field is never taken for a command.
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const field = typing(event.target);
    if (field) {
      if (event.key === "Escape") field.blur();
      return;
    }
    if (event.key === "?") return showKeys();
    if (event.key === "j" || event.key === "k") return walk(event.key === "j" ? 1 : -1, event);
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not([disabled])`);
    if (!target || target.offsetParent === null) return;
    event.preventDefault();
    if (target.matches("input, textarea, select")) target.focus(); else target.click();
  });

  // The letter after g names a place and no deed of the page: it is heard before any page hears it.
  let going = false;
  const LETTERS = "textarea, select, [contenteditable=true], input:not([type=checkbox]):not([type=radio])";
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.target.closest?.(LETTERS)) return;
    if (going) {
      going = false;
      event.stopImmediatePropagation();
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (link) { event.preventDefault(); location.href = link.href; }
    } else if (event.key === "g") {
      going = true;
      event.stopImmediatePropagation();
      setTimeout(() => { going = false; }, 1200);
    }
  }, true);

  // j and k walk over the rows of the list on the page; Enter opens the focused one (it is a link).
  function walk(step, event) {
    const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.offsetParent !== null);
    if (!rows.length) return;
    event.preventDefault();
    const now = rows.indexOf(document.activeElement);
    rows[Math.max(0, Math.min(rows.length - 1, now + step))].focus();
  }

  // Keys of the page, of the groups on a wall and of the records on a bench: where one key stands on each of
  // many parts it is told once, in the words of the part that is current.
  const PARTS = ":is([data-wall], [data-judge])";

  function words(item) {
    const said = item.cloneNode(true);
    said.querySelectorAll("kbd").forEach((key) => key.remove());
    return said.textContent.trim();
  }

  function showKeys() {
    const body = document.getElementById("keys-body");
    if (!body) return;
    body.replaceChildren();
    const known = new Map();
    const tell = (key, text) => { if (text && !known.has(key)) known.set(key, text); };
    if (document.querySelector("[data-row], [data-group]")) tell("j k", body.dataset.walk);
    [`[data-key], [aria-current] ${PARTS}`, PARTS].forEach((keyed) => document.querySelectorAll(keyed).forEach((item) => {
      const { key, wall, judge } = item.dataset;
      tell(key ?? wall ?? judge, item.getAttribute("aria-label") || item.placeholder || words(item));
    }));
    document.querySelectorAll("[data-go]").forEach((item) => tell(`g ${item.dataset.go}`, words(item)));
    for (const [key, text] of known) {
      const line = document.createElement("div");
      line.className = "keys-line";
      const kbd = document.createElement("kbd");
      kbd.textContent = key;
      const deed = document.createElement("span");
      deed.textContent = text.slice(0, 40);
      line.append(kbd, deed);
      body.append(line);
    }
    window.tabler?.Modal?.getOrCreateInstance(document.getElementById("keys"))?.show();
  }

  // Pictures pasted into a field marked data-paste go to the file input it names.
  document.addEventListener("paste", (event) => {
    const field = event.target.closest?.("[data-paste]");
    const input = field && document.querySelector(field.dataset.paste);
    const files = [...(event.clipboardData?.files ?? [])];
    if (!input || !files.length) return;
    event.preventDefault();
    const all = new DataTransfer();
    [...input.files, ...files].forEach((file) => all.items.add(file));
    input.files = all.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });

  // The keyboard stays where it was though the part that it was in is drawn anew: at the field or deed of the
  // same name, else at the part itself, where Tab goes on. A page that knows better has said so by then.
  const pressedIn = new WeakMap();
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    const held = document.activeElement;
    if (held && held !== document.body && detail.target?.id && detail.target.contains(held)) {
      pressedIn.set(detail.xhr, { id: held.id, action: held.form?.getAttribute("action"), part: detail.target.id });
    }
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => queueMicrotask(() => {
    const was = pressedIn.get(detail.xhr);
    if (!was || (document.activeElement && document.activeElement !== document.body)) return;
    const part = document.getElementById(was.part);
    if (!part) return;
    const deed = was.action && part.querySelector(`form[action="${CSS.escape(was.action)}"] :is(button, input:not([type=hidden]))`);
    const again = (was.id && document.getElementById(was.id)) || deed || part;
    if (again === part && part.tabIndex < 0) part.tabIndex = -1;
    again.focus({ preventScroll: true });
  }));

  // What went wrong with a press is told above the page: there it must be seen, however far down the press was.
  document.addEventListener("htmx:afterSwap", (event) => {
    const { target, requestConfig } = event.detail;
    const pressed = ["submit", "click"].includes(requestConfig?.triggeringEvent?.type);
    if (target?.id === "messages" && pressed) target.scrollIntoView({ block: "nearest" });
  });

  document.addEventListener("change", (event) => {
    const input = event.target.closest("input[type=file][data-names]");
    const place = input && document.querySelector(input.dataset.names);
    if (place) place.textContent = [...input.files].map((file) => file.name).join(", ");
    if (event.target.closest("[data-submit-on-change]")) event.target.form?.requestSubmit();
  });
})();
