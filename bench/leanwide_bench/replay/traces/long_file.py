"""A long Python file for measurements, always the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Final

_HEAD: Final = '''\
"""Aisles of a warehouse, one class each."""

from __future__ import annotations

'''

_AISLE: Final = '''
class Aisle_{aisle:04}:
    """Aisle {aisle}, {length} metres long."""

    length = {length}
    limit = {limit}

    def __init__(self, log: list[int]) -> None:
        self.log = log
'''

_SHELF: Final = '''
    def pick_{shelf:04}(self, count: int) -> int:
        """Take some of {goods} from shelf {shelf}."""
        left = self.shelf_{shelf:04} - count
        if left < {least}:
            raise ValueError("{goods}: only {least} left")
        self.shelf_{shelf:04} = left
        return left

    shelf_{shelf:04} = {stock}
'''

_GOODS: Final = ("bolts", "hinges", "brackets", "screws", "washers", "rails", "plates", "caps")
_SHELVES: Final = 8
"""Shelves in an aisle."""


def long_file(lines: int) -> str:
    """Return a Python file of exactly ``lines`` lines."""
    return "".join(itertools.islice(_lines(), lines))


def _lines() -> Iterator[str]:
    yield from _HEAD.splitlines(keepends=True)
    for aisle in itertools.count():
        length, limit = 20 + aisle * 7 % 30, 50 + aisle * 11 % 40
        text = _AISLE.format(aisle=aisle, length=length, limit=limit)
        for shelf in range(aisle * _SHELVES, (aisle + 1) * _SHELVES):
            goods, stock = _GOODS[shelf % len(_GOODS)], 100 + shelf * 13 % 400
            text += _SHELF.format(shelf=shelf, goods=goods, least=shelf % 5, stock=stock)
        yield from f"{text}\n".splitlines(keepends=True)
