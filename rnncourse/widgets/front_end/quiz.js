/* Questions with one right option each. A commitment is stored first, and then shown; the verdict comes in the question,
   or, for a prediction, below the cell that shows the result. */

const EXPLANATION = "What happened, and why"; // as in lab/edition.py

const LOCKED = {
  ahead: "Locked in. Now run the next cell.",
  below: "Locked in. The verdict is below the result.",
};

function build(question) {
  const form = document.createElement("form"); // its radio buttons are a group of their own
  const options = question.options
    .map(
      (option, k) => `<label class="rnncourse-option"><input type="radio" name="option" value="${k}">
        <span>${option.html}</span> <span class="rnncourse-mark"></span></label>`,
    )
    .join("");
  form.dataset.key = question.key;
  form.innerHTML = `<fieldset><legend>${question.html}</legend>${options}</fieldset>${buildSure(question)}
    <button type="submit">Commit to this answer</button><span class="rnncourse-hint" role="status"></span>
    <div class="rnncourse-verdict" tabindex="-1"></div>`;
  return form;
}

function buildSure({ sure }) {
  const degrees = Object.entries(sure).map(
    ([degree, words]) => `<label><input type="radio" name="sure" value="${degree}"> <span>${words}</span></label>`,
  );
  if (!degrees.length) return "";
  return `<fieldset class="rnncourse-sure"><legend>How sure are you? (optional)</legend>${degrees.join("")}</fieldset>`;
}

/* What is selected, whether committed to or not. */
function selected(form, { key }) {
  const option = form.querySelector("[name=option]:checked");
  const sure = form.querySelector("[name=sure]:checked");
  return { key, chosen: option ? Number(option.value) : -1, sure: sure ? sure.value : "" };
}

function select(form, { chosen, sure }) {
  for (const input of form.querySelectorAll("input")) {
    input.checked = input.name === "sure" ? input.value === sure : Number(input.value) === chosen;
  }
}

function lock(form, entry) {
  select(form, entry);
  for (const input of form.querySelectorAll("input")) input.disabled = true;
  const option = form.querySelector(`[name=option][value="${entry.chosen}"]`).parentElement;
  option.dataset.mark = "chosen";
  option.querySelector(".rnncourse-mark").textContent = "← your answer";
  form.querySelector("button").hidden = true;
}

function reveal(form, question, chosen) {
  form.querySelectorAll("[name=option]").forEach((input, k) => {
    if (k !== question.answer) return;
    const option = input.parentElement;
    option.dataset.mark = "right";
    option.querySelector(".rnncourse-mark").textContent = k === chosen ? "← your answer, right answer" : "← right answer";
  });
  form.querySelector(".rnncourse-verdict").innerHTML = question.options[chosen].verdict;
}

/* The explanation that is folded below the result, in a learner's copy: it opens once the verdict is there. */
function explanationBelow(el) {
  let cell = el.closest(".jp-Cell");
  while ((cell = cell?.nextElementSibling)) {
    if (cell.querySelector(".rnncourse-quiz")) return null; // the next question comes first
    const folded = [...cell.querySelectorAll("details")];
    const found = folded.find((one) => one.querySelector("summary")?.textContent.trim() === EXPLANATION);
    if (found) return found;
  }
  return null;
}

function openExplanation(el, model) {
  if (model.get("verdict") !== "below" || !model.get("history").length) return;
  const explanation = explanationBelow(el);
  if (explanation) explanation.open = true;
}

/* Store the option that is selected; say so where none is. */
function commit(form, question, model) {
  const entry = selected(form, question);
  if (entry.chosen < 0) {
    form.querySelector(".rnncourse-hint").textContent = "Choose an answer first.";
    return;
  }
  // A message of its own: the widget manager holds a changed trait back while the kernel is busy with the one before.
  model.send({ commit: entry });
  model.set("history", [...model.get("history"), entry]);
  form.querySelector(".rnncourse-verdict").focus(); // the button is gone: keep the keyboard here
  form.dispatchEvent(
    new CustomEvent("rnncourse-commit", {
      bubbles: true,
      detail: { key: question.key, verdict: question.options[entry.chosen].verdict },
    }),
  );
}

function addForm(ui, question, model) {
  const form = build(question);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    commit(form, question, model);
  });
  form.addEventListener("change", () => {
    form.querySelector(".rnncourse-hint").textContent = "";
    model.send({ pick: selected(form, question) });
  });
  ui.root.append(form);
  return form;
}

function addLine(ui, name) {
  const line = document.createElement("p");
  line.className = name;
  line.setAttribute("role", "status");
  ui.root.append(line);
  return line;
}

function draw(view, model) {
  const { questions, forms, score, notice } = view;
  const [history, verdict] = [model.get("history"), model.get("verdict")];
  let right = 0;
  for (const entry of history) {
    const k = questions.findIndex((question) => question.key === entry.key);
    lock(forms[k], entry);
    if (verdict === "here") reveal(forms[k], questions[k], entry.chosen);
    else forms[k].querySelector(".rnncourse-verdict").textContent = LOCKED[verdict];
    right += entry.chosen === questions[k].answer;
  }
  const open = questions.length - history.length;
  const scored = `${right} of ${history.length} right`;
  if (score) setText(score, history.length ? `${scored}${open ? `, ${open} to go` : ""}.` : `${questions.length} questions.`);
  setText(notice, model.get("notice"));
}

function render({ model, el }) {
  const questions = model.get("questions");
  const ui = panel(el, { name: "quiz", label: model.get("title") });
  const forms = questions.map((question) => addForm(ui, question, model));
  const score = questions.length > 1 ? addLine(ui, "rnncourse-score") : null;
  const view = { questions, forms, score, notice: addLine(ui, "rnncourse-notice") };
  for (const entry of model.get("picked")) select(forms[questions.findIndex(({ key }) => key === entry.key)], entry);
  ui.listen(model, ["history", "verdict", "notice"], () => draw(view, model));
  ui.listen(model, ["verdict"], () => openExplanation(el, model));
  draw(view, model);
  return ui.leave;
}

export default { render };
