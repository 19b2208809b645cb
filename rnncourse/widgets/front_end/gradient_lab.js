/* The Gradient lab: a cell and its weights, and what becomes of a gradient on its way back through them. */

const SETTINGS = ["cell", "init", "scale", "T", "seed", "forget_bias", "inputs"];
const CONTROLS = [
  { name: "cell", label: "Cell", kind: "select" },
  { name: "init", label: "Initialization", kind: "select" },
  { name: "inputs", label: "Input", kind: "select" },
  { name: "scale", label: "Weight scale", kind: "range", write: (v) => v.toFixed(2) },
  { name: "T", label: "Steps <i>T</i>", kind: "range", write: (v) => String(v) },
  { name: "seed", label: "Seed", kind: "range", write: (v) => String(v) },
  { name: "forget_bias", label: "Forget bias", kind: "range", write: (v) => v.toFixed(1).replace("-", "−") },
];
const [PLAY_MS, CALM_PLAY_MS] = [120, 800]; // for each step of Play
const GOALS = {
  read: "On the curve, starting from the right, go to the first step at which less than 1/1000 of the gradient is left.",
  tanh: "RNN with tanh, uniform weights: make the gradient survive 100 steps. The weight scale is the dial.",
  sigmoid: "Try the same with the sigmoid: turn the weight scale up as far as it goes.",
  relu: "RNN with ReLU, uniform weights: make the gradient explode.",
  identity: "RNN with ReLU, identity, weight scale 1, noise: seed 0 ends at exactly 0. Find one with which it survives 100 steps.",
  lstm: "LSTM, uniform weights, weight scale 1: raise the forget bias until the gradient survives 100 steps.",
};
const MET = {
  read: ({ flow, chosen }) => reachOf(flow) === flow.T - chosen,
  tanh: ({ settings: s, flow }) => s.cell === "tanh" && s.init === "uniform" && s.T >= 100 && fateOf(flow) === "survives",
  sigmoid: ({ settings: s, fixed }) => s.cell === "sigmoid" && s.scale === fixed.ranges.scale[1],
  relu: ({ settings: s, flow }) => s.cell === "relu" && s.init === "uniform" && fateOf(flow) === "explodes",
  identity: ({ settings: s, flow }) =>
    s.cell === "relu" && s.init === "identity" && s.scale === 1 && s.inputs === "noise" && s.T >= 100 && fateOf(flow) === "survives",
  lstm: ({ settings: s, flow }) => s.cell === "lstm" && s.init === "uniform" && s.scale === 1 && s.T >= 100 && fateOf(flow) === "survives",
};

function labHtml({ choices, ranges }) {
  const control = (one) => (one.kind === "select" ? selectHtml(one, choices[one.name]) : sliderHtml(one, ranges[one.name]));
  return `<div class="rnncourse-body">
    <div class="rnncourse-head"><strong>Gradient lab</strong><span class="rnncourse-tasks" role="img"></span>
      <span class="buttons"><button type="button" data-do="keep">Keep this curve</button><button type="button" data-do="drop">Drop it</button>
      <button type="button" data-do="reset">Reset everything</button></span></div>
    <p class="rnncourse-says"></p>
    <div class="rnncourse-settings">${CONTROLS.map(control).join("")}</div>
    <p class="rnncourse-fate"></p>
    ${chartHtml()}
    <p class="rnncourse-readout"></p>
    <div class="rnncourse-side">${planesHtml()}${playbackHtml("Step <i>t</i>")}<dl class="rnncourse-numbers"></dl></div>
    <p class="rnncourse-note"></p></div>`;
}

function flowFor({ cell, init, scale, T, seed, forget_bias, inputs }, H) {
  return gradientFlow(cell, init, scale, T, seed, cell === "lstm" ? forget_bias : 0, inputs, H);
}

/* All that is on screen. chosen: the step that stays, step: the one that is looked at now, unit: a row of the heat map. */
function viewOf(ui, model) {
  const [fixed, kept, done] = ["fixed", "kept", "done"].map((name) => model.get(name));
  const settings = Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
  const flow = flowFor(settings, fixed.units);
  const chosen = Math.min(model.get("step"), flow.T);
  const step = Math.min(ui.looked?.step ?? chosen, flow.T);
  return { fixed, settings, flow, kept: kept && flowFor(kept, fixed.units), keptSettings: kept, done, chosen, step, unit: ui.looked?.unit ?? null };
}

