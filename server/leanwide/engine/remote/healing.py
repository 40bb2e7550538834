"""Token healing at a server: its answer is made to begin with the word that the cursor cut.

Pure. The vocabulary is not here, so how many tokens may be the beginning of a longer one is not
known: the tokens of the last word are taken back, two at most.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_TAKEN_BACK: Final = 2
"""Tokens removed from the prompt; each costs a decoding step to say again."""
_WORD: Final = re.compile(rb"[ \t]?[\w\x80-\xff]+")
"""A word, with the blank that vocabularies put in front."""
_PATTERN_SIGN: Final = re.compile(r"[\\^$.|?*+(){}\[\]]")
_ESCAPED: Final = r"\\\g<0>"


def taken_back(pieces: Sequence[bytes]) -> tuple[int, str]:
    """Return how many tokens to remove from the end of a prompt, and the text that they spell.

    ``(0, "")`` where the prompt is better left whole.

    Args:
        pieces: The bytes of the tokens of the prompt's last piece.
    """
    if not pieces or not pieces[-1] or pieces[-1].endswith(b"\n"):
        return 0, ""
    last_word = b"".join(pieces[-_TAKEN_BACK:])
    count = _TAKEN_BACK if len(pieces) > _TAKEN_BACK and _WORD.fullmatch(last_word) else 1
    try:
        return count, b"".join(pieces[-count:]).decode()
    except UnicodeDecodeError:  # a character that is several tokens
        return 0, ""


def beginning(needed: str) -> str:
    """Return a grammar in llama.cpp's notation: a text that begins with ``needed``.

    After blanks come no more blanks: an indentation stays as wide as it is.
    """
    rest = "[^ \\t] .*" if not needed.strip(" \t") else ".*"
    return f'root ::= "{"".join(map(_escaped, needed))}" ({rest})?'


def pattern(needed: str) -> str:
    """Return :func:`beginning` as a regular expression."""
    rest = r"[^ \t][\s\S]*" if not needed.strip(" \t") else r"[\s\S]*"
    return f"{_PATTERN_SIGN.sub(_ESCAPED, needed)}({rest})?"


def _escaped(character: str) -> str:
    """Return a character as it stands in quotes in a grammar."""
    if character.isascii() and character.isalnum():
        return character
    return f"\\U{ord(character):08X}"
