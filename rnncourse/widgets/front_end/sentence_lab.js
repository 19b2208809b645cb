/* From a sentence to vectors: tokens, indices, one-hot vectors, and the rows of a matrix that they pick. */

const WATCHED = ["text", "chosen", "done"];
// that of data.tokenize: words, with their apostrophes, and marks
const WORD_OR_MARK = /[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)*|[^\p{L}\p{N}_\s]|_/gu;
const GOALS = {
  twice: "Write a text in which one vector occurs three times.",
  unknown: "Write a word that is out of vocabulary, and see what becomes of it.",
  diagonal: "Write a text whose 1s lie on a diagonal, from the first place to the last.",
};

function written(value, digits = 2) {
  const words = value.toFixed(digits);
  return Number(words) === 0 ? (0).toFixed(digits) : words.replace("-", "−");
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`);
}

function tokensOf(text) {
  return text.match(WORD_OR_MARK) ?? [];
}

function sentenceHtml({ vocabulary, W }) {
  const name = (token) => `<th scope="row">${escaped(token)}</th>`;
  const rows = vocabulary.map((token, k) => `<tr data-row="${k}">${name(token)}${W ? W[k].map((one) => `<td>${written(one)}</td>`).join("") : ""}</tr>`);
  const matrix = W ? `<table class="matrix"><caption><i>W</i>, a row for each token</caption><tbody>${rows.join("")}</tbody></table>` : "";
  return `<div class="rnncourse-head"><strong>From a sentence to vectors</strong><span class="rnncourse-tasks" role="img"></span></div>
    <p class="rnncourse-says"></p>
    <label class="rnncourse-typed"><span>Type a text</span><input type="text" maxlength="120" spellcheck="false" autocomplete="off"></label>
    <div class="rnncourse-flow"><div class="rnncourse-wide"><table class="grid"><thead><tr class="tokens"><th scope="row">token</th></tr>
      <tr class="indices"><th scope="row">index</th></tr></thead><tbody>${vocabulary.map((token, k) => `<tr data-place="${k}">${name(token)}</tr>`).join("")}</tbody></table></div>${matrix}</div>
    <p class="rnncourse-readout"></p>`;
}

function viewOf(model) {
  const [fixed, text, chosen, done] = ["fixed", ...WATCHED].map((name) => model.get(name));
  const tokens = tokensOf(text).slice(0, fixed.longest);
  const indices = tokens.map((token) => {
    const k = fixed.vocabulary.indexOf(token);
    return k < 0 ? fixed.unknown : k;
  });
  return { fixed, text, done, tokens, indices, chosen: Math.max(0, Math.min(chosen, tokens.length - 1)), cut: tokensOf(text).length > tokens.length };
}

const MET = {
  twice: ({ indices }) => indices.some((k) => k !== null && indices.filter((one) => one === k).length >= 3),
  unknown: ({ tokens, fixed }) => tokens.some((token) => !fixed.vocabulary.includes(token)),
  diagonal: ({ indices, fixed }) => indices.length === fixed.vocabulary.length && indices.every((k, t) => k === t),
};

/* The columns of the table: a button for each token, so that a column can be chosen by keyboard and by touch. */
function drawGrid(ui, { tokens, indices, chosen, fixed }) {
  const cells = (row, kind, words) => {
    [...row.querySelectorAll("[data-t]")].slice(tokens.length).forEach((one) => one.remove());
    tokens.forEach((_, t) => {
      const cell = row.querySelector(`[data-t="${t}"]`) ?? row.appendChild(document.createElement(kind));
      cell.dataset.t = t;
      cell.toggleAttribute("data-chosen", t === chosen);
      words(cell, t);
    });
  };
  cells(ui.part(".tokens"), "th", (cell, t) => {
    const button = cell.firstChild ?? cell.appendChild(document.createElement("button"));
    button.type = "button";
    setText(button, tokens[t]);
    setAttribute(button, "aria-pressed", t === chosen);
    button.toggleAttribute("data-strange", !fixed.vocabulary.includes(tokens[t]));
  });
  cells(ui.part(".indices"), "td", (cell, t) => setText(cell, indices[t] === null ? "–" : String(indices[t])));
  ui.parts("[data-place]").forEach((row, k) => cells(row, "td", (cell, t) => {
    setText(cell, indices[t] === k ? "1" : "0");
    cell.toggleAttribute("data-hot", indices[t] === k);
  }));
}

function sentence({ tokens, indices, chosen, fixed, cut }) {
  if (!tokens.length) return "No token yet.";
  const [token, k] = [tokens[chosen], indices[chosen]];
  const known = fixed.vocabulary.includes(token);
  const more = cut ? ` Only the first ${fixed.longest} tokens are shown.` : "";
  if (k === null) return `“${token}” is out of vocabulary: it has no index, no place for a 1, and no row.${more}`;
  const named = known ? `“${token}” has index ${k}` : `“${token}” is out of vocabulary and gets index ${k}, that of ${fixed.vocabulary[k]}`;
  const row = fixed.W ? ` Times W, this gives row ${k}: (${fixed.W[k].map((one) => written(one)).join(", ")}).` : "";
  return `${named}: the 1 is at place ${k}, and the other ${fixed.vocabulary.length - 1} are 0.${row}${more}`;
}

function draw(ui, model) {
  const view = viewOf(model);
  if (ui.field.value !== view.text) ui.field.value = view.text;
  drawGrid(ui, view);
  for (const row of ui.parts("[data-row]")) row.toggleAttribute("data-picked", Number(row.dataset.row) === view.indices[view.chosen] && view.tokens.length > 0 && view.indices[view.chosen] !== null);
  showTasks(ui, GOALS, view.done);
  setText(ui.part(".rnncourse-readout"), sentence(view));
  ui.fitWide();
}

/* On a narrow page, keep the latest token in sight. */
function showLatest(ui) {
  const box = ui.part(".rnncourse-wide");
  box.scrollLeft = box.scrollWidth;
}

/* Store settings, and tick off the tasks that are done by them. */
function change(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  const view = viewOf(model);
  const met = Object.keys(MET).filter((name) => !view.done.includes(name) && MET[name](view));
  store(model, met.length ? { done: [...view.done, ...met] } : {});
}

/* While the reader types, the latest token is the chosen one. */
function typed(model, text, longest) {
  const last = Math.max(0, Math.min(tokensOf(text).length, longest) - 1);
  change(model, { text, chosen: last });
}

function render({ model, el }) {
  const fixed = model.get("fixed");
  const ui = panel(el, { name: "sentence-lab", isLab: true, label: "From a sentence to vectors", html: sentenceHtml(fixed) });
  for (const [name, colour] of Object.entries(fixed.colours)) ui.root.style.setProperty(`--tone-${name}`, colour);
  ui.field = ui.part(".rnncourse-typed input");
  ui.field.addEventListener("input", () => {
    typed(model, ui.field.value, fixed.longest);
    showLatest(ui);
  });
  const choose = ({ target }) => {
    const cell = target.closest("[data-t]");
    if (cell) change(model, { chosen: Number(cell.dataset.t) });
  };
  ui.part(".grid").addEventListener("click", choose);
  ui.part(".grid").addEventListener("mouseover", choose);
  const again = () => draw(ui, model);
  ui.listen(model, WATCHED, () => {
    again();
    ui.say(() => sentence(viewOf(model)));
  });
  again();
  return ui.leave;
}

export default { render };
