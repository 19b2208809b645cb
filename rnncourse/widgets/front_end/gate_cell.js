/* The Gate lab's cell: one unit over a short sequence, computed here from the settings that Python shares. */

const NAMES = { x: "input", f: "forget gate", i: "input gate", g: "candidate", o: "output gate" };
const SHORT = { x: "input", f: "forget", i: "input gate", g: "candidate", o: "output" };
const SLIDERS = ["f", "i", "g", "o", "x"];
const SHARED = ["inputs", "holds", "steps", "step", "parameters", "w_hh", "mission", "done", "everywhere", "backward"];
const MOVES_AFTER_MS = 200; // how long after a change the picture begins to flow
const MOVING_MS = 1500; // how long it flows

function symbolHtml(letter, index) {
  return `<i>${letter}</i><sub>${index}</sub>`;
}

function sliderCard(name, [low, high]) {
  const hold =
    name === "x"
      ? '<span class="rnncourse-note">this step</span>'
      : `<label class="rnncourse-hold"><input type="checkbox" data-hold="${name}"
        aria-label="hold ${NAMES[name]} ${name}">hold</label>`;
  return `<div class="rnncourse-slider" data-tone="${name}"><label><span>${symbolHtml(name, "t")}
    <span class="rnncourse-name" aria-hidden="true">${SHORT[name]}</span></span>
    <input type="range" data-slider="${name}" aria-label="${name} ${NAMES[name]}" min="${low}" max="${high}" step="0.01"><output></output></label>${hold}</div>`;
}

/* A pre-activation as a sum, such as 4 · x − 1 · h − 2. */
function weighted([ofX, ofH, bias], x, h) {
  const size = (value) => String(Number(Math.abs(value).toFixed(2)));
  const sign = (value) => (value < 0 ? " − " : " + ");
  return `${ofX < 0 ? "−" : ""}${size(ofX)} · ${x}${sign(ofH)}${size(ofH)} · ${h}${sign(bias)}${size(bias)}`;
}

function place(name, tone = name) {
  return `<b data-number="${name}" data-tone="${tone}"></b>`;
}

function formulaHtml(name, symbols, numbers) {
  return `<div data-formula="${name}" data-tone="${name === "survives" ? "c" : name}"><span>${symbols}</span><span>${numbers}</span></div>`;
}

/* The formulas of a step: symbols in one line, their numbers in the next. */
function formulasHtml(weights) {
  const gates = SLIDERS.filter((name) => name !== "x").map((gate) => {
    const squash = gate === "g" ? "tanh" : "σ";
    const sum = (x, h) => `${squash}(${weighted(weights[gate], x, h)})`;
    return formulaHtml(
      gate,
      `${symbolHtml(gate, "t")} = <span class="computed">${sum(symbolHtml("x", "t"), symbolHtml("h", "t−1"))}</span>
        <span class="held">held by you</span>`,
      `= <span class="computed">${sum(place(`${gate}.x`, "x"), place(`${gate}.h`, "h"))} = </span>${place(gate)}`,
    );
  });
  const c = `${symbolHtml("f", "t")} · ${symbolHtml("c", "t−1")} + ${symbolHtml("i", "t")} · ${symbolHtml("g", "t")}`;
  const numbers = `${place("c.f", "f")} · ${place("c.c_prev", "c")} + ${place("c.i", "i")} · ${place("c.g", "g")}`;
  return (
    gates.join("") +
    formulaHtml("c", `${symbolHtml("c", "t")} = ${c}`, `= ${numbers} = ${place("c")}`) +
    formulaHtml("h", `${symbolHtml("h", "t")} = ${symbolHtml("o", "t")} · tanh(${symbolHtml("c", "t")})`,
      `= ${place("h.o", "o")} · tanh(${place("h.c", "c")}) = ${place("h")}`) +
    formulaHtml("survives", `∂${symbolHtml("c", "T")}/∂${symbolHtml("c", "t")} = product of later <i>f</i> + path through <i>h</i>`,
      `= ${place("product", "f")} + ${place("rest", "h")} = ${place("survives", "c")}`)
  );
}

