/* The cell as a picture that is also a control: a belt that carries c, and valves that the reader pulls open. */

const CELL = { width: 540, height: 184, belt: 62, half: 30, f: 156, add: 300, out: 436, low: 134, gap: 24, floor: 178 };

/* Where each valve is, and which way it is pulled open. */
const VALVES = {
  f: { x: CELL.f, y: CELL.belt, upright: true },
  i: { x: CELL.add, y: CELL.low, upright: false },
  o: { x: CELL.out, y: CELL.low, upright: false },
};

function symbolText(x, y, letter, index, more = "") {
  return `<text x="${x}" y="${y}" class="symbol" ${more}>${letter}<tspan dy="4" class="index">${index}</tspan></text>`;
}

/* A number in the picture, after its word or symbol. */
function quantity(x, y, name, words, more = "") {
  return `<text x="${x}" y="${y}" ${more}>${words} <tspan data-value="${name}"></tspan></text>`;
}

function word(name, text) {
  return `<tspan data-words="${name}">${text}</tspan>`;
}

function symbolSpan(letter, index, name = "") {
  return `<tspan class="symbol" data-words="${name}">${letter}</tspan><tspan class="index" dy="4">${index}</tspan><tspan dy="-4">&#8203;</tspan>`;
}

/* The two plates of a valve, its frame, and a field that fingers can hit. */
function valveSvg(gate) {
  const { x, y, upright } = VALVES[gate];
  const reach = upright ? CELL.half + 11 : CELL.gap + 11;
  const field = upright ? [x - 24, y - reach - 6, 48, 2 * reach + 12] : [x - reach - 6, y - 20, 2 * reach + 12, 40];
  const [left, top, wide, tall] = field;
  return `<g class="valve" data-valve="${gate}" data-tone="${gate}">
    <rect class="field" x="${left}" y="${top}" width="${wide}" height="${tall}" rx="8"/>
    <rect class="plate"/><rect class="plate"/><circle class="grip" r="5.5"/><circle class="grip" r="5.5"/></g>`;
}

function diagramSvg(hatch) {
  const { width, height, belt, f, add, out, low, floor } = CELL;
  return `<svg class="rnncourse-diagram" viewBox="0 0 ${width} ${height}" role="img">
    <defs><pattern id="${hatch}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect class="minus" width="7" height="7"/><rect class="stripe" width="2.5" height="7"/></pattern></defs>
    <path class="pipe" d="M8 ${belt - 31}H532M8 ${belt + 31}H532"/>
    <path class="drain"/><path class="added-below"/><path class="added"/><path class="shown"/><path class="shown-below"/>
    <path class="belt-before"/><path class="belt-after"/>
    <g class="flows"><path data-flow="belt" d="M8 ${belt}H532"/><path data-flow="drain" d="M${f - 38} ${belt + 20}V${floor - 14}"/>
      <path data-flow="added" d="M${add} ${floor - 14}V${belt + 10}"/><path data-flow="shown" d="M${out} ${belt + 10}V${floor - 14}"/></g>
    ${valveSvg("f")}${valveSvg("i")}${valveSvg("o")}
    <g class="valve" data-valve="g" data-tone="g"><rect class="field" x="${add + 34}" y="118" width="40" height="66" rx="8"/>
      <rect class="track" x="${add + 49}" y="126" width="10" height="50" rx="5"/><rect class="level" x="${add + 49}" width="10"/>
      <circle class="grip" r="5.5" cx="${add + 54}"/></g>
    <circle class="packet" r="0"/>
    ${quantity(10, 20, "c_prev", symbolSpan("c", "t−1", "before"))}
    ${quantity(f, 20, "f", symbolSpan("f", "t"), 'text-anchor="middle"')}
    ${quantity(add - 30, 20, "kept", word("kept", "kept"), 'text-anchor="middle"')}
    ${quantity(530, 20, "c", symbolSpan("c", "t", "after"), 'text-anchor="end"')}
    ${quantity(f - 2, floor - 6, "forgotten", word("drain", "forgotten"))}
    ${quantity(add - 40, low + 5, "i", symbolSpan("i", "t"), 'text-anchor="end"')}
    ${quantity(add + 36, 112, "added", word("added", "added"))}
    ${quantity(add + 66, floor - 6, "g", symbolSpan("g", "t"))}
    ${quantity(536, 112, "tanh_c", word("tanh", "tanh"), 'text-anchor="end"')}
    ${quantity(536, low + 12, "o", symbolSpan("o", "t"), 'text-anchor="end"')}
    ${quantity(536, floor - 3, "h", symbolSpan("h", "t", "shown"), 'text-anchor="end" class="shown-words"')}
  </svg>`;
}

