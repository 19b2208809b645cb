/* What a page needs in the place of a kernel: models of the widgets, and the answers given in this browser. They are
   kept here and nowhere else. */
const rnncourseModels = (() => {
  const ANSWERS = "rnncourse-answers";
  const PAPER = 600; // pixels of a line of A4 or Letter

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

  /* What is wider than the page can be scrolled by keyboard as well. */
  function fitFormulas() {
    for (const box of document.querySelectorAll(".rnncourse-formula")) {
      if (box.scrollWidth > box.clientWidth) Object.assign(box, { tabIndex: 0, role: "group", ariaLabel: "Wide formula" });
      else ["tabindex", "role", "aria-label"].forEach((name) => box.removeAttribute(name));
    }
    const inLines = [...document.querySelectorAll("math[display=inline]")];
    for (const one of inLines) one.style.fontSize = "";
    // A formula cannot be broken like a line of text: it is written smaller where it is longer than the line.
    const shares = inLines.map((one) => one.parentElement.clientWidth / one.getBoundingClientRect().width);
    inLines.forEach((one, k) => {
      if (shares[k] > 0 && shares[k] < 1) one.style.fontSize = `${(1.1 * shares[k]).toFixed(3)}em`;
    });
  }
  /* Paper does not scroll: what is wider than its lines is printed smaller. */
  function fitToPaper() {
    for (const formula of document.querySelectorAll(".rnncourse-formula > math")) {
      formula.style.minWidth = "0";
      const scale = Math.min(1, PAPER / formula.getBoundingClientRect().width);
      formula.style.minWidth = "";
      formula.style.setProperty("--print-scale", scale.toFixed(3));
    }
  }
  addEventListener("beforeprint", fitToPaper);

  addEventListener("load", fitFormulas);
  addEventListener("resize", fitFormulas);

  return { Model, answeredBefore };
})();