function weightsHtml() {
  const names = ["weight of x", "weight of h", "bias"];
  const rows = SLIDERS.filter((name) => name !== "x").map((gate) => {
    const fields = names.map(
      (name, k) => `<td><input type="number" step="0.1" min="-100" max="100" data-weight="${gate} ${k}"
        aria-label="${NAMES[gate]} ${gate}: ${name}"></td>`,
    );
    return `<tr data-tone="${gate}"><th scope="row">${symbolHtml(gate, "t")} <span>${NAMES[gate]}</span></th>${fields.join("")}</tr>`;
  });
  return `<table><thead><tr><td></td><th scope="col">of ${symbolHtml("x", "t")}</th>
    <th scope="col">of ${symbolHtml("h", "t−1")}</th><th scope="col">bias</th></tr></thead><tbody>${rows.join("")}</tbody></table>
    <label class="rnncourse-rnn">Vanilla RNN: ${symbolHtml("h", "t")} = tanh(${symbolHtml("x", "t")} +
      <input type="number" step="0.1" min="-100" max="100" data-rnn aria-label="vanilla RNN: weight of h"> ${symbolHtml("h", "t−1")})</label>
    <button type="button" data-do="reset">Reset the weights</button>`;
}

function headHtml({ presets, missions }) {
  const options = presets.map(({ name, title }) => `<option value="${name}">${title}</option>`);
  const chips = missions.map(
    ({ name, title }, k) => `<button type="button" data-mission="${name}"><span class="tick"></span>${k + 1} ${title}</button>`,
  );
  return `<div class="rnncourse-head"><label><strong>Gate lab</strong> <select data-preset aria-label="Settings to look at">
      ${options.join("")}<option value="" disabled>Own settings</option></select></label>
    <div class="rnncourse-missions" role="group" aria-label="Missions">${chips.join("")}</div></div>
    <p class="rnncourse-says"></p>`;
}

function cellHtml(fixed, hatch) {
  const group = uniqueId("scope");
  return `${headHtml(fixed)}
    <div class="rnncourse-upper"><div class="rnncourse-hands">${diagramSvg(hatch)}
      <div class="rnncourse-sliders">${SLIDERS.map((name) => sliderCard(name, fixed.limits[name])).join("")}</div></div>
      <div class="rnncourse-side"><div class="rnncourse-tabs" role="group" aria-label="Beside the cell">
        <button type="button" data-side="formulas">Formulas</button><button type="button" data-side="weights">Weights</button></div>
        <div class="rnncourse-formulas"></div><div class="rnncourse-weights" hidden>${weightsHtml()}</div></div></div>
    <div class="rnncourse-between">${playbackHtml("Step <i>t</i>")}
      <fieldset class="rnncourse-scope"><legend>Sliders:</legend><label><input type="radio" name="${group}" value="all">all steps</label>
        <label><input type="radio" name="${group}" value="one">only step <span data-part="t"></span></label></fieldset>
      <label class="rnncourse-length"><i>T</i> <input type="number" data-length min="2" max="${fixed.longest}" aria-label="Number of steps T"></label>
      <button type="button" data-do="home">Gradient back</button></div>
    <div class="rnncourse-strips">${timelineSvg()}</div>
    <p class="rnncourse-readout"></p>`;
}

/* The elements of a cell that drawing touches: its picture, and the sliders below it. */
function addCell(ui) {
  ui.diagram = ui.part(".rnncourse-diagram");
  ui.onLines = ui.parts(".rnncourse-diagram [data-value]");
  ui.sliders = Object.fromEntries(ui.parts("[data-slider]").filter((one) => one.dataset.slider !== "step").map((one) => [one.dataset.slider, one]));
  ui.boxes = Object.fromEntries(ui.parts("[data-hold]").map((one) => [one.dataset.hold, one]));
  const within = (selector) => Object.fromEntries(["f", "i", "o"].map((gate) => [gate, ui.parts(`[data-valve=${gate}] ${selector}`)]));
  ui.plates = within(".plate");
  ui.grips = within(".grip");
  ui.looked = null;
  ui.drawn = {};
}

