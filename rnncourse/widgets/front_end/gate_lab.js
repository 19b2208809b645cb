/* The Gate lab: all of it is computed here, from the inputs, the clamps and the chosen step that Python shares. */

const NAMES = { x: "input", f: "forget gate", i: "input gate", g: "candidate", o: "output gate" };
const SLIDERS = ["f", "i", "g", "o", "x"];
const PRESS = { f: 0.05, i: 0.05, g: 0.05, o: 0.05, x: 0.1 }; // one press of an arrow key
const CHART = { width: 560, left: 92, right: 552, top: 24, bottom: 146, rows: 160, row: 24 };
const ROWS = [
  ["x", "x", "t"],
  ["f", "f", "t"],
  ["i", "i", "t"],
  ["g", "g", "t"],
  ["o", "o", "t"],
];
const SURVIVES = { top: CHART.rows + ROWS.length * CHART.row + 10, height: 34 };
const CHART_HEIGHT = SURVIVES.top + SURVIVES.height + 24;
const SHARED = ["inputs", "clamps", "step", "everywhere"];

/* A number as the pictures of the course write it: two decimals, a true minus sign, no minus before zero. */
function written(value) {
  const words = value.toFixed(2);
  return Number(words) === 0 ? "0.00" : words.replace("-", "−");
}

function symbolHtml(letter, index) {
  return `<i>${letter}</i><sub>${index}</sub>`;
}

function slider(name, [low, high]) {
  const clamp =
    name === "x"
      ? '<span class="rnncourse-note">this step</span>'
      : `<label class="rnncourse-clamp"><input type="checkbox" data-clamp="${name}"
        aria-label="clamp ${NAMES[name]} ${name}">clamp</label>`;
  return `<div class="rnncourse-slider" data-tone="${name}"><label><span>${symbolHtml(name, "t")} ${NAMES[name]}</span>
    <input type="range" data-slider="${name}" min="${low}" max="${high}" step="${PRESS[name]}">
    <output></output></label>${clamp}</div>`;
}

function label(x, y, letter, index, anchor = "end") {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" class="symbol">${letter}<tspan dy="4">${index}</tspan></text>`;
}

function columns(T) {
  const wide = (CHART.right - CHART.left) / T;
  return { wide, middle: (t) => CHART.left + (t + 0.5) * wide };
}

/* The parts of the picture over time that never change, and an empty element for each number that does. */
function chartSkeleton(T) {
  const { wide, middle } = columns(T);
  const steps = [...Array(T).keys()];
  const each = (make) => steps.map(make).join("");
  const rows = ROWS.map(([name, letter, index], k) => {
    const y = CHART.rows + k * CHART.row;
    return (
      label(CHART.left - 10, y + 17, letter, index) +
      each(
        (t) => `<g data-row="${name}"><rect x="${CHART.left + t * wide + 2}" y="${y + 2}" width="${wide - 4}"
          height="${CHART.row - 4}" rx="4"/><text x="${middle(t)}" y="${y + 17}"></text></g>`,
      )
    );
  });
  const floor = SURVIVES.top + SURVIVES.height;
  return (
    `<rect class="chosen" y="4" width="${wide}" height="${CHART_HEIGHT - 6}" rx="6"/>` +
    `<g class="axis"></g>` +
    each((t) => `<text class="step" x="${middle(t)}" y="18">${t + 1}</text>`) +
    `<text class="step" x="${CHART.left - 10}" y="18" text-anchor="end">step t</text>` +
    `<path class="line-c"/><path class="line-h"/>` +
    each((t) => `<circle class="dot-c" r="4.5" cx="${middle(t)}"/><rect class="dot-h" width="8" height="8" x="${middle(t) - 4}"/>`) +
    rows.join("") +
    `<path class="floor" d="M${CHART.left} ${floor}H${CHART.right}"/>` +
    `<text x="${CHART.left - 10}" y="${floor - 12}" text-anchor="end" class="symbol">∂c<tspan dy="4">T</tspan><tspan
      dy="-4">/∂c</tspan><tspan dy="4">t</tspan></text>` +
    `<text x="${CHART.left - 10}" y="${floor + 16}" text-anchor="end">survives</text>` +
    each(
      (t) => `<rect class="survives" x="${CHART.left + t * wide + wide * 0.2}" width="${wide * 0.6}"/>
        <text data-survives x="${middle(t)}" y="${floor + 16}"></text>`,
    ) +
    each((t) => `<rect class="column" data-step="${t + 1}" x="${CHART.left + t * wide}" y="0" width="${wide}" height="${CHART_HEIGHT}"/>`)
  );
}

