"""Text of a workspace in messages and logs: names, keys and values, short and harmless."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from leanwide.files.reader import UnreadableFile

MAX_SHOWN: Final = 200
"""Characters that are shown of one name."""
_FEW: Final = 5
"""Names that are listed before the rest is counted."""
_HIDDEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Kinds of characters that steer a terminal or the direction of text, or that have no picture."""


def shown(name: object, most: int = MAX_SHOWN) -> str:
    """Return a name for a message: what cannot be seen is escaped, what is long is cut."""
    text = str(name)
    cut = text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 :]}"
    return "".join(map(_visible, cut))


def shown_value(value: Any) -> str:
    """Return a value of a settings file for a message."""
    match value:
        case bool():
            return str(value)
        case int() if value.bit_length() > 64:  # more digits say nothing
            return "a very large number"
        case str():
            return f"'{shown(value)}'"
        case Mapping():
            return "a section"
        case list():
            inner = ["…" if isinstance(one, list) else shown_value(one) for one in value[:_FEW]]
            return f"[{', '.join([*inner, *['…'] * (len(value) > _FEW)])}]"
        case _:
            return shown(value)


def first_few(names: Iterable[str], most: int = _FEW) -> str:
    """Return the first names, and how many others there are."""
    listed = list(names)
    first = ", ".join(map(shown, listed[:most]))
    return first if len(listed) <= most else f"{first} and {len(listed) - most:,} others"


def unread_notice(unread: Sequence[UnreadableFile]) -> str:
    """Return one line about ignore files that do not count, in whole or in part."""
    first = "; ".join(f"{shown(one.path)} {one.why}" for one in unread[:_FEW])
    more = f"; and {len(unread) - _FEW:,} others" if len(unread) > _FEW else ""
    return f"Ignore files that do not count, so that what they name is shown: {first}{more}."


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _HIDDEN:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