/* All that is on screen: the settings, the run that follows from them, and the numbers of the chosen step. */
function viewOf(model) {
  const view = Object.fromEntries(["fixed", ...SHARED].map((name) => [name, model.get(name)]));
  const T = view.steps;
  const x = view.inputs.slice(0, T);
  const holds = Object.fromEntries(GATES.map((gate) => [gate, view.holds[gate].slice(0, T)]));
  const run = gateRun(x, holds, view.parameters);
  const rnn = rnnSurvives(x, view.w_hh);
  return { ...view, x, holds, T, run, rnn, step: Math.min(view.step, T), now: numbersOf(run, x, Math.min(view.step, T)) };
}

/* What goes into and out of the cell at place t of a run, from 0, by name. */
function flowsOf(run, t) {
  const before = (name) => (t ? run[name][t - 1] : 0);
  return {
    h_prev: before("h"),
    c_prev: before("c"),
    ...Object.fromEntries([...GATES, "c", "h"].map((name) => [name, run[name][t]])),
    kept: run.f[t] * before("c"),
    forgotten: (1 - run.f[t]) * before("c"),
    added: run.i[t] * run.g[t],
    tanh_c: Math.tanh(run.c[t]),
  };
}

/* Every number of a step by name. */
function numbersOf(run, x, step) {
  const t = step - 1;
  const product = run.f.slice(step).reduce((all, one) => all * one, 1);
  const along = run.f[t] * run.survives[t];
  return {
    x: x[t],
    ...flowsOf(run, t),
    survives: run.survives[t],
    product,
    rest: run.survives[t] - product,
    home: { f: run.f[t], survives: run.survives[t], product_f: along, before: t ? run.survives[t - 1] : along },
  };
}

/* Fill in the formulas. Operands get as many decimals as it takes for the printed result to follow from them. */
function drawFormulas(ui, { now, parameters, holds, step }) {
  if (ui.shownWeights !== parameters) {
    ui.part(".rnncourse-formulas").innerHTML = formulasHtml(parameters);
    ui.shownWeights = parameters;
    ui.places = ui.parts("[data-number]").map((one) => [one, one.dataset.number]);
  }
  const words = {};
  const fill = (prefix, names, combine) => {
    const digits = digitsFor(names.map((name) => now[name]), combine, now[prefix]);
    names.forEach((name) => (words[`${prefix}.${name.replace("h_prev", "h")}`] = written(now[name], digits)));
    words[prefix] = written(now[prefix]);
  };
  for (const gate of GATES) {
    const [ofX, ofH, bias] = parameters[gate].map((one) => Number(one.toFixed(2)));
    const squash = gate === "g" ? Math.tanh : sigmoid;
    const held = holds[gate][step - 1] !== null;
    fill(gate, ["x", "h_prev"], (x, h) => (held ? now[gate] : squash(ofX * x + ofH * h + bias)));
    ui.part(`[data-formula=${gate}]`).toggleAttribute("data-held", held);
  }
  fill("c", ["f", "c_prev", "i", "g"], (f, c, i, g) => f * c + i * g);
  fill("h", ["o", "c"], (o, c) => o * Math.tanh(c));
  const digits = digitsFor([now.product, now.rest], (a, b) => a + b, now.survives);
  Object.assign(words, { product: written(now.product, digits), rest: written(now.rest, digits), survives: written(now.survives) });
  for (const [element, name] of ui.places) setText(element, words[name]);
}

/* The sliders below a cell. held: gate -> whether it is held. */
function drawSliders(ui, now, held) {
  for (const [name, input] of Object.entries(ui.sliders)) {
    const computed = name in held && !held[name];
    if (Number(input.value) !== now[name]) input.value = now[name];
    setAttribute(input, "aria-valuetext", `${written(now[name])}${computed ? ", computed" : ""}`);
    setText(input.nextElementSibling, written(now[name]));
  }
  for (const gate of GATES) ui.boxes[gate].checked = held[gate];
}

