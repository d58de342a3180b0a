// Runs before the first paint, so that a dark page never flashes white.
(() => {
  const root = document.documentElement;
  if (root.dataset.themeChoice === "auto" && window.matchMedia("(prefers-color-scheme: dark)").matches) {
    root.dataset.bsTheme = "dark";
  }
})();
