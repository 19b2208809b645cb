/* The Credit lab: an unrolled network with the paths of a loss, above the grid of what each loss says. */

const SHARED = ["loss", "k1", "k2"];
const AREA = { losses: 20, states: 84, grid: 124, row: 25, tall: 28, widest: 44 };
const NARROW = 330; // pixels: a picture that is narrower takes all of them
const SLIDERS = [
  { name: "k2", label: "How far back k₂" },
  { name: "k1", label: "How often k₁" },
];

function labHtml(T) {
  return `
    <div class="rnncourse-settings">${SLIDERS.map((one) => sliderHtml(one, [1, T, 1])).join("")}
      <button type="button" data-do="whole">No truncation</button></div>
    <div class="rnncourse-graph"><svg></svg></div>
    <p class="rnncourse-readout"></p>
    <p class="rnncourse-cost"></p>`;
}

/* Columns of the grid lie between the states, where W_hh is used: use k is between h of k − 1 and h of k. */
function places(ui) {
  const [left, right, share] = ui.wide < NARROW ? [36, 14, 0.78] : [64, 26, 0.62];
  const pitch = (ui.wide - left - right) / ui.T;
  return {
    left,
    pitch,
    box: Math.min(AREA.widest, pitch * share),
    h: (t) => left + t * pitch,
    column: (k) => left + (k - 1) * pitch,
    row: (t) => AREA.grid + (t - 1) * AREA.row,
  };
}

function symbolHtml(letter, index) {
  return `<tspan class="letter">${letter}</tspan><tspan class="index" dy="4">${index}</tspan>`;
}

function addParts(ui) {
  const svg = d3.select(ui.svg);
  for (const name of ["grid", "numbers", "windows", "rows"]) svg.append("g").attr("class", name);
  for (const name of ["wires", "lit", "states"]) svg.append("g").attr("class", name);
  const uses = svg.append("g").attr("class", "uses");
  const losses = svg.append("g").attr("class", "losses").attr("role", "radiogroup").attr("aria-label", "Loss");
  svg.append("rect").attr("class", "edge").attr("width", 12).attr("rx", 6);
  const steps = Array.from({ length: ui.T + 1 }, (_, t) => t);
  d3.select(ui.svg).select(".states").selectAll("g").data(steps).join((enter) => {
    const one = enter.append("g");
    one.append("rect").attr("rx", 7).attr("height", AREA.tall).attr("y", AREA.states - AREA.tall / 2);
    one.append("text").attr("y", AREA.states + 5).html((t) => symbolHtml("h", t));
    return one;
  });
  uses.selectAll("text").data(steps.slice(1)).join("text").attr("y", AREA.states + 30).html(() => symbolHtml("W", "hh"));
  losses.selectAll("g").data(steps).join((enter) => {
    const one = enter.append("g").attr("class", "loss").attr("role", "radio").attr("data-loss", (t) => t);
    one.append("rect").attr("class", "field").attr("y", 0).attr("height", 44);
    one.append("rect").attr("class", "box").attr("rx", 14).attr("y", AREA.losses - 14).attr("height", 28);
    one.append("text").attr("y", AREA.losses + 5).html((t) => (t ? symbolHtml("L", t) : "all"));
    one.attr("aria-label", (t) => (t ? `loss of step ${t}` : "all losses"));
    return one;
  });
}

function viewOf(ui, model) {
  const [loss, k1, k2] = SHARED.map((name) => model.get(name));
  return { loss, k1, k2, looked: ui.looked, T: ui.T, ...ui.computed };
}

/* The whole computation happens once: nothing that the reader moves changes the network. */
function computed({ x, y, ...p }) {
  const { shares, reaches } = creditOf(p, x, y);
  const lengths = shares.map((row) => row.map((one) => (one ? lengthOf(one) : 0)));
  const largest = Math.max(...lengths.flat());
  return { shares, reaches, percents: lengths.map((row) => row.map((one) => (100 * one) / largest)) };
}