/* The fields of the weights. */
function drawWeights(ui, { parameters, w_hh }) {
  const put = (field, value) => {
    if (Number(field.value) !== value || field.value === "") field.value = Number(value.toFixed(4));
  };
  for (const field of ui.parts("[data-weight]")) {
    const [gate, k] = field.dataset.weight.split(" ");
    if (field !== document.activeElement) put(field, parameters[gate][k]);
  }
  if (ui.part("[data-rnn]") !== document.activeElement) put(ui.part("[data-rnn]"), w_hh);
}

function sameSettings(one, { x, holds }) {
  return JSON.stringify([one.x, GATES.map((gate) => one.holds[gate])]) === JSON.stringify([x, GATES.map((gate) => holds[gate])]);
}

function drawChoices(ui, view) {
  const { fixed, mission, done, step, everywhere, T, backward } = view;
  const chosen = mission ? null : fixed.presets.find((one) => sameSettings(one, view));
  const task = fixed.missions.find(({ name }) => name === mission);
  ui.part("[data-preset]").value = chosen?.name ?? "";
  for (const chip of ui.parts("[data-mission]")) {
    const over = done.includes(chip.dataset.mission);
    setAttribute(chip, "aria-pressed", chip.dataset.mission === mission);
    chip.toggleAttribute("data-done", over);
    setText(chip.firstChild, over ? "✓" : "");
    setAttribute(chip.firstChild, "aria-label", over ? "done" : "");
  }
  const over = task && done.includes(task.name);
  const own = "Your own settings. What is not held is computed by the cell, from x and h.";
  setText(ui.part(".rnncourse-says"), task ? `${over ? "Done. " : ""}${task.goal}` : (chosen?.says ?? own));
  ui.part(".rnncourse-says").toggleAttribute("data-done", Boolean(over));
  setText(ui.part("[data-part=t]"), String(step));
  for (const radio of ui.parts("[type=radio]")) radio.checked = (radio.value === "all") === everywhere;
  const length = ui.part("[data-length]");
  if (length !== document.activeElement) length.value = T;
  setAttribute(ui.part("[data-do=home]"), "aria-pressed", backward);
  ui.box.toggleAttribute("data-backward", backward);
}

/* What the step under the pointer, or else the chosen one, is about. */
function drawReadout(ui, view) {
  const step = Math.min(ui.looked ?? view.step, view.T);
  const now = numbersOf(view.run, view.x, step);
  const list = ["x", "f", "i", "g", "o", "c", "h"].map((name) => `${name} ${written(now[name])}`).join(" · ");
  const rnn = view.backward ? `, in the RNN ${written(view.rnn[step - 1])}` : "";
  setText(ui.part(".rnncourse-readout"), `Step ${step}: ${list} · surviving share of the last gradient ${written(now.survives)}${rnn}`);
  const under = ui.timeline.querySelector(".under");
  const band = bandOf(ui, view.T);
  setAttribute(under, "visibility", ui.looked === null ? "hidden" : "visible");
  setAttribute(under, "x", band.left(step - 1));
  setAttribute(under, "width", band.wide);
}

function draw(ui, view) {
  drawFormulas(ui, view);
  drawDiagram(ui, view);
  drawSliders(ui, view.now, Object.fromEntries(GATES.map((gate) => [gate, view.holds[gate][view.step - 1] !== null])));
  drawWeights(ui, view);
  drawChoices(ui, view);
  drawTimeline(ui, view);
  drawReadout(ui, view);
}

function sentence({ now, step, T, backward, rnn }) {
  const w = Object.fromEntries(Object.entries(now).filter(([name]) => name !== "home").map(([name, value]) => [name, written(value)]));
  const beside = backward ? ` In the vanilla RNN, ${written(rnn[step - 1])}.` : "";
  return (
    `Step ${step} of ${T}, x ${w.x}. Forget gate ${w.f} keeps ${w.kept} of ${w.c_prev}; input gate ${w.i} times ` +
    `candidate ${w.g} adds ${w.added}: c is ${w.c}. Output gate ${w.o} shows h ${w.h}. The share of the last c's gradient ` +
    `that survives is ${w.survives}.${beside}`
  );
}

