/* The heat map of |∂L/∂h_t| above the curve of ‖∂h_T/∂h_t‖, both by step t, and what they say about a step. */

const CHART = { left: 48, right: 10, top: 20, heat: 88, gap: 26, curve: 178, below: 34 };
const CURVE_TOP = CHART.top + CHART.heat + CHART.gap;
const CURVE_BOTTOM = CURVE_TOP + CHART.curve;
const LEGEND = { wide: 84, right: 98, rightOfNumber: 44 };
const NARROW = 330; // pixels: in a chart that is narrower, there is room for fewer words
const LARGE_NUMBERS = ["", " thousand", " million", " billion", " trillion"];

function chartHtml() {
  return `<div class="rnncourse-chart"><canvas aria-hidden="true"></canvas>
    <svg height="${CURVE_BOTTOM + CHART.below}" role="group" aria-label="Heat map and curve">
      <g class="frame"></g><path class="kept"/><path class="curve"/><circle class="end" r="4"/>
      <g class="cursor"><path/><circle r="5"/><rect class="unit"/></g>
      <rect class="pad" data-pad="heat" tabindex="0" role="application" aria-label="Heat map, arrow keys choose a step and a unit"
        y="${CHART.top}" height="${CHART.heat}"/>
      <rect class="pad" data-pad="curve" tabindex="0" role="slider" aria-label="Curve, step t" aria-valuemin="0"
        y="${CURVE_TOP}" height="${CHART.curve}"/></svg></div>`;
}

