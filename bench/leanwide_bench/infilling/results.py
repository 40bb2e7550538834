"""A file of results: a first line that says what was measured, and a line for each answer.

A line is written when its answer is there, so that whatever ends a run loses nothing, and a run
with the same model and tasks continues where the last one stopped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import attrs
from attrs import field, frozen

_MAX_BYTES: Final = 10**9
_TELLING: Final = ("leanwide", "model", "fingerprint", "tasks")
"""Parts of a subject that make results comparable; a change of another part, of the machine for
example, changes times only."""


class ResultsError(ValueError):
    """A file of results cannot be used; the message says what to do."""


@frozen(kw_only=True)
class InfillSetting:
    """How the lean lane runs."""

    experts: int
    """Active experts per token; 0 for a dense model."""
    context: int
    """Most prompt tokens."""


@frozen(kw_only=True)
class Subject:
    """What is measured, and where."""

    leanwide: str
    llama_cpp: str
    model: str
    fingerprint: str
    tasks: str
    """Hash of the file of tasks."""
    machine: str


@frozen(kw_only=True)
class InfillAnswer:
    """The suggestion for one task at one setting."""

    task: str
    setting: InfillSetting
    text: str
    """What accepting the suggestion inserts at the cursor; "" where there is none."""
    ms: float
    """From the request to the answer."""
    exact: bool
    """The text is the line that was taken out, but for blanks around it."""
    outcome: str | None = field(default=None)
    """How its program ended: ``passed``, ``failed`` or ``timed out``; None where it never ran."""

    @property
    def passed(self) -> bool:
        """Whether its program ran and passed."""
        return self.outcome == "passed"


class TaskResults:
    """The answers in a file; of several for one task and setting the last counts."""

    def __init__(self, file: Path, subject: Subject) -> None:
        """Read a file, or begin it.

        Raises:
            ResultsError: It is of another model, version or file of tasks, or no file of results.
            OSError: It cannot be read or written.
        """
        self._file = file
        self._answers: dict[tuple[str, InfillSetting], InfillAnswer] = {}
        lines = list(_lines(file))
        if lines:
            self._check(lines[0], subject)
            for line in lines[1:]:
                self._keep(_answer(line, file))
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._append({"subject": attrs.asdict(subject)})

    def find(self, task: str, setting: InfillSetting) -> InfillAnswer | None:
        """Return the answer to a task at a setting, if there is one."""
        return self._answers.get((task, setting))

    def add(self, answer: InfillAnswer) -> None:
        """Write an answer.

        Raises:
            OSError: It cannot be written.
        """
        self._append(attrs.asdict(answer))
        self._keep(answer)

    def _keep(self, answer: InfillAnswer) -> None:
        self._answers[answer.task, answer.setting] = answer

    def _append(self, line: dict[str, Any]) -> None:
        with self._file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def _check(self, first: dict[str, Any], subject: Subject) -> None:
        known, now = first.get("subject"), attrs.asdict(subject)
        if not isinstance(known, dict):
            raise ResultsError(f"{self._file} holds no results: name another file with --to")
        for part in _TELLING:
            if known.get(part) != now[part]:
                raise ResultsError(
                    f"{self._file} holds results of another {part} ({known.get(part)}, and this is "
                    f"{now[part]}): name another file with --to"
                )


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file; a last line that was not finished is left out, and cut off."""
    if not file.exists():
        return
    if not file.is_file() or file.stat().st_size > _MAX_BYTES:
        raise ResultsError(f"{file} is no file of results: name another file with --to")
    data = file.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) < len(data):
        with file.open("r+b") as stream:
            stream.truncate(len(whole))
    for line in whole.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ResultsError(f"{file} is no file of results: name another file with --to")
        yield found


def _answer(line: dict[str, Any], file: Path) -> InfillAnswer:
    try:
        return InfillAnswer(**{**line, "setting": InfillSetting(**line["setting"])})
    except (TypeError, LookupError) as error:
        raise ResultsError(f"{file} is no file of results: name another file with --to") from error
