"""Where the sockets of shared engines are, how they are named, and who may use them."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
import stat
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec
from platformdirs import user_cache_path

from leanwide import __version__
from leanwide.engine.specs import ModelSpec
from leanwide.engine.wire import StartEngine, frame

SOCKET_SUFFIX: Final = ".sock"
_MAX_PATH_BYTES: Final = 100
"""Longest path of a socket: macOS allows 104 bytes, Linux 108, with the byte that ends it."""
_DEVICE_VARIABLES: Final = (
    "CUDA_", "GGML_", "GOMP_", "GPU_", "HIP_", "HSA_", "LLAMA_", "OMP_", "ROCR_", "VK_",
)  # fmt: skip
"""Beginnings of the names of environment variables that llama.cpp and its libraries read."""
_LOCK_PAUSE_S: Final = 0.02
_CONNECT_S: Final = 5.0
"""Seconds to wait for an engine's queue of connections, which is full where it hangs."""
_UCRED: Final = struct.Struct("3i")
"""Linux's ``struct ucred``: process, user, group (unix(7))."""
_XUCRED: Final = struct.Struct("IIh")
"""The beginning of macOS's ``struct xucred``: version, user, number of groups (sys/ucred.h)."""
_SOL_LOCAL: Final = 0
_LOCAL_PEERCRED: Final = 1


def login_folder() -> Path | None:
    """Return the folder that the system gives this user for sockets; None where it gives none."""
    if sys.platform == "darwin":
        return fallback_folder()
    given = os.environ.get("XDG_RUNTIME_DIR")
    return Path(given) / "leanwide" if given else None


def fallback_folder() -> Path:
    """Return a folder for sockets where the system gives none."""
    return user_cache_path("leanwide") / "engines"


def private_folder(path: Path) -> Path:
    """Create a folder that only this user can enter, or check the existing one; return it.

    Raises:
        OSError: It cannot be created, or belongs to another user.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{path} is no folder of this user")
    if stat.S_IMODE(found.st_mode) != 0o700:
        path.chmod(0o700)
    return path


def socket_path(folder: Path, models: Sequence[ModelSpec]) -> Path:
    """Return the socket of the engine that runs these models with this version of leanwide.

    Variables that tell llama.cpp which devices to use count: an engine has those of its starter.
    Blocks: it looks at the models' files.

    Raises:
        OSError: A file is not there, or the path is too long for a socket.
    """
    parts = [__version__.encode(), version("llama-cpp-python").encode(), sys.prefix.encode()]
    parts.append(frame(StartEngine(tuple(models))))
    parts += sorted(
        f"{name}={value}".encode("utf-8", "surrogateescape")
        for name, value in os.environ.items()
        if name.startswith(_DEVICE_VARIABLES)
    )
    for model in models:
        found = model.model_path.stat()
        parts.append(msgspec.msgpack.encode((found.st_ino, found.st_size, found.st_mtime_ns)))
    name = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    path = folder / f"{name}{SOCKET_SUFFIX}"
    if len(os.fsencode(path)) > _MAX_PATH_BYTES:
        raise OSError(f"{path} is too long for the path of a socket")
    return path


def log_path(path: Path) -> Path:
    """Return the file that holds what the engine of a socket says on stderr."""
    return path.with_suffix(".log")


@contextlib.contextmanager
def start_lock(path: Path, wait_s: float) -> Iterator[None]:
    """Hold the lock under which the engine of a socket is found, started and ended. Blocks.

    Raises:
        BlockingIOError: Another process still holds it after ``wait_s`` seconds.
        OSError: It cannot be had.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(path.with_suffix(".lock"), flags, 0o600)
    end = time.monotonic() + wait_s
    try:
        while not _locked_now(descriptor, last_try=time.monotonic() >= end):
            time.sleep(_LOCK_PAUSE_S)
        yield
    finally:
        os.close(descriptor)


def _locked_now(descriptor: int, *, last_try: bool) -> bool:
    """Lock a file and return True; return False, or raise at the last try, where it is locked."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        if last_try:
            raise
        return False
    return True


def connected(path: Path) -> socket.socket | None:
    """Return a connection to the socket at a path; None where nothing listens there.

    Raises:
        OSError: It belongs to another user.
    """
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_CONNECT_S)
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except OSError:
        connection.close()
        raise
    if not same_user(connection):
        connection.close()
        raise PermissionError(f"{path} belongs to another user")
    connection.setblocking(False)
    return connection


def same_user(connection: socket.socket) -> bool:
    """Whether the process at the other end belongs to this user."""
    try:
        if sys.platform == "darwin":
            found = connection.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, 76)
            return bool(_XUCRED.unpack_from(found)[1] == os.getuid())
        found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        return bool(_UCRED.unpack(found)[1] == os.getuid())
    except OSError:
        return False
