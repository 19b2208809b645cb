/* Brings the widgets of a saved page to life: what the kernel would say is in the page. */
(() => {
  const models = JSON.parse(document.getElementById("rnncourse-widgets").textContent);
  const { Model, answeredBefore } = rnncourseModels;

  /* What tells the result of a prediction, output or explanation, by the keys of the predictions. */
  const telling = [...document.querySelectorAll("[data-rnncourse-tells]")].map((element) => ({
    element,
    keys: element.dataset.rnncourseTells.split(" "),
    isOutput: element.querySelector(".jp-OutputArea") !== null,
  }));
  const tellingOf = (key) => telling.filter(({ keys }) => keys.includes(key));

  /* Cover the results of a prediction until the reader has committed, or wants to look; one button uncovers them. */
  function cover(key) {
    const covered = tellingOf(key).filter(({ element }) => !element.hidden);
    if (!covered.length) return;
    for (const { element } of covered) element.hidden = true;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "rnncourse-cover" });
    button.dataset.covers = key;
    button.textContent = "Commit to your prediction above, or show the result.";
    button.addEventListener("click", () => uncover(key));
    covered[0].element.before(button);
  }

  function uncover(key) {
    for (const { element } of tellingOf(key)) element.hidden = false;
    document.querySelector(`.rnncourse-cover[data-covers="${key}"]`)?.remove();
  }

  /* Put the verdict below the last output that tells the result. */
  function tell({ key, verdict }) {
    uncover(key);
    const said = document.createElement("div");
    Object.assign(said, { className: "rnncourse-page-verdict", innerHTML: verdict });
    tellingOf(key).findLast(({ isOutput }) => isOutput)?.element.after(said);
  }

  /* A prediction whose result is on the page has its verdict there; that of any other comes in the question. */
  function place(state) {
    const [{ key, options }] = state.questions;
    if (!tellingOf(key).length) return;
    state.verdict = tellingOf(key).some(({ isOutput }) => isOutput) ? "below" : "here";
    if (!state.history.length) cover(key);
    else if (state.verdict === "below") tell({ key, verdict: options[state.history[0].chosen].verdict });
  }

  document.addEventListener("rnncourse-commit", (event) => tell(event.detail));
  for (const { state } of Object.values(models)) {
    if (!state.questions) continue;
    state.history = answeredBefore(state);
    place(state);
  }

  const live = Object.fromEntries(Object.entries(models).map(([id, { state }]) => [id, new Model(state)]));
  for (const el of document.querySelectorAll("[data-rnncourse-model]")) {
    const id = el.dataset.rnncourseModel;
    window.rnncourseFrontEnds[models[id].frontEnd].render({ model: live[id], el });
  }
})();
