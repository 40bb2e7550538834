"""Access to a server on a TCP port: its addresses and its token."""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import frozen
from platformdirs import user_state_path

from leanwide.atomic_write import write_atomically
from leanwide.cli.errors import UsageError

_MIN_TOKEN: Final = 16
"""Characters of a token that cannot be guessed."""
_MAX_TOKEN: Final = 4096
"""Bytes of a token's file."""


@frozen
class ListenAddress:
    """Addresses and port to listen on."""

    hosts: tuple[str, ...]
    """Numeric addresses, so that a name is looked up once only."""
    port: int
    name: str = ""
    """The host as the user named it."""


def listening_place(text: str, option: str, *, allow_remote: bool) -> ListenAddress:
    """Return the addresses of ``HOST:PORT``, the value of an option of the command line.

    Raises:
        UsageError: It is none, or other machines can reach it and ``allow_remote`` is not set.
    """
    given = f"{option} {text!r}"
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > 65_535:
        raise UsageError(f"{given} is not HOST:PORT")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{given}: {host} cannot be looked up: {error}") from error
    hosts = tuple(dict.fromkeys(str(address[0]) for *_, address in found))
    addresses = (ipaddress.ip_address(address.partition("%")[0]) for address in hosts)
    if not allow_remote and not all(address.is_loopback for address in addresses):
        raise UsageError(
            f"{given} is reachable from other machines, and nothing is encrypted: "
            "use 127.0.0.1 and an SSH tunnel, or add --allow-remote"
        )
    return ListenAddress(hosts, int(port), host)


def read_token(path: Path) -> str:
    """Read the user's own token.

    Raises:
        UsageError: The file cannot be read, other users can read it, or it holds no token.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | _NONBLOCK), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(_MAX_TOKEN + 1) if stat.S_ISREG(mode) else None
    except OSError as error:
        raise UsageError(f"--token-file {path}: {error.strerror}") from error
    if text is None:
        raise UsageError(f"--token-file {path} is not a regular file")
    if os.name == "posix" and mode & 0o077:
        raise UsageError(f"--token-file {path} can be read by others: chmod 600 {path}")
    return _checked(text, path)


def new_token() -> str:
    """Return a random token."""
    return secrets.token_urlsafe(32)


@contextmanager
def token_file(token: str, name: str) -> Iterator[Path]:
    """Write a token into a file that only the user can read; remove it at the end."""
    folder = user_state_path("leanwide")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    write_atomically(path, (f"{token}\n".encode(),))
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


_NONBLOCK: Final = getattr(os, "O_NONBLOCK", 0)
"""Without it, opening a pipe without a writer would block for ever."""


def _checked(text: bytes, path: Path) -> str:
    try:
        token = text.decode("utf-8").strip()
    except UnicodeDecodeError:
        token = ""
    if len(text) > _MAX_TOKEN or len(token) < _MIN_TOKEN or not token.isprintable():
        raise UsageError(
            f"--token-file {path} holds no token: it is one line of {_MIN_TOKEN} characters or more"
        )
    return token