/* A pre-activation as a sum, such as 4 · x − 1 · h − 2. */
function weighted([ofX, ofH, bias], x, h) {
  const size = (value) => String(Number(Math.abs(value).toFixed(2)));
  const sign = (value) => (value < 0 ? " − " : " + ");
  return `${ofX < 0 ? "−" : ""}${size(ofX)} · ${x}${sign(ofH)}${size(ofH)} · ${h}${sign(bias)}${size(bias)}`;
}

/* The formulas of a step: a line each, with a place for every number in it. */
function formulasHtml({ weights }) {
  const place = (name) => `<b data-number="${name}"></b>`;
  const gates = SLIDERS.filter((name) => name !== "x").map((gate) => {
    const squash = gate === "g" ? "tanh" : "σ";
    const sum = (x, h) => `${squash}(${weighted(weights[gate], x, h)})`;
    return `<div data-formula="${gate}" data-tone="${gate}"><span>${symbolHtml(gate, "t")}</span>
      <span class="computed">= ${sum(symbolHtml("x", "t"), symbolHtml("h", "t−1"))} = ${sum(place("x"), place("h_prev"))}
      = ${place(gate)}</span>
      <span class="held">= ${place(gate)}, clamped: the cell is not asked</span></div>`;
  });
  return `${gates.join("")}
    <div data-tone="c"><span>${symbolHtml("c", "t")}</span><span>= ${symbolHtml("f", "t")} · ${symbolHtml("c", "t−1")} +
      ${symbolHtml("i", "t")} · ${symbolHtml("g", "t")} = ${place("f")} · ${place("c_prev")} + ${place("i")} · ${place("g")}
      = ${place("c")}</span></div>
    <div data-tone="h"><span>${symbolHtml("h", "t")}</span><span>= ${symbolHtml("o", "t")} · tanh(${symbolHtml("c", "t")})
      = ${place("o")} · tanh(${place("c")}) = ${place("h")}</span></div>
    <div data-tone="survives"><span>∂${symbolHtml("c", "T")}/∂${symbolHtml("c", "t")}</span><span>= ${place("survives")}:
      ${place("product")} along the belt (the product of the later <i>f</i>), ${place("rest")} by way of
      <i>h</i></span></div>`;
}

function presetsHtml(presets) {
  const buttons = presets.map(
    ({ name, title }) => `<button type="button" data-preset="${name}">${title}</button>`,
  );
  return `<div class="rnncourse-presets" role="group" aria-label="Presets">${buttons.join("")}</div>`;
}

function labHtml(fixed, T) {
  const group = uniqueId("scope");
  return `
    <p class="rnncourse-task"><strong>Gate lab.</strong> Choose a preset, press Play, then move a gate and watch
      what the cell <i>c</i> keeps.</p>
    ${presetsHtml(fixed.presets)}
    <p class="rnncourse-says"></p>
    ${playbackHtml("Step <i>t</i>")}
    <div class="rnncourse-hands">
      <div class="rnncourse-sliders">
        ${SLIDERS.map((name) => slider(name, fixed.limits[name])).join("")}
        <fieldset><legend>A gate's slider moves</legend>
          <label><input type="radio" name="${group}" value="all">all steps</label>
          <label><input type="radio" name="${group}" value="one">only step <span data-part="t"></span></label>
        </fieldset>
        <p class="rnncourse-note">Values with an outline are clamped.</p>
      </div>
      <div class="rnncourse-wide"><svg class="rnncourse-over-time" viewBox="0 0 ${CHART.width} ${CHART_HEIGHT}"
        role="img">${chartSkeleton(T)}</svg></div>
    </div>
    <div class="rnncourse-wide rnncourse-cell">${fixed.cell}</div>
    <div class="rnncourse-formulas">${formulasHtml(fixed)}</div>`;
}

/* The elements that change with every setting, looked up once. */
function addElements(ui) {
  ui.sliders = Object.fromEntries(SLIDERS.map((name) => [name, ui.part(`[data-slider=${name}]`)]));
  ui.boxes = Object.fromEntries(GATES.map((gate) => [gate, ui.part(`[data-clamp=${gate}]`)]));
  ui.chart = ui.part(".rnncourse-over-time");
  ui.cell = ui.part(".rnncourse-cell svg");
  ui.places = ui.parts("[data-number]").map((one) => [one, one.dataset.number]);
  ui.onLines = ui.parts(".rnncourse-cell [data-value]").map((one) => [one, one.dataset.value]);
  ui.rows = Object.fromEntries(ROWS.map(([name]) => [name, ui.parts(`[data-row=${name}]`)]));
  ui.dots = { c: ui.parts("svg .dot-c"), h: ui.parts("svg .dot-h") };
  ui.bars = ui.parts("svg .survives");
  ui.shares = ui.parts("svg [data-survives]");
}

