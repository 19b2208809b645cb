/* The cookie jar: what is kept of yesterday, what is added, and the curve that follows from it. */

const WATCHED = ["keep", "added", "day", "pinned", "done"];
const JAR = { width: 300, height: 254, floor: 222, row: 16, cookie: 84, capacity: 12, left: [14, 174], pad: 8 };
const CHART = { height: 254, left: 34, right: 46, top: 20, bottom: 32 };
const INPUTS = { height: 62, bottom: 16 };
const GOALS = {
  level: "With one cookie a day, find the fraction at which the jar levels off at 5.",
  remember: "Put one cookie in on day 1 and none after that. Have more than half of it left on day 10, without keeping all of it.",
  overflow: "With one cookie a day, make the jar overflow by day 20 although something is eaten every day.",
};
const HINTS = { one: "One a day", first: "One on day 1 only", own: "Your own" };

function jarHtml({ mostKept, mostAdded }) {
  return `<div class="rnncourse-head"><strong>A jar with a memory</strong><span class="rnncourse-tasks" role="img"></span>
      <span><button type="button" data-do="pin">Pin this curve</button> <button type="button" data-do="unpin">Unpin</button></span></div>
    <p class="rnncourse-says"></p>
    <div class="rnncourse-picture"><svg class="rnncourse-jars" viewBox="0 0 ${JAR.width} ${JAR.height}" role="img">${jarsSvg()}</svg>
      <div class="rnncourse-over"><svg class="rnncourse-chart" height="${CHART.height}" role="img"><g class="levels"></g><g class="pins"></g>
        <path class="curve"/><g class="dots"></g><g class="ticks"></g><text x="2" y="12">cookies</text><text class="beyond"></text></svg></div></div>
    <div class="rnncourse-controls"><label class="rnncourse-keep"><span>Fraction that is kept</span>
        <input type="range" data-setting="keep" min="0" max="${mostKept}" step="0.01"><output></output></label>
      <p class="rnncourse-equation"></p></div>
    <div class="rnncourse-added"><div class="choices"><label>Cookies added <select data-setting="added" aria-label="Cookies added">
        ${Object.entries(HINTS).map(([name, words]) => `<option value="${name}">${words}</option>`).join("")}</select></label>
      <label>on day <span data-part="day"></span> <select data-setting="today" aria-label="Cookies added on this day">
        ${Array.from({ length: mostAdded + 1 }, (_, k) => `<option>${k}</option>`).join("")}</select></label></div>
      <svg class="rnncourse-bars" height="${INPUTS.height}" role="group" aria-label="Cookies added on each day"></svg></div>
    ${playbackHtml("Day <i>t</i>")}`;
}

function jarsSvg() {
  const { floor, row, cookie, capacity, pad, left } = JAR;
  const top = floor - row * capacity - 10;
  const glass = left.map((x) => `<path class="glass" d="M${x} ${top}V${floor + 3}H${x + cookie + 2 * pad}V${top}"/>`);
  const names = left.map((x, k) => `<text class="name" data-jar="${k}" x="${x + pad + cookie / 2}" y="${floor + 22}"></text>`);
  return `${glass.join("")}<g class="kept-before"></g><g class="eaten"></g><g class="kept"></g><g class="new"></g>${names.join("")}
    <path class="arrow" d="M${left[0] + cookie + 2 * pad + 12} ${floor - 90}h30m-8 -6l8 6l-8 6"/>
    <text class="full" x="${left[0] + pad + cookie / 2}" y="${top - 8}"></text><text class="full" x="${left[1] + pad + cookie / 2}" y="${top - 8}"></text>
    <g class="cut"><rect x="${left[0] - 10}" y="-14" width="${cookie + 2 * pad + 20}" height="28"/><path d="M${left[0] - 8} 0h${cookie + 2 * pad + 16}"/>
      <circle cx="${left[0] + cookie + 2 * pad + 8}" r="7"/></g>`;
}

/* What is in the jar on each day. */
function jarLevels(keep, added) {
  let h = 0;
  return added.map((x) => (h = keep * h + x));
}

function viewOf(model) {
  const [fixed, keep, added, day, pinned, done] = ["fixed", ...WATCHED].map((name) => model.get(name));
  const h = jarLevels(keep, added);
  const before = day > 1 ? h[day - 2] : 0;
  return { fixed, keep, added, day, pinned, done, h, before, now: h[day - 1] };
}

function isOneADay(added) {
  return added.every((one) => one === 1);
}

