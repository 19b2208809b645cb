/* A link into a notebook that is not open yet ends at its section.

   JupyterLab looks for the section as soon as the notebook is there, when its texts are not drawn yet, finds nothing,
   and stays at the top. Notebook 7 opens a page of its own and forgets the section. This looks again once the texts are
   drawn, unless the reader has scrolled by then. It is an extension as JupyterLab loads them, written by hand, so that
   nothing has to be built. */

(() => {
  const PATIENCE_MS = 30000;
  const OFTEN_MS = 200;
  const NOTE = "rnncourse-links";  // in the browser's storage: what a page opened by a click is to show
  const MOVES = ["wheel", "keydown", "pointerdown", "touchmove"];

  const pause = () => new Promise((done) => setTimeout(done, OFTEN_MS));

  /* Whether all texts of a notebook are drawn, and what is drawn has kept its height since it was last asked. */
  function isDrawn(notebook, seen) {
    const cells = notebook.widgets ?? [];
    const height = notebook.node.scrollHeight;
    const settled = height === seen.height;
    seen.height = height;
    return settled && cells.length > 0 && cells.every((cell) => cell.model.type !== "markdown" || cell.rendered);
  }

  /* Go to a section of the notebook at `path`, once it is drawn. */
  async function arrive(app, { path, fragment }) {
    let moved = false;
    const seen = { height: -1 };
    const stop = () => { moved = true; };
    MOVES.forEach((move) => document.addEventListener(move, stop, { capture: true, passive: true }));
    for (const end = Date.now() + PATIENCE_MS; !moved && Date.now() < end; await pause()) {
      const panel = app.shell.currentWidget;
      const there = panel?.context?.path === path && panel.context.isReady && panel.content?.setFragment;
      if (!there || !isDrawn(panel.content, seen)) continue;
      panel.content.setFragment(fragment);
      break;
    }
    MOVES.forEach((move) => document.removeEventListener(move, stop, { capture: true }));
  }

  /* The path and the fragment of a link that JupyterLab has found to lead to a notebook, null for other links. */
  function aim(link) {
    const path = /\/files\/(.+\.ipynb)$/.exec(decodeURIComponent(link?.pathname ?? ""));
    return path && link.hash ? { path: path[1], fragment: decodeURIComponent(link.hash) } : null;
  }

  /* What this page was opened for, null where nobody said so lately. */
  function noted() {
    const note = JSON.parse(localStorage.getItem(NOTE) ?? "null");
    localStorage.removeItem(NOTE);
    const here = decodeURIComponent(location.pathname);
    return note && Date.now() - note.at < PATIENCE_MS && here.endsWith(`/notebooks/${note.path}`) ? note : null;
  }

  function activate(app) {
    document.addEventListener("click", (event) => {
      const found = aim(event.target.closest?.("a"));
      if (!found) return;
      if (/\/notebooks\//.test(location.pathname)) localStorage.setItem(NOTE, JSON.stringify({ ...found, at: Date.now() }));
      else arrive(app, found);
    });
    const found = noted();
    if (found) arrive(app, found);
  }

  const plugin = { id: "rnncourse-links:plugin", autoStart: true, activate };
  const container = { init: async () => {}, get: async () => () => ({ __esModule: true, default: plugin }) };
  (window._JUPYTERLAB ??= {})["rnncourse-links"] = container;
})();
