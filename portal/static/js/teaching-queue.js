// j and k lay another question of the queue on the table; after a deed the new question is in view.
(() => {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest?.("input, textarea, select") || document.querySelector(".modal.show")) return;
    // What 0 was called here once; hands remember it.
    if (event.key === "o") return document.querySelector('#lesson [data-key="0"]')?.click();
    if (event.key !== "j" && event.key !== "k") return;
    const rows = [...document.querySelectorAll(".tch-picks [data-row]")];
    const now = rows.findIndex((row) => row.hasAttribute("aria-current"));
    const next = rows[Math.max(0, Math.min(rows.length - 1, now + (event.key === "j" ? 1 : -1)))];
    event.preventDefault();
    event.stopImmediatePropagation();
    if (next && rows.indexOf(next) !== now) next.click();
  }, true);
  document.addEventListener("htmx:afterSwap", () => {
    document.querySelector(".tch-picks [aria-current]")?.scrollIntoView({ block: "nearest" });
  });
})();
