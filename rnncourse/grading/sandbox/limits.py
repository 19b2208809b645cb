"""How much a submission may take: seconds, memory, files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """All times in seconds of the clock on the wall.

    start: until a worker has loaded Python and NumPy. locked: the master's cells that come before the first answer.
    cell: one cell of the student's, or of
    the master's below an answer. call: times a task's own limit, that is how long one call may take; more than
    one, because graders run several workers at once. submission: everything that one student handed in.
    memory: bytes of address space (PyTorch alone needs about two thirds of it). cpu: seconds of processor time of
    one worker. processes: as far as the kernel counts them; a filter of system calls forbids new ones anyway.
    """

    start: float = 60.0
    locked: float = 60.0
    cell: float = 20.0
    call: float = 3.0
    submission: float = 180.0
    memory: int = 3 << 30
    cpu: int = 120
    processes: int = 64
    file_size: int = 1 << 20
    open_files: int = 64
    scratch: int = 16 << 20
