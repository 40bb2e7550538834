"""Who is served: a program on an address of this server, with the token, and never a web page.

A browser sends ``Origin`` with what a page asks of another server, and ``Host`` with the name that
the page used, which an attacker can make a name of this machine.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from attrs import field, frozen

from leanwide.access_token import AccessToken
from leanwide.http.errors import HttpError

_HOST: Final = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[\w.-]{1,253})(?::\d{1,5})?", re.ASCII)


def _lower(names: Iterable[str]) -> frozenset[str]:
    return frozenset(map(str.lower, names))


@frozen
class HttpAdmission:
    """Checks the headers of every request, before its body is read."""

    token: AccessToken
    names: frozenset[str] = field(converter=_lower)
    """The names of this machine in ``Host``, besides ``localhost`` and numeric addresses."""

    def check(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        """Let a request through.

        Raises:
            HttpError: It comes from a web page, names another machine, or has not the token.
        """
        given: dict[str, list[str]] = {}
        for name, value in headers:
            given.setdefault(name.decode("ascii").lower(), []).append(_text(value))
        if "origin" in given:
            raise HttpError(403, "Web pages are not served: the request has an Origin header.")
        if not self._is_this_machine(given.get("host", [])):
            raise HttpError(403, "The Host header names another machine than this one.")
        sent = given.get("authorization", [])
        scheme, _, secret = sent[0].partition(" ") if len(sent) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or not self.token.matches(secret.strip()):
            raise HttpError(
                401,
                "The token is missing or wrong: send it as 'Authorization: Bearer TOKEN'. It is in "
                "the file that the server names when it starts.",
                "invalid_api_key",
                {"WWW-Authenticate": "Bearer"},
            )

    def _is_this_machine(self, hosts: list[str]) -> bool:
        found = _HOST.fullmatch(hosts[0].strip()) if len(hosts) == 1 else None
        if found is None:
            return False
        name = found["name"].lower().rstrip(".")
        return name == "localhost" or name in self.names or _is_address(name)


def _text(value: bytes) -> str:
    """Return the value of a header: UTF-8, as curl and editors send it, or else Latin-1."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