/* A stretch of belt as an outline: points [x, width], from left to right. */
function beltPath(points, y) {
  const upper = points.map(([x, wide]) => `${x} ${(y - wide / 2).toFixed(1)}`);
  const lower = points.map(([x, wide]) => `${x} ${(y + wide / 2).toFixed(1)}`).reverse();
  return `M${[...upper, ...lower].join("L")}Z`;
}

/* The same, from top to bottom. */
function pipePath(points, x) {
  const left = points.map(([y, wide]) => `${(x - wide / 2).toFixed(1)} ${y}`);
  const right = points.map(([y, wide]) => `${(x + wide / 2).toFixed(1)} ${y}`).reverse();
  return `M${[...left, ...right].join("L")}Z`;
}

function drawRibbon(ui, name, path, value) {
  const ribbon = ui.diagram.querySelector(`.${name}`);
  setAttribute(ribbon, "d", path);
  ribbon.style.fill = value < 0 ? `url(#${ui.hatch})` : "";
}

/* What the picture carries at a step: c on its way, or the gradient on its way home. */
function loadsOf({ now, backward }) {
  if (!backward) return now;
  const { f, survives, before, product_f: along } = now.home;
  return { ...now, c_prev: before, kept: along, forgotten: (1 - f) * survives, c: survives, added: 0, tanh_c: 0, h: 0 };
}

function drawBelt(ui, view) {
  const { belt, f, add, out, low, floor, half } = CELL;
  const load = loadsOf(view);
  const largest = view.backward ? Math.max(1, ...view.run.survives.map(Math.abs)) : Math.max(1, ...view.run.c.map(Math.abs));
  const wide = (value) => (Math.abs(value) / largest) * 2 * half;
  const before = [[8, wide(load.c_prev)], [f - 9, wide(load.c_prev)], [f + 9, wide(load.kept)], [add - 16, wide(load.kept)]];
  drawRibbon(ui, "belt-before", beltPath(before, belt), load.c_prev);
  drawRibbon(ui, "belt-after", beltPath([[add - 16, wide(load.kept)], [add + 16, wide(load.c)], [532, wide(load.c)]], belt), load.c);
  const lost = wide(load.forgotten);
  drawRibbon(ui, "drain", pipePath([[belt, lost], [belt + 40, lost], [floor, lost * 0.6]], f - 38), load.c_prev);
  const candidate = view.backward ? 0 : wide(load.g);
  drawRibbon(ui, "added-below", pipePath([[low + 6, candidate], [floor, candidate]], add), load.g);
  drawRibbon(ui, "added", pipePath([[belt, wide(load.added)], [low - 6, wide(load.added)], [low + 6, candidate]], add), load.added);
  drawRibbon(ui, "shown", pipePath([[belt, wide(load.tanh_c)], [low - 6, wide(load.tanh_c)], [low + 6, wide(load.h)]], out), load.c);
  drawRibbon(ui, "shown-below", pipePath([[low + 6, wide(load.h)], [floor, wide(load.h)]], out), load.h);
  const runs = { belt: load.c, drain: load.forgotten, added: load.added, shown: load.h };
  for (const [name, value] of Object.entries(runs)) {
    ui.diagram.querySelector(`[data-flow=${name}]`).style.visibility = wide(value) > 3 ? "" : "hidden";
  }
}

