// Asking: answers in a panel, proposed system and category, pictures shown before they are sent,
// and a draft kept in this tab so that nothing typed is lost.
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const area = one("#ask-area");
  if (!area) return;
  const form = one("#ask-form");
  const text = one("#text");
  const reader = one("#reader");

  // ── typing: letters of an input method that aren't words yet are not searched for
  document.addEventListener("input", (event) => {
    if (event.isComposing && event.target.matches("[data-live]")) event.stopPropagation();
  }, true);
  document.addEventListener("compositionend", (event) => {
    if (event.target.matches("[data-live]")) event.target.dispatchEvent(new Event("input", { bubbles: true }));
  });

  // ── draft
  const draft = form?.dataset.draft && `draft-${form.dataset.draft}`;
  const forget = () => { if (draft) sessionStorage.removeItem(draft); };
  if (draft) {
    if (!text.value) text.value = sessionStorage.getItem(draft) ?? "";
    text.addEventListener("input", () => sessionStorage.setItem(draft, text.value));
    form.addEventListener("htmx:afterRequest", (event) => {
      if (event.detail.elt === form && [200, 204].includes(event.detail.xhr.status)) forget();
    });
    // Why an earlier try was refused is no longer said once the next one begins, even if the browser stops that one.
    const clear = () => one("#problem")?.replaceChildren();
    form.addEventListener("invalid", clear, true);
    form.addEventListener("htmx:beforeRequest", (event) => { if (event.detail.elt === form) clear(); });
    // What is missing stands below: open where it is chosen.
    form.addEventListener("htmx:afterSwap", (event) => {
      if (event.detail.target.id === "problem" && !one(`input[name="system"]:checked`, form)) one("#system-chooser").open = true;
    });
    const begin = () => { if (text.value.trim().length > 1 && !one("#answers .answer, #answers .no-match")) window.htmx?.trigger(text, "look"); };
    window.addEventListener("load", begin, { once: true });
  }

  // ── proposals: taken over until the person has chosen
  const chosen = new Set();
  const system = (code) => one(`input[name="system"][value="${CSS.escape(code)}"]`);
  function nameSystem(radio) {
    const name = one("#system-name");
    if (name) name.textContent = radio ? radio.closest("label").textContent.trim() : name.dataset.none;
  }
  function propose(field, value, why) {
    if (chosen.has(field) || !form) return;
    const radio = value && one(`input[name="${field}"][value="${CSS.escape(value)}"]`);
    for (const other of form.querySelectorAll(`input[name="${field}"]`)) other.checked = other === radio;
    if (field === "system") nameSystem(radio);
    const mark = one(field === "system" ? "#system-chooser .guessed" : "#category-question .guessed");
    if (!mark) return;
    mark.hidden = !radio || !why;  // what they said themselves is no guess
    one(".guessed-why", mark).textContent = why ?? "";
  }
  for (const field of ["system", "category"]) {
    if (form && one(`input[name="${field}"]:checked`, form)) chosen.add(field);
  }
  // What the chosen system wants to know is fetched anew only when the choice is another one.
  const choice = () => ["system", "category"].map((field) => one(`input[name="${field}"]:checked`, form)?.value ?? "").join("/");
  let askedFor = form ? choice() : "";
  function askFields(again = false) {
    if (!form || (!again && choice() === askedFor)) return;
    askedFor = choice();
    const place = one("#ask-fields");
    if (place) window.htmx?.trigger(place, "wanted");
  }
  form?.addEventListener("change", (event) => {
    const field = event.target.name;
    if (event.target.matches("[data-fields]")) askFields(true);
    if (field !== "system" && field !== "category") return;
    chosen.add(field);
    const mark = one(field === "system" ? "#system-chooser .guessed" : "#category-question .guessed");
    if (mark) mark.hidden = true;
    if (field === "system") {
      nameSystem(event.target);
      const chooser = one("#system-chooser");
      chooser.open = false;
      one("summary", chooser).focus();
    }
    askFields();
    if (text.value.trim().length > 1) window.htmx?.trigger(text, "look");
  });

  // What the person left open is the server's to propose, so only chosen values are sent along.
  let replying = false;
  document.addEventListener("htmx:configRequest", (event) => {
    const asking = event.detail.elt.closest?.(".clarify");
    if (event.detail.elt !== text && !asking) return;
    if (asking) replying = true;
    for (const field of ["system", "category"]) {
      if (!chosen.has(field)) event.detail.parameters.delete?.(field), delete event.detail.parameters[field];
    }
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "answers") {
      const proposal = one("#proposal");
      const said = one("#answers-said");
      if (said) said.textContent = proposal?.dataset.said ?? "";
      if (proposal) { propose("system", proposal.dataset.system, proposal.dataset.systemWhy); propose("category", proposal.dataset.category, proposal.dataset.categoryWhy); askFields(); }
    }
    if (replying && event.detail.target.id === "answers") {
      replying = false;
      // The pressed chip is gone; the keyboard goes on with what was replied, or with the first answer.
      one("#answers .clarify-given:last-of-type, #answers .answer a")?.focus();
    }
    const thanks = one("[data-solved]", event.detail.target);
    if (thanks) {
      forget();
      reader?.close();
      thanks.focus();
    }
  });

  // ── finding a system
  document.addEventListener("input", (event) => {
    const list = event.target.dataset.filter && one(event.target.dataset.filter);
    if (!list) return;
    const words = event.target.value.trim().toLowerCase();
    for (const row of list.querySelectorAll("[data-words]")) row.hidden = !row.dataset.words.toLowerCase().includes(words);
    for (const group of list.querySelectorAll("fieldset")) group.hidden = !group.querySelector("[data-words]:not([hidden])");
    const none = list.parentElement.querySelector(".chooser-none");
    if (none) none.hidden = Boolean(list.querySelector("[data-words]:not([hidden])"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.dataset.filter || event.isComposing) return;
    event.preventDefault();
    one(`${event.target.dataset.filter} [data-words]:not([hidden]) input`)?.click();
  });
  one("#system-chooser")?.addEventListener("toggle", (event) => {
    if (event.target.open) one("[data-filter]", event.target).focus();
  });

  // ── reading an answer without leaving
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-reader]") && reader?.open) {
      event.preventDefault();
      reader.close();
      return;
    }
    if (event.target === reader) { reader.close(); return; }
    const link = event.target.closest("a[data-read], .answer .result-title a[href*='/ask/answers/']");
    if (!link || !window.htmx || !reader || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const address = new URL(link.href);
    window.htmx.ajax("POST", address.pathname, {
      source: link, target: "#reader-body", swap: "innerHTML", values: { token: address.searchParams.get("token") ?? "" },
    }).then(() => { if (!reader.open) reader.showModal(); reader.scrollTop = 0; });
  });

  // ── files: dropped, pasted (desk.js) or chosen; shown, and each can be taken out again
  const files = one("#files");
  const previews = one("#previews");
  function show() {
    previews.replaceChildren();
    [...files.files].forEach((file, place) => {
      const item = document.createElement("li");
      item.className = "preview";
      const large = file.size > Number(files.dataset.limitMb) * 1024 * 1024;
      if (file.type.startsWith("image/")) {
        const picture = document.createElement("img");
        picture.src = URL.createObjectURL(file);
        picture.alt = "";
        picture.onload = () => URL.revokeObjectURL(picture.src);
        item.append(picture);
      } else {
        const icon = document.createElement("i");
        icon.className = "ti ti-file";
        item.append(icon);
      }
      const name = document.createElement("span");
      name.textContent = large ? files.dataset.tooLarge : file.name;
      if (large) item.classList.add("is-too-large");
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "preview-remove";
      remove.textContent = "×";
      remove.setAttribute("aria-label", `${previews.dataset.remove} ${file.name}`);
      remove.onclick = () => keep([...files.files].filter((_, other) => other !== place));
      item.append(name, remove);
      previews.append(item);
    });
  }
  function keep(list) {
    const all = new DataTransfer();
    list.forEach((file) => all.items.add(file));
    files.files = all.files;
    show();
  }
  if (files && previews) {
    let before = [];
    files.addEventListener("click", () => { before = [...files.files]; });
    files.addEventListener("change", () => {
      // Choosing again adds to what is there; a browser alone would replace it.
      const known = new Set([...files.files].map((file) => `${file.name}:${file.size}:${file.lastModified}`));
      const kept = before.filter((file) => !known.has(`${file.name}:${file.size}:${file.lastModified}`));
      before = [];
      keep([...kept, ...files.files]);
    });
    const place = one("[data-drop]");
    for (const name of ["dragenter", "dragover"]) {
      place.addEventListener(name, (event) => {
        if (![...event.dataTransfer.types].includes("Files")) return;
        event.preventDefault();
        place.classList.add("is-over");
      });
    }
    place.addEventListener("dragleave", (event) => { if (!place.contains(event.relatedTarget)) place.classList.remove("is-over"); });
    place.addEventListener("drop", (event) => {
      place.classList.remove("is-over");
      if (!event.dataTransfer.files.length) return;
      event.preventDefault();
      keep([...files.files, ...event.dataTransfer.files]);
    });
  }
})();
