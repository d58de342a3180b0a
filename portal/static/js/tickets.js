// The staff's ticket page: moves without a page load, words taken over into the note, sending by keyboard.
(() => {
  const note = () => document.getElementById("note");

  function insert(text) {
    const field = note();
    if (!field) return;
    const typed = field.value.trim();
    // What somebody typed is never thrown away: the text comes after it.
    field.value = typed && !text.startsWith(typed) ? `${typed}\n\n${text}` : text;
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
    field.scrollTop = 0;
  }

  function choose(number, title) {
    const field = document.getElementById("article");
    const place = document.getElementById("article-chosen");
    if (!field || !place) return;
    field.value = number;
    place.querySelector("[data-chosen-title]").textContent = `${number} ${title}`.trim();
    place.hidden = !number;
  }

  document.addEventListener("click", (event) => {
    const words = event.target.closest("[data-insert]");
    if (words) {
      insert(words.dataset.insert);
      if (words.dataset.article) choose(words.dataset.article, words.dataset.articleTitle || "");
    }
    if (event.target.closest("[data-drop-article]")) choose("", "");
    if (event.target.closest("[data-close-panel]")) {
      event.preventDefault();
      closePanel();
    }
  });

  function closePanel() {
    document.getElementById("panel")?.replaceChildren();
    document.querySelectorAll(".tk-buttons .active").forEach((button) => button.classList.remove("active"));
  }

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest("[data-send]")) {
      event.preventDefault();
      event.target.form.requestSubmit();
    }
    if (event.key === "Escape" && !event.target.closest("input, textarea, select")) closePanel();
  });

  // A form of the ticket answers with the whole page; the ticket in it replaces the one on screen.
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-ticket-form]");
    if (!form || !window.htmx || !document.getElementById("ticket")) return;
    event.preventDefault();
    if (form.dataset.sending) return;
    form.dataset.sending = "1";
    const values = Object.fromEntries(new FormData(form, event.submitter));
    window.htmx
      .ajax("POST", form.action, {
        source: document.getElementById("ticket"), target: "#ticket", swap: "outerHTML", select: "#ticket", selectOOB: "#messages", values,
      })
      .finally(() => { delete form.dataset.sending; });
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    const number = document.getElementById("ticket")?.dataset.number;
    if (number && event.target.id === "panel") {
      const pressed = event.detail.requestConfig?.elt;
      document.querySelectorAll(".tk-buttons .active").forEach((button) => button.classList.remove("active"));
      if (pressed?.classList.contains("btn")) pressed.classList.add("active");
    }
  });
})();
