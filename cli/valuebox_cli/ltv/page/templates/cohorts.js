// The cohorts of a segment, drawn anew whenever another segment, period or stretch is picked.
(() => {
  const report = JSON.parse(document.getElementById("report").textContent);
  const pick = (id) => document.getElementById(id);
  const chart = pick("over-time"), readout = pick("readout");
  const [TOP, BOTTOM, LEFT, RIGHT] = ["top", "bottom", "left", "right"]
    .map((side) => Number(chart.dataset[side]));
  const DAY = 86_400_000, WIDEST = 6, LABELS = 6, NARROW_LABELS = 4, DRAGGED = 8;
  const HOW = "Point at a cohort, or use the arrow keys here, to read its figures. " +
    "Drag across the picture to look closer.";

  // As the rest of the page writes values; see valuebox.pages.readable.
  const count = (users) => users.toLocaleString("en");
  const compact = (value) => value.toLocaleString("en", Math.abs(value) >= 1e6
    ? { notation: "compact", maximumSignificantDigits: 4 }
    : { maximumFractionDigits: Math.abs(value) >= 1 ? 3 : 12, maximumSignificantDigits: 6 })
    .replace(/(?=[A-Z]$)/, "\u00a0");
  const figure = (value) => {
    if (value === null) return "—";
    const size = Math.abs(value);
    return size >= 1e4 || (size > 0 && size < 0.001) ? compact(value) : value.toFixed(3)
      .replace(/\B(?=(\d{3})+\.)/, ",");
  };
  const called = (period) => {
    const isDay = period.length > 7;
    return new Date(period).toLocaleDateString("en-GB", {
      timeZone: "UTC", day: isDay ? "numeric" : undefined, month: "short", year: "numeric",
    });
  };
  const said = (one) => {
    const interval = one.lower === null ? "" : ` (${figure(one.lower)} to ${figure(one.upper)})`;
    return `${called(one.period)}: ${figure(one.predicted)} predicted${interval}, ` +
      `${figure(one.actual)} actual, ${count(one.users)} users`;
  };

  function element(name, attributes, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // Round values at even distances around all of these.
  function rounded(low, high) {
    const rough = ((high - low) || Math.abs(low) || 1) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].find((one) => one * power >= rough * (1 - 1e-9)) * power;
    const first = Math.floor(low / step + 1e-9), last = Math.ceil(high / step - 1e-9);
    return Array.from({ length: Math.max(last - first, 1) + 1 }, (_, n) => (first + n) * step);
  }

  // The number of a day or month such as 2019-07, one more than that of the one before.
  const slot = (period) => period.length > 7
    ? Date.parse(period) / DAY : 12 * Number(period.slice(0, 4)) + Number(period.slice(5, 7)) - 1;
  const periodOf = (number, period) => period === "day"
    ? new Date(number * DAY).toISOString().slice(0, 10)
    : `${String(Math.floor(number / 12)).padStart(4, "0")}-${String(number % 12 + 1).padStart(2, "0")}`;

  const days = report.cohorts.day.cohorts.map((one) => one.period);
  const FIRST = days.reduce((one, other) => one < other ? one : other);
  const LAST = days.reduce((one, other) => one > other ? one : other);
  // What is drawn: the cohorts, the slots that they lie in and the marks of each.
  let drawn = { cohorts: [], marks: [], period: "day", start: 0, end: 0, step: 0 };
  let picked = -1;

  function mark(one, at, width, scale) {
    const left = `${at - width / 2}%`, across = `${width}%`;
    const made = element("g", {}, element("title", {}, said(one)),
      element("rect", { class: "hover", x: left, width: across, y: 0, height: BOTTOM }));
    if (one.lower !== null && one.upper !== null)
      made.append(element("rect", {
        class: "band", x: left, width: across, y: scale(one.upper), rx: 2,
        height: scale(one.lower) - scale(one.upper),
      }));
    made.append(element("line", {
      class: "predicted", x1: left, x2: `${at + width / 2}%`,
      y1: scale(one.predicted), y2: scale(one.predicted),
    }));
    const isOutside = one.lower !== null && (one.actual < one.lower || one.actual > one.upper);
    const actual = pick(isOutside ? "outside" : "inside").content.firstElementChild.cloneNode(true);
    actual.setAttribute("x", `${at}%`);
    actual.setAttribute("y", scale(one.actual));
    made.append(actual);
    return made;
  }

  function axes(values, scale, start, end, step, period) {
    const made = values.flatMap((value) => [
      element("line", { class: "grid", x1: 0, x2: "100%", y1: scale(value), y2: scale(value) }),
      element("text", { class: "tick", x: 0, y: scale(value) - 4 }, compact(value)),
    ]);
    const most = chart.clientWidth < 500 ? NARROW_LABELS : LABELS;
    const every = Math.ceil((end - start + 1) / most);
    for (let number = start; number <= end; number += every) {
      const at = LEFT + (number - start + 0.5) * step;
      const anchor = at < 9 ? "start" : at > 93 ? "end" : "middle";
      const name = called(periodOf(number, period));
      made.push(element("text", {
        class: "tick", x: `${at}%`, y: BOTTOM + 18, "text-anchor": anchor,
      }, period === "day" && FIRST.slice(0, 4) === LAST.slice(0, 4) ? name.slice(0, -5) : name));
    }
    made.push(element("line", { class: "base", x1: 0, x2: "100%", y1: BOTTOM, y2: BOTTOM }));
    return made;
  }

  function draw() {
    const segment = pick("segment").selectedOptions[0], period = pick("period").value;
    const [from, to] = ["from", "to"].map((id) => pick(id).value);
    const [start, end] = [from || FIRST, to || LAST]
      .map((day) => slot(period === "day" ? day : day.slice(0, 7)));
    const cohorts = report.cohorts[period].cohorts.filter((one) =>
      one.country_segment === segment.value && slot(one.period) >= start && slot(one.period) <= end);
    const title = `${segment.dataset.name}, by join ${period}`;
    const values = cohorts.flatMap((one) => [one.actual, one.predicted, one.lower, one.upper])
      .filter((value) => value !== null);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const down = values.length ? rounded(low >= 0 && low < 0.3 * high ? 0 : low, high) : [];
    const scale = (value) =>
      BOTTOM + (value - down[0]) / (down.at(-1) - down[0]) * (TOP - BOTTOM);
    const step = (RIGHT - LEFT) / Math.max(end - start + 1, 1), width = Math.min(0.7 * step, WIDEST);
    const marks = cohorts.map((one) =>
      mark(one, LEFT + (slot(one.period) - start + 0.5) * step, width, scale));
    chart.replaceChildren(...axes(down, scale, start, end, step, period), ...marks);
    chart.setAttribute("aria-label", `Predicted and actual means of ${title}; the arrow keys read ` +
      "one cohort after the other, the table below holds the same values.");
    drawn = { cohorts, marks, period, start, end, step };
    picked = -1;
    pick("shown").textContent = title;
    readout.textContent = cohorts.length ? HOW : "Nobody of this segment joined in these days.";
    fillTable(title, cohorts);
  }

  function fillTable(title, cohorts) {
    const table = pick("cohort-table");
    const labels = [...table.tHead.rows[0].cells].map((one) => one.textContent);
    table.caption.textContent = `${title}; means per user`;
    table.tBodies[0].replaceChildren(...cohorts.map((one) => {
      const row = document.createElement("tr");
      const head = row.appendChild(document.createElement("th"));
      head.scope = "row";
      head.className = "text";
      head.textContent = one.period;
      ["users", "actual", "predicted", "baseline", "lower", "upper"].forEach((key, place) => {
        const cell = row.insertCell();
        cell.dataset.label = labels[place + 1];
        cell.textContent = key === "users" ? count(one.users) : figure(one[key]);
      });
      return row;
    }));
  }

  function read(place) {
    drawn.marks[picked]?.classList.remove("picked");
    picked = place;
    drawn.marks[picked].classList.add("picked");
    readout.textContent = said(drawn.cohorts[picked]);
  }

  function show(from, to) {
    pick("from").value = from;
    pick("to").value = to;
    draw();
  }

  // The slot that a pointer is in, and its place in the picture in percent.
  const percent = (event) => {
    const box = chart.getBoundingClientRect();
    return Math.min(Math.max(100 * (event.clientX - box.left) / box.width, LEFT), RIGHT);
  };
  const slotAt = (at) =>
    Math.min(drawn.start + Math.floor((at - LEFT) / drawn.step), drawn.end);

  let from = null, shade = null;
  chart.addEventListener("pointerdown", (event) => {
    // A finger on the picture scrolls the page.
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    chart.setPointerCapture(event.pointerId);
    from = event;
    shade = chart.appendChild(element("rect", { class: "zoomed", y: 0, height: BOTTOM }));
  });
  chart.addEventListener("pointermove", (event) => {
    const at = percent(event);
    if (from) {
      const [left, right] = [percent(from), at].sort((one, other) => one - other);
      shade.setAttribute("x", `${left}%`);
      shade.setAttribute("width", `${right - left}%`);
    }
    const under = drawn.cohorts.findIndex((one) => slot(one.period) === slotAt(at));
    if (under >= 0 && under !== picked) read(under);
  });
  const stop = () => { from = null; shade?.remove(); };
  chart.addEventListener("pointercancel", stop);
  chart.addEventListener("pointerup", (event) => {
    const began = from;
    stop();
    if (!began || Math.abs(event.clientX - began.clientX) < DRAGGED) return;
    const [first, last] = [percent(began), percent(event)].map(slotAt)
      .sort((one, other) => one - other).map((number) => periodOf(number, drawn.period));
    if (drawn.period === "day") return show(first, last);
    const [year, month] = last.split("-").map(Number);
    show(`${first}-01`, new Date(Date.UTC(year, month, 0)).toISOString().slice(0, 10));
  });

  chart.addEventListener("keydown", (event) => {
    const last = drawn.cohorts.length - 1;
    const place = {
      ArrowLeft: Math.max(picked - 1, 0), ArrowRight: Math.min(picked + 1, last), Home: 0, End: last,
    }[event.key];
    if (event.key === "Escape") show(FIRST, LAST);
    if (place === undefined || last < 0) return;
    event.preventDefault();
    read(place);
  });

  for (const id of ["segment", "period", "from", "to"]) pick(id).addEventListener("change", draw);
  pick("all").addEventListener("click", () => show(FIRST, LAST));
  for (const id of ["from", "to"]) Object.assign(pick(id), { min: FIRST, max: LAST });
  show(FIRST, LAST);
})();
