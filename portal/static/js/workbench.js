// The workbench by key: j and k lay the next ticket on the table, digits choose a root cause,
// a step that needs words waits for them, and Ctrl+Enter carries it out.
(() => {
  document.documentElement.classList.add("has-script");
  const one = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const isField = (target) => target.closest?.("input, textarea, select");
  const stop = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
  let pending = null;

  document.addEventListener("keydown", (event) => {
    if (!one("#bench") || event.isComposing || one(".modal.show")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return carryOut(event);
    if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target)) return;
    if (event.key === "j" || event.key === "k") return walk(event, event.key === "j" ? 1 : -1);
    if (/^[1-5]$/.test(event.key)) return choose(event.key) && stop(event);
    const judge = one(`.bench-candidate[aria-current] [data-judge="${CSS.escape(event.key)}"]`);
    const button = judge ?? one(`#table [data-key="${CSS.escape(event.key)}"]`);
    if (!button || button.disabled) return;
    stop(event);
    button.click();
  }, true);

  function walk(event, step) {
    const rows = all(".bench-row");
    if (!rows.length) return;
    stop(event);
    const now = rows.findIndex((row) => row.hasAttribute("aria-current"));
    const row = rows[Math.max(0, Math.min(rows.length - 1, now + step))];
    if (rows.indexOf(row) === now) return;
    all(".bench-row[aria-current]").forEach((other) => other.removeAttribute("aria-current"));
    row.setAttribute("aria-current", "true");
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
    row.click();
  }

  function choose(number) {
    const candidate = one(`[data-candidate="${CSS.escape(number)}"]`);
    if (!candidate) return false;
    all(".bench-candidate[aria-current]").forEach((other) => other.removeAttribute("aria-current"));
    candidate.setAttribute("aria-current", "true");
    candidate.scrollIntoView({ block: "nearest" });
    return true;
  }

  // A step that needs words is not sent without them: the note is focused and waits.
  function waits(button) {
    const note = one("#note");
    if (!button.hasAttribute("data-needs-note") || note.value.trim()) return false;
    pending = button;
    all(".is-pending").forEach((other) => other.classList.remove("is-pending"));
    button.classList.add("is-pending");
    note.placeholder = button.dataset.hint || note.placeholder;
    note.focus();
    return true;
  }
  document.addEventListener("click", (event) => {
    const picked = event.target.closest?.("[data-pick]");
    if (picked) choose(picked.dataset.pick);
    const insert = event.target.closest?.("[data-insert]");
    if (insert && one("#note")) { one("#note").value = insert.dataset.insert; one("#note").focus(); }
    const button = event.target.closest?.("#deed button");
    if (button && waits(button)) stop(event);
  }, true);

  function carryOut(event) {
    if (!event.target.closest("#deed")) return;
    stop(event);
    const button = pending?.isConnected ? pending : one("#deed .bench-buttons button");
    button?.click();
  }

  // What is written for one ticket is kept while colleagues' tickets are looked at, per tab.
  const place = () => `bench.${one("#table")?.dataset.number ?? ""}`;
  document.addEventListener("input", (event) => {
    if (event.target.id === "note") sessionStorage.setItem(place(), event.target.value);
  });
  function settle() {
    pending = null;
    const note = one("#note");
    const kept = sessionStorage.getItem(place());
    if (note && kept && !note.value) note.value = kept;
    const number = one("#table")?.dataset.number;
    all(".bench-row").forEach((row) => row.toggleAttribute("aria-current", row.dataset.number === number));
    one(".bench-row[aria-current]")?.scrollIntoView({ block: "nearest" });
    if (number) document.title = document.title.replace(/^(GD\d+ · )?/, `${number} · `);
  }
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.closest?.("#deed")) sending = place();
  });
  let sending = "";
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!["bench", "table"].includes(event.detail.target?.id)) return;
    if (sending && event.detail.xhr?.status < 400) sessionStorage.removeItem(sending);
    sending = "";
    settle();
    if (event.detail.xhr?.status >= 400) one("#note")?.focus();
    else if (event.detail.target.id === "bench") one(".bench-row[aria-current]")?.focus({ preventScroll: true });
  });
  document.addEventListener("DOMContentLoaded", settle);
})();