/* The stretches of the paths of the losses shown: { from, to, size, kept }, sizes relative to the largest one. */
function stretches({ loss, looked, k1, k2, T, reaches }) {
  const shown = looked ? [looked.t] : loss ? [loss] : Array.from({ length: T }, (_, t) => t + 1);
  const first = looked ? looked.k : 1;
  const largest = Math.max(...shown.map((t) => reaches[t - 1][t - 1]));
  return shown.flatMap((t) => {
    const found = [{ t, up: true, size: reaches[t - 1][t - 1] / largest, kept: true }];
    for (let k = t; k >= first; k--) found.push({ t, k, size: reaches[t - 1][k - 1] / largest, kept: isKept(t, k, k1, k2) });
    return found;
  });
}

function litPath(at, { t, k, up }) {
  if (up) return `M${at.h(t)} ${AREA.losses + 14}V${AREA.states - AREA.tall / 2}`;
  return `M${at.h(k) - at.box / 2} ${AREA.states}H${at.h(k - 1) + at.box / 2}`;
}

function drawGraph(ui, view) {
  const at = places(ui);
  const svg = d3.select(ui.svg);
  const steps = Array.from({ length: view.T }, (_, t) => t + 1);
  const wires = steps.flatMap((t) => [{ t, up: true }, { t, k: t }]);
  svg.select(".wires").selectAll("path").data(wires).join("path").attr("d", (one) => litPath(at, one));
  const lit = svg.select(".lit").selectAll("path").data(stretches(view)).join("path");
  lit.attr("d", (one) => litPath(at, one)).attr("class", (one) => (one.kept ? "kept" : "cut"));
  lit.attr("stroke-width", (one) => (one.kept ? 1.5 + 10 * one.size : 1.5).toFixed(2));
  const states = svg.select(".states").selectAll("g");
  states.select("rect").attr("x", (t) => at.h(t) - at.box / 2).attr("width", at.box);
  states.select("text").attr("x", (t) => at.h(t));
  const uses = svg.select(".uses").selectAll("text").attr("x", (k) => at.h(k) - at.pitch / 2);
  uses.attr("visibility", (k) => (at.pitch < 40 && k % 2 === 0 ? "hidden" : null)); // in narrow columns, every other one
  const losses = svg.select(".losses").selectAll(".loss");
  losses.select(".box").attr("x", (t) => at.h(t) - at.box / 2).attr("width", at.box);
  losses.select(".field").attr("x", (t) => at.h(t) - at.pitch / 2).attr("width", at.pitch);
  losses.select("text").attr("x", (t) => at.h(t));
  losses.attr("aria-checked", (t) => t === view.loss).attr("tabindex", (t) => (t === view.loss ? 0 : -1));
}

function drawGrid(ui, view) {
  const at = places(ui);
  const svg = d3.select(ui.svg);
  const pairs = view.percents.flatMap((row, t) => row.slice(0, t + 1).map((value, k) => ({ t: t + 1, k: k + 1, value })));
  const cells = svg.select(".grid").selectAll("rect").data(pairs).join("rect");
  cells.attr("x", (one) => at.column(one.k) + 1).attr("y", (one) => at.row(one.t) + 1);
  cells.attr("width", at.pitch - 2).attr("height", AREA.row - 2).attr("data-t", (one) => one.t).attr("data-k", (one) => one.k);
  cells.attr("fill-opacity", (one) => (0.06 + 0.0074 * one.value).toFixed(3));
  cells.attr("class", (one) => (isKept(one.t, one.k, view.k1, view.k2) ? "kept" : "cut"));
  const numbers = svg.select(".numbers").selectAll("text").data(pairs).join("text");
  numbers.attr("x", (one) => at.column(one.k) + at.pitch / 2).attr("y", (one) => at.row(one.t) + 17);
  numbers.attr("class", (one) => (isKept(one.t, one.k, view.k1, view.k2) ? "kept" : "cut")).text((one) => one.value.toFixed(0));
  const rows = svg.select(".rows").selectAll("text").data(view.percents).join("text");
  rows.attr("x", at.left - 10).attr("y", (_, t) => at.row(t + 1) + 17).text((_, t) => (at.pitch > 60 ? `loss ${t + 1}` : `L${t + 1}`));
  rows.attr("class", (_, t) => (t + 1 === (view.looked?.t ?? view.loss) ? "chosen" : ""));
  drawWindows(ui, view, at);
}

