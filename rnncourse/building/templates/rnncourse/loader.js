/* Brings the widgets of a saved page to life: what the kernel would say is in the page.

   Answers are kept in this browser and nowhere else. */
(() => {
  const models = JSON.parse(document.getElementById("rnncourse-widgets").textContent);
  const ANSWERS = "rnncourse-answers";

  /* The option that was committed to and how sure the reader was, by the key of the question. */
  function answers() {
    try {
      return JSON.parse(localStorage.getItem(ANSWERS)) ?? {};
    } catch {
      return {}; // no storage here, or not ours
    }
  }

  function keep({ key, chosen, sure }, { questions }) {
    const option = questions.find((question) => question.key === key).options[chosen].html;
    try {
      localStorage.setItem(ANSWERS, JSON.stringify({ ...answers(), [key]: { option, sure } }));
    } catch {
      // The page works without; only the answer is gone when it is left.
    }
  }

  /* What was answered here before, as the front end counts it; an option that is gone is no answer. */
  function answeredBefore({ questions }) {
    const kept = answers();
    return questions.flatMap(({ key, options }) => {
      const chosen = options.findIndex(({ html }) => html === kept[key]?.option);
      return chosen < 0 ? [] : [{ key, chosen, sure: kept[key].sure }];
    });
  }

  /* The part of a widget's model that the course's front ends use. */
  class Model {
    constructor(state) {
      this.state = state;
      this.listeners = [];
    }

    get(name) {
      return this.state[name];
    }

    set(name, value) {
      const same = JSON.stringify(this.state[name]) === JSON.stringify(value);
      this.state[name] = value;
      if (!same) this.listeners.filter(([event]) => event === `change:${name}`).forEach(([, listener]) => listener());
    }

    on(event, listener) {
      this.listeners.push([event, listener]);
    }

    off(event, listener) {
      this.listeners = this.listeners.filter((one) => one[0] !== event || one[1] !== listener);
    }

    // There is nobody to save for, and only the browser to tell.
    save_changes() {}
    send({ commit }) {
      if (commit) keep(commit, this.state);
    }
  }

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
