"""The scripts and style sheets of the widgets: what they may contain, read without a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tinycss2
import traitlets
from tinycss2.ast import AtRule, Node, ParseError, QualifiedRule

from rnncourse import widgets
from rnncourse.widgets._fallback import ReadableWidget, read_front_end

FOLDER = Path(widgets.__file__).parent / "front_end"
SHEETS = sorted(FOLDER.glob("*.css"))
SCRIPTS = sorted(FOLDER.glob("*.js"))
WIDGETS = [
    one
    for one in vars(widgets).values()
    if isinstance(one, type) and issubclass(one, ReadableWidget) and one is not ReadableWidget
]
MOST_LINES = 60

# The root of each sheet.
ROOT = r"\.rnncourse-live(?: ?\.rnncourse-[a-z-]+)?"


def unscoped(css: str) -> list[str]:
    """Return what in a style sheet reaches beyond the root of one widget: selectors, and names that pages share."""
    return _beyond(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), nested=False)


def _beyond(rules: list[Node], nested: bool) -> list[str]:
    found = []
    for rule in rules:
        if isinstance(rule, ParseError):
            found.append(f"cannot be read: {rule.message}")
        elif isinstance(rule, AtRule):
            found += _beyond_at_rule(rule, nested)
        elif isinstance(rule, QualifiedRule):
            allowed = _stays_inside if nested else _is_root
            found += [one for one in _selectors(rule) if not allowed(one)]
            found += _beyond(_contents(rule), nested=True)
    return found


def _beyond_at_rule(rule: AtRule, nested: bool) -> list[str]:
    name = f"@{rule.at_keyword} {tinycss2.serialize(rule.prelude).strip()}"
    if rule.at_keyword == "keyframes":
        return [] if re.fullmatch(r"@keyframes rnncourse-[a-z-]+", name) else [name]
    if rule.at_keyword not in ("media", "supports", "container") or rule.content is None:
        return [name]
    return _beyond(_contents(rule), nested)


def _contents(rule: AtRule | QualifiedRule) -> list[Node]:
    return tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)


def _selectors(rule: QualifiedRule) -> list[str]:
    """Return the selectors of a rule: split at commas, except those inside of functions."""
    parts: list[list[Node]] = [[]]
    for token in rule.prelude:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return [tinycss2.serialize(part).strip() for part in parts]


def _is_root(selector: str) -> bool:
    return re.fullmatch(ROOT, selector) is not None


def _stays_inside(selector: str) -> bool:
    """A nested selector is about a descendant of the root, unless it looks at siblings or puts & into a function."""
    starts_beside = selector.startswith(("+", "~")) or re.search(r"&\s*[+~]", selector)
    return not starts_beside and not re.search(r"\([^)]*&", selector)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_every_style_sheet_is_nested_below_the_root_of_its_widget(sheet):
    css = sheet.read_text(encoding="utf-8")
    assert unscoped(css) == []
    roots = set(re.findall(rf"^{ROOT}(?= {{)", css, re.MULTILINE))
    assert len(roots) == 1, "a sheet is one block"
    assert (roots == {".rnncourse-live"}) == (sheet.name == "theme.css"), "only the theme is for all widgets"


@pytest.mark.parametrize(
    ("css", "wanted"),
    [
        (".rnncourse-live.rnncourse-quiz { p { margin: 0 } &:hover a, b { color: red } }", []),
        (".dark & { color: red }", [".dark &"]),
        (".rnncourse-live { .dark & { color: red } }", []),
        (".rnncourse-controls { display: grid }", [".rnncourse-controls"]),
        (".rnncourse-live.rnncourse-quiz, p { color: red }", ["p"]),
        (".rnncourse-live.rnncourse-quiz p { color: red }", [".rnncourse-live.rnncourse-quiz p"]),
        (".rnncourse-live { & + p { color: red } ~ p { color: red } }", ["& + p", "~ p"]),
        (
            ".rnncourse-live { body:has(&) { color: red } p:not(.a, &) { b { top: 0 } } }",
            ["body:has(&)", "p:not(.a, &)"],
        ),
        ("@media print { p { color: red } }", ["p"]),
        (".rnncourse-live { @media print { p { color: red } } }", []),
        ("@keyframes flow { from { top: 0 } }", ["@keyframes flow"]),
        ("@keyframes rnncourse-flow { from { top: 0 } }", []),
        ("@import url(other.css);", ["@import url(other.css)"]),
        (".rnncourse-live { @layer base { p { top: 0 } } }", ["@layer base"]),
    ],
)
def test_a_selector_that_reaches_other_widgets_is_noticed(css, wanted):
    assert unscoped(css) == wanted


def long_functions(script: str) -> list[str]:
    """Return the functions at the top level of a script that are longer than MOST_LINES, with their lengths."""
    functions = re.findall(r"^(?:async )?function\*? (\w+)\(.*?^}$", script, re.MULTILINE | re.DOTALL)
    bodies = re.findall(r"^(?:async )?function\*? \w+\(.*?^}$", script, re.MULTILINE | re.DOTALL)
    lengths = {name: body.count("\n") + 1 for name, body in zip(functions, bodies, strict=True)}
    return [f"{name}: {lines} lines" for name, lines in lengths.items() if lines > MOST_LINES]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_no_function_of_a_front_end_is_longer_than_60_lines(script):
    text = script.read_text(encoding="utf-8")
    assert re.search(r"^function \w+\(", text, re.MULTILINE)
    assert "export default { render }" not in text or re.search(r"^function render\(", text, re.MULTILINE)
    assert long_functions(text) == []


def test_a_long_function_is_noticed():
    def function(lines: int) -> str:
        return "function render({ model }) {\n" + "  draw();\n" * (lines - 2) + "}\n"

    assert long_functions(function(60)) == []
    assert long_functions("const a = 1;\n" + function(61)) == ["render: 61 lines"]


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: widget.__name__)
def test_every_widget_stands_on_the_panel_and_the_theme(widget):
    assert str(widget._esm).startswith(read_front_end("panel.js"))
    assert str(widget._css).startswith(read_front_end("theme.css"))
    render = re.search(r"^function render\(.*?^}$", str(widget._esm), re.MULTILINE | re.DOTALL)[0]
    assert "panel(el, {" in render
    assert render.rstrip("}\n").endswith("return ui.leave;")


def test_every_sheet_and_script_is_used():
    used = "".join(str(widget._esm) + str(widget._css) for widget in WIDGETS)
    unused = [file.name for file in (*SHEETS, *SCRIPTS) if file.read_text(encoding="utf-8") not in used]
    assert unused == []


def test_d3_comes_with_the_licence_of_each_of_its_packages():
    licences = (FOLDER / "vendor" / "LICENSE-d3").read_text(encoding="utf-8")
    script = (FOLDER / "vendor" / "bundle_d3.sh").read_text(encoding="utf-8")
    packages = re.findall(r"(?<= )((?:d3-[a-z-]+|internmap))@([0-9.]+)", script)
    assert len(packages) == 16
    for name, version in packages:
        assert f"{name} {version}\n" in licences
    terms = (
        r"Permission to use, copy, modify, and/or distribute this software|Redistribution and use in source"
    )
    assert len(re.findall(terms, licences)) == 16
    assert "LICENSE-d3" in read_front_end("vendor/d3.js").splitlines()[0]


def test_ml_matrix_comes_with_the_licence_of_each_of_its_packages():
    licences = (FOLDER / "vendor" / "LICENSE-ml_matrix").read_text(encoding="utf-8")
    script = (FOLDER / "vendor" / "bundle_ml_matrix.sh").read_text(encoding="utf-8")
    packages = re.findall(r"(?<= )(ml-[a-z-]+|is-any-array)@([0-9.]+)", script)
    assert len(packages) == 5
    for name, version in packages:
        assert f"{name} {version}\n" in licences
    assert licences.count("Permission is hereby granted, free of charge") == 5
    assert "LICENSE-ml_matrix" in read_front_end("vendor/ml_matrix.js").splitlines()[0]


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: widget.__name__)
def test_no_shared_setting_takes_just_anything(widget):
    plain = [name for name, trait in widget.class_traits(sync=True).items() if type(trait) is traitlets.Any]
    ours = set(plain) - set(ReadableWidget.class_traits(sync=True))
    assert ours == set()