/* An outline around what each backward pass sees, and the edge that is dragged: that of the last pass. */
function drawWindows(ui, { k1, k2, T }, at) {
  const firsts = [...new Set(Array.from({ length: T }, (_, t) => firstStep(t + 1, k1, k2)))];
  const outline = (first) => {
    const last = Math.min(T, first + k2 - 1);
    const from = first === 1 ? 1 : last - ((last - k2) % k1 || k1) + 1;
    const stairs = [];
    for (let t = Math.max(first, Math.min(from, last)); t <= last; t++) stairs.push(`H${at.column(t + 1)}V${at.row(t + 1)}`);
    const top = Math.max(first, Math.min(from, last));
    return `M${at.column(first)} ${at.row(top)}${stairs.join("")}H${at.column(first)}Z`;
  };
  d3.select(ui.svg).select(".windows").selectAll("path").data(firsts).join("path").attr("d", outline);
  const edge = d3.select(ui.svg).select(".edge");
  const last = firsts.at(-1);
  edge.attr("x", at.column(last) - 6).attr("y", at.row(T) - 4).attr("height", AREA.row + 8);
}

function readoutOf({ loss, looked, T, percents, k1, k2 }) {
  if (looked) {
    const { t, k } = looked;
    const states = Array.from({ length: t - k + 1 }, (_, j) => `h${t - j}`).join(" → ");
    const lost = isKept(t, k, k1, k2) ? "" : " Truncation cuts this path.";
    return `L${t} → ${states} → W_hh at step ${k}: a share of length ${percents[t - 1][k - 1].toFixed(0)}.${lost}`;
  }
  if (!loss) return `All ${T} losses: ${(T * (T + 1)) / 2} paths. BPTT adds up what meets at a state, and walks back once.`;
  const uses = Array.from({ length: loss }, (_, k) => k + 1);
  const lost = uses.filter((k) => !isKept(loss, k, k1, k2)).length;
  const cut = lost ? ` ${lost} of them ${lost === 1 ? "is" : "are"} cut.` : "";
  return `The loss of step ${loss} reaches ${loss} use${loss > 1 ? "s" : ""} of W_hh, each by a path of its own.${cut}`;
}

function costOf({ shares, k1, k2, T }) {
  const firsts = new Set(Array.from({ length: T }, (_, t) => firstStep(t + 1, k1, k2))).size;
  const passes = `${firsts} backward pass${firsts > 1 ? "es" : ""}, ${stepsBack(T, k1, k2)} steps back in all.`;
  const error = truncationError(shares, k1, k2);
  return `${passes} ${error > 1e-9 ? `The gradient of W_hh is off by ${Math.round(100 * error)} % of its length.` : "The gradient of W_hh is whole."}`;
}

function draw(ui, view) {
  setAttribute(ui.svg, "width", ui.wide);
  setAttribute(ui.svg, "height", AREA.grid + ui.T * AREA.row + 8);
  drawGraph(ui, view);
  drawGrid(ui, view);
  for (const { name } of SLIDERS) {
    const slider = ui.part(`[data-setting=${name}]`);
    slider.value = view[name];
    showSetting(slider, String(view[name]));
  }
  setText(ui.part(".rnncourse-readout"), readoutOf(view));
  setText(ui.part(".rnncourse-cost"), costOf(view));
  setAttribute(ui.part("[data-do=whole]"), "aria-disabled", view.k1 === ui.T);
}

