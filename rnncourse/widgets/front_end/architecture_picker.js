/* The architecture picker: radio buttons, and the card of the chosen pattern, which Python has prepared. */

function pickerHtml(cards) {
  const group = uniqueId("pattern");
  const radios = cards.map(
    ({ name }) => `<label><input type="radio" name="${group}" value="${name}">${name}</label>`,
  );
  return `
    <fieldset><legend>Choose a pattern</legend>${radios.join("")}</fieldset>
    <p class="rnncourse-says"></p>
    <div class="rnncourse-drawing rnncourse-wide"></div>
    <p><strong>A task that needs it.</strong> <span data-part="task"></span></p>
    <table><caption>Shapes</caption><thead><tr><th scope="col">name</th><th scope="col">shape</th>
      <th scope="col">what it is</th></tr></thead><tbody></tbody></table>
    <p><strong>Wrong where?</strong> <span data-part="wrong"></span></p>`;
}

function tableCell(tag, words) {
  const made = document.createElement(tag);
  made.textContent = words;
  if (tag === "th") made.scope = "row";
  return made;
}

function shapeRow([name, shape, meaning]) {
  const row = document.createElement("tr");
  row.append(tableCell("th", name), tableCell("td", shape), tableCell("td", meaning));
  return row;
}

function draw(ui, card) {
  for (const radio of ui.parts("[type=radio]")) radio.checked = radio.value === card.name;
  ui.part(".rnncourse-says").textContent = `${card.says[0].toUpperCase()}${card.says.slice(1)}.`;
  ui.part(".rnncourse-drawing").innerHTML = card.drawing;
  ui.part("[data-part=task]").textContent = card.task;
  ui.part("[data-part=wrong]").textContent = card.wrong;
  ui.part("tbody").replaceChildren(...card.shapes.map(shapeRow));
  ui.fitWide();
}

function render({ model, el }) {
  const cards = model.get("cards");
  const chosen = () => cards.find(({ name }) => name === model.get("pattern"));
  const ui = panel(el, { name: "architectures", label: "Architecture picker", html: pickerHtml(cards) });
  ui.root.addEventListener("change", ({ target }) => store(model, { pattern: target.value }));
  ui.listen(model, ["pattern"], () => {
    draw(ui, chosen());
    ui.say(chosen().heard);
  });
  draw(ui, chosen());
  return ui.leave;
}

export default { render };
