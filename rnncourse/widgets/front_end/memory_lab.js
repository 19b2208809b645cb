/* The memory game: the reader's table, the player's beside it, and how many moves each memory costs. */

const WATCHED = ["deck", "turned", "remembered", "luck", "card", "steps", "results"];
const YOU = -1; // in `results`, in the place of a memory's size
const SIDE = 4; // cards in a row
const MORE_DEALS = 20;
const LIKE_DEALS = 60; // deals for each size when the reader's game is compared with theirs
const HER_STEP_MS = 700;
const GOALS = {
  clear: "Clear your table.",
  forgetful: "Watch somebody without any memory finish.",
  alike: `Find a player who is about as good as you: ${MORE_DEALS} deals, within 10 %.`,
};
const CHART = { height: 186, left: 40, right: 12, top: 20, bottom: 32, fewest: 8, most: 128 };

function shapeSvg({ path }) {
  return `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}" fill-rule="evenodd"/></svg>`;
}

function cardsHtml(count, tag) {
  const more = tag === "button" ? ' type="button"' : "";
  return Array.from({ length: count }, (_, place) => `<${tag}${more} class="card" data-place="${place}"></${tag}>`).join("");
}

function memoryHtml(count) {
  return `<div class="rnncourse-head"><strong>Memory game</strong><span class="rnncourse-tasks" role="img"></span>
      <button type="button" data-do="deal">New deal</button></div>
    <p class="rnncourse-says"></p>
    <div class="rnncourse-tables">
      <div class="rnncourse-yours"><div class="rnncourse-title">Your table <output data-part="mine"></output></div>
        <div class="rnncourse-cards" role="group" aria-label="Your table">${cardsHtml(count, "button")}</div></div>
      <div class="rnncourse-hers"><div class="rnncourse-title">Her table <output data-part="hers"></output></div>
        <div class="rnncourse-watch"><div class="rnncourse-cards" role="img">${cardsHtml(count, "span")}</div>
          <div class="rnncourse-memory"><span>She remembers, oldest first</span><div class="rnncourse-slots" role="img"></div>
            <div class="rnncourse-lost" aria-hidden="true"></div></div></div>
        <div class="rnncourse-settings"><label><span>Her memory</span><input type="range" data-setting="remembered" min="0" max="${count}"
          step="1"><output></output></label></div>
        ${playbackHtml("Card")}
        <div class="rnncourse-below"><button type="button" data-do="more">Let her play ${MORE_DEALS} more deals</button>
          <span class="rnncourse-reads"></span></div>
      </div></div>
    <svg class="rnncourse-chart" role="img" height="${CHART.height}"></svg>`;
}

function viewOf(model) {
  const view = Object.fromEntries(["fixed", ...WATCHED].map((name) => [name, model.get(name)]));
  const her = playGame(view.deck, view.remembered, luckOf(view.luck));
  const card = Math.min(view.card, her.places.length);
  return { ...view, her, card, mine: tableAfter(view.deck, view.turned), hers: tableAfter(view.deck, her.places.slice(0, card)) };
}

function resultsOf(results, player) {
  return results.filter(([one]) => one === player).map(([, moves]) => moves);
}

