// The wall by key: j and k go from group to group, the other keys act on the one that is current.
(() => {
  const groups = () => [...document.querySelectorAll("[data-group]")];
  const current = () => document.querySelector("[data-group][aria-current]");
  const isField = (target) => target.closest?.("textarea, select, input:not([type=checkbox])");
  const stop = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
  const PLACE = `wall.${location.pathname}`;

  function choose(group, focus = true) {
    groups().forEach((other) => other.removeAttribute("aria-current"));
    if (!group) return;
    group.setAttribute("aria-current", "true");
    sessionStorage.setItem(PLACE, String(groups().indexOf(group)));
    if (focus) { group.focus({ preventScroll: true }); group.scrollIntoView({ block: "nearest" }); }
  }

  function walk(step) {
    const all = groups();
    const now = all.indexOf(current());
    choose(all[Math.max(0, Math.min(all.length - 1, now + step))]);
  }

  // The ticket that has the focus, else the first one that is ticked.
  function untick() {
    const boxes = [...(current()?.querySelectorAll("input[type=checkbox]") ?? [])].filter((box) => box.offsetParent);
    const box = boxes.includes(document.activeElement) ? document.activeElement : boxes.find((one) => one.checked);
    if (!box) return;
    box.checked = !box.checked;
    box.focus();
  }

  function along(step) {
    const boxes = [...(current()?.querySelectorAll("input[type=checkbox]") ?? [])].filter((box) => box.offsetParent);
    const now = boxes.indexOf(document.activeElement);
    if (now < 0) return false;
    boxes[Math.max(0, Math.min(boxes.length - 1, now + step))].focus();
    return true;
  }

  function press(key) {
    const within = current()?.querySelector(`[data-wall="${CSS.escape(key)}"]`);
    const button = within ?? document.querySelector(`.wall-undo [data-wall="${CSS.escape(key)}"]`);
    if (!button) return;
    button.click();
    const open = button.closest("details[open]") ?? (button.matches("summary") ? button.parentElement : null);
    if (open?.open) open.querySelector("input")?.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (!groups().length && !document.querySelector(".wall-undo")) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector(".modal.show")) return;
    if (isField(event.target)) {
      // Enter in the reason sets aside, not opens a record: the nearest button is meant.
      if (event.key === "Enter" && event.target.name === "reason") { stop(event); event.target.parentElement.querySelector("button").click(); }
      return;
    }
    if (event.key === "j" || event.key === "k") { stop(event); return walk(event.key === "j" ? 1 : -1); }
    if (event.key === "x") { stop(event); return untick(); }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { if (along(event.key === "ArrowDown" ? 1 : -1)) stop(event); return; }
    if (!["o", "l", "d", "u", "a", "m", "s", "f"].includes(event.key)) return;
    stop(event);
    press(event.key);
  }, true);

  document.addEventListener("focusin", (event) => {
    const group = event.target.closest?.("[data-group]");
    if (group && group !== current()) choose(group, false);
  });

  document.addEventListener("DOMContentLoaded", () => {
    const all = groups();
    const kept = Number(sessionStorage.getItem(PLACE) ?? 0);
    if (all.length && !current()) choose(all[Math.min(kept, all.length - 1)]);
  });
})();
