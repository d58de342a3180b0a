// Files everywhere: pasted (desk.js), dropped or chosen; shown before they are sent, taken out again one by one;
// progress while they travel; and a refused sentence is shown beside what was typed, which stays.
(() => {
  const inputOf = (place) => document.querySelector(place.dataset.upload);
  const known = new WeakMap();

  // ── the list under a field
  function show(input) {
    const place = input.closest("[data-upload]");
    const list = place?.querySelector(".upload-list");
    if (!list) return;
    const files = [...input.files];
    list.replaceChildren(...files.map((file, index) => line(input, file, index)));
    if (files.length > Number(input.dataset.most)) {
      const many = document.createElement("li");
      many.className = "upload-problem";
      many.textContent = input.dataset.tooMany;
      list.append(many);
    }
  }

  function line(input, file, index) {
    const item = document.createElement("li");
    const large = file.size > Number(input.dataset.limitMb) * 1024 * 1024;
    item.className = large ? "upload-item is-too-large" : "upload-item";
    if (/^image\/(png|jpeg|gif|webp)$/.test(file.type)) {
      const picture = document.createElement("img");
      picture.src = URL.createObjectURL(file);
      picture.alt = "";
      picture.onload = () => URL.revokeObjectURL(picture.src);
      item.append(picture);
    }
    const name = document.createElement("span");
    name.textContent = large ? `${file.name} · ${input.dataset.tooLarge}` : file.name;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `${input.dataset.remove} ${file.name}`);
    remove.onclick = () => keep(input, [...input.files].filter((_, other) => other !== index));
    item.append(name, remove);
    return item;
  }

  function keep(input, files) {
    const all = new DataTransfer();
    files.forEach((file) => all.items.add(file));
    input.files = all.files;
    known.set(input, files);
    show(input);
  }

  document.addEventListener("change", (event) => {
    const input = event.target.closest?.("[data-upload] input[type=file]");
    if (!input) return;
    // Choosing again adds to what is there; a browser alone would replace it.
    const sign = (file) => `${file.name}:${file.size}:${file.lastModified}`;
    const now = [...input.files];
    const signs = new Set(now.map(sign));
    keep(input, [...(known.get(input) ?? []).filter((file) => !signs.has(sign(file))), ...now]);
  });

  // ── dropping: onto the form of a field, or onto whatever names a field
  const target = (event) => {
    const named = event.target.closest?.("[data-drop-files]");
    if (named) return [named, document.querySelector(named.dataset.dropFiles)];
    const form = event.target.closest?.("form");
    const place = form?.querySelector("[data-upload]");
    return place ? [form, inputOf(place)] : [];
  };
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      const [zone, input] = [...(event.dataTransfer?.types ?? [])].includes("Files") ? target(event) : [];
      if (!input) return;
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    const [zone] = target(event);
    if (zone && !zone.contains(event.relatedTarget)) zone.classList.remove("is-over");
  });
  document.addEventListener("drop", (event) => {
    const [zone, input] = target(event);
    zone?.classList.remove("is-over");
    if (!input || !event.dataTransfer.files.length) return;
    event.preventDefault();
    const all = new DataTransfer();
    const before = input.closest("[data-upload]") ? [] : [...input.files];
    [...before, ...event.dataTransfer.files].forEach((file) => all.items.add(file));
    input.files = all.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });

  // ── progress
  function bar(form) {
    let shown = form.querySelector("progress.upload-progress");
    if (!shown) {
      shown = document.createElement("progress");
      shown.className = "upload-progress";
      shown.max = 100;
      form.append(shown);
    }
    return shown;
  }
  const clear = (form) => form.querySelector("progress.upload-progress")?.remove();
  const carries = (form) => [...form.querySelectorAll("input[type=file]")].some((input) => input.files.length);

  document.addEventListener("htmx:xhr:progress", (event) => {
    const form = event.target.closest?.("form");
    if (form && event.detail.lengthComputable && carries(form)) bar(form).value = (100 * event.detail.loaded) / event.detail.total;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.target.closest?.("form");
    if (form) clear(form);
  });

  // ── a form that leads to another page: sent here, so that progress is seen and a refusal loses no file
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const plain = form.enctype === "multipart/form-data" && form.method === "post";
    if (event.defaultPrevented || !plain || form.hasAttribute("hx-post") || !carries(form)) return;
    event.preventDefault();
    if (form.dataset.sending) return;
    form.dataset.sending = "1";
    const request = new XMLHttpRequest();
    request.open("POST", event.submitter?.hasAttribute("formaction") ? event.submitter.formAction : form.action);
    request.upload.onprogress = (moved) => { if (moved.lengthComputable) bar(form).value = (100 * moved.loaded) / moved.total; };
    const ended = () => { delete form.dataset.sending; clear(form); };
    request.onerror = () => { ended(); form.submit(); };
    request.onload = () => {
      ended();
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      if (request.status >= 400) return object(form, page);
      history.pushState(null, "", request.responseURL);
      document.open();
      document.write(request.responseText);
      document.close();
    };
    request.send(new FormData(form, event.submitter));
  });

  function object(form, page) {
    form.querySelector(".upload-objection")?.remove();
    const said = page.querySelector("form .alert, .alert-danger, .alert-warning, .alert, .empty-subtitle");
    const way = page.querySelector("[data-expired] a");
    const box = document.createElement("div");
    box.className = "alert alert-warning upload-objection";
    box.setAttribute("role", "alert");
    box.textContent = said?.textContent.trim() || page.title;
    if (way) {
      box.append(" ", document.importNode(way, true));
      document.dispatchEvent(new CustomEvent("tierdesk:expired"));
    }
    form.prepend(box);
    box.scrollIntoView({ block: "nearest" });
  }

  // ── “@”: the people of this ticket, to be picked by key or press
  let menu = null;
  const close = () => { menu?.remove(); menu = null; };
  document.addEventListener("input", (event) => {
    const field = event.target.closest?.("textarea[data-people]");
    if (!field) return;
    const begun = field.value.slice(0, field.selectionStart).match(/[@\uff20]([^\s@\uff20]{0,8})$/);
    const people = begun ? field.dataset.people.split("|").filter((name) => name && name.startsWith(begun[1])) : [];
    close();
    if (!people.length || people.includes(begun[1])) return;
    menu = document.createElement("div");
    menu.className = "mention-menu";
    menu.setAttribute("role", "listbox");
    menu.append(...people.slice(0, 6).map((name) => {
      const option = document.createElement("button");
      option.type = "button";
      option.setAttribute("role", "option");
      option.textContent = name;
      option.onclick = () => {
        const end = field.selectionStart;
        field.setRangeText(`@${name} `, end - begun[0].length, end, "end");
        close();
        field.focus();
      };
      return option;
    }));
    field.after(menu);
  });
  document.addEventListener("keydown", (event) => {
    if (!menu) return;
    const options = [...menu.children];
    const at = options.indexOf(document.activeElement);
    if (event.key === "Escape") { close(); return; }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      options[Math.max(0, Math.min(options.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))].focus();
    }
    if (event.key === "Tab" && at < 0) { event.preventDefault(); options[0].click(); }
  });
  document.addEventListener("click", (event) => { if (menu && !menu.contains(event.target)) close(); });
})();
