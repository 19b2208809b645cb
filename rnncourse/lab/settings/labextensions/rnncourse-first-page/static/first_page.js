/* The notebook that the page's address names is opened at once.

   JupyterLab reads the address only when it has stored its workspace, which it puts off for half a second each time
   something changes: a second in which nothing happens. It finds the notebook open then, and shows it. It is an
   extension as JupyterLab loads them, written by hand, so that nothing has to be built. */

(() => {
  // Notebook 7 has other addresses, and would open a page of its own for each notebook.
  const IN_JUPYTERLAB = /\/lab\/(workspaces\/[^/]+\/)?tree\//;

  async function activate(app) {
    const { treePath } = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
    if (!treePath?.endsWith(".ipynb") || !IN_JUPYTERLAB.test(location.pathname)) return;
    await app.restored;
    try {
      await app.serviceManager.contents.get(treePath, { content: false });
    } catch {
      return; // JupyterLab says what is wrong when it gets there
    }
    app.commands.execute("docmanager:open", { path: treePath });
  }

  // Not awaited: JupyterLab starts when all of its plugins have.
  const plugin = { id: "rnncourse-first-page:plugin", autoStart: true, activate: (app) => void activate(app) };
  const container = { init: async () => {}, get: async () => () => ({ __esModule: true, default: plugin }) };
  (window._JUPYTERLAB ??= {})["rnncourse-first-page"] = container;
})();
