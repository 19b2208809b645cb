"""A filter of system calls for bubblewrap: what Python and its libraries need is allowed, and nothing else.

Threads may be started, processes not: the limit on the number of processes that `prlimit` sets does nothing where root
started the sandbox. Without new processes a fork bomb fails at its first fork, and the limit on the address space holds
for all that a student runs. What is not in the table leads to other memory than that limit counts, out of the sandbox,
or into parts of the kernel through which others have been attacked.
"""

from __future__ import annotations

import errno
import platform
import struct

_CLONE_THREAD = 0x00010000
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT, _SECOND_ARGUMENT = 0, 4, 16, 24
_LOCAL_SOCKETS = 1
_PUSH_INTO_TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_X32 = 0x40000000
_NEW = 424
"""From this number on, system calls have the same number everywhere, and the C library knows how to do without."""

# By name, the number on x86_64 and on aarch64; None where there is none.
ALLOWED = {
    # files
    "read": (0, 63), "write": (1, 64), "open": (2, None), "close": (3, 57), "stat": (4, None), "fstat": (5, 80),
    "lstat": (6, None), "poll": (7, None), "lseek": (8, 62), "pread64": (17, 67), "pwrite64": (18, 68),
    "readv": (19, 65), "writev": (20, 66), "access": (21, None), "pipe": (22, None), "select": (23, None),
    "dup": (32, 23), "dup2": (33, None), "sendfile": (40, 71), "fcntl": (72, 25), "flock": (73, 32),
    "fsync": (74, 82), "fdatasync": (75, 83), "truncate": (76, 45), "ftruncate": (77, 46), "getdents": (78, None),
    "getcwd": (79, 17), "chdir": (80, 49), "fchdir": (81, 50), "rename": (82, None), "mkdir": (83, None),
    "rmdir": (84, None), "creat": (85, None), "link": (86, None), "unlink": (87, None), "symlink": (88, None),
    "readlink": (89, None), "chmod": (90, None), "fchmod": (91, 52), "umask": (95, 166), "utime": (132, None),
    "statfs": (137, 43), "fstatfs": (138, 44), "getxattr": (191, 8), "lgetxattr": (192, 9), "fgetxattr": (193, 10),
    "listxattr": (194, 11), "llistxattr": (195, 12), "flistxattr": (196, 13), "getdents64": (217, 61),
    "fadvise64": (221, 223), "utimes": (235, None), "openat": (257, 56), "mkdirat": (258, 34),
    "newfstatat": (262, 79), "unlinkat": (263, 35), "renameat": (264, 38), "linkat": (265, 37),
    "symlinkat": (266, 36), "readlinkat": (267, 78), "fchmodat": (268, 53), "faccessat": (269, 48),
    "pselect6": (270, 72), "ppoll": (271, 73), "utimensat": (280, 88), "fallocate": (285, 47), "dup3": (292, 24),
    "pipe2": (293, 59), "preadv": (295, 69), "pwritev": (296, 70), "renameat2": (316, 276),
    "copy_file_range": (326, 285), "statx": (332, 291), "close_range": (436, 436), "openat2": (437, 437),
    "faccessat2": (439, 439),
    # memory
    "mmap": (9, 222), "mprotect": (10, 226), "munmap": (11, 215), "brk": (12, 214), "mremap": (25, 216),
    "msync": (26, 227), "mincore": (27, 232), "madvise": (28, 233), "membarrier": (324, 283),
    # signals and time
    "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "pause": (34, None),
    "nanosleep": (35, 101), "getitimer": (36, 102), "alarm": (37, None), "setitimer": (38, 103), "kill": (62, 129),
    "gettimeofday": (96, 169), "times": (100, 153), "rt_sigpending": (127, 136), "rt_sigtimedwait": (128, 137),
    "rt_sigqueueinfo": (129, 138), "rt_sigsuspend": (130, 133), "sigaltstack": (131, 132), "tkill": (200, 130),
    "time": (201, None), "restart_syscall": (219, 128), "clock_gettime": (228, 113), "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115), "tgkill": (234, 131), "timerfd_create": (283, 85),
    "timerfd_settime": (286, 86), "timerfd_gettime": (287, 87),
    # this process, its threads and its rights, which it can only give up
    "sched_yield": (24, 124), "getpid": (39, 172), "execve": (59, 221), "exit": (60, 93), "wait4": (61, 260),
    "uname": (63, 160), "getrlimit": (97, 163), "getrusage": (98, 165), "sysinfo": (99, 179), "getuid": (102, 174),
    "getgid": (104, 176), "setuid": (105, 146), "setgid": (106, 144), "geteuid": (107, 175), "getegid": (108, 177),
    "setpgid": (109, 154), "getppid": (110, 173), "getpgrp": (111, None), "setsid": (112, 157),
    "setreuid": (113, 145), "setregid": (114, 143), "getgroups": (115, 158), "setgroups": (116, 159),
    "setresuid": (117, 147), "getresuid": (118, 148), "setresgid": (119, 149), "getresgid": (120, 150),
    "getpgid": (121, 155), "getsid": (124, 156), "capget": (125, 90), "capset": (126, 91), "getpriority": (140, 141),
    "sched_getparam": (143, 121), "sched_getscheduler": (145, 120), "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126), "prctl": (157, 167), "arch_prctl": (158, None), "setrlimit": (160, 164),
    "gettid": (186, 178), "futex": (202, 98), "sched_getaffinity": (204, 123), "set_tid_address": (218, 96),
    "exit_group": (231, 94), "waitid": (247, 95), "set_robust_list": (273, 99), "get_robust_list": (274, 100),
    "prlimit64": (302, 261), "getcpu": (309, 168), "getrandom": (318, 278), "rseq": (334, 293),
    # sockets that have been opened, events
    "sendto": (44, 206), "recvfrom": (45, 207), "sendmsg": (46, 211), "recvmsg": (47, 212), "shutdown": (48, 210),
    "getsockname": (51, 204), "getpeername": (52, 205), "socketpair": (53, 199), "setsockopt": (54, 208),
    "getsockopt": (55, 209), "epoll_create": (213, None), "epoll_wait": (232, None), "epoll_ctl": (233, 21),
    "epoll_pwait": (281, 22), "eventfd": (284, None), "eventfd2": (290, 19), "epoll_create1": (291, 20),
    "epoll_pwait2": (441, 441),
}  # fmt: skip
# machine: (its place above, audit architecture, clone, socket, connect, ioctl)
_MACHINES = {
    "x86_64": (0, 0xC000003E, 56, 41, 42, 16),
    "aarch64": (1, 0xC00000B7, 220, 198, 203, 29),
}
_Line = tuple[int, int, int, int]


