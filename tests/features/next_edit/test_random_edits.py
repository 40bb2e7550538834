"""Whatever is edited: nothing raises, parses worse or undoes, and the history stays in bounds.

LEANWIDE_RANDOM_EDITS sets the number of edits, LEANWIDE_RANDOM_SEED which ones.
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from leanwide.context.view import Snapshot, with_lf
from leanwide.features.next_edit.candidate import Candidate
from leanwide.features.next_edit.candidates import candidates
from leanwide.features.next_edit.event import EditEvent
from leanwide.features.next_edit.history import EditHistory
from leanwide.syntax import SyntaxTree, error_count, language_for, parse, split
from tests.features.next_edit.editing import edited, snapshot
from tests.syntax.samples import SAMPLES

EDITS: Final = int(os.environ.get("LEANWIDE_RANDOM_EDITS", "600"))
SEED: Final = int(os.environ.get("LEANWIDE_RANDOM_SEED", "0"))
ROOT: Final = Path(__file__).parents[3]
_NAME: Final = re.compile(r"[^\W\d]\w*")
_WORDS: Final = ("size", "length", "(", ")", " = 1", "# x", '"', ", 2", "\n", "None", "é")


def _texts() -> list[tuple[str, str]]:
    """Return real files, and a sample of each language, as language and text."""
    sources = sorted((ROOT / "server" / "leanwide" / "syntax").glob("*.py"))
    scripts = sorted((ROOT / "editors").glob("*/src/*.ts"))
    files = [("python", one) for one in sources] + [("typescript", one) for one in scripts]
    return [
        *((language, file.read_text("utf-8")) for language, file in files),
        *((sample.language, sample.text) for sample in SAMPLES),
    ]


def _changed(chance: random.Random, lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lines after an edit as people make them."""
    number = chance.randrange(len(lines)) if lines else 0
    line = lines[number] if lines else ""
    kind = chance.randrange(7)
    names = list(_NAME.finditer(line))
    if kind < 3 and names:
        name = chance.choice(names)
        new = chance.choice([f"_{name[0]}", f"{name[0]}2", "length", name[0][:-1] or "x"])
        line = line[: name.start()] + new + line[name.end() :]
    elif kind == 3:
        column = chance.randint(0, len(line.rstrip("\r\n")))
        line = line[:column] + chance.choice(_WORDS) + line[column:]
    elif kind == 4:
        line = ""
    elif kind == 5:
        line += chance.choice(lines) if lines else ""
    else:
        line = line.replace(chance.choice("'(1."), chance.choice('"[2:'), 1)
    return tuple(split("".join((*lines[:number], line, *lines[number + 1 :]))))


def _repeated(
    lines: tuple[str, ...], old: tuple[str, ...], new: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the lines with the first replaced word of an edit replaced in another line, too."""
    pair = next(((a, b) for a, b in zip(old, new, strict=False) if a != b), None)
    if pair is None:
        return lines
    before, after = (set(_NAME.findall(one)) for one in pair)
    if len(gone := before - after) != 1 or len(come := after - before) != 1:
        return lines
    word = re.compile(rf"\b{re.escape(gone.pop())}\b")
    number = next((at for at, line in enumerate(lines) if word.search(line)), None)
    if number is None:
        return lines
    return (*lines[:number], word.sub(come.pop(), lines[number], count=1), *lines[number + 1 :])


def _without_newest(document: Snapshot, event: EditEvent) -> tuple[str, ...]:
    """Return the lines before the newest event, with LF endings."""
    lines = tuple(map(with_lf, document.lines))
    end = event.line + len(event.after)
    assert lines[event.line : end] == event.after
    return (*lines[: event.line], *event.before, *lines[end:])


def _check(
    document: Snapshot, tree: SyntaxTree, events: Sequence[EditEvent], found: Candidate
) -> tuple[str, ...]:
    """Check one candidate, and return the lines after it."""
    after = edited(document, found.edit)
    line = document.lines[found.edit.start.line]
    assert found.edit.start.line == found.edit.end.line
    assert line[found.edit.start.column : found.edit.end.column] == found.replaced
    assert found.replaced != found.edit.text
    if error_count(tree) == 0:
        assert error_count(parse(tree.language, after)) == 0
    if events and events[0].uri == document.uri:
        assert tuple(map(with_lf, after)) != _without_newest(document, events[0])
    return after


def _sessions(chance: random.Random) -> Iterator[tuple[Snapshot, int]]:
    """Yield documents, and how many edits each gets, without end."""
    texts = _texts()
    while True:
        language, text = chance.choice(texts)
        yield snapshot(text, language), chance.randint(5, 40)


def test_any_edits():
    chance = random.Random(SEED)
    left, found = EDITS, 0
    for document, count in _sessions(chance):
        if left <= 0:
            break
        left -= count
        found += _edit(chance, document, count)
    assert found > EDITS // 100


def _edit(chance: random.Random, document: Snapshot, count: int) -> int:
    """Edit a document at random; often the edit is repeated, or a candidate is accepted.

    Returns:
        The number of candidates.
    """
    language = language_for(document.language_id)
    assert language is not None
    history, now, tree = EditHistory(), 0.0, parse(language, document.lines)
    accepted: tuple[str, ...] | None = None
    total = 0
    before = document.lines
    for version in range(2, count + 2):
        if accepted is not None and chance.random() < 0.5:
            lines = accepted
        elif chance.random() < 0.3:
            lines = _repeated(document.lines, before, document.lines)
        else:
            lines = _changed(chance, document.lines)
        new = snapshot("".join(lines), document.language_id, version)
        history.changed(document, new, now)
        before, document, now = document.lines, new, now + chance.choice([0.1, 60.0])
        tree = tree.edited(document.lines) if not tree.given_up else tree
        events = history.events(now)
        assert len(events) <= 32
        cursor = (chance.randint(0, len(lines)), 0)
        found = candidates(events, document, tree, cursor)
        texts = [_check(document, tree, events, one) for one in found]
        accepted = chance.choice(texts) if texts else None
        total += len(texts)
    return total
