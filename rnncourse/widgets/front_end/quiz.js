/* Questions with one right option each: the choice is stored in `history` first, and shown as right or not after. */

function build(question) {
  const form = document.createElement("form"); // its radio buttons are a group of their own
  const options = question.options
    .map(
      (option, k) => `<label class="rnncourse-option"><input type="radio" name="option" value="${k}">
        <span>${option.html}</span> <span class="rnncourse-mark"></span></label>`,
    )
    .join("");
  form.dataset.key = question.key;
  form.innerHTML = `<fieldset><legend>${question.html}</legend>${options}</fieldset>
    <button type="submit">Commit to this answer</button><span class="rnncourse-hint" role="status"></span>
    <div class="rnncourse-verdict" tabindex="-1"></div>`;
  return form;
}

function reveal(form, question, chosen) {
  const right = chosen === question.answer;
  form.querySelectorAll("input").forEach((input, k) => {
    input.disabled = true;
    input.checked = k === chosen;
    const option = input.parentElement;
    const words = [k === chosen && "your answer", k === question.answer && "right answer"].filter(Boolean);
    option.querySelector(".rnncourse-mark").textContent = words.length ? `← ${words.join(", ")}` : "";
    if (k === question.answer) option.dataset.mark = "right";
    else if (k === chosen) option.dataset.mark = "chosen";
  });
  form.querySelector("button").hidden = true;
  const { html, feedback } = question.options[chosen];
  const verdict = form.querySelector(".rnncourse-verdict");
  verdict.toggleAttribute("data-right", right);
  verdict.innerHTML =
    `<p><strong>${right ? "Right." : "Not yet."}</strong> You said “${html}”.` +
    (right ? "" : ` The answer is “${question.options[question.answer].html}”.`) +
    `</p>${feedback ? `<p>${feedback}</p>` : ""}<p>${question.because}</p>`;
}

/* Store the option that is picked; say so where none is. */
function commit(form, { key }, model) {
  const picked = form.querySelector("input:checked");
  if (!picked) {
    form.querySelector(".rnncourse-hint").textContent = "Choose an answer first.";
    return;
  }
  store(model, { history: [...model.get("history"), { key, chosen: Number(picked.value) }] });
  form.querySelector(".rnncourse-verdict").focus(); // the button is gone: keep the keyboard here
}

function addForm(ui, question, model) {
  const form = build(question);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    commit(form, question, model);
  });
  form.addEventListener("change", () => (form.querySelector(".rnncourse-hint").textContent = ""));
  ui.root.append(form);
  return form;
}

function addScore(ui, questions) {
  const score = document.createElement("p");
  score.className = "rnncourse-score";
  score.setAttribute("role", "status");
  if (questions.length > 1) ui.root.append(score);
  return score;
}

function draw({ questions, forms, score }, history) {
  let right = 0;
  for (const { key, chosen } of history) {
    const q = questions.findIndex((question) => question.key === key);
    reveal(forms[q], questions[q], chosen);
    right += chosen === questions[q].answer;
  }
  score.textContent = history.length
    ? `${right} right of ${history.length} answered, ${questions.length} questions in all.`
    : `${questions.length} questions.`;
}

function render({ model, el }) {
  const questions = model.get("questions");
  const ui = panel(el, { name: "quiz", label: model.get("title") });
  const forms = questions.map((question) => addForm(ui, question, model));
  const view = { questions, forms, score: addScore(ui, questions) };
  ui.listen(model, ["history"], () => draw(view, model.get("history")));
  draw(view, model.get("history"));
  return ui.leave;
}

export default { render };
