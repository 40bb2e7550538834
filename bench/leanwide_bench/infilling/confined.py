"""Runs one program that a model wrote, with as little of the machine as the kernel can take away.

Started as a script, by ``python -I -S confined.py CPU_S MEMORY_BYTES FILE_BYTES``, in an empty
folder and without an environment; it imports the standard library only. The program comes on stdin.
The first line on stdout names the protections in force, the second is :data:`PASSED` where the
program ran to its end. The program's own output goes nowhere.

Resource limits are what every system has. Landlock (https://docs.kernel.org/userspace-api/landlock.html)
and seccomp (https://docs.kernel.org/userspace-api/seccomp_filter.html) need no privileges, and
hold for root too, whom the limit on processes does not bind.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys

PASSED = "passed"
FILES, PROCESSES, NETWORK = "files", "processes", "network"

_MAX_OPEN_FILES = 64
_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER_MODE = 38, 22, 2
"""Of ``prctl``."""
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""Landlock's system calls, the same on every architecture."""
_READ, _WRITE_FILE, _EVERYTHING = 0b1100, 0b0010, (1 << 13) - 1
_REFER, _TRUNCATE = 1 << 13, 1 << 14
"""Landlock's rights on files; the last two since its second and third version."""
_READABLE = (sys.base_prefix, "/usr", "/lib", "/lib64", "/dev/urandom")
_DENIED = {
    "x86_64": (0xC000003E, (56, 57, 58, 435), (41, 53, 425)),
    "aarch64": (0xC00000B7, (220, 435), (198, 199, 425)),
}
"""Audit number of an architecture; system calls that make processes; and those that make sockets,
io_uring's among them, which can."""
_X32 = 0x40000000
"""x86-64's other numbers of system calls begin here."""


def main() -> None:
    """Run the program of stdin, and say how it went."""
    source = sys.stdin.buffer.read()
    verdict = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    cpu_s, memory, file_bytes = map(int, sys.argv[1:])
    _limit(cpu_s, memory, file_bytes)
    verdict.write(" ".join(_confine()) + "\n")
    verdict.flush()
    try:
        exec(compile(source, "<program>", "exec"), {"__name__": "__main__"})  # noqa: S102  # the task
    except BaseException:  # noqa: BLE001  # SystemExit and KeyboardInterrupt are failures too
        os._exit(1)
    verdict.write(PASSED + "\n")
    verdict.flush()
    os._exit(0)


def _limit(cpu_s: int, memory: int, file_bytes: int) -> None:
    """Limit CPU seconds, memory, files and processes."""
    for which, most in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, file_bytes),
        (resource.RLIMIT_NOFILE, _MAX_OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(which, (most, most))
        except (OSError, ValueError):  # macOS refuses a limit of the address space
            continue


def _confine() -> list[str]:
    """Give up files, processes and sockets; return what the kernel took away."""
    if sys.platform != "linux":
        return []
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return []
    files = [FILES] if _keep_to_folder(libc) else []
    return files + ([PROCESSES, NETWORK] if _deny_calls(libc) else [])


def _keep_to_folder(libc: ctypes.CDLL) -> bool:
    """Allow reading Python, and everything in the working directory; no other file, by Landlock."""
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    handled = _EVERYTHING | (_REFER if version > 1 else 0) | (_TRUNCATE if version > 2 else 0)
    attributes = struct.pack("=Q", handled)
    rules = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if rules < 0:
        return False
    granted = dict.fromkeys(_READABLE, _READ) | {os.curdir: handled, os.devnull: _WRITE_FILE}
    for path, rights in granted.items():
        if not os.path.exists(path):  # noqa: PTH110  # imports little
            continue
        if not os.path.isdir(path):  # noqa: PTH112
            rights &= 0b0110  # noqa: PLW2901  # a file has no folder's rights
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        libc.syscall(_ADD_RULE, rules, 1, struct.pack("=Qi", rights, place), 0)
        os.close(place)
    return bool(libc.syscall(_RESTRICT_SELF, rules, 0) == 0)


def _deny_calls(libc: ctypes.CDLL) -> bool:
    """Have system calls that make processes or sockets fail, by seccomp."""
    machine = os.uname().machine
    if machine not in _DENIED:
        return False
    audit, processes, sockets = _DENIED[machine]
    denied = (*processes, *sockets)
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    kill, refuse, allow = 0x80000000, 0x00050001, 0x7FFF0000  # the second with EPERM
    steps = [
        (load, 0, 0, 4),  # the architecture
        (equal, 1, 0, audit),
        (give, 0, 0, kill),
        (load, 0, 0, 0),  # the number of the call
        (at_least, len(denied) + 1, 0, _X32),
        *((equal, len(denied) - index, 0, call) for index, call in enumerate(denied)),
        (give, 0, 0, allow),
        (give, 0, 0, refuse),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    return bool(libc.prctl(_SET_SECCOMP, _FILTER_MODE, program, 0, 0) == 0)


if __name__ == "__main__":
    main()
