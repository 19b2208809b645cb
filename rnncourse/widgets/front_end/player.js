/* Step through frames that Python prepared: a slider, three buttons and keys that swap what is visible. */

const STEP_MS = 1000;
const CALM_STEP_MS = 2500; // for readers who asked for less motion

const CONTROLS = `
  <div class="rnncourse-controls">
    <button type="button" data-do="back">Back</button>
    <button type="button" data-do="next">Next</button>
    <button type="button" data-do="play">Play</button>
    <label><span data-part="name"></span><input type="range" step="1"><output></output></label>
  </div>
  <div class="rnncourse-stage"></div>
  <div class="rnncourse-heard" aria-live="polite"></div>`;

function render({ model, el }) {
  const frames = model.get("frames");
  const first = model.get("first");
  const last = first + frames.length - 1;
  const root = document.createElement("div");
  root.className = "rnncourse-live rnncourse-player";
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", model.get("title"));
  root.innerHTML = CONTROLS;
  el.append(root);

  const part = (selector) => root.querySelector(selector);
  const [back, next, play] = ["back", "next", "play"].map((name) => part(`[data-do=${name}]`));
  const slider = part("input");
  const shown = part("output");
  const stage = part(".rnncourse-stage");
  const heard = part("[aria-live]");
  part("[data-part=name]").textContent = model.get("step_name");
  slider.min = first;
  slider.max = last;
  stage.innerHTML = frames.map((frame) => `<div class="rnncourse-frame">${frame.html}</div>`).join("");

  let timer = null;

  function draw() {
    const t = model.get("t");
    const frame = frames[t - first];
    stage.querySelector("[data-current]")?.removeAttribute("data-current");
    stage.children[t - first].setAttribute("data-current", "");
    slider.value = t;
    slider.setAttribute("aria-valuetext", frame.label);
    shown.textContent = frame.label;
    // aria-disabled, not disabled: a button that is disabled under the fingers would lose the focus.
    back.setAttribute("aria-disabled", t === first);
    next.setAttribute("aria-disabled", t === last);
  }

  function go(t) {
    model.set("t", Math.min(last, Math.max(first, t)));
    model.save_changes();
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  function start() {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (model.get("t") === last) go(first);
    timer = setInterval(() => {
      go(model.get("t") + 1);
      if (model.get("t") === last) pause();
    }, calm ? CALM_STEP_MS : STEP_MS);
    play.textContent = "Pause";
  }

  function step(to) {
    pause();
    go(to);
  }

  const moves = {
    ArrowLeft: () => model.get("t") - 1,
    ArrowRight: () => model.get("t") + 1,
    Home: () => first,
    End: () => last,
  };

  root.addEventListener("keydown", (event) => {
    if (belongsToNotebook(event)) return;
    event.stopPropagation(); // JupyterLab would take an arrow key as a command and fold the section away
    if (event.key === "Escape") backToNotebook(root);
    if (event.shiftKey || !(event.key in moves)) return;
    event.preventDefault();
    step(moves[event.key]());
  });
  back.addEventListener("click", () => step(model.get("t") - 1));
  next.addEventListener("click", () => step(model.get("t") + 1));
  play.addEventListener("click", () => (timer === null ? start() : pause()));
  slider.addEventListener("input", () => step(Number(slider.value)));

  function changed() {
    draw();
    heard.textContent = frames[model.get("t") - first].summary;
  }
  model.on("change:t", changed);
  draw();

  return () => {
    pause();
    model.off("change:t", changed);
  };
}

export default { render };
