/* The shell that all widgets share, put in front of each script: root, keys, live region, wide boxes, tear-down. */

const REST_MS = 600; // how long a widget rests before a screen reader is told
const STEP_MS = 1000;
const CALM_STEP_MS = 2500; // for readers who asked for less motion
const OUTPUT_LEVELS = 5; // the outputs of one cell are at most this many levels below their common container

function prefersLessMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

function uniqueId(name) {
  return `rnncourse-${name}-${Math.random().toString(36).slice(2)}`;
}

/* Touch the page only where something has changed: the rest need not be laid out again. */
function setText(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

function store(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}

/* A listener that calls again() once for all traits that are set together, still within the same task. */
function onceAfter(again) {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      again();
    });
  };
}

/* Append a widget's root element, `.rnncourse-NAME`, to `el`; `ui.leave` undoes all that the panel set up.
   isLab: whether it has the looks that labs share, `.rnncourse-lab` in theme.css. */
function panel(el, { name, label, html = "", isLab = false }) {
  const root = document.createElement("div");
  root.className = `rnncourse-live ${isLab ? "rnncourse-lab " : ""}rnncourse-${name}`;
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", label);
  root.innerHTML = `${html}<div class="rnncourse-heard" aria-live="polite"></div>`;
  el.append(root);
  const undo = [];
  const ui = {
    root,
    part: (selector) => root.querySelector(selector),
    parts: (selector) => [...root.querySelectorAll(selector)],
    onLeave: (step) => undo.push(step),
    leave: () => undo.splice(0).forEach((step) => step()),
    listen: (model, names, listener) => {
      for (const event of names.map((one) => `change:${one}`)) {
        model.on(event, listener);
        undo.push(() => model.off(event, listener));
      }
    },
  };
  keepKeys(ui);
  hideStandIn(ui);
  addLiveRegion(ui);
  watchWideBoxes(ui);
  return ui;
}

/* The output with the static stand-in, which comes before the widget in the same cell; null where there is none. */
function standInOf(root) {
  let above = root.parentElement;
  for (let level = 0; above && level < OUTPUT_LEVELS; level += 1) {
    const before = [...above.querySelectorAll(".rnncourse-fallback")].filter(
      (one) => one.compareDocumentPosition(root) & Node.DOCUMENT_POSITION_FOLLOWING,
    );
    if (before.length) return [...above.children].find((child) => child.contains(before.at(-1)));
    above = above.parentElement;
  }
  return null;
}

/* Hide the stand-in as soon as the widget is on the page, in any front end; it comes back when the widget leaves. */
function hideStandIn(ui) {
  let frame = null;
  const look = () => {
    if (!ui.root.isConnected) {
      frame = requestAnimationFrame(look);
      return;
    }
    const standIn = standInOf(ui.root);
    if (!standIn) return;
    const before = standIn.style.display;
    standIn.style.display = "none";
    ui.onLeave(() => (standIn.style.display = before));
  };
  look();
  ui.onLeave(() => cancelAnimationFrame(frame));
}

/* Shift + Enter runs the cell; what is pressed with Ctrl, Cmd or Alt is a command of the notebook or the browser. */
function belongsToNotebook(event) {
  const runsCell = event.key === "Enter" && event.shiftKey;
  return runsCell || event.ctrlKey || event.metaKey || event.altKey;
}

/* JupyterLab hears the keys that run a cell from HTML elements only: what part of a drawing hears goes on from the root. */
function passOnFromDrawing(ui, event) {
  if (!(event.key === "Enter" && event.target instanceof SVGElement)) return;
  const { type, key, code, keyCode, shiftKey, ctrlKey, metaKey, altKey } = event;
  const modifiers = { shiftKey, ctrlKey, metaKey, altKey };
  event.stopPropagation();
  event.preventDefault();
  ui.root.dispatchEvent(new KeyboardEvent(type, { key, code, keyCode, ...modifiers, bubbles: true, cancelable: true }));
}

/* Keep all other keys from the notebook, and add ui.onKeys({ ArrowLeft: handler, … }). */
function keepKeys(ui) {
  const handlers = {};
  // JupyterLab takes keys as they bubble up, Notebook 7 on their way down, before the root has heard of them:
  // there only this attribute, on the very element that has the focus, stops it.
  const mark = (event) => {
    if (!ui.root.contains(event.target)) return;
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !belongsToNotebook(event));
  };
  window.addEventListener("keydown", mark, true);
  ui.onLeave(() => window.removeEventListener("keydown", mark, true));
  ui.root.addEventListener("keydown", (event) => {
    if (belongsToNotebook(event)) return passOnFromDrawing(ui, event);
    event.stopPropagation();
    if (event.key === "Escape") ui.root.closest(".jp-Cell[tabindex], .jp-Notebook[tabindex]")?.focus();
    if (event.shiftKey || !(event.key in handlers)) return;
    event.preventDefault();
    handlers[event.key](event);
  });
  ui.onKeys = (more) => Object.assign(handlers, more);
}

/* Add ui.say(words): a screen reader is told the latest words once the widget rests, and nothing while ui.hush(true).
   words: a text, or a function that returns it. */
