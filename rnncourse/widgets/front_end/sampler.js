/* The sampler: a net that writes in the browser, how surprising each character was, and what its units keep. */

const SLIDERS = [
  { name: "temperature", label: "Temperature", write: (v) => v.toFixed(2) },
  { name: "characters", label: "Characters", write: String },
  { name: "seed", label: "Seed", write: String },
];
const HELD_AT = { name: "value", label: "at value", write: (v) => v.toFixed(1) };
const WRITES = ["prompt", "temperature", "characters", "seed", "hold", "unit", "value"]; // what the text depends on
const LOOKS = ["follows", "colored"];
const SHOWN_UNITS = 5;
const STRIPS = { left: 132, right: 4, top: 4, surprise: 34, row: 28 };

function samplerHtml({ ranges, parts, units, signals }) {
  const colors = { surprise: "surprise", unit: "the unit held, or the first below", nothing: "nothing" };
  return `
    <div class="rnncourse-settings">
      <div class="rnncourse-prompt"><label><span>Prompt</span><input type="text" data-setting="prompt" maxlength="200"
        spellcheck="false" autocomplete="off"></label><button type="button" data-do="again">Write again</button></div>
      ${SLIDERS.map((one) => sliderHtml(one, ranges[one.name])).join("")}
      ${selectHtml({ name: "hold", label: "Hold" }, parts)}
      <label><span>Unit</span><input type="number" data-setting="unit" min="-1" max="${units - 1}"
        step="1"><small>−1: all of ${units}</small></label>
      ${sliderHtml(HELD_AT, ranges.value)}
    </div>
    <p class="rnncourse-problem" role="alert" hidden></p>
    <div class="rnncourse-text" role="group" aria-label="Prompt and text" tabindex="0"></div>
    <label class="rnncourse-look"><span>Look at character</span><input type="range" data-do="look" min="1" step="1"
      value="1"><output></output></label>
    <p class="rnncourse-readout"></p>
    <div class="rnncourse-choices">
      ${selectHtml({ name: "colored", label: "Color the text by" }, colors)}
      ${selectHtml({ name: "follows", label: "Units that follow" }, signals)}
    </div>
    <div class="rnncourse-strips"><svg></svg></div>`;
}

function field(ui, name) {
  return ui.part(`[data-setting=${name}]`);
}

function showSettings(ui, model, { ranges, gates }) {
  const held = model.get("hold");
  field(ui, "value").min = gates.includes(held) ? 0 : ranges.value[0];
  for (const name of [...WRITES, ...LOOKS]) {
    const input = field(ui, name);
    const typing = name === "prompt" && document.activeElement === input;
    if (!typing && input.value !== String(model.get(name))) input.value = model.get(name);
  }
  for (const { name, write } of [...SLIDERS, HELD_AT]) showSetting(field(ui, name), write(model.get(name)));
  const off = { unit: held === "nothing", value: held === "nothing" || held === "frozen" };
  for (const name of ["unit", "value"]) {
    field(ui, name).disabled = off[name];
    field(ui, name).parentElement.toggleAttribute("data-off", off[name]);
  }
}

/* What is held, as writerOf takes it; `from` is the first step at which it is. */
function holdsOf(model, { frozen }, start) {
  const [part, value, unit] = ["hold", "value", "unit"].map((name) => model.get(name));
  if (part === "nothing") return [];
  if (part !== "frozen") return [{ part, value, unit, from: 0 }];
  return Object.entries(frozen).map(([gate, at]) => ({ part: gate, value: at, unit, from: start.length }));
}

/* How surprising: bits, and one of four levels. */
function bitsOf(p) {
  return p === null ? 0 : -Math.log2(p);
}

function levelOf(p) {
  return p === null ? 0 : [0.5, 0.2, 0.05].filter((limit) => p < limit).length;
}

