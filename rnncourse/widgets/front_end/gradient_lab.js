/* The Gradient lab: controls that set Python's settings, and a picture drawn from the numbers that come back. */

const BOX = { width: 830, height: 478, left: 62, right: 818 }; // of the picture, in its own units
const HEAT = { top: 26, bottom: 206 };
const CURVE = { top: 244, bottom: 434 };

const CONTROLS = [
  { name: "cell", label: "Cell", kind: "select" },
  { name: "init", label: "Initialization", kind: "select" },
  { name: "inputs", label: "Input", kind: "select" },
  { name: "scale", label: "Weight scale", kind: "range", write: (v) => v.toFixed(2) },
  { name: "T", label: "Steps T", kind: "range", write: (v) => String(v) },
  { name: "seed", label: "Seed", kind: "range", write: (v) => String(v) },
  { name: "forget_bias", label: "Forget bias", kind: "range", write: (v) => v.toFixed(1) },
];

function control(one, { choices, ranges }) {
  return one.kind === "select" ? selectHtml(one, choices[one.name]) : sliderHtml(one, ranges[one.name]);
}

function power(exponent) {
  if (exponent === 0) return "1";
  return `10<tspan dy="-5" font-size="10">${String(exponent).replace("-", "−")}</tspan>`;
}

function text(x, y, words, anchor = "start", kind = "") {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" class="${kind}">${words}</text>`;
}

/* The lowest and highest power of ten on the curve's axis, at least 1e-12 … 1e2, and the step between its lines. */
function axis(both) {
  const values = both.flat().filter((value) => value !== null);
  const low = Math.min(-12, Math.floor(Math.min(...values)));
  const high = Math.max(2, Math.ceil(Math.max(...values)));
  const step = [2, 4, 5, 10, 20, 50, 100, 200, 500].find((one) => (high - low) / one <= 8);
  return { low, high, step };
}

function scales(steps, { low, high }) {
  const wide = (BOX.right - BOX.left) / (steps + 1);
  return {
    x: (t) => BOX.left + (t + 0.5) * wide,
    y: (v) => CURVE.bottom - ((v === null ? low : v) - low) * ((CURVE.bottom - CURVE.top) / (high - low)),
  };
}

function path(curve, x, y) {
  return curve.map((value, t) => `${t ? "L" : "M"}${x(t).toFixed(1)} ${y(value).toFixed(1)}`).join("");
}

/* A partial derivative's letters, the last of them with an index. */
function partial(letters, index) {
  return `<tspan class="math">${letters}<tspan dy="3" font-size="10">${index}</tspan></tspan><tspan dy="-3">&#8203;</tspan>`;
}

function legend(fixed) {
  const stops = [0, 32, 64, 102, 128, 153, 191, 223, 255].map((level) => {
    const [r, g, b] = fixed.bytes.subarray(3 * level, 3 * level + 3);
    return `<stop offset="${level / 255}" stop-color="rgb(${r},${g},${b})"/>`;
  });
  const [from, to] = [570, 716];
  return (
    `<defs><linearGradient id="${fixed.id}">${stops.join("")}</linearGradient></defs>` +
    `<rect x="${from}" y="6" width="${to - from}" height="12" rx="2" class="scale" fill="url(#${fixed.id})"/>` +
    text(from - 6, 17, `dead ${power(-fixed.decades)}`, "end", "small") +
    text((from + to) / 2, 16, "1", "middle", "on-bright") +
    text(to + 6, 17, `${power(fixed.decades)}<tspan dy="5"> exploded</tspan>`, "start", "small")
  );
}

