/* The state as a dot in the plane: where it was, where it is, and where it would end up without input. */

const PLANE = { side: 330, reach: 1.12 };
const MOVE_MS = 280;

function planeSvg() {
  const { side } = PLANE;
  return `<svg class="rnncourse-plane" viewBox="0 0 ${side} ${side}" role="group" aria-label="The state in the plane">
    <path class="axes" d="M0 ${side / 2}H${side}M${side / 2} 0V${side}"/><g class="areas"></g>
    <path class="long-run"/><g class="stops"></g><path class="trail"/><g class="earlier"></g><path class="move"/>
    <text x="${side - 4}" y="${side / 2 - 5}" text-anchor="end">first unit</text><text x="${side / 2 + 5}" y="12">second unit</text>
    <circle class="before" r="9" tabindex="0" role="application" aria-label="Previous state"/><circle class="now" r="9"/></svg>`;
}

function planeScales() {
  const { side, reach } = PLANE;
  return { x: d3.scaleLinear([-reach, reach], [0, side]), y: d3.scaleLinear([-reach, reach], [side, 0]) };
}

function placeOf([first, second]) {
  const { side, reach } = PLANE;
  return [(side * (reach + first)) / (2 * reach), (side * (reach - second)) / (2 * reach)];
}

function drawAreas(ui, { readout, names }) {
  if (!readout) return;
  const corners = names.map((_, k) => areaOf(readout, k, PLANE.reach).map(placeOf));
  const shapes = corners.map((one, k) => `<polygon data-area="${k}" points="${one.map((place) => place.join()).join(" ")}"/>`);
  const words = corners.map((one, k) => {
    if (!one.length) return "";
    const [x, y] = [0, 1].map((axis) => one.reduce((sum, place) => sum + place[axis], 0) / one.length);
    return `<text x="${x}" y="${y}" text-anchor="middle">${names[k]}</text>`;
  });
  ui.plane.querySelector(".areas").innerHTML = shapes.join("") + words.join("");
}

function circles(ui, group, points, radius) {
  d3.select(ui.plane.querySelector(group)).selectAll("circle").data(points.map(placeOf)).join("circle")
    .attr("cx", ([x]) => x).attr("cy", ([, y]) => y).attr("r", radius);
}

function drawPlane(ui, { steps, step, long }) {
  const { before, h } = steps[step - 1];
  const earlier = steps.slice(0, step - 1).map((one) => one.h);
  drawLongRun(ui, long);
  circles(ui, ".stops", long.points ? long.states.slice(-long.points) : [], 14);
  circles(ui, ".earlier", earlier, 3.5);
  const places = [...earlier, h].map(placeOf);
  setAttribute(ui.plane.querySelector(".trail"), "d", `M${places.map((one) => one.map((side) => side.toFixed(1)).join(" ")).join("L")}`);
  const [from, to] = [placeOf(before), placeOf(h)];
  setAttribute(ui.plane.querySelector(".move"), "d", `M${from.join(" ")}L${to.join(" ")}`);
  moveTo(ui.beforeDot, from);
  setAttribute(ui.beforeDot, "aria-description", `first unit ${written(before[0])}, second unit ${written(before[1])}; arrow keys move it`);
  if (ui.glides && !prefersLessMotion()) glide(ui, from, to);
  else moveTo(d3.select(ui.nowDot).interrupt().node(), to);
}

/* Hundreds of dots as one path: lines without length, with round ends. */
function drawLongRun(ui, long) {
  if (ui.drawnRun === long) return;
  ui.drawnRun = long;
  const dots = long.points ? [] : long.states.map((one) => `M${placeOf(one).map((side) => side.toFixed(1)).join(" ")}h0`);
  setAttribute(ui.plane.querySelector(".long-run"), "d", dots.join(""));
}

function moveTo(dot, [x, y]) {
  setAttribute(dot, "cx", x);
  setAttribute(dot, "cy", y);
}

/* Let the dot travel from where the state was to where it is. */
function glide(ui, [x, y], [cx, cy]) {
  d3.select(ui.nowDot).interrupt().attr("cx", x).attr("cy", y)
    .transition().duration(MOVE_MS).ease(d3.easeCubicInOut).attr("cx", cx).attr("cy", cy);
}

/* Drag the previous state, or move it by keys. onMove([first, second]) hears where it should be. */
function dragBefore(ui, stateNow, onMove) {
  const { x, y } = planeScales();
  const inside = (value) => Math.round(1000 * Math.max(-1, Math.min(1, value))) / 1000;
  const drag = d3.drag().container(() => ui.plane).on("drag", (event) => onMove([inside(x.invert(event.x)), inside(y.invert(event.y))]));
  d3.select(ui.beforeDot).call(drag);
  ui.beforeDot.addEventListener("keydown", (event) => {
    const by = { ArrowRight: [0.05, 0], ArrowLeft: [-0.05, 0], ArrowUp: [0, 0.05], ArrowDown: [0, -0.05] }[event.key];
    if (!by || belongsToNotebook(event)) return;
    event.preventDefault();
    onMove(stateNow().map((one, unit) => inside(one + by[unit])));
  });
}
