"""rnncourse.viz: what is drawn equals what came in, the pictures have words, and wrong input is named."""

from __future__ import annotations

import base64
import datetime
import importlib
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import matplotlib
import numpy as np
import pytest
from matplotlib import colors
from matplotlib.figure import Figure

from rnncourse import viz
from rnncourse.errors import InputError
from rnncourse.markup import rich_text
from rnncourse.viz import _picture
from rnncourse.viz._diagrams import signed
from rnncourse.viz._lines import line_styles
from rnncourse.viz._style import DIVERGING, INK, ON_CELL, ONE_SIDED, diverging_colour

show_module = importlib.import_module("rnncourse.viz._show")  # viz.show itself is the function
SVG = "{http://www.w3.org/2000/svg}"


def says(call, *parts: str) -> None:
    """Assert that `call` raises InputError with every one of `parts` in its message."""
    with pytest.raises(InputError) as caught:
        call()
    assert all(part in str(caught.value) for part in parts), f"{parts} not all in: {caught.value}"


def parse(html: str) -> dict[str, list]:
    """Return the attributes of each tag of an HTML text by tag name, and its text under "text"."""
    found: dict[str, list] = {"text": []}

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            found.setdefault(tag, []).append(dict(attrs))

        def handle_data(self, data):
            found["text"].append(data.strip())

    Reader().feed(html)
    found["text"] = [text for text in found["text"] if text]
    return found


def image(html: str) -> bytes:
    """Return the picture inside a figure element."""
    return base64.b64decode(parse(html)["img"][0]["src"].split("base64,")[1])


def texts(svg: str) -> list[str]:
    """Return the texts of an SVG in the order they are drawn."""
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text")]


def smallest_text(svg: bytes) -> float:
    """Return the size of the smallest text of a picture in CSS pixels, as it is shown."""
    root = ET.fromstring(svg)
    inner = root.find(f"{SVG}svg")
    scale = float(inner.get("width")) / float(inner.get("viewBox").split()[2])
    declared = (
        node.get("font-size")
        or (re.search(r"font(?:-size)?: ([\d.]+)px", node.get("style", "")) or [0, None])[1]
        for tag in ("text", "tspan")
        for node in inner.iter(f"{SVG}{tag}")
    )
    return round(min(float(size) for size in declared if size) * scale, 1)


