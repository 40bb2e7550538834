"""Scenarios written for this benchmark: ``scenarios/``, a file for each language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import resources
from itertools import groupby
from typing import Final

from attrs import frozen

from leanwide.syntax import Language, languages
from leanwide_bench.next_edit.cases import Expectation, NextEditCase, moment_after
from leanwide_bench.next_edit.hunks import Hunk

_HEADING: Final = re.compile(r"^== ", re.MULTILINE)
_BEFORE: Final = "-+"
"""Marks of lines that are removed and added before the moment …"""
_AFTERWARDS: Final = "<>"
"""… and after it."""
_LINES: Final = "lines"


class ScenarioError(ValueError):
    """A file of scenarios has a line that says nothing."""


@frozen
class _MarkedLine:
    mark: str
    text: str

    @property
    def step(self) -> str:
        """To which edits it belongs; "lines" for one that stays."""
        return next((step for step in (_BEFORE, _AFTERWARDS) if self.mark in step), _LINES)


def scenarios() -> Iterator[NextEditCase]:
    """Yield all scenarios, language by language."""
    folder = resources.files("leanwide_bench.next_edit") / "scenarios"
    known = {language.name: language for language in languages()}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        name, _, suffix = file.name.partition(".")
        if suffix == "txt" and name in known:
            yield from read_scenarios(file.read_text("utf-8"), known[name])


def read_scenarios(text: str, language: Language) -> Iterator[NextEditCase]:
    """Yield the scenarios of a file.

    Raises:
        ScenarioError: A line begins with no mark.
    """
    for part in _HEADING.split(text)[1:]:
        title, _, body = part.partition("\n")
        lines: list[_MarkedLine] = []
        for line in body.rstrip().split("\n"):
            mark = line[:1] or " "
            if mark not in f" {_BEFORE}{_AFTERWARDS}":
                raise ScenarioError(f"a scenario's line begins with no mark: {line}")
            lines.append(_MarkedLine(mark, line[1:] + "\n"))
        yield _scenario(title, lines, language)


def _scenario(title: str, lines: list[_MarkedLine], language: Language) -> NextEditCase:
    suffix = min(language.suffixes, key=lambda each: (len(each), each))
    before = [line.text for line in lines if line.mark in " -<"]
    remaining = tuple(_hunks(lines, _AFTERWARDS, " +<"))
    return NextEditCase(
        origin=title,
        moment=moment_after(
            f"scenario{suffix}", language, before, tuple(_hunks(lines, _BEFORE, " -<"))
        ),
        remaining=remaining,
        expectation=Expectation.FOLLOWS if remaining else Expectation.QUIET,
    )


def _hunks(lines: Iterable[_MarkedLine], step: str, present: str) -> Iterator[Hunk]:
    """Yield the hunks of one step, as places in the text of the lines whose mark is present."""
    at = 0
    for kind, run in groupby(lines, key=lambda line: line.step):
        marked = list(run)
        if kind == step:
            before = tuple(line.text for line in marked if line.mark == step[0])
            after = tuple(line.text for line in marked if line.mark == step[1])
            yield Hunk(at, at + len(before), before, after)
        at += sum(line.mark in present for line in marked)
