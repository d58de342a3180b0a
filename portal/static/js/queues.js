// The queue: ticking rows by mouse and keyboard, what can be done with them, and the order of columns.
(() => {
  const work = () => document.querySelector("[data-work]");
  const ticks = () => [...document.querySelectorAll("[data-tick]")];

  function show() {
    const deeds = document.querySelector("[data-deeds]");
    if (!deeds) return;
    const everything = document.querySelector("[data-tick-all]");
    const picked = ticks().filter((tick) => tick.checked);
    const any = picked.length > 0 || Boolean(everything?.checked);
    deeds.classList.toggle("is-on", any);
    deeds.querySelectorAll("button[name=deed]").forEach((button) => { button.disabled = !any; });
    deeds.querySelector("[data-picked]").textContent = everything?.checked ? everything.closest("label").textContent.match(/\d+/)?.[0] ?? "" : picked.length;
    const page = document.querySelector("[data-tick-page]");
    if (page) {
      page.checked = picked.length > 0 && picked.length === ticks().length;
      page.indeterminate = picked.length > 0 && !page.checked;
    }
    ticks().forEach((tick) => tick.closest("tr").classList.toggle("is-picked", tick.checked));
  }

  let last = null;
  document.addEventListener("click", (event) => {
    const tick = event.target.closest("[data-tick]");
    if (!tick) return;
    if (event.shiftKey && last) {
      const all = ticks();
      const [from, to] = [all.indexOf(last), all.indexOf(tick)].sort((a, b) => a - b);
      all.slice(from, to + 1).forEach((one) => { one.checked = tick.checked; });
    }
    last = tick;
    show();
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-tick-page]")) ticks().forEach((tick) => { tick.checked = event.target.checked; });
    if (event.target.matches("[data-tick-page], [data-tick-all], [data-tick]")) show();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.isComposing) return;
    if (event.altKey) return moveColumn(event);
    if (event.target.closest("input:not([type=checkbox]), textarea, select")) return;
    if (event.key === "x") {
      const tick = event.target.closest("tr")?.querySelector("[data-tick]");
      if (tick) { event.preventDefault(); tick.checked = !tick.checked; last = tick; show(); }
    }
    if (event.key === "A" && work()) {
      const all = ticks();
      const on = !all.every((tick) => tick.checked);
      all.forEach((tick) => { tick.checked = on; });
      show();
    }
    if (event.key === "Escape") {
      const open = event.target.closest("details.qu-drop[open]");
      if (open) { open.open = false; open.querySelector("summary").focus(); }
    }
  });

  // Columns: their order in the list is their order in the table.
  function shift(item, step) {
    const other = step < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (other) other[step < 0 ? "before" : "after"](item);
  }
  function moveColumn(event) {
    const item = event.target.closest("[data-columns] li");
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!item || !step) return;
    event.preventDefault();
    shift(item, step);
    event.target.focus();
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-column-move]");
    if (button) { shift(button.closest("li"), Number(button.dataset.columnMove)); button.focus(); }
    // The ticket's own column always stays: without it a list leads nowhere.
    if (event.target.matches("[data-always]")) event.target.checked = true;
    document.querySelectorAll("details.qu-drop[open]").forEach((drop) => { if (!drop.contains(event.target)) drop.open = false; });
  });
  // Opened by key: straight to its first field.
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details.qu-drop") && event.target.open) event.target.querySelector(".qu-drop-body input:not([type=hidden]), .qu-drop-body select")?.focus();
  }, true);

  show();
})();
