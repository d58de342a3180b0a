// Draws how promises came true from the data beside each chart; each chart's table says the same without us.
(() => {
  const style = getComputedStyle(document.documentElement);
  const colour = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const percent = (share) => `${Math.round(share * 100)}%`;
  const exact = (share) => `${(share * 100).toFixed(1)}%`;

  // The interval of each point: a line with two short ends.
  function whiskers(points, ink) {
    return {
      type: "custom", silent: true, z: 1, tooltip: { show: false },
      data: points.map(([x, , low, high]) => [x, low, high]),
      renderItem(_params, api) {
        const [x, top] = api.coord([api.value(0), api.value(2)]);
        const [, bottom] = api.coord([api.value(0), api.value(1)]);
        const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: ink, lineWidth: 1.2, opacity: 0.7 } });
        return { type: "group", children: [line(x, top, x, bottom), line(x - 4, top, x + 4, top), line(x - 4, bottom, x + 4, bottom)] };
      },
    };
  }

  function axes(ink, x, y) {
    const axis = (name) => ({
      type: "value", min: 0, max: 1, name, nameLocation: "middle", nameTextStyle: { color: ink },
      axisLabel: { color: ink, formatter: percent }, splitLine: { lineStyle: { color: colour("--desk-line", "#ddd") } },
    });
    return { xAxis: { ...axis(x), nameGap: 28 }, yAxis: { ...axis(y), nameGap: 42 } };
  }

  // Intervals by the number of cases are wide where there are few: the size of a point says how many.
  const sized = (cases) => Math.max(6, Math.min(22, 5 + Math.sqrt(cases)));

  function reliability(data, ink, teal) {
    const { promised, share, cases, ideal } = data.names;
    return {
      ...axes(ink, promised, share),
      series: [
        { name: ideal, type: "line", silent: true, symbol: "none", data: [[0, 0], [1, 1]], lineStyle: { type: "dashed", color: ink, opacity: 0.5 } },
        whiskers(data.points, ink),
        { name: share, type: "line", data: data.points.map(([x, y, , , n]) => ({ value: [x, y], symbolSize: sized(n) })), symbol: "circle", itemStyle: { color: teal }, lineStyle: { color: teal, width: 1 }, z: 2 },
      ],
      told: (row) => [[promised, exact(row[0])], [share, `${exact(row[1])} (${exact(row[2])} – ${exact(row[3])})`], [cases, row[4]]],
      of: 2,
    };
  }

  function trade(data, ink, teal) {
    const { share, coverage, cases, now } = data.names;
    const amber = colour("--desk-soon", "#9a5b00");
    const here = data.now ? [{ name: now, type: "scatter", symbol: "diamond", symbolSize: 16, data: [data.now.slice(0, 2)], itemStyle: { color: amber }, label: { show: true, formatter: now, position: "bottom", color: ink }, z: 3, silent: true }] : [];
    return {
      ...axes(ink, coverage, share),
      series: [
        whiskers(data.points, ink),
        { name: share, type: "line", data: data.points.map(([x, y]) => [x, y]), symbol: "circle", symbolSize: 6, itemStyle: { color: teal }, lineStyle: { color: teal, width: 2 }, z: 2 },
        ...here,
      ],
      told: (row) => [[coverage, exact(row[0])], [share, `${exact(row[1])} (${exact(row[2])} – ${exact(row[3])})`], [cases, row[4]]],
      of: 1,
    };
  }

  function draw(place) {
    const data = JSON.parse(document.getElementById(place.dataset.teaching).textContent);
    const ink = colour("--tblr-body-color", "#333");
    const { told, of, ...drawing } = (data.kind === "trade" ? trade : reliability)(data, ink, colour("--desk-teal", "#0b6e75"));
    const chart = window.echarts.init(place, null, { renderer: "svg" });
    chart.setOption({
      animation: !still, animationDuration: 150,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      tooltip: {
        trigger: "item", confine: true,
        formatter(event) {
          if (event.seriesIndex !== of) return "";
          const box = document.createElement("div");
          for (const [name, value] of told(data.points[event.dataIndex])) {
            const line = document.createElement("div");
            line.textContent = `${name} ${value}`;
            box.append(line);
          }
          return box;
        },
      },
      grid: { top: 20, left: 30, right: 24, bottom: 30, containLabel: true },
      ...drawing,
    });
    addEventListener("resize", () => chart.resize());
    addEventListener("beforeprint", () => chart.resize());
  }

  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("[data-teaching]").forEach(draw);
    addEventListener("beforeprint", () => document.querySelectorAll(".fig-table, .fig-meanings").forEach((part) => { part.open = true; }));
  });
})();
