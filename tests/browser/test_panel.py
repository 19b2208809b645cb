"""What panel.js gives every widget, and the drawing library beside it, tried with a widget of a few lines."""

from __future__ import annotations

import anywidget
import pytest
import traitlets
from browser.widget_page import start

from rnncourse.widgets._fallback import read_front_end

SCRIPT = """
function render({ model, el }) {
  const html = `<button type="button">Press</button><input type="range" aria-label="Slide">
    <div class="rnncourse-wide"><div style="width: 600px; height: 20px"></div></div>`;
  const ui = panel(el, { name: "small", label: "Small & plain", html });
  ui.onKeys({ ArrowRight: () => store(model, { t: model.get("t") + 1 }) });
  ui.onLeave(() => (window.left = true));
  ui.part("button").addEventListener("click", () => ui.say(() => `Pressed at ${model.get("t")}.`));
  onWidthOf(ui, ui.root, () => (window.widths ??= []).push([ui.wide, ui.root.clientWidth]), 10);
  window.ui = ui;
  return ui.leave;
}

export default { render };
"""
D3_SCRIPT = """
function render({ model, el }) {
  const ui = panel(el, { name: "small", label: "Drawn", html: '<svg width="200" height="40"></svg>' });
  const x = d3.scaleLinear([0, 10], [0, 200]);
  const drag = d3.drag().container(ui.part("svg")).on("drag", (event) => {
    store(model, { t: Math.round(x.invert(event.x)) });
  });
  d3.select(ui.part("svg")).append("circle").attr("cx", x(2)).attr("cy", 20).attr("r", 8).call(drag);
  d3.select(ui.part("svg")).append("path").attr("d", d3.area().x((v, k) => x(k)).y0(0).y1((v) => v)([1, 2]));
  d3.select(ui.part("circle")).transition().duration(50).attr("r", 12).on("end", () => (window.ended = true));
  return ui.leave;
}

export default { render };
"""


class Small(anywidget.AnyWidget):
    _esm = read_front_end("panel.js") + SCRIPT
    _css = read_front_end("theme.css")
    t = traitlets.Int(2).tag(sync=True)


class Drawn(Small):
    _esm = read_front_end("panel.js", "vendor/d3.js") + D3_SCRIPT


# What JupyterLab and Notebook 7 do: one listens to the document as keys bubble, the other as they go down, and a
# shortcut is not taken when the attribute is on the element with the focus or on one around it.
NOTEBOOKS = """() => {
    window.taken = { bubbling: [], capturing: [] };
    const listen = (list) => (event) => {
        if (!event.target.closest('[data-lm-suppress-shortcuts]')) list.push(event.key);
    };
    document.addEventListener('keydown', listen(taken.bubbling));
    document.addEventListener('keydown', listen(taken.capturing), true);
}"""


@pytest.mark.parametrize("control", ["button", "[type=range]"])
def test_both_notebooks_get_their_keys_and_no_others(page, control):
    page.evaluate(NOTEBOOKS)
    start(page, Small())
    page.focus(control)
    for key in ("a", "ArrowLeft", "ArrowRight", "Enter", "Escape", "Home"):
        page.keyboard.press(key)
    assert page.evaluate("taken") == {"bubbling": [], "capturing": []}
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Control+s")
    expected = ["Shift", "Enter", "Control", "s"]
    taken = page.evaluate("taken")
    for heard in taken.values():
        assert [key for key in heard if key in ("Enter", "s")] == ["Enter", "s"], expected
    page.keyboard.press("d")
    assert [key for heard in page.evaluate("Object.values(taken)") for key in heard if key == "d"] == []


def test_keys_of_its_own_are_taken_from_the_control_that_has_the_focus(page):
    start(page, Small())
    slider = page.locator("[type=range]")
    before = slider.input_value()
    slider.press("ArrowRight")
    assert page.evaluate("state.t") == 3
    assert slider.input_value() == before
    slider.press("Shift+ArrowRight")
    assert page.evaluate("state.t") == 3


def test_escape_leads_to_the_cell(page):
    start(page, Small())
    page.evaluate(
        """() => {
            const cell = document.createElement('div');
            Object.assign(cell, { className: 'jp-Cell', tabIndex: -1 });
            document.body.append(cell);
            cell.append(document.querySelector('[data-widget]'));
        }"""
    )
    page.locator("button").press("Escape")
    assert page.evaluate("document.activeElement.className") == "jp-Cell"


# Outputs as front ends nest them: {} is what an output holds.
LAB = """<div class="jp-Cell"><div class="jp-Cell-inputWrapper"><pre>code</pre></div>
  <div class="jp-Cell-outputWrapper"><div class="jp-OutputArea">{}</div></div></div>"""
