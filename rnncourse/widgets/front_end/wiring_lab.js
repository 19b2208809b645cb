/* The Wiring lab: switches at the inputs and outputs of an unrolled network, and what the wiring is called. */

const SHARED = ["read", "counted", "layers", "both_ways", "job", "done"];
const AREA = { right: 6, height: 262, top: 38, foot: 36, tall: 30, widest: 48 };
const NARROW = 330; // pixels: in a picture that is narrower, the names of the rows are turned
const MOVING_MS = 1600; // how long the wires flow after a change
const ROWS = [
  { row: "counted", letter: "s", label: "counts?", noun: "output", on: "counts", off: "does not count" },
  { row: "read", letter: "x", label: "reads?", noun: "input", on: "read", off: "not read" },
];

function labHtml({ wirings, jobs }) {
  const options = Object.keys(wirings).map((name) => `<option value="${name}">${name}</option>`);
  const chips = jobs.map(
    ({ name, title }) => `<button type="button" data-job="${name}" aria-pressed="false"><span class="tick"></span>${title}</button>`,
  );
  return `
    <div class="rnncourse-head">
      <p class="rnncourse-name"></p>
      <label>Show me <select data-do="show"><option value="">…</option>${options.join("")}</select></label>
    </div>
    <p class="rnncourse-says"></p>
    <div class="rnncourse-net"><svg height="${AREA.height}"></svg></div>
    <div class="rnncourse-below">
      <button type="button" data-do="both" aria-pressed="false">Reads both ways</button>
      <button type="button" data-do="layers" aria-pressed="false">Second layer</button>
      <p class="rnncourse-mask"></p>
    </div>
    <div class="rnncourse-jobs" role="group" aria-label="Jobs"><span>Wire it for:</span>${chips.join("")}</div>
    <p class="rnncourse-goal"></p>
    <p class="rnncourse-more"></p>`;
}

function symbolHtml(letter, index) {
  return `<tspan class="letter">${letter}</tspan><tspan class="index" dy="4">${index}</tspan>`;
}

/* Where columns and rows are. y: of inputs, of each layer from below, and of outputs. */
function places(ui, layers) {
  const turned = ui.wide < NARROW;
  const left = turned ? 20 : 58;
  const pitch = (ui.wide - left - AREA.right) / ui.steps;
  const [top, low] = [AREA.top, AREA.height - AREA.foot];
  const state = (k) => low - ((k + 1) * (low - top)) / (layers + 1);
  return {
    turned,
    left,
    pitch,
    x: (t) => left + pitch * (t + 0.5),
    box: Math.min(AREA.widest, pitch - 9),
    counted: top,
    read: low,
    states: Array.from({ length: layers }, (_, k) => state(k)),
  };
}

/* The switches, made once: they keep the focus while everything around them is drawn again. */
function addSwitches(ui) {
  const svg = d3.select(ui.net);
  svg.append("g").attr("class", "wires");
  svg.append("g").attr("class", "states");
  for (const { row, letter, label } of ROWS) {
    const group = svg.append("g").attr("role", "group").attr("aria-label", label).attr("data-row", row);
    group.append("text").attr("class", "row").text(label);
    for (let t = 0; t < ui.steps; t++) {
      const one = group.append("g").attr("class", "switch").attr("role", "switch").attr("data-step", t).attr("data-tone", letter);
      one.append("rect").attr("class", "field");
      one.append("rect").attr("class", "box").attr("rx", 8);
      one.append("text").attr("class", "symbol").html(symbolHtml(letter, t + 1));
      one.append("text").attr("class", "word");
    }
  }
}

function switchOf(ui, row, t) {
  return ui.net.querySelector(`[data-row=${row}] [data-step="${t}"]`);
}

