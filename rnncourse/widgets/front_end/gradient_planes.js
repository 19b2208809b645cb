/* What one matrix does again and again: its eigenvalues beside the unit circle, and a circle that becomes an ellipse. */

const PLANE_SIDE = 160;
const EXTENTS = [1.35, 2.5, 3.8]; // from the middle of the eigenvalues' plane to its edge
const FRAME = 1.5; // from the middle of the ellipse's plane to its edge, times a power of ten
const TRAIL = 5; // how many earlier ellipses stay visible

function planesHtml() {
  const middle = PLANE_SIDE / 2;
  const open = `viewBox="0 0 ${PLANE_SIDE} ${PLANE_SIDE}" role="img"`;
  const axes = `<path class="axes" d="M0 ${middle}H${PLANE_SIDE}M${middle} 0V${PLANE_SIDE}"/>`;
  const circle = (name) => `<circle class="${name}" cx="${middle}" cy="${middle}"/>`;
  return `<div class="rnncourse-planes">
    <figure><svg class="eigenvalues" ${open}>${axes}${circle("stretch")}${circle("radius")}${circle("unit-circle")}<g class="dots"></g></svg>
      <figcaption></figcaption></figure>
    <figure><svg class="ellipses" ${open}>${axes}${circle("unit-circle")}<g class="trail"></g>
      <ellipse class="now" cx="${middle}" cy="${middle}"/><text class="zoom" x="5" y="${PLANE_SIDE - 6}"></text></svg><figcaption></figcaption></figure></div>`;
}

/* What the planes show: eigenvalues, their largest absolute value, the largest singular value, and ellipses by steps
   back. Of an LSTM, which has no single W_hh, the eigenvalues of the direct path: its forget gates of the step. */
function planesOf({ settings, flow, step }, H) {
  const { init, scale, seed, T } = settings;
  if (flow.f) {
    const values = Array.from(flow.f[Math.max(step, 1) - 1], (one) => [one, 0]);
    const largest = Math.max(...values.map(([one]) => one));
    return { values, radius: largest, stretch: largest, ellipses: gateEllipses(flow) };
  }
  const { values, radius, stretch } = spectrumOf(init, seed, H);
  const grown = (one, k) => ({ long: one.long + k * Math.log10(scale), short: one.short });
  return {
    values: values.map((one) => one.map((part) => part * scale)),
    radius: radius * scale,
    stretch: stretch * scale,
    ellipses: ellipsesOfMatrix(init, seed, T, H).map(grown),
  };
}

const ELLIPSES_OF_GATES = new WeakMap();

function gateEllipses(flow) {
  if (!ELLIPSES_OF_GATES.has(flow)) ELLIPSES_OF_GATES.set(flow, ellipsesOfGates(flow.f, flow.T, flow.H));
  return ELLIPSES_OF_GATES.get(flow);
}

function drawEigenvalues(ui, { values, radius, stretch }, gated) {
  const extent = EXTENTS.find((one) => radius <= 0.92 * one) ?? 1.1 * radius;
  const place = d3.scaleLinear([-extent, extent], [0, PLANE_SIDE]);
  const size = (one) => place(one) - place(0);
  const circle = (name, r) => setAttribute(ui.eigen.querySelector(`.${name}`), "r", size(r));
  circle("unit-circle", 1);
  circle("radius", gated ? 0 : radius);
  circle("stretch", gated ? 0 : stretch);
  d3.select(ui.eigen.querySelector(".dots")).selectAll("circle").data(values).join("circle")
    .attr("r", 3).attr("cx", ([real]) => place(real)).attr("cy", ([, imaginary]) => place(-imaginary));
}

/* The power of ten by which the picture is made smaller, so that an ellipse fits and can be seen. */
function zoomFor({ long }) {
  return long === -Infinity ? 0 : Math.ceil(long - Math.log10(FRAME * 0.95));
}

