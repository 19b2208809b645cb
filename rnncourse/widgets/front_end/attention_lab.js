/* The Attention lab: links from the tokens written to the words read, and the whole map below them. */

const AREA = { left: 34, right: 4, written: 30, words: 176, map: 196, row: 18 };
const NARROW = 86; // pixels: in columns that are narrower, words stand on two levels
const TURNED = 42; // in columns that are narrower still, words stand upright
const LEVEL = 14;
const UPRIGHT = 64;

/* Over how many words a row of weights is spread: 1 for a single one. */
function spread(weights) {
  return Math.exp(-weights.reduce((sum, w) => sum + (w > 0 ? w * Math.log(w) : 0), 0));
}

function percent(weight) {
  return `${Math.round(100 * weight)} %`;
}

function quoted(token) {
  return `“${token}”`;
}

function labHtml(shown) {
  const options = shown.map(({ read }, k) => `<option value="${k + 1}">${read.join(" ")}</option>`);
  return `
    <div class="rnncourse-head"><label>It reads <select data-do="example">${options.join("")}</select></label>
      <p class="rnncourse-paper">It writes <output></output></p></div>
    ${playbackHtml("Character")}
    <div class="rnncourse-links"><svg role="group" aria-label="Words read"></svg></div>
    <p class="rnncourse-readout"></p>`;
}

function places(ui, { read, written }) {
  const wide = ui.wide - AREA.left - AREA.right;
  const column = wide / read.length;
  const turned = column < TURNED;
  return {
    turned,
    raised: turned ? UPRIGHT : column < NARROW ? LEVEL : 0,
    word: (k) => AREA.left + (wide * (k + 0.5)) / read.length,
    token: (k) => AREA.left + (wide * (k + 0.5)) / written.length,
    column,
    bottom: AREA.map + written.length * AREA.row,
  };
}

function linkPath(x, to, raised) {
  const [from, until] = [AREA.written + 16, AREA.words - 18 - raised];
  const middle = (from + until) / 2;
  return `M${x} ${from}C${x} ${middle} ${to} ${middle} ${to} ${until}`;
}

/* The links to draw, as [token, word, weight]: those of the token, or all those to a word that is looked at. */
function linksOf({ weights, row, word }) {
  if (word === null) return weights[row].map((weight, k) => [row, k, weight]);
  return weights.map((one, k) => [k, word, one[word]]);
}

function viewOf(ui, model) {
  const one = model.get("shown")[model.get("example") - 1];
  const row = ui.looked?.row ?? Math.min(model.get("step"), one.written.length) - 1;
  return { ...one, row, word: ui.looked?.word ?? null, step: model.get("step") };
}

function drawLinks(ui, view) {
  const at = places(ui, view);
  const links = d3.select(ui.svg).select(".links").selectAll("path").data(linksOf(view)).join("path");
  links.attr("d", ([k, word]) => linkPath(at.token(k), at.word(word), at.raised));
  links.attr("stroke-width", ([, , weight]) => (1 + 13 * weight).toFixed(2));
  links.attr("stroke-opacity", ([, , weight]) => (0.12 + 0.75 * weight).toFixed(3));
}

function drawTokens(ui, view) {
  const at = places(ui, view);
  const tokens = d3.select(ui.svg).select(".written").selectAll("g").data(view.written).join((enter) => {
    const one = enter.append("g").attr("class", "token");
    one.append("rect").attr("class", "field").attr("y", 4).attr("height", 48);
    one.append("rect").attr("class", "box").attr("rx", 7).attr("y", AREA.written - 15).attr("height", 30);
    one.append("text").attr("y", AREA.written + 6);
    return one;
  });
  const wide = (ui.wide - AREA.left - AREA.right) / view.written.length;
  const box = Math.min(wide - 4, 40);
  tokens.attr("data-token", (_, k) => k).attr("data-chosen", (_, k) => (view.word === null && k === view.row ? "" : null));
  tokens.attr("data-later", (_, k) => (k >= view.step ? "" : null));
  tokens.select(".field").attr("x", (_, k) => at.token(k) - wide / 2).attr("width", wide);
  tokens.select(".box").attr("x", (_, k) => at.token(k) - box / 2).attr("width", box);
  tokens.select("text").attr("x", (_, k) => at.token(k)).text((one) => one);
}

function drawWords(ui, view) {
  const at = places(ui, view);
  const words = d3.select(ui.svg).select(".read").selectAll("g").data(view.read).join((enter) => {
    const one = enter.append("g").attr("class", "word").attr("role", "button").attr("tabindex", 0);
    one.append("rect").attr("class", "box").attr("rx", 7);
    one.append("text").attr("class", "name");
    one.append("text").attr("class", "share").attr("y", AREA.words + 14);
    return one;
  });
  const share = (k) => (view.word === null ? percent(view.weights[view.row][k]).slice(0, at.turned ? -2 : undefined) : "");
  words.attr("data-word", (_, k) => k).attr("data-chosen", (_, k) => (view.word === k ? "" : null));
  words.attr("aria-label", (one, k) => `${one}: looked at most for ${quoted(view.written[mostOf(view, k)])}`);
  words.select(".box").attr("x", (_, k) => at.word(k) - at.column / 2 + 1).attr("width", at.column - 2);
  words.select(".box").style("fill-opacity", (_, k) => (view.word === null ? view.weights[view.row][k] * 0.55 : null));
  words.select(".box").attr("y", AREA.words - 16 - at.raised).attr("height", 34 + at.raised);
  words.select(".name").attr("y", (_, k) => AREA.words - (k % 2 && !at.turned ? 0 : at.raised));
  words.select(".name").attr("transform", (_, k) => at.turned ? `rotate(-90 ${at.word(k)} ${AREA.words}) translate(${UPRIGHT / 2} ${UPRIGHT + 2})` : null);
  words.select(".name").attr("x", (_, k) => at.word(k)).text((one) => one);
  words.select(".share").attr("x", (_, k) => at.word(k)).text((_, k) => share(k));
}

