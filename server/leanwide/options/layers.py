"""Layers of settings as they are read, before their values are checked."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from leanwide.files.reader import ANYWHERE, UnreadableFile, read_file
from leanwide.files.shown import shown

_MAX_BYTES: Final = 64_000
"""Size of a file of settings."""
_MAX_DOTS: Final = 250
"""In one line of a file of settings: each part of a key may be a section of its own, and the time
to read nested sections grows with the square of their number."""


@frozen
class Layer:
    """Settings from one source."""

    source: str
    """What the user calls it: a path, or "the editor's settings"."""
    values: Mapping[str, Any]
    why_not: Callable[[str], str] = field(default=lambda _: "", eq=False)
    """Returns why they do not apply to the model at a path; "" where they do."""
    adds_to: tuple[tuple[str, str], ...] = field(default=(), eq=False)
    """Sections and keys of lists that are added to those of the layers below."""


def built_in() -> Layer:
    """Return the configuration that ships with leanwide."""
    text = resources.files("leanwide").joinpath("configs/default.toml").read_text("utf-8")
    return Layer("the built-in configuration", tomllib.loads(text))


def read_layer(path: Path, within: Path = ANYWHERE) -> tuple[Layer, tuple[str, ...]]:
    """Read a TOML file; return its settings and problems. A missing file is an empty layer.

    Args:
        path: The file.
        within: The folder that the file must be in, if it is a link.
    """
    data = read_file(path, _MAX_BYTES, within)
    if data is None:
        return Layer(str(path), {}), ()
    if isinstance(data, UnreadableFile):
        return _ignored(path, f"it {data.reason}")
    try:
        text = data.decode("utf-8-sig")  # editors of Windows write a byte order mark
        if any(line.count(".") > _MAX_DOTS for line in text.splitlines()):
            return _ignored(path, f"a line has more than {_MAX_DOTS} dots")
        return Layer(str(path), tomllib.loads(text)), ()
    except RecursionError:
        return _ignored(path, "it is nested too deeply")
    except ValueError as error:  # not UTF-8, not TOML, or a number with too many digits
        return _ignored(path, shown(error))


def _ignored(path: Path, why: str) -> tuple[Layer, tuple[str, ...]]:
    return Layer(str(path), {}), (f"{shown(path)} is ignored: {why}",)