function drawEllipses(ui, { ellipses }, back) {
  const zoom = zoomFor(ellipses[back]);
  const size = (log10) => Math.min(1e4, ((PLANE_SIDE / 2) * 10 ** (log10 - zoom)) / FRAME);
  const [now, trail] = [ui.ellipses.querySelector(".now"), ellipses.slice(Math.max(0, back - TRAIL), back)];
  now.style.transition = ui.zoom === zoom ? "" : "none"; // a change of scale is no growth
  ui.zoom = zoom;
  const shape = (one) => [size(one.long), size(one.long) * one.short];
  shape(ellipses[back]).forEach((one, k) => setAttribute(now, ["rx", "ry"][k], Math.max(k ? 0.6 : 1, one).toFixed(2)));
  d3.select(ui.ellipses.querySelector(".trail")).selectAll("ellipse").data(trail).join("ellipse")
    .attr("cx", PLANE_SIDE / 2).attr("cy", PLANE_SIDE / 2).attr("opacity", (_, k) => (0.6 * (k + 1)) / trail.length)
    .attr("rx", (one) => shape(one)[0]).attr("ry", (one) => Math.max(0.6, shape(one)[1]));
  setAttribute(ui.ellipses.querySelector(".unit-circle"), "r", size(0));
  setHtml(ui.ellipses.querySelector(".zoom"), zoomWords(zoom));
}

function zoomWords(zoom) {
  if (!zoom) return "true size";
  const power = `10<tspan dy="-4" font-size="11">${Math.abs(zoom)}</tspan><tspan dy="4">&#8203;</tspan>`;
  return `${zoom < 0 ? "magnified" : "reduced"} ${["", "10", "100", "1,000"][Math.abs(zoom)] ?? power} times`;
}

/* The lines below the two planes, as HTML and, for those who do not see the planes, as text. */
function planesWords({ radius, stretch, ellipses, values }, { flow, step }) {
  const back = flow.T - step;
  const { long, short } = ellipses[back];
  const axes = `long axis ${powerText(long)}, short axis ${powerText(long + Math.log10(short))}`;
  const steps = back === 1 ? "1 step" : `${back} steps`;
  const k = Math.max(step, 1);
  const [largest, most] = [radius.toFixed(2), stretch.toFixed(2)];
  const ellipse = { ellipse: `${steps} back: ${axes}`, ellipseHeard: `A circle of gradients after ${steps} back: an ellipse, ${axes}.` };
  if (flow.f) {
    const eigen = `${values.length} forget gates <i>f</i><sub>${k}</sub>, up to ${largest}`;
    return { ...ellipse, eigen, eigenHeard: `${values.length} forget gates of step ${k}, up to ${largest}, inside the unit circle.` };
  }
  return {
    ...ellipse,
    eigen: `Eigenvalues of <i>W</i><sub>hh</sub>: spectral radius ${largest} (dashed), largest singular value ${most} (dotted)`,
    eigenHeard: `Eigenvalues of W_hh and the unit circle: spectral radius ${largest}, largest singular value ${most}.`,
  };
}

const CIRCLE_NOTES = {
  h: `Right: gradients of length 1, in the plane of the two directions that one step back stretches most, multiplied by <i>W</i><sub>hh</sub>
    transposed at each step, slopes left aside. Each ellipse is drawn in its own plane, its long axis to the right.`,
  c: `An LSTM has no single <i>W</i><sub>hh</sub>. Along the direct path, with <i>h</i><sub>t−1</sub> held, one step back multiplies unit by unit by
    <i>f</i><sub>t</sub>: those are the eigenvalues. Right: what that does to a circle, in the plane of the two units with the largest gates at step <i>T</i>.`,
};

function drawPlanes(ui, view) {
  const planes = planesOf(view, view.flow.H);
  drawEigenvalues(ui, planes, Boolean(view.flow.f));
  drawEllipses(ui, planes, view.flow.T - view.step);
  const words = planesWords(planes, view);
  setHtml(ui.captions[0], words.eigen);
  setHtml(ui.captions[1], words.ellipse);
  setHtml(ui.part(".rnncourse-note"), CIRCLE_NOTES[view.flow.state]);
  setAttribute(ui.eigen, "aria-label", words.eigenHeard);
  setAttribute(ui.ellipses, "aria-label", words.ellipseHeard);
}

/* Touch the page only where something has changed. */
function setHtml(element, html) {
  if (element.dataset.html === html) return;
  element.innerHTML = html;
  element.dataset.html = html;
}
