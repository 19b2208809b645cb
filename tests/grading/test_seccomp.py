"""The filter of system calls, interpreted as the kernel does it, against numbers that were written down by hand."""

from __future__ import annotations

import errno
import struct

import pytest

from rnncourse.grading.sandbox.seccomp import ALLOWED, filter_program

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
X32 = 0x40000000
THREAD = 0x003D0F00  # what the C library passes to start a thread, CLONE_THREAD among it
VFORK = 0x00004111

# From the kernel's tables, on x86_64 and on aarch64.
REFUSED = {
    "ptrace": (101, 117), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "unshare": (272, 97), "setns": (308, 268),
    "perf_event_open": (298, 241), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "memfd_create": (319, 279), "bpf": (321, 280), "userfaultfd": (323, 282), "shmget": (29, 194), "shmat": (30, 196),
    "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180), "kexec_load": (246, 104),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "reboot": (169, 142), "swapon": (167, 224),
    "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119), "setpriority": (141, 140),
    "personality": (135, 92), "quotactl": (179, 60), "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264),
    "bind": (49, 200), "listen": (50, 201), "accept": (43, 202), "io_setup": (206, 0), "splice": (275, 76),
    "vmsplice": (278, 75), "mknodat": (259, 33), "syslog": (103, 116), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "sethostname": (170, 161), "execveat": (322, 281), "mbind": (237, 235),
    "move_pages": (279, 239), "seccomp": (317, 277), "kcmp": (312, 272), "inotify_add_watch": (254, 27),
}  # fmt: skip
REFUSED_NEW = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "pidfd_open": 434, "clone3": 435, "pidfd_getfd": 438, "mount_setattr": 442, "landlock": 444,
    "memfd_secret": 447, "process_mrelease": 448, "futex_waitv": 449, "a later one": 600,
}  # fmt: skip
NEEDED = {"read": (0, 63), "write": (1, 64), "mmap": (9, 222), "futex": (202, 98), "exit_group": (231, 94),
          "execve": (59, 221), "getrandom": (318, 278)}  # fmt: skip
CLONE, SOCKET, IOCTL = (
    {"x86_64": 56, "aarch64": 220},
    {"x86_64": 41, "aarch64": 198},
    {"x86_64": 16, "aarch64": 29},
)
MACHINES = pytest.mark.parametrize(("machine", "place"), [("x86_64", 0), ("aarch64", 1)])


def decided(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """Return what the filter says about a system call, by running its instructions."""
    data = struct.pack(
        "=iIQ6Q", number, architecture or ARCHITECTURES[machine], 0, *(*arguments, *[0] * 6)[:6]
    )
    program = filter_program(machine)
    at = value = 0
    while True:
        code, yes, no, k = struct.unpack_from("=HBBI", program, 8 * at)
        at += 1
        if code == 0x20:
            (value,) = struct.unpack_from("=I", data, k)
        elif code == 0x06:
            return k
        else:
            fits = {0x15: value == k, 0x35: value >= k, 0x45: bool(value & k)}[code]
            at += yes if fits else no


@MACHINES
@pytest.mark.parametrize("name", REFUSED)
def test_what_nobody_needs_is_refused(machine, place, name):
    assert decided(machine, REFUSED[name][place]) == ERRNO | errno.EPERM


@MACHINES
@pytest.mark.parametrize("name", REFUSED_NEW)
def test_what_is_newer_than_the_table_seems_not_to_be_there(machine, place, name):
    assert decided(machine, REFUSED_NEW[name]) == ERRNO | errno.ENOSYS


@MACHINES
def test_what_python_needs_is_allowed(machine, place):
    assert {decided(machine, numbers[place]) for numbers in NEEDED.values()} == {ALLOW}


@MACHINES
def test_nothing_is_allowed_but_what_the_table_names(machine, place):
    by_argument = {CLONE[machine], SOCKET[machine], IOCTL[machine], {"x86_64": 42, "aarch64": 203}[machine]}
    allowed = {number for number in range(1000) if decided(machine, number, 1) == ALLOW}
    assert allowed - by_argument == {numbers[place] for numbers in ALLOWED.values()} - {None}


def test_the_second_set_of_numbers_of_x86_is_closed():
    doors = [number | X32 for number in range(600)]
    assert {decided("x86_64", number) for number in doors} == {ERRNO | errno.EPERM}


@MACHINES
def test_another_architecture_ends_the_process(machine, place):
    assert decided(machine, 0, architecture=0x40000003) == KILL


@MACHINES
@pytest.mark.parametrize(
    ("flags", "answer"),
    [
        (THREAD, ALLOW),
        (17, ERRNO | errno.EPERM),
        (VFORK, ERRNO | errno.EPERM),
        (0x10000000, ERRNO | errno.EPERM),
    ],
    ids=["thread", "fork", "vfork", "user namespace"],
)
def test_threads_can_be_started_and_processes_not(machine, place, flags, answer):
    assert decided(machine, CLONE[machine], flags) == answer


def test_fork_and_vfork_are_refused():
    assert {decided("x86_64", number) for number in (57, 58)} == {ERRNO | errno.EPERM}


@MACHINES
@pytest.mark.parametrize(
    "family", [2, 10, 16, 17, 38, 40], ids=["INET", "INET6", "NETLINK", "PACKET", "ALG", "VSOCK"]
)
def test_only_local_sockets_can_be_made(machine, place, family):
    assert decided(machine, SOCKET[machine], 1) == ALLOW
    assert decided(machine, SOCKET[machine], family) == ERRNO | errno.EAFNOSUPPORT


@MACHINES
@pytest.mark.parametrize(("request_", "answer"), [(0x5401, ALLOW), (0x5412, ERRNO | 1), (0x541C, ERRNO | 1)])
def test_nothing_can_be_typed_into_a_terminal(machine, place, request_, answer):
    assert decided(machine, IOCTL[machine], 0, request_) == answer


def test_the_filter_is_known_for_two_processors():
    assert filter_program("riscv64") is None
