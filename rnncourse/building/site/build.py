"""Build the site: prepare a folder of sources, let Sphinx make the pages, add what belongs beside them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from pathlib import Path

from nbformat import v4

from rnncourse import __version__, widgets
from rnncourse.building import live
from rnncourse.building.html import TEMPLATES
from rnncourse.building.live import LiveWidget
from rnncourse.building.navigation import short_title
from rnncourse.building.outputs import as_text, read
from rnncourse.building.site import links, pages, styles
from rnncourse.building.site.settings import Settings
from rnncourse.errors import InputError
from rnncourse.files import write_whole
from rnncourse.widgets._fallback import FALLBACK_CLASS

MARK = ".rnncourse-site"
"""The file that says that a folder holds a built site, so that it may be replaced."""

GUIDE, GLOSSARY = "docs/instructor_guide.md", "glossary.md"
_NEEDED = ("sphinx", "myst_nb", "sphinx_book_theme")
_UNUSED = ("**/*.map", "**/fontawesome.js*", "*.html")
_PYTHON_SETUP = (
    "%pip install -q --no-deps 'rnncourse @ git+https://github.com/{repository}@{branch}' anywidget psygnal"
)


@dataclass(frozen=True)
class Course:
    """The checkout that the site is made of, the addresses it links to, and whether it shows the solutions."""

    root: Path
    settings: Settings
    solutions: bool = False

    def notebooks(self) -> dict[str, list[str]]:
        """Return the paths of the notebooks in the order of the contents, by the caption they are listed under."""
        patterns = {
            "Chapters": "chapters/[0-9]*.ipynb",
            "Detours": "chapters/detours/[0-9]*.ipynb",
            "Exercises": "exercises/[0-9]*.ipynb",
        }
        if self.solutions:
            patterns["Solutions"] = "solutions/[0-9]*.ipynb"
        found = {caption: sorted(self.root.glob(pattern)) for caption, pattern in patterns.items()}
        return {
            caption: [path.relative_to(self.root).as_posix() for path in paths]
            for caption, paths in found.items()
            if paths
        }

    def pages(self) -> list[str]:
        """Return the paths of everything that becomes a page."""
        return [*(one for listed in self.notebooks().values() for one in listed), GUIDE]


def build(root: Path, out: Path, settings: Settings | None = None, *, solutions: bool = False) -> list[str]:
    """Write the site of the course in `root` into `out` and return what Sphinx warned of.

    Nothing is run. A site that is there already is replaced. Raises InputError where a package is missing, where
    `out` holds something else, and where Sphinx gives up.
    """
    _require_sphinx()
    _require_ours(out)
    course = Course(root, settings or Settings(), solutions)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".rnncourse-site-", dir=out.parent) as scratch:
        source, made = Path(scratch) / "source", Path(scratch) / "site"
        write_sources(course, source)
        warnings = _run_sphinx(source, made)
        _add_beside(course, made)
        if out.exists():
            shutil.rmtree(out)
        shutil.move(made, out)
    return warnings


def _require_sphinx() -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise InputError(
            f"the site needs {', '.join(missing)}: pip install -c constraints.txt -e '.[site]' installs it"
        )


def _require_ours(out: Path) -> None:
    """Raise InputError if `out` is there and is not an empty folder or a site that was built before."""
    if out.exists() and not (out.is_dir() and (not any(out.iterdir()) or (out / MARK).exists())):
        raise InputError(
            f"out must be a new or empty folder, or a site built before, but {out} holds other files"
        )


def write_sources(course: Course, source: Path) -> None:
    """Write everything that Sphinx reads into the folder `source`."""
    shutil.copytree(course.root / "docs" / "site", source)
    front_ends = _write_scripts(source / "_static" / "rnncourse")
    shutil.copy(course.root / "docs" / "images" / "gate_lab.png", source / "_static" / "preview.png")
    for place in course.pages():
        if place != GUIDE:
            _write_notebook(course, place, source)
    for place in (GUIDE, GLOSSARY, "index.md"):
        _write(source / _source_name(place), _text_of(course, place))
    site = {
        "address": course.settings.address,
        "version": _version(course.root),
        "released": __version__,
        "front_ends": front_ends,
    }
    _write(source / "site.json", json.dumps(site))


def _write_notebook(course: Course, place: str, source: Path) -> None:
    """Write the source of a notebook's page, and the notebook itself for readers."""
    text = (course.root / place).read_text(encoding="utf-8")
    _write(source / "extra" / "notebooks" / place, text)
    up = "../" * place.count("/")
    buttons = [["Download notebook", f"{up}notebooks/{place}"]]
    if course.settings.jupyterlab:
        buttons.append(["Open in JupyterLab", f"{course.settings.jupyterlab}{place}"])
    if repository := course.settings.repository:
        _write(source / "extra" / "online" / place, online_copy(course, place, text))
        copy = f"github.com/{repository}/blob/{course.settings.site_branch}/online/{place}"
        buttons.append(["Open in Colab", f"https://colab.research.google.com/{copy.replace('.com', '', 1)}"])
        buttons.append(["Open in Kaggle", f"https://kaggle.com/kernels/welcome?src=https://{copy}"])
    change = links.to_pages(place, course.pages(), course.settings.source)
    page = pages.Page(place, change, source / "extra", up)
    bar = _bar(course, place, buttons)
    _write(source / place, as_text(pages.prepare(read(text, course.root / place), page, bar)))