/* Put what is on screen into words: those of the picture, and those that are returned for the live region. */
function tell(ui, view) {
  const words = sentence(view);
  setAttribute(ui.diagram, "aria-label", `LSTM cell. ${words}`);
  const task = view.fixed.missions.find(({ name }) => name === view.mission);
  return task && view.done.includes(task.name) ? `Mission ${task.title} done. ${words}` : words;
}

function rounded(value, [low, high]) {
  return Math.round(Math.max(low, Math.min(high, value)) * 100) / 100;
}

/* Store settings, and tick off the mission if they reach its goal. */
function change(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  const [mission, done] = [model.get("mission"), model.get("done")];
  store(model, mission && !done.includes(mission) && isMet(model, mission) ? { done: [...done, mission] } : {});
}

function isMet(model, mission) {
  const { fixed, x, holds, run } = viewOf(model);
  return missionMet(fixed.missions.find(({ name }) => name === mission), x, holds, run);
}

/* An input changes at one step; a gate at all steps, or at that one. step: null for all. */
function setValue(model, name, value, step) {
  const fresh = rounded(value, model.get("fixed").limits[name]);
  const at = (list) => list.map((one, t) => (step === null || t === step - 1 ? fresh : one));
  if (name === "x") change(model, { inputs: at(model.get("inputs")) });
  else change(model, { holds: { ...model.get("holds"), [name]: at(model.get("holds")[name]) } });
}

/* A slider or a valve was moved. */
function move(model, name, value) {
  const everywhere = model.get("everywhere") && name !== "x";
  setValue(model, name, value, everywhere ? null : Math.min(model.get("step"), model.get("steps")));
}

/* Holding keeps each step at what it is; letting go leaves it to the cell. */
function hold(model, gate, on) {
  const { run, step, everywhere, T } = viewOf(model);
  const all = model.get("holds")[gate];
  const fresh = (one, t) => (on ? (run[gate][t] ?? run[gate][T - 1]) : null);
  change(model, { holds: { ...model.get("holds"), [gate]: all.map((one, t) => (everywhere || t === step - 1 ? fresh(one, t) : one)) } });
}

/* Take the settings of a preset or a mission; beyond its last step each gate goes on as it was there. */
function take(model, start, more) {
  const { longest } = model.get("fixed");
  const fill = (list, beyond) => [...list, ...Array(longest - list.length).fill(beyond)];
  const holds = Object.fromEntries(GATES.map((gate) => [gate, fill(start.holds[gate], start.holds[gate].at(-1))]));
  change(model, { mission: "", step: 1, inputs: fill(start.x, 0), holds, steps: start.x.length, ...more });
}

function setLength(model, field) {
  const T = Math.round(Number(field.value));
  if (T >= 2 && T <= model.get("fixed").longest) change(model, { step: Math.min(model.get("step"), T), steps: T });
}

function setWeight(model, field) {
  if (field.value === "" || !field.validity.valid && !field.validity.stepMismatch) return;
  const value = Number(field.value);
  if ("rnn" in field.dataset) return change(model, { w_hh: value });
  const [gate, place] = field.dataset.weight.split(" ");
  const parameters = model.get("parameters");
  const three = parameters[gate].map((one, k) => (k === Number(place) ? value : one));
  change(model, { parameters: { ...parameters, [gate]: three } });
}

/* Everything that is moved or typed. */
function hear(model, target) {
  const { slider, hold: gate, weight, rnn, length, preset } = target.dataset;
  const presets = model.get("fixed").presets;
  if (slider && slider !== "step") move(model, slider, Number(target.value));
  else if (gate) hold(model, gate, target.checked);
  else if (weight || rnn !== undefined) setWeight(model, target);
  else if (length !== undefined) setLength(model, target);
  else if (preset !== undefined) take(model, presets.find(({ name }) => name === target.value), {});
  else if (target.type === "radio") store(model, { everywhere: target.value === "all" });
}