function titleOf({ cell, init, scale, forget_bias, inputs }, { choices }) {
  const bias = cell === "lstm" ? `, forget bias ${forget_bias}` : "";
  return `${choices.cell[cell]}, ${init}, scale ${Number(scale.toFixed(2))}${bias}${inputs === "pulse" ? ", pulse" : ""}`;
}

function verdictOf(flow) {
  const last = flow.norms[0];
  if (last === -Infinity) {
    const gone = flow.T - flow.norms.findLastIndex((one) => one === -Infinity);
    return `The gradient dies: ${gone} steps back, it is exactly 0.`;
  }
  const says = last < 0 ? `${powerText(last)} of it is left` : `it is ${powerText(last)} times as long`;
  return `The gradient ${fateOf(flow)}: ${flow.T} steps back, ${says}.`;
}

/* The tiles: a name as HTML, the number, and a key. */
function numbersOf(flow) {
  const reach = reachOf(flow);
  const all = flow.T * flow.H;
  const mean = flow.f && flow.f.reduce((sum, one) => sum + one.reduce((part, gate) => part + gate, 0), 0) / all;
  return [
    ["factor", "factor per step, on average", (10 ** (flow.norms[0] / flow.T)).toFixed(2)],
    ["reach", "below 1/1000 after", reach === null ? "never" : `${reach} step${reach > 1 ? "s" : ""}`],
    flow.f
      ? ["forget", "forget gate <i>f</i><sub>t</sub>, mean of all steps and units", mean.toFixed(2)]
      : ["dead", "dead units, slope always 0", `${flow.dead} of ${flow.H}`],
  ];
}

function drawNumbers(ui, { flow }) {
  const list = ui.part(".rnncourse-numbers");
  const tiles = numbersOf(flow);
  setHtml(list, tiles.map(([key, name]) => `<div><dt>${name}</dt><dd data-number="${key}"></dd></div>`).join(""));
  tiles.forEach(([, , value], k) => setText(list.children[k].lastElementChild, value));
}

function drawSettings(ui, { settings, fixed }) {
  for (const { name, kind, write } of CONTROLS) {
    const input = ui.part(`[data-setting=${name}]`);
    if (String(input.value) !== String(settings[name])) input.value = settings[name];
    if (kind === "range") showSetting(input, write(settings[name]));
  }
  const gated = settings.cell === "lstm";
  const bias = ui.part("[data-setting=forget_bias]");
  bias.disabled = !gated;
  bias.parentElement.toggleAttribute("data-off", !gated);
  setAttribute(ui.part("[data-do=reset]"), "aria-disabled", SETTINGS.every((name) => settings[name] === fixed.start[name]));
}

function drawWords(ui, view) {
  const { flow, fixed, done, keptSettings } = view;
  const next = fixed.tasks.find((name) => !done.includes(name));
  setText(ui.part(".rnncourse-tasks"), fixed.tasks.map((name) => (done.includes(name) ? "✓" : "○")).join(" "));
  setAttribute(ui.part(".rnncourse-tasks"), "aria-label", `${done.length} of ${fixed.tasks.length} tasks done`);
  setText(ui.part(".rnncourse-says"), next ? `Task: ${GOALS[next]}` : "All tasks are done.");
  const kept = keptSettings ? ` <span class="kept-name">dashed: ${titleOf(keptSettings, fixed)}</span>` : "";
  setHtml(ui.part(".rnncourse-fate"), `${verdictOf(flow)}${kept}`);
  ui.root.dataset.fate = fateOf(flow);
  setHtml(ui.part(".rnncourse-readout"), readoutHtml(view));
  setAttribute(ui.part("[data-do=drop]"), "aria-disabled", !keptSettings);
  setAttribute(ui.chart, "aria-label", `Heat map and curve for ${titleOf(view.settings, fixed)}. ${verdictOf(flow)}`);
  const slider = ui.part("[data-pad=curve]");
  setAttribute(slider, "aria-valuemax", flow.T);
  setAttribute(slider, "aria-valuenow", view.step);
  setAttribute(slider, "aria-valuetext", ui.part(".rnncourse-readout").textContent);
}

