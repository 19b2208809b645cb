/* The Gate lab's second tab: one unit of a trained network, whose valves are held while the network writes. */

const TRACED = ["f", "i", "g", "o"];
const WRITES = ["prompt", "seed", "unit", "unit_holds"]; // what the text and its traces depend on
const FREEZE = { f: 1, i: 0 }; // what keeps a cell as it is
const CHARACTER_MS = 500; // how long Play stays at one
const SOON_MS = 300; // a change that comes so soon after another is answered with the whole text
const TRACES = { left: 46, top: 18, belt: 44, row: 18, home: 28, column: 7 };
const TRACES_HEIGHT = TRACES.top + TRACES.belt + TRACED.length * TRACES.row + TRACES.home + 2;

function networkHtml({ units }, limits, hatch) {
  const text = (name, label) => `<p class="rnncourse-title"><span data-part="${name}-title"></span></p>
    <div class="rnncourse-text" data-by="unit" data-text="${name}" role="group" aria-label="${label}" tabindex="0"></div>`;
  return `<div class="rnncourse-prompt"><label><span>Prompt</span><input type="text" data-writing="prompt" maxlength="200"
        spellcheck="false" autocomplete="off"></label>
      <label><span>Unit</span><select data-writing="unit" aria-label="Unit, of ${units}"></select></label>
      <button type="button" data-do="freeze">Freeze</button><button type="button" data-do="let-go">Let go</button>
      <button type="button" data-do="again">Write again</button></div>
    <p class="rnncourse-problem" role="alert" hidden></p>
    <p class="rnncourse-says"></p>
    <div class="rnncourse-upper"><div class="rnncourse-hands">${diagramSvg(hatch)}
      <div class="rnncourse-sliders">${TRACED.map((name) => sliderCard(name, limits[name])).join("")}
        <div class="rnncourse-slider rnncourse-reads" data-tone="x"><span>reads</span><output data-part="reads"></output></div></div></div>
      <div class="rnncourse-side rnncourse-texts">${text("free", "What the network writes when left free")}
        ${text("held", "What the network writes with the unit held")}</div></div>
    <div class="rnncourse-between">${playbackHtml("Character")}</div>
    <div class="rnncourse-strips">${tracesSvg(hatch)}</div>
    <p class="rnncourse-readout"></p>`;
}

function tracesSvg(hatch) {
  const lowest = TRACES.top + TRACES.belt + TRACED.length * TRACES.row;
  const rows = TRACED.map((name, k) => {
    const y = TRACES.top + TRACES.belt + k * TRACES.row;
    return `<g data-tone="${name}"><rect class="ground" x="${TRACES.left}" y="${y + 1}" height="${TRACES.row - 2}"/>
      <path class="bars" data-trace="${name}"/><rect class="held" data-held="${name}" y="${y + 1}" height="${TRACES.row - 2}"/>
      ${symbolText(10, y + 13, name, "t")}</g>`;
  });
  const ribbon = (name) => `<g class="${name}"><path data-sign="plus"/><path data-sign="minus" style="fill: url(#${hatch})"/></g>`;
  return `<svg class="rnncourse-over-time rnncourse-traces" height="${TRACES_HEIGHT}" role="img"
      aria-label="c, the gates, the candidate and h of the unit over the text">
    <rect class="chosen" y="1" height="${TRACES_HEIGHT - 2}" rx="3"/>
    <rect class="of-prompt" x="${TRACES.left}" y="${TRACES.top}" height="${TRACES_HEIGHT - TRACES.top - 2}"/>
    <text class="letters" y="13"></text>${ribbon("belt")}
    <text class="symbol" x="10" y="${TRACES.top + TRACES.belt / 2 + 4}">c</text>${rows.join("")}${ribbon("home")}
    <text class="symbol" x="10" y="${lowest + TRACES.home / 2 + 4}">h</text></svg>`;
}

/* The first step at which the unit is held comes after the prompt. */
function unitHolds(model, start) {
  return Object.entries(model.get("unit_holds")).map(([part, value]) => ({ part, value, unit: model.get("unit"), from: start.length }));
}

function writerFor(model, net, start, holds) {
  return writerOf(net, start, { temperature: 1, random: generator(net.generators[model.get("seed")]), holds });
}

