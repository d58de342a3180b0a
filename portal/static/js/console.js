// The call console without a mouse: Esc toggles between writing and keys, what is typed survives.
(() => {
  document.documentElement.classList.add("has-script");
  const at = (id) => document.getElementById(id);
  const notes = () => at("notes");
  const isField = (target) => target.closest?.("input:not([type=radio]), textarea, select");
  const stop = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };

  // ── the draft of this tab: kept until the call has ended ──
  const person = () => at("console")?.dataset.person ?? "";
  const tab = (sessionStorage.consoleTab ??= crypto.randomUUID?.() ?? String(Math.random()).slice(2));
  const place = () => `tierdesk.call.${person()}.${tab}`;
  const OLD = 12 * 3600 * 1000;

  function keep() {
    const form = at("call");
    if (!form) return;
    // Words only: a chosen file can be neither kept nor put back.
    const fields = Object.fromEntries([...new FormData(form)].filter(([, value]) => typeof value === "string"));
    delete fields.csrf_token;
    if (!fields.notes && !fields.note) return localStorage.removeItem(place());
    localStorage.setItem(place(), JSON.stringify({ at: Date.now(), fields }));
  }
  function forget() { localStorage.removeItem(place()); }
  function tidy() {
    for (const key of Object.keys(localStorage).filter((name) => name.startsWith("tierdesk.call."))) {
      try {
        if (Date.now() - JSON.parse(localStorage.getItem(key)).at > OLD) localStorage.removeItem(key);
      } catch { localStorage.removeItem(key); }
    }
  }
  // The form these belong to is drawn with the next answers, and finds them then.
  function carry(name, value) {
    const held = Object.assign(document.createElement("input"), { type: "hidden", name, value });
    at("call-fields")?.append(held);
  }
  function restore() {
    const kept = JSON.parse(localStorage.getItem(place()) ?? "null");
    const form = at("call");
    if (!kept || !form || notes().value) return;
    for (const [name, value] of Object.entries(kept.fields)) {
      const field = form.elements[name];
      if (!field && name.startsWith("answer-")) carry(name, value);
      if (!field || name === "token" || name === "reading") continue;
      if (field instanceof RadioNodeList || field.type !== "hidden" || name === "chosen" || name === "replies") field.value = value;
    }
    at("restored").hidden = false;
    // With the caller in the form, so that what may be sent to them is offered again.
    const [kind, number] = (kept.fields.reading ?? "").split(":").map(encodeURIComponent);
    const reread = () => number && htmx.ajax("POST", `/console/read/${kind}/${number}`, { source: "#call", target: "#reading", swap: "innerHTML" });
    const caller = kept.fields.caller;
    const look = () => { htmx.trigger(notes(), "look"); reread(); };
    if (caller && !form.elements.caller) {
      htmx.ajax("GET", `/console/callers/${encodeURIComponent(caller)}`, { target: "#caller", swap: "innerHTML" }).then(look, look);
    } else look();
    notes().focus();
  }

  // ── what the agent chose by hand is no longer proposed ──
  function choose(name, dropped = []) {
    const chosen = at("chosen");
    const names = new Set(chosen.value.split(",").filter(Boolean));
    names.add(name);
    dropped.forEach((other) => names.delete(other));
    chosen.value = [...names].join(",");
  }
  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-chip]")) {
      const name = event.target.name;
      if (event.target.value) choose(name, name === "system" ? ["module"] : name === "category" ? ["sub"] : []);
    }
    if (event.target.matches?.("[data-ending]")) choose("ending");
    if (event.target.closest?.("#call")) keep();
  }, true);
  document.addEventListener("input", (event) => { if (event.target.closest?.("#call")) keep(); });

  // Half a syllable of pinyin is no question: while a word is being composed nothing is asked, not even
  // what was waiting to be asked when the composing began.
  let composing = null;
  const asks = (target) => target.id === "notes" || target.id === "who";
  document.addEventListener("compositionstart", (event) => { composing = event.target; });
  document.addEventListener("htmx:beforeRequest", (event) => { if (composing && composing === event.detail.elt) event.preventDefault(); });
  document.addEventListener("input", (event) => {
    if (event.isComposing && asks(event.target)) { keep(); event.stopImmediatePropagation(); }
  }, true);
  document.addEventListener("compositionend", (event) => {
    composing = null;
    if (asks(event.target)) event.target.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // ── keys ──
  const isPressed = (target) => target.closest?.("button, a, summary, label, [role=button]");
  const results = () => [...document.querySelectorAll("#answers .console-result")];
  document.addEventListener("keydown", (event) => {
    // 229: an input method has the key, whatever it will make of it.
    if (event.isComposing || event.keyCode === 229 || !at("console")) return;
    const inside = event.target.closest?.("#console") || event.target === document.body;
    if (!inside || document.querySelector(".modal.show, dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return wrapUp(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return toggle(event);
    if (event.target.id === "who") return inLookUp(event);
    if (event.target.closest(".console-people")) return amongPeople(event);
    if (isField(event.target)) return;
    if (event.key === "?" || event.key === "\uff1f") return help(event);
    if (event.shiftKey && /^Digit\d$/.test(event.code)) return reply(event);
    if (!event.target.closest("#caller")) amongAnswers(event);
    if (!event.defaultPrevented) onTickets(event);
  }, true);

  function help(event) {
    stop(event);
    at("console-help").showModal();
  }
  function reply(event) {
    const chip = document.querySelector(`[data-shift-key="${event.code.slice(5)}"]`);
    if (chip) { stop(event); chip.click(); }
  }
  function amongAnswers(event) {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    const scrolls = event.key.startsWith("Arrow") && event.target.matches(".console-reading-body");
    if (step && !scrolls && results().length) {
      stop(event);
      const rows = results();
      const here = rows.indexOf(document.activeElement);
      const from = here >= 0 ? here : rows.findIndex((row) => row.getAttribute("aria-current") === "true");
      rows[Math.max(0, Math.min(rows.length - 1, from + step))].focus();
    } else if (event.key === "Enter" && !isPressed(event.target) && !event.target.closest("[data-ticket]") && results().length) {
      stop(event);
      results()[0].click();
    }
  }

  function toggle(event) {
    stop(event);
    if (event.target.closest?.("[data-correction]")) return document.dispatchEvent(new Event("correction-left"));
    if (event.target !== notes()) return write();
    notes().blur();
    rest();
  }
  // Where the keys are when nothing is being typed: at what is being read, else at the answers.
  function rest() {
    (document.querySelector("#reading .console-reading-body") ?? at("answers"))?.focus({ preventScroll: true });
  }
  function write() {
    const field = notes();
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }
  function wrapUp(event) {
    stop(event);
    const own = event.target.closest("form:not(#call)");
    if (own) return own.requestSubmit();
    if (event.target.closest(".console-wrap, .console-filing, .console-submit")) return document.querySelector("[data-wrap]")?.click();
    at("note").focus();
  }
  function inLookUp(event) {
    const first = document.querySelector("#callers [data-caller]");
    if (event.key === "ArrowDown" && first) { stop(event); first.focus(); }
    if (event.key === "Enter" && first) { stop(event); first.click(); }
  }
  function amongPeople(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    stop(event);
    const people = [...document.querySelectorAll("#callers [data-caller]")];
    const next = people.indexOf(event.target) + step;
    (next < 0 ? at("who") : people[Math.min(next, people.length - 1)])?.focus();
  }
  // o, u and c act on the ticket in focus, or on the only or newest one.
  function onTickets(event) {
    const deed = { o: "open", u: "urge", c: "comment" }[event.key];
    if (!deed && !(event.key === "Enter" && event.target.matches("[data-ticket]"))) return;
    const row = document.activeElement.closest("[data-ticket]") ?? document.querySelector("[data-ticket]");
    const button = row?.querySelector(`[data-do="${deed ?? "open"}"]`);
    if (!button) return;
    stop(event);
    button.click();
    if (deed !== "comment") return;
    const box = row.querySelector("[data-takes-notes]");
    if (!box.value) box.value = notes().value.trim();
    setTimeout(() => box.focus());
  }

  // ── what follows an answer of the server ──
  document.addEventListener("htmx:afterSwap", (event) => {
    const id = event.detail.target?.id;
    if (id === "caller" && at("caller").querySelector("[name=caller]")) {
      const fresh = event.detail.requestConfig?.verb === "get";
      if (fresh) { at("callers").replaceChildren(); at("who").value = ""; write(); }
      if (fresh && notes().value.trim()) htmx.trigger(notes(), "look");
      keep();
    }
    if (id === "console" && event.detail.xhr?.status >= 400) (at(at("console").dataset.wants) ?? notes()).focus();
    if (id === "reading" || id === "answers") mark();
    if (id === "reading") {
      document.querySelector(".console-found")?.classList.add("is-reading");
      keep();
      if (!isField(document.activeElement)) at("reading").querySelector(".console-reading-body")?.focus({ preventScroll: true });
      if (matchMedia("(max-width: 1099px)").matches) at("reading").scrollIntoView({ block: "start" });
    }
  });
  // Which of the answers is being read, however the list has moved since.
  function mark() {
    const shown = at("reading")?.querySelector("[data-reading]")?.dataset.reading;
    results().forEach((row) => row.setAttribute("aria-current", String(row.dataset.answer === shown)));
  }

  // The focus is never lost to a part of the page that was drawn anew.
  let held = "";
  document.addEventListener("htmx:beforeSwap", () => { held = document.activeElement?.closest("#console") ? document.activeElement.id : held; });
  document.addEventListener("htmx:afterSettle", (event) => {
    const lost = !document.activeElement || document.activeElement === document.body;
    if (!lost || !at("console") || event.detail.target?.id === "console") return;
    const again = held && at(held);
    if (again) again.focus({ preventScroll: true }); else rest();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-open-help]")) at("console-help").showModal();
    if (event.target.closest("[data-close-help]")) at("console-help").close();
  });
  document.addEventListener("call-ended", () => { forget(); setTimeout(() => at("who")?.focus()); });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-new-call]")) forget(); });

  document.addEventListener("DOMContentLoaded", () => { tidy(); restore(); });
  if (document.readyState !== "loading") { tidy(); restore(); }
})();
