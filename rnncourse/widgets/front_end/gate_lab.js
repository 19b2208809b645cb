/* The Gate lab: all of it is computed here, from the inputs, the clamps and the chosen step that Python shares. */

const STEP_MS = 1000;
const CALM_STEP_MS = 2500; // for readers who asked for less motion
const REST_MS = 700; // how long the lab rests before a screen reader is told
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

/* The parts of the picture over time that never change, and an empty element for each number that does. */
function chartSkeleton(T) {
  const wide = (CHART.right - CHART.left) / T;
  const middle = (t) => CHART.left + (t + 0.5) * wide;
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

function render({ model, el }) {
  const fixed = model.get("fixed");
  const T = model.get("inputs").length;
  const group = `rnncourse-scope-${Math.random().toString(36).slice(2)}`;
  const root = document.createElement("div");
  root.className = "rnncourse-live rnncourse-gate-lab";
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Gate lab");
  for (const [name, colour] of Object.entries(fixed.colours)) root.style.setProperty(`--tone-${name}`, colour);
  root.innerHTML = `
    <p class="rnncourse-task"><strong>Gate lab.</strong> Choose a preset, press Play, then move a gate and watch
      what the cell <i>c</i> keeps.</p>
    <div class="rnncourse-presets" role="group" aria-label="Presets">${fixed.presets
      .map(({ name, title }) => `<button type="button" data-preset="${name}">${title}</button>`)
      .join("")}</div>
    <p class="rnncourse-says"></p>
    <div class="rnncourse-walk">
      <button type="button" data-do="back">Back</button>
      <button type="button" data-do="next">Next</button>
      <button type="button" data-do="play">Play</button>
      <label><span>Step <i>t</i></span><input type="range" data-slider="step" min="1" max="${T}" step="1"><output></output></label>
    </div>
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
    <div class="rnncourse-formulas">${formulasHtml(fixed)}</div>
    <div class="rnncourse-heard" aria-live="polite"></div>`;
  el.append(root);

  const part = (selector) => root.querySelector(selector);
  const parts = (selector) => [...root.querySelectorAll(selector)];
  const [back, next, play] = ["back", "next", "play"].map((name) => part(`[data-do=${name}]`));
  const sliders = Object.fromEntries([...SLIDERS, "step"].map((name) => [name, part(`[data-slider=${name}]`)]));
  const boxes = Object.fromEntries(GATES.map((gate) => [gate, part(`[data-clamp=${gate}]`)]));
  const heard = part("[aria-live]");
  const [chart, cell] = [part(".rnncourse-over-time"), part(".rnncourse-cell svg")];
  const places = parts("[data-number]").map((one) => [one, one.dataset.number]);
  const onLines = parts(".rnncourse-cell [data-value]").map((one) => [one, one.dataset.value]);
  const rows = Object.fromEntries(ROWS.map(([name]) => [name, parts(`[data-row=${name}]`)]));
  const [dotsC, dotsH, bars, shares] = [".dot-c", ".dot-h", ".survives", "[data-survives]"].map((one) => parts(`svg ${one}`));
  const wide = (CHART.right - CHART.left) / T;
  const middle = (t) => CHART.left + (t + 0.5) * wide;

  let timer = null;
  let rest = null;
  let drawnAxis = 0;

  const set = (element, words) => {
    if (element.textContent !== words) element.textContent = words;
  };

  const put = (element, name, value) => {
    if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  };

  function drawAxis(limit, y) {
    const ticks = [limit, 0, -limit].map(
      (value) => `<path d="M${CHART.left} ${y(value)}H${CHART.right}" ${value ? "" : 'class="zero"'}/>
        <text x="${CHART.left - 10}" y="${y(value) + 4}" text-anchor="end">${String(value).replace("-", "−")}</text>`,
    );
    const key = `<path class="line-c" d="M6 46h26"/><text x="38" y="50" class="symbol">c</text>
      <path class="line-h" d="M6 70h26"/><text x="38" y="74" class="symbol">h</text>`;
    part(".axis").innerHTML = ticks.join("") + key;
  }

  function drawOverTime(run, step) {
    const limit = Math.ceil(2 * Math.max(1, ...[...run.c, ...run.h].map(Math.abs))) / 2;
    const centre = (CHART.top + CHART.bottom) / 2 + 4;
    const y = (value) => centre - (value / limit) * ((CHART.bottom - CHART.top) / 2 - 6);
    if (limit !== drawnAxis) drawAxis(limit, y);
    drawnAxis = limit;
    const line = (values) => values.map((value, t) => `${t ? "L" : "M"}${middle(t)} ${y(value).toFixed(1)}`).join("");
    put(chart.querySelector(":scope > .line-c"), "d", line(run.c));
    put(chart.querySelector(":scope > .line-h"), "d", line(run.h));
    put(chart.querySelector(".chosen"), "x", CHART.left + (step - 1) * wide);
    const [x, clamps] = [model.get("inputs"), model.get("clamps")];
    const floor = SURVIVES.top + SURVIVES.height;
    for (let t = 0; t < T; t++) {
      put(dotsC[t], "cy", y(run.c[t]).toFixed(1));
      put(dotsH[t], "y", (y(run.h[t]) - 4).toFixed(1));
      for (const [name] of ROWS) {
        const [box, words] = rows[name][t].children;
        const value = name === "x" ? x[t] : run[name][t];
        put(box, "fill-opacity", (0.5 * Math.min(1, Math.abs(value))).toFixed(2));
        put(box, "class", name !== "x" && clamps[name][t] !== null ? "clamped" : "");
        set(words, written(value));
      }
      const tall = Math.min(1, Math.abs(run.survives[t])) * SURVIVES.height; // more than 1 is said by its number
      put(bars[t], "y", (floor - tall).toFixed(1));
      put(bars[t], "height", tall.toFixed(1));
      set(shares[t], written(run.survives[t]));
    }
  }

  /* Every number of a step by name. */
  function numbersOf(run, step) {
    const t = step - 1;
    const before = (name) => (t ? run[name][t - 1] : 0);
    const product = run.f.slice(step).reduce((all, one) => all * one, 1);
    return {
      x: model.get("inputs")[t],
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

  function drawStep(now, step) {
    for (const [element, name] of places) set(element, written(now[name]));
    for (const [element, name] of onLines) set(element, written(now[name.replace(/^([xfigoch])_t$/, "$1")]));
    const clamps = model.get("clamps");
    for (const name of SLIDERS) {
      const input = sliders[name];
      if (Number(input.value) !== now[name]) input.value = now[name];
      put(input, "aria-valuetext", `${written(now[name])}${boxes[name] && clamps[name][step - 1] === null ? ", computed" : ""}`);
      set(input.nextElementSibling, written(now[name]));
    }
    for (const gate of GATES) {
      const held = clamps[gate][step - 1] !== null;
      boxes[gate].checked = held;
      part(`[data-formula=${gate}]`).toggleAttribute("data-held", held);
    }
  }

  function drawChoices(step) {
    const [x, clamps] = [model.get("inputs"), model.get("clamps")].map((one) => JSON.stringify(one));
    const same = (one) => JSON.stringify(one.x) === x && GATES.every((gate) => JSON.stringify(one.clamps[gate]) === JSON.stringify(model.get("clamps")[gate]));
    const chosen = fixed.presets.find(same);
    for (const button of parts("[data-preset]")) {
      button.setAttribute("aria-pressed", button.dataset.preset === chosen?.name);
      button.disabled = T !== fixed.presets[0].x.length;
    }
    set(part(".rnncourse-says"), chosen ? chosen.says : "Your own settings. What is not clamped is computed by the cell, from x and h.");
    sliders.step.value = step;
    sliders.step.setAttribute("aria-valuetext", `step ${step} of ${T}`);
    set(sliders.step.nextElementSibling, `${step} of ${T}`);
    set(part("[data-part=t]"), String(step));
    // aria-disabled, not disabled: a button that is disabled under the fingers would lose the focus.
    back.setAttribute("aria-disabled", step === 1);
    next.setAttribute("aria-disabled", step === T);
    const everywhere = model.get("everywhere");
    for (const radio of parts("[type=radio]")) radio.checked = (radio.value === "all") === everywhere;
  }

  function sentence(now, step) {
    const w = Object.fromEntries(Object.entries(now).map(([name, value]) => [name, written(value)]));
    return (
      `Step ${step} of ${T}, x ${w.x}. Forget gate ${w.f} keeps ${w.kept} of ${w.c_prev}; input gate ${w.i} times ` +
      `candidate ${w.g} adds ${w.added}: c is ${w.c}. Output gate ${w.o} shows h ${w.h}. Of the gradient of the last c, ` +
      `${w.survives} survives.`
    );
  }

  function tell(run, now, step) {
    const words = sentence(now, step);
    const all = (values) => values.map(written).join(", ");
    chart.setAttribute("aria-label", `Over ${T} steps: c ${all(run.c)}; h ${all(run.h)}; survives ${all(run.survives)}.`);
    cell.setAttribute("aria-label", `LSTM cell. ${words}`);
    return words;
  }

  function draw() {
    const step = model.get("step");
    const run = gateRun(model.get("inputs"), model.get("clamps"), fixed.weights);
    const now = numbersOf(run, step);
    drawOverTime(run, step);
    drawStep(now, step);
    drawChoices(step);
    return () => tell(run, now, step);
  }

  function changed() {
    const telling = draw();
    clearTimeout(rest);
    rest = setTimeout(() => {
      const words = telling();
      if (timer === null) heard.textContent = words; // while it plays, every step would be read out
    }, REST_MS);
  }

  function store(values) {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    model.save_changes();
  }

  function move(name, value) {
    const t = model.get("step") - 1;
    if (name === "x") {
      store({ inputs: model.get("inputs").map((one, k) => (k === t ? value : one)) });
      return;
    }
    const held = model.get("clamps")[name].map((one, k) => (model.get("everywhere") || k === t ? value : one));
    store({ clamps: { ...model.get("clamps"), [name]: held } });
  }

  /* Clamping holds each step at what it is; letting go leaves it to the cell. */
  function clamp(gate, on) {
    const clamps = model.get("clamps");
    const run = gateRun(model.get("inputs"), clamps, fixed.weights);
    const t = model.get("step") - 1;
    const held = clamps[gate].map((one, k) => (model.get("everywhere") || k === t ? (on ? run[gate][k] : null) : one));
    store({ clamps: { ...clamps, [gate]: held } });
  }

  function go(step) {
    store({ step: Math.min(T, Math.max(1, step)) });
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  function start() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (model.get("step") === T) go(1);
    timer = setInterval(() => {
      if (model.get("step") + 1 >= T) pause();
      go(model.get("step") + 1);
    }, calm ? CALM_STEP_MS : STEP_MS);
    play.textContent = "Pause";
  }

  function walk(to) {
    pause();
    go(to);
  }

  root.addEventListener("keydown", (event) => {
    if (belongsToNotebook(event)) return;
    event.stopPropagation(); // JupyterLab would take an arrow key as a command and fold the section away
    if (event.key === "Escape") backToNotebook(root);
  });
  root.addEventListener("input", ({ target }) => {
    const { slider: name, clamp: gate } = target.dataset;
    if (name === "step") walk(Number(target.value));
    else if (name) move(name, Number(target.value));
    else if (gate) clamp(gate, target.checked);
    else store({ everywhere: target.value === "all" });
  });
  root.addEventListener("click", ({ target }) => {
    const chosen = fixed.presets.find(({ name }) => name === target.dataset.preset);
    if (chosen) store({ inputs: [...chosen.x], clamps: chosen.clamps });
    if (target.dataset.step) walk(Number(target.dataset.step));
  });
  back.addEventListener("click", () => walk(model.get("step") - 1));
  next.addEventListener("click", () => walk(model.get("step") + 1));
  play.addEventListener("click", () => (timer === null ? start() : pause()));

  // A picture that is wider than the page is scrolled by keyboard, too.
  const watch = new ResizeObserver(() => {
    for (const box of parts(".rnncourse-wide")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  });
  for (const box of parts(".rnncourse-wide")) watch.observe(box);

  const SHARED = ["inputs", "clamps", "step", "everywhere"].map((name) => `change:${name}`);
  for (const event of SHARED) model.on(event, changed);
  draw()();

  return () => {
    pause();
    clearTimeout(rest);
    watch.disconnect();
    for (const event of SHARED) model.off(event, changed);
  };
}

export default { render };