/* The plates stand apart by the share that their gate lets through. */
function drawValve(ui, gate, value) {
  const { x, y, upright } = VALVES[gate];
  const most = upright ? CELL.half : CELL.gap;
  const open = most * value;
  ui.plates[gate].forEach((plate, k) => {
    const far = k ? 1 : -1;
    const [from, length] = [k ? open : -most - 10, most + 10 - open];
    const place = upright ? [x - 6, y + from, 12, length] : [x + from, y - 6, length, 12];
    ["x", "y", "width", "height"].forEach((name, n) => setAttribute(plate, name, place[n].toFixed(1)));
    const grip = ui.grips[gate][k];
    setAttribute(grip, "cx", upright ? x : x + far * (open + 4));
    setAttribute(grip, "cy", upright ? y + far * (open + 4) : y);
  });
}

function drawLever(ui, value) {
  const middle = 151;
  const level = ui.diagram.querySelector(".level");
  setAttribute(level, "y", Math.min(middle, middle - 25 * value).toFixed(1));
  setAttribute(level, "height", Math.abs(25 * value).toFixed(1));
  setAttribute(ui.diagram.querySelector("[data-valve=g] .grip"), "cy", (middle - 25 * value).toFixed(1));
}

const FORWARD_WORDS = { drain: "forgotten", kept: "kept", added: "added", tanh: "tanh" };
const BACKWARD_WORDS = { drain: "lost", kept: "kept", added: "", tanh: "" };

function drawDiagram(ui, view) {
  drawBelt(ui, view);
  for (const gate of ["f", "i", "o"]) drawValve(ui, gate, view.now[gate]);
  drawLever(ui, view.now.g);
  const load = loadsOf(view);
  const hidden = view.backward ? ["added", "tanh_c", "h"] : [];
  for (const place of ui.onLines) {
    setText(place, hidden.includes(place.dataset.value) ? "" : written(load[place.dataset.value]));
  }
  const words = view.backward ? BACKWARD_WORDS : FORWARD_WORDS;
  for (const [name, text] of Object.entries(words)) setText(ui.diagram.querySelector(`[data-words=${name}]`), text);
  for (const side of ["before", "after"]) setText(ui.diagram.querySelector(`[data-words=${side}]`), view.backward ? "∂c" : "c");
  ui.diagram.querySelector(".shown-words").style.visibility = view.backward ? "hidden" : "";
}

/* Pull a valve: the plates move apart with the pointer. onMove(gate, value) hears each new value. */
function dragValves(ui, valueOf, onMove) {
  for (const valve of ui.parts("[data-valve]")) {
    const gate = valve.dataset.valve;
    const { x, upright = true } = VALVES[gate] ?? {};
    let [begin, from, way] = [0, 0, 1];
    const at = (event) => (upright ? event.y : event.x);
    const start = (event) => {
      [begin, from] = [at(event), valueOf(gate)];
      if (gate === "g") way = -1;
      else way = upright ? (event.y < CELL.belt ? -1 : 1) : event.x < x ? -1 : 1;
    };
    const drag = (event) => onMove(gate, from + (way * (at(event) - begin)) / (gate === "g" ? 25 : 50));
    d3.select(valve).call(d3.drag().container(() => ui.diagram).on("start", start).on("drag", drag));
  }
}

/* Show the number on its way through the cell: a dot that shrinks where the belt does. */
function carryPacket(ui, view, milliseconds) {
  if (prefersLessMotion()) return;
  const load = loadsOf(view);
  const size = (value) => 3 + 9 * Math.min(1, Math.abs(value));
  const stops = [[8, load.c_prev], [CELL.f, load.kept], [CELL.add, load.c], [532, load.c]];
  if (view.backward) stops.reverse();
  let packet = d3.select(ui.diagram.querySelector(".packet")).interrupt();
  packet.attr("cy", CELL.belt).attr("cx", stops[0][0]).attr("r", size(stops[0][1]));
  for (const [x, value] of stops.slice(1)) {
    packet = packet.transition().duration(milliseconds / 3).ease(d3.easeLinear).attr("cx", x).attr("r", size(value));
  }
  packet.transition().duration(60).attr("r", 0);
}