/* What a unit does over a text: i, f, g, o, c and h after each token. */
function traceOf(said, unit) {
  return Object.fromEntries([...GATES, "c", "h"].map((name) => [name, said.map(({ made }) => made[name][unit])]));
}

/* The share of capitals among the letters that were written, "" where there are no letters. */
function capitalsIn(said, start, tokens) {
  const letters = said.slice(start).map(({ index }) => tokens[index]).filter(isLetter);
  if (!letters.length) return "";
  const share = letters.filter((one) => one !== one.toLowerCase()).length / letters.length;
  return `, ${Math.round(100 * share)} % capitals`;
}

/* What is on screen: the unit's run over the text that is there so far, and the numbers of the place looked at. */
function networkView(ui, model) {
  const [unit, holds] = [model.get("unit"), model.get("unit_holds")];
  const run = traceOf(ui.said, unit);
  const place = Math.min((ui.looked ?? model.get("character") - 1) + 1, ui.said.length);
  const isHeld = (gate) => gate in holds && place > ui.start;
  const held = Object.fromEntries(GATES.map((gate) => [gate, isHeld(gate)]));
  return { unit, holds, held, run, place, total: ui.total, now: place ? flowsOf(run, place - 1) : null };
}

/* Write from the start, unless the text stays as it is: another unit is looked at while nothing is held. */
function writeAgain(ui, model, net) {
  const [prompt, seed, unit, holds] = WRITES.map((name) => model.get(name));
  const nothingHeld = Object.keys(holds).length === 0;
  const settings = JSON.stringify([prompt, seed, holds, nothingHeld || unit]);
  if (settings !== ui.settings) {
    ui.settings = settings;
    const { start, problem } = startOf(prompt, net);
    showProblem(ui, problem);
    leaveFree(ui, model, net, start, problem ? 0 : start.length + net.written);
    startWriting(ui, model, net, { start, problem, box: ui.part(`[data-text=${nothingHeld ? "free" : "held"}]`) });
  }
  drawSettings(ui, model, net);
  drawNetwork(ui, model, net);
}

function lettersOf(said, from, net) {
  return said.map((one, k) => letterOf(one, from + k, net.tokens));
}

/* What the network writes when it is left alone: there at once. */
function leaveFree(ui, model, net, start, total) {
  [ui.start, ui.total] = [start.length, total];
  const box = ui.part("[data-text=free]");
  const news = isNews(ui, "free", model.get("prompt"), model.get("seed"));
  if (news) {
    ui.free = Array.from({ length: total }, writerFor(model, net, start, []));
    rankUnits(ui, net);
  }
  if (news || box.children.length < total) box.replaceChildren(...lettersOf(ui.free, 0, net));
}

/* What it writes now comes character by character, into `box`; if it is the free text, that is written once more. */
function startWriting(ui, model, net, { start, problem, box }) {
  ui.stop();
  ui.said = [];
  ui.part("[data-text=held]").replaceChildren();
  box.replaceChildren();
  ui.colored = {};
  const add = (fresh) => {
    box.append(...lettersOf(fresh, ui.said.length, net));
    ui.said.push(...fresh);
    drawNetwork(ui, model, net);
  };
  const [now, before] = [performance.now(), ui.wrote];
  ui.wrote = now;
  const finish = () => ui.say(problem || toldText(ui, model, net));
  const next = writerFor(model, net, start, unitHolds(model, start));
  ui.stop = writeOut(next, { start: start.length, total: ui.total, atOnce: now - before < SOON_MS, take: add, finish });
}

function toldText(ui, model, net) {
  const text = ui.said.map(({ index }) => net.tokens[index]).join("");
  return `${heldWords(model)} The network writes: ${text}`;
}

/* Order the units by how closely their cells follow the capital letters of the free text. */
function rankUnits(ui, { tokens }) {
  if (ui.free.length < 2) return;
  const capitals = SIGNAL_OF.capitals(ui.free.map(({ index }) => tokens[index]));
  const found = correlationsOf(ui.free.map(({ memory }) => memory), capitals);
  const size = (k) => Math.round(Math.abs(found[k]) * 1e9);
  ui.ranking = found.map((r, k) => [k, r]).sort(([a], [b]) => size(b) - size(a) || a - b);
}