/* What stays as long as the axes do. */
function frame({ steps, state, units }, range, fixed) {
  const { x, y } = scales(steps, range);
  const parts = [
    text(BOX.left, 17, `size of ${partial(`∂L/∂${state}`, "t")}, one row a unit`),
    legend(fixed),
    `<rect x="${BOX.left - 1}" y="${HEAT.top - 1}" width="${BOX.right - BOX.left + 2}"
      height="${HEAT.bottom - HEAT.top + 2}" class="frame"/>`,
    text(BOX.left - 8, HEAT.top + 10, "unit 0", "end", "small"),
    text(BOX.left - 8, HEAT.bottom - 2, String(units - 1), "end", "small"),
    text(
      BOX.left,
      CURVE.top - 10,
      `gain ${partial(`‖∂${state}`, "T")}${partial(`/∂${state}`, "t")}‖: how much of the gradient is left`,
    ),
    `<rect x="${BOX.left}" y="${y(fixed.rounding)}" width="${BOX.right - BOX.left}"
      height="${CURVE.bottom - y(fixed.rounding)}" class="lost"/>`,
  ];
  for (let k = Math.ceil(range.low / range.step) * range.step; k <= range.high; k += range.step) {
    parts.push(`<path d="M${BOX.left} ${y(k)}H${BOX.right}" class="${k ? "grid" : "one"}"/>`);
    parts.push(text(BOX.left - 8, y(k) + 4, power(k), "end", "small"));
  }
  const apart = [1, 5, 10, 20, 25].find((one) => steps / one <= 10);
  for (let t = 0; t <= steps; t += apart) {
    parts.push(`<path d="M${x(t)} ${CURVE.bottom}v5" class="tick"/>`);
    parts.push(text(x(t), CURVE.bottom + 18, String(t), "middle", "small"));
  }
  const below = CURVE.bottom + 36;
  parts.push(text((BOX.left + BOX.right) / 2, below, 'step <tspan class="math">t</tspan>', "middle"));
  parts.push(text(BOX.right, below, "← the gradient starts here", "end", "small"));
  return parts.join("");
}

/* The two lines: the flow of now, and the one kept for comparison. */
function lines({ steps, curve }, other, range) {
  const { x, y } = scales(steps, range);
  const first = other ? steps + 1 - other.length : 0;
  return {
    now: path(curve, x, y),
    kept: other ? path(other, (t) => x(t + first), y) : "",
    end: [x(0), y(curve[0])],
  };
}

