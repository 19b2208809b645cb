/* An RNN with two units, step by step: every number can be changed, and the state moves through the plane. */

const WATCHED = ["parameters", "turn", "inputs", "notes", "step", "done"];
const STRIP = { height: 44, most: 40 };
const GOALS = {
  steer: "At a step where nothing comes in, change the previous state so that both units of the new one are negative.",
  forget: "Change W_hh so that the network forgets: no state depends on an earlier day.",
  caught: "Turn W_hh until the state is caught by three points and every answer is right.",
  pushed: "Caught by three points, the state finds its way back. Put the previous state somewhere else and try it.",
  four: "Turn W_hh until the state goes around four points.",
};

/* A number as the pictures of the course write it: a true minus sign, no minus before zero. */
function written(value, digits = 2) {
  const words = value.toFixed(digits);
  return Number(words) === 0 ? (0).toFixed(digits) : words.replace("-", "−");
}

function symbolHtml(letter, index) {
  return `<i>${letter}</i><sub>${index}</sub>`;
}

function field(name, row, unit, label) {
  return `<input type="number" step="0.1" min="-100" max="100" data-weight="${name} ${row} ${unit}" aria-label="${label}">`;
}

function matrixHtml(name, rows, rowNames) {
  const words = name.replace("_", " ");
  const line = (row) => [0, 1].map((unit) => field(name, row, unit, `${words}, ${rowNames[row]} to unit ${unit + 1}`)).join("");
  return `<div class="matrix" data-tone="${name === "W_xh" ? "x" : "h"}">${Array.from({ length: rows }, (_, row) => line(row)).join("")}</div>`;
}

function cells(name, count) {
  return `<div class="cells">${Array.from({ length: count }, (_, k) => `<output data-cell="${name} ${k}"></output>`).join("")}</div>`;
}

function sumsHtml(names) {
  const h = symbolHtml("h", "<span data-part=t></span>");
  const previous = symbolHtml("h", '<span data-part="t-1"></span>');
  const units = ["unit 1", "unit 2"];
  const note = [0, 1].map((unit) => `<input type="number" step="0.05" min="-1" max="1" data-note="${unit}" aria-label="Previous state, unit ${unit + 1}">`);
  const options = [...names.map((name, k) => `<option value="${k}">${name}</option>`), '<option value="">nothing</option>'];
  return `<div class="rnncourse-sums">
    <div class="given"><label>${symbolHtml("x", "<span data-part=t></span>")} <select data-input aria-label="Input of this step">${options.join("")}</select></label>${cells("x", names.length)}</div>
    <div><span>${symbolHtml("W", "xh")}</span>${matrixHtml("W_xh", names.length, names)}</div>
    <span class="words">input times matrix</span>${cells("fromX", 2)}
    <div class="given"><span>${previous} <button type="button" data-do="undo">as computed</button></span><div class="matrix" data-tone="h">${note.join("")}</div></div>
    <div><span>${symbolHtml("W", "hh")}</span>${matrixHtml("W_hh", 2, units)}</div>
    <span class="words">previous state times matrix</span>${cells("fromH", 2)}
    <span class="words">bias ${symbolHtml("b", "h")}</span><div class="matrix">${[0, 1].map((unit) => field("b_h", 0, unit, `b h, unit ${unit + 1}`)).join("")}</div>
    <span class="words">their sum, ${symbolHtml("a", "<span data-part=t></span>")}</span>${cells("a", 2)}
    <span class="words">${h} = tanh(${symbolHtml("a", "<span data-part=t></span>")})</span>${cells("h", 2)}</div>`;
}

function stateHtml({ names, furthest }) {
  return `<div class="rnncourse-body"><div class="rnncourse-head"><strong>The state on the move</strong><span class="rnncourse-tasks" role="img"></span>
      <button type="button" data-do="reset">Reset everything</button></div>
    <p class="rnncourse-says"></p>
    <div class="rnncourse-upper"><div class="rnncourse-left">${planeSvg()}</div>
      <div class="rnncourse-right">${sumsHtml(names)}</div></div>
    <div class="rnncourse-turning"><label><span>Turn ${symbolHtml("W", "hh")} further by</span>
      <input type="range" data-setting="turn" min="${-furthest}" max="${furthest}" step="0.5"><output></output></label><p class="rnncourse-verdict"></p></div>
    <svg class="rnncourse-strip" height="${STRIP.height}" role="img"></svg>
    ${playbackHtml("Step <i>t</i>")}</div>`;
}

/* All that is on screen. */
function viewOf(ui, model) {
  const [fixed, parameters, turn, inputs, notes, step, done] = ["fixed", ...WATCHED].map((name) => model.get(name));
  const p = { ...parameters, W_hh: turnedFurther(parameters.W_hh, turn) };
  const steps = stateRun(p, inputs, notes);
  const { readout, right } = fixed;
  const answers = readout ? steps.map(({ h }) => answerOf(readout, h)) : null;
  const correct = right ? answers.map((one, t) => one === right[t]) : null;
  return { fixed, parameters, turn, inputs, notes, step, done, p, steps, answers, correct, long: longRunOnce(ui, p, steps.at(-1).h) };
}

