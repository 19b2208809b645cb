/* A window to be dragged along a series, with the network's forecast for the years after it. */

const WATCHED = ["start", "ahead", "pulled", "done"];
const NEAR = { height: 250, left: 44, right: 12, top: 14, bottom: 26 };
const NARROW = 480; // pixels: a chart that is narrower shows fewer years, so that a finger finds each of them
const FAR = { height: 64, top: 6, bottom: 16 };

/* What the tasks ask for. first: the first year that the network was not trained on. */
function goalsOf(first) {
  return {
    miss: `Find a year from ${first} on that the network misses by more than ${MISSED} sunspots.`,
    five: `Find ${IN_A_ROW} years in a row, from ${first} on, that are all forecast to within ${CLOSE}.`,
    turn: "Find a window after which the forecast falls, and pull its years until it rises.",
  };
}

function key(dot, line, words) {
  const circle = dot ? `<g class="${dot}"><circle cx="14" cy="7" r="4"/></g>` : "";
  return `<span><svg width="28" height="14"><path class="${line}" d="M0 7H28"/>${circle}</svg> ${words}</span>`;
}

function windowHtml(width, furthest) {
  const dots = Array.from({ length: width }, (_, k) => `<g class="pull" data-pull="${k}" tabindex="0" role="slider"><circle class="field" r="13"/><circle class="dot" r="7.5"/></g>`);
  return `<div class="rnncourse-head"><strong>A window on the Sun</strong><span class="rnncourse-tasks" role="img"></span>
      <button type="button" data-do="own">Values as measured</button></div>
    <p class="rnncourse-says"></p>
    <div class="rnncourse-key" aria-hidden="true"><span>sunspots</span>${key("known", "truth", "measured")}${key("said", "forecast", "network")}${key("", "persistence", "as in the last year")}</div>
    <svg class="rnncourse-near" height="${NEAR.height}" role="group" aria-label="The series around the window">
      <rect class="band" y="${NEAR.top}" height="${NEAR.height - NEAR.top - NEAR.bottom}" rx="5"/><g class="levels"></g><g class="ticks"></g>
      <path class="series"/><path class="truth"/><path class="persistence"/><path class="forecast"/><g class="known"></g><g class="said"></g>${dots.join("")}</svg>
    <p class="rnncourse-readout"></p>
    <svg class="rnncourse-far" height="${FAR.height}" aria-hidden="true"><rect class="trained" y="0" height="${FAR.height - FAR.bottom + 4}"/>
      <rect class="band" y="0" height="${FAR.height - FAR.bottom + 4}" rx="3"/><path class="series"/><g class="ticks"></g></svg>
    ${playbackHtml("Window")}
    <div class="rnncourse-settings"><label><span>Years ahead</span><input type="range" data-setting="ahead" min="1" max="${furthest}" step="1"><output></output></label></div>`;
}

/* All that is on screen, and the same for the values as they were measured. */
function viewOf(model) {
  const [fixed, start, ahead, pulled, done] = ["fixed", ...WATCHED].map((name) => model.get(name));
  const width = pulled.length;
  const measured = fixed.series.slice(start, start + width);
  const values = measured.map((one, k) => pulled[k] ?? one);
  const forecasts = forecastAhead(fixed.net, values, ahead);
  const truth = fixed.series.slice(start + width, start + width + ahead);
  return {
    ...{ fixed, start, ahead, pulled, done, width, values, forecasts, truth },
    own: pulled.every((one) => one === null),
    tested: start + width >= fixed.tested,
    errors: truth.map((one, k) => forecasts[k] - one),
    before: { values: measured, forecasts: forecastAhead(fixed.net, measured, 1) },
  };
}

/* How many years are shown before the window and after it. */
function yearsAround(wide, ahead) {
  return wide < NARROW ? { before: 5, after: Math.max(6, ahead + 2) } : { before: 14, after: 20 };
}

function nearScales(ui, { start, width, ahead, fixed: { highest } }) {
  const { height, left, right, top, bottom } = NEAR;
  const { before, after } = yearsAround(ui.wide, ahead);
  const x = d3.scaleLinear([start - before - 0.5, start + width + after - 0.5], [left, ui.wide - right]);
  return { x, y: d3.scaleLinear([0, highest], [height - bottom, top]).clamp(true) };
}

function pathOf(points) {
  return points.length ? `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}` : "";
}