def cell_texts(ax) -> list[str]:
    """Return the texts written into the axes."""
    return [text.get_text() for text in ax.texts]


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio of two colours."""

    def luminance(colour: str) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colors.to_rgb(colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


# --- show ---------------------------------------------------------------------------------------------


def drawing(html: str) -> ET.Element:
    """Return the SVG picture inside a figure element."""
    return ET.fromstring(image(html))


def strokes(html: str) -> set[str]:
    """Return the colors of the lines in a picture."""
    return {
        found
        for node in drawing(html).iter()
        for found in re.findall(r"stroke: ([^;]+)", node.get("style", ""))
    }


def test_matplotlib_figure_becomes_a_picture_with_words_in_the_middle_of_a_standard_width():
    fig, ax = viz.figure(width=5, height=2)
    ax.plot([1, 2], [3, 4])
    html = viz.figure_html(fig, alt="a rising line", caption="Up.")
    inner = drawing(html).find(f"{SVG}svg")
    assert parse(html)["figure"][0]["class"] == "rnncourse-figure rnncourse-column"
    assert parse(html)["img"][0] | {"src": "", "style": ""} == {
        "src": "",
        "alt": "a rising line",
        "width": "680",
        "style": "",
    }
    assert (drawing(html).get("width"), drawing(html).get("height")) == ("680", "192")
    assert [inner.get(name) for name in ("x", "width", "height", "viewBox")] == [
        "100",
        "480",
        "192",
        "0 0 360 144",
    ]
    assert parse(html)["text"] == ["Up."]


@pytest.mark.parametrize(
    ("inches", "shown", "drawn"),
    [(3.0, 420, 288), (4.375, 420, 420), (7.1, 680, 680), (7.5, 680, 680), (8.0, 900, 768), (9.5, 900, 900)],
)
def test_a_figure_has_one_of_three_widths(inches, shown, drawn):
    fig, _ = viz.figure(width=inches, height=1)
    html = viz.figure_html(fig, alt="nothing")
    inner = drawing(html).find(f"{SVG}svg")
    assert parse(html)["img"][0]["width"] == str(shown)
    assert (int(inner.get("width")), int(inner.get("x"))) == (drawn, (shown - drawn) // 2)


def test_what_is_wider_than_the_page_is_made_smaller():
    html = viz.figure_html('<svg width="1200" height="300" viewBox="0 0 1200 300"></svg>', alt="a long strip")
    assert (drawing(html).get("width"), drawing(html).get("height")) == ("900", "225")
    [inner] = [node for node in drawing(html) if node.tag.endswith("svg")]
    assert (inner.get("width"), inner.get("height"), inner.get("viewBox")) == ("900", "225", "0 0 1200 300")


def test_pictures_have_no_background_on_a_light_page_and_follow_a_dark_one():
    fig, ax = viz.figure(height=2)
    ax.plot([1, 2], [3, 4], color=INK)
    ax.axhline(3.5, color="black")
    ax.set_xlabel("time")
    html = viz.figure_html(fig, alt="a line")
    light, dark = drawing(html).find(f"{SVG}style").text.split("@media (prefers-color-scheme:dark)")
    assert "#paper{fill:none}" in light
    assert "#paper{fill:#111}" in dark
    assert strokes(html) == {"currentColor", "var(--axis)"}
    [label] = [node for node in drawing(html).iter(f"{SVG}text") if node.text == "time"]
    assert "fill: currentColor" in label.get("style")
    assert "DejaVu" not in image(html).decode()
    for page, styles in (("#ffffff", light), ("#111111", dark)):
        ink, quiet = (re.search(name + r":(#\w+)", styles)[1] for name in ("{color", "--quiet"))
        assert min(contrast(ink, page), contrast(quiet, page)) >= 4.5


def test_no_text_is_too_small_to_be_read():
    """An index of small text, and the exponents of a logarithmic axis, would be."""
    unrolled, flow = (
        viz.unrolled_network(3),
        viz.norm_curves({"RNN": -np.arange(9.0), "LSTM": -np.arange(9.0) / 9}),
    )
    loud = viz.loss_plot({"one": np.array([1.0, 100.0, 1e4])}, log=True)
    assert smallest_text(image(viz.figure_html(unrolled, alt="a network"))) == 11
    for figure in (flow, loud):
        picture = image(viz.figure_html(figure, alt="curves"))
        assert smallest_text(picture) == 14
        assert "10⁴" in texts(picture) or "10⁻⁴" in texts(picture)


def test_text_on_a_colored_cell_stays_black_in_every_theme():
    html = viz.figure_html(viz.state_heat_map(np.array([[0.1, -0.2], [0.3, 0.4]])), alt="four cells")
    fills = {
        node.text: re.search(r"fill: ([^;]+)", node.get("style"))[1]
        for node in drawing(html).iter(f"{SVG}text")
        if re.search(r"\d\.\d\d", node.text or "")
    }
    assert fills == dict.fromkeys(["+0.10", "−0.20", "+0.30", "+0.40"], ON_CELL)


def test_alt_and_caption_are_escaped_and_code_is_set_as_code():
    html = viz.figure_html(viz.folded_network(), alt='h < 1 & "x"', caption="`<h_t>` & <b>more</b>")
    assert parse(html)["img"][0]["alt"] == 'h < 1 & "x"'
    assert parse(html)["text"] == ["<h_t>", "& <b>more</b>"]
    assert len(parse(html)["code"]) == 1
    assert "b" not in parse(html)
    assert rich_text("a `x<y` b") == "a <code>x&lt;y</code> b"


def test_svg_is_shown_as_it_is_but_for_its_place():
    svg = viz.folded_network()
    html = viz.figure_html(svg, alt="a loop")
    assert svg.replace('width="480"', 'x="100" width="480"') in image(html).decode()
    assert parse(html)["img"][0]["width"] == "680"


def test_pictures_are_the_same_bytes_twice_and_name_no_program():
    def draw() -> bytes:
        return image(
            viz.figure_html(viz.state_heat_map(np.array([[0.1, -0.2], [0.3, 0.4]])), alt="four cells")
        )

    assert draw() == draw()
    for trace in (b"Matplotlib", b"metadata", str(datetime.date.today().year).encode() + b"-"):
        assert trace not in draw()


def test_show_displays_html_and_the_alt_text_and_closes_pyplot_figures(monkeypatch):
    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown = []
    monkeypatch.setattr(show_module, "display", lambda bundle, raw: shown.append((bundle, raw)))
    fig, ax = pyplot.subplots()
    ax.plot([1, 2])
    assert viz.show(fig, alt="a line") is None
    [(bundle, raw)] = shown
    assert raw
    assert bundle["text/plain"] == "a line"
    assert bundle["text/html"].startswith("<figure")
    assert not pyplot.get_fignums(), "JupyterLab would show the figure a second time"


@pytest.mark.parametrize("alt", ["", "  ", None, 3])
def test_show_asks_for_an_alt_text(alt):
    says(lambda: viz.show(viz.folded_network(), alt=alt), "alt")


def test_show_names_what_it_cannot_show():
    fig, ax = viz.figure()
    says(lambda: viz.show(ax, alt="axes"), "figure_or_svg", "not its axes")
    says(lambda: viz.show("<p>no picture</p>", alt="text"), "figure_or_svg")
    says(lambda: viz.show(fig, alt="x", caption=""), "caption")


# --- style --------------------------------------------------------------------------------------------


def test_drawing_leaves_the_readers_settings_alone():
    before = dict(matplotlib.rcParams)
    _, axes = viz.figure(rows=2, cols=3)
    viz.state_heat_map(np.eye(3))
    assert axes.shape == (2, 3)
    assert dict(matplotlib.rcParams) == before


def test_text_is_at_least_ten_points():
    fig = viz.line_plot([1, 2], {"a": [1, 2], "b": [2, 1]}, xlabel="x", ylabel="y", title="t")
    fig.canvas.draw()
    sizes = [text.get_fontsize() for text in fig.findobj(lambda artist: hasattr(artist, "get_fontsize"))]
    assert min(sizes) >= 10


def test_lines_differ_in_colour_dash_and_marker():
    styles = line_styles(7)
    for key in ("color", "linestyle", "marker"):
        assert len({str(style[key]) for style in styles}) == 7, key


def test_colours_of_numbers_are_read_without_guessing():
    assert diverging_colour(0.0) == "#ffffff"
    assert diverging_colour(0.001) == "#ffffff"
    assert diverging_colour(-7.0) == diverging_colour(-1.0)
    r, _, b = colors.to_rgb(diverging_colour(0.8))
    assert r > b
    r, _, b = colors.to_rgb(diverging_colour(-0.8))
    assert b > r
    darkest = [colors.to_hex(scale(end)) for scale in (DIVERGING, ONE_SIDED) for end in (0.0, 1.0)]
    assert min(contrast("black", fill) for fill in darkest) >= 4.5


def test_figure_names_a_wrong_size():
    says(lambda: viz.figure(width=0), "width")
    says(lambda: viz.figure(height="3"), "height")
    says(lambda: viz.figure(rows=0), "rows")


# --- diagrams -----------------------------------------------------------------------------------------


def test_unrolled_network_writes_every_value_at_its_step():
    svg = viz.unrolled_network(
        3, inputs=["Doug", "saw", "Jane"], states=[0.5, -0.25, 0.0], outputs=["a", "b", "c"]
    )
    written = texts(svg)
    for t, word in enumerate(["Doug", "saw", "Jane"], start=1):
        assert {f"x{t}", f"h{t}", f"s{t}", word} <= set(written)
    assert [text for text in written if "." in text] == ["+0.50", "−0.25", "0.00"]
    assert [written.count(name) for name in ("Wxh", "Whh", "Why", "h0")] == [3, 3, 3, 1]


def test_unrolled_network_marks_one_step_and_can_leave_out_the_logits():
    svg = viz.unrolled_network(4, inputs=["a", "b", "c", "d"], highlight=2, readout=False)
    root = ET.fromstring(svg)
    bold = [node.text for node in root.iter(f"{SVG}text") if node.get("font-weight")]
    assert bold == ["b"]
    widths = [node.get("stroke-width") for node in root.iter(f"{SVG}rect")]
    assert widths.count("4") == 2  # the marked input and the marked state
    assert not any(text.startswith(("s", "Why")) for text in texts(svg))
    assert "step 2 marked" in root.get("aria-label")


@pytest.mark.parametrize(
    "svg",
    [viz.unrolled_network(5, highlight=3), viz.folded_network()],
    ids=["unrolled", "folded"],
)
def test_diagrams_are_named_fit_the_page_and_keep_inside_their_frame(svg):
    root = ET.fromstring(svg)
    width, height = float(root.get("width")), float(root.get("height"))
    assert root.get("role") == "img"
    assert root.get("aria-label")
    assert root.get("fill") == "currentColor"
    assert width <= 720
    for node in root.iter():
        for x, y in (
            (node.get("x"), node.get("y")),
            (node.get("x1"), node.get("y1")),
            (node.get("x2"), node.get("y2")),
        ):
            assert x is None or (0 <= float(x) <= width and 0 <= float(y) <= height)
    assert not re.search(r"\d\.\d{2,}", re.sub(r'(opacity|dy)="[^"]*"', "", svg)), (
        "coordinates must be rounded"
    )


def test_text_in_diagrams_is_escaped():
    svg = viz.unrolled_network(1, inputs=["<b>&"])
    assert "<b>&" in texts(svg)


def test_diagrams_name_wrong_input():
    says(lambda: viz.unrolled_network(3, inputs=["a", "b"]), "inputs", "3 values", "2")
    says(lambda: viz.unrolled_network(3, states="abc"), "states", "list of 3")
    says(lambda: viz.unrolled_network(3, highlight=4), "highlight", "from 1 to 3", "4")
    says(lambda: viz.unrolled_network(0), "T", "at least 1")


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.454, "+0.45"), (-0.3, "−0.30"), (-0.001, "0.00"), (0.0, "0.00"), (12.345, "+12.35")],
)
def test_signed_numbers(value, written):
    assert signed(value) == written


# --- states -------------------------------------------------------------------------------------------


def test_state_heat_map_shows_the_states_with_zero_in_the_middle():
    h = np.array([[0.5, -0.25, 0.0], [0.1, 0.9, -0.4]])  # T = 2, H = 3
    fig = viz.state_heat_map(h, step_labels=["dog", "knee"], unit_labels=["p", "q", "r"], title="States")
    ax = fig.axes[0]
    drawn = ax.images[0]
    assert np.array_equal(drawn.get_array(), h.T)
    assert (drawn.norm.vmin, drawn.norm.vmax) == (-0.9, 0.9)
    assert cell_texts(ax) == ["+0.50", "+0.10", "−0.25", "+0.90", "0.00", "−0.40"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["dog", "knee"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["p", "q", "r"]


def test_large_heat_map_prints_no_numbers_and_thins_out_its_steps():
    ax = viz.state_heat_map(np.ones((60, 5))).axes[0]
    assert cell_texts(ax) == []
    assert [label.get_text() for label in ax.get_xticklabels()][:3] == ["1", "4", "7"]


def test_states_name_wrong_input():
    says(lambda: viz.state_heat_map(np.zeros((4, 1, 3))), "h", "h[:, 0]")
    says(lambda: viz.state_heat_map(np.array([[1.0, np.nan]])), "h", "NaN")
    says(lambda: viz.state_heat_map(np.zeros((2, 3)), step_labels=["a"]), "step_labels", "2")
    says(lambda: viz.state_heat_map(np.zeros((2, 3)), unit_labels="abc"), "unit_labels", "3")


# --- series -------------------------------------------------------------------------------------------


def test_line_plot_draws_the_named_lines():
    ax = viz.line_plot([1, 2, 3], {"a": [1, 4, 2], "b": [0, 0, 1]}, xlabel="day", ylabel="price").axes[0]
    assert [list(line.get_ydata()) for line in ax.lines] == [[1, 4, 2], [0, 0, 1]]
    assert [line.get_label() for line in ax.lines] == ["a", "b"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("day", "price")


def test_loss_plot_starts_at_step_one():
    ax = viz.loss_plot({"net": [3.0, 2.0], "other": [3.0, 1.0, 0.5]}, log=True).axes[0]
    assert [list(line.get_xdata()) for line in ax.lines] == [[1, 2], [1, 2, 3]]
    assert ax.get_yscale() == "log"


def test_training_curves_have_a_panel_for_each_run_and_checks_at_their_steps():
    runs = {"A": ([4.0, 3.0, 5.0, 1.0, 2.0], [4.5, 2.5, 3.5]), "B": ([9.0, 8.0], [7.0]), "C": ([6.0], [6.5])}
    fig = viz.training_curves(runs, every=2)
    drawn = [
        [(list(line.get_xdata()), list(line.get_ydata())) for line in ax.lines]
        for ax in fig.axes
        if ax.axison
    ]
    assert drawn[0] == [([0, 1, 2, 3, 4], [4, 3, 5, 1, 2]), ([0, 2, 4], [4.5, 2.5, 3.5])]
    assert drawn[1:] == [[([0, 1], [9, 8]), ([0], [7])], [([0], [6]), ([0], [6.5])]]
    assert [(ax.get_title(loc="left"), ax.get_ylabel()) for ax in fig.axes] == [
        ("A", "loss"),
        ("B", ""),
        ("C", "loss"),
        ("", ""),
    ]
    [legend] = fig.legends
    assert [text.get_text() for text in legend.get_texts()] == ["training", "validation"]
    assert len({(line.get_color(), line.get_linestyle()) for line in fig.axes[1].lines}) == 2


def test_forecast_plot_draws_measurement_forecasts_and_split():
    fig = viz.forecast_plot(
        [1, 2, 3], [5, 6, 7], {"net": ([3, 4], [7.5, 8])}, xlabel="t", ylabel="y", split=2.5
    )
    measured, net, split = fig.axes[0].lines
    assert list(measured.get_ydata()) == [5, 6, 7]
    assert list(net.get_ydata()) == [7.5, 8]
    assert list(split.get_xdata()) == [2.5, 2.5]


def test_bars_stand_at_the_mean_and_every_seed_has_a_dot():
    groups = {"a": [1.0, 2.0, 6.0], "b": [0.5, 0.5]}
    ax = viz.bars_with_seeds(groups, ylabel="error", reference=("chance", 0.25)).axes[0]
    assert [bar.get_height() for bar in ax.patches] == [3.0, 0.5]
    assert [list(line.get_ydata()) for line in ax.lines[:2]] == [[1.0, 2.0, 6.0], [0.5, 0.5]]
    assert cell_texts(ax) == ["3.00", "0.50", "chance\n0.25"]


def test_each_bar_may_have_a_baseline_of_its_own():
    ax = viz.bars_with_seeds({"a": [0.9, 0.8], "b": [1.0]}, ylabel="share", levels=[0.5, 0.75]).axes[0]
    dashed = [line for line in ax.lines if line.get_linestyle() == "--"]
    assert [line.get_ydata()[0] for line in dashed] == [0.5, 0.75]
    assert [np.mean(line.get_xdata()) for line in dashed] == [0, 1]
    with pytest.raises(InputError, match="levels"):
        viz.bars_with_seeds({"a": [0.9], "b": [1.0]}, ylabel="share", levels=[0.5])


def test_the_number_on_a_bar_is_on_no_dashed_line():
    def heights(**lines) -> list[float]:
        ax = viz.bars_with_seeds({"a": [0.9, 0.94], "b": [0.5], "c": [0.1]}, ylabel="share", **lines).axes[0]
        return [one.xy[1] for one in ax.texts[:3]]

    assert heights() == [0.94, 0.5, 0.1]
    assert heights(levels=[0.96, 0.2, 0.5]) == [0.96, 0.5, 0.1]
    assert heights(reference=("guessing", 0.6)) == [0.94, 0.6, 0.1]
    assert heights(levels=[0.5, 0.55, 0.05], reference=("guessing", 0.2)) == [0.94, 0.55, 0.2]


def test_curve_with_seeds_draws_the_mean_and_the_dots():
    values = np.array([[1.0, 3.0, 5.0], [2.0, 2.0, 8.0]])
    lines = viz.curve_with_seeds([0, 1], {"a": values}, xlabel="x", ylabel="y").axes[0].lines
    assert list(lines[0].get_ydata()) == [3.0, 4.0]
    assert [list(line.get_ydata()) for line in lines[1:]] == values.T.tolist()


def test_windows_picture_shows_overlapping_windows_and_their_targets():
    ax = viz.windows_picture([5, 11, 16, 23, 36, 58], 3, windows=2).axes[0]
    assert cell_texts(ax) == ["5", "11", "16", "23", "36", "5", "11", "16", "23", "11", "16", "23", "36"]
    assert not any(spine.get_visible() for spine in ax.spines.values()), "the cells have frames of their own"


def test_frames_strip_and_sound_plot_show_what_came():
    video = np.arange(3 * 2 * 2, dtype=float).reshape(3, 2, 2)
    axes = viz.frames_strip(video, times=[0.0, 0.5, 1.0], count=2).axes
    assert [ax.images[0].get_array().tolist() for ax in axes] == [video[0].tolist(), video[2].tolist()]
    assert [ax.get_xlabel() for ax in axes] == ["0.00 s", "1.00 s"]
    whole, close = viz.sound_plot([0.0, 0.5, -0.5, 0.25], 2, zoom=3).axes
    assert list(whole.lines[0].get_xdata()) == [0, 0.5, 1.0, 1.5]
    assert list(close.lines[0].get_ydata()) == [0.0, 0.5, -0.5]


def test_series_name_wrong_input():
    says(lambda: viz.line_plot([1, 2], {"a": [1, 2, 3]}, xlabel="x", ylabel="y"), "lines['a']", "2", "3")
    says(lambda: viz.line_plot([1, 2], {}, xlabel="x", ylabel="y"), "lines", "dict")
    says(lambda: viz.line_plot(["a"], {"a": [1]}, xlabel="x", ylabel="y"), "x", "numbers")
    says(lambda: viz.line_plot([1], {"a": [np.nan]}, xlabel="x", ylabel="y"), "lines['a']", "NaN")
    says(lambda: viz.loss_plot({"a": [1.0, 0.0]}, log=True), "losses", "positive")
    says(lambda: viz.training_curves({"a": [1.0, 2.0, 3.0]}), "runs['a']", "pair", "validation losses")
    says(lambda: viz.training_curves({"a": ([1.0], [np.nan])}), "validation losses of 'a'", "NaN")
    says(lambda: viz.training_curves({"a": ([1.0] * 19, [1.0] * 3)}), "'a'", "reach step 20", "only 19")
    says(lambda: viz.training_curves(dict.fromkeys("abcde", ([1.0], [1.0]))), "runs", "1 to 4")
    says(
        lambda: viz.forecast_plot([1], [1], {"a": [1, 2, 3]}, xlabel="x", ylabel="y"),
        "forecasts['a']",
        "pair",
    )
    says(lambda: viz.bars_with_seeds({"a": []}, ylabel="y"), "groups['a']", "empty")
    says(lambda: viz.windows_picture([1, 2, 3], 3, windows=2), "series", "at least 5", "3")
    says(lambda: viz.frames_strip(np.zeros((2, 2))), "video", "n, rows, columns")
    says(
        lambda: viz.curve_with_seeds([1, 2], {"a": np.zeros((3, 2))}, xlabel="x", ylabel="y"),
        "curves['a']",
        "3",
    )


# --- vectors ------------------------------------------------------------------------------------------


def test_one_hot_grid_writes_the_numbers():
    ax = viz.one_hot_grid(
        np.array([[0, 1, 0], [1, 0, 0]]), ["rice", "bread"], ["bread", "rice", "pizza"]
    ).axes[0]
    assert cell_texts(ax) == ["0", "1", "0", "1", "0", "0"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["bread", "rice", "pizza"]


def test_padding_grid_writes_the_tokens_time_major():
    ax = viz.padding_grid([["Doug", "Jane"], ["saw", "(pad)"]], np.array([[1, 1], [1, 0]])).axes[0]
    assert cell_texts(ax) == ["Doug", "Jane", "saw", "(pad)"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["t = 1", "t = 2"]


def test_rank_frequency_sorts_the_counts():
    ax = viz.rank_frequency([3, 10, 1], named=[(1, "the")]).axes[0]
    assert list(ax.lines[0].get_ydata()) == [10, 3, 1]
    assert list(ax.lines[0].get_xdata()) == [1, 2, 3]
    assert ax.texts[0].xy == (1, 10)


def test_vectors_name_wrong_input():
    says(lambda: viz.one_hot_grid(np.eye(3), ["a", "b"], ["a", "b", "c"]), "row_labels", "3")
    says(lambda: viz.one_hot_grid(np.eye(41), ["a"] * 41, ["a"] * 41), "41", "from 1 to 40")
    says(lambda: viz.padding_grid([["a"]], np.ones((2, 1))), "tokens", "2 values")
    says(lambda: viz.rank_frequency([1, 0]), "counts", "positive")
    says(lambda: viz.rank_frequency([1], named=[(2, "x")]), "named", "from 1 to 1, but got int 2")


def test_figures_belong_to_no_pyplot_state():
    assert isinstance(viz.state_heat_map(np.eye(2)), Figure)
    from matplotlib import pyplot

    assert not pyplot.get_fignums()


def test_markers_in_a_row_write_their_style_once_and_keep_their_places():
    fig, ax = viz.figure(height=2)
    ax.plot(np.arange(50), "o", color="#123456")
    root = ET.fromstring(_picture.matplotlib_svg(fig))
    [dots] = [g for g in root.iter(f"{SVG}g") if len(g) == 50]
    assert "#123456" in dots.get("style") and {use.tag.split("}")[1] for use in dots} == {"use"}
    places = np.array([[float(use.get("x")), float(use.get("y"))] for use in dots])
    assert np.allclose(np.diff(places, n=2, axis=0), 0, atol=0.021) and (np.diff(places[:, 0]) > 0).all()
    assert not any(use.get("style") for use in dots)
    [marker] = {use.get("{http://www.w3.org/1999/xlink}href") for use in dots}
    assert [path for path in root.iter(f"{SVG}path") if f"#{path.get('id')}" == marker]