/* The long run takes longer than all the rest: what has been computed is kept. */
function longRunOnce(ui, p, h) {
  const key = JSON.stringify([p.W_hh, p.b_h, h]);
  if (ui.long?.key !== key) ui.long = { key, run: longRun(p, h) };
  return ui.long.run;
}

const MET = {
  steer: ({ notes, inputs, steps }) => notes.some((note, t) => note && inputs[t] === null && steps[t].h.every((one) => one < 0)),
  forget: ({ p }) => p.W_hh.flat().every((one) => one === 0),
  caught: ({ long, correct }) => long.points === 3 && correct.every(Boolean),
  pushed: ({ long, notes }) => long.points === 3 && notes.some(Boolean),
  four: ({ long }) => long.points === 4,
};

function drawNumbers(ui, { p, steps, step, notes, inputs }) {
  const now = steps[step - 1];
  for (const output of ui.cells) {
    const [name, k] = output.dataset.cell.split(" ");
    const value = now[name][Number(k)];
    setText(output, name === "x" ? String(value) : written(value));
    output.style.setProperty("--share", Math.min(1, Math.abs(value)).toFixed(2));
    output.toggleAttribute("data-minus", value < 0);
  }
  const put = (input, value) => {
    if (input !== document.activeElement) input.value = String(Number(value.toFixed(3)));
  };
  for (const input of ui.weights) {
    const [name, row, unit] = input.dataset.weight.split(" ");
    put(input, name === "b_h" ? p.b_h[unit] : p[name][row][unit]);
  }
  ui.notes.forEach((input, unit) => put(input, now.before[unit]));
  ui.select.value = inputs[step - 1] ?? "";
  ui.part("[data-do=undo]").style.visibility = notes[step - 1] ? "" : "hidden";
  for (const part of ui.parts("[data-part=t]")) setText(part, String(step));
  setText(ui.part("[data-part='t-1']"), String(step - 1));
}

function longRunWords({ points, turn }) {
  if (points === 1) return "Without input, the state comes to rest at one point.";
  const turns = `It turns by ${turn.toFixed(1)}° a step`;
  return points ? `Caught: without input, the state goes around ${points} points. ${turns}.` : `Not caught: without input, the state never comes back to the same points. ${turns}.`;
}

function answerWords({ answers, correct, fixed, step }) {
  if (!answers) return "";
  const said = `At step ${step} it says ${fixed.names[answers[step - 1]]}`;
  if (!correct) return `${said}. `;
  const wrong = correct.indexOf(false);
  return `${said}, ${correct[step - 1] ? "which is right" : `which is wrong: ${fixed.names[fixed.right[step - 1]]}`}. ${wrong < 0 ? `All ${correct.length} steps are right. ` : `First wrong at step ${wrong + 1}. `}`;
}

function drawWords(ui, view) {
  const { fixed, done, turn, p, long, step, steps, inputs } = view;
  showTasks(ui, Object.fromEntries(fixed.tasks.map((name) => [name, GOALS[name]])), done);
  if (Number(ui.turn.value) !== turn) ui.turn.value = turn;
  showSetting(ui.turn, `${written(turn, 1)}°`);
  setText(ui.part(".rnncourse-verdict"), `${answerWords(view)}The matrix turns by ${turnOf(p.W_hh).toFixed(1)}°. ${longRunWords(long)}`);
  ui.sentence = `Step ${step}, input ${fixed.names[inputs[step - 1]] ?? "nothing"}: state ${steps[step - 1].h.map((one) => written(one)).join(", ")}. ${answerWords(view)}`;
}

/* One place for each step: what comes in, and whether the answer is right (a low bar) or wrong (a high one). */
function drawStrip(ui, { fixed, inputs, correct, step, notes }) {
  const key = JSON.stringify([inputs, correct, step, notes, ui.wide]);
  if (ui.drawnStrip === key) return;
  ui.drawnStrip = key;
  const wide = ui.wide / inputs.length;
  const places = d3.select(ui.strip).attr("width", ui.wide).selectAll("g").data(inputs).join((enter) => {
    const group = enter.append("g");
    group.append("rect").attr("class", "place");
    group.append("rect").attr("class", "verdict");
    group.append("text");
    return group;
  });
  places.attr("data-now", (_, t) => (t === step - 1 ? "" : null)).attr("data-pushed", (_, t) => (notes[t] ? "" : null));
  places.select(".place").attr("x", (_, t) => t * wide + 1).attr("y", 1).attr("width", Math.max(1, wide - 2)).attr("height", STRIP.height - 2).attr("rx", 3);
  const tall = (t) => (correct ? (correct[t] ? 4 : STRIP.height - 20) : 0);
  places.select(".verdict").attr("x", (_, t) => t * wide + 2).attr("width", Math.max(1, wide - 4))
    .attr("y", (_, t) => STRIP.height - 2 - tall(t)).attr("height", (_, t) => tall(t)).attr("data-right", (_, t) => (correct?.[t] ? "" : null));
  const word = (input) => (input === null ? (wide > 60 ? "nothing" : "·") : fixed.names[input].slice(0, wide > 60 ? 9 : 1));
  places.select("text").attr("x", (_, t) => (t + 0.5) * wide).attr("y", 15).text(wide > 8 ? word : "");
  setAttribute(ui.strip, "aria-label", `${inputs.length} steps${correct ? `, of which ${correct.filter(Boolean).length} are answered correctly` : ""}`);
}