/* Far back and often belong together: a pass reaches back at least to the one before. Side by side stays so. */
function setWindow(ui, model, name, value) {
  const fresh = Math.max(1, Math.min(ui.T, value));
  const [k1, k2] = [model.get("k1"), model.get("k2")];
  if (name === "k2") store(model, { k2: fresh, k1: k1 === k2 ? fresh : Math.min(k1, fresh) });
  else store(model, { k1: fresh, k2: Math.max(k2, fresh) });
}

/* The edge of the last window, and every cell of the grid, can be pulled: a window reaches back to there. */
function dragWindow(ui, model) {
  let grabbed = null;
  const columnsTo = (event) => (event.x - places(ui).left) / places(ui).pitch;
  const start = ({ sourceEvent }) => {
    const { target } = sourceEvent;
    grabbed = target.classList.contains("edge") ? ui.T : target.dataset.t ? Number(target.dataset.t) : null;
  };
  const go = (event) => {
    const reach = grabbed && grabbed - Math.round(columnsTo(event));
    if (grabbed) setWindow(ui, model, "k2", reach);
  };
  const end = (event) => {
    if (grabbed && Math.abs(event.x - event.subject.x) < 3 && Math.floor(columnsTo(event)) < grabbed) store(model, { loss: grabbed });
  };
  const drag = d3.drag().container(() => ui.svg).subject((event) => ({ x: event.x, y: event.y }));
  drag.filter((event) => event.target.closest?.(".edge, .grid rect") !== null);
  d3.select(ui.svg).call(drag.on("start", start).on("drag", go).on("end", end));
}

function choose(ui, model, loss, focus) {
  store(model, { loss });
  if (focus) ui.svg.querySelector(`[data-loss="${loss}"]`).focus();
}

function lossKeys(ui, model, event) {
  if (!event.target.closest?.(".loss") || belongsToNotebook(event)) return;
  const now = model.get("loss");
  const next = { ArrowLeft: now - 1, ArrowUp: now - 1, ArrowRight: now + 1, ArrowDown: now + 1, Home: 0, End: ui.T }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  choose(ui, model, (next + ui.T + 1) % (ui.T + 1), true);
}

function watchGrid(ui, again) {
  const look = (target) => {
    const { t, k } = target?.dataset ?? {};
    ui.looked = t ? { t: Number(t), k: Number(k) } : null;
    again();
  };
  ui.svg.addEventListener("pointerover", ({ target, pointerType }) => pointerType === "mouse" && look(target));
  ui.svg.addEventListener("pointerleave", () => look(null));
}

function render({ model, el }) {
  const network = model.get("network");
  const T = network.y.length;
  const ui = panel(el, { name: "credit-lab", isLab: true, label: "Credit lab", html: labHtml(T) });
  Object.assign(ui, { svg: ui.part(".rnncourse-graph svg"), T, wide: 800, looked: null, computed: computed(network) });
  addParts(ui);
  dragWindow(ui, model);
  const again = () => draw(ui, viewOf(ui, model));
  watchGrid(ui, again);
  ui.root.addEventListener("keydown", (event) => lossKeys(ui, model, event));
  ui.root.addEventListener("input", ({ target }) => setWindow(ui, model, target.dataset.setting, Number(target.value)));
  ui.root.addEventListener("click", ({ target }) => {
    const loss = target.closest(".loss")?.dataset.loss;
    if (loss !== undefined) choose(ui, model, Number(loss), true);
    if (target.dataset.do === "whole") store(model, { k1: T, k2: T });
  });
  ui.listen(model, SHARED, () => {
    again();
    ui.say(() => `${readoutOf(viewOf(ui, model))} ${costOf(viewOf(ui, model))}`);
  });
  onWidthOf(ui, ui.part(".rnncourse-graph"), again);
  again();
  return ui.leave;
}

export default { render };