function countWords(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

/* A card on either table: face up, face down, or gone. */
function drawCard(element, { deck, fixed }, { gone, up }, place) {
  const { name } = fixed.pictures[deck[place]];
  const shows = up.includes(place);
  const state = shows ? (gone[place] ? "taken" : "up") : gone[place] ? "gone" : "down";
  const key = `${state} ${name}`;
  if (element.dataset.key === key) return;
  element.dataset.key = key;
  element.dataset.state = state;
  element.innerHTML = shows ? shapeSvg(fixed.pictures[deck[place]]) : "";
  const words = { up: name, taken: `${name}, a pair, taken`, gone: "empty", down: "face down" };
  if (element.tagName === "BUTTON") {
    setAttribute(element, "aria-label", `Place ${place + 1}: ${words[state]}`);
    setAttribute(element, "aria-disabled", gone[place]);
  }
}

function drawMemory(ui, { fixed, deck, her, card, remembered }) {
  const state = card ? her.states[card - 1] : [];
  const lost = card ? her.dropped[card - 1] : [];
  const slot = (place) => `<span class="slot" data-full>${shapeSvg(fixed.pictures[deck[place]])}<small>${place + 1}</small></span>`;
  const empty = Array(remembered - state.length).fill('<span class="slot"></span>');
  const html = [...state.map(slot), ...empty].join("");
  if (ui.slots.innerHTML !== html) ui.slots.innerHTML = html;
  const list = state.map((place) => `${fixed.pictures[deck[place]].name} at place ${place + 1}`).join(", ");
  setAttribute(ui.slots, "aria-label", `She remembers ${list || "nothing"}.`);
  const gone = lost.map((place) => `${slot(place)}<span>dropped out</span>`).join("");
  if (ui.lost.innerHTML !== gone) ui.lost.innerHTML = gone;
}

const MET = {
  clear: ({ results, mine }) => resultsOf(results, YOU).length > 0 || mine.over,
  forgetful: ({ results }) => resultsOf(results, 0).length > 0,
  alike: ({ results }) => {
    const own = resultsOf(results, YOU);
    const sizes = [...new Set(results.map(([player]) => player))].filter((one) => one !== YOU);
    return sizes.some((size) => {
      const hers = resultsOf(results, size);
      return hers.length >= MORE_DEALS && own.length && Math.abs(meanOf(hers) / own.at(-1) - 1) <= 0.1;
    });
  },
};

function drawWords(ui, view) {
  const { mine, hers, results, turned, fixed, deck, card, remembered, her } = view;
  setText(ui.part("[data-part=mine]"), countWords(mine.moves, "move"));
  setText(ui.part("[data-part=hers]"), countWords(hers.moves, "move"));
  const like = mine.over ? ` You needed ${mine.moves} moves, like somebody who remembers about ${countWords(ui.like(mine.moves), "card")}.` : "";
  showTasks(ui, GOALS, Object.keys(GOALS).filter((name) => MET[name](view)), like);
  setText(ui.slider.nextElementSibling, String(remembered));
  setAttribute(ui.slider, "aria-valuetext", countWords(remembered, "card"));
  if (Number(ui.slider.value) !== remembered) ui.slider.value = remembered;
  const games = resultsOf(results, remembered);
  const mean = games.length ? `${countWords(games.length, "game")}, ${meanOf(games).toFixed(1)} moves on average` : "";
  setText(ui.part(".rnncourse-reads"), mean);
  const seen = card ? `, turns ${fixed.pictures[deck[her.places[card - 1]]].name} at place ${her.places[card - 1] + 1}` : "";
  setAttribute(ui.part(".rnncourse-hers .rnncourse-cards"), "aria-label", `Her table, ${countWords(hers.moves, "move")}${seen}`);
}

/* Every finished game as a dot, the mean of each size as a bar, and the reader's last game as a line. */
function drawChart(ui, { results, remembered, fixed, deck }) {
  const key = JSON.stringify([results, remembered, ui.wide]);
  if (ui.chartKey === key) return;
  ui.chartKey = key;
  const { height, left, right, top, bottom, fewest, most } = CHART;
  const x = d3.scaleLinear([0, deck.length], [left + 14, ui.wide - right - 14]);
  const y = d3.scaleLog([fewest, most], [height - bottom, top]).clamp(true);
  const svg = d3.select(ui.chart).attr("width", ui.wide);
  setAttribute(ui.chosen, "x", x(remembered) - 11);
  const theirs = results.filter(([player]) => player !== YOU);
  svg.select(".dots").selectAll("circle").data(theirs).join("circle").attr("r", 3.2)
    .attr("cx", ([player], k) => x(player) + ((k * 7) % 11) - 5).attr("cy", ([, moves]) => y(moves));
  const sizes = d3.select(ui.chart).select(".means");
  const means = [...new Set(theirs.map(([player]) => player))].map((size) => [size, meanOf(resultsOf(results, size))]);
  sizes.selectAll("path").data(means).join("path").attr("d", ([size, mean]) => `M${x(size) - 11} ${y(mean)}h22`);
  const own = resultsOf(results, YOU).slice(-1);
  svg.select(".own").selectAll("path").data(own).join("path").attr("d", (moves) => `M${left} ${y(moves)}H${ui.wide - right}`);
  svg.select(".own").selectAll("text").data(own).join("text").attr("x", ui.wide - right - 2).attr("y", (moves) => y(moves) - 5)
    .text((moves) => `you: ${moves}`);
  drawAxes(svg, x, y, ui.wide, deck.length);
  setAttribute(ui.chart, "aria-label", `Moves against cards remembered. ${
    means.map(([size, mean]) => `${size}: ${mean.toFixed(1)}`).join(", ") || "No game is finished yet"}.${own.length ? ` You: ${own[0]}.` : ""}`);
}

function drawAxes(svg, x, y, wide, cards) {
  const { height, left, right, bottom } = CHART;
  svg.select(".ticks").selectAll("text").data([...Array(cards / 2 + 1).keys()].map((k) => 2 * k)).join("text")
    .attr("x", (size) => x(size)).attr("y", height - bottom + 14).text((size) => size);
  const levels = svg.select(".levels");
  levels.selectAll("path").data([8, 16, 32, 64, 128]).join("path").attr("d", (moves) => `M${left} ${y(moves)}H${wide - right}`);
  levels.selectAll("text").data([8, 16, 32, 64, 128]).join("text").attr("x", left - 6).attr("y", (moves) => y(moves) + 4).text((moves) => moves);
  svg.select(".axis-x").attr("x", (left + wide) / 2).attr("y", height - 2);
}

function addChart(ui) {
  ui.chart = ui.part(".rnncourse-chart");
  ui.chart.innerHTML = `<rect class="chosen" y="4" width="22" height="${CHART.height - CHART.bottom - 2}" rx="4"/><g class="levels"></g><g class="ticks"></g>
    <g class="dots"></g><g class="means"></g><g class="own"></g><text class="axis-x">cards she remembers</text>
    <text class="axis-y" x="4" y="10">moves</text>`;
  ui.chosen = ui.chart.querySelector(".chosen");
}

function draw(ui, model) {
  const view = viewOf(model);
  ui.mine.forEach((card, place) => drawCard(card, view, view.mine, place));
  ui.hers.forEach((card, place) => drawCard(card, view, view.hers, place));
  drawMemory(ui, view);
  drawWords(ui, view);
  drawChart(ui, view);
}

/* Turn one of the reader's cards; a finished game is noted. Returns what a screen reader should hear. */
function turnCard(model, place) {
  const { deck, turned, results, fixed } = viewOf(model);
  if (!mayTurn(deck, turned, place)) return null;
  const places = [...turned, place];
  const after = tableAfter(deck, places);
  const more = after.over ? { results: [...results, [YOU, after.moves]] } : {};
  store(model, { turned: places, ...more });
  const pair = places.length % 2 === 0 && after.gone[place] ? " A pair." : "";
  return `Place ${place + 1}: ${fixed.pictures[deck[place]].name}.${pair}${after.over ? ` Done in ${after.moves} moves.` : ""}`;
}

function deal(model) {
  const { deck, luck } = viewOf(model);
  const fresh = Math.floor(Math.random() * 1e9);
  store(model, { card: 0, turned: [], luck: fresh === luck ? fresh + 1 : fresh, deck: shuffled(deck, luckOf(fresh)) });
}

function playMore(model) {
  const { deck, remembered, results } = viewOf(model);
  const moves = movesOverDeals(deck, remembered, MORE_DEALS, 1 + results.length);
  store(model, { results: [...results, ...moves.map((one) => [remembered, one])] });
}

/* Arrow keys go from card to card on the reader's table; Enter or Space turns one. */
function cardKeys(ui) {
  const move = (by, stays) => (event) => {
    const from = ui.mine.indexOf(document.activeElement);
    if (from < 0) return;
    const to = from + by;
    if (to < 0 || to >= ui.mine.length || (stays && Math.floor(to / SIDE) !== Math.floor(from / SIDE))) return;
    ui.mine[from].tabIndex = -1;
    ui.mine[to].tabIndex = 0;
    ui.mine[to].focus();
    event.preventDefault();
  };
  const moves = { ArrowLeft: move(-1, true), ArrowRight: move(1, true), ArrowUp: move(-SIDE), ArrowDown: move(SIDE) };
  ui.part(".rnncourse-yours .rnncourse-cards").addEventListener("keydown", (event) => {
    if (!belongsToNotebook(event)) moves[event.key]?.(event);
  });
  ui.mine.forEach((card, place) => (card.tabIndex = place ? -1 : 0));
}

/* The length of her game follows from the settings; a game watched to its end is noted once. */
function followHer(model) {
  const { her, card, remembered, results, steps, luck } = viewOf(model);
  const length = her.places.length;
  if (steps !== length) store(model, { steps: length, card: Math.min(card, length) });
  return { key: `${remembered} ${luck}`, over: card === length, result: [remembered, length / 2], results };
}

function addElements(ui, model) {
  ui.mine = ui.parts(".rnncourse-yours .card");
  ui.hers = ui.parts(".rnncourse-hers .card");
  ui.slots = ui.part(".rnncourse-slots");
  ui.lost = ui.part(".rnncourse-lost");
  ui.slider = ui.part("[data-setting=remembered]");
  ui.wide = 600;
  let means = null;
  ui.like = (moves) => {
    const cards = model.get("deck");
    means ??= [...Array(cards.length + 1).keys()].map((size) => meanOf(movesOverDeals(cards, size, LIKE_DEALS, size)));
    return memoryLike(means, moves);
  };
  addChart(ui);
}

function listenToReader(ui, model) {
  ui.root.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    const act = { deal: () => deal(model), more: () => playMore(model) }[button?.dataset.do];
    if (act) act();
    if (button?.dataset.place) {
      const heard = turnCard(model, Number(button.dataset.place));
      if (heard) ui.say(heard);
    }
  });
  ui.slider.addEventListener("input", () => store(model, { card: 0, remembered: Number(ui.slider.value) }));
}

function render({ model, el }) {
  const ui = panel(el, { name: "memory-lab", isLab: true, label: "Memory game", html: memoryHtml(model.get("deck").length) });
  for (const [name, colour] of Object.entries(model.get("fixed").colours)) ui.root.style.setProperty(`--tone-${name}`, colour);
  addElements(ui, model);
  cardKeys(ui);
  followHer(model);
  playback(ui, model, {
    name: "card",
    first: 0,
    last: () => model.get("steps"),
    describe: (card) => `${card} of ${model.get("steps")}`,
    stepMs: HER_STEP_MS,
  });
  listenToReader(ui, model);
  const again = () => draw(ui, model);
  const noted = new Set();
  ui.listen(model, ["card"], () => {
    const { key, over, result, results } = followHer(model);
    if (over && !noted.has(key)) store(model, { results: [...results, result] });
    if (over) noted.add(key);
  });
  ui.listen(model, ["deck", "remembered", "luck"], () => followHer(model));
  ui.listen(model, WATCHED, again);
  onWidthOf(ui, ui.root, again, 24);
  again();
  return ui.leave;
}

export default { render };