function isFirstOnly(added) {
  return added.every((one, k) => one === (k ? 0 : 1));
}

const MET = {
  level: ({ keep, added }) => isOneADay(added) && keep < 1 && Math.abs(1 / (1 - keep) - 5) < 0.1,
  remember: ({ keep, added, h }) => isFirstOnly(added) && keep < 1 && h[9] > 0.5,
  overflow: ({ keep, added, h }) => isOneADay(added) && keep < 1 && h.at(-1) > JAR.capacity,
};

/* Cookies from `low` to `high`, one on the other: [column from, column to, row]; part of a cookie is narrower. */
function cookies(low, high) {
  const rows = [];
  for (let k = Math.floor(low); k < Math.min(high, JAR.capacity); k++) {
    const [from, to] = [Math.max(low - k, 0), Math.min(high - k, 1)];
    if (to > from) rows.push([from, to, k]);
  }
  return rows;
}

function drawStack(ui, name, jar, low, high) {
  const { floor, row, cookie, pad, left } = JAR;
  d3.select(ui.jars.querySelector(`.${name}`)).selectAll("rect").data(cookies(low, high)).join("rect")
    .attr("x", ([from]) => left[jar] + pad + cookie * from).attr("width", ([from, to]) => cookie * (to - from))
    .attr("y", ([, , k]) => floor - row * (k + 1)).attr("height", row - 2).attr("rx", 5);
}

function drawJars(ui, { keep, before, now, day }) {
  const kept = keep * before;
  drawStack(ui, "kept-before", 0, 0, Math.min(kept, before));
  drawStack(ui, "eaten", 0, Math.min(kept, before), before);
  drawStack(ui, "kept", 1, 0, kept);
  drawStack(ui, "new", 1, kept, now);
  const full = (value) => (value > JAR.capacity ? `${value.toFixed(1)} ↑` : "");
  [before, now].forEach((value, k) => setText(ui.jars.querySelectorAll(".full")[k], full(value)));
  [day - 1, day].forEach((one, k) => setText(ui.jars.querySelector(`[data-jar="${k}"]`), one ? `day ${one}` : "empty"));
  setAttribute(ui.cut, "transform", `translate(0 ${JAR.floor - JAR.row * Math.min(kept, JAR.capacity + 0.4)})`);
  setAttribute(ui.jars, "aria-label", `Day ${day}: of ${before.toFixed(2)} cookies, ${kept.toFixed(2)} are kept, ${(now - kept).toFixed(2)} are added, ${now.toFixed(2)} are in the jar.`);
}

function scales(ui, days) {
  const x = d3.scaleLinear([0.5, days + 0.5], [CHART.left, ui.wide - CHART.right]);
  return { x, y: d3.scaleLinear([0, JAR.capacity], [CHART.height - CHART.bottom, CHART.top]) };
}

function lineOf(values, x, y) {
  return `M${values.map((one, k) => `${x(k + 1).toFixed(1)} ${y(one).toFixed(1)}`).join("L")}`;
}

function drawChart(ui, { h, day, keep, pinned, added }) {
  const { x, y } = scales(ui, h.length);
  const svg = d3.select(ui.chart).attr("width", ui.wide);
  const levels = svg.select(".levels");
  levels.selectAll("path").data([0, 4, 8, 12]).join("path").attr("d", (one) => `M${CHART.left} ${y(one)}H${ui.wide - CHART.right}`);
  levels.selectAll("text").data([0, 4, 8, 12]).join("text").attr("x", CHART.left - 6).attr("y", (one) => y(one) + 4).text((one) => one);
  svg.select(".ticks").selectAll("text").data([1, 5, 10, 15, 20]).join("text").attr("x", x).attr("y", CHART.height - 12).text((one) => (one === 20 ? "day 20" : one));
  setAttribute(ui.chart.querySelector(".curve"), "d", lineOf(h, x, y));
  svg.select(".dots").selectAll("circle").data(h).join("circle").attr("cx", (_, k) => x(k + 1))
    .attr("cy", y).attr("r", (_, k) => (k === day - 1 ? 7 : 3));
  const others = pinned.filter((one) => one.keep !== keep || String(one.added) !== String(added));
  const pins = others.map((one) => ({ ...one, h: jarLevels(one.keep, one.added) }));
  svg.select(".pins").selectAll("path").data(pins).join("path").attr("d", (one) => lineOf(one.h, x, y));
  svg.select(".pins").selectAll("text").data(pins).join("text").attr("x", ui.wide - CHART.right + 6)
    .attr("y", (one) => y(Math.min(one.h.at(-1), JAR.capacity + 0.6)) + 4).text((one) => one.keep.toFixed(2));
  const beyond = svg.select(".beyond").attr("x", ui.wide - CHART.right - 4).attr("y", 12);
  beyond.text(h.at(-1) > JAR.capacity ? `↑ ${h.at(-1).toFixed(1)} on day ${h.length}` : "");
  setAttribute(ui.chart, "aria-label", `Cookies over ${h.length} days, keeping ${keep.toFixed(2)}: ${[1, 5, 10, 20].map((t) => `day ${t} ${h[t - 1].toFixed(2)}`).join(", ")}.`);
}