/* All that is on screen: the settings, the run that follows from them, and the numbers of the chosen step. */
function viewOf(model) {
  const [fixed, x, clamps, step, everywhere] = ["fixed", ...SHARED].map((name) => model.get(name));
  const run = gateRun(x, clamps, fixed.weights);
  return { fixed, x, clamps, step, everywhere, T: x.length, run, now: numbersOf(run, x, step) };
}

/* Every number of a step by name. */
function numbersOf(run, x, step) {
  const t = step - 1;
  const before = (name) => (t ? run[name][t - 1] : 0);
  const product = run.f.slice(step).reduce((all, one) => all * one, 1);
  return {
    x: x[t],
    h_prev: before("h"),
    c_prev: before("c"),
    ...Object.fromEntries([...GATES, "c", "h", "survives"].map((name) => [name, run[name][t]])),
    kept: run.f[t] * before("c"),
    added: run.i[t] * run.g[t],
    tanh_c: Math.tanh(run.c[t]),
    product,
    rest: run.survives[t] - product,
  };
}

function drawAxis(ui, limit, y) {
  const axis = ui.part(".axis");
  if (axis.dataset.limit === String(limit)) return;
  const ticks = [limit, 0, -limit].map(
    (value) => `<path d="M${CHART.left} ${y(value)}H${CHART.right}" ${value ? "" : 'class="zero"'}/>
      <text x="${CHART.left - 10}" y="${y(value) + 4}" text-anchor="end">${String(value).replace("-", "−")}</text>`,
  );
  const key = `<path class="line-c" d="M6 46h26"/><text x="38" y="50" class="symbol">c</text>
    <path class="line-h" d="M6 70h26"/><text x="38" y="74" class="symbol">h</text>`;
  axis.innerHTML = ticks.join("") + key;
  axis.dataset.limit = limit;
}

/* The curves of c and h. */
function drawCurves(ui, { run, step, T }) {
  const { wide, middle } = columns(T);
  const limit = Math.ceil(2 * Math.max(1, ...[...run.c, ...run.h].map(Math.abs))) / 2;
  const centre = (CHART.top + CHART.bottom) / 2 + 4;
  const y = (value) => centre - (value / limit) * ((CHART.bottom - CHART.top) / 2 - 6);
  const line = (values) => values.map((value, t) => `${t ? "L" : "M"}${middle(t)} ${y(value).toFixed(1)}`).join("");
  drawAxis(ui, limit, y);
  setAttribute(ui.chart.querySelector(":scope > .line-c"), "d", line(run.c));
  setAttribute(ui.chart.querySelector(":scope > .line-h"), "d", line(run.h));
  setAttribute(ui.chart.querySelector(".chosen"), "x", CHART.left + (step - 1) * wide);
  for (let t = 0; t < T; t++) {
    setAttribute(ui.dots.c[t], "cy", y(run.c[t]).toFixed(1));
    setAttribute(ui.dots.h[t], "y", (y(run.h[t]) - 4).toFixed(1));
  }
}

/* Inputs, gates, and what survives of the gradient: a number and its share of the colour for each step. */
function drawRows(ui, { run, x, clamps, T }) {
  const floor = SURVIVES.top + SURVIVES.height;
  for (let t = 0; t < T; t++) {
    for (const [name] of ROWS) {
      const [box, words] = ui.rows[name][t].children;
      const value = name === "x" ? x[t] : run[name][t];
      setAttribute(box, "fill-opacity", (0.5 * Math.min(1, Math.abs(value))).toFixed(2));
      setAttribute(box, "class", name !== "x" && clamps[name][t] !== null ? "clamped" : "");
      setText(words, written(value));
    }
    const tall = Math.min(1, Math.abs(run.survives[t])) * SURVIVES.height; // more than 1 is said by its number
    setAttribute(ui.bars[t], "y", (floor - tall).toFixed(1));
    setAttribute(ui.bars[t], "height", tall.toFixed(1));
    setText(ui.shares[t], written(run.survives[t]));
  }
}

/* The numbers of the chosen step: in the formulas, on the cell's lines, and beside the sliders. */
function drawStep(ui, { now, step, clamps }) {
  for (const [element, name] of ui.places) setText(element, written(now[name]));
  for (const [element, name] of ui.onLines) setText(element, written(now[name.replace(/^([xfigoch])_t$/, "$1")]));
  for (const name of SLIDERS) {
    const input = ui.sliders[name];
    const computed = name !== "x" && clamps[name][step - 1] === null;
    if (Number(input.value) !== now[name]) input.value = now[name];
    setAttribute(input, "aria-valuetext", `${written(now[name])}${computed ? ", computed" : ""}`);
    setText(input.nextElementSibling, written(now[name]));
  }
  for (const gate of GATES) {
    const held = clamps[gate][step - 1] !== null;
    ui.boxes[gate].checked = held;
    ui.part(`[data-formula=${gate}]`).toggleAttribute("data-held", held);
  }
}

