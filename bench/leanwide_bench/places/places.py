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


def tasks(file: Path) -> Iterator[CompletionPlace]:
    """Yield the places of a file of HumanEval-Infilling's single-line tasks, one JSON per line.

    Raises:
        OSError: The file cannot be read.
        TasksError: A line is no task.
    """
    text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    for number, line in enumerate(text.splitlines(), 1):
        try:
            name, before, after, truth = (str(json.loads(line)[field]) for field in _FIELDS)
        except (ValueError, LookupError, TypeError) as error:
            raise TasksError(f"{file}: line {number} is no task of HumanEval-Infilling") from error
        first = truth.rstrip("\n")
        indentation = first[: len(first) - len(first.lstrip())]
        *above, last = split_lines(before + indentation + "|")
        yield CompletionPlace(
            name=f"{name.replace('/', '_')}.py",
            language="python",
            text=before + indentation + "\n" * truth.endswith("\n") + after,
            cursor=(len(above), len(last) - 1),
            truth=first.strip(),
        )