def online_copy(course: Course, place: str, text: str) -> str:
    """Return a notebook for services that know nothing of the course: it installs the package, links are absolute."""
    notebook = read(text, course.root / place)
    change = links.absolute(course.pages(), course.settings.address, course.settings.source)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = links.relink(cell.source, place, change)
        for output in cell.get("outputs", []):
            output.get("metadata", {}).pop(live.LIVE, None)
    setup = _PYTHON_SETUP.format(repository=course.settings.repository, branch=course.settings.branch)
    said = "# Run this cell first: it brings the course's package into this machine."
    notebook.cells.insert(0, v4.new_code_cell(f"{said}\n{setup}", id="set-up"))
    return as_text(notebook)


def _bar(course: Course, place: str, buttons: list[list[str]]) -> str:
    """Return the line below a page's title: where it is in the book, its other half, and the buttons."""
    parts = [f"<span>{escape(words)}</span>" for words in _position(course, place)]
    if other := _other_half(course, place):
        words = "Exercises" if place.startswith("chapters") else "Chapter"
        parts.append(f'<a href="{"../" * place.count("/")}{links.page_of(other)}">{words}</a>')
    for words, address in buttons:
        kept = " download" if words.startswith("Download") else ""
        parts.append(f'<a href="{escape(address)}"{kept}>{escape(words)}</a>')
    return f'<p class="rnncourse-bar">{" ".join(parts)}</p>'


def _position(course: Course, place: str) -> list[str]:
    """Return what is said about a page's position in the book."""
    chapters = course.notebooks()["Chapters"]
    number, last = int(Path(place).name[:2]), int(Path(chapters[-1]).name[:2])
    if place in chapters:
        return [f"Chapter {number} of {last}"]
    kind = (
        "A detour from" if "detours" in place else "Solutions of" if "solutions" in place else "Exercises of"
    )
    return [f"{kind} chapter {number}"]


def _other_half(course: Course, place: str) -> str:
    """Return a chapter's exercises, or the chapter of anything else; "" where there is none."""
    number = Path(place).name[:2]
    wanted = "Exercises" if place in course.notebooks()["Chapters"] else "Chapters"
    found = (one for one in course.notebooks().get(wanted, []) if Path(one).name.startswith(number))
    return next(found, "")


def _text_of(course: Course, place: str) -> str:
    """Return the source of a page that is no notebook."""
    if place == "index.md":
        return _home(course)
    if place == GLOSSARY:
        return _glossary(course)
    text = (course.root / place).read_text(encoding="utf-8")
    change = links.to_pages(_source_name(place), _renamed(course), course.settings.source)
    return links.relink(text, place, lambda target, fragment: change(_source_name(target), fragment))


def _renamed(course: Course) -> list[str]:
    return [_source_name(place) for place in course.pages()]


def _source_name(place: str) -> str:
    """Return where a page's source is: the guide is at the top of the site."""
    return Path(GUIDE).name if place == GUIDE else place


def _home(course: Course) -> str:
    """Return the home page: the lab, the table of chapters from the README, and the contents of the book."""
    template = (course.root / "docs" / "site" / "index.md").read_text(encoding="utf-8")
    change = links.to_pages("index.md", course.pages(), course.settings.source)
    table = _section((course.root / "README.md").read_text(encoding="utf-8"), "The chapters")
    shown = {
        "lab": _home_lab(),
        "chapters": links.relink(table, "index.md", change),
        "contents": _contents(course),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: shown[found[1]], template)


def _home_lab() -> str:
    """Return the gate lab, live."""
    lab = widgets.gate_lab()
    state = {
        name: value for name, value in lab.get_state().items() if not live.OF_THE_MANAGER.fullmatch(name)
    }
    stand_in = f'<div class="{FALLBACK_CLASS}">{lab.static_html()}</div>'
    lab.close()
    return pages.place(LiveWidget("GateLab", "1", state), stand_in).replace("\n\n", "\n")