function drawChoices(ui, { fixed, x, clamps, step, everywhere, T }) {
  const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);
  const chosen = fixed.presets.find(
    (one) => same(one.x, x) && GATES.every((gate) => same(one.clamps[gate], clamps[gate])),
  );
  for (const button of ui.parts("[data-preset]")) {
    button.setAttribute("aria-pressed", button.dataset.preset === chosen?.name);
    button.disabled = T !== fixed.presets[0].x.length;
  }
  const own = "Your own settings. What is not clamped is computed by the cell, from x and h.";
  setText(ui.part(".rnncourse-says"), chosen ? chosen.says : own);
  setText(ui.part("[data-part=t]"), String(step));
  for (const radio of ui.parts("[type=radio]")) radio.checked = (radio.value === "all") === everywhere;
}

function draw(ui, view) {
  drawCurves(ui, view);
  drawRows(ui, view);
  drawStep(ui, view);
  drawChoices(ui, view);
}

function sentence({ now, step, T }) {
  const w = Object.fromEntries(Object.entries(now).map(([name, value]) => [name, written(value)]));
  return (
    `Step ${step} of ${T}, x ${w.x}. Forget gate ${w.f} keeps ${w.kept} of ${w.c_prev}; input gate ${w.i} times ` +
    `candidate ${w.g} adds ${w.added}: c is ${w.c}. Output gate ${w.o} shows h ${w.h}. Of the gradient of the last c, ` +
    `${w.survives} survives.`
  );
}

/* Put what is on screen into words: those of the pictures, and those that are returned for the live region. */
function tell(ui, view) {
  const words = sentence(view);
  const all = (name) => view.run[name].map(written).join(", ");
  ui.chart.setAttribute(
    "aria-label",
    `Over ${view.T} steps: c ${all("c")}; h ${all("h")}; survives ${all("survives")}.`,
  );
  ui.cell.setAttribute("aria-label", `LSTM cell. ${words}`);
  return words;
}

/* A slider was moved: an input changes at the chosen step, a gate at all steps or at that one. */
function move(model, name, value) {
  const { x, clamps, step, everywhere } = viewOf(model);
  if (name === "x") {
    store(model, { inputs: x.map((one, t) => (t === step - 1 ? value : one)) });
    return;
  }
  const held = clamps[name].map((one, t) => (everywhere || t === step - 1 ? value : one));
  store(model, { clamps: { ...clamps, [name]: held } });
}

/* Clamping holds each step at what it is; letting go leaves it to the cell. */
function clamp(model, gate, on) {
  const { clamps, run, step, everywhere } = viewOf(model);
  const held = clamps[gate].map((one, t) => (everywhere || t === step - 1 ? (on ? run[gate][t] : null) : one));
  store(model, { clamps: { ...clamps, [gate]: held } });
}

function render({ model, el }) {
  const fixed = model.get("fixed");
  const T = model.get("inputs").length;
  const ui = panel(el, { name: "gate-lab", label: "Gate lab", html: labHtml(fixed, T) });
  for (const [name, colour] of Object.entries(fixed.colours)) ui.root.style.setProperty(`--tone-${name}`, colour);
  addElements(ui);

  const { walk } = playback(ui, model, { name: "step", first: 1, last: T, describe: (step) => `${step} of ${T}` });
  ui.root.addEventListener("input", ({ target }) => {
    const { slider: name, clamp: gate } = target.dataset;
    if (name in ui.sliders) move(model, name, Number(target.value));
    else if (gate) clamp(model, gate, target.checked);
    else if (target.type === "radio") store(model, { everywhere: target.value === "all" });
  });
  ui.root.addEventListener("click", ({ target }) => {
    const chosen = fixed.presets.find(({ name }) => name === target.dataset.preset);
    if (chosen) store(model, { inputs: [...chosen.x], clamps: chosen.clamps });
    if (target.dataset.step) walk(Number(target.dataset.step));
  });

  ui.listen(model, SHARED, () => {
    draw(ui, viewOf(model));
    ui.say(() => tell(ui, viewOf(model)));
  });
  draw(ui, viewOf(model));
  tell(ui, viewOf(model));
  return ui.leave;
}

export default { render };