function drawSwitch(ui, at, { row, noun, on, off }, t, isOn, words) {
  const one = switchOf(ui, row, t);
  const [x, y] = [at.x(t), at[row]];
  const place = (selector, values) => {
    for (const [name, value] of Object.entries(values)) setAttribute(one.querySelector(selector), name, value);
  };
  const beyond = row === "read" ? AREA.height - 5 : 14;
  place(".box", { x: x - at.box / 2, y: y - AREA.tall / 2, width: at.box, height: AREA.tall });
  place(".field", { x: x - at.pitch / 2, y: y - 28, width: at.pitch, height: 56 });
  place(".symbol", { x, y: y + 5 });
  place(".word", { x, y: beyond });
  setText(one.querySelector(".word"), words[t]);
  setAttribute(one, "aria-checked", isOn);
  setAttribute(one, "aria-label", `${noun} ${t + 1}${words[t] ? `, ${words[t]}` : ""}: ${isOn ? on : off}`);
  setAttribute(one, "tabindex", ui.focus.row === row && ui.focus.t === t ? 0 : -1);
}

/* A straight wire with a head, as a path. */
function wire(x1, y1, x2, y2) {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  const wing = (side) => `${x2 - 8 * Math.cos(angle + side)} ${y2 - 8 * Math.sin(angle + side)}`;
  return `M${x1} ${y1}L${x2} ${y2}M${wing(0.45)}L${x2} ${y2}L${wing(-0.45)}`;
}

/* All wires as { d, tone, live, dashed }. A state that reads both ways has a lane for each direction. */
function wiresOf(at, { read, counted, bothWays, layers, live, letters }) {
  const [half, lane] = [AREA.tall / 2, bothWays ? 7 : 0];
  const found = [];
  const add = (d, tone, isLive, dashed = false) => found.push({ d, tone, live: isLive, dashed });
  read.forEach((_, t) => {
    const x = at.x(t);
    if (read[t]) add(wire(x, at.read - half, x, at.states[0] + half + 2), "x", live.into[t]);
    if (counted[t]) add(wire(x, at.states.at(-1) - half, x, at.counted + half + 2), "s", live.out[t]);
    at.states.slice(1).forEach((y, k) => add(wire(x, at.states[k] - half, x, y + half + 2), "h", live.state[t]));
    if (!t) return;
    const [before, after] = [at.x(t - 1) + at.box / 2, x - at.box / 2];
    for (const y of at.states) {
      add(wire(before, y - lane, after - 2, y - lane), letters[t] === "d" ? "d" : "h", live.onward[t]);
      if (bothWays) add(wire(after, y + lane, before + 2, y + lane), "h", live.back[t]);
    }
    if (live.fedBack[t]) add(fedBack(at, t, half), "y", true, true);
  });
  return found;
}

/* The path of a written token into the next step. */
function fedBack(at, t, half) {
  const [bend, y] = [at.x(t) - at.pitch / 2, at.states[0] - half];
  const aside = Math.min(at.box / 3, 12);
  return `M${at.x(t - 1) + at.box / 2} ${at.counted}H${bend}V${y - 14}${wire(bend, y - 14, at.x(t) - aside, y - 2)}`;
}

/* The letter of each state: e and d once one half only reads and the other only writes. */
function lettersOf({ read, counted, pattern }) {
  if (pattern !== "many-to-many unaligned") return read.map((_, t) => ["h", t + 1]);
  const first = stepsOf(counted)[0];
  return read.map((_, t) => (t < first ? ["e", t + 1] : ["d", t + 1 - first]));
}

