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

function render({ model, el }) {
  const questions = model.get("questions");
  const root = document.createElement("div");
  root.className = "rnncourse-live rnncourse-quiz";
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", model.get("title"));
  el.append(root);

  const forms = questions.map((question) => {
    const form = build(question);
    const hint = form.querySelector(".rnncourse-hint");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const picked = form.querySelector("input:checked");
      if (!picked) {
        hint.textContent = "Choose an answer first.";
        return;
      }
      const chosen = Number(picked.value);
      model.set("history", [...model.get("history"), { key: question.key, chosen }]);
      model.save_changes();
      form.querySelector(".rnncourse-verdict").focus(); // the button is gone: keep the keyboard here
    });
    form.addEventListener("change", () => (hint.textContent = ""));
    root.append(form);
    return form;
  });

  const score = document.createElement("p");
  score.className = "rnncourse-score";
  score.setAttribute("role", "status");
  if (questions.length > 1) root.append(score);

  function draw() {
    const history = model.get("history");
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

  root.addEventListener("keydown", (event) => {
    if (belongsToNotebook(event)) return;
    event.stopPropagation(); // JupyterLab would take an arrow key as a command
    if (event.key === "Escape") backToNotebook(root);
  });
  model.on("change:history", draw);
  draw();
  return () => model.off("change:history", draw);
}

export default { render };