function heldWords(model) {
  const [unit, holds] = [model.get("unit"), Object.entries(model.get("unit_holds"))];
  if (!holds.length) return `Nothing of unit ${unit} is held. Pull one of its valves, or freeze it: then the network writes again, with the unit held from the end of the prompt on.`;
  return `Unit ${unit} is held from the end of the prompt on: ${holds.map(([gate, value]) => `${gate} = ${written(value)}`).join(", ")}.`;
}

function drawSettings(ui, model, net) {
  const prompt = ui.part("[data-writing=prompt]");
  if (prompt !== document.activeElement) prompt.value = model.get("prompt");
  const units = ui.part("[data-writing=unit]");
  const follows = (r) => (Math.abs(r) < 0.005 ? "" : `, capital letters ${written(r)}`);
  if (isNews(ui, "units", JSON.stringify(ui.ranking))) {
    units.innerHTML = ui.ranking.map(([k, r]) => `<option value="${k}">${k}${follows(r)}</option>`).join("");
  }
  units.value = model.get("unit");
  const holds = model.get("unit_holds");
  setAttribute(ui.part("[data-do=freeze]"), "aria-pressed", JSON.stringify(holds) === JSON.stringify(FREEZE));
  setAttribute(ui.part("[data-do=let-go]"), "aria-disabled", Object.keys(holds).length === 0);
  setText(ui.part(".rnncourse-says"), heldWords(model));
}

function drawNetwork(ui, model, net) {
  const view = networkView(ui, model);
  drawTexts(ui, view, net);
  drawTraces(ui, view, net);
  drawPlace(ui, view, net);
}

/* The color of a character is that of the unit's cell after it: more of it the larger it is, underlined below 0. */
function drawTexts(ui, { unit, holds, run }, { tokens }) {
  const nothingHeld = Object.keys(holds).length === 0;
  const free = ui.free.map(({ memory }) => memory[unit]);
  const largest = Math.max(1e-9, ...free.map(Math.abs), ...run.c.map(Math.abs));
  colorLetters(ui, "free", free, [unit, largest]);
  if (!nothingHeld) colorLetters(ui, "held", run.c, [unit, largest]);
  setText(ui.part("[data-part=free-title]"), `Left free${capitalsIn(ui.free, ui.start, tokens)}`);
  const title = nothingHeld ? "With the unit held: nothing yet" : `With unit ${unit} held${capitalsIn(ui.said, ui.start, tokens)}`;
  setText(ui.part("[data-part=held-title]"), title);
}

/* Color what is not colored yet; all of it when the unit or its largest value is another one than before. */
function colorLetters(ui, name, values, [unit, largest]) {
  const letters = ui.part(`[data-text=${name}]`).children;
  const known = ui.colored[name];
  const from = known?.unit === unit && known.largest === largest ? known.count : 0;
  for (let k = from; k < letters.length; k++) {
    letters[k].dataset.sign = values[k] < 0 ? "minus" : "plus";
    letters[k].style.setProperty("--much", `${Math.round((65 * Math.abs(values[k])) / largest)}%`);
  }
  ui.colored[name] = { unit, largest, count: letters.length };
}

/* The characters that there is room for: as before, or moved as little as it takes to show the place looked at. */
function windowOf(ui, { total, place }) {
  const room = ui.wide - TRACES.left - 2;
  const count = Math.max(1, Math.min(total, Math.floor(room / TRACES.column)));
  ui.from = Math.max(0, place - count, Math.min(ui.from, total - count, place - 1));
  const [from, wide] = [ui.from, room / count];
  return { from, to: from + count, wide, left: (t) => TRACES.left + (t - from) * wide, right: ui.wide - 2 };
}

