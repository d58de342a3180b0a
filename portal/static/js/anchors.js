// Headings of an article can be linked to: a button beside each copies the address of that part.
(() => {
  document.querySelectorAll("[data-anchors]").forEach((text) => {
    text.querySelectorAll(":is(h1, h2, h3, h4)[id]").forEach((heading) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "anchor d-print-none";
      button.dataset.copy = `${location.origin}${location.pathname}#${encodeURIComponent(heading.id)}`;
      button.title = text.dataset.anchors;
      button.setAttribute("aria-label", `${text.dataset.anchors}: ${heading.textContent}`);
      button.append(Object.assign(document.createElement("i"), { className: "ti ti-link", ariaHidden: "true" }));
      heading.append(button);
    });
  });
})();
