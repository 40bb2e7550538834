"""Places to complete: a line is removed from a file, and the cursor is where its text began."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import Final

from attrs import frozen

from leanwide.context.view import split_lines, with_lf
from leanwide.syntax import language_for
from leanwide.tuning.holes import Hole

_FIELDS: Final = ("task_id", "prompt", "suffix", "canonical_solution")
"""Fields of a HumanEval-Infilling task (https://github.com/openai/human-eval-infilling)."""


class TasksError(ValueError):
    """A file does not hold HumanEval-Infilling tasks."""


@frozen(kw_only=True)
class CompletionPlace:
    """A document with a line removed, and the text of that line."""

    name: str
    """Of the document, with the suffix of its language."""
    language: str
    text: str
    """With LF endings."""
    cursor: tuple[int, int]
    """Line and column, from 0, the column in code points."""
    truth: str
    """The removed text, without surrounding blanks."""


@frozen(kw_only=True)
class InfillTask:
    """A task of HumanEval-Infilling."""

    name: str
    """Its ``task_id``."""
    place: CompletionPlace
    before: str
    """The text of the document up to the cursor …"""
    after: str
    """… and the rest of it."""
    test: str
    """Code that defines ``check``; "" where the file has none."""
    entry_point: str
    """The name that is checked."""

    @property
    def problem(self) -> str:
        """The problem that the line is from: ``…/HumanEval/7`` for ``…/HumanEval/7/L3``."""
        return self.name.rpartition("/")[0] or self.name

    def program(self, text: str) -> str:
        """Return the program that checks a text at the cursor, as the benchmark's own harness does.

        It ends without an error if the text solves the task.
        """
        return f"{self.before}{text}{self.after}\n{self.test}\ncheck({self.entry_point})\n"


def places(holes: Iterable[Hole]) -> Iterator[CompletionPlace]:
    """Yield a place for each hole that is the whole text of a line."""
    for number, hole in enumerate(holes):
        view = hole.view
        language = language_for("", view.path)
        if hole.kind == "line" and not view.current_line.strip() and language is not None:
            yield CompletionPlace(
                name=f"{number}_{PurePath(view.path).name}",
                language=min(language.ids),
                text=with_lf("".join(view.lines)),
                cursor=(view.line, view.column),
                truth=hole.truth.strip(),
            )


def tasks(file: Path) -> Iterator[InfillTask]:
    """Yield HumanEval-Infilling's single-line tasks of a file, one JSON per line.

    Raises:
        OSError: The file cannot be read.
        TasksError: A line is no task.
    """
    text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    for number, line in enumerate(text.splitlines(), 1):
        try:
            data = json.loads(line)
            name, before, after, truth = (str(data[field]) for field in _FIELDS)
        except (ValueError, LookupError, TypeError) as error:
            raise TasksError(f"{file}: line {number} is no task of HumanEval-Infilling") from error
        first = truth.rstrip("\n")
        indentation = first[: len(first) - len(first.lstrip())]
        *above, last = split_lines(before + indentation + "|")
        place = CompletionPlace(
            name=f"{name.replace('/', '_')}.py",
            language="python",
            text=before + indentation + "\n" * truth.endswith("\n") + after,
            cursor=(len(above), len(last) - 1),
            truth=first.strip(),
        )
        yield InfillTask(
            name=name,
            place=place,
            before=before + indentation,
            after="\n" * truth.endswith("\n") + after,
            test=str(data.get("test", "")),
            entry_point=str(data.get("entry_point", "")),
        )
