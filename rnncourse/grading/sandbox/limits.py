"""How much a submission may take: seconds, memory, files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How much a submission may take. All times are in seconds.

    start: until a worker has loaded Python and NumPy, by the clock on the wall. locked: the master's cells that come
    before the first cell of a student. cell: one cell of the student's, or of the master's below one. call: times a
    task's own limit, that is how long one call may take; more than one, because graders run several workers at once.
    These three are processor time; patience: times as long by the clock on the wall, for code that waits.
    again: a cell that was stopped for its time, when it is run once more. own: all cells of the student's own together.
    submission: everything that one student handed in, by the clock on the wall.
    memory: bytes of address space (PyTorch alone needs about two thirds of it). resident: bytes of memory that a worker
    may really take, with what the kernel holds for it, where Linux lets us count that. cpu: processor time of a worker.
    processes: as far as the kernel counts them; a filter of system calls forbids new ones anyway.
    file_size, open_files: of one file, and how many at a time. scratch, scratch_files: bytes and files in /tmp.
    """

    start: float = 60.0
    locked: float = 60.0
    cell: float = 20.0
    call: float = 3.0
    patience: float = 3.0
    again: float = 1.0
    own: float = 40.0
    submission: float = 180.0
    memory: int = 3 << 30
    resident: int = 2 << 30
    cpu: int = 120
    processes: int = 64
    file_size: int = 1 << 20
    open_files: int = 64
    scratch: int = 16 << 20
    scratch_files: int = 4096