/* Everything that is pressed. */
function press(ui, model, button) {
  const { missions, weights } = model.get("fixed");
  const { mission, side } = button.dataset;
  if (mission) take(model, missions.find(({ name }) => name === mission), { mission, parameters: weights });
  if (button.dataset.do === "home") store(model, { backward: !model.get("backward") });
  if (button.dataset.do === "reset") change(model, { parameters: weights, w_hh: 0.9 });
  if (side) showSide(ui, side);
}

function showSide(ui, side) {
  for (const button of ui.parts("[data-side]")) setAttribute(button, "aria-pressed", button.dataset.side === side);
  ui.part(".rnncourse-formulas").hidden = side !== "formulas";
  ui.part(".rnncourse-weights").hidden = side !== "weights";
}

/* On a strip, arrows left and right choose the step, up and down move its value; Delete leaves it to the cell. */
function stripKeys(model, walk, event) {
  const name = event.target.dataset?.strip;
  if (!name || belongsToNotebook(event)) return;
  const { step, now, fixed, holds } = viewOf(model);
  const [low, high] = fixed.limits[name];
  const moved = { ArrowUp: 0.01, ArrowDown: -0.01, PageUp: 0.1, PageDown: -0.1 }[event.key];
  const aside = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const ends = { Home: low, End: high }[event.key];
  if (aside) walk(step + aside);
  else if (moved || ends !== undefined) setValue(model, name, ends ?? now[name] + moved, step);
  else if (event.key === "Delete" && name !== "x") {
    const free = model.get("holds")[name].map((one, t) => (t === step - 1 ? null : one));
    change(model, { holds: { ...model.get("holds"), [name]: free } });
  } else return;
  event.preventDefault();
}

/* Let what is in the pipes flow for a while, once the reader's hand rests. */
function addFlow(ui) {
  let timer = null;
  const move = () => {
    ui.box.toggleAttribute("data-moving", true);
    timer = setTimeout(() => ui.box.removeAttribute("data-moving"), MOVING_MS);
  };
  ui.flow = () => {
    clearTimeout(timer);
    timer = setTimeout(move, MOVES_AFTER_MS);
  };
  ui.onLeave(() => clearTimeout(timer));
}

/* Bring the cell to life in its part of the panel. */
function startCell(ui, model) {
  addCell(ui);
  ui.timeline = ui.part(".rnncourse-over-time");
  ui.wide = Math.max(280, ui.part(".rnncourse-strips").clientWidth);
  addFlow(ui);
  showSide(ui, "formulas");

  const { walk, playing } = playback(ui, model, {
    name: "step",
    first: 1,
    last: () => model.get("steps"),
    backward: () => model.get("backward"),
    describe: (step) => `${step} of ${model.get("steps")}`,
  });
  ui.box.addEventListener("input", ({ target }) => hear(model, target));
  ui.box.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) press(ui, model, button);
  });
  ui.box.addEventListener("keydown", (event) => stripKeys(model, walk, event));
  dragValves(ui, (gate) => viewOf(model).now[gate], (gate, value) => move(model, gate, value));
  const look = (step) => {
    ui.looked = step;
    drawReadout(ui, viewOf(model));
  };
  const paint = (name, step, value) => {
    if (model.get("step") !== step) walk(step);
    setValue(model, name, value, step);
  };
  paintTimeline(ui, () => viewOf(model), { paint, choose: walk, look });

  const again = () => draw(ui, viewOf(model));
  ui.listen(model, SHARED, onceAfter(() => {
    again();
    ui.flow();
    ui.say(() => tell(ui, viewOf(model)));
  }));
  ui.listen(model, ["step"], () => playing() && carryPacket(ui, viewOf(model), STEP_MS * 0.9));
  onWidthOf(ui, ui.part(".rnncourse-strips"), again);
  again();
  tell(ui, viewOf(model));
}