function drawNet(ui, view) {
  const at = places(ui, view.layers);
  setAttribute(ui.net, "width", ui.wide);
  const letters = lettersOf(view);
  const wires = wiresOf(at, { ...view, letters: letters.map(([one]) => one) });
  const join = d3.select(ui.net.querySelector(".wires")).selectAll("path").data(wires).join("path");
  join.attr("d", (one) => one.d).attr("data-tone", (one) => one.tone);
  join.attr("class", (one) => `${one.live ? "live" : "idle"}${one.dashed ? " dashed" : ""}`);
  const states = at.states.flatMap((y, layer) => letters.map(([letter, index], t) => ({ t, y, layer, letter, index })));
  const groups = d3.select(ui.net.querySelector(".states")).selectAll("g").data(states).join((enter) => {
    const one = enter.append("g");
    one.append("rect").attr("rx", 8).attr("height", AREA.tall);
    one.append("text").attr("class", "symbol");
    return one;
  });
  groups.attr("class", (one) => (view.live.state[one.t] ? "live" : "idle"));
  groups.attr("data-tone", (one) => (one.letter === "d" ? "d" : "h"));
  groups.select("rect").attr("x", (one) => at.x(one.t) - at.box / 2).attr("y", (one) => one.y - AREA.tall / 2).attr("width", at.box);
  groups.select("text").attr("x", (one) => at.x(one.t)).attr("y", (one) => one.y + 5);
  groups.select("text").html((one) => symbolHtml(one.letter + "′".repeat(one.layer), one.index));
  for (const kind of ROWS) {
    const turn = at.turned ? `translate(12 ${at[kind.row]}) rotate(-90)` : `translate(2 ${at[kind.row] + 4})`;
    const name = ui.net.querySelector(`[data-row=${kind.row}] .row`);
    setAttribute(name, "transform", turn);
    name.toggleAttribute("data-turned", at.turned);
    view[kind.row].forEach((isOn, t) => drawSwitch(ui, at, kind, t, isOn, view.words[kind.row]));
  }
  markHeard(ui, view);
}

/* Ring the inputs that reach the output being looked at. */
function markHeard(ui, { heard }) {
  for (let t = 0; t < ui.steps; t++) {
    switchOf(ui, "read", t).toggleAttribute("data-heard", heard !== null && heard.includes(t));
    switchOf(ui, "counted", t).toggleAttribute("data-looked", ui.looked === t);
  }
}

function viewOf(ui, model) {
  const [fixed, read, counted, layers, bothWays, name, done] =
    ["fixed", "read", "counted", "layers", "both_ways", "job", "done"].map((one) => model.get(one));
  const job = fixed.jobs.find((one) => one.name === name) ?? null;
  const blank = read.map(() => "");
  const asked = counted.map((on, t) => on && (ui.looked === null || t === ui.looked));
  return {
    fixed, read, counted, layers, bothWays, job, done,
    pattern: patternOf(read, counted, bothWays),
    words: { read: job?.inputs ?? blank, counted: job?.outputs ?? blank },
    live: livePaths(read, asked, bothWays),
    heard: ui.looked === null || !counted[ui.looked] ? null : hears(ui.looked, read, bothWays),
    lacking: job && lacks(job, read, counted, bothWays, layers),
  };
}

function titleOf({ pattern, bothWays, layers }) {
  return [pattern, bothWays ? "bidirectional" : "", layers > 1 ? "stacked" : ""].filter(Boolean).join(", ");
}

/* What is said about the wiring, or about the output under the pointer. */
function saysOf(ui, { fixed, pattern, bothWays, layers, counted, heard, words }) {
  if (ui.looked !== null) {
    if (!counted[ui.looked]) return `Output ${ui.looked + 1} does not count: nobody asks what it says.`;
    const list = heard.map((t) => (words.read[t] ? `“${words.read[t]}”` : `input ${t + 1}`)).join(", ");
    return `Output ${ui.looked + 1} can hear ${list || "no input at all"}.`;
  }
  const named = fixed.patterns[pattern];
  const more = [bothWays ? fixed.both_ways.says : "", layers > 1 ? fixed.layers.says : ""];
  return [named?.says ?? fixed.without[pattern], ...more].filter(Boolean).join(" ");
}

const LACKING = {
  read: (job, t) => `“${job.inputs[t]}” is not read yet.`,
  "do not read": (job, t) => `Step ${t + 1} has nothing to read.`,
  count: (job, t) => `“${job.outputs[t]}” is wanted, but output ${t + 1} does not count.`,
  "do not count": (job, t) => `Output ${t + 1} counts, but nothing is wanted there.`,
  hear: (job, t, k) => `Output ${t + 1} has to know “${job.inputs[k]}”, but has not heard it.`,
  combine: () => "Both sides are heard, but they are only added up. Something has to combine them.",
};