/* A number from its logarithm, such as 0.62, 3.4e-12 or 7.1e-480, as the lab's Python writes it. */
function powerText(log10) {
  if (log10 === -Infinity) return "0";
  if (log10 >= -2 && log10 < 3) {
    const value = 10 ** log10;
    return value < 99.5 ? String(Number(value.toPrecision(2))) : value.toFixed(0);
  }
  const exponent = Math.floor(log10);
  const mantissa = (10 ** (log10 - exponent)).toFixed(1);
  const [digits, power] = mantissa === "10.0" ? ["1.0", exponent + 1] : [mantissa, exponent];
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/* 10 to a power of at least 2, in words: 450, 4.2 thousand, 31 million, … */
function largeNumber(log10) {
  const group = Math.floor(log10 / 3);
  if (group >= LARGE_NUMBERS.length) return `10 to the power of ${Math.round(log10)}`;
  return `${Number((10 ** (log10 - 3 * group)).toPrecision(2))}${LARGE_NUMBERS[group]}`;
}

/* What a gain means, as the end of a sentence about the gradient. */
function gainWords(log10) {
  if (log10 === -Infinity) return "nothing is left: it is exactly 0";
  if (Math.abs(log10) < 0.005) return "its length is the same";
  if (log10 >= 3) return `it is ${largeNumber(log10)} times as long`;
  if (log10 > 0) return `it is ${powerText(log10)} times as long`;
  if (log10 >= -2) return `${Number((100 * 10 ** log10).toPrecision(2))} % of its length is left`;
  return `one part in ${largeNumber(-log10)} is left`;
}

function powerSvg(exponent) {
  if (exponent === 0) return "1";
  return `10<tspan dy="-5" font-size="11">${String(exponent).replace("-", "−")}</tspan>`;
}

/* A derivative's letters, the last of them with an index. */
function partialSvg(letters, index) {
  return `<tspan class="math">${letters}<tspan dy="3" font-size="11">${index}</tspan></tspan><tspan dy="-3">&#8203;</tspan>`;
}

function textSvg(x, y, words, anchor = "start", kind = "") {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" class="${kind}">${words}</text>`;
}

/* The powers of ten at the ends of the curve's axis, at least 1e-12 and 1e4, and the step between its lines. */
function powersFor(curves) {
  const values = curves.flatMap((one) => [...one]).filter((one) => one !== -Infinity);
  const low = Math.min(-12, Math.floor(Math.min(...values)));
  const high = Math.max(4, Math.ceil(Math.max(...values)));
  return { low, high, step: [4, 6, 10, 20, 50, 100, 200, 500].find((one) => (high - low) / one <= 5) };
}

function chartScales(wide, T, { low, high }) {
  const x = d3.scaleLinear([-0.5, T + 0.5], [CHART.left, wide - CHART.right]);
  const y = d3.scaleLinear([low, high], [CURVE_BOTTOM, CURVE_TOP]);
  return { x, y: (log10) => y(Math.max(low, log10)) };
}

/* The colours of 256 levels, from 10^-decades to 10^decades, between stops [share, colour]: bytes red, green, blue. */
function paletteOf(stops) {
  const part = (colour, k) => parseInt(colour.slice(1 + 2 * k, 3 + 2 * k), 16);
  const channels = [0, 1, 2].map((k) => d3.scaleLinear(stops.map(([at]) => at), stops.map(([, colour]) => part(colour, k))));
  return Uint8Array.from({ length: 3 * 256 }, (_, at) => Math.round(channels[at % 3](Math.floor(at / 3) / 255)));
}

/* One pixel for each step and unit; the browser enlarges them. */
function paintHeat(ui, { flow, fixed }) {
  const { T, H, sizes } = flow;
  const image = new ImageData(T + 1, H);
  for (let t = 0; t <= T; t++) {
    for (let unit = 0; unit < H; unit++) {
      const share = Math.max(0, Math.min(1, sizes[t * H + unit] / (2 * fixed.decades) + 0.5));
      const level = 3 * Math.round(255 * share);
      const to = 4 * (unit * (T + 1) + t);
      for (let part = 0; part < 3; part++) image.data[to + part] = ui.palette[level + part];
      image.data[to + 3] = 255;
    }
  }
  Object.assign(ui.canvas, { width: T + 1, height: H });
  ui.canvas.getContext("2d").putImageData(image, 0, 0);
}

function legendSvg(ui, { fixed }, wide) {
  const stops = fixed.stops.map(([at, colour]) => `<stop offset="${at}" stop-color="${colour}"/>`).join("");
  const narrow = wide < NARROW;
  const to = wide - (narrow ? LEGEND.rightOfNumber : LEGEND.right);
  const from = to - LEGEND.wide;
  return `<defs><linearGradient id="${ui.gradientId}">${stops}</linearGradient></defs>
    <rect x="${from}" y="4" width="${LEGEND.wide}" height="11" rx="2" class="scale" fill="url(#${ui.gradientId})"/>
    ${textSvg(from - 5, 15, `${narrow ? "" : "dead "}${powerSvg(-fixed.decades)}`, "end")}${textSvg((from + to) / 2, 14, "1", "middle", "on-bright")}
    ${textSvg(to + 5, 15, `${powerSvg(fixed.decades)}<tspan dy="5">${narrow ? "" : " exploded"}</tspan>`)}`;
}

function gridSvg({ x, y }, { low, high, step }, T, wide) {
  const parts = [];
  for (let k = Math.ceil(low / step) * step; k <= high; k += step) {
    parts.push(`<path d="M${CHART.left} ${y(k)}H${wide - CHART.right}" class="${k ? "grid" : "one"}"/>`);
    parts.push(textSvg(CHART.left - 6, y(k) + 4, powerSvg(k), "end"));
  }
  const apart = [1, 5, 10, 20, 25, 50].find((one) => T / one <= (wide < 420 ? 5 : 10));
  for (let t = 0; t <= T; t += apart) {
    parts.push(`<path d="M${x(t)} ${CURVE_BOTTOM}v4" class="tick"/>`, textSvg(x(t), CURVE_BOTTOM + 16, t, "middle"));
  }
  return parts.join("");
}

/* What stays as long as the axes do. */
function frameSvg(ui, view, scales, powers) {
  const { flow, fixed } = view;
  const [right, s] = [ui.wide - CHART.right, flow.state];
  const band = scales.y(fixed.rounding);
  const narrow = ui.wide < NARROW;
  return [
    textSvg(CHART.left, 14, `${partialSvg(`|∂L/∂${s}`, "t")}|${ui.wide < 420 ? "" : ", a row for each unit"}`),
    legendSvg(ui, view, ui.wide),
    `<rect x="${CHART.left - 1}" y="${CHART.top - 1}" width="${right - CHART.left + 2}" height="${CHART.heat + 2}" class="edge"/>`,
    textSvg(CHART.left - 6, CHART.top + 10, "unit 0", "end"),
    textSvg(CHART.left - 6, CHART.top + CHART.heat - 2, flow.H - 1, "end"),
    textSvg(CHART.left, CURVE_TOP - 8, `${partialSvg(`‖∂${s}`, "T")}${partialSvg(`/∂${s}`, "t")}‖${narrow ? "" : ", what is left"}`),
    `<rect x="${CHART.left}" y="${band}" width="${right - CHART.left}" height="${CURVE_BOTTOM - band}" class="lost"/>`,
    gridSvg(scales, powers, flow.T, ui.wide),
    `<path d="M${CHART.left} ${scales.y(EXPLODES)}H${right}" class="limit" data-fate="explodes"/>`,
    `<path d="M${CHART.left} ${scales.y(DIES)}H${right}" class="limit" data-fate="dies"/>`,
    textSvg(right - 5, scales.y(EXPLODES) - 4, "above 1,000: explodes", "end", "halo"),
    textSvg(CHART.left + 6, scales.y(DIES) + 13, "below 1/1000: dies", "start", "halo"),
    textSvg(right - 5, CURVE_BOTTOM - 6, `${narrow ? "" : "added to 1, "}float32 rounds this away`, "end", "halo"),
    textSvg(narrow ? CHART.left + 20 : (CHART.left + right) / 2, CURVE_BOTTOM + 30, 'step <tspan class="math">t</tspan>', "middle"),
    textSvg(right, CURVE_BOTTOM + 30, "← it starts here", "end"),
  ].join("");
}

function curvePath(norms, first, { x, y }) {
  return `M${Array.from(norms, (one, t) => `${x(t + first).toFixed(1)} ${y(one).toFixed(1)}`).join("L")}`;
}

/* A curve of other length keeps its right end: the loss is there in both. */
function keptPath(now, kept, scales) {
  if (!kept) return "";
  const shown = kept.norms.slice(-now.T - 1);
  return curvePath(shown, now.T + 1 - shown.length, scales);
}

function drawChart(ui, view) {
  const { flow, kept } = view;
  const powers = powersFor(kept ? [flow.norms, kept.norms.slice(-flow.T - 1)] : [flow.norms]);
  const scales = chartScales(ui.wide, flow.T, powers);
  const frame = ui.chart.querySelector(".frame");
  const key = [ui.wide, flow.T, flow.state, powers.low, powers.high].join();
  if (frame.dataset.drawnFor !== key) {
    frame.innerHTML = frameSvg(ui, view, scales, powers);
    frame.dataset.drawnFor = key;
    placeChart(ui);
  }
  setAttribute(ui.chart.querySelector(".kept"), "d", keptPath(flow, kept, scales));
  if (ui.drawnFlow !== flow || ui.drawnFor !== key) {
    ui.curve.setAttribute("d", curvePath(flow.norms, 0, scales));
    setAttribute(ui.chart.querySelector(".end"), "cx", scales.x(0));
    setAttribute(ui.chart.querySelector(".end"), "cy", scales.y(flow.norms[0]));
    if (ui.drawnFlow !== flow) paintHeat(ui, view);
    Object.assign(ui, { drawnFlow: flow, drawnFor: key });
  }
  drawCursor(ui, view, scales);
}

/* Lay the canvas and what hears the reader over the places that the frame leaves for them. */
function placeChart(ui) {
  const wide = ui.wide - CHART.left - CHART.right;
  setAttribute(ui.chart, "width", ui.wide);
  Object.assign(ui.canvas.style, { left: `${CHART.left}px`, top: `${CHART.top}px`, width: `${wide}px`, height: `${CHART.heat}px` });
  for (const pad of ui.pads) {
    setAttribute(pad, "x", CHART.left);
    setAttribute(pad, "width", wide);
  }
}

function drawCursor(ui, { flow, step, unit }, { x, y }) {
  const [line, dot, cell] = ui.chart.querySelector(".cursor").children;
  setAttribute(line, "d", `M${x(step)} ${CHART.top}v${CHART.heat}M${x(step)} ${CURVE_TOP}V${CURVE_BOTTOM}`);
  setAttribute(dot, "cx", x(step));
  setAttribute(dot, "cy", y(flow.norms[step]));
  const tall = CHART.heat / flow.H;
  const wide = Math.max(4, x(1) - x(0));
  const at = { x: x(step) - wide / 2 - 1, y: CHART.top + (unit ?? 0) * tall - 1, width: wide + 2, height: tall + 2 };
  for (const [name, value] of Object.entries(at)) setAttribute(cell, name, value);
  setAttribute(cell, "visibility", unit === null ? "hidden" : "visible");
}

/* What the chart says about a step, and about a unit where one is looked at, as HTML. */
function readoutHtml({ flow, step, unit }) {
  const { T, H, state, norms, sizes } = flow;
  const s = (t) => `<i>${state}</i><sub>${t}</sub>`;
  const back = T - step === 1 ? "1 step" : `${T - step} steps`;
  const gain = `‖∂${s(T)}/∂${s(step)}‖ = <b>${powerText(norms[step])}</b>`;
  const said = step === T ? "the gradient starts here" : gainWords(norms[step]);
  const one = unit === null ? "" : ` Unit ${unit}: |∂<i>L</i>/∂${s(step)}| = <b>${powerText(sizes[step * H + unit])}</b>.`;
  return `Step ${step}, ${back} back: ${gain}, ${said}.${one}`;
}

/* The step, and in the heat map the unit, under the pointer. */
function placeUnder(ui, { flow }, event, pad) {
  const [px, py] = d3.pointer(event, ui.chart);
  const share = (px - CHART.left) / (ui.wide - CHART.left - CHART.right);
  const within = (value, last) => Math.max(0, Math.min(last, value));
  const unit = within(Math.floor(((py - CHART.top) / CHART.heat) * flow.H), flow.H - 1);
  return { step: within(Math.floor(share * (flow.T + 1)), flow.T), unit: pad === "heat" ? unit : null };
}

/* Where a key leads from a step and a unit; null for a key that is not for the chart. */
function placeByKey({ flow, step, unit }, key, pad) {
  const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -10, PageUp: 10, Home: -flow.T, End: flow.T }[key];
  const up = { ArrowUp: -1, ArrowDown: 1 }[key];
  const within = (value, last) => Math.max(0, Math.min(last, value));
  if (by) return { step: within(step + by, flow.T), unit };
  if (up && pad === "heat") return { step, unit: within((unit ?? 0) + up, flow.H - 1) };
  return up ? { step: within(step - up, flow.T), unit } : null;
}

