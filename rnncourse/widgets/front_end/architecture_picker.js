/* The architecture picker: radio buttons, and the card of the chosen pattern, which Python has prepared. */

const REST_MS = 500; // how long the choice rests before a screen reader is told

function render({ model, el }) {
  const cards = model.get("cards");
  const group = `rnncourse-pattern-${Math.random().toString(36).slice(2)}`;
  const root = document.createElement("div");
  root.className = "rnncourse-live rnncourse-architectures";
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Architecture picker");
  root.innerHTML = `
    <fieldset><legend>Choose a pattern</legend>${cards
      .map(({ name }) => `<label><input type="radio" name="${group}" value="${name}">${name}</label>`)
      .join("")}</fieldset>
    <p class="rnncourse-says"></p>
    <div class="rnncourse-drawing"></div>
    <p><strong>A task that needs it.</strong> <span data-part="task"></span></p>
    <table><caption>Shapes</caption><thead><tr><th scope="col">name</th><th scope="col">shape</th>
      <th scope="col">what it is</th></tr></thead><tbody></tbody></table>
    <p><strong>Wrong where?</strong> <span data-part="wrong"></span></p>
    <p class="rnncourse-heard" aria-live="polite"></p>`;
  el.appendChild(root);
  const part = (selector) => root.querySelector(selector);
  const drawing = part(".rnncourse-drawing");
  const heard = part(".rnncourse-heard");
  let rest = null;

  function cell(tag, words) {
    const made = document.createElement(tag);
    made.textContent = words;
    if (tag === "th") made.scope = "row";
    return made;
  }

  function draw() {
    const card = cards.find(({ name }) => name === model.get("pattern"));
    for (const radio of root.querySelectorAll("[type=radio]")) radio.checked = radio.value === card.name;
    part(".rnncourse-says").textContent = `${card.says[0].toUpperCase()}${card.says.slice(1)}.`;
    drawing.innerHTML = card.drawing;
    part("[data-part=task]").textContent = card.task;
    part("[data-part=wrong]").textContent = card.wrong;
    const rows = card.shapes.map(([name, shape, meaning]) => {
      const row = document.createElement("tr");
      row.append(cell("th", name), cell("td", shape), cell("td", meaning));
      return row;
    });
    part("tbody").replaceChildren(...rows);
    return card;
  }

  function changed() {
    const card = draw();
    clearTimeout(rest);
    rest = setTimeout(() => {
      heard.textContent = card.heard;
    }, REST_MS);
  }

  root.addEventListener("keydown", (event) => {
    if (belongsToNotebook(event)) return;
    event.stopPropagation(); // JupyterLab would take an arrow key as a command and fold the section away
    if (event.key === "Escape") backToNotebook(root);
  });
  root.addEventListener("change", ({ target }) => {
    model.set("pattern", target.value);
    model.save_changes();
  });
  // A picture that is wider than the page is scrolled by keyboard, too.
  const watch = new ResizeObserver(() => {
    if (drawing.scrollWidth > drawing.clientWidth) drawing.tabIndex = 0;
    else drawing.removeAttribute("tabindex");
  });
  watch.observe(drawing);
  model.on("change:pattern", changed);
  draw();

  return () => {
    clearTimeout(rest);
    watch.disconnect();
    model.off("change:pattern", changed);
  };
}

export default { render };
