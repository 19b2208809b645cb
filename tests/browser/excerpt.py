"""A chapter without its long computations: the widgets, the code that the widgets need, and the text beside them.

Every cell of every chapter is run, and what it prints compared, with the notebooks themselves. What only a browser
can tell is whether the widgets appear and answer.
"""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Collection, Mapping

from nbformat import NotebookNode


def of_widgets(notebook: NotebookNode, also: Collection[str] = ()) -> NotebookNode:
    """Remove the code cells that no widget needs, except those whose id is in `also`; return the notebook.

    Of the text, what is directly above or below a code cell stays: a page of all of it takes JupyterLab long to draw.
    """
    missing = {*also} - {cell.id for cell in notebook.cells}
    assert not missing, f"no cell has the id {missing}"
    kept, needed = set(), set()
    for k, cell in reversed([*enumerate(notebook.cells)]):
        if cell.cell_type == "code":
            bound, read = names(cell.source)
            if bound & needed or cell.id in also or shows_a_widget(cell):
                needed = (needed - bound) | read
                kept.add(k)
    notebook.cells = [
        cell
        for k, cell in enumerate(notebook.cells)
        if k in kept or (cell.cell_type != "code" and kept & {k - 1, k + 1})
    ]
    return notebook


def train_less(notebook: NotebookNode, steps: Mapping[str, int]) -> NotebookNode:
    """Give cells (by id) another number of steps, for widgets that appear whatever has been learned."""
    for cell in notebook.cells:
        if cell.id in steps:
            cell.source, changed = re.subn(r"steps=\d+", f"steps={steps[cell.id]}", cell.source)
            assert changed == 1, f"{cell.id} does not say how many steps it takes"
    assert steps.keys() <= {cell.id for cell in notebook.cells}, f"no cells for all of {[*steps]}"
    return notebook


def shows_a_widget(cell: NotebookNode) -> bool:
    """Say whether the cell's stored outputs hold the stand-in of a widget."""
    return any("rnncourse-fallback" in output.get("data", {}).get("text/html", "") for output in cell.outputs)


def names(source: str) -> tuple[set[str], set[str]]:
    """Return the names that the code of a cell binds, and those that it or its functions read from other cells."""
    bound, read = set(), set()
    for statement in ast.parse(source).body:
        top = symtable.symtable(ast.unparse(statement), "cell", "exec")
        binds = {one.get_name() for one in top.get_symbols() if one.is_assigned() or one.is_imported()}
        reads = {one.get_name() for one in top.get_symbols() if one.is_referenced()}
        reads = reads.union(*map(_global_names, top.get_children())) - bound
        # A loop binds its variable before its body reads it; `x = f(x)` reads first.
        read |= reads - binds if isinstance(statement, ast.For) else reads
        bound |= binds
    return bound, read


def _global_names(table: symtable.SymbolTable) -> set[str]:
    """Return the names that a function, or a function in it, takes from outside."""
    found = {one.get_name() for one in table.get_symbols() if one.is_global()}
    return found.union(*map(_global_names, table.get_children()))
