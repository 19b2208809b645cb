"""A filter of system calls for bubblewrap: threads may be started, processes not.

The limit on the number of processes that `prlimit` sets does nothing where root started the sandbox. Without new
processes a fork bomb fails at its first fork, and the limit on the address space holds for all that a student runs.
The filter also closes doors that no exercise needs and through which kernels have been attacked, or that lead to
memory which no limit counts.
"""

from __future__ import annotations

import errno
import platform
import struct

_CLONE_THREAD = 0x00010000
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16

# machine: (audit architecture, clone, all others by number)
_DENIED = {
    "x86_64": {
        "fork": 57, "vfork": 58, "ptrace": 101, "mount": 165, "kexec_load": 246, "add_key": 248, "request_key": 249,
        "keyctl": 250, "unshare": 272, "perf_event_open": 298, "setns": 308, "process_vm_readv": 310,
        "process_vm_writev": 311, "memfd_create": 319, "bpf": 321, "userfaultfd": 323, "io_uring_setup": 425,
        "io_uring_enter": 426, "io_uring_register": 427, "shmget": 29, "semget": 64, "msgget": 68, "mq_open": 240,
    },
    "aarch64": {
        "mount": 40, "unshare": 97, "kexec_load": 104, "ptrace": 117, "mq_open": 180, "msgget": 186, "semget": 190,
        "shmget": 194, "add_key": 217, "request_key": 218, "keyctl": 219, "perf_event_open": 241, "setns": 268,
        "process_vm_readv": 270, "process_vm_writev": 271, "memfd_create": 279, "bpf": 280, "userfaultfd": 282,
        "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    },
}  # fmt: skip
_ARCHITECTURES = {"x86_64": (0xC000003E, 56), "aarch64": (0xC00000B7, 220)}
_CLONE3 = 435
_X32 = 0x40000000


def filter_program(machine: str | None = None) -> bytes | None:
    """Return the filter as the kernel reads it, or None for a processor whose system calls are not known here."""
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        return None
    architecture, clone = _ARCHITECTURES[machine]
    refuse = _ERRNO | errno.EPERM
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_JUMP_EQUAL, 0, 1, _CLONE3),  # its flags cannot be looked at; without it the C library takes clone
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    if machine == "x86_64":
        lines += [(_JUMP_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, refuse)]
    for number in _DENIED[machine].values():
        lines += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, refuse)]
    lines += [
        (_JUMP_EQUAL, 0, 3, clone),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_JUMP_SET, 1, 0, _CLONE_THREAD),
        (_RETURN, 0, 0, refuse),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)