function drawTraces(ui, view, { tokens }) {
  const band = windowOf(ui, view);
  const { run, holds } = view;
  const shown = Array.from({ length: Math.min(band.to, ui.said.length) - band.from }, (_, k) => band.from + k);
  setAttribute(ui.timeline, "width", ui.wide);
  const letters = ui.part(".letters");
  setText(letters, shown.map((t) => tokens[ui.said[t].index].replace(" ", "·").replace("\n", "↵")).join(""));
  setAttribute(letters, "x", shown.map((t) => band.left(t + 0.5).toFixed(1)).join(" "));
  const kept = shown.map((t) => (t ? run.f[t] * run.c[t - 1] : 0));
  const middles = { c: TRACES.top + TRACES.belt / 2, h: TRACES_HEIGHT - 2 - TRACES.home / 2 };
  drawRibbons(ui, ".belt", shown.map((t) => run.c[t]), kept, middles.c, TRACES.belt / 2 - 1, band);
  drawRibbons(ui, ".home", shown.map((t) => run.h[t]), shown.map((t) => run.h[t]), middles.h, TRACES.home / 2 - 1, band);
  const first = band.left(Math.max(band.from, Math.min(band.to, ui.start)));
  setAttribute(ui.part(".of-prompt"), "width", first - TRACES.left);
  TRACED.forEach((name, k) => {
    drawBars(ui, name, shown.map((t) => run[name][t]), TRACES.top + TRACES.belt + k * TRACES.row + 2, band);
    const outline = ui.part(`[data-held=${name}]`);
    setAttribute(outline, "visibility", name in holds && first < band.right ? "visible" : "hidden");
    setAttribute(outline, "x", first);
    setAttribute(outline, "width", Math.max(0, band.right - first));
  });
}

/* A ribbon as wide as the values: one outline for those above 0 and one, hatched, for those below. starts: how wide
   each stretch begins. */
function drawRibbons(ui, selector, values, starts, middle, half, band) {
  const largest = Math.max(1, ...values.map(Math.abs));
  const parts = { plus: "", minus: "" };
  values.forEach((value, k) => {
    const [x, a, b] = [band.left(band.from + k), (Math.abs(starts[k]) / largest) * half, (Math.abs(value) / largest) * half];
    const [bend, end] = [x + band.wide * 0.4, x + band.wide + 0.3];
    const [left, level, right] = [x, bend, end].map((one) => one.toFixed(1));
    parts[value < 0 ? "minus" : "plus"] +=
      `M${left} ${(middle - a).toFixed(1)}L${level} ${(middle - b).toFixed(1)}H${right}V${(middle + b).toFixed(1)}H${level}L${left} ${(middle + a).toFixed(1)}Z`;
  });
  for (const [sign, path] of Object.entries(parts)) setAttribute(ui.part(`${selector} [data-sign=${sign}]`), "d", path);
}

/* Bars from the floor for a gate, from the middle for the candidate, which has a sign. */
function drawBars(ui, name, values, top, band) {
  const tall = TRACES.row - 4;
  const [base, scale] = name === "g" ? [top + tall / 2, tall / 2] : [top + tall, tall];
  const wide = Math.max(1, band.wide - 1).toFixed(1);
  const bar = (value, k) => `M${(band.left(band.from + k) + 0.5).toFixed(1)} ${base}v${(-scale * value).toFixed(1)}h${wide}V${base}z`;
  const bars = ui.part(`[data-trace=${name}]`);
  setAttribute(bars, "d", values.map(bar).join(""));
  setAttribute(ui.timeline.querySelector(`[data-tone=${name}] .ground`), "width", ui.wide - TRACES.left - 2);
}

/* The cell, the sliders and the words at the place that is looked at. */
function drawPlace(ui, view, { tokens }) {
  const { place, now, unit, held } = view;
  for (const one of ui.parts(".rnncourse-now")) one.classList.remove("rnncourse-now");
  if (!place) return setText(ui.part(".rnncourse-readout"), "");
  drawDiagram(ui, { ...view, backward: false });
  drawSliders(ui, now, held);
  const read = quoted(tokens[ui.said[place - 1].index]);
  setText(ui.part("[data-part=reads]"), read);
  for (const one of ui.parts(`.rnncourse-text [data-k="${place - 1}"]`)) one.classList.add("rnncourse-now");
  const band = windowOf(ui, view);
  setAttribute(ui.part(".chosen"), "x", band.left(place - 1));
  setAttribute(ui.part(".chosen"), "width", band.wide);
  const list = ["f", "i", "g", "o", "c", "h"].map((name) => `${name} ${written(now[name])}`).join(" · ");
  const words = `Character ${place} of ${view.total}, ${read}${place > ui.start ? "" : " of the prompt"}: ${list}`;
  setText(ui.part(".rnncourse-readout"), words);
  setAttribute(ui.diagram, "aria-label", `LSTM cell, unit ${unit} of the network. ${words}`);
}

