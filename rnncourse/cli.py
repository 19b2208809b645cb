"""The `rnncourse` command: open the course, examine the installation, grade a class, refresh the notebooks."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="A course on recurrent neural networks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
build = typer.Typer(no_args_is_help=True)
app.add_typer(build, name="build")
class_ = typer.Typer(help="For those who teach the course.", no_args_is_help=True)
app.add_typer(class_, name="class")

_UNMATCHED = 3
"""The exit status of grading where a submission could not be matched to a student."""


@app.callback()
def any_terminal() -> None:
    """A course on recurrent neural networks."""
    import sys

    # A terminal that cannot show a letter gets it written out, instead of ending the run.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(
    context: typer.Context,
    edit: Annotated[
        bool, typer.Option("--edit", help="Open the checkout's own notebooks, to write the course.")
    ] = False,
) -> None:
    """Open the course in JupyterLab.

    The notebooks are copied into the folder rnn-course, without the results that you are to predict. Yours are brought
    up to date there, and one that you have changed is never overwritten. Whatever follows is passed on to jupyter lab:
    rnncourse lab --no-browser --port 9999
    """
    from rnncourse.errors import InputError
    from rnncourse.lab import workspace

    try:
        root, report = workspace.course_root(Path.cwd(), edit)
        for line in report.lines():
            typer.echo(line)
        if address := workspace.hub_address(root, os.environ):
            typer.echo(f"The course is in {root}. A hub runs JupyterLab for you already: open {address}")
            return
        workspace.require_startable()
    except InputError as error:
        _stop(str(error))
    typer.echo(f"Opening the course in {root}")
    raise typer.Exit(workspace.open_lab(root, context.args))


@app.command()
def copy(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder to copy to; rnn-course in this folder if not given.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(help="A folder to leave out, such as solutions; may be repeated.")
    ] = None,
) -> None:
    """Copy the notebooks into a folder, or bring a copy up to date, and start nothing.

    A notebook that was changed there is never overwritten. What is left out once stays left out until you copy again
    without leaving it out.
    """
    from rnncourse.environment import checkout_above, shipped
    from rnncourse.errors import InputError
    from rnncourse.lab import workspace

    target = (folder or Path(workspace.COPY)).resolve()
    try:
        report = workspace.copy_course(checkout_above(Path.cwd()) or shipped(), target, without or ())
    except InputError as error:
        _stop(str(error))
    for line in report.lines():
        typer.echo(line)
    typer.echo(f"The course is in {target}")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def singleuser(
    context: typer.Context,
    without: Annotated[
        list[str] | None, typer.Option(help="A folder to leave out, such as solutions; may be repeated.")
    ] = None,
    instructor: Annotated[
        bool, typer.Option("--instructor", help="Keep nbgrader's menus for instructors.")
    ] = False,
) -> None:
    """Be a learner's server on a JupyterHub, for c.Spawner.cmd.

    The course is copied to rnn-course in the home directory, or brought up to date there, and opened with its settings.
    Whatever follows is passed on to jupyterhub-singleuser.
    """
    from rnncourse.errors import InputError
    from rnncourse.lab import hub, workspace

    home = Path.home()
    root = hub.copy_of(home)
    try:
        hub.require_singleuser()
    except InputError as error:
        _stop(str(error))
    try:
        said = workspace.copy_course(workspace.shipped(), root, without or None).lines()
    except InputError as error:
        # A server that does not start would leave the learner without a way to make room.
        said, root = [str(error)], root if root.is_dir() else home
    for line in said:
        typer.echo(line, err=True)
    hub.become_singleuser(root, hub.singleuser_environment(root, os.environ, instructor), context.args)


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Examine the installation; each line says that a part works or how to fix it."""
    from rnncourse.lab import doctor as examination

    checks = examination.examine()
    typer.echo(examination.report(checks, as_json))
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)


@app.command()
def progress(
    share: Annotated[
        Path | None,
        typer.Option(
            help="Also save it, without your name, in this folder of your teacher's; run it again to update it."
        ),
    ] = None,
) -> None:
    """Show how many tasks of each chapter's exercises you have solved on this computer, and what you predicted."""
    from rnncourse import predictions
    from rnncourse.checks import progress_file, written
    from rnncourse.lab.workspace import copy_of_the_course

    copy = copy_of_the_course(Path.cwd())
    noted = written.note(copy / "exercises") if copy else ""
    kept = progress_file.load()
    if not kept.known:
        _stop(kept.said)
    predicted = predictions.load()
    typer.echo("\n".join([progress_file.table(kept), *predictions.calibration(predicted.answers.values())]))
    for said in filter(None, (noted or kept.said, predicted.said)):
        typer.echo(said, err=True)
    if share is not None:
        try:
            typer.echo(f"Shared as {progress_file.share(share, kept, predicted, predictions.seed())}")
        except OSError as error:
            _stop(f"It could not be shared in {share}: {error.strerror or error}")


