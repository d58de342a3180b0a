// An article's page: printing, sharing, and the contents follow what is being read.
(() => {
  const said = document.querySelector("[data-copied]");
  const tell = () => { if (said) said.textContent = said.dataset.copied; };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
    if (event.target.closest("[data-copy]")) tell();
    const copy = event.target.closest("[data-copy-from]");
    if (copy) {
      navigator.clipboard?.writeText(document.querySelector(copy.dataset.copyFrom).value).then(tell);
      copy.classList.add("is-done");
      setTimeout(() => copy.classList.remove("is-done"), 900);
    }
    const share = event.target.closest("[data-share]");
    // Whoever closes the system's list of apps has changed their mind; that is no fault.
    if (share) navigator.share({ title: share.dataset.shareTitle, url: share.dataset.share }).catch(() => {});
  });
  if (navigator.share) document.querySelectorAll("[data-share]").forEach((button) => { button.hidden = false; });
  document.querySelector(".article-inside")?.addEventListener("click", (event) => {
    if (event.target.closest("a")) event.currentTarget.open = false;
  });

  const links = new Map([...document.querySelectorAll(".article-contents a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
  if (!headings.length) return;
  let waiting = false;
  // The heading last passed is the one being read; at the very end it is the last one.
  function mark() {
    waiting = false;
    const line = innerHeight * 0.25;
    const end = innerHeight + scrollY >= document.documentElement.scrollHeight - 4;
    const passed = headings.filter((heading) => heading.getBoundingClientRect().top < line);
    const here = end && scrollY > 0 ? headings.at(-1) : passed.at(-1) ?? headings[0];
    links.forEach((link, id) => { if (id === here.id) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current"); });
    const link = links.get(here.id);
    const side = link.closest(".article-side");
    if (side && side.scrollHeight > side.clientHeight) link.scrollIntoView({ block: "nearest" });
  }
  addEventListener("scroll", () => { if (!waiting) { waiting = true; requestAnimationFrame(mark); } }, { passive: true });
  mark();
})();