function goalOf({ job, lacking, done, pattern, fixed }) {
  if (!job) {
    const named = fixed.patterns[pattern];
    return named ? `A task that needs it: ${named.task}` : "";
  }
  const [why, ...steps] = lacking;
  if (!why) return `Done: ${job.goal}`;
  return `${job.goal} ${done.includes(job.name) ? "Already done once. " : ""}${LACKING[why](job, ...steps)}`;
}

function moreOf({ pattern, bothWays, layers, fixed }) {
  const named = fixed.patterns[pattern];
  const wrong = [named?.wrong, bothWays ? fixed.both_ways.wrong : "", layers > 1 ? fixed.layers.wrong : ""];
  return [named ? `Shapes: ${named.shapes}.` : "", ...wrong].filter(Boolean).join(" ");
}

function drawWords(ui, view) {
  const named = view.pattern in view.fixed.patterns;
  setText(ui.part(".rnncourse-name"), titleOf(view));
  ui.part(".rnncourse-name").toggleAttribute("data-named", named);
  setText(ui.part(".rnncourse-says"), saysOf(ui, view));
  setText(ui.part(".rnncourse-mask"), `counts = [${view.counted.map(Number).join(", ")}]`);
  setText(ui.part(".rnncourse-goal"), goalOf(view));
  ui.part(".rnncourse-goal").toggleAttribute("data-done", view.job !== null && !view.lacking.length);
  setText(ui.part(".rnncourse-more"), moreOf(view));
  setAttribute(ui.part("[data-do=both]"), "aria-pressed", view.bothWays);
  setAttribute(ui.part("[data-do=layers]"), "aria-pressed", view.layers > 1);
  ui.part("[data-do=show]").value = wiringShown(view);
  for (const chip of ui.parts("[data-job]")) {
    const over = view.done.includes(chip.dataset.job);
    setAttribute(chip, "aria-pressed", chip.dataset.job === view.job?.name);
    chip.toggleAttribute("data-done", over);
    setText(chip.firstChild, over ? "✓" : "");
    setAttribute(chip.firstChild, "aria-label", over ? "done" : "");
  }
}

function wiringShown({ fixed, read, counted, layers, bothWays, job }) {
  const same = ([, one]) =>
    one.reads.join() === read.join() && one.counts.join() === counted.join() &&
    (one.layers ?? 1) === layers && (one.both_ways ?? false) === bothWays;
  return job ? "" : (Object.entries(fixed.wirings).find(same)?.[0] ?? "");
}

function draw(ui, view) {
  drawNet(ui, view);
  drawWords(ui, view);
}

/* Store settings, and tick the job off if they are right for it. */
function change(ui, model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  const { job, lacking, done } = viewOf(ui, model);
  const fresh = job && !lacking.length && !done.includes(job.name);
  store(model, fresh ? { done: [...done, job.name] } : {});
}

function setSwitch(ui, model, row, t, on) {
  const now = model.get(row);
  if (now[t] !== on) change(ui, model, { [row]: now.map((one, k) => (k === t ? on : one)) });
}

function begin(ui, model, name) {
  const blank = model.get("read").map(() => false);
  change(ui, model, { job: name, read: blank, counted: blank, layers: 1, both_ways: false });
}

function show(ui, model, name) {
  const { reads, counts, layers = 1, both_ways = false } = model.get("fixed").wirings[name];
  change(ui, model, { job: "", read: reads, counted: counts, layers, both_ways });
}

/* Drag over switches to set them all to what the first one was set to. */
function paintSwitches(ui, model) {
  let [row, on] = [null, true];
  const step = (event) => {
    const at = places(ui, model.get("layers"));
    return Math.max(0, Math.min(ui.steps - 1, Math.floor((event.x - at.left) / at.pitch)));
  };
  const start = (event) => {
    const hit = event.sourceEvent.target.closest(".switch");
    row = hit?.parentNode.dataset.row ?? null;
    if (!row) return;
    const t = Number(hit.dataset.step);
    on = !model.get(row)[t];
    focusOn(ui, row, t);
    setSwitch(ui, model, row, t, on);
  };
  const go = (event) => row && setSwitch(ui, model, row, step(event), on);
  d3.select(ui.net).call(d3.drag().container(() => ui.net).on("start", start).on("drag", go));
}