/* Write from the start. ui.run is what has been written so far. */
function begin(ui, model, net) {
  ui.stop();
  const { start, problem } = startOf(model.get("prompt"), net);
  showProblem(ui, problem);
  const total = problem ? 0 : start.length + model.get("characters");
  ui.run = { said: [], marked: 0, total, start: start.length };
  ui.part(".rnncourse-text").replaceChildren();
  ui.part("[data-do=look]").max = Math.max(total, 1);
  if (!ui.pointed) ui.part("[data-do=look]").value = start.length + 1;
  const next = writerOf(net, start, {
    temperature: model.get("temperature"),
    random: generator(net.generators[model.get("seed")]),
    holds: holdsOf(model, net, start),
  });
  const add = (fresh) => addLetters(ui, model, net, fresh);
  ui.stop = writeOut(next, { start: start.length, total, take: add, finish: () => finish(ui, model, net, problem) });
}

function addLetters(ui, model, net, fresh) {
  const { said } = ui.run;
  ui.part(".rnncourse-text").append(...fresh.map((one, k) => letterOf(one, said.length + k, net.tokens)));
  said.push(...fresh);
  if (!ui.ranking) rank(ui, model, net);
  drawLooks(ui, model, net);
}

function finish(ui, model, fixed, problem) {
  rank(ui, model, fixed);
  drawLooks(ui, model, fixed);
  const written = ui.run.said.map(({ index }) => fixed.tokens[index]).join("");
  ui.say(problem || `${model.get("characters")} characters: ${written}`);
}

/* Order the units by how closely they follow what was chosen. */
function rank(ui, model, { tokens }) {
  const { said } = ui.run;
  if (said.length < 2) return;
  const text = said.map(({ index }) => tokens[index]);
  const found = correlationsOf(said.slice(0, -1).map(({ memory }) => memory), SIGNAL_OF[model.get("follows")](text).slice(0, -1));
  const size = (k) => Math.round(Math.abs(found[k]) * 1e9);
  ui.ranking = found.map((_, k) => k).sort((a, b) => size(b) - size(a) || a - b).map((k) => [k, found[k]]);
}

/* The units in view: the one held, and those that follow best. */
function unitsShown(ui, model) {
  const held = model.get("hold") === "nothing" ? -1 : model.get("unit");
  const order = (ui.ranking ?? []).filter(([k]) => k !== held);
  const first = (ui.ranking ?? []).filter(([k]) => k === held);
  return [...first, ...order].slice(0, SHOWN_UNITS);
}

function drawLooks(ui, model, fixed) {
  colorText(ui, model);
  drawStrips(ui, model);
  lookAt(ui, model, fixed);
}

/* Surprise is there to stay: only fresh characters get it. A unit's color depends on its largest value so far. */
function colorText(ui, model) {
  const by = model.get("colored");
  const text = ui.part(".rnncourse-text");
  text.dataset.by = by;
  const { said } = ui.run;
  for (; ui.run.marked < said.length; ui.run.marked++) text.children[ui.run.marked].dataset.p = levelOf(said[ui.run.marked].p);
  if (by !== "unit") return;
  const unit = unitsShown(ui, model)[0]?.[0] ?? 0;
  const largest = Math.max(1e-9, ...said.map(({ memory }) => Math.abs(memory[unit])));
  said.forEach(({ memory }, k) => {
    const one = text.children[k];
    one.dataset.sign = memory[unit] < 0 ? "minus" : "plus";
    one.style.setProperty("--much", `${Math.round((65 * Math.abs(memory[unit])) / largest)}%`);
  });
}

function barsPath(values, at, base, scale) {
  return values.map((value, k) => `M${at(k)} ${base}v${(-scale * value).toFixed(1)}h${at.wide}v${(scale * value).toFixed(1)}z`).join("");
}

