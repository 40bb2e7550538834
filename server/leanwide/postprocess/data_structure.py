"""What JSON, TOML, INI and XML lose: that they can be read, and their keys."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from configparser import ConfigParser
from configparser import Error as IniError
from typing import Any, Final
from xml.parsers import expat

from leanwide.postprocess.structure_loss import TextLoss, missing

_COMMENT: Final = re.compile(
    r"\"(?:\\.|[^\"\\\n])*+\"?|(?P<comment>//[^\n]*|/\*.*?\*/)|/\*.*", re.DOTALL
)
_LAST_COMMA: Final = re.compile(r"\"(?:\\.|[^\"\\\n])*+\"?|(?P<comma>,)(?=\s*[\]}])")
"""Strings and comments without an end are matched too, so that no text is searched twice."""
Reader = Callable[[str], Any]
"""Returns what a text says as dictionaries and lists; raises ValueError."""


def json_losses(before: Sequence[str], after: Sequence[str]) -> Iterator[TextLoss]:
    """Yield what JSON loses; comments and a comma behind the last value stay legal if they were."""
    strict = _read(_json, before) is not None
    return _losses("JSON", _json if strict else _loose_json, before, after)


def toml_losses(before: Sequence[str], after: Sequence[str]) -> Iterator[TextLoss]:
    """Yield what TOML loses."""
    return _losses("TOML", tomllib.loads, before, after)


def ini_losses(before: Sequence[str], after: Sequence[str]) -> Iterator[TextLoss]:
    """Yield what an INI file loses."""
    return _losses("INI", _ini, before, after)


def xml_losses(before: Sequence[str], after: Sequence[str]) -> Iterator[TextLoss]:
    """Yield where XML is no longer well formed."""
    return _losses("XML", _xml, before, after)


def _losses(
    name: str, reader: Reader, before: Sequence[str], after: Sequence[str]
) -> Iterator[TextLoss]:
    old = _read(reader, before)
    if old is None:
        return
    try:
        new = reader("\n".join(after))
    except (ValueError, RecursionError) as error:
        yield TextLoss("", f"It is no valid {name} any more: {error}.")
        return
    yield from missing(_paths(old), _paths(new), "The key `{}` is missing.")


def _read(reader: Reader, lines: Sequence[str]) -> Any | None:
    """Return what a text says; None where it cannot be read."""
    try:
        return reader("\n".join(lines))
    except (ValueError, RecursionError):
        return None


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_distinct)


def _loose_json(text: str) -> Any:
    """Read JSON with comments and with commas behind the last value."""
    plain = _COMMENT.sub(lambda found: _blank(found[0]) if found["comment"] else found[0], text)
    return _json(_LAST_COMMA.sub(lambda found: " " if found["comma"] else found[0], plain))


def _blank(text: str) -> str:
    return "".join("\n" if character == "\n" else " " for character in text)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key `{key}` stands twice in one object")
        found[key] = value
    return found


def _ini(text: str) -> Any:
    parser = ConfigParser(interpolation=None, allow_no_value=True)
    try:
        parser.read_string(text)
    except IniError as error:
        raise ValueError(" ".join(str(error).split())) from error
    return {name: dict(section) for name, section in parser.items() if name or section}


def _xml(text: str) -> Any:
    """Read XML for its form only: no entity is expanded, nothing is fetched."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise ValueError("it declares entities")

    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    return {}


def _paths(value: Any) -> list[str]:
    """Return the paths of all keys, such as ``scripts.test``; places in lists do not count."""
    found: list[str] = []
    todo: list[tuple[str, Any]] = [("", value)]
    while todo:
        path, one = todo.pop()
        if isinstance(one, dict):
            inner = [(f"{path}.{key}" if path else str(key), below) for key, below in one.items()]
            found += [name for name, _ in inner]
            todo += reversed(inner)
        elif isinstance(one, list):
            todo += [(f"{path}[]", below) for below in reversed(one)]
    return found