LAB_OUTPUT = """<div class="jp-OutputArea-child"><div class="jp-OutputPrompt"></div>
  <div class="jp-OutputArea-output">{}</div></div>"""
CLASSIC = """<div class="cell"><div class="input"><pre>code</pre></div>
  <div class="output_wrapper"><div class="output">{}</div></div></div>"""
CLASSIC_OUTPUT = (
    """<div class="output_area"><div class="prompt"></div><div class="output_subarea">{}</div></div>"""
)
BARE, BARE_OUTPUT = "<section><pre>code</pre><div><div><div>{}</div></div></div></section>", "<div>{}</div>"
STAND_IN = '<div class="rnncourse-fallback">{}</div>'


class Placed(Small):
    """A widget whose view is put where the page has a place for it, as front ends do before they show it."""

    _esm = Small._esm.replace(
        "{ model, el }) {", "{ model, el }) {document.getElementById('place').append(el);"
    )


@pytest.mark.parametrize(
    ("cell", "output"),
    [(LAB, LAB_OUTPUT), (CLASSIC, CLASSIC_OUTPUT), (BARE, BARE_OUTPUT)],
    ids=["JupyterLab", "nbclassic", "another"],
)
@pytest.mark.parametrize("own", [True, False])
def test_a_widget_hides_the_stand_in_of_its_own_cell_and_no_other(page, cell, output, own):
    before = cell.replace("{}", output.replace("{}", STAND_IN.replace("{}", "of the cell above")))
    outputs = [STAND_IN.replace("{}", "own")] if own else []
    mine = cell.replace(
        "{}", "".join(output.replace("{}", one) for one in [*outputs, "<div id='place'></div>"])
    )
    after = cell.replace("{}", output.replace("{}", STAND_IN.replace("{}", "of the cell below")))
    page.set_content(f"<main>{before}{mine}{after}</main>")
    start(page, Placed())
    page.wait_for_timeout(200)
    shown = page.locator(".rnncourse-fallback:visible").all_inner_texts()
    assert shown == ["of the cell above", "of the cell below"]
    page.evaluate("close()")
    assert page.locator(".rnncourse-fallback:visible").count() == (3 if own else 2)


def test_root_has_role_name_and_class(page):
    start(page, Small())
    assert page.get_by_role("group", name="Small & plain", exact=True).get_attribute("class") == (
        "rnncourse-live rnncourse-small"
    )


def test_words_wait_for_rest_and_for_the_end_of_the_hush(page):
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    start(page, Small())
    heard = page.locator("[aria-live=polite]")
    page.evaluate("ui.hush(true)")
    page.get_by_role("button").click()
    page.clock.run_for(5000)
    assert heard.inner_text() == ""
    page.evaluate("ui.hush(false)")
    page.clock.run_for(550)
    assert heard.inner_text() == ""
    page.clock.run_for(100)
    assert heard.inner_text() == "Pressed at 2."


@pytest.mark.parametrize(("width", "tabindex"), [(900, None), (400, "0")])
def test_what_is_too_wide_can_be_scrolled_by_keyboard(page, width, tabindex):
    page.set_viewport_size({"width": width, "height": 600})
    start(page, Small())
    page.wait_for_timeout(100)
    assert page.locator(".rnncourse-wide").get_attribute("tabindex") == tabindex


def test_leaving_undoes_everything_once(page):
    page.evaluate(NOTEBOOKS)
    start(page, Small())
    page.evaluate("close(); close()")
    assert page.evaluate("left")
    page.evaluate("left = 'once'; close()")
    assert page.evaluate("left") == "once"
    page.locator("button").press("x")
    assert page.locator("button").get_attribute("data-lm-suppress-shortcuts") is None


def test_the_drawing_library_scales_drags_and_moves(page):
    page.clock.install()
    start(page, Drawn())
    assert page.locator("path").get_attribute("d") == "M0,1L20,2L20,0L0,0Z"
    page.clock.run_for(300)
    assert page.evaluate("ended")
    assert page.locator("circle").get_attribute("r") == "12"
    box = page.locator("svg").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 20)
    page.mouse.move(box["x"] + 140, box["y"] + 20)
    page.mouse.up()
    assert page.evaluate("state.t") == 7


def test_the_library_brings_one_name_only(page):
    start(page, Drawn())
    assert page.evaluate("typeof d3") == "undefined"  # it stays inside of the module


def test_a_new_width_is_heard_less_the_padding(page):
    start(page, Small())
    page.wait_for_function("window.widths?.length === 1")
    page.set_viewport_size({"width": 500, "height": 600})
    page.wait_for_function("window.widths.length === 2")
    (first, whole), (second, narrower) = page.evaluate("window.widths")
    assert (first, second) == (whole - 10, narrower - 10) and second < first
