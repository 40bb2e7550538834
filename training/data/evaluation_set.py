"""The evaluation set on the disk: holes with a cursor in them, and functions to explain."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

CASES: Final = "heldout.jsonl.xz"
EXPLAIN: Final = "explain.jsonl"
_FILTERS: Final = ({"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 1 << 24},)
"""The dictionary holds a language's held-out files, which many cases repeat."""


@dataclass(frozen=True, slots=True)
class Case:
    """A place in a file: the text around it, the text typed so far, and the text to come.

    ``typed`` begins at the anchor; ``typed + truth`` is the hole's middle. ``earlier`` and
    ``later`` are the whole file up to the anchor and after the hole.
    """

    language: str
    path: str
    kind: str
    prefix: str
    suffix: str
    typed: str
    truth: str
    earlier: str
    later: str

    @property
    def truth_line(self) -> str:
        """The rest of the cursor's line."""
        return self.truth.split("\n")[0]


@dataclass(frozen=True, slots=True)
class Function:
    """A function to explain, and the first paragraph of its documentation."""

    language: str
    path: str
    name: str
    code: str
    docstring: str


def write_cases(cases: Iterable[Case], out: Path) -> None:
    """Write cases, those of a language one after the other."""
    with lzma.open(out / CASES, "wt", filters=_FILTERS) as file:
        file.writelines(json.dumps(asdict(case)) + "\n" for case in cases)


def write_functions(functions: Iterable[Function], out: Path) -> None:
    """Write functions to explain."""
    with (out / EXPLAIN).open("w") as file:
        file.writelines(json.dumps(asdict(function)) + "\n" for function in functions)


def read_cases(out: Path) -> dict[str, list[Case]]:
    """Read the cases, by language."""
    cases: dict[str, list[Case]] = {}
    with lzma.open(out / CASES, "rt") as lines:
        for line in lines:
            case = Case(**json.loads(line))
            cases.setdefault(case.language, []).append(case)
    return cases


def mixed(cases: dict[str, list[Case]], count: int) -> list[Case]:
    """Return about ``count`` cases, as many of each language."""
    each = -(-count // len(cases))
    return [case for own in cases.values() for case in own[:each]][:count]


def read_functions(out: Path) -> list[Function]:
    """Read the functions to explain."""
    lines = (out / EXPLAIN).read_text().splitlines()
    return [Function(**json.loads(line)) for line in lines]