function drawNear(ui, view) {
  const { fixed, start, width, values, forecasts, truth, pulled, ahead } = view;
  const { x, y } = nearScales(ui, view);
  const { before, after } = yearsAround(ui.wide, ahead);
  const svg = ui.near;
  const at = (k, value) => [x(k), y(value)];
  const from = Math.max(0, start - before);
  const shown = fixed.series.slice(from, start + width + after);
  const join = (group, kind, data) => d3.select(svg.querySelector(group)).selectAll(kind).data(data).join(kind);
  setAttribute(svg, "width", ui.wide);
  setAttribute(svg.querySelector(".band"), "x", x(start - 0.5));
  setAttribute(svg.querySelector(".band"), "width", x(width) - x(0));
  setAttribute(svg.querySelector(".series"), "d", pathOf(shown.map((one, k) => at(from + k, one))));
  setAttribute(svg.querySelector(".truth"), "d", pathOf([view.before.values.at(-1), ...truth].map((one, k) => at(start + width - 1 + k, one))));
  setAttribute(svg.querySelector(".forecast"), "d", pathOf([values.at(-1), ...forecasts].map((one, k) => at(start + width - 1 + k, one))));
  setAttribute(svg.querySelector(".persistence"), "d", pathOf([0, ahead].map((k) => at(start + width - 1 + k, values.at(-1)))));
  join(".said", "circle", forecasts).attr("r", 4.5).attr("cx", (_, k) => x(start + width + k)).attr("cy", y);
  join(".known", "circle", truth).attr("r", 3.5).attr("cx", (_, k) => x(start + width + k)).attr("cy", y);
  join(".ticks", "text", decades(fixed, from, shown.length, x(1) - x(0))).attr("x", (k) => x(k)).attr("y", NEAR.height - 8).text((k) => fixed.years[k]);
  const levels = [0, 50, 100, 150, 200];
  join(".levels", "path", levels).attr("d", (one) => `M${NEAR.left} ${y(one)}H${ui.wide - NEAR.right}`);
  join(".levels", "text", levels).attr("x", NEAR.left - 8).attr("y", (one) => y(one) + 4).text((one) => one);
  ui.dots.forEach((dot, k) => drawDot(dot, view, k, at(start + k, values[k]), pulled[k] !== null));
}

function drawDot(dot, { fixed, start, values }, k, [x, y], moved) {
  setAttribute(dot, "transform", `translate(${x} ${y})`);
  dot.toggleAttribute("data-moved", moved);
  const year = fixed.years[start + k];
  const words = { label: `Value of ${year}`, valuemin: 0, valuemax: fixed.highest, valuenow: values[k].toFixed(1), valuetext: `${year}: ${values[k].toFixed(1)}` };
  for (const [name, value] of Object.entries(words)) setAttribute(dot, `aria-${name}`, value);
}

/* The places of the years that are written: every fifth, every tenth where there is little room, every 50th of many.
   pitch: pixels from year to year. */
function decades({ years }, from, count, pitch) {
  const every = count > 100 ? 50 : 5 * pitch < 36 ? 10 : 5;
  return Array.from({ length: count }, (_, k) => from + k).filter((k) => years[k] % every === 0);
}

function farScale(ui, count) {
  return d3.scaleLinear([0, count - 1], [10, ui.wide - 10]);
}

function drawFar(ui, { fixed, start, width }) {
  const x = farScale(ui, fixed.series.length);
  const band = ui.far.querySelector(".band");
  setAttribute(band, "x", (x(start) - 3).toFixed(1));
  setAttribute(band, "width", (x(width - 1) - x(0) + 6).toFixed(1));
  if (ui.farWide === ui.wide) return;
  ui.farWide = ui.wide;
  setAttribute(ui.far, "width", ui.wide);
  const y = d3.scaleLinear([0, fixed.highest], [FAR.height - FAR.bottom, FAR.top]);
  setAttribute(ui.far.querySelector(".series"), "d", pathOf(fixed.series.map((one, k) => [x(k), y(one)])));
  setAttribute(ui.far.querySelector(".trained"), "x", x(0));
  setAttribute(ui.far.querySelector(".trained"), "width", x(fixed.tested - 1) - x(0));
  d3.select(ui.far.querySelector(".ticks")).selectAll("text").data(decades(fixed, 0, fixed.series.length, x(1) - x(0))).join("text")
    .attr("x", (k) => Math.max(18, x(k))).attr("y", FAR.height - 2).text((k) => fixed.years[k]);
}

