// An answer read aloud: one step at a time, its place remembered; its words for a chat; a flag with a better wording.
(() => {
  const article = () => document.querySelector("[data-reading]");
  const cards = () => [...(article()?.querySelectorAll(".console-step") ?? [])];
  const isField = (target) => target.closest?.("input, textarea, select, [contenteditable=true]");
  const isPressed = (target) => target.closest?.("button, a, summary, label");

  // ── places: of every answer that was opened during this visit, also after searching on ──
  const MOST = 40;
  const STORE = "tierdesk.steps";
  const places = () => { try { return JSON.parse(sessionStorage.getItem(STORE) ?? "{}"); } catch { return {}; } };
  function remember(key, place) {
    const known = Object.entries(places()).filter(([name]) => name !== key).slice(-MOST);
    sessionStorage.setItem(STORE, JSON.stringify(Object.fromEntries([...known, [key, place]])));
  }

  function show(place) {
    const all = cards();
    if (!all.length) return;
    const at = Math.max(0, Math.min(all.length - 1, place));
    all.forEach((card, n) => {
      card.classList.toggle("is-now", n === at);
      card.classList.toggle("is-next", n === at + 1);
      card.classList.toggle("is-done", n < at);
      if (n === at) card.setAttribute("aria-current", "step"); else card.removeAttribute("aria-current");
    });
    const bar = article().querySelector("[data-steps-bar]");
    if (bar) {
      bar.querySelector("progress").value = at + 1;
      const words = bar.querySelector("[data-place]");
      words.textContent = words.dataset.place.replace("{n}", at + 1).replace("{of}", all.length);
      bar.querySelector('[data-step="-1"]').disabled = at === 0;
      bar.querySelector('[data-step="1"]').disabled = at === all.length - 1;
    }
    remember(article().dataset.reading, at);
    const body = article().querySelector(".console-reading-body");
    if (article().classList.contains("is-whole")) all[at].scrollIntoView({ block: "nearest" }); else body.scrollTop = 0;
  }
  const now = () => Math.max(0, cards().findIndex((card) => card.classList.contains("is-now")));

  function whole(on) {
    article().classList.toggle("is-whole", on);
    article().querySelector("[data-whole]")?.setAttribute("aria-pressed", String(on));
    sessionStorage.setItem(`${STORE}.whole`, on ? "1" : "");
    show(now());
  }
  function begin() {
    if (!article()) return;
    article().classList.toggle("is-whole", sessionStorage.getItem(`${STORE}.whole`) === "1");
    article().querySelector("[data-whole]")?.setAttribute("aria-pressed", String(article().classList.contains("is-whole")));
    show(places()[article().dataset.reading] ?? 0);
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || !article() || isField(event.target)) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || document.querySelector("dialog[open], .modal.show")) return;
    if (event.target.closest?.("#caller")) return;
    const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 1, PageUp: -1, " ": isPressed(event.target) ? 0 : 1 }[event.key];
    if (step) { event.preventDefault(); show(now() + step); }
    if (event.key === "Home") { event.preventDefault(); show(0); }
  });

  // ── copying, also where the desk is served without https and browsers know no clipboard ──
  async function copy(text) {
    try {
      if (!navigator.clipboard || !window.isSecureContext) throw new Error("no clipboard");
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const back = document.activeElement;
      const field = document.createElement("textarea");
      field.value = text;
      field.className = "copy-source";
      field.setAttribute("aria-hidden", "true");
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      back?.focus({ preventScroll: true });
      return done;
    }
  }
  async function copyWords(button) {
    const label = button.querySelector("span");
    button.dataset.label ??= label.textContent;
    if (await copy(button.dataset.copyWords)) label.textContent = button.dataset.done;
    else byHand(button);
    setTimeout(() => { label.textContent = button.dataset.label; }, 1500);
  }
  // Neither way is open: the words are laid out, marked, for Ctrl+C.
  function byHand(button) {
    const field = Object.assign(document.createElement("textarea"), { value: button.dataset.copyWords, readOnly: true, rows: 6, className: "form-control copy-by-hand" });
    button.closest("footer").querySelector(".copy-by-hand")?.remove();
    button.closest("footer").append(field);
    field.select();
  }

  // ── a flag, with the step that is being read as what it proposes to change ──
  function flag() {
    const place = document.getElementById("correction");
    if (!place?.querySelector("form")) return;
    place.hidden = false;
    const wording = place.querySelector("[name=wording]");
    const source = cards()[now()]?.dataset.source ?? "";
    const passage = place.querySelector("[data-correction-passage]");
    if (wording.value === passage.value) wording.value = passage.value = source; // nobody has written anything yet
    place.querySelector("[data-correction-words]").focus();
  }
  document.addEventListener("correction-left", () => {
    const place = document.getElementById("correction");
    if (place) place.hidden = true;
    article()?.querySelector(".console-reading-body")?.focus({ preventScroll: true });
  });

  document.addEventListener("click", (event) => {
    const to = event.target.closest("[data-step]");
    if (to) show(now() + Number(to.dataset.step));
    if (event.target.closest("[data-whole]")) whole(!article().classList.contains("is-whole"));
    const copied = event.target.closest("[data-copy-words]");
    if (copied) copyWords(copied);
    if (event.target.closest("[data-flag]")) flag();
  });
  document.addEventListener("htmx:afterSwap", (event) => { if (event.detail.target?.id === "reading" || event.detail.target?.id === "console") begin(); });
  document.addEventListener("DOMContentLoaded", begin);
  if (document.readyState !== "loading") begin();
})();