function mostOf({ weights }, word) {
  return weights.reduce((best, row, k) => (row[word] > weights[best][word] ? k : best), 0);
}

/* The map: a row for each token, in the columns of the words above it. */
function drawMap(ui, view) {
  const at = places(ui, view);
  const key = [view.read, view.written, view.weights, ui.wide].join();
  if (ui.mapped !== key) {
    ui.mapped = key;
    const cells = view.weights.flatMap((row, k) => row.map((weight, word) => ({ k, word, weight })));
    const join = d3.select(ui.svg).select(".map").selectAll("rect").data(cells).join("rect");
    join.attr("x", (one) => at.word(one.word) - at.column / 2 + 1).attr("width", at.column - 2);
    join.attr("y", (one) => AREA.map + 8 + one.k * AREA.row).attr("height", AREA.row - 2);
    join.attr("fill-opacity", (one) => (0.04 + 0.96 * one.weight).toFixed(3));
    join.attr("data-k", (one) => one.k).attr("data-column", (one) => one.word);
    const names = d3.select(ui.svg).select(".names").selectAll("text").data(view.written).join("text");
    names.attr("x", AREA.left - 8).attr("y", (_, k) => AREA.map + 21 + k * AREA.row).text((one) => one);
  }
  const frame = d3.select(ui.svg).select(".frame");
  const [x, y] = view.word === null ? [AREA.left, AREA.map + 7 + view.row * AREA.row] : [at.word(view.word) - at.column / 2, AREA.map + 7];
  frame.attr("x", x).attr("y", y);
  frame.attr("width", view.word === null ? ui.wide - AREA.left - AREA.right : at.column);
  frame.attr("height", view.word === null ? AREA.row : view.written.length * AREA.row);
}

function readoutOf({ read, written, weights, row, word }) {
  if (word === null) {
    const order = weights[row].map((_, k) => k).sort((a, b) => weights[row][b] - weights[row][a]);
    const list = order.slice(0, 3).map((k) => `${quoted(read[k])} ${percent(weights[row][k])}`);
    return (
      `Character ${row + 1}, ${quoted(written[row])}, looks at ${list.join(", ")}. ` +
      `The weights are spread over ${spread(weights[row]).toFixed(1)} of ${read.length} words.`
    );
  }
  const order = weights.map((_, k) => k).sort((a, b) => weights[b][word] - weights[a][word]);
  const list = order.slice(0, 3).map((k) => `${quoted(written[k])} at place ${k + 1} (${percent(weights[k][word])})`);
  return `${quoted(read[word])} is looked at most for ${list.join(", ")}.`;
}

function draw(ui, view) {
  setAttribute(ui.svg, "width", ui.wide);
  setAttribute(ui.svg, "height", places(ui, view).bottom + 10);
  drawLinks(ui, view);
  drawTokens(ui, view);
  drawWords(ui, view);
  drawMap(ui, view);
  setText(ui.part(".rnncourse-paper output"), view.written.slice(0, view.step).join(""));
  setText(ui.part(".rnncourse-readout"), readoutOf(view));
}

/* What a pointer or the focus is on: { row } for a token or a row of the map, { word } for a word. */
function targetOf(target) {
  const [token, word] = [target.closest?.(".token"), target.closest?.(".word")];
  if (token) return { row: Number(token.dataset.token) };
  if (word) return { word: Number(word.dataset.word) };
  return target.dataset?.k === undefined ? null : { row: Number(target.dataset.k) };
}

function watchPointer(ui, again, choose) {
  const look = (found) => {
    ui.looked = found;
    again();
  };
  ui.svg.addEventListener("pointerover", ({ target, pointerType }) => pointerType === "mouse" && look(targetOf(target)));
  ui.svg.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && look(null));
  ui.svg.addEventListener("focusin", ({ target }) => look(targetOf(target)));
  ui.svg.addEventListener("focusout", () => look(null));
  ui.svg.addEventListener("click", ({ target }) => {
    const found = targetOf(target);
    if (found?.row !== undefined) choose(found.row + 1);
  });
}

function addLayers(ui) {
  const svg = d3.select(ui.svg);
  for (const name of ["links", "map", "names", "written", "read"]) svg.append("g").attr("class", name);
  svg.append("rect").attr("class", "frame");
}

function render({ model, el }) {
  const ui = panel(el, { name: "attention-lab", isLab: true, label: "Attention lab", html: labHtml(model.get("shown")) });
  Object.assign(ui, { svg: ui.part(".rnncourse-links svg"), wide: 800, looked: null, mapped: "" });
  ui.root.style.setProperty("--tone-h", model.get("tone"));
  addLayers(ui);
  const { walk } = playback(ui, model, {
    name: "step",
    first: 1,
    last: () => model.get("steps"),
    describe: (step) => `${step} of ${model.get("steps")}`,
  });
  const again = () => draw(ui, viewOf(ui, model));
  watchPointer(ui, again, walk);
  const choice = ui.part("[data-do=example]");
  choice.addEventListener("change", () => {
    const steps = model.get("shown")[Number(choice.value) - 1].written.length;
    store(model, { step: Math.min(model.get("step"), steps), steps, example: Number(choice.value) });
  });
  ui.listen(model, ["step", "example"], () => {
    choice.value = model.get("example");
    again();
    ui.say(() => readoutOf(viewOf(ui, model)));
  });
  onWidthOf(ui, ui.part(".rnncourse-links"), again);
  choice.value = model.get("example");
  again();
  return ui.leave;
}

export default { render };