/* One pixel for each step and unit; the browser enlarges them. */
function paint(canvas, view, bytes) {
  const levels = new Uint8Array(view.levels.buffer, view.levels.byteOffset, view.levels.byteLength);
  const [wide, tall] = [view.steps + 1, view.units];
  const image = new ImageData(wide, tall);
  for (let t = 0; t < wide; t++) {
    for (let unit = 0; unit < tall; unit++) {
      const from = 3 * levels[t * tall + unit];
      const to = 4 * (unit * wide + t);
      for (let part = 0; part < 3; part++) image.data[to + part] = bytes[from + part];
      image.data[to + 3] = 255;
    }
  }
  canvas.width = wide;
  canvas.height = tall;
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function labHtml(fixed) {
  return `
    <div class="rnncourse-settings">${CONTROLS.map((one) => control(one, fixed)).join("")}</div>
    <p class="rnncourse-fate"></p>
    <dl class="rnncourse-numbers"></dl>
    <div class="rnncourse-flow" role="img">
      <svg viewBox="0 0 ${BOX.width} ${BOX.height}" aria-hidden="true"><g></g><path class="kept"/><path class="curve"/><circle class="end" r="4.5"/><text class="note"
        x="${BOX.left + 6}">added to 1, float32 rounds this away</text></svg>
      <canvas aria-hidden="true"></canvas>
    </div>
    <div class="rnncourse-keeping">
      <button type="button" data-do="keep">Keep this curve</button>
      <button type="button" data-do="drop">Drop it</button><span></span>
    </div>`;
}

/* Lay the canvas over the frame that the picture leaves for the heat map. */
function placeCanvas(ui) {
  const percent = (part, whole) => `${(100 * part) / whole}%`;
  Object.assign(ui.part("canvas").style, {
    left: percent(BOX.left, BOX.width),
    width: percent(BOX.right - BOX.left, BOX.width),
    top: percent(HEAT.top, BOX.height),
    height: percent(HEAT.bottom - HEAT.top, BOX.height),
  });
}

function showSettings(ui, model) {
  for (const { name, kind, write } of CONTROLS) {
    const input = ui.part(`[data-setting=${name}]`);
    const value = model.get(name);
    if (document.activeElement !== input || Number(input.value) !== value) input.value = value;
    if (kind === "range") showSetting(input, write(value));
  }
  const gated = model.get("cell") === "lstm";
  const bias = ui.part("[data-setting=forget_bias]");
  bias.disabled = !gated;
  bias.parentElement.toggleAttribute("data-off", !gated);
}

function drawPicture(ui, { fixed, now, kept }) {
  const other = kept && kept.curve.slice(-now.steps - 1); // the loss of a longer curve is at the right, too
  const range = axis([now.curve, other || []]);
  const axesFor = JSON.stringify([now.steps, now.state, range]);
  const axes = ui.part("svg > g");
  if (axes.dataset.drawnFor !== axesFor) {
    axes.innerHTML = frame(now, range, fixed);
    axes.dataset.drawnFor = axesFor;
    setAttribute(ui.part("svg > .note"), "y", scales(now.steps, range).y(fixed.rounding) + 15);
  }
  const drawing = lines(now, other, range);
  setAttribute(ui.part("svg > .curve"), "d", drawing.now);
  setAttribute(ui.part("svg > .kept"), "d", drawing.kept);
  setAttribute(ui.part("svg > .end"), "cx", drawing.end[0]);
  setAttribute(ui.part("svg > .end"), "cy", drawing.end[1]);
  paint(ui.part("canvas"), now, fixed.bytes);
  setAttribute(ui.part(".rnncourse-flow"), "aria-label", `Heat map and curve for ${now.title}. ${now.heard}`);
}

function drawNumbers(ui, { now }) {
  setText(ui.part(".rnncourse-fate"), now.verdict);
  ui.root.dataset.fate = now.fate;
  const list = ui.part("dl");
  const labels = now.numbers.map(([, what]) => what).join("");
  if (list.dataset.labels !== labels) {
    list.innerHTML = now.numbers
      .map(([name, what]) => `<div><dt>${what}</dt><dd data-number="${name}"></dd></div>`)
      .join("");
    list.dataset.labels = labels;
  }
  now.numbers.forEach(([, , value], k) => setText(list.children[k].lastElementChild, value));
}

function draw(ui, view) {
  drawPicture(ui, view);
  drawNumbers(ui, view);
  setAttribute(ui.part("[data-do=drop]"), "aria-disabled", !view.kept);
  setText(ui.part(".rnncourse-keeping span"), view.kept ? `Dashed: ${view.kept.title}` : "");
}

function fixedOf(model) {
  const { palette, ...fixed } = model.get("fixed");
  const bytes = new Uint8Array(palette.buffer, palette.byteOffset, palette.byteLength);
  return { ...fixed, bytes, id: uniqueId("scale") };
}

function render({ model, el }) {
  const fixed = fixedOf(model);
  const ui = panel(el, { name: "gradient-lab", label: "Gradient lab", html: labHtml(fixed) });
  const view = { fixed, now: model.get("view"), kept: model.get("kept") }; // on screen
  placeCanvas(ui);

  const isCurrent = ({ settings }) => CONTROLS.every(({ name }) => settings[name] === model.get(name));
  const show = (next) => {
    view.now = next;
    draw(ui, view);
    ui.say(next.heard);
  };

  const settings = ui.part(".rnncourse-settings");
  settings.addEventListener("focusin", ({ target }) => store(model, { in_hand: target.dataset.setting }));
  settings.addEventListener("input", ({ target }) => {
    model.set(target.dataset.setting, target.type === "range" ? Number(target.value) : target.value);
    showSettings(ui, model);
    const next = model.get("ahead").find(isCurrent);
    if (next) show(next);
    model.save_changes();
  });
  ui.part("[data-do=keep]").addEventListener("click", () => {
    const { title, curve, state } = view.now;
    store(model, { kept: { title, curve, state } });
  });
  ui.part("[data-do=drop]").addEventListener("click", () => store(model, { kept: null }));

  // The kernel's answer: drawn already if it was sent ahead, and out of date if the reader has gone on.
  ui.listen(model, ["view"], () => {
    if (!isCurrent(view.now)) show(model.get("view"));
  });
  ui.listen(model, ["kept"], () => {
    view.kept = model.get("kept");
    draw(ui, view);
  });
  ui.listen(model, CONTROLS.map(({ name }) => name), () => showSettings(ui, model));
  showSettings(ui, model);
  draw(ui, view);
  return ui.leave;
}

export default { render };
