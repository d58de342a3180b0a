// The bell of every page: the count, the title's badge, and what is urgent popping up. The server is asked
// now and then and answers 304 while nothing is new; no connection is held open.
(() => {
  const bell = document.querySelector("[data-bell]");
  if (!bell) return;
  const place = bell.querySelector(".desk-unread");
  const SEEN = "desk-notices-seen";
  const SHOWN_FOR = 15_000;
  const QUICK = 20_000;
  const SLOW = 90_000;
  const LONGEST = 300_000;
  let etag = "";
  let pause = QUICK;
  let timer = 0;
  let asked = 0;

  const seen = () => Number(localStorage.getItem(SEEN) ?? -1);

  function show(unread) {
    place.replaceChildren();
    document.title = document.title.replace(/^\(\d+\+?\) /, "");
    if (!unread) return;
    const number = unread < 100 ? String(unread) : "99+";
    const visible = document.createElement("span");
    visible.setAttribute("aria-hidden", "true");
    visible.textContent = number;
    const spoken = document.createElement("span");
    spoken.className = "visually-hidden";
    spoken.textContent = bell.dataset.unread.replace("{n}", number);
    place.append(visible, spoken);
    document.title = `(${number}) ${document.title}`;
  }

  function toasts() {
    let all = document.querySelector(".desk-toasts");
    if (!all) {
      all = document.createElement("div");
      all.className = "desk-toasts d-print-none";
      all.setAttribute("role", "status");
      all.setAttribute("aria-live", "polite");
      document.body.append(all);
    }
    return all;
  }

  function pop(notice) {
    const toast = document.createElement("div");
    toast.className = "desk-toast";
    const link = document.createElement("a");
    link.href = notice.href;
    const icon = document.createElement("i");
    icon.className = `ti ti-${notice.icon}`;
    icon.setAttribute("aria-hidden", "true");
    const text = document.createElement("span");
    text.textContent = notice.text;
    link.append(icon, text);
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn-close";
    close.setAttribute("aria-label", bell.dataset.close);
    close.addEventListener("click", () => toast.remove());
    toast.append(link, close);
    toasts().append(toast);
    let left = setTimeout(() => toast.remove(), SHOWN_FOR);
    const stay = () => clearTimeout(left);
    const go = () => { left = setTimeout(() => toast.remove(), SHOWN_FOR / 3); };
    toast.addEventListener("mouseenter", stay);
    toast.addEventListener("focusin", stay);
    toast.addEventListener("mouseleave", go);
    toast.addEventListener("focusout", go);
  }

  function take(told) {
    show(told.unread);
    const before = seen();
    // Another tab may have shown it already; who comes for the first time is not met by a pile.
    if (before >= 0) told.urgent.filter((notice) => notice.id > before).forEach(pop);
    if (told.newest > before) localStorage.setItem(SEEN, String(told.newest));
    if (before < 0 && !told.newest) localStorage.setItem(SEEN, "0");
  }

  async function ask() {
    clearTimeout(timer);
    asked = Date.now();
    try {
      const headers = { "HX-Request": "true", ...(etag ? { "If-None-Match": etag } : {}) };
      const answer = await fetch(`${bell.dataset.bell}?after=${Math.max(0, seen())}`, { headers, cache: "no-store" });
      if (answer.status === 401) return; // signed out elsewhere: this page has nothing more to ask
      if (answer.status === 200) {
        etag = answer.headers.get("ETag") ?? "";
        take(await answer.json());
      }
      if (answer.status >= 500) throw new Error(String(answer.status));
      pause = document.hidden ? SLOW : QUICK;
    } catch {
      pause = Math.min(LONGEST, pause * 2);
    }
    timer = setTimeout(ask, pause * (0.9 + Math.random() * 0.2));
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - asked > 5_000) ask();
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (Date.now() - asked > 5_000) ask();
  });
  ask();
})();
