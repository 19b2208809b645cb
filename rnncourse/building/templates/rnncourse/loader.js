/* Brings the widgets of a saved page to life: what the kernel would say is in the page. */
(() => {
  const { scripts, styles, models } = JSON.parse(document.getElementById("rnncourse-widgets").textContent);

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

    save_changes() {} // there is nobody to save for
  }

  for (const text of styles) {
    const style = document.createElement("style");
    style.textContent = text;
    document.head.append(style);
  }
  const modules = scripts.map((text) => import(URL.createObjectURL(new Blob([text], { type: "text/javascript" }))));
  const live = Object.fromEntries(Object.entries(models).map(([id, { state }]) => [id, new Model(state)]));
  for (const el of document.querySelectorAll("[data-rnncourse-model]")) {
    const id = el.dataset.rnncourseModel;
    modules[models[id].script].then(({ default: widget }) => widget.render({ model: live[id], el }));
  }
})();