/* Surprise as bars, and below it a row for each unit: its memory, up and down from the middle. */
function drawStrips(ui, model) {
  const { said, total } = ui.run;
  const inner = ui.wide - STRIPS.left - STRIPS.right;
  const wide = inner / Math.max(total, 1);
  const at = Object.assign((k) => (STRIPS.left + k * wide).toFixed(1), { wide: wide.toFixed(2) });
  const bits = said.map(({ p }) => Math.min(bitsOf(p), 8));
  const base = STRIPS.top + STRIPS.surprise;
  setAttribute(ui.strips, "width", ui.wide);
  setAttribute(ui.strips, "height", base + SHOWN_UNITS * STRIPS.row + 8);
  setAttribute(ui.strips.querySelector(".surprise"), "d", barsPath(bits, at, base, STRIPS.surprise / 8));
  unitsShown(ui, model).forEach(([k, r], row) => {
    const middle = base + 6 + STRIPS.row * (row + 0.5);
    const values = said.map(({ memory }) => memory[k]);
    const largest = Math.max(1e-9, ...values.map(Math.abs));
    const group = ui.units[row];
    setAttribute(group.querySelector(".bars"), "d", barsPath(values, at, middle, (STRIPS.row / 2 - 3) / largest));
    setAttribute(group.querySelector(".zero"), "d", `M${STRIPS.left} ${middle}H${ui.wide - STRIPS.right}`);
    const held = model.get("hold") !== "nothing" && model.get("unit") === k;
    const button = group.querySelector(".take");
    setAttribute(button, "aria-label", `unit ${k}, correlation ${r.toFixed(2)}: ${held ? "let go" : "hold"}`);
    setAttribute(button, "aria-pressed", held);
    button.dataset.unit = k;
    const words = group.querySelectorAll("text");
    setText(words[0], `${held ? "■ let go" : "hold"} ${k}`);
    setText(words[1], r.toFixed(2).replace("-", "−"));
  });
}

function addStrips(ui) {
  const base = STRIPS.top + STRIPS.surprise;
  const row = (k) => {
    const y = base + 6 + STRIPS.row * k;
    return `<g class="unit"><path class="zero"/><path class="bars"/><g class="take" role="button" tabindex="0">
      <rect x="1" y="${y + 2}" width="84" height="${STRIPS.row - 4}" rx="6"/><text x="43" y="${y + 18}"></text></g>
      <text class="number" x="${STRIPS.left - 6}" y="${y + 18}"></text></g>`;
  };
  ui.strips.innerHTML = `<text class="name" x="2" y="${base - 10}">surprise, bits</text><path class="surprise"/>
    ${Array.from({ length: SHOWN_UNITS }, (_, k) => row(k)).join("")}<rect class="now" y="1" rx="2"/>`;
  ui.units = [...ui.strips.querySelectorAll(".unit")];
}

/* The character that the slider points at, or the one under the mouse. */
function lookAt(ui, model, { tokens }) {
  const { said, total } = ui.run;
  const slider = ui.part("[data-do=look]");
  const k = Math.min(ui.looked ?? Number(slider.value) - 1, said.length - 1);
  for (const one of ui.parts(".rnncourse-now")) one.classList.remove("rnncourse-now");
  if (k < 0) return setText(ui.part(".rnncourse-readout"), "");
  ui.part(".rnncourse-text").children[k]?.classList.add("rnncourse-now");
  const now = ui.strips.querySelector(".now");
  const wide = (ui.wide - STRIPS.left - STRIPS.right) / total;
  setAttribute(now, "x", STRIPS.left + k * wide - 1);
  setAttribute(now, "width", wide + 2);
  setAttribute(now, "height", STRIPS.top + STRIPS.surprise + SHOWN_UNITS * STRIPS.row + 6);
  const words = readoutOf(said[k], tokens, model.get("temperature"));
  setText(ui.part(".rnncourse-readout"), words);
  setAttribute(slider, "aria-valuetext", `${k + 1}, ${words}`);
  setText(slider.nextElementSibling, String(k + 1));
}

function percent(p) {
  return p > 0.995 ? "over 99 %" : p < 0.005 ? "under 1 %" : `${Math.round(100 * p)} %`;
}

function readoutOf({ index, p, drawn, likeliest }, tokens, temperature) {
  if (p === null) return `${quoted(tokens[index])} belongs to the prompt.`;
  const best = likeliest.map(([k, q]) => `${quoted(tokens[k])} ${percent(q)}`).join(", ");
  const made = temperature === 1 ? "" : ` At temperature ${temperature.toFixed(2)}, that became ${percent(drawn)}.`;
  return `The network expected ${best}. It wrote ${quoted(tokens[index])}, to which it gave ${percent(p)}: ${bitsOf(p).toFixed(1)} bits of surprise.${made}`;
}