function draw(ui, model) {
  const view = viewOf(ui, model);
  drawChart(ui, view);
  drawPlanes(ui, view);
  drawNumbers(ui, view);
  drawSettings(ui, view);
  drawWords(ui, view);
}

/* What a screen reader hears once the lab rests. */
function sentence(ui, model) {
  const { flow } = viewOf(ui, model);
  const tiles = ui.parts(".rnncourse-numbers > div").map((one) => `${one.firstElementChild.textContent}: ${one.lastElementChild.textContent}.`);
  return `${verdictOf(flow)} ${ui.part(".rnncourse-readout").textContent} ${tiles.join(" ")} ${ui.eigen.getAttribute("aria-label")}`;
}

/* Store settings, draw them once, and tick off the tasks that are done by them. With another T, the gradient sets out
   elsewhere. */
function change(ui, model, values) {
  Object.assign(ui, { looked: null, storing: true });
  store(model, values);
  if ("T" in values) store(model, { step: values.T });
  ui.storing = false;
  draw(ui, model);
  tick(ui, model);
}

function tick(ui, model) {
  const view = viewOf(ui, model);
  const met = view.fixed.tasks.filter((name) => !view.done.includes(name) && MET[name](view));
  if (met.length) store(model, { done: [...view.done, ...met] });
}

function addElements(ui, fixed) {
  Object.assign(ui, { chart: ui.part(".rnncourse-chart svg"), canvas: ui.part("canvas"), curve: ui.part(".curve"), pads: ui.parts("[data-pad]") });
  Object.assign(ui, { eigen: ui.part(".eigenvalues"), ellipses: ui.part(".ellipses"), captions: ui.parts("figcaption") });
  Object.assign(ui, { palette: paletteOf(fixed.stops), gradientId: uniqueId("scale"), wide: 520, looked: null });
  for (const [name, colour] of Object.entries(fixed.colours)) ui.root.style.setProperty(`--tone-${name}`, colour);
}

function listenToReader(ui, model, walk, again) {
  const valueOf = ({ type, value }) => (type === "range" ? Number(value) : value);
  ui.part(".rnncourse-settings").addEventListener("input", ({ target }) => change(ui, model, { [target.dataset.setting]: valueOf(target) }));
  ui.part("[data-do=reset]").addEventListener("click", () => change(ui, model, model.get("fixed").start));
  ui.part("[data-do=keep]").addEventListener("click", () => store(model, { kept: viewOf(ui, model).settings }));
  ui.part("[data-do=drop]").addEventListener("click", () => store(model, { kept: null }));
  const look = (place) => {
    ui.looked = place;
    again();
    ui.say(() => ui.part(".rnncourse-readout").textContent);
  };
  listenToChart(ui, () => viewOf(ui, model), look, walk);
}

function render({ model, el }) {
  const fixed = model.get("fixed");
  const ui = panel(el, { name: "gradient-lab", isLab: true, label: "Gradient lab", html: labHtml(fixed) });
  addElements(ui, fixed);
  const again = () => ui.storing || draw(ui, model);
  const { walk, playing } = playback(ui, model, {
    name: "step", first: 0, last: () => model.get("T"), follows: ["T"],
    backward: () => true, describe: String, stepMs: PLAY_MS, calmStepMs: CALM_PLAY_MS,
  });
  listenToReader(ui, model, walk, again);
  ui.listen(model, ["step"], () => {
    if (playing()) ui.looked = null;
    else if (!ui.storing) tick(ui, model);
  });
  const watched = [...SETTINGS, "step", "kept", "done"];
  ui.listen(model, watched, again);
  ui.listen(model, watched, () => ui.say(() => sentence(ui, model)));
  onWidthOf(ui, ui.part(".rnncourse-chart"), again);
  again();
  return ui.leave;
}

export default { render };
