"""How many tokens a text has, where no tokenizer can be asked. Pure."""

from __future__ import annotations

from typing import Final

_BYTES: Final = 3
"""Bytes of a token, rather too few: code has 3 to 4 in the vocabularies of today's models."""


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return -(-len(text.encode("utf-8", "replace")) // _BYTES)
