// An article's page: printing, and the contents follow what is being read.
(() => {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
  });
  const links = new Map([...document.querySelectorAll(".article-contents a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  if (!links.size || !("IntersectionObserver" in window)) return;
  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((link) => link.removeAttribute("aria-current"));
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -70% 0px" });
  links.forEach((_, id) => { const heading = document.getElementById(id); if (heading) watcher.observe(heading); });
})();
