"use strict";
(() => {
  const report = JSON.parse(document.getElementById("report").textContent);
  const pick = (id) => document.getElementById(id);
  const decimals = { minimumFractionDigits: 3, maximumFractionDigits: 3 };
  const figure = (value) => (value === null ? "—" : value.toLocaleString("en", decimals));
  const count = (users) => users.toLocaleString("en");

  // What would turn the direction of writing, or not be seen, is shown by its number.
  const visible = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (hidden) =>
    `⟨U+${hidden.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);

  // Plotly reads tags and entities in the texts that it draws; ours have none.
  const short = (text) => (text.length > 18 ? `${text.slice(0, 17)}…` : text);
  const literal = (text) => short(visible(text))
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  const titled = (text) => ({ text, font: { size: 13 } });

  function draw(id, traces, height, xaxis, yaxis, more = {}) {
    const clear = "rgba(0,0,0,0)";
    const axis = {
      automargin: true, gridcolor: colour("line"), zerolinecolor: colour("quiet"),
      showspikes: false,
      // Ticks that are not seen keep the labels off the bars.
      ticks: "outside", tickcolor: clear,
    };
    const byMouse = matchMedia("(pointer: fine)").matches;
    const layout = {
      height,
      font: { family: "system-ui, sans-serif", size: 13, color: colour("text") },
      paper_bgcolor: clear,
      plot_bgcolor: clear,
      margin: { l: 10, r: 10, t: 10, b: 10 },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
      hoverlabel: {
        bgcolor: colour("panel"), bordercolor: colour("line"), font: { color: colour("text") },
      },
      // A finger on a chart scrolls the page.
      dragmode: byMouse ? "zoom" : false,
      xaxis: { ...axis, fixedrange: !byMouse, ...xaxis },
      yaxis: { ...axis, fixedrange: true, ...yaxis },
      ...more,
    };
    Plotly.react(id, traces, layout, { displayModeBar: false, responsive: true });
  }

  const extent = (values) => values.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);

  const DAY = 86_400_000;
  const moment = (time) => new Date(time).toISOString().slice(0, 19);

  // Where a day or a month such as 2019-07 starts and ends, in milliseconds.
  function bounds(period) {
    const [year, month, day] = period.split("-").map(Number);
    const start = Date.UTC(year, month - 1, day || 1);
    return [start, day ? start + DAY : Date.UTC(year, month, 1)];
  }

  // The outline of the intervals: one step per cohort, broken where nobody joined.
  function band(cohorts) {
    const x = [], y = [];
    let run = [];
    const close = () => {
      const steps = run.map((one) => bounds(one.period).map(moment));
      x.push(...steps.flat(), ...steps.flat().reverse(), null);
      y.push(...run.flatMap((one) => [one.upper, one.upper]));
      y.push(...run.flatMap((one) => [one.lower, one.lower]).reverse(), null);
      run = [];
    };
    for (const one of cohorts) {
      if (run.length && bounds(run.at(-1).period)[1] !== bounds(one.period)[0]) close();
      run.push(one);
    }
    close();
    return { x, y };
  }

  function drawCohorts() {
    const segment = pick("segment").value, period = pick("period").value;
    const all = report.cohorts[period].cohorts;
    const cohorts = all.filter((one) => one.country_segment === segment);
    const [start, end] = extent(all.flatMap((one) => bounds(one.period)));
    // A single month would fill the chart as if it were its ground.
    const margin = period === "day" ? 0 : 15 * DAY;
    const middle = (one) => moment((bounds(one)[0] + bounds(one)[1]) / 2);
    const x = cohorts.map((one) => middle(one.period));
    const hasInterval = (one) => one.lower !== null && one.upper !== null;
    const line = (name, symbol, dash, note) => ({
      name, x, y: cohorts.map((one) => one[name]), type: "scatter", mode: "lines+markers",
      line: { color: colour(name), width: 2, dash }, marker: { symbol, size: x.length > 100 ? 4 : 7 },
      customdata: cohorts.map(note), hovertemplate: `${name} %{y:.3f}%{customdata}<extra></extra>`,
    });
    const traces = [
      line("predicted", "diamond", "solid", (one) =>
        hasInterval(one) ? ` (${figure(one.lower)} to ${figure(one.upper)})` : ""),
      line("actual", "circle", "dot", (one) => `, ${count(one.users)} users`),
    ];
    const known = cohorts.filter(hasInterval);
    if (known.length)
      traces.unshift({
        name: "interval", ...band(known), type: "scatter", mode: "lines", fill: "toself",
        line: { width: 0 }, fillcolor: colour("band"), hoverinfo: "skip",
      });
    const months = [...new Set(all.map((one) => one.period))];
    const ticks = period === "month" && months.length <= 12
      ? { tickvals: months.map(middle), tickformat: "%b %Y" }
      : { ticklabelmode: "period" };
    const [low, high] = extent(cohorts.flatMap((one) =>
      [one.actual, one.predicted, one.lower, one.upper].filter((value) => value !== null)));
    const room = 0.06 * (high - low) || 1;
    draw("cohorts", traces, 380,
      {
        title: titled(`join ${period}`), type: "date", ...ticks,
        range: [start - margin, end + margin].map(moment),
        hoverformat: period === "day" ? "%a %-d %b %Y" : "%B %Y",
      },
      { title: titled("mean per user"), range: [low - room, high + room] },
      { hovermode: "x unified" });
    fillTable(segment, period, cohorts);
  }

  function fillTable(segment, period, cohorts) {
    const table = pick("cohort-table");
    table.caption.textContent = `${visible(segment)}, by join ${period}; means per user`;
    table.tBodies[0].replaceChildren(
      ...cohorts.map((one) => {
        const row = document.createElement("tr");
        const head = row.appendChild(document.createElement("th"));
        head.scope = "row";
        head.textContent = one.period;
        row.insertCell().textContent = count(one.users);
        for (const key of ["actual", "predicted", "baseline", "lower", "upper"])
          row.insertCell().textContent = figure(one[key]);
        return row;
      }));
  }

  function drawDeciles() {
    const deciles = report.cohorts.scores.deciles;
    const bars = (name) => ({
      name, type: "bar", x: deciles.map((one) => one.decile), y: deciles.map((one) => one[name]),
      marker: { color: colour(name) }, hovertemplate: `${name} %{y:.3f}<extra></extra>`,
    });
    draw("deciles", [bars("predicted"), bars("actual")], 340,
      { title: titled("decile, lowest predictions first"), dtick: 1 },
      { title: titled("mean per user") },
      { barmode: "group", hovermode: "x unified" });
  }

  // Bars from top to bottom; numbered, because two values may read the same.
  function drawBars(id, names, sizes, notes, title) {
    const places = names.map((_, place) => place);
    const trace = {
      type: "bar", orientation: "h", x: sizes, y: places, marker: { color: colour("shift") },
      text: sizes.map(figure), textposition: "outside", cliponaxis: false,
      customdata: notes, hovertemplate: "%{customdata}<extra></extra>",
    };
    const [low, high] = extent([0, ...sizes]);
    const isNarrow = pick(id).clientWidth < 500;
    const room = (isNarrow ? 0.5 : 0.15) * (high - low) || 1;
    // The figures stand outside of the bars and are as wide on a phone.
    const range = [low < 0 ? low - room : 0, high > 0 || low === 0 ? high + room : 0];
    draw(id, [trace], 90 + 28 * names.length, { title: titled(title), range }, {
      tickvals: places, ticktext: names.map(literal), autorange: "reversed",
      showgrid: false, zeroline: false,
    });
  }

  function drawFeatures() {
    const features = report.contributions.features;
    const sizes = features.map((one) => one.mean_absolute);
    drawBars("features", features.map((one) => one.feature), sizes, sizes.map(figure),
      "mean absolute contribution");
  }

  function drawValues() {
    const { values } = report.contributions.features[pick("feature").selectedIndex];
    const notes = values.map((one) => `${figure(one.mean)}, ${count(one.users)} users`);
    drawBars("values", values.map((one) => one.value), values.map((one) => one.mean), notes,
      "mean contribution");
  }

  function drawAll() {
    drawCohorts();
    drawDeciles();
    drawFeatures();
    drawValues();
  }

  for (const id of ["segment", "period"]) pick(id).addEventListener("change", drawCohorts);
  pick("feature").addEventListener("change", drawValues);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  drawAll();
})();
