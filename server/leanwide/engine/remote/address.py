"""Where a server is, and how it is reached: nothing else decides what leaves the machine."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from attrs import frozen

from leanwide.engine.base import EngineError

_MAX_KEY_BYTES: Final = 10_000
_LABEL: Final = re.compile(r"(?!-)[\w-]{1,63}(?<!-)")
"""A part of a host's name; letters of any language are encoded by the library."""


@frozen(kw_only=True)
class ServerAddress:
    """A server that the user named."""

    url: str
    key_file: Path | None = None
    """Holds the key; None: it is in the environment, or there is none."""
    key_variable: str = ""
    """The environment variable with the key, where no file is named."""
    ca_file: Path | None = None
    """Certificates that are trusted besides the system's, in PEM."""
    model: str = ""
    """Which of its models is asked, where the server has several; "": it has one."""
    allow_http: bool = False
    """Send text without encryption to other machines, too."""

    @property
    def name(self) -> str:
        """Host and port, for messages."""
        return urlsplit(self.url).netloc

    def check(self) -> None:
        """Refuse what would be sent over the network without encryption.

        Raises:
            EngineError: The user has not allowed it.
        """
        parts = urlsplit(self.url)
        if (
            parts.scheme == "http"
            and not _is_loopback(parts.hostname or "")
            and not self.allow_http
        ):
            raise EngineError(
                f"{self.url} is not encrypted, and other machines would read your code: use https, "
                "or set allow_http = true for its lane where the network is yours alone"
            )

    def read_key(self, environment: Mapping[str, str] = os.environ) -> str:
        """Return the key of the server; "" for none.

        Raises:
            EngineError: The file cannot be read, or holds no key.
        """
        if self.key_file is None:
            return _checked_key(environment.get(self.key_variable, ""), self.key_variable)
        try:
            with self.key_file.open("rb") as stream:
                data = stream.read(_MAX_KEY_BYTES)
        except OSError as error:
            raise EngineError(f"the key of {self.name} cannot be read: {error}") from error
        key = _checked_key(data.decode("utf-8", "replace"), str(self.key_file))
        if not key:
            raise EngineError(f"{self.key_file} is empty: it must hold the key of {self.name}")
        return key


def url_problem(url: str) -> str:
    """Return what is wrong with the address of a server; "" if nothing is."""
    try:
        known = url.isprintable() and _is_plain(urlsplit(url))
    except ValueError:
        known = False
    return "" if known else "this needs an address such as https://host:8443"


def _is_plain(parts: SplitResult) -> bool:
    """Whether an address has a host, perhaps a port and a path, and nothing else.

    Raises:
        ValueError: The port is no number.
    """
    extra = parts.username or parts.password or parts.query or parts.fragment
    good_port = parts.port is None or parts.port > 0
    good_host = _is_host(parts.hostname or "")
    return parts.scheme in ("http", "https") and good_host and not extra and good_port


def _is_host(name: str) -> bool:
    """Whether this may be a host's name, or is the address of one."""
    if ":" in name:  # IPv6, which stands in brackets; urlsplit has looked at it
        return True
    return all(_LABEL.fullmatch(label) for label in name.removesuffix(".").split("."))


def _is_loopback(host: str) -> bool:
    """Whether a host is this machine, without asking a name server."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked_key(text: str, source: str) -> str:
    """Return a key without the white space around it.

    Raises:
        EngineError: It cannot stand in a header.
    """
    key = text.strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise EngineError(f"{source} holds no key: a key is one line without blanks")
    return key
