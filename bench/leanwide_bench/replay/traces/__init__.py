"""Typing traces: what a user does in an editor, key by key, as data.

A trace is a TOML file in this folder. Its steps name places by the text in front of them, so that
it is readable, and so that accepted suggestions of any length do not shift the places.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, Final, TypeAlias

from attrs import frozen

from leanwide_bench.replay.traces.long_file import long_file

NAMES: Final = (
    "typing-a-line",
    "new-function",
    "middle-of-a-line",
    "two-files",
    "backspacing",
    "accepting",
    "long-file",
)
"""All traces, in the order of a report."""


@frozen
class Insert:
    """A key that inserts text: one character, or a line break with the indent after it."""

    text: str


@frozen
class Backspace:
    """The key that deletes the character before the cursor."""


@frozen
class Accept:
    """The key that accepts the suggestion, after waiting for it; without one it does nothing."""


@frozen
class Move:
    """The cursor goes behind the first occurrence of a text in the current document."""

    after: str


@frozen
class SwitchDocument:
    """Another document becomes the active one."""

    document: str


@frozen
class Pause:
    """The user reads or thinks."""

    ms: float
    """Milliseconds; ignored if keys follow as fast as possible."""


Key: TypeAlias = Insert | Backspace | Accept | Move | SwitchDocument | Pause


@frozen(kw_only=True)
class TraceDocument:
    """A file when the editor opens it."""

    name: str
    language: str
    """LSP language id."""
    text: str
    """Lines end with LF."""


@frozen(kw_only=True)
class Trace:
    """One piece of work: documents, and the keys that edit them."""

    name: str
    title: str
    documents: tuple[TraceDocument, ...]
    """The first one is active at the beginning."""
    keys: tuple[Key, ...]


def load(name: str) -> Trace:
    """Read the trace with one of :data:`NAMES`."""
    values = tomllib.loads(_read(f"{name}.toml"))
    return Trace(
        name=name,
        title=values["title"],
        documents=tuple(_document(item) for item in values["documents"]),
        keys=tuple(key for step in values["steps"] for key in keys_of(step)),
    )


def keys_of(step: Mapping[str, Any]) -> Iterator[Key]:
    """Yield the keys of one step of a trace file.

    Raises:
        ValueError: There is no such step.
    """
    match dict(step):
        case {"type": str(text)}:
            yield from (Insert(part) for part in re.findall(r"\n *|.", text))
        case {"backspace": int(count)}:
            yield from [Backspace()] * count
        case {"accept": True}:
            yield Accept()
        case {"after": str(text)}:
            yield Move(text)
        case {"open": str(name)}:
            yield SwitchDocument(name)
        case {"pause_ms": int(ms)}:
            yield Pause(ms)
        case other:
            raise ValueError(f"a trace has no step {other}")


def _document(values: Mapping[str, Any]) -> TraceDocument:
    name = values["name"]
    lines = values.get("generated_lines")
    text = _read(f"documents/{name}.txt") if lines is None else long_file(lines)
    return TraceDocument(name=name, language="python", text=text)


def _read(path: str) -> str:
    return resources.files(__name__).joinpath(path).read_text("utf-8")
