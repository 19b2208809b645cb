/* The sampler: controls that set Python's settings, and the text that comes back, with its probabilities on demand. */

const SLIDERS = [
  { name: "temperature", label: "Temperature", write: (v) => v.toFixed(2) },
  { name: "characters", label: "Characters", write: String },
  { name: "seed", label: "Seed", write: String },
];
const HELD_AT = { name: "value", label: "at value", write: (v) => v.toFixed(1) };
const SETTINGS = ["prompt", "temperature", "characters", "seed", "hold", "unit", "value"];

function quoted(character) {
  return character === " " ? "space" : character === "\n" ? "new line" : `“${character}”`;
}

/* How likely a character was, as one of five levels: 0 surprising … 4 expected. */
function level(p) {
  return [0.05, 0.2, 0.5, 0.8].filter((limit) => p >= limit).length;
}

function samplerHtml({ ranges, parts, units }) {
  return `
    <div class="rnncourse-settings">
      <label class="rnncourse-prompt"><span>Prompt</span><input type="text" data-setting="prompt" maxlength="200"
        spellcheck="false" autocomplete="off"></label>
      ${SLIDERS.map((one) => sliderHtml(one, ranges[one.name])).join("")}
      ${selectHtml({ name: "hold", label: "Hold" }, parts)}
      <label><span>Unit</span><input type="number" data-setting="unit" min="-1" max="${units - 1}"
        step="1"><small>−1: all of ${units}</small></label>
      ${sliderHtml(HELD_AT, ranges.value)}
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
    </div>`;
}

function field(ui, name) {
  return ui.part(`[data-setting=${name}]`);
}

function showSettings(ui, model, { ranges, gates }) {
  const held = model.get("hold");
  field(ui, "value").min = gates.includes(held) ? 0 : ranges.value[0];
  for (const name of SETTINGS) {
    const input = field(ui, name);
    const typing = name === "prompt" && document.activeElement === input;
    if (!typing && input.value !== String(model.get(name))) input.value = model.get(name);
  }
  for (const { name, write } of [...SLIDERS, HELD_AT]) showSetting(field(ui, name), write(model.get(name)));
  for (const name of ["unit", "value"]) {
    field(ui, name).disabled = held === "nothing";
    field(ui, name).parentElement.toggleAttribute("data-off", held === "nothing");
  }
}

function letter([character, p], k) {
  const one = document.createElement("span");
  one.textContent = character;
  Object.assign(one.dataset, { p: level(p), k });
  return one;
}

function draw(ui, view) {
  const problem = ui.part(".rnncourse-problem");
  problem.hidden = !view.problem;
  problem.textContent = view.problem;
  const prompt = document.createElement("b");
  prompt.textContent = view.settings.prompt;
  ui.part(".rnncourse-text").replaceChildren(prompt, ...view.characters.map(letter));
  ui.part("[data-do=look]").max = Math.max(view.characters.length, 1);
  ui.root.dataset.seed = view.settings.seed;
  lookAt(ui, view);
}

/* Say how the character came about that the slider points at. */
function lookAt(ui, { characters }) {
  const [text, look, place] = [".rnncourse-text", ".rnncourse-look", "[data-do=look]"].map(ui.part);
  const shown = ui.part("[data-do=show]").checked && characters.length > 0;
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

/* What a control is set to, as settings to store; null while a number is still being typed. */
function settingsOf(target, model, { gates, units }) {
  const { setting } = target.dataset;
  if (setting === "unit") {
    const unit = Math.round(Number(target.value));
    return target.value === "" || unit < -1 || unit >= units ? null : { unit };
  }
  if (setting === "hold" && gates.includes(target.value) && model.get("value") < 0) {
    return { value: 0, hold: target.value };
  }
  return { [setting]: target.type === "range" ? Number(target.value) : target.value };
}

function render({ model, el }) {
  const fixed = model.get("fixed");
  const ui = panel(el, { name: "sampler", label: "Sampler", html: samplerHtml(fixed) });
  const look = () => lookAt(ui, model.get("view"));
  const set = (values) => {
    for (const [name, value] of Object.entries(values)) model.set(name, value);
    showSettings(ui, model, fixed);
    model.save_changes();
  };

  ui.part(".rnncourse-settings").addEventListener("input", ({ target }) => {
    const values = settingsOf(target, model, fixed);
    if (values) set(values);
  });
  ui.part("[data-do=again]").addEventListener("click", () => {
    const [first, last] = fixed.ranges.seed;
    set({ seed: model.get("seed") < last ? model.get("seed") + 1 : first });
  });
  ui.part("[data-do=show]").addEventListener("change", look);
  ui.part("[data-do=look]").addEventListener("input", look);
  ui.part(".rnncourse-text").addEventListener("click", ({ target }) => {
    if (!target.dataset.k) return;
    ui.part("[data-do=look]").value = Number(target.dataset.k) + 1;
    look();
  });

  const show = () => {
    draw(ui, model.get("view"));
    ui.say(model.get("view").heard);
  };
  ui.listen(model, ["view"], show);
  ui.listen(model, SETTINGS, () => showSettings(ui, model, fixed));
  showSettings(ui, model, fixed);
  show();
  return ui.leave;
}

export default { render };