function drawBars(ui, { added, day }) {
  const { x } = scales(ui, added.length);
  const base = INPUTS.height - INPUTS.bottom;
  const tall = (base - 4) / 3;
  setAttribute(ui.bars, "width", ui.wide);
  ui.days.forEach((bar, k) => {
    const wide = x(2) - x(1);
    const [field, filled] = bar.children;
    for (const [name, value] of Object.entries({ x: x(k + 1) - wide / 2 + 1, y: 1, width: wide - 2, height: base })) setAttribute(field, name, value);
    for (const [name, value] of Object.entries({ x: x(k + 1) - wide / 2 + 2, y: base + 1 - tall * added[k], width: wide - 4, height: tall * added[k] })) setAttribute(filled, name, value);
    bar.toggleAttribute("data-today", k === day - 1);
    setAttribute(bar, "aria-valuenow", added[k]);
    setAttribute(bar, "aria-valuetext", `day ${k + 1}: ${added[k]}`);
  });
}

function drawWords(ui, { keep, before, now, added, day, done }) {
  showTasks(ui, GOALS, done);
  if (Number(ui.keep.value) !== keep) ui.keep.value = keep;
  setText(ui.keep.nextElementSibling, keep.toFixed(2));
  setAttribute(ui.keep, "aria-valuetext", `${keep.toFixed(2)} is kept`);
  setText(ui.part("[data-part=day]"), String(day));
  ui.today.value = added[day - 1];
  ui.select.value = isOneADay(added) ? "one" : isFirstOnly(added) ? "first" : "own";
  const index = (letter, t) => `<i>${letter}</i><sub>${t}</sub>`;
  const html = `${index("h", day)} = ${keep.toFixed(2)} · ${index("h", day - 1)} + ${index("x", day)} = ${keep.toFixed(2)} · <b class="h">${before.toFixed(2)}</b>
    + <b class="x">${added[day - 1]}</b> = <b class="h">${now.toFixed(2)}</b>`;
  if (ui.equationHtml !== html) ui.part(".rnncourse-equation").innerHTML = ui.equationHtml = html;
}

function draw(ui, model) {
  const view = viewOf(model);
  drawJars(ui, view);
  drawChart(ui, view);
  drawBars(ui, view);
  drawWords(ui, view);
}

/* Store settings, and tick off the tasks that are done by them. */
function change(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  const view = viewOf(model);
  const met = Object.keys(MET).filter((name) => !view.done.includes(name) && MET[name](view));
  store(model, met.length ? { done: [...view.done, ...met] } : {});
}

function setKeep(model, value) {
  const { fixed } = viewOf(model);
  change(model, { keep: Math.round(100 * Math.max(0, Math.min(fixed.mostKept, value))) / 100 });
}

function add(model, k, value) {
  const { added, fixed } = viewOf(model);
  const fresh = Math.max(0, Math.min(fixed.mostAdded, value));
  change(model, { added: added.map((one, place) => (place === k ? fresh : one)) });
}

function pinCurve(model) {
  const { keep, added, pinned, fixed } = viewOf(model);
  const others = pinned.filter((one) => one.keep !== keep || String(one.added) !== String(added));
  change(model, { pinned: [...others, { keep, added }].slice(-fixed.mostPinned) });
}

/* The fraction for which `quantity(keep)` comes closest to what is wanted. */
function keepFor(model, quantity, wanted) {
  const all = Array.from({ length: 100 * model.get("fixed").mostKept + 1 }, (_, k) => k / 100);
  const off = all.map((keep) => Math.abs(quantity(keep) - wanted));
  return all[off.indexOf(Math.min(...off))];
}

