"""The `rnncourse` command: open the course, examine the installation, refresh the notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    help="A course on recurrent neural networks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
build = typer.Typer(help="For those who write the course.", no_args_is_help=True)
app.add_typer(build, name="build")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(context: typer.Context) -> None:
    """Open the course in JupyterLab.

    In a checkout its notebooks are opened as they are. Elsewhere they are copied into ./rnn-course first,
    and a notebook that you have changed is never overwritten. Whatever follows is passed on to jupyter lab:
    rnncourse lab --no-browser --port 9999
    """
    from rnncourse import workspace
    from rnncourse.errors import InputError

    try:
        root, report = workspace.course_root(Path.cwd())
    except InputError as error:
        _stop(str(error))
    for line in report.lines():
        typer.echo(line)
    typer.echo(f"Opening the course in {root}")
    raise typer.Exit(workspace.open_lab(root, context.args))


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Examine the installation; each line says that a part is well or how to mend it."""
    from rnncourse import doctor as examination

    checks = examination.examine()
    typer.echo(examination.report(checks, as_json))
    raise typer.Exit(0 if all(check.ok for check in checks) else 1)


@build.command("outputs")
def build_outputs(
    notebooks: Annotated[
        list[Path] | None,
        typer.Argument(help="Notebooks or folders; without any, all chapters and solutions of the checkout."),
    ] = None,
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that one cell may take.")] = 180,
) -> None:
    """Run notebooks in place and store their outputs; a notebook that fails is left as it was."""
    from tqdm import tqdm

    from rnncourse.building import outputs
    from rnncourse.errors import InputError

    try:
        paths = outputs.find_notebooks(notebooks or _own_notebooks())
    except InputError as error:
        _stop(str(error))
    failures = []
    for path in tqdm(paths, unit="notebook", disable=len(paths) < 2):
        try:
            changed = outputs.refresh(path, timeout)
        except outputs.NotebookFailed as failure:
            failures.append(str(failure))
        else:
            tqdm.write(f"{path}: {'written' if changed else 'unchanged'}")
    if failures:
        _stop("\n".join(failures))


@build.command("html")
def build_html(
    notebooks: Annotated[
        list[Path] | None,
        typer.Argument(help="Notebooks or folders; without any, all chapters of the checkout."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder that the pages are written to.")] = Path("html"),
    timeout: Annotated[int, typer.Option(min=1, help="Seconds that one cell may take.")] = 180,
) -> None:
    """Run notebooks and write each as one page that works from disk, without a network or a kernel."""
    from tqdm import tqdm

    from rnncourse.building import html, outputs
    from rnncourse.errors import InputError

    try:
        paths = outputs.find_notebooks(notebooks or _own_notebooks()[:1])
    except InputError as error:
        _stop(str(error))
    failures = []
    for path in tqdm(paths, unit="notebook", disable=len(paths) < 2):
        try:
            page = html.export(path, out, timeout)
        except (outputs.NotebookFailed, InputError) as failure:
            failures.append(str(failure))
        else:
            tqdm.write(f"{path}: {page}")
    if failures:
        _stop("\n".join(failures))


def _own_notebooks() -> list[Path]:
    """Return the folders of the checkout around the working directory whose outputs are stored."""
    from rnncourse.environment import checkout_above

    root = checkout_above(Path.cwd())
    if root is None:
        _stop("This folder is not in a checkout of the course: name the notebooks to be run.")
    return [root / name for name in ("chapters", "solutions") if (root / name).is_dir()]


def _stop(message: str) -> None:
    """Print `message` on standard error and leave with exit status 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
