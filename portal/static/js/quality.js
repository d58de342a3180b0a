// Scoring by keyboard: a digit marks the item and goes on to the next, "n" says it does not apply, j and k
// walk; the total is shown while one scores. What counts is worked out by the desk.
(() => {
  const form = document.querySelector("form[data-scoring]");
  if (!form) return;
  const items = [...form.querySelectorAll(".qa-item")];
  const below = Number(form.dataset.commentBelow);
  const best = Number(form.dataset.best);

  const chosen = (item) => item.querySelector(".btn-check:checked")?.value ?? "";
  const comment = (item) => item.querySelector("textarea");

  function wants(item) {
    const value = chosen(item);
    return item.dataset.veto ? value === "1" : value !== "" && value !== "na" && Number(value) < below;
  }

  function refresh() {
    let earned = 0;
    let possible = 0;
    let vetoed = false;
    let left = 0;
    for (const item of items) {
      item.classList.toggle("wants-comment", wants(item) && !comment(item).value.trim());
      const value = chosen(item);
      if (item.dataset.veto) vetoed = vetoed || value === "1";
      else if (value === "") left += 1;
      else if (value !== "na") {
        earned += Number(item.dataset.weight) * Number(value);
        possible += Number(item.dataset.weight) * best;
      }
    }
    const total = form.querySelector("output");
    const tenths = vetoed || !possible ? 0 : Math.floor((2000 * earned + possible) / (2 * possible));
    total.textContent = possible || vetoed ? String(tenths / 10) : "—";
    total.classList.toggle("qa-vetoed", vetoed);
    const rest = form.querySelector("[data-left]");
    rest.hidden = !left;
    rest.querySelector("b").textContent = String(left);
  }

  const here = () => items.indexOf(document.activeElement?.closest(".qa-item"));

  function focus(number) {
    const item = items[Math.max(0, Math.min(items.length - 1, number))];
    const field = item.querySelector(".btn-check:checked") ?? item.querySelector(".btn-check");
    field.focus();
    item.scrollIntoView({ block: "nearest" });
  }

  function mark(number, value) {
    const item = items[number];
    const field = item.querySelector(`.btn-check[value="${CSS.escape(value)}"]`);
    if (!field) return false;
    field.checked = true;
    refresh();
    if (wants(item)) comment(item).focus();
    else if (number + 1 < items.length) focus(number + 1);
    else field.focus();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-score-now]"));
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const number = here();
    if (event.target.matches("textarea")) {
      if (number >= 0 && event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        focus(number + 1);
      }
      return;
    }
    if (event.target.matches("input:not(.btn-check), select")) return;
    const at = Math.max(0, number);
    if (/^[0-5]$/.test(event.key) && mark(at, event.key)) event.preventDefault();
    else if (event.key === "n" && number >= 0 && mark(at, "na")) event.preventDefault();
    else if ((event.key === "j" || event.key === "k") && items.length) {
      event.preventDefault();
      event.stopImmediatePropagation();
      focus(number + (event.key === "j" ? 1 : -1));
    }
  }, true);

  form.addEventListener("input", refresh);
  refresh();
  if (form.dataset.scoring === "now" && items.length) focus(0);
})();
