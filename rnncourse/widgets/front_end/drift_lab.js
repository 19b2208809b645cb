/* The rows of an embedding while it is trained: step through the updates, choose a seed, and see who is near whom. */

const WATCHED = ["seed", "step", "word", "done"];
const PLAY_MS = 150;
const CALM_MS = 800;
const COUNTS = ["two", "three", "four", "five", "six"];

/* A number as the pictures of the course write it: a true minus sign, no minus before zero. */
function written(value, digits = 2) {
  const words = value.toFixed(digits);
  return Number(words) === 0 ? (0).toFixed(digits) : words.replace("-", "−");
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
}

function counted(updates) {
  return `${updates.toLocaleString("en-US")} update${updates === 1 ? "" : "s"}`;
}

function listed(words) {
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function goalsOf({ labels, together, paths, wanted_ends }) {
  const goals = {
    meet: `Find the first update after which the nearest neighbors of ${listed(together.map((k) => labels[k]))} are among these ${COUNTS[together.length - 2]}, and stop there.`,
    opposite: "Find a word whose nearest neighbor is in another direction: a similarity below 0.",
  };
  return paths.length < 2 ? goals : { ...goals, seeds: `Look at the last update with ${wanted_ends} seeds. Are the places the same? Are the neighbors?` };
}

function tableHtml({ labels, marks }) {
  const row = (label, k) => `<tr data-word="${k}"><th scope="row"><button type="button"><svg viewBox="-9 -9 18 18" aria-hidden="true">
      <path class="mark" data-tone="${k}" d="${marks[k]}"/></svg><span>${escaped(label)}</span></button></th>
    ${["row", "neighbor", "distance", "similarity"].map((part) => `<td data-part="${part}"></td>`).join("")}</tr>`;
  return `<table><thead><tr><th scope="col">word</th><th scope="col">its row</th><th scope="col">nearest</th><th scope="col">distance</th><th scope="col">similarity</th></tr></thead>
    <tbody>${labels.map(row).join("")}</tbody></table>`;
}

function driftHtml(fixed) {
  const seed = (_, k) => `<button type="button" role="radio" data-seed="${k}">${miniatureSvg(fixed.marks.slice(0, fixed.labels.length))}<span>seed ${k}</span></button>`;
  return `<div class="rnncourse-body"><div class="rnncourse-head"><strong>Words on the move</strong><span class="rnncourse-tasks" role="img"></span></div>
    <p class="rnncourse-says"></p>
    <div class="rnncourse-upper"><div class="rnncourse-left">${planeSvg(fixed)}</div>
      <div class="rnncourse-right"><div class="rnncourse-words">${tableHtml(fixed)}<p class="rnncourse-readout"></p></div>
        <div class="rnncourse-seeds"><p></p><div role="radiogroup" aria-label="Seed">${fixed.paths.map(seed).join("")}</div></div></div></div>
    ${playbackHtml("Updates")}</div>`;
}

function viewOf(ui, model) {
  const [seed, step, word, done] = WATCHED.map((name) => model.get(name));
  const points = ui.fixed.paths[seed][step];
  return { fixed: ui.fixed, seed, step, word, done, points, neighbor: neighborOf(points, word), updates: ui.fixed.updates[step] };
}

/* Whether a task is done by what is on screen. `ends`: the seeds whose last update was looked at. */
const MET = {
  meet: ({ fixed, seed, step }) => step === firstTogether(fixed.paths[seed], fixed.together),
  opposite: ({ neighbor }) => neighbor.similarity < 0,
  seeds: ({ fixed }, ends) => ends.length >= fixed.wanted_ends,
};

/* Tick off what is done once the reader rests: what only flew past does not count. */
function lookAtTasks(ui, model) {
  const view = viewOf(ui, model);
  const ends = new Set(model.get("ends"));
  if (view.step === view.fixed.updates.length - 1) ends.add(view.seed);
  const met = Object.keys(ui.goals).filter((name) => !view.done.includes(name) && MET[name](view, [...ends]));
  if (ends.size > model.get("ends").length || met.length) store(model, { ends: [...ends], done: [...view.done, ...met] });
}

function drawTable(ui, { fixed, points, word }) {
  ui.rows.forEach(({ row, button, cells }, k) => {
    const { index, distance, similarity } = neighborOf(points, k);
    const words = { row: `(${points[k].map((one) => written(one)).join(", ")})`, neighbor: fixed.labels[index], distance: written(distance), similarity: written(similarity) };
    for (const [part, cell] of Object.entries(cells)) setText(cell, words[part]);
    cells.similarity.toggleAttribute("data-minus", similarity < 0);
    row.toggleAttribute("data-chosen", k === word);
    setAttribute(button, "aria-pressed", k === word);
  });
}

function drawWords(ui, { fixed, done, updates, word, neighbor, points, seed }) {
  showTasks(ui, ui.goals, done);
  setText(ui.part(".rnncourse-seeds p"), fixed.paths.length > 1 ? `The same words with ${fixed.paths.length} seeds, after ${counted(updates)}` : "");
  const apart = (180 / Math.PI) * Math.acos(Math.max(-1, Math.min(1, neighbor.similarity)));
  setText(ui.part(".rnncourse-readout"), `${fixed.labels[word]} and ${fixed.labels[neighbor.index]} are ${written(neighbor.distance)} apart. Seen from 0, their directions differ by ${apart.toFixed(0)}°; the similarity is the cosine of this angle.`);
  const near = `nearest neighbor ${fixed.labels[neighbor.index]}, distance ${written(neighbor.distance)}, similarity ${written(neighbor.similarity)}`;
  ui.sentence = `After ${counted(updates)}, seed ${seed}: ${fixed.labels[word]} at (${points[word].map((one) => written(one)).join(", ")}), ${near}.`;
  const places = fixed.labels.map((label, k) => `${label} at (${points[k].map((one) => written(one, 1)).join(", ")})`);
  setAttribute(ui.plane, "aria-label", `Words as points after ${counted(updates)}: ${places.join(", ")}.`);
}

function drawSeeds(ui, { seed }) {
  ui.seeds.forEach((button, k) => {
    setAttribute(button, "aria-checked", k === seed);
    setAttribute(button, "tabindex", k === seed ? 0 : -1);
  });
}

function draw(ui, model) {
  ui.view = viewOf(ui, model);
  drawTable(ui, ui.view);
  drawWords(ui, ui.view);
  drawSeeds(ui, ui.view);
  [...ui.labels, ...ui.dots].forEach((one, k) => one.toggleAttribute("data-chosen", k % ui.labels.length === ui.view.word));
}

function addElements(ui, fixed) {
  const all = (selector) => [...ui.plane.querySelectorAll(selector)];
  ui.plane = ui.part(".rnncourse-plane");
  Object.assign(ui, { dots: all(".dots path"), trails: all(".trails path"), labels: all(".labels text"), leaders: all(".leaders path") });
  Object.assign(ui, { rays: ui.part(".rays"), pair: ui.part(".pair"), seeds: ui.parts("[data-seed]"), goals: goalsOf(fixed), fixed });
  ui.rows = ui.parts("[data-word]").map((row) => ({
    row,
    button: row.querySelector("button"),
    cells: Object.fromEntries([...row.querySelectorAll("[data-part]")].map((cell) => [cell.dataset.part, cell])),
  }));
  ui.places = fixed.paths.map((path) => placesOf(path, fixed.labels, fixed.reach));
  ui.miniatures = ui.seeds.map((button, seed) => ({
    marks: [...button.querySelectorAll(".mark")],
    dots: fixed.paths[seed].map((points) => points.map(scaleOf(MINIATURE, fixed.reach))),
  }));
}

/* A word is chosen by its button, by pointing at its row, and by pointing at or pressing its mark. */
function chooseWords(ui, model) {
  const choose = (word) => word !== null && word !== model.get("word") && store(model, { word });
  const rowOf = ({ target }) => target.closest("[data-word]")?.dataset.word ?? null;
  for (const kind of ["click", "mouseover", "focusin"]) {
    ui.part("tbody").addEventListener(kind, (event) => rowOf(event) !== null && choose(Number(rowOf(event))));
  }
  for (const kind of ["pointermove", "pointerdown"]) ui.plane.addEventListener(kind, (event) => choose(wordAt(ui, event)));
}

/* The miniatures are radio buttons: one stop for the Tab key, and the arrow keys choose. */
function chooseSeeds(ui, model) {
  ui.seeds.forEach((button, seed) => {
    button.addEventListener("click", () => store(model, { seed }));
    button.addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by || belongsToNotebook(event)) return;
      event.preventDefault();
      const next = (seed + by + ui.seeds.length) % ui.seeds.length;
      store(model, { seed: next });
      ui.seeds[next].focus();
    });
  });
}