/* What a control is set to, as settings to store; null while a number is still being typed. */
function settingsOf(target, model, { gates, units }) {
  const { setting } = target.dataset;
  if (setting === "unit") {
    const unit = Math.round(Number(target.value));
    return target.value === "" || unit < -1 || unit >= units ? null : { unit };
  }
  if (setting === "hold" && gates.includes(target.value) && model.get("value") < 0) {
    return { value: 0, hold: target.value };
  }
  return { [setting]: target.type === "range" ? Number(target.value) : target.value };
}

/* Take hold of a unit as the controls say, or as it is after the prompt; let go of the one that is held. */
function take(model, unit, { parts }) {
  const held = model.get("hold");
  if (held !== "nothing" && model.get("unit") === unit) return { hold: "nothing" };
  return { unit, hold: held === "nothing" ? ("frozen" in parts ? "frozen" : "h") : held };
}

function watchStrips(ui, model, fixed, set) {
  const look = (k) => {
    ui.looked = k;
    lookAt(ui, model, fixed);
  };
  const press = (target) => {
    const unit = target.closest?.(".take")?.dataset.unit;
    if (unit !== undefined) set(take(model, Number(unit), fixed));
  };
  ui.strips.addEventListener("click", ({ target }) => press(target));
  ui.strips.addEventListener("keydown", (event) => {
    if (![" ", "Enter"].includes(event.key) || belongsToNotebook(event)) return;
    event.preventDefault();
    press(event.target);
  });
  ui.strips.addEventListener("pointermove", (event) => {
    const [x] = d3.pointer(event, ui.strips);
    const k = Math.floor(((x - STRIPS.left) / (ui.wide - STRIPS.left - STRIPS.right)) * ui.run.total);
    if (event.pointerType === "mouse") look(x < STRIPS.left ? null : Math.min(k, ui.run.total - 1));
  });
  ui.strips.addEventListener("pointerleave", () => look(null));
  const text = ui.part(".rnncourse-text");
  text.addEventListener("pointerover", ({ target, pointerType }) => {
    if (pointerType === "mouse" && target.dataset.k !== undefined) look(Number(target.dataset.k));
  });
  text.addEventListener("pointerleave", () => look(null));
  text.addEventListener("click", ({ target }) => {
    if (target.dataset.k === undefined) return;
    ui.part("[data-do=look]").value = Number(target.dataset.k) + 1;
    ui.pointed = true;
    look(null);
  });
  ui.part("[data-do=look]").addEventListener("input", () => {
    ui.pointed = true;
    look(null);
  });
}

function render({ model, el }) {
  const fixed = model.get("fixed");
  const ui = panel(el, { name: "sampler", isLab: true, label: "Sampler", html: samplerHtml(fixed) });
  Object.assign(ui, { strips: ui.part(".rnncourse-strips svg"), wide: 800, looked: null, pointed: false, ranking: null, stop: () => {} });
  ui.root.style.setProperty("--tone", fixed.tone);
  addStrips(ui);
  let net = netOf(fixed, model.get("weights"));
  const set = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    showSettings(ui, model, fixed);
    model.save_changes();
  };
  ui.root.addEventListener("input", ({ target }) => {
    const values = target.dataset.setting && settingsOf(target, model, fixed);
    if (values) set(values);
  });
  ui.part("[data-do=again]").addEventListener("click", () => {
    const [first, last] = fixed.ranges.seed;
    set({ seed: model.get("seed") < last ? model.get("seed") + 1 : first });
  });
  watchStrips(ui, model, fixed, set);

  const rewrite = onceAfter(() => {
    showSettings(ui, model, fixed);
    begin(ui, model, net);
  });
  ui.listen(model, WRITES, rewrite);
  ui.listen(model, ["weights"], () => {
    net = netOf(fixed, model.get("weights"));
    rewrite();
  });
  ui.listen(model, LOOKS, () => {
    showSettings(ui, model, fixed);
    rank(ui, model, fixed);
    drawLooks(ui, model, fixed);
  });
  onWidthOf(ui, ui.part(".rnncourse-strips"), () => drawLooks(ui, model, fixed));
  ui.onLeave(() => ui.stop());
  showSettings(ui, model, fixed);
  begin(ui, model, net);
  return ui.leave;
}

export default { render };
