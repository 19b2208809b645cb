"""How Sphinx sets the site. `rnncourse build site` copies this folder, adds pages and site.json, and runs Sphinx."""

import json
import re
from pathlib import Path

from docutils import nodes

from rnncourse.building.mathml import mathml

SITE = json.loads((Path(__file__).parent / "site.json").read_text(encoding="utf-8"))

project, author, language = "rnncourse", "The rnncourse maintainers", "en"
version = release = SITE["released"]
extensions = ["myst_nb"]
templates_path = ["_templates"]
exclude_patterns = ["extra", "_static"]
# A parallel build cannot keep the function that names the headings; the rest is about one run only.
suppress_warnings = ["config.cache", "myst.strikethrough"]
smartquotes = False

nb_execution_mode = "off"
nb_merge_streams = True
nb_render_markdown_format = "myst"
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 4
myst_heading_slug_func = "rnncourse.building.site.links.anchor"

html_theme = "sphinx_book_theme"
html_title = "Recurrent neural networks, by experiment"
html_baseurl = SITE["address"]
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_extra_path = ["extra"]
html_math_renderer = "mathml"
html_copy_source = html_show_sourcelink = html_use_index = False
html_permalinks_icon = "#"
html_theme_options = {
    "article_header_end": ["site-buttons"],
    "extra_footer": f"<p>rnncourse {SITE['version']}. Text and figures: CC BY 4.0. Code: MIT License.</p>",
    "footer_content_items": ["extra-footer"],
    "search_as_you_type": False,
    "show_navbar_depth": 1,
    "toc_title": "On this page",
}
html_sidebars = {"**": ["site-name", "site-search", "sbt-sidebar-nav"]}
html_context = {"site_address": SITE["address"], "default_mode": "auto"}


def inline_math(translator, node):
    """Write a formula in a line as MathML."""
    translator.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def display_math(translator, node):
    """Write a formula of its own as MathML, in a box that scrolls where the page is narrow."""
    formula = mathml(node.astext(), "block")
    translator.body.append(f'<div class="rnncourse-formula">{formula}</div>')
    raise nodes.SkipNode


def name_header(found):
    """Return a table's header that screen readers can name: one without words is no header."""
    words = " ".join(re.sub("<[^>]*>", " ", found[2]).split())
    if not words:
        return f"<td{found[1]}>{found[2]}</td>"
    if "<math" in found[2]:  # which not every tool counts as words
        formula = found[2].replace("<math", '<math aria-hidden="true"')
        return f'<th{found[1]}>{formula}<span class="visually-hidden">{words}</span></th>'
    return found[0]


def with_scripts(body, address):
    """Return a page's text with the script of each lab in front of the first one that needs it."""
    loaded = set()

    def first(found):
        script = SITE["front_ends"][found[1]][0]
        if script in loaded:
            return found[0]
        loaded.add(script)
        return f'<script src="{address(f"_static/rnncourse/{script}.js", 1)}"></script>{found[0]}'

    return re.sub(r'<div class="rnncourse-place" [^>]*?data-widget="([^"]+)"', first, body)


def finish_page(app, pagename, templatename, context, doctree):
    """Name the headers of tables, bring the scripts of the labs, and tell the template which style sheets they need."""
    body = re.sub(r"(?s)<th\b([^>]*)>(.*?)</th>", name_header, context.get("body", ""))
    shown = set(re.findall('data-widget="([^"]+)"', body))
    sheets = [sheet for name, (_, sheet) in SITE["front_ends"].items() if name in shown]
    context["rnncourse_sheets"] = list(dict.fromkeys(sheets))
    context["body"] = with_scripts(body, context["pathto"])


def setup(app):
    """Register what this file adds to Sphinx."""
    app.add_html_math_renderer(
        "mathml", inline_renderers=(inline_math, None), block_renderers=(display_math, None)
    )
    app.connect("html-page-context", finish_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