def _section(markdown: str, heading: str) -> str:
    """Return the table below a heading."""
    [found] = re.findall(rf"(?ms)^## {heading}\n+(\|.*?)(?:\n\n|\Z)", markdown)
    return found


def _contents(course: Course) -> str:
    """Return the tables of contents, which the theme shows beside every page."""
    trees = [
        (caption, [(_short(course, one), one.removesuffix(".ipynb")) for one in listed])
        for caption, listed in course.notebooks().items()
    ]
    trees.append(("More", [("Glossary", "glossary"), ("Instructor guide", "instructor_guide")]))
    return "\n\n".join(_tree(caption, entries) for caption, entries in trees)


def _tree(caption: str, entries: Iterable[tuple[str, str]]) -> str:
    lines = "\n".join(f"{words} <{name}>" for words, name in entries)
    return f"```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{lines}\n```"


def _short(course: Course, place: str) -> str:
    title = short_title(course.root / place)
    return re.sub(r"^(Detour|Exercises?|Solutions?)\b[ :—-]*", "", title) or title


def _glossary(course: Course) -> str:
    """Return the glossary of chapter 00 as a page of its own."""
    place = course.notebooks()["Chapters"][0]
    notebook = read((course.root / place).read_text(encoding="utf-8"), course.root / place)
    source = next(cell.source for cell in notebook.cells if cell.source.startswith("## Glossary"))
    return links.relink(source[1:], place, links.to_pages(GLOSSARY, course.pages(), course.settings.source))


def _write_scripts(folder: Path) -> dict[str, tuple[str, str]]:
    """Write each front end once: pages share the files, and browsers keep them. Return the files of each widget."""
    folder.mkdir(parents=True)
    names: dict[str, tuple[str, str]] = {}
    for name in widgets.__all__:
        if hasattr(getattr(widgets, name), "_esm"):
            found = live.front_end(name)
            names[name] = found.script_name, found.style_name
            _write(folder / f"{found.script_name}.js", found.classic_script)
            _write(folder / f"{found.style_name}.css", found.style)
    parts = (TEMPLATES / "rnncourse" / "model.js", TEMPLATES / "site" / "site.js")
    _write(folder / "site.js", "".join(part.read_text(encoding="utf-8") for part in parts))
    return names


def _run_sphinx(source: Path, made: Path) -> list[str]:
    """Let Sphinx make the pages; return its warnings, one line each."""
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-b",
        "html",
        "-j",
        "2",
        "-d",
        source.parent / "doctrees",
    ]
    done = subprocess.run([*command, source, made], capture_output=True, text=True, check=False)
    lines = [line.replace(f"{source}/", "") for line in done.stderr.splitlines() if line.strip()]
    if done.returncode:
        raise InputError("\n".join(["Sphinx could not make the site:", *lines[-20:]]))
    return [line for line in lines if "WARNING" in line or "ERROR" in line]


def _add_beside(course: Course, made: Path) -> None:
    """Add the mark, and where the address is known a sitemap; take out what the theme brings and no page uses."""
    for pattern in _UNUSED:
        for unused in made.glob(f"_static/{pattern}"):
            unused.unlink()
    _join_styles(made)
    _write(made / MARK, f"{_version(course.root)}\n")
    _write(made / ".nojekyll", "")
    if course.settings.address:
        _write(made / "sitemap.xml", sitemap(course.settings.address, made))


def _join_styles(made: Path) -> None:
    """Replace the style sheets by one, book.css, that holds what is used of them.

    It comes before the first word of every page, so a slow connection waits for it: once, and as briefly as can be.
    """
    static = made / "_static"
    _write(static / "book.css", styles.without_unused(styles.joined(static), styles.classes_on(made)))
    for name in (*styles.SHEETS, "styles/theme"):
        for sheet in static.glob(f"{name}.css"):
            sheet.unlink()
    shutil.rmtree(static / "vendor")


def sitemap(address: str, made: Path) -> str:
    """Return the sitemap of the pages in a folder; the search page is no page to find."""
    pages_made = (path.relative_to(made) for path in made.rglob("*.html"))
    found = sorted(path.as_posix() for path in pages_made if path.parts[0] != "_static")
    entries = "".join(
        f" <url><loc>{escape(address + name)}</loc></url>\n" for name in found if name != "search.html"
    )
    namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{namespace}">\n{entries}</urlset>\n'


def _version(root: Path) -> str:
    """Return the version that the site is built from, with the commit where git tells it."""
    command = ["git", "-C", root, "rev-parse", "--short=7", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return __version__
    return f"{__version__} ({done.stdout.strip()})" if done.returncode == 0 else __version__


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, text.encode())
