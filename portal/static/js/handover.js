// Hand-over: choose all with one box, and a written word chooses its ticket.
(() => {
  const boxes = (name) => [...document.querySelectorAll(`input[type=checkbox][name="${CSS.escape(name)}"]`)];
  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-all]");
    if (all) boxes(all.dataset.all).forEach((box) => { box.checked = all.checked; });
  });
  document.addEventListener("input", (event) => {
    const box = event.target.name?.startsWith("note-") && event.target.closest(".ho-line")?.querySelector("[type=checkbox]");
    if (box && event.target.value.trim()) box.checked = true;
  });
})();
