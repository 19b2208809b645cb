/* The Gate lab: a cell of one unit, and where Python has given it a network a second tab with one unit of that. */

/* A part of the panel as a panel of its own: it looks for elements in `box` only. */
function within(ui, box) {
  return { ...ui, box, part: (selector) => box.querySelector(selector), parts: (selector) => [...box.querySelectorAll(selector)] };
}

function tabsHtml(tabs, id) {
  const buttons = Object.entries(tabs).map(
    ([name, title]) => `<button type="button" role="tab" id="${id}-${name}" aria-controls="${id}-${name}-panel"
      data-tab="${name}">${title}</button>`,
  );
  return `<div class="rnncourse-tab-row" role="tablist" aria-label="Gate lab">${buttons.join("")}</div>`;
}

function tabPanelHtml(name, id, html) {
  return `<div class="rnncourse-body" role="tabpanel" id="${id}-${name}-panel" aria-labelledby="${id}-${name}"
    data-panel="${name}">${html}</div>`;
}

function labHtml(fixed, network, hatch) {
  const cell = cellHtml(fixed, hatch.cell);
  if (!network.kind) return `<div class="rnncourse-body" data-panel="cell">${cell}</div>`;
  const id = uniqueId("tab");
  return `${tabsHtml(network.tabs, id)}${tabPanelHtml("cell", id, cell)}
    ${tabPanelHtml("network", id, networkHtml(network, fixed.limits, hatch.network))}`;
}

function showTab(ui, chosen) {
  for (const tab of ui.parts("[role=tab]")) {
    const on = tab.dataset.tab === chosen;
    setAttribute(tab, "aria-selected", on);
    tab.tabIndex = on ? 0 : -1;
  }
  for (const box of ui.parts("[role=tabpanel]")) box.hidden = box.dataset.panel !== chosen;
}

/* Tabs as keyboards know them: Tab reaches the chosen one, arrows, Home and End choose. */
function connectTabs(ui, model) {
  const tabs = ui.parts("[role=tab]");
  const row = ui.part("[role=tablist]");
  const names = tabs.map((tab) => tab.dataset.tab);
  const go = (k) => {
    const name = names[(k + names.length) % names.length];
    store(model, { tab: name });
    tabs[names.indexOf(name)].focus({ preventScroll: true });
  };
  row.addEventListener("click", ({ target }) => {
    const tab = target.closest("[role=tab]");
    if (tab) go(tabs.indexOf(tab));
  });
  row.addEventListener("keydown", (event) => {
    const now = names.indexOf(model.get("tab"));
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: names.length - 1 }[event.key];
    if (next === undefined || belongsToNotebook(event)) return;
    event.preventDefault();
    go(next);
  });
  const show = () => showTab(ui, model.get("tab"));
  ui.listen(model, ["tab"], show);
  show();
}

function render({ model, el }) {
  const hatch = { cell: uniqueId("hatch"), network: uniqueId("hatch") };
  const [fixed, network] = [model.get("fixed"), model.get("network")];
  const ui = panel(el, { name: "gate-lab", isLab: true, label: "Gate lab", html: labHtml(fixed, network, hatch) });
  for (const [name, colour] of Object.entries(fixed.colours)) ui.root.style.setProperty(`--tone-${name}`, colour);
  if (network.kind) connectTabs(ui, model);
  startCell({ ...within(ui, ui.part("[data-panel=cell]")), hatch: hatch.cell }, model);
  if (network.kind) startNetwork({ ...within(ui, ui.part("[data-panel=network]")), hatch: hatch.network }, model, network);
  return ui.leave;
}

export default { render };
