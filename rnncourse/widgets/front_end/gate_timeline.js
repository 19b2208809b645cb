/* The belt unrolled over time, and the strips below it, on which gate values are painted. */

const STRIPS = { left: 46, top: 16, belt: 48, row: 19, touched: 26, home: 40 };
const TOUCHED = 806; // pixels: a timeline that is narrower is on a tablet or a phone, and has rows for fingers
const PAINTED = ["x", "f", "i", "g", "o"];
const FEW = 36; // pixels that a step needs for its number

/* How tall a row is, where each begins, where h begins below the last one, and how tall all is. */
function rowsOf(ui) {
  const tall = ui.wide < TOUCHED ? STRIPS.touched : STRIPS.row;
  const top = (k) => STRIPS.top + STRIPS.belt + k * tall;
  const lowest = top(PAINTED.length);
  return { tall, top, lowest, height: lowest + STRIPS.home + 2 };
}

function timelineSvg() {
  const rows = PAINTED.map(
    (name) => `<g data-strip="${name}" data-tone="${name}" tabindex="0" role="slider" aria-label="${NAMES[name]} ${name} over time">
      <rect class="ground" x="${STRIPS.left}"/><g class="marks" data-row="${name}"></g>${symbolText(10, 0, name, "t")}</g>`,
  );
  return `<svg class="rnncourse-over-time"><rect class="chosen" y="1" rx="5"/>
    <g class="steps"></g><path class="zero"/><g class="belt"></g>
    <text class="symbol" x="10" y="${STRIPS.top + 27}" data-words="belt">c</text>${rows.join("")}
    <g class="home"></g><text class="symbol" x="10" data-words="home"></text>
    <rect class="under" y="1" rx="5" visibility="hidden"/></svg>`;
}

/* Put the rows where this width wants them. */
function placeRows(ui) {
  const { tall, top, lowest, height } = rowsOf(ui);
  if (!isNews(ui, "rows", tall)) return;
  setAttribute(ui.timeline, "height", height);
  for (const mark of [".chosen", ".under"]) setAttribute(ui.timeline.querySelector(mark), "height", height - 2);
  PAINTED.forEach((name, k) => {
    const strip = ui.timeline.querySelector(`[data-strip=${name}]`);
    setAttribute(strip.querySelector(".ground"), "y", top(k) + 1);
    setAttribute(strip.querySelector(".ground"), "height", tall - 2);
    setAttribute(strip.querySelector(".symbol"), "y", top(k) + tall / 2 + 4.5);
  });
  setAttribute(ui.timeline.querySelector("[data-words=home]"), "y", lowest + 23);
}

function bandOf(ui, T) {
  const wide = (ui.wide - STRIPS.left - 2) / T;
  return { wide, left: (t) => STRIPS.left + t * wide, numbers: wide >= FEW };
}

/* Whether a part of the timeline has to be drawn again: it is told by all that its looks depend on. */
function isNews(ui, part, ...facts) {
  const key = facts.join();
  if (ui.drawn[part] === key) return false;
  ui.drawn[part] = key;
  return true;
}

/* A ribbon over time: a stretch for each step, as wide as its value, with the number on it where there is room. */
function drawUnrolled(ui, selector, values, starts, top, height, band) {
  if (!isNews(ui, selector, values, starts, band.wide)) return;
  const largest = Math.max(1, ...values.map(Math.abs));
  const half = (value) => (Math.abs(value) / largest) * (height / 2 - 1);
  const y = top + height / 2;
  const stretch = (value, t) => {
    const [x, from, to] = [band.left(t), half(starts[t]), half(value)];
    return `M${x} ${y - from}L${x + band.wide * 0.4} ${y - to}H${x + band.wide + 0.3}V${y + to}H${x + band.wide * 0.4}L${x} ${y + from}Z`;
  };
  const join = d3.select(ui.timeline.querySelector(selector)).selectAll("path").data(values).join("path");
  join.attr("d", stretch).style("fill", (value) => (value < 0 ? `url(#${ui.hatch})` : null));
}

function drawNumbers(ui, selector, values, y, band, mark) {
  if (!isNews(ui, `numbers ${selector}`, values, band.wide)) return;
  const words = band.numbers ? values.map((one) => written(one)) : [];
  const join = d3.select(ui.timeline.querySelector(selector)).selectAll("text").data(words).join("text");
  join.attr("x", (_, t) => band.left(t + 0.5)).attr("y", y).attr("class", "number").attr(mark, "").text((one) => one);
}

/* A strip: bars from the floor for gates, from the middle for what has a sign. */
function drawStrip(ui, name, values, held, [low, high], band) {
  if (!isNews(ui, name, values, held, band.wide)) return;
  const rows = rowsOf(ui);
  const tall = rows.tall - 4;
  const top = rows.top(PAINTED.indexOf(name)) + 2;
  const at = (value) => top + tall * (1 - (value - low) / (high - low));
  const marks = ui.timeline.querySelector(`[data-row=${name}]`);
  setAttribute(marks.parentNode.querySelector(".ground"), "width", ui.wide - STRIPS.left - 2);
  const bars = d3.select(marks).selectAll("rect").data(values).join("rect");
  bars.attr("x", (_, t) => band.left(t) + 0.5).attr("width", Math.max(1, band.wide - 1));
  bars.attr("y", (one) => Math.min(at(one), at(0))).attr("height", (one) => Math.max(1, Math.abs(at(one) - at(0))));
  bars.attr("class", (_, t) => (held[t] ? "held" : ""));
  drawNumbers(ui, `[data-row=${name}]`, values, top + tall / 2 + 4.5, band, "data-number-at");
}

