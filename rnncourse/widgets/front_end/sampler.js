/* The sampler: controls that set Python's settings, and the text that comes back, with its probabilities on demand. */

const REST_MS = 600; // how long the settings rest before a screen reader is told
const SLIDERS = [
  { name: "temperature", label: "Temperature", write: (v) => v.toFixed(2) },
  { name: "characters", label: "Characters", write: String },
  { name: "seed", label: "Seed", write: String },
];

function slider({ name, label }, { ranges }) {
  const [first, last, step] = ranges[name];
  return `<label><span>${label}</span><input type="range" data-setting="${name}" min="${first}" max="${last}"
    step="${step}"><output></output></label>`;
}

function quoted(character) {
  return character === " " ? "space" : character === "\n" ? "new line" : `“${character}”`;
}

/* How likely a character was, as one of five levels: 0 surprising … 4 expected. */
function level(p) {
  return [0.05, 0.2, 0.5, 0.8].filter((limit) => p >= limit).length;
}

function render({ model, el }) {
  const fixed = model.get("fixed");
  const root = document.createElement("div");
  root.className = "rnncourse-live rnncourse-sampler";
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Sampler");
  const parts = Object.entries(fixed.parts).map(([key, words]) => `<option value="${key}">${words}</option>`);
  root.innerHTML = `
    <div class="rnncourse-controls">
      <label class="rnncourse-wide"><span>Prompt</span><input type="text" data-setting="prompt" maxlength="200"
        spellcheck="false" autocomplete="off"></label>
      ${SLIDERS.map((one) => slider(one, fixed)).join("")}
      <label><span>Hold</span><select data-setting="hold">${parts.join("")}</select></label>
      <label><span>Unit</span><input type="number" data-setting="unit" min="-1" max="${fixed.units - 1}"
        step="1"><small>−1: all of ${fixed.units}</small></label>
      <label><span>at value</span><input type="range" data-setting="value"><output></output></label>
    </div>
    <div class="rnncourse-doing">
      <button type="button" data-do="again">Write again</button>
      <label><input type="checkbox" data-do="show"> Show probabilities</label>
    </div>
    <p class="rnncourse-problem" role="alert" hidden></p>
    <div class="rnncourse-text" data-level="off"></div>
    <div class="rnncourse-look" hidden>
      <label><span>Look at character</span><input type="range" data-do="look" min="1" step="1" value="1"><output></output></label>
      <p></p>
      <p class="rnncourse-key"><span data-p="4">80 % and more</span> <span data-p="3">50–80 %</span>
        <span data-p="2">20–50 %</span> <span data-p="1">5–20 %</span> <span data-p="0">below 5 %: a surprise</span></p>
    </div>
    <div class="rnncourse-heard" aria-live="polite"></div>`;
  el.append(root);

  const part = (selector) => root.querySelector(selector);
  const field = (name) => part(`[data-setting=${name}]`);
  const [text, look, problem, heard] = [".rnncourse-text", ".rnncourse-look", ".rnncourse-problem", "[aria-live]"].map(part);
  const [place, show] = ["[data-do=look]", "[data-do=show]"].map(part);
  let rest = null;

  function showSettings() {
    const held = model.get("hold");
    const [first, last, step] = fixed.ranges.value;
    Object.assign(field("value"), { min: fixed.gates.includes(held) ? 0 : first, max: last, step });
    for (const name of ["prompt", "temperature", "characters", "seed", "hold", "unit", "value"]) {
      const input = field(name);
      const typing = name === "prompt" && document.activeElement === input;
      if (!typing && input.value !== String(model.get(name))) input.value = model.get(name);
    }
    for (const { name, write } of [...SLIDERS, { name: "value", write: (v) => v.toFixed(1) }]) {
      const words = write(model.get(name));
      field(name).parentElement.querySelector("output").textContent = words;
      field(name).setAttribute("aria-valuetext", words);
    }
    for (const name of ["unit", "value"]) {
      field(name).disabled = held === "nothing";
      field(name).parentElement.toggleAttribute("data-off", held === "nothing");
    }
  }

  function draw() {
    const view = model.get("view");
    problem.hidden = !view.problem;
    problem.textContent = view.problem;
    const prompt = document.createElement("b");
    prompt.textContent = view.settings.prompt;
    const letters = view.characters.map(([character, p], k) => {
      const one = document.createElement("span");
      one.textContent = character;
      one.dataset.p = level(p);
      one.dataset.k = k;
      return one;
    });
    text.replaceChildren(prompt, ...letters);
    place.max = Math.max(letters.length, 1);
    root.dataset.seed = view.settings.seed;
    lookAt();
    clearTimeout(rest);
    rest = setTimeout(() => (heard.textContent = view.heard), REST_MS);
  }

  /* Say how the character came about that the slider points at. */
  function lookAt() {
    const { characters } = model.get("view");
    const shown = show.checked && characters.length > 0;
    look.hidden = !shown;
    text.dataset.level = shown ? "on" : "off";
    text.querySelector(".rnncourse-now")?.classList.remove("rnncourse-now");
    if (!shown) return;
    const k = Math.min(Number(place.value), characters.length) - 1;
    const [character, p, drawn, likeliest] = characters[k];
    text.children[k + 1].classList.add("rnncourse-now");
    const best = likeliest.map(([other, q]) => `${quoted(other)} ${q.toFixed(2)}`).join(", ");
    const said = `${quoted(character)}: probability ${p.toFixed(2)}, drawn with ${drawn.toFixed(2)} at this temperature. Likeliest here: ${best}.`;
    look.querySelector("p").textContent = said;
    place.setAttribute("aria-valuetext", `${k + 1}, ${said}`);
    look.querySelector("output").textContent = String(k + 1);
  }

  function set(name, value) {
    model.set(name, value);
    showSettings();
    model.save_changes();
  }

  root.addEventListener("keydown", (event) => {
    if (belongsToNotebook(event)) return;
    event.stopPropagation(); // JupyterLab would take an arrow key as a command and fold the section away
    if (event.key === "Escape") backToNotebook(root);
  });
  part(".rnncourse-controls").addEventListener("input", ({ target }) => {
    const { setting } = target.dataset;
    if (setting === "unit") {
      const unit = Math.round(Number(target.value));
      if (target.value === "" || unit < -1 || unit >= fixed.units) return; // still being typed
      return set("unit", unit);
    }
    if (setting === "hold" && fixed.gates.includes(target.value) && model.get("value") < 0) model.set("value", 0);
    set(setting, target.type === "range" ? Number(target.value) : target.value);
  });
  part("[data-do=again]").addEventListener("click", () => {
    const [first, last] = fixed.ranges.seed;
    set("seed", model.get("seed") < last ? model.get("seed") + 1 : first);
  });
  show.addEventListener("change", lookAt);
  place.addEventListener("input", lookAt);
  text.addEventListener("click", ({ target }) => {
    if (!target.dataset.k) return;
    place.value = Number(target.dataset.k) + 1;
    lookAt();
  });
  model.on("change:view", draw);
  const names = ["prompt", "temperature", "characters", "seed", "hold", "unit", "value"];
  for (const name of names) model.on(`change:${name}`, showSettings);
  showSettings();
  draw();

  return () => {
    clearTimeout(rest);
    model.off("change:view", draw);
    for (const name of names) model.off(`change:${name}`, showSettings);
  };
}

export default { render };
