"""The evaluation set: holes and functions of held-out packages, by language."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Final

from training.corpus.languages import LANGUAGES, PROSE
from training.corpus.packages import SourceFile
from training.data import holes, pairs, python_functions, samples, tree_functions, trees

WINDOW: Final = holes.Window(before=1500, after=600)
CASES: Final = "heldout.jsonl"
EXPLAIN: Final = "explain.jsonl"
HOLES: Final = 600
FUNCTIONS: Final = 10
"""Numbers for each language."""
CODE: Final = range(120, 700)
"""Characters of a function to explain."""


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


def cases(files: list[SourceFile], count: int, random: Random) -> list[Case]:
    """Draw holes, each with a cursor in its first line, past the indentation."""
    sources = [source for file in files if (source := samples.parsed(file))]
    sizes = [len(source.file.text) for source in sources]
    drawn = (random.choices(sources, sizes)[0] for _ in range(count * 2))
    made = (_case(source, random) for source in drawn)
    return list(dict.fromkeys(case for case in made if case.truth_line.strip()))[:count]


def functions(files: list[SourceFile], count: int, random: Random) -> list[Function]:
    """Draw functions of one language that are documented in prose, without that documentation."""
    found = [function for file in files for function in _documented(file)]
    return random.sample(found, min(count, len(found)))


def write(files: list[SourceFile], out: Path, seed: int) -> None:
    """Write cases and functions to explain into the folder ``out``, one language after the other."""
    with (out / CASES).open("w") as holes_file, (out / EXPLAIN).open("w") as asked_file:
        for language in LANGUAGES:
            own = [file for file in files if file.language == language]
            random = Random(seed)
            for case in cases(own, HOLES, random) if own else ():
                holes_file.write(json.dumps(asdict(case)) + "\n")
            for function in functions(own, FUNCTIONS, random):
                asked_file.write(json.dumps(asdict(function)) + "\n")


def read_cases(out: Path) -> dict[str, list[Case]]:
    """Read the cases that ``write`` wrote, by language."""
    cases: dict[str, list[Case]] = {}
    for line in (out / CASES).read_text().splitlines():
        case = Case(**json.loads(line))
        cases.setdefault(case.language, []).append(case)
    return cases


def mixed(cases: dict[str, list[Case]], count: int) -> list[Case]:
    """Return about ``count`` cases, as many of each language."""
    each = -(-count // len(cases))
    return [case for own in cases.values() for case in own[:each]][:count]


def read_functions(out: Path) -> list[Function]:
    """Read the functions that ``write`` wrote."""
    lines = (out / EXPLAIN).read_text().splitlines()
    return [Function(**json.loads(line)) for line in lines]


def _documented(file: SourceFile) -> Iterator[Function]:
    if file.language == "python":
        every = _of_python(file)
    elif file.language not in PROSE:
        every = _of_tree(file)
    else:
        return
    for function in every:
        if pairs.is_prose(function.docstring) and len(function.code) in CODE:
            yield function


def _of_python(file: SourceFile) -> Iterator[Function]:
    for node in ast.walk(ast.parse(file.text)):
        if isinstance(node, ast.FunctionDef):
            text = pairs.summary(ast.get_docstring(node) or "")
            code = ast.unparse(python_functions.without_docstring(node))
            yield Function(python_functions.LANGUAGE, file.path, node.name, code, text)


def _of_tree(file: SourceFile) -> Iterator[Function]:
    grammar = trees.grammar(file.language, file.path)
    tree = trees.tree_of(file.text, grammar) if grammar else None
    if tree is None:
        return
    for definition in tree_functions.definitions_of(tree):
        found = tree_functions.function_of(tree, definition)
        text = pairs.summary(found.documentation)
        yield Function(found.language, file.path, found.name, found.code, text)


def _case(source: samples.Parsed, random: Random) -> Case:
    hole = samples.draw_hole(source, WINDOW, random)
    first_line = hole.middle.split("\n")[0]
    indent = len(first_line) - len(first_line.lstrip())
    cursor = random.randrange(indent, max(indent + 1, len(first_line)))
    text = source.file.text
    begin = text.find(hole.prefix + hole.middle + hole.suffix) + len(hole.prefix)
    return Case(
        source.file.language,
        source.file.path,
        hole.kind,
        hole.prefix,
        hole.suffix,
        hole.middle[:cursor],
        hole.middle[cursor:],
        text[:begin],
        text[begin + len(hole.middle) :],
    )
