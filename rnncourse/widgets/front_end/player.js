/* Step through frames that Python prepared: controls and keys that swap what is visible. */

function draw(ui, { frames, first }, t) {
  const stage = ui.part(".rnncourse-stage");
  stage.querySelector("[data-current]")?.removeAttribute("data-current");
  stage.children[t - first].setAttribute("data-current", "");
}

function render({ model, el }) {
  const [frames, first] = [model.get("frames"), model.get("first")];
  const last = first + frames.length - 1;
  const pictures = frames.map((frame) => `<div class="rnncourse-frame">${frame.html}</div>`).join("");
  const ui = panel(el, {
    name: "player",
    isLab: true,
    label: model.get("title"),
    html: `${playbackHtml("")}<div class="rnncourse-stage rnncourse-wide">${pictures}</div>`,
  });
  ui.part(".rnncourse-walk span").textContent = model.get("step_name");

  const now = () => model.get("t");
  const { walk } = playback(ui, model, { name: "t", first, last, describe: (t) => frames[t - first].label });
  ui.onKeys({
    ArrowLeft: () => walk(now() - 1),
    ArrowRight: () => walk(now() + 1),
    Home: () => walk(first),
    End: () => walk(last),
  });
  ui.listen(model, ["t"], () => {
    draw(ui, { frames, first }, now());
    ui.say(frames[now() - first].summary);
  });
  draw(ui, { frames, first }, now());
  return ui.leave;
}

export default { render };
