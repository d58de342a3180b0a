// The editor of information forms: order by dragging or by Alt and an arrow, options only where a kind has them.
(() => {
  document.addEventListener("change", (event) => {
    const choices = event.target.dataset?.kind && document.querySelector(event.target.dataset.kind);
    if (choices) choices.hidden = event.target.value !== "choice";
    if (event.target.matches?.("[data-scope-system]")) offerModules(event.target);
  });

  // Only the modules of the chosen system are offered.
  function offerModules(system) {
    const modules = system.form.querySelector("[data-scope-module]");
    for (const group of modules.querySelectorAll("optgroup")) {
      group.hidden = group.disabled = group.dataset.system !== system.value;
    }
    if (modules.selectedOptions[0]?.parentElement.disabled) modules.value = "";
  }
  const scope = document.querySelector("[data-scope-system]");
  if (scope) offerModules(scope);

  // ── order by keyboard: the row keeps the focus on its way
  let moved = "";
  document.addEventListener("keydown", (event) => {
    const row = event.altKey && event.target.closest?.(".form-row");
    const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
    if (!row || !way) return;
    event.preventDefault();
    moved = row.dataset.field;
    row.querySelector(`[data-move="${way}"]:not([disabled])`)?.click();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-move]");
    if (button) moved = button.closest(".form-row").dataset.field;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!moved) return;
    document.querySelector(`[data-field="${CSS.escape(moved)}"] summary`)?.focus();
    moved = "";
  });

  // ── order by mouse: rows change places while one is dragged, the server hears of it when it is dropped
  let dragged = null;
  document.addEventListener("pointerdown", (event) => {
    const row = event.target.closest?.(".form-row");
    if (row) row.draggable = Boolean(event.target.closest(".form-grip"));
  });
  document.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.(".form-row");
    if (!dragged) return;
    dragged.classList.add("is-dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", dragged.dataset.field);
  });
  document.addEventListener("dragover", (event) => {
    const over = dragged && event.target.closest?.(".form-row");
    if (!over) return;
    event.preventDefault();
    if (over === dragged) return;
    const box = over.getBoundingClientRect();
    over.parentElement.insertBefore(dragged, event.clientY > box.top + box.height / 2 ? over.nextSibling : over);
  });
  document.addEventListener("drop", (event) => { if (dragged) event.preventDefault(); });
  document.addEventListener("dragend", () => {
    if (!dragged) return;
    const list = dragged.closest("[data-order]");
    dragged.classList.remove("is-dragged");
    dragged = null;
    const keys = [...list.querySelectorAll("[data-field]")].map((row) => row.dataset.field).join(",");
    window.htmx?.ajax("POST", list.dataset.order, { source: document.getElementById("editor"), target: "#editor", select: "#editor", swap: "outerHTML", values: { deed: "order", keys } });
  });
})();
