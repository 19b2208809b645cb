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
    el.dataset.awake = "";
    if (!window.rnncourseFrontEnds?.[el.dataset.frontEnd]) return; // the stand-in stays
    const apart = Object.entries(JSON.parse(el.dataset.apart ?? "{}"));
    if (apart.length) whenNear(el, () => load(apart, (texts) => draw(el, texts)));
    else draw(el, {});
  }

  function draw(el, texts) {
    const { rnncourseModel: id, frontEnd } = el.dataset;
    const stored = el.querySelector(".rnncourse-state");
    const state = { ...JSON.parse(stored.textContent), ...texts };
    stored.remove();
    if (state.questions) state.history = answeredBefore(state);
    models[id] ??= new Model(state);
    window.rnncourseFrontEnds[frontEnd].render({ model: models[id], el });
  }

  /* Do something once a reader is about a screen away from an element. */
  function whenNear(el, then) {
    const watch = new IntersectionObserver((seen) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watch.disconnect();
      then();
    }, { rootMargin: "1000px" });
    watch.observe(el);
  }

  /* Load long texts of a state, [trait, address] each. A page on a disk may load scripts and nothing else. */
  function load(apart, then) {
    let left = apart.length;
    const arrived = () => {
      left -= 1;
      if (left) return;
      then(Object.fromEntries(apart.map(([trait, address]) => [trait, window.rnncourseTexts[nameOf(address)]])));
    };
    for (const [, address] of apart) {
      if (window.rnncourseTexts?.[nameOf(address)]) arrived();
      else document.head.append(Object.assign(document.createElement("script"), { src: address, onload: arrived }));
    }
  }

  function nameOf(address) {
    return address.split("/").at(-1).replace(".js", "");
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
  addEventListener("beforeprint", () => document.querySelectorAll("details:not(.hide, figure *)").forEach((one) => (one.open = true)));
})();