/* Look where the pointer is, go where it presses or is dragged, and listen to keys. look(place) is for a moment,
   null: no longer; go(step) stays. viewNow(): what is on screen. */
function listenToChart(ui, viewNow, look, go) {
  for (const pad of ui.pads) {
    const name = pad.dataset.pad;
    pad.addEventListener("pointermove", (event) => event.pointerType === "mouse" && look(placeUnder(ui, viewNow(), event, name)));
    pad.addEventListener("pointerleave", () => look(null));
    pad.addEventListener("focus", () => pad.matches(":focus-visible") && look({ step: viewNow().step, unit: name === "heat" ? 0 : null }));
    pad.addEventListener("blur", () => look(null));
    pad.addEventListener("keydown", (event) => {
      const place = belongsToNotebook(event) ? null : placeByKey(viewNow(), event.key, name);
      if (!place) return;
      event.preventDefault();
      go(place.step);
      look(place);
    });
    const drag = d3.drag().container(() => ui.chart);
    const follow = ({ sourceEvent }) => {
      const touch = sourceEvent.changedTouches?.[0] ?? sourceEvent;
      const place = placeUnder(ui, viewNow(), touch, name);
      go(place.step);
      look(place);
    };
    d3.select(pad).call(drag.on("start", follow).on("drag", follow));
  }
}
