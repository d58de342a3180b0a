// What the editor says beside the text: how much there is, what is amiss with ways of asking, no connection.
(() => {
  const form = document.getElementById("editor");
  const body = document.getElementById("body");
  if (!form || !body) return;

  const count = document.querySelector("[data-count]");
  // Chinese is counted by character, everything else by word; 400 of them are a minute.
  const words = (text) => (text.match(/[\u3400-\u9fff]|[^\s\u3400-\u9fff\p{P}\p{S}]+/gu) ?? []).length;
  const tell = () => {
    const number = words(body.value);
    count.textContent = count.dataset.words.replace("{n}", number.toLocaleString()).replace("{m}", Math.max(1, Math.round(number / 400)));
    count.classList.toggle("is-late", body.value.length > Number(count.dataset.limit));
  };
  if (count) { body.addEventListener("input", tell); tell(); }

  const also = document.getElementById("also");
  const title = document.getElementById("title");
  const hints = document.querySelector("[data-hints]");
  const alike = (text) => text.replace(/[\s\p{P}]/gu, "").toLowerCase();
  const judge = () => {
    const seen = new Set();
    const said = [];
    for (const line of also.value.split("\n").map((text) => text.trim()).filter(Boolean)) {
      const plain = alike(line);
      const fault = plain === alike(title.value) ? "same" : seen.has(plain) ? "twice" : plain.length < 4 ? "short" : plain.length > 60 ? "long" : "";
      seen.add(plain);
      if (fault) said.push(hints.dataset[fault].replace("{line}", line.length > 20 ? `${line.slice(0, 20)}…` : line));
    }
    hints.replaceChildren(...said.slice(0, 4).map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  };
  if (also && title && hints) {
    also.addEventListener("input", judge);
    title.addEventListener("input", judge);
    judge();
  }

  const status = document.getElementById("upload-status");
  const lost = () => { status.textContent = form.dataset.offline; };
  const back = () => { if (status.textContent === form.dataset.offline) status.textContent = ""; };
  document.body.addEventListener("htmx:sendError", lost);
  document.body.addEventListener("htmx:afterOnLoad", back);
  window.addEventListener("offline", lost);
  window.addEventListener("online", back);
})();