function draw(ui, model) {
  const view = viewOf(ui, model);
  drawPlane(ui, view);
  drawNumbers(ui, view);
  drawWords(ui, view);
  drawStrip(ui, view);
}

/* Store settings, and tick off the tasks that are done by them. */
function change(ui, model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  const view = viewOf(ui, model);
  const met = view.fixed.tasks.filter((name) => !view.done.includes(name) && MET[name](view));
  store(model, met.length ? { done: [...view.done, ...met] } : {});
}

function numberOf(input) {
  const value = Number(input.value);
  return input.value === "" || !(value >= Number(input.min) && value <= Number(input.max)) ? null : value;
}

/* A weight was typed: what is on screen, turned as it is, becomes what is turned further from now on. */
function setWeight(ui, model, input) {
  const value = numberOf(input);
  if (value === null) return;
  const { p } = viewOf(ui, model);
  const [name, row, unit] = input.dataset.weight.split(" ");
  const fresh = structuredClone(p);
  if (name === "b_h") fresh.b_h[unit] = value;
  else fresh[name][row][unit] = value;
  change(ui, model, { turn: 0, parameters: fresh });
}

function setNote(ui, model, note) {
  const { notes, step } = viewOf(ui, model);
  change(ui, model, { notes: notes.map((one, t) => (t === step - 1 ? note : one)) });
}

function hear(ui, model, target) {
  if (target.dataset.weight) setWeight(ui, model, target);
  if (target.dataset.setting === "turn") change(ui, model, { turn: Number(target.value) });
  if (target.dataset.note && numberOf(target) !== null) {
    const { steps, step } = viewOf(ui, model);
    setNote(ui, model, steps[step - 1].before.map((one, unit) => (unit === Number(target.dataset.note) ? numberOf(target) : one)));
  }
  if (target === ui.select) {
    const { inputs, step } = viewOf(ui, model);
    const fresh = target.value === "" ? null : Number(target.value);
    change(ui, model, { inputs: inputs.map((one, t) => (t === step - 1 ? fresh : one)) });
  }
}

function addElements(ui, model) {
  Object.assign(ui, { plane: ui.part(".rnncourse-plane"), strip: ui.part(".rnncourse-strip"), wide: 600, glides: false });
  Object.assign(ui, { beforeDot: ui.part(".before"), nowDot: ui.part(".now"), turn: ui.part("[data-setting=turn]"), select: ui.part("[data-input]") });
  Object.assign(ui, { cells: ui.parts("[data-cell]"), weights: ui.parts("[data-weight]"), notes: ui.parts("[data-note]") });
  drawAreas(ui, model.get("fixed"));
}

function listenToReader(ui, model, start, walk) {
  ui.root.addEventListener("input", ({ target }) => hear(ui, model, target));
  ui.part("[data-do=reset]").addEventListener("click", () => change(ui, model, start));
  ui.part("[data-do=undo]").addEventListener("click", () => setNote(ui, model, null));
  dragBefore(ui, () => viewOf(ui, model).steps[model.get("step") - 1].before, (note) => setNote(ui, model, note));
  const at = (event) => Math.max(1, Math.min(start.inputs.length, Math.floor((event.x / ui.wide) * start.inputs.length) + 1));
  d3.select(ui.strip).call(d3.drag().container(() => ui.strip).on("start", (event) => walk(at(event))).on("drag", (event) => walk(at(event))));
}

function render({ model, el }) {
  const fixed = model.get("fixed");
  const ui = panel(el, { name: "state-lab", isLab: true, label: "The state on the move", html: stateHtml(fixed) });
  for (const [name, colour] of Object.entries(fixed.colours)) ui.root.style.setProperty(`--tone-${name}`, colour);
  addElements(ui, model);
  const last = model.get("inputs").length;
  const { walk } = playback(ui, model, { name: "step", first: 1, last, describe: (step) => `${step} of ${last}`, stepMs: last > 12 ? 450 : 1000 });
  listenToReader(ui, model, { parameters: fixed.start, turn: 0, inputs: model.get("inputs"), notes: Array(last).fill(null) }, walk);
  const again = () => draw(ui, model);
  ui.listen(model, ["step"], () => {
    ui.glides = true;
    again();
    ui.glides = false;
  });
  ui.listen(model, WATCHED.filter((name) => name !== "step"), again);
  ui.listen(model, WATCHED, () => ui.say(() => ui.sentence));
  onWidthOf(ui, ui.root, again, 24);
  again();
  return ui.leave;
}

export default { render };