function focusOn(ui, row, t) {
  ui.focus = { row, t };
  for (const one of ui.net.querySelectorAll(".switch")) setAttribute(one, "tabindex", -1);
  const one = switchOf(ui, row, t);
  setAttribute(one, "tabindex", 0);
  one.focus();
}

/* Arrows move between the switches; Space and Enter flip one. */
function switchKeys(ui, model, event) {
  const one = event.target.closest?.(".switch");
  if (!one || belongsToNotebook(event)) return;
  const [row, t] = [one.parentNode.dataset.row, Number(one.dataset.step)];
  const aside = { ArrowLeft: t - 1, ArrowRight: t + 1, Home: 0, End: ui.steps - 1 }[event.key];
  if (aside !== undefined) focusOn(ui, row, Math.max(0, Math.min(ui.steps - 1, aside)));
  else if (event.key === "ArrowUp") focusOn(ui, "counted", t);
  else if (event.key === "ArrowDown") focusOn(ui, "read", t);
  else if (event.key === " " || event.key === "Enter") setSwitch(ui, model, row, t, !model.get(row)[t]);
  else return;
  event.preventDefault();
}

/* Look at an output: under the pointer, or with the focus of the keyboard. */
function watchOutputs(ui, again) {
  const outputOf = (target) => target.closest?.('[data-row="counted"] .switch')?.dataset.step;
  const look = (step) => {
    const now = step === undefined ? null : Number(step);
    if (now === ui.looked) return;
    ui.looked = now;
    again();
  };
  ui.net.addEventListener("pointerover", ({ target, pointerType }) => pointerType === "mouse" && look(outputOf(target)));
  ui.net.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && look(undefined));
  ui.net.addEventListener("focusin", ({ target }) => look(outputOf(target)));
  ui.net.addEventListener("focusout", () => look(undefined));
}

/* Let the wires flow for a while. */
function addFlow(ui) {
  let timer = null;
  ui.flow = () => {
    clearTimeout(timer);
    ui.root.toggleAttribute("data-moving", true);
    timer = setTimeout(() => ui.root.removeAttribute("data-moving"), MOVING_MS);
  };
  ui.onLeave(() => clearTimeout(timer));
}

function press(ui, model, button) {
  const { job, do: what } = button.dataset;
  if (job) begin(ui, model, job);
  if (what === "both") change(ui, model, { both_ways: !model.get("both_ways") });
  if (what === "layers") change(ui, model, { layers: 3 - model.get("layers") });
}

function render({ model, el }) {
  const fixed = model.get("fixed");
  const ui = panel(el, { name: "wiring-lab", isLab: true, label: "Wiring lab", html: labHtml(fixed) });
  const steps = model.get("read").length;
  Object.assign(ui, { net: ui.part(".rnncourse-net svg"), steps, wide: 800, looked: null, focus: { row: "read", t: 0 } });
  for (const [name, colour] of Object.entries(fixed.colours)) ui.root.style.setProperty(`--tone-${name}`, colour);
  addSwitches(ui);
  addFlow(ui);
  paintSwitches(ui, model);

  const again = () => draw(ui, viewOf(ui, model));
  watchOutputs(ui, again);
  ui.root.addEventListener("keydown", (event) => switchKeys(ui, model, event));
  ui.root.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) press(ui, model, button);
  });
  ui.part("[data-do=show]").addEventListener("change", ({ target }) => target.value && show(ui, model, target.value));
  ui.listen(model, SHARED, () => {
    again();
    ui.flow();
    ui.say(() => {
      const view = viewOf(ui, model);
      return `${titleOf(view)}. ${saysOf(ui, view)} ${view.job ? goalOf(view) : ""}`;
    });
  });
  onWidthOf(ui, ui.part(".rnncourse-net"), again);
  again();
  return ui.leave;
}

export default { render };