function drawHome(ui, { run, rnn, backward, now }, band) {
  const before = (values) => [values[0], ...values.slice(0, -1)];
  const values = backward ? rnn : run.h;
  const starts = backward ? before(rnn) : run.h;
  const { lowest } = rowsOf(ui);
  drawUnrolled(ui, ".home", values, starts, lowest, STRIPS.home - 4, band);
  ui.timeline.querySelector(".home").toggleAttribute("data-gradient", backward);
  ui.timeline.querySelector(".belt").toggleAttribute("data-gradient", backward);
  for (const word of ui.timeline.querySelectorAll("[data-words]")) word.toggleAttribute("data-gradient-words", backward);
  setText(ui.timeline.querySelector("[data-words=home]"), backward ? "RNN" : "h");
  setText(ui.timeline.querySelector("[data-words=belt]"), backward ? "LSTM" : "c");
  drawNumbers(ui, ".home", values, lowest + 23, band, "data-home");
}

function drawTimeline(ui, view) {
  const { run, x, holds, step, T, backward } = view;
  const band = bandOf(ui, T);
  setAttribute(ui.timeline, "width", ui.wide);
  placeRows(ui);
  const chosen = ui.timeline.querySelector(".chosen");
  setAttribute(chosen, "x", band.left(step - 1));
  setAttribute(chosen, "width", band.wide);
  const marks = [...x.keys()].filter((t) => band.wide > 20 || t === 0 || (t + 1) % 10 === 0);
  if (isNews(ui, "steps", marks, band.wide)) {
    const labels = d3.select(ui.timeline.querySelector(".steps")).selectAll("text").data(marks).join("text");
    labels.attr("x", (t) => band.left(t + 0.5)).attr("y", 13).text((t) => t + 1);
  }
  const values = backward ? run.survives : run.c;
  const starts = backward ? [run.survives[0], ...run.survives.slice(0, -1)] : x.map((_, t) => (t ? run.f[t] * run.c[t - 1] : 0));
  setAttribute(ui.timeline.querySelector(".zero"), "d", `M${STRIPS.left} ${STRIPS.top + STRIPS.belt / 2}H${ui.wide - 2}`);
  drawUnrolled(ui, ".belt", values, starts, STRIPS.top, STRIPS.belt - 4, band);
  drawNumbers(ui, ".belt", values, STRIPS.top + 27, band, "data-belt");
  for (const name of PAINTED) {
    const held = name === "x" ? [] : holds[name].map((one) => one !== null);
    drawStrip(ui, name, name === "x" ? x : run[name], held, view.fixed.limits[name], band);
    const strip = ui.timeline.querySelector(`[data-strip=${name}]`);
    const now = view.now[name];
    const [low, high] = view.fixed.limits[name];
    const words = { valuemin: low, valuemax: high, valuenow: now.toFixed(2), valuetext: `step ${step}: ${written(now)}` };
    for (const [part, value] of Object.entries(words)) setAttribute(strip, `aria-${part}`, value);
  }
  drawHome(ui, view, band);
}

/* The step and, on a strip, the value under the pointer. */
function underPointer(ui, event, T, limits) {
  const t = Math.floor((event.x - STRIPS.left) / bandOf(ui, T).wide);
  const step = Math.max(1, Math.min(T, t + 1));
  const rows = rowsOf(ui);
  const k = Math.floor((event.y - rows.top(0)) / rows.tall);
  return { step, name: PAINTED[k] ?? null, valueOn: (name) => paintedValue(rows, event.y, name, limits[name]) };
}

/* Where a strip was touched is its value; near its edges, the largest and the smallest. */
function paintedValue({ tall, top }, y, name, [low, high]) {
  const share = 1 - (y - top(PAINTED.indexOf(name)) - 4) / (tall - 8);
  return Math.round((low + Math.max(0, Math.min(1, share)) * (high - low)) * 20) / 20;
}

/* Paint on a strip with mouse or finger; elsewhere a press chooses the step. look(step or null): hovering. */
function paintTimeline(ui, viewOf, { paint, choose, look }) {
  let strip = null;
  const under = (event) => {
    const { T, fixed } = viewOf();
    return underPointer(ui, event, T, fixed.limits);
  };
  const put = (event) => {
    const { step, valueOn } = under(event);
    if (strip) paint(strip, step, valueOn(strip));
    else choose(step);
  };
  const start = (event) => {
    strip = event.x >= STRIPS.left ? under(event).name : null;
    put(event);
  };
  d3.select(ui.timeline).call(d3.drag().container(() => ui.timeline).on("start", start).on("drag", put));
  ui.timeline.addEventListener("pointermove", (event) => {
    const [x, y] = d3.pointer(event, ui.timeline);
    look(x >= STRIPS.left ? under({ x, y }).step : null);
  });
  ui.timeline.addEventListener("pointerleave", () => look(null));
}