/* Call `look` once nothing has moved for a while. */
function whenAtRest(ui, playing, look) {
  let timer = null;
  ui.onLeave(() => clearTimeout(timer));
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => playing() || look(), REST_MS);
  };
}

function render({ model, el }) {
  const stored = model.get("fixed");
  const fixed = { ...stored, paths: stored.paths.map((text) => pathFrom(text, stored.labels.length)) };
  const ui = panel(el, { name: "drift-lab", isLab: true, label: "Words on the move", html: driftHtml(fixed) });
  fixed.tones.forEach((tone, k) => ui.root.style.setProperty(`--tone-${k}`, tone));
  addElements(ui, fixed);
  const last = fixed.updates.length - 1;
  const describe = (step) => `${fixed.updates[step].toLocaleString("en-US")} of ${fixed.updates[last].toLocaleString("en-US")}`;
  const { playing } = playback(ui, model, { name: "step", first: 0, last, describe, stepMs: PLAY_MS, calmStepMs: CALM_MS });
  const rest = whenAtRest(ui, playing, () => lookAtTasks(ui, model));
  chooseWords(ui, model);
  chooseSeeds(ui, model);
  ui.part("[data-do=play]").addEventListener("click", rest);
  ui.listen(model, WATCHED, () => {
    draw(ui, model);
    ui.say(() => ui.sentence);
  });
  ui.listen(model, ["seed", "step", "word"], () => {
    glide(ui, playing() ? PLAY_MS : GLIDE_MS, playing() ? d3.easeLinear : d3.easeCubicInOut);
    rest();
  });
  ui.onLeave(() => ui.timer?.stop());
  draw(ui, model);
  glide(ui);
  return ui.leave;
}

export default { render };
