// After a part of the page was swapped, the focus goes back to the choice that was being made.
(() => {
  let last = "";
  document.addEventListener("htmx:beforeRequest", () => { last = document.activeElement?.id ?? ""; });
  document.addEventListener("htmx:afterSettle", () => { if (last) document.getElementById(last)?.focus({ preventScroll: true }); });
})();