def filter_program(machine: str | None = None) -> bytes | None:
    """Return the filter as the kernel reads it, or None for a processor whose system calls are not known here."""
    machine = machine or platform.machine()
    if machine not in _MACHINES:
        return None
    place, architecture, clone, socket, connect, ioctl = _MACHINES[machine]
    allowed = [numbers[place] for numbers in ALLOWED.values() if numbers[place] is not None]
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        *_if(_JUMP_AT_LEAST, _X32, [_refused(errno.EPERM)] if machine == "x86_64" else []),
        *(line for number in (*allowed, connect) for line in _if(_JUMP_EQUAL, number, [_allowed()])),
        *_if(_JUMP_EQUAL, clone, _only(_FIRST_ARGUMENT, _JUMP_SET, _CLONE_THREAD, errno.EPERM)),
        *_if(_JUMP_EQUAL, socket, _only(_FIRST_ARGUMENT, _JUMP_EQUAL, _LOCAL_SOCKETS, errno.EAFNOSUPPORT)),
        *_if(_JUMP_EQUAL, ioctl, _all_but(_SECOND_ARGUMENT, _PUSH_INTO_TERMINAL)),
        *_if(_JUMP_AT_LEAST, _NEW, [_refused(errno.ENOSYS)]),
        _refused(errno.EPERM),
    ]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def _allowed() -> _Line:
    return (_RETURN, 0, 0, _ALLOW)


def _refused(error: int) -> _Line:
    return (_RETURN, 0, 0, _ERRNO | error)


def _if(jump: int, value: int, lines: list[_Line]) -> list[_Line]:
    """Return lines that are gone through where the number at hand fits."""
    return [(jump, 0, len(lines), value), *lines] if lines else []


def _only(argument: int, jump: int, value: int, error: int) -> list[_Line]:
    """Return lines that allow a system call with a fitting argument and refuse all others."""
    return [(_LOAD, 0, 0, argument), (jump, 1, 0, value), _refused(error), _allowed()]


def _all_but(argument: int, values: tuple[int, ...]) -> list[_Line]:
    """Return lines that refuse a system call with one of these arguments and allow all others."""
    refused = [line for value in values for line in _if(_JUMP_EQUAL, value, [_refused(errno.EPERM)])]
    return [(_LOAD, 0, 0, argument), *refused, _allowed()]