function addLiveRegion(ui) {
  const heard = ui.part(".rnncourse-heard");
  let [timer, latest, hushed] = [null, null, false];
  ui.say = (words) => {
    latest = words;
    clearTimeout(timer);
    timer = setTimeout(() => {
      const said = typeof words === "function" ? words() : words;
      if (!hushed) heard.textContent = said;
    }, REST_MS);
  };
  ui.hush = (on) => {
    hushed = on;
    if (!on && latest !== null) ui.say(latest);
  };
  ui.onLeave(() => clearTimeout(timer));
}

/* What is wider than the page can be scrolled by keyboard as well. ui.fitWide() looks again after a change. */
function watchWideBoxes(ui) {
  const boxes = ui.parts(".rnncourse-wide");
  ui.fitWide = () => {
    for (const box of boxes) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  const watch = new ResizeObserver(ui.fitWide);
  for (const box of boxes) watch.observe(box);
  ui.onLeave(() => watch.disconnect());
}

/* Call `again` whenever a box has a new width, less its `padding`; ui.wide holds it. A box that is not seen has none. */
function onWidthOf(ui, box, again, padding = 0) {
  const watch = new ResizeObserver(() => {
    const wide = box.clientWidth - padding;
    if (wide <= 0 || wide === ui.wide) return;
    ui.wide = wide;
    again();
  });
  watch.observe(box);
  ui.onLeave(() => watch.disconnect());
}

/* The tasks of a lab: which are done, and what the next one asks for. goals: its words, by the name of the task.
   more: what is said after them. */
function showTasks(ui, goals, done, more = "") {
  const names = Object.keys(goals);
  const next = names.find((name) => !done.includes(name));
  const ticks = ui.part(".rnncourse-tasks");
  setText(ticks, names.map((name) => (done.includes(name) ? "✓" : "○")).join(" "));
  setAttribute(ticks, "aria-label", `${done.length} of ${names.length} tasks done`);
  setText(ui.part(".rnncourse-says"), `${next ? `Task: ${goals[next]}` : "All tasks are done."}${more}`);
}

/* The controls that `playback` brings to life. */
function playbackHtml(label) {
  const buttons = ["Back", "Next", "Play"].map(
    (word) => `<button type="button" data-do="${word.toLowerCase()}">${word}</button>`,
  );
  return `<div class="rnncourse-walk">${buttons.join("")}
    <label><span>${label}</span><input type="range" data-slider="step" step="1"><output></output></label></div>`;
}

/* Walk through the whole numbers first … last of the model's trait `name`: buttons, slider, and Play.
   last: a number, or a function where it changes with the traits `follows`. backward(): whether Play goes down instead of up.
   describe(step) is what the slider says. Returns { walk, pause, playing }: walk(step) stops Play and goes to a step. */
function playback(ui, model, options) {
  const { name, first, describe, follows = ["steps"], backward = () => false } = options;
  const { stepMs = STEP_MS, calmStepMs = CALM_STEP_MS } = options;
  const last = () => (typeof options.last === "function" ? options.last() : options.last);
  const [back, next, play] = ["back", "next", "play"].map((one) => ui.part(`[data-do=${one}]`));
  const slider = ui.part("[data-slider=step]");
  slider.min = first;
  let timer = null;
  const now = () => model.get(name);
  const go = (step) => store(model, { [name]: Math.min(last(), Math.max(first, step)) });

  function draw() {
    slider.max = last();
    slider.value = now();
    setAttribute(slider, "aria-valuetext", describe(now()));
    setText(slider.nextElementSibling, describe(now()));
    // aria-disabled, not disabled: a button that is disabled under the fingers would lose the focus.
    setAttribute(back, "aria-disabled", now() === first);
    setAttribute(next, "aria-disabled", now() === last());
  }

  function pause() {
    if (timer === null) return;
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
    ui.hush(false);
  }

  function start() {
    const [from, to, by] = backward() ? [last(), first, -1] : [first, last(), 1];
    if (now() === to) go(from);
    const goOn = () => {
      if (Math.abs(to - now()) <= 1) pause();
      go(now() + by);
    };
    timer = setInterval(goOn, prefersLessMotion() ? calmStepMs : stepMs);
    play.textContent = "Pause";
    ui.hush(true); // otherwise every step would be read out
  }

  function walk(step) {
    pause();
    go(step);
  }

  back.addEventListener("click", () => walk(now() - 1));
  next.addEventListener("click", () => walk(now() + 1));
  play.addEventListener("click", () => (timer === null ? start() : pause()));
  slider.addEventListener("input", () => walk(Number(slider.value)));
  ui.listen(model, typeof options.last === "function" ? [name, ...follows] : [name], draw);
  ui.onLeave(() => clearInterval(timer));
  draw();
  return { walk, pause, playing: () => timer !== null };
}

/* A slider of the grid of settings (.rnncourse-settings); its trait is `name`. */
function sliderHtml({ name, label }, [first, last, step]) {
  return `<label><span>${label}</span><input type="range" data-setting="${name}" min="${first}" max="${last}"
    step="${step}"><output></output></label>`;
}

function selectHtml({ name, label }, choices) {
  const options = Object.entries(choices).map(([key, words]) => `<option value="${key}">${words}</option>`);
  return `<label><span>${label}</span><select data-setting="${name}">${options.join("")}</select></label>`;
}

/* Say beside a slider, and in its value text, what it is set to. */
function showSetting(slider, words) {
  setText(slider.parentElement.querySelector("output"), words);
  setAttribute(slider, "aria-valuetext", words);
}
