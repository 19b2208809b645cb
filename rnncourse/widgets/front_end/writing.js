/* Text that a net writes on the screen: the prompt that it reads, and the pace at which it writes. */

const BUDGET_MS = 6; // of each frame
const PACE = 0.24; // characters a millisecond: fast, but one sees the text being written

function quoted(character) {
  return character === " " ? "space" : character === "\n" ? "new line" : `“${character}”`;
}

/* The tokens of the prompt, and what is wrong with it. */
function startOf(prompt, { tokens, blank }) {
  const characters = [...(prompt || blank)];
  const strange = [...new Set(characters.filter((one) => !tokens.includes(one)))].sort();
  const named = strange.slice(0, 5).map((one) => `“${one}”`).join(", ");
  const problem = `The net has never met ${named}. Take ${strange.length === 1 ? "it" : "them"} out of the prompt.`;
  return { start: characters.map((one) => tokens.indexOf(one)), problem: strange.length ? problem : "" };
}

function showProblem(ui, problem) {
  const box = ui.part(".rnncourse-problem");
  box.hidden = !problem;
  setText(box, problem);
}

/* A character on the page; those of the prompt are bold. */
function letterOf({ index, p }, k, tokens) {
  const one = document.createElement(p === null ? "b" : "span");
  one.textContent = tokens[index];
  one.dataset.k = k;
  return one;
}

/* Let a writer write `total` tokens. Those of the start and one more come at once, so that a change is answered in
   the next frame; the others as fast as PACE and the time in each frame allow, or with `atOnce`, and where the reader
   asked for less motion, as fast as they can. take(fresh) gets them as they come. Returns a function that stops it. */
function writeOut(next, { start, total, take, finish, atOnce = false }) {
  const began = performance.now();
  const hurry = atOnce || prefersLessMotion();
  let [frame, written] = [0, 0];
  const go = () => {
    const now = performance.now();
    const due = hurry ? total : Math.min(total, start + 1 + PACE * (now - began));
    const fresh = [];
    while (written + fresh.length < due && performance.now() < now + BUDGET_MS) fresh.push(next());
    written += fresh.length;
    take(fresh);
    if (written < total) frame = requestAnimationFrame(go);
    else finish();
  };
  go();
  return () => cancelAnimationFrame(frame);
}