/* What the network says, and what happened, for the last year that it is asked about. */
function sentence({ fixed, start, width, values, forecasts, truth, ahead, own, errors }) {
  const year = (k) => fixed.years[0] + start + k;
  const seen = values.map((one) => one.toFixed(0)).join(", ");
  const one = (k) => {
    const known = truth.length > k ? `it was ${truth[k].toFixed(0)}, off by ${Math.abs(errors[k]).toFixed(0)}` : "not measured yet";
    return `${year(width + k)}: forecast ${forecasts[k].toFixed(0)}${own ? `, ${known}` : ""}`;
  };
  const far = ahead > 1 ? `  ·  ${one(ahead - 1)}` : "";
  return `${year(0)}–${year(width - 1)}: ${seen}${own ? "" : " (pulled)"}  →  ${one(0)}${far}`;
}

function drawWords(ui, view) {
  const { done, ahead, fixed } = view;
  showTasks(ui, goalsOf(fixed.years[fixed.tested]), done);
  setText(ui.part(".rnncourse-readout"), sentence(view));
  if (Number(ui.ahead.value) !== ahead) ui.ahead.value = ahead;
  showSetting(ui.ahead, String(ahead));
}

function draw(ui, model) {
  const view = viewOf(model);
  drawNear(ui, view);
  drawFar(ui, view);
  drawWords(ui, view);
}

/* Store settings, and tick off the tasks that are done by them. */
function change(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  const view = viewOf(model);
  const met = Object.keys(TASKS).filter((name) => !view.done.includes(name) && TASKS[name](view));
  store(model, met.length ? { done: [...view.done, ...met] } : {});
}

function pull(model, k, value) {
  const { pulled, fixed } = viewOf(model);
  const fresh = Math.round(Math.max(0, Math.min(fixed.highest, value)) * 10) / 10;
  change(model, { pulled: pulled.map((one, place) => (place === k ? fresh : one)) });
}

function dragDots(ui, model) {
  ui.dots.forEach((dot, k) => {
    const drag = d3.drag().container(() => ui.near).on("drag", (event) => {
      pull(model, k, nearScales(ui, viewOf(model)).y.invert(event.y));
    });
    d3.select(dot).call(drag);
    dot.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1, ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[event.key];
      if (!by || belongsToNotebook(event)) return;
      event.preventDefault();
      pull(model, k, viewOf(model).values[k] + by);
    });
  });
}

/* The series is pulled along under the window; on the overview the window itself is dragged. */
function dragSeries(ui, model, move) {
  let [from, begin] = [0, 0];
  const near = d3.drag().container(() => ui.near).filter((event) => !event.target.closest(".pull"));
  near.on("start", (event) => ([from, begin] = [event.x, model.get("start")]));
  near.on("drag", (event) => {
    const { x } = nearScales(ui, viewOf(model));
    move(begin - Math.round((event.x - from) / (x(1) - x(0))));
  });
  d3.select(ui.near).call(near);
  const place = (event) => {
    const { width, fixed } = viewOf(model);
    move(Math.round(farScale(ui, fixed.series.length).invert(event.x) - (width - 1) / 2));
  };
  d3.select(ui.far).call(d3.drag().container(() => ui.far).on("start", place).on("drag", place));
}

function render({ model, el }) {
  const { fixed, width } = viewOf(model);
  const last = fixed.series.length - width - 1;
  const ui = panel(el, { name: "window-lab", isLab: true, label: "A window on the series", html: windowHtml(width, fixed.furthest) });
  for (const [name, colour] of Object.entries(fixed.colours)) ui.root.style.setProperty(`--tone-${name}`, colour);
  Object.assign(ui, { wide: 600, near: ui.part(".rnncourse-near"), far: ui.part(".rnncourse-far"), dots: ui.parts(".pull"), ahead: ui.part("[data-setting=ahead]") });
  const { walk } = playback(ui, model, {
    name: "start",
    first: 0,
    last,
    describe: (start) => `${fixed.years[start]}–${fixed.years[start + width - 1]}`,
    stepMs: 500,
  });
  const move = (start) => walk(Math.max(0, Math.min(last, start)));
  ui.ahead.addEventListener("input", () => change(model, { ahead: Number(ui.ahead.value) }));
  ui.part("[data-do=own]").addEventListener("click", () => change(model, { pulled: Array(width).fill(null) }));
  dragDots(ui, model);
  dragSeries(ui, model, move);
  const again = () => draw(ui, model);
  ui.listen(model, ["start"], () => change(model, { pulled: Array(width).fill(null) }));
  ui.listen(model, WATCHED, () => {
    again();
    ui.say(() => sentence(viewOf(model)));
  });
  onWidthOf(ui, ui.root, again, 24);
  again();
  return ui.leave;
}

export default { render };
