/* Brings the widgets of the site to life, each as soon as the browser has read it, and covers results until the reader
   has committed to a prediction. */
(() => {
  const { Model, answeredBefore } = rnncourseModels;
  const models = {};

  /* Draw the widgets that have been read since the last call. A page calls it after each of them. */
  window.rnncourseWake = () => {
    for (const el of document.querySelectorAll(".rnncourse-place:not([data-awake])")) wake(el);
  };

  function wake(el) {
    const { rnncourseModel: id, frontEnd } = el.dataset;
    el.dataset.awake = "";
    const widget = window.rnncourseFrontEnds?.[frontEnd];
    if (!widget) return; // the stand-in stays
    const state = JSON.parse(el.querySelector(".rnncourse-state").textContent);
    if (state.questions) state.history = answeredBefore(state);
    models[id] ??= new Model(state);
    el.replaceChildren();
    widget.render({ model: models[id], el });
  }

  const tellingOf = (key) => [...document.querySelectorAll(`.rnncourse-told[data-rnncourse-tells~="${key}"]`)];

  function uncover(key) {
    for (const element of tellingOf(key)) element.classList.add("rnncourse-open");
    document.querySelector(`.rnncourse-cover[data-covers="${key}"]`)?.remove();
  }

  /* Uncover what tells a result, and put the verdict below the last output that shows it. */
  function tell({ key, verdict }) {
    uncover(key);
    const said = document.createElement("div");
    Object.assign(said, { className: "rnncourse-page-verdict", innerHTML: verdict });
    tellingOf(key).findLast((element) => element.classList.contains("rnncourse-result"))?.append(said);
  }

  document.addEventListener("rnncourse-commit", (event) => tell(event.detail));
  document.addEventListener("click", ({ target }) => {
    const button = target.closest(".rnncourse-cover");
    if (!button) return;
    const [first] = tellingOf(button.dataset.covers);
    uncover(button.dataset.covers);
    if (!first) return;
    first.tabIndex = -1; // the button is gone: keep the keyboard here
    first.focus({ preventScroll: true });
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const model of Object.values(models)) {
      const [entry] = model.get("history") ?? [];
      const question = model.get("questions")?.find(({ key }) => key === entry?.key);
      if (question && tellingOf(question.key).length) {
        tell({ key: question.key, verdict: question.options[entry.chosen].verdict });
      }
    }
  });

  // Paper shows everything.
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => (one.open = true)));
})();
