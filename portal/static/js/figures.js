// Draws the charts of the figures page from the data beside them; each chart's table says the same without us.
(() => {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  // One calm scale: teal for what is, greys and blues beside it; red only for overdue.
  const scale = ["#0b6e75", "#4f9da6", "#8cc5c4", "#6b7c93", "#a9b4c2", "#c9a24b", "#7f6bb0", "#b98b7a"];
  const tones = { now: "--desk-now", main: "--desk-teal" };

  function shade(series, number) {
    if (series.tone === "pale") return "#a9b4c2";
    return series.tone ? colour(tones[series.tone]) : scale[number % scale.length];
  }

  function options(data) {
    const area = data.kind === "area";
    const ink = style.getPropertyValue("--tblr-body-color") || "#333";
    const names = { type: "category", data: data.names, axisTick: { show: false }, axisLabel: { color: ink, interval: area ? "auto" : 0, width: area ? undefined : 130, overflow: "truncate" }, inverse: !area, boundaryGap: !area };
    const amounts = { type: "value", minInterval: 1, axisLabel: { color: ink }, splitLine: { lineStyle: { color: colour("--desk-line") } } };
    return {
      animation: !still, animationDuration: 150,
      color: data.series.map(shade),
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      tooltip: { trigger: "axis", axisPointer: { type: area ? "line" : "shadow" }, confine: true },
      legend: { top: 0, type: "scroll", textStyle: { color: ink } },
      grid: { top: 36, left: 8, right: 16, bottom: 4, containLabel: true },
      xAxis: area ? names : amounts,
      yAxis: area ? amounts : names,
      series: data.series.map((row) => ({
        name: row.name, data: row.data, type: area ? "line" : "bar",
        stack: data.stack ? "all" : undefined, barMaxWidth: 18, symbol: "circle", symbolSize: 5,
        areaStyle: area ? { opacity: 0.55 } : undefined, lineStyle: area ? { width: 1 } : undefined,
      })),
    };
  }

  function draw(place) {
    const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
    if (data.kind !== "area") place.style.height = `${Math.max(220, 60 + data.names.length * (data.stack ? 26 : 38))}px`;
    const chart = window.echarts.init(place, null, { renderer: "svg" });
    chart.setOption(options(data));
    chart.on("click", (event) => {
      const target = data.links[event.seriesIndex]?.[event.dataIndex];
      if (target) location.href = target;
    });
    addEventListener("resize", () => chart.resize());
    addEventListener("beforeprint", () => chart.resize());
  }

  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-chart]").forEach(draw);
    document.querySelector("[data-print]")?.addEventListener("click", () => print());
    // On paper the tables stand beside the charts.
    addEventListener("beforeprint", () => document.querySelectorAll(".fig-table, .fig-meanings").forEach((part) => { part.open = true; }));
  });
})();