/* The line in yesterday's jar: what lies below it is kept. On day 1 that jar is empty, and there is nothing to cut. */
function dragCut(ui, model) {
  const drag = d3.drag().container(() => ui.jars).on("drag", (event) => {
    const { added, day } = viewOf(model);
    const kept = (keep) => keep * jarLevels(keep, added)[day - 2];
    if (day > 1) setKeep(model, keepFor(model, kept, (JAR.floor - event.y) / JAR.row));
  });
  d3.select(ui.cut).call(drag);
}

/* The curve itself can be pulled up and down at any day: the fraction follows. */
function dragCurve(ui, model) {
  const dayAt = (event) => {
    const { added } = viewOf(model);
    const { x, y } = scales(ui, added.length);
    return { added, day: Math.max(1, Math.min(added.length, Math.round(x.invert(event.x)))), wanted: y.invert(event.y) };
  };
  const drag = d3.drag().container(() => ui.chart);
  drag.on("start", (event) => change(model, { day: dayAt(event).day }));
  drag.on("drag", (event) => {
    const { added, wanted } = dayAt(event);
    const { day } = viewOf(model);
    setKeep(model, keepFor(model, (keep) => jarLevels(keep, added)[day - 1], wanted));
  });
  d3.select(ui.chart).call(drag);
}

function addBars(ui, model) {
  const bar = (_, k) => `<g class="day" data-day="${k + 1}" tabindex="${k ? -1 : 0}" role="slider" aria-valuemin="0" aria-valuemax="${model.get("fixed").mostAdded}"
    aria-label="Cookies added on day ${k + 1}"><rect class="field"/><rect class="filled"/></g>`;
  ui.bars.innerHTML = model.get("added").map(bar).join("");
  ui.days = [...ui.bars.querySelectorAll(".day")];
  ui.days.forEach((one, k) => {
    one.addEventListener("click", () => add(model, k, (model.get("added")[k] + 1) % (model.get("fixed").mostAdded + 1)));
    one.addEventListener("keydown", (event) => {
      const up = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      const aside = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if ((!up && !aside) || belongsToNotebook(event)) return;
      event.preventDefault();
      if (up) add(model, k, model.get("added")[k] + up);
      const other = ui.days[k + (aside ?? 0)];
      if (!aside || !other) return;
      [one.tabIndex, other.tabIndex] = [-1, 0];
      other.focus();
    });
  });
}

function listenToReader(ui, model) {
  ui.keep.addEventListener("input", () => setKeep(model, Number(ui.keep.value)));
  ui.select.addEventListener("change", () => {
    const days = model.get("added").length;
    const first = ui.select.value === "first";
    if (ui.select.value !== "own") change(model, { added: Array.from({ length: days }, (_, k) => (first && k ? 0 : 1)) });
  });
  ui.today.addEventListener("change", () => add(model, model.get("day") - 1, Number(ui.today.value)));
  ui.part("[data-do=pin]").addEventListener("click", () => pinCurve(model));
  ui.part("[data-do=unpin]").addEventListener("click", () => change(model, { pinned: [] }));
}

function render({ model, el }) {
  const fixed = model.get("fixed");
  const ui = panel(el, { name: "jar-lab", isLab: true, label: "A jar with a memory", html: jarHtml(fixed) });
  for (const [name, colour] of Object.entries(fixed.colours)) ui.root.style.setProperty(`--tone-${name}`, colour);
  Object.assign(ui, { wide: 480, jars: ui.part(".rnncourse-jars"), chart: ui.part(".rnncourse-chart"), bars: ui.part(".rnncourse-bars") });
  Object.assign(ui, { cut: ui.part(".cut"), keep: ui.part("[data-setting=keep]"), select: ui.part("[data-setting=added]") });
  ui.today = ui.part("[data-setting=today]");
  addBars(ui, model);
  const last = model.get("added").length;
  const { playing } = playback(ui, model, { name: "day", first: 1, last, describe: (day) => `${day} of ${last}`, stepMs: 600 });
  listenToReader(ui, model);
  dragCut(ui, model);
  dragCurve(ui, model);
  const again = () => {
    ui.root.toggleAttribute("data-playing", playing());
    draw(ui, model);
  };
  ui.listen(model, WATCHED, () => {
    again();
    ui.say(() => ui.jars.getAttribute("aria-label"));
  });
  onWidthOf(ui, ui.part(".rnncourse-over"), again);
  again();
  return ui.leave;
}

export default { render };