/* Hold a gate of the unit at a value, or with null let it go. What is held can be seen after the prompt: look there. */
function holdUnit(ui, model, gate, value) {
  const { [gate]: _, ...others } = model.get("unit_holds");
  const fresh = value === null ? {} : { [gate]: rounded(value, model.get("fixed").limits[gate]) };
  store(model, { unit_holds: { ...others, ...fresh }, character: Math.max(model.get("character"), ui.start + 1) });
}

function hearNetwork(ui, model, target, net) {
  const { slider, hold: gate, writing } = target.dataset;
  if (writing === "prompt") {
    const { start } = startOf(target.value, net);
    store(model, { prompt: target.value, character: start.length + 1 });
  } else if (writing === "unit") store(model, { unit: Number(target.value) });
  else if (gate) holdUnit(ui, model, gate, target.checked ? networkView(ui, model).now[gate] : null);
  else if (slider && slider !== "step") holdUnit(ui, model, slider, Number(target.value));
}

function pressNetwork(model, button, net) {
  const what = button.dataset.do;
  if (what === "again") store(model, { seed: (model.get("seed") + 1) % net.generators.length });
  if (what === "freeze") store(model, { unit_holds: FREEZE });
  if (what === "let-go") store(model, { unit_holds: {} });
}

/* The character under the mouse is looked at while it is there; a press or a drag chooses one. */
function watchText(ui, choose, look) {
  const under = (event) => {
    const band = windowOf(ui, { total: ui.total, place: ui.chosen() });
    const t = band.from + Math.floor((event.x - TRACES.left) / band.wide);
    return Math.max(0, Math.min(ui.said.length - 1, t));
  };
  d3.select(ui.timeline).call(d3.drag().container(() => ui.timeline).on("start drag", (event) => choose(under(event) + 1)));
  ui.timeline.addEventListener("pointermove", (event) => {
    const [x] = d3.pointer(event, ui.timeline);
    if (event.pointerType === "mouse") look(x < TRACES.left ? null : under({ x }));
  });
  ui.timeline.addEventListener("pointerleave", () => look(null));
  for (const text of ui.parts(".rnncourse-text")) {
    text.addEventListener("pointerover", ({ target, pointerType }) => {
      if (pointerType === "mouse" && target.dataset.k !== undefined) look(Number(target.dataset.k));
    });
    text.addEventListener("pointerleave", () => look(null));
    text.addEventListener("click", ({ target }) => {
      if (target.dataset.k !== undefined) choose(Number(target.dataset.k) + 1);
    });
  }
}

/* Bring the network to life in its part of the panel. */
function startNetwork(ui, model, about) {
  const net = netOf(about, about.weights);
  addCell(ui);
  addFlow(ui);
  Object.assign(ui, { timeline: ui.part(".rnncourse-traces"), wide: 830, stop: () => {}, wrote: -Infinity, ranking: [], said: [], colored: {}, total: 0, from: 0 });
  ui.chosen = () => Math.min(model.get("character"), ui.said.length);
  writeAgain(ui, model, net);
  const { walk, playing } = playback(ui, model, {
    name: "character",
    first: 1,
    last: () => Math.max(1, ui.total),
    follows: ["prompt"],
    stepMs: CHARACTER_MS,
    calmStepMs: 3 * CHARACTER_MS,
    describe: (place) => `${Math.min(place, ui.total)} of ${ui.total}`,
  });
  ui.box.addEventListener("input", ({ target }) => hearNetwork(ui, model, target, net));
  ui.box.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) pressNetwork(model, button, net);
  });
  dragValves(ui, (gate) => networkView(ui, model).now?.[gate] ?? 0, (gate, value) => holdUnit(ui, model, gate, value));
  const again = () => drawNetwork(ui, model, net);
  watchText(ui, walk, (t) => {
    if (ui.looked === t) return;
    ui.looked = t;
    drawPlace(ui, networkView(ui, model), net);
  });
  ui.listen(model, WRITES, onceAfter(() => writeAgain(ui, model, net)));
  ui.listen(model, ["character"], () => {
    again();
    ui.flow();
    if (playing()) carryPacket(ui, { ...networkView(ui, model), backward: false }, CHARACTER_MS * 0.9);
  });
  onWidthOf(ui, ui.part(".rnncourse-strips"), again);
  ui.onLeave(() => ui.stop());
}
