"""An answer that is exactly what belongs at the cursor is shown as it is, in every language.

LEANWIDE_TRUE_ANSWERS sets at how many places, LEANWIDE_RANDOM_SEED at which, and
LEANWIDE_TRUE_ANSWERS_FROM names folders whose files are used instead of the samples.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import pytest
from attrs import frozen

from tests.features.completion.ungrammatical import UNGRAMMATICAL
from tests.features.editor import Editor, state_saying
from tests.marked import MARK
from tests.syntax.samples import SAMPLES

PLACES: Final = int(os.environ.get("LEANWIDE_TRUE_ANSWERS", "300"))
SEED: Final = int(os.environ.get("LEANWIDE_RANDOM_SEED", "0"))
FOLDERS: Final = os.environ.get("LEANWIDE_TRUE_ANSWERS_FROM", "")
_LANGUAGES: Final = {
    ".c": "c", ".cpp": "cpp", ".cs": "csharp", ".css": "css", ".dart": "dart", ".ex": "elixir",
    ".go": "go", ".h": "c", ".html": "html", ".java": "java", ".js": "javascript", ".json": "json",
    ".kt": "kotlin", ".lua": "lua", ".md": "markdown", ".php": "php", ".py": "python",
    ".rb": "ruby", ".rs": "rust", ".scala": "scala", ".sh": "shellscript", ".swift": "swift",
    ".toml": "toml", ".ts": "typescript", ".tsx": "typescriptreact", ".vim": "vim", ".vue": "vue",
    ".yml": "yaml", ".zig": "zig",
}  # fmt: skip
_LARGEST: Final = 60_000
"""Bytes of a file, and code points of a line below: others are data."""
_LONGEST_LINE: Final = 400


@frozen
class TruePlace:
    """A place in a text, and what stands there."""

    language: str
    before: str
    rest: str
    """The rest of the line."""
    after: str

    @property
    def is_told_apart(self) -> bool:
        """Whether its rest cannot be taken for an indentation, nor for the line below.

        Nor may it end in the bracket with which the line below begins, which closes the same block.
        """
        line = self.before.rpartition("\n")[2] + self.rest
        below = next((text.strip() for text in self.after.split("\n") if text.strip()), "")
        in_blanks = self.before[-1:].isspace() and self.rest[:1].isspace()
        closed_below = below[:1] in ")]}" and line.rstrip().endswith(below[:1])
        doubled = below.startswith(line.strip()) or (below and closed_below)
        return bool(self.rest.strip()) and not in_blanks and not doubled


def _samples() -> dict[str, list[str]]:
    texts = {one.language: [one.text.replace(MARK, "")] for one in SAMPLES}
    return texts | {language: [text] for language, text in UNGRAMMATICAL.items()}


def _files(folders: Sequence[str]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = defaultdict(list)
    for path in sorted(path for folder in folders for path in Path(folder).rglob("*.*")):
        language = _LANGUAGES.get(path.suffix.lower())
        if language and path.is_file() and path.stat().st_size <= _LARGEST:
            text = path.read_text("utf-8", errors="replace")
            if MARK not in text and max(map(len, text.split("\n"))) <= _LONGEST_LINE:
                texts[language].append(text)
    return texts


def _places(chance: random.Random, texts: Mapping[str, list[str]]) -> Iterator[TruePlace]:
    """Yield places without end, as many of each language."""
    languages = sorted(texts)
    while True:
        language = chance.choice(languages)
        lines = chance.choice(texts[language]).split("\n")
        number = chance.randrange(len(lines))
        line = lines[number]
        column = chance.randint(len(line) - len(line.lstrip()), len(line))
        before = "\n".join([*lines[:number], line[:column]])
        after = "".join("\n" + below for below in lines[number + 1 :])
        place = TruePlace(language, before, line[column:], after)
        if place.is_told_apart:
            yield place


async def _shown(place: TruePlace, says: str, size: int) -> str | None:
    """Return what is shown by hand where the model says a text in pieces of a size.

    None where the model is not asked, as in a generated file.
    """
    pieces = [says[at : at + size] for at in range(0, len(says), size)]
    state, engine = state_saying(pieces)
    editor = Editor(state, place.before + MARK + place.after, place.language)
    shown = await editor.ask(by_hand=True)
    return shown if engine.requests else None


async def test_the_true_rest_of_a_line():
    chance = random.Random(SEED)
    places = _places(chance, _files(FOLDERS.split(os.pathsep)) if FOLDERS else _samples())
    wrong: list[tuple[str, str, str, str]] = []
    for place in islice(places, PLACES):
        shown = await _shown(place, place.rest, chance.choice((1, 3, 9)))
        if shown not in (None, place.rest.rstrip()):
            line = place.before.rpartition("\n")[2]
            wrong.append((place.language, line, place.rest, shown or ""))
    assert wrong == []


BODIES = [
    ("kotlin", "fun f(x: Int): Int {", "\n    return x\n}\n", "\n    return x\n}\n"),
    ("swift", "guard x > 0 else {", "\n    return 0\n}\n\nfunc g", "\n    return 0\n}"),
    ("dart", "children: [", "\n  Text('a'),\n", "\n  Text('a'),"),
    ("vue", "<script>\nfunction f() {", "  \n  return 1\n}\n", "  \n  return 1\n}"),
]


@pytest.mark.parametrize(("language", "before", "says", "shown"), BODIES)
@pytest.mark.parametrize("size", [1, 9, 99])
async def test_a_body_below_the_line_without_a_grammar(
    language: str, before: str, says: str, shown: str, size: int
):
    place = TruePlace(language, before, "", "\n")
    assert await _shown(place, says, size) == shown.rstrip()
