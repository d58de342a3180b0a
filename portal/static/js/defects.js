// The occurrence curve of a defect; its numbers come with the page, the table below it says the same.
(() => {
  const place = document.getElementById("occurrence");
  const source = document.getElementById("occurrence-data");
  if (!place || !source || !window.echarts) return;
  const { weeks, label } = JSON.parse(source.textContent);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const chart = echarts.init(place, null, { renderer: "svg" });
  const draw = () => chart.setOption({
    animation: false,
    grid: { left: 32, right: 8, top: 12, bottom: 24 },
    tooltip: { trigger: "axis", renderMode: "richText" },
    xAxis: { type: "category", data: weeks.map(([start]) => start.slice(5)), axisTick: { show: false }, axisLine: { lineStyle: { color: css("--desk-line") } }, axisLabel: { color: css("--tblr-secondary"), interval: 3 } },
    yAxis: { type: "value", minInterval: 1, splitLine: { lineStyle: { color: css("--desk-line") } }, axisLabel: { color: css("--tblr-secondary") } },
    series: [{ name: label, type: "bar", data: weeks.map(([, tickets]) => tickets), itemStyle: { color: css("--desk-teal"), borderRadius: [3, 3, 0, 0] }, barMaxWidth: 22 }],
  });
  draw();
  new ResizeObserver(() => chart.resize()).observe(place);
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();
