"""The evaluation set: holes and functions of held-out packages."""

from __future__ import annotations

import ast
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Final

from training.data import holes, pairs, samples
from training.data.sources import SourceFile

WINDOW: Final = holes.Window(before=1500, after=600)
HOLES: Final = 600
FUNCTIONS: Final = 10


@dataclass(frozen=True, slots=True)
class Case:
    """A place in a file: the text around it, the text typed so far, and the text to come.

    ``typed`` begins at the anchor; ``typed + truth`` is the hole's middle. ``earlier`` and
    ``later`` are the whole file up to the anchor and after the hole.
    """

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
    """A function to explain, and the first paragraph of its docstring."""

    path: str
    code: str
    docstring: str


def cases(files: list[SourceFile], count: int, random: Random) -> list[Case]:
    """Draw holes, each with a cursor in its first line, past the indentation."""
    sources = [source for file in files if (source := samples.parsed(file))]
    sizes = [len(source.file.text) for source in sources]
    drawn = (random.choices(sources, sizes)[0] for _ in range(count * 2))
    made = (_case(source, random) for source in drawn)
    return list(dict.fromkeys(case for case in made if case.truth_line.strip()))[:count]


def functions(files: list[SourceFile], count: int, random: Random) -> list[Function]:
    """Draw functions with a docstring in prose, and remove the docstring."""
    found = []
    for file in files:
        for node in ast.walk(ast.parse(file.text)):
            if isinstance(node, ast.FunctionDef):
                text = pairs.summary(ast.get_docstring(node) or "")
                code = ast.unparse(pairs.without_docstring(node))
                if pairs.is_prose(text) and 120 < len(code) < 700:
                    found.append(Function(file.path, code, text))
    return random.sample(found, min(count, len(found)))


def write(files: list[SourceFile], path: Path, seed: int) -> None:
    """Write cases to ``path``, and functions to explain to ``explain.jsonl`` next to it."""
    random = Random(seed)
    rows = cases(files, HOLES, random)
    path.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))
    asked = functions(files, FUNCTIONS, random)
    path.with_name("explain.jsonl").write_text(
        "".join(json.dumps(asdict(row)) + "\n" for row in asked)
    )


def read_cases(path: Path) -> list[Case]:
    """Read the cases that ``write`` wrote."""
    return [Case(**json.loads(line)) for line in path.read_text().splitlines()]


def read_functions(path: Path) -> list[Function]:
    """Read the functions that ``write`` wrote next to the cases."""
    lines = path.with_name("explain.jsonl").read_text().splitlines()
    return [Function(**json.loads(line)) for line in lines]


def _case(source: samples.Parsed, random: Random) -> Case:
    hole = samples.draw_hole(source, WINDOW, random)
    first_line = hole.middle.split("\n")[0]
    indent = len(first_line) - len(first_line.lstrip())
    cursor = random.randrange(indent, max(indent + 1, len(first_line)))
    text = source.file.text
    begin = text.find(hole.prefix + hole.middle + hole.suffix) + len(hole.prefix)
    return Case(
        source.file.path,
        hole.kind,
        hole.prefix,
        hole.suffix,
        hole.middle[:cursor],
        hole.middle[cursor:],
        text[:begin],
        text[begin + len(hole.middle) :],
    )
