"""Makes names, keys and values of a workspace short and harmless for messages and logs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from leanwide.files.reader import UnreadableFile

_MAX_SHOWN: Final = 200
"""Characters shown of one name."""
_MAX_LISTED: Final = 5
"""Names that are listed; the others are counted."""
_ESCAPED: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories of characters that control a terminal or the text direction, or have no
glyph."""


def shown(name: object, most: int = _MAX_SHOWN) -> str:
    """Return a name for a message: invisible characters are escaped, long names are cut."""
    text = str(name)
    cut = text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 :]}"
    return "".join(map(_visible, cut))


def shown_value(value: Any) -> str:
    """Return a value of a settings file for a message."""
    match value:
        case bool():
            return str(value)
        case int() if value.bit_length() > 64:  # its digits would tell nothing
            return "a very large number"
        case str():
            return f"'{shown(value)}'"
        case Mapping():
            return "a section"
        case list():
            first = value[:_MAX_LISTED]
            inner = ["…" if isinstance(item, list) else shown_value(item) for item in first]
            return f"[{', '.join([*inner, *['…'] * (len(value) > len(first))])}]"
        case _:
            return shown(value)


def first_few(names: Iterable[str], most: int = _MAX_LISTED) -> str:
    """Return the first names, and the number of the others, in words."""
    listed = list(names)
    first = ", ".join(map(shown, listed[:most]))
    return first if len(listed) <= most else f"{first} and {len(listed) - most:,} others"


def unread_notice(unread: Sequence[UnreadableFile]) -> str:
    """Return one line about ignore files that do not count, wholly or in part."""
    first = "; ".join(f"{shown(file.path)} {file.reason}" for file in unread[:_MAX_LISTED])
    others = len(unread) - _MAX_LISTED
    more = f"; and {others:,} others" if others > 0 else ""
    return f"Ignore files that do not count, so that what they name is shown: {first}{more}."


def _visible(character: str) -> str:
    if unicodedata.category(character) not in _ESCAPED:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
