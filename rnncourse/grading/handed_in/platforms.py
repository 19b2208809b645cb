"""How platforms name what was handed in: whose a folder or a file is, as far as its name says.

| platform | name | source |
|:--|:--|:--|
| Moodle, folders | `Ana Bo_101_assignsubmission_file_/FILE` | 1, `load_submissionplugin_filelist` |
| Moodle, one folder | `Ana Bo_101_assignsubmission_file_FILE` | 1, without `downloadasfolders` |
| Moodle, teams | `Red_7_assignsubmission_file_/FILE`; to 3.9 `Red-Ana Bo_101_…` | 1, `get_student_prefix` |
| Canvas | `boana_501_9001_FILE`, `boana_LATE_501_9001_FILE` | 2, `get_filename`, `add_upload_submission` |
| Autolab | `ana@school.edu_3_FILE` | 3, `handin_file_long_filename` |
| Gradescope | `submission_12/FILE` with submission_metadata.yml | 4, and its users' 5; it has no public source |
| nbgrader | `submitted/ID/ASSIGNMENT/FILE` | 6, "How to structure course files" |

1. https://github.com/moodle/moodle/blob/main/mod/assign/classes/downloader.php
2. https://github.com/instructure/canvas-lms/blob/master/lib/content_zipper.rb
3. https://github.com/autolab/Autolab/blob/master/app/models/submission.rb
4. https://github.com/ucbds-infra/otter-grader/blob/0e0bfbf/otter/metadata.py, `GradescopeParser`: the file is a table
   by folder with `:submitters`, each with a `:name`; of a group there are several.
5. https://gist.github.com/m13253/f3e418a556df9506f7494e0f9cd8e80f, which names such folders by their students. That all
   of it lies in `assignment_34_export/`, that the numbers are those of submissions, and `:sid` and `:email` are as
   other programs read them; Gradescope documents none of it.
6. https://nbgrader.readthedocs.io/en/stable/user_guide/philosophy.html

How Moodle named teams up to 3.9 is from its locallib.php of that time.

Moodle takes ``& < > " ` | ' : \\ /`` out of names (PARAM_FILE) and writes `_` as a blank. Canvas leaves only letters,
digits and `_` of the sortable name, in small letters and without blanks. Gradescope's table holds the outputs of its
own autograder beside the names: they may be megabytes and carry tags of Ruby's classes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from rnncourse.grading.untrusted_text import plain_name

if TYPE_CHECKING:
    from yaml import Node

_MOODLE = re.compile(
    r"(?P<name>.+?)(?:_(?P<id>\d+))?_assignsubmission_(?:file|onlinetext)(?:_(?P<file>.*))?", re.DOTALL
)
_CANVAS = re.compile(
    r"(?P<name>[^_]+(?:_[^_\d][^_]*)*?)_(?:LATE_)?(?P<id>\d+)_(?P<attempt>\d+)_(?P<file>.+)", re.DOTALL
)
_CANVAS_TEXT = re.compile(
    r"(?P<name>[^_]+(?:_[^_\d][^_]*)*?)_(?:LATE_)?(?P<id>\d+)_(?P<file>(?:text|link)\.html)"
)
_AUTOLAB = re.compile(r"(?P<name>[^_/\s]+@[^_/\s]+\.[^_/\s]+)_(?P<version>\d+)_(?P<file>.+)")
_COPY_BEFORE = re.compile(r"^(?:(?:copy of|kopie von|copia de|copie de|cópia de)[ _]+)+", re.IGNORECASE)
_COPY_BEHIND = re.compile(r"(?:[ _]*\(\d{1,3}\)|[-_ ]+(?:copy|kopie|copia|copie)[-_ ]?\d*)+$", re.IGNORECASE)
_LARGEST_METADATA = 32 << 20
_COUNT = re.compile(r"\(?\d{1,2}\)?|v\d{1,2}|final", re.IGNORECASE)


class Claim(NamedTuple):
    """Whose a folder or a file says it is.

    name, as a table gives it back; called: as it is written. told_apart: the platform's number, which tells namesakes
    apart. number: the student's own in Canvas. file: what the student called the file. platform: "moodle", "canvas",
    "autolab", "gradescope", or "" for a plain name. members: names and ids of all who handed this in, in Gradescope.
    """

    name: str
    called: str
    told_apart: str = ""
    number: str = ""
    file: str = ""
    platform: str = ""
    members: tuple[tuple[str, str], ...] = ()

    @property
    def who(self) -> tuple[str, str, str]:
        """What is the same in all files of one student."""
        return self.name, self.told_apart, self.number


NOBODY = Claim("", "")


def of_folder(folder: str) -> Claim:
    """Return whose a folder is."""
    return _moodle(folder) or Claim(plain_name(folder), folder)


def of_file(file: str) -> Claim | None:
    """Return whose a file in a flat folder is, None if no platform calls files like that."""
    canvas = _CANVAS.fullmatch(file) or _CANVAS_TEXT.fullmatch(file)
    autolab = _AUTOLAB.fullmatch(file)
    moodle = _moodle(file)
    if moodle and moodle.file:
        return moodle
    if autolab:
        return Claim(plain_name(autolab["name"]), autolab["name"], file=autolab["file"], platform="autolab")
    if canvas:
        name = canvas["name"]
        return Claim(plain_name(name), name, canvas["id"], canvas["id"], canvas["file"], "canvas")
    return None


def of_gradescope(metadata: bytes) -> dict[str, Claim]:
    """Return whose each folder is by submission_metadata.yml; ValueError where that is something else.

    A submission of several is a group's: its members are all named.
    """
    found = {}
    for folder, people in _submitters(metadata):
        names = [one.get(":name") or one.get(":email") or one.get(":sid", "") for one in people]
        if not names or not all(names):
            raise ValueError(f"submission_metadata.yml does not say who submitted {folder!a}")
        ids = [one.get(":sid") or one.get(":email") or "" for one in people]
        whole = ", ".join(names)
        found[folder] = Claim(
            plain_name(whole), whole, folder.rpartition("_")[2], platform="gradescope",
            members=tuple(zip(map(plain_name, names), ids, strict=True)),
        )  # fmt: skip
    return found


def _submitters(metadata: bytes) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Yield each folder in submission_metadata.yml with the texts below its `:submitters`.

    The nodes are read as they are, for nothing but texts is wanted, and a tag of Ruby's is no value that Python knows.
    """
    import yaml

    if len(metadata) > _LARGEST_METADATA:
        raise ValueError(f"submission_metadata.yml is larger than {_LARGEST_METADATA >> 20} MiB")
    try:
        table = yaml.compose(metadata, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for folder, about in table.value:
            [submitters] = [value for key, value in about.value if key.value == ":submitters"]
            yield (
                folder.value,
                [{key.value: _text(value) for key, value in one.value} for one in submitters.value],
            )
    except (yaml.YAMLError, AttributeError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"submission_metadata.yml is not as Gradescope writes it: {error}") from error


def _text(node: Node) -> str:
    """Return the text of a node of YAML, "" for null and for what is no text."""
    known = isinstance(node.value, str) and node.tag != "tag:yaml.org,2002:null"
    return node.value if known else ""


def _moodle(text: str) -> Claim | None:
    found = _MOODLE.fullmatch(text)
    if not found:
        return None
    return Claim(
        plain_name(found["name"]),
        found["name"],
        found["id"] or "",
        file=found["file"] or "",
        platform="moodle",
    )


def of_plain_file(name: str, stems: tuple[str, ...]) -> Claim:
    """Return whose a notebook is that is called as its author likes: what is left without the assignment's name.

    name: without .ipynb. A copy's number is nobody's name: `03_recurrence (1)` names nobody.
    """
    original = _COPY_BEHIND.sub("", _COPY_BEFORE.sub("", name)).strip() or name
    for known in stems:
        bare = re.sub(
            rf"(^|[-_ .]+){re.escape(known)}(?=$|[-_ .(])", "", original, count=1, flags=re.IGNORECASE
        )
        bare = _COPY_BEFORE.sub("", bare).strip("-_ .")
        if bare != original and (not bare or _COUNT.fullmatch(bare)):
            return Claim(plain_name(name), name)
        if bare != original:
            return Claim(plain_name(bare), bare)
    return Claim(plain_name(original), original)
