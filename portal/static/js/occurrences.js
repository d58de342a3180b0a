// The occurrence curves of a defect: by unit or by version, with lines where something was done.
(() => {
  const place = document.getElementById("curves");
  const source = document.getElementById("curves-data");
  if (!place || !source || !window.echarts) return;
  const { weeks, units, versions, marks } = JSON.parse(source.textContent);
  const shown = { units, versions };
  let kind = "units";
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const chart = echarts.init(place, null, { renderer: "svg" });
  const tones = { fixed: "--desk-teal", verified: "--desk-done", recurred: "--desk-now", deployed: "--tblr-secondary" };
  const colors = () => ["--desk-teal", "--tblr-azure", "--tblr-purple", "--desk-soon", "--tblr-pink", "--tblr-secondary"].map(css);
  // Several marks of one week share a line; the gravest gives the colour. A name that would lie on its
  // neighbour's moves up a row.
  const lines = () => {
    const byWeek = new Map();
    for (const mark of marks) byWeek.set(mark.at, [...(byWeek.get(mark.at) ?? []), mark]);
    const week = place.clientWidth / weeks.length;
    let before = -Infinity;
    let up = false;
    return [...byWeek].sort(([one], [other]) => weeks.indexOf(one) - weeks.indexOf(other)).map(([at, found]) => {
      up = !up && (weeks.indexOf(at) - before) * week < 64;
      before = weeks.indexOf(at);
      const gravest = ["recurred", "fixed", "verified", "deployed"].find((name) => found.some((mark) => mark.kind === name));
      const color = css(tones[gravest]);
      return { xAxis: at, label: { formatter: [...new Set(found.map((mark) => mark.name))].join(" "), color, fontSize: 11, distance: up ? 19 : 5 }, lineStyle: { color, type: gravest === "deployed" ? "dotted" : "dashed", width: 1.5 } };
    });
  };
  const draw = () => chart.setOption({
    animation: false,
    color: colors(),
    grid: { left: 32, right: 12, top: 34, bottom: 48 },
    legend: { bottom: 0, type: "scroll", textStyle: { color: css("--tblr-secondary") }, itemHeight: 8 },
    tooltip: { trigger: "axis", renderMode: "richText" },
    xAxis: { type: "category", data: weeks, axisTick: { show: false }, axisLine: { lineStyle: { color: css("--desk-line") } }, axisLabel: { color: css("--tblr-secondary"), interval: 4, hideOverlap: true } },
    yAxis: { type: "value", minInterval: 1, splitLine: { lineStyle: { color: css("--desk-line") } }, axisLabel: { color: css("--tblr-secondary") } },
    series: [
      ...shown[kind].map(({ name, data }) => ({ name, type: "bar", stack: "tickets", data, barMaxWidth: 22 })),
      { type: "line", data: [], silent: true, markLine: { symbol: "none", silent: true, data: lines() } },
    ],
  }, { replaceMerge: ["series"] });
  const buttons = document.querySelectorAll("[data-curve]");
  for (const button of buttons) {
    button.addEventListener("click", () => {
      kind = button.dataset.curve;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      draw();
    });
  }
  draw();
  new ResizeObserver(() => chart.resize()).observe(place);
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();
