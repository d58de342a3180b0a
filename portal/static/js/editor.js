// The article editor: tools and keys that write Markdown, pictures pasted or dropped into the text.
(() => {
  const form = document.getElementById("editor");
  const body = document.getElementById("body");
  if (!form || !body) return;
  const changed = () => body.dispatchEvent(new Event("input", { bubbles: true }));
  // setRangeText keeps the browser's own undo only with execCommand; both are tried.
  const write = (text, from, to, select) => {
    body.focus();
    body.setSelectionRange(from, to);
    if (!document.execCommand("insertText", false, text)) body.setRangeText(text, from, to, "end");
    if (select) body.setSelectionRange(select[0], select[1]);
    changed();
  };
  const wrap = (before, after, empty) => {
    const { selectionStart: from, selectionEnd: to, value } = body;
    const text = value.slice(from, to) || empty;
    write(before + text + after, from, to, [from + before.length, from + before.length + text.length]);
  };
  const lines = (mark) => {
    const { value } = body;
    const from = value.lastIndexOf("\n", body.selectionStart - 1) + 1;
    const end = value.indexOf("\n", body.selectionEnd);
    const to = end < 0 ? value.length : end;
    const text = value.slice(from, to).split("\n").map((line, index) => mark(index) + line).join("\n");
    write(text, from, to);
  };
  const block = (text) => {
    const end = body.value.indexOf("\n", body.selectionEnd);
    const from = end < 0 ? body.value.length : end;
    const lead = from && !body.value.slice(0, from).endsWith("\n\n") ? (body.value.slice(0, from).endsWith("\n") ? "\n" : "\n\n") : "";
    write(`${lead}${text}\n`, from, from);
  };
  const sample = form.dataset;  // what a tool writes where nothing is selected, in the page's language
  const footnote = () => {
    const used = [...body.value.matchAll(/\[\^(\d+)\]/g)].map((found) => Number(found[1]));
    const next = Math.max(0, ...used) + 1;
    write(`[^${next}]`, body.selectionEnd, body.selectionEnd);
    const at = body.selectionEnd;
    write(`${body.value.endsWith("\n") ? "" : "\n"}\n[^${next}]: ${sample.footnoteSample}`, body.value.length, body.value.length);
    body.setSelectionRange(at, at);
  };
  const tools = {
    heading: () => lines(() => "## "), steps: () => lines((index) => `${index + 1}. `), list: () => lines(() => "- "),
    task: () => lines(() => "- [ ] "), bold: () => wrap("**", "**", sample.boldSample), struck: () => wrap("~~", "~~", sample.boldSample),
    code: () => wrap("`", "`", "ORA-01017"), listing: () => wrap("```\n", "\n```\n", "ORA-01017"),
    link: () => wrap("[", "](https://)", sample.linkSample), cross: () => wrap("[[", "", ""), footnote,
    table: () => block(`| ${sample.tableSymptom} | ${sample.tableRemedy} |\n|---|---|\n|  |  |`),
    note: (button) => block(`!!! ${button.dataset.name}\n    ${button.dataset.sample}`),
  };
  document.querySelectorAll("[data-tool]").forEach((button) => button.addEventListener("click", () => tools[button.dataset.tool]?.(button)));
  const keys = { b: "bold", e: "code", k: "link", h: "heading", 1: "steps", 2: "list", 3: "task", E: "listing", K: "cross" };
  body.addEventListener("keydown", (event) => {
    if (event.isComposing || event.defaultPrevented) return;
    const key = event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && !event.altKey && keys[key]) {
      event.preventDefault();
      tools[keys[key]]();
      return;
    }
    if (event.key !== "Enter" || event.shiftKey) return;
    // A list goes on by itself; Enter on an empty item ends it.
    const before = body.value.slice(body.value.lastIndexOf("\n", body.selectionStart - 1) + 1, body.selectionStart);
    const item = before.match(/^(\s*)(?:(\d+)\.|([-*]))(\s+(?:\[[ x]\]\s+)?)(.*)$/);
    if (!item || body.selectionStart !== body.selectionEnd) return;
    event.preventDefault();
    const at = body.selectionStart;
    if (!item[5]) write("\n", at - before.length, at);
    else write(`\n${item[1]}${item[2] ? `${Number(item[2]) + 1}.` : item[3]}${item[4].replace("x", " ")}`, at, at);
  });

  const status = document.getElementById("upload-status");
  async function bring(files) {
    if (!files.length) return;
    const data = new FormData();
    for (const file of files) data.append("files", file, file.name || "screenshot.png");
    data.append("number", form.dataset.number);
    status.textContent = form.dataset.uploading;
    try {
      const answer = await fetch(form.dataset.upload, { method: "POST", body: data, headers: { "X-CSRFToken": form.elements.csrf_token.value } });
      const told = await answer.json();
      if (!answer.ok) throw new Error(told.problem || form.dataset.refused);
      status.textContent = "";
      block(told.markdown.join("\n\n"));
    } catch (problem) {
      status.textContent = problem instanceof SyntaxError || problem instanceof TypeError ? form.dataset.refused : problem.message;
    }
  }
  body.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) { event.preventDefault(); bring(files); }
  });
  body.addEventListener("dragover", (event) => { if (event.dataTransfer?.types.includes("Files")) { event.preventDefault(); body.classList.add("is-over"); } });
  body.addEventListener("dragleave", () => body.classList.remove("is-over"));
  body.addEventListener("drop", (event) => {
    body.classList.remove("is-over");
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) { event.preventDefault(); bring(files); }
  });
  // What is read follows what is written, by the share of the way.
  const shown = document.querySelector(".editor-preview");
  body.addEventListener("scroll", () => {
    const way = body.scrollHeight - body.clientHeight;
    if (shown && way > 0) shown.scrollTop = (body.scrollTop / way) * (shown.scrollHeight - shown.clientHeight);
  }, { passive: true });

  const picker = document.getElementById("pictures");
  picker?.addEventListener("change", () => { bring([...picker.files]); picker.value = ""; });
})();