@app.command()
def grade(
    submissions: Annotated[
        Path | None,
        typer.Argument(help="A folder or a zip of what students handed in; not with --nbgrader-course."),
    ] = None,
    *,
    assignment: Annotated[str, typer.Option(help="Number or name of the exercise, such as 04.")],
    out: Annotated[
        Path, typer.Option(help="The folder for the results; a run that was stopped continues there.")
    ],
    students: Annotated[
        Path | None,
        typer.Option(
            help="A roster (CSV with a column student); those who handed in nothing are marked as missing."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
    spec: Annotated[
        Path | None, typer.Option(help="Your own folder: a master (.ipynb), tasks.py with TASKS, or both.")
    ] = None,
    seed_by_student: Annotated[
        bool, typer.Option("--seed-by-student", help="Give each student random inputs of their own.")
    ] = False,
    manual: Annotated[
        Path | None,
        typer.Option(help="Points by hand (CSV with the columns student, task, points, comment)."),
    ] = None,
    nbgrader: Annotated[
        Path | None, typer.Option(help="nbgrader's gradebook.db, into which the points are written as well.")
    ] = None,
    nbgrader_course: Annotated[
        Path | None,
        typer.Option(
            help="nbgrader's course folder: grades what it has collected, writes its gradebook.db and its folder "
            "feedback, for nbgrader release_feedback."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Workers at a time; 0: as many as there are cores.")] = 0,
    unsafe: Annotated[
        bool,
        typer.Option(
            "--unsafe-no-sandbox",
            help="Run students' code with your own rights: dangerous, not for a real class.",
        ),
    ] = False,
) -> None:
    """Grade a class in a sandbox: tables, a page for each student, and a page for the next lecture.

    Ends with status 3 if a submission could not be matched to a student, though everybody else is graded.
    """
    import json

    from tqdm import tqdm

    from rnncourse.errors import InputError
    from rnncourse.grading import run

    if submissions is None and nbgrader_course is None:
        _stop("Name the folder or zip of submissions, or nbgrader's course folder with --nbgrader-course.")
    submissions = submissions or nbgrader_course / "submitted"
    request = run.Request(
        submissions,
        assignment,
        out,
        students,
        spec,
        manual,
        nbgrader,
        seed_by_student,
        unsafe,
        jobs,
        nbgrader_course,
    )
    try:
        with tqdm(unit="student", disable=as_json or None) as bar:

            def show(done: int, of: int) -> None:
                bar.total, bar.n = of, done
                bar.refresh()

            outcome = run.grade(request, show)
    except (InputError, run.GradingStopped) as error:
        _stop(str(error))
    if as_json:
        typer.echo(json.dumps(outcome.summary(), indent=1))
        raise typer.Exit(_UNMATCHED if outcome.unmatched else 0)
    for note in outcome.notes:
        typer.echo(f"note: {note}")
    typer.echo(
        f"{len(outcome.results)} students, {outcome.graded} of them graded now: {out / 'gradebook.csv'}, "
        f"{out / 'class.html'}, {out / 'feedback'}"
    )
    if outcome.unmatched:
        width = max(len(one.submission) for one in outcome.unmatched)
        typer.echo(f"\nCould not be matched ({out / 'unmatched.csv'}):")
        for one in outcome.unmatched:
            typer.echo(f"  {one.submission:{width}}  {one.why}")
        raise typer.Exit(_UNMATCHED)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def bench(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="The benchmark; whatever follows is passed on to it.")
    ] = None,
) -> None:
    """Run one of the checkout's benchmarks; without a name, list them."""
    import ast
    import subprocess
    import sys

    scripts = {
        path.stem: path
        for path in sorted((_own_checkout() / "benchmarks").glob("*.py"))
        if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
    }
    if name is None:
        for stem, path in scripts.items():
            said = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            typer.echo(f"{stem:17} {said.partition(chr(10))[0]}")
    elif name not in scripts:
        _stop(f"There is no benchmark {name}. There are {', '.join(scripts)}.")
    else:
        raise typer.Exit(subprocess.run([sys.executable, scripts[name], *context.args]).returncode)


@class_.command("report")
def class_report(
    results: Annotated[list[Path], typer.Argument(help="Folders that rnncourse grade has written (--out).")],
    out: Annotated[Path, typer.Option(help="The page to write.")] = Path("class_report.html"),
    shared: Annotated[
        Path | None,
        typer.Option(help="The folder in which learners share their progress (rnncourse progress --share)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON as well.")] = False,
) -> None:
    """Write a page for the next lecture: stuck tasks, the mistakes behind them, what to take up. Nobody is named."""
    import json

    from rnncourse.errors import InputError
    from rnncourse.files import write_whole
    from rnncourse.grading.results import class_report as reports
    from rnncourse.grading.results import shared as sharing

    try:
        graded = [reports.read(folder) for folder in results]
        practice = sharing.read(shared) if shared is not None else None
    except InputError as error:
        _stop(str(error))
    write_whole(out, reports.report(graded, practice).encode())
    if as_json:
        typer.echo(json.dumps(reports.as_json(graded), indent=1))
        return
    for task in reports.topics([task for _, tasks in graded for task in tasks]):
        typer.echo(f"stuck: {task.title} ({task.assignment}), {task.solved} of {task.tried} solved it")
    typer.echo(f"{out}")


@build.callback()
def any_build() -> None:
    """For those who write the course."""
    from importlib.util import find_spec

    if missing := [name for name in ("nbclient", "nbconvert", "latex2mathml") if find_spec(name) is None]:
        _stop(f'This needs {", ".join(missing)}; run: python -m pip install "rnncourse[lab]"')


@build.command("outputs")
def build_outputs(
    notebooks: Annotated[
        list[Path] | None,
        typer.Argument(help="Notebooks or folders; without any, all chapters and solutions of the checkout."),
    ] = None,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that one cell may take.")] = 180,
) -> None:
    """Run notebooks in place and store their outputs; a notebook that fails is left as it was."""
    from rnncourse.building import outputs

    with _failures_said():
        paths = outputs.find_notebooks(notebooks or _own_notebooks("chapters", "solutions"))
    _each(paths, lambda path: _written(outputs.refresh(path, timeout)))


@build.command("exercises")
def build_exercises(
    chapters: Annotated[
        list[str] | None,
        typer.Argument(help="Numbers of chapters, such as 03; without any, all that have a master."),
    ] = None,
) -> None:
    """Make the exercise notebooks, and the files with hints and model answers, from the masters in solutions/.

    This needs nbgrader.
    """
    from rnncourse.building import exercises, statements

    root = _own_checkout()
    solutions, bank = root / "solutions", root / "rnncourse" / "checks" / "bank"
    with _failures_said():
        chosen = exercises.find_masters(solutions, chapters or ())
        masters = exercises.read_masters(solutions)

    def release(exercise: Path) -> str:
        master = solutions / exercise.name
        return _written(exercises.release(masters[master], master, exercise))

    _each([root / "exercises" / master.name for master in chosen], release)
    _each([bank / "statements.json"], lambda path: _written(statements.write(masters, path)))
    _each([bank / "answers.json"], lambda path: _written(statements.write_answers(masters, path)))


@build.command("questions")
def build_questions(
    open_: Annotated[
        bool, typer.Option("--open", help="Put the questions back into the cells, to edit them.")
    ] = False,
) -> None:
    """Keep questions and answers out of the chapters' code, where GitHub and other pages would show them."""
    from rnncourse import question_cells
    from rnncourse.building import outputs

    change = question_cells.unseal if open_ else question_cells.seal
    for path in sorted((_own_checkout() / "chapters").rglob("[0-9]*.ipynb")):
        changed = outputs.rewrite(path, change)
        typer.echo(f"{path}: {'written' if changed else 'unchanged'}")


@build.command("navigation")
def build_navigation() -> None:
    """Write the links to neighbors, contents and exercises at the top and the bottom of each notebook."""
    from rnncourse.building import navigation

    root = _own_checkout()
    paths = [*(root / "chapters").rglob("[0-9]*.ipynb"), *(root / "solutions").glob("[0-9]*.ipynb")]
    _each(sorted(paths), lambda path: _written(navigation.navigate(path, root)))


@build.command("html")
def build_html(
    notebooks: Annotated[
        list[Path] | None,
        typer.Argument(help="Notebooks or folders; without any, all chapters of the checkout."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder that the pages are written to.")] = Path("html"),
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that one cell may take.")] = 180,
    stored: Annotated[
        bool, typer.Option("--stored", help="Use the outputs that a notebook holds, and run nothing.")
    ] = False,
) -> None:
    """Run notebooks and write each as one page that works from disk, without a network or a kernel."""
    from rnncourse.building import html, outputs

    with _failures_said():
        paths = outputs.find_notebooks(notebooks or _own_notebooks("chapters"))
        outputs.require_apart(paths)
    _each(paths, lambda path: html.export(path, out, timeout, stored=stored))


@build.command("site")
def build_site(
    out: Annotated[Path, typer.Option(help="The folder of the site; one built before is replaced.")] = Path(
        "site"
    ),
    solutions: Annotated[bool, typer.Option("--solutions", help="Show the solutions as well.")] = False,
    address: Annotated[
        str | None, typer.Option(help="Where the site will be published: https://rnn.example.org/")
    ] = None,
    repository: Annotated[str | None, typer.Option(help="OWNER/NAME on GitHub.")] = None,
    jupyterlab: Annotated[
        str | None, typer.Option(help="An address to which the path of a notebook is appended.")
    ] = None,
) -> None:
    """Make the website of the course from the stored outputs; nothing is run.

    Addresses that are not given are read from docs/site/settings.toml. This needs the extra “site”.
    """
    from rnncourse.building import site
    from rnncourse.errors import InputError

    root = _own_checkout()
    try:
        file = root / "docs" / "site" / "settings.toml"
        settings = site.read_settings(file, address=address, repository=repository, jupyterlab=jupyterlab)
        warnings = site.build(root, out, settings, solutions=solutions)
    except InputError as error:
        _stop(str(error))
    for line in warnings:
        typer.echo(f"note: {line}", err=True)
    typer.echo(f"{out / 'index.html'}")


@build.command("slides")
def build_slides(
    notebooks: Annotated[
        list[Path] | None,
        typer.Argument(help="Notebooks or folders; without any, all chapters of the checkout."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder that the slides are written to.")] = Path("slides"),
    code: Annotated[
        bool, typer.Option("--code/--no-code", help="Show the cells' code as well, or only its output.")
    ] = True,
) -> None:
    """Write each notebook with its stored outputs as slides: one page that needs neither network nor kernel."""
    from rnncourse.building import outputs, slides

    with _failures_said():
        paths = outputs.find_notebooks(notebooks or _own_notebooks("chapters"))
        outputs.require_apart(paths)
    _each(paths, lambda path: slides.export(path, out, code=code))


def _each(paths: Sequence[Path], do: Callable[[Path], object]) -> None:
    """Do something with each path and say what came of it; those that fail are named at the end. Ctrl-C ends it."""
    from tqdm import tqdm

    from rnncourse.building.outputs import Interrupted, NotebookFailed
    from rnncourse.errors import InputError

    failures = []
    for path in tqdm(paths, unit="notebook", disable=len(paths) < 2):
        try:
            with _warnings_said():
                done = do(path)
        except (NotebookFailed, InputError) as failure:
            failures.append(str(failure))
            if isinstance(failure, Interrupted):
                break
        else:
            tqdm.write(f"{path}: {done}")
    if failures:
        _stop("\n".join(failures))


def _written(changed: bool) -> str:
    return "written" if changed else "unchanged"


@contextlib.contextmanager
def _failures_said() -> Iterator[None]:
    """Say what is wrong with the notebooks that were named, and leave."""
    from rnncourse.building.outputs import NotebookFailed
    from rnncourse.errors import InputError

    try:
        yield
    except (NotebookFailed, InputError) as failure:
        _stop(str(failure))


def _own_notebooks(*folders: str) -> list[Path]:
    """Return those of the folders that the checkout around the working directory has."""
    root = _own_checkout(": name the notebooks to be run")
    return [root / name for name in folders if (root / name).is_dir()]


def _own_checkout(remedy: str = "") -> Path:
    """Return the checkout around the working directory; where there is none, stop and say what to do."""
    from rnncourse.environment import checkout_above

    root = checkout_above(Path.cwd())
    if root is None:
        _stop(f"This folder is not in a checkout of the course{remedy}.")
    return root


@contextlib.contextmanager
def _warnings_said() -> Iterator[None]:
    """Print the course's own warnings as one line each, on standard error."""
    import warnings

    from rnncourse.building.html import MissingPicture

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", MissingPicture)
        yield
    for warning in caught:
        if issubclass(warning.category, MissingPicture):
            typer.echo(f"note: {warning.message}", err=True)


def _stop(message: str) -> None:
    """Print `message` on standard error and leave with exit status 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
