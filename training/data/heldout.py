"""Draws the evaluation set: holes and functions of held-out packages, by language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from training.corpus.languages import LANGUAGES, PROSE
from training.corpus.packages import SourceFile
from training.data import file_samples, holes, pairs, python_functions, tree_functions, trees
from training.data.evaluation_set import Case, Function, write_cases, write_functions

WINDOW: Final = holes.Window(before=1500, after=600)
HOLES: Final = 600
FUNCTIONS: Final = 10
"""Numbers for each language."""
FILES: Final = 250
"""Most files of a language from which all of them come."""
CODE: Final = range(120, 700)
"""Characters of a function to explain."""


def draw_cases(files: list[SourceFile], count: int, random: Random) -> list[Case]:
    """Draw holes, each with a cursor in its first line, past the indentation."""
    sources = [source for file in files if (source := file_samples.parsed(file))]
    sizes = [len(source.file.text) for source in sources]
    drawn = (random.choices(sources, sizes)[0] for _ in range(count * 2))
    made = (_case(source, random) for source in drawn)
    return list(dict.fromkeys(case for case in made if case.truth_line.strip()))[:count]


def draw_functions(files: list[SourceFile], count: int, random: Random) -> list[Function]:
    """Draw functions of one language that are documented in prose, without that documentation."""
    found = [function for file in files for function in _documented(file)]
    return random.sample(found, min(count, len(found)))


def write(files: list[SourceFile], out: Path, seed: int) -> None:
    """Write cases and functions to explain into a folder, one language after the other."""
    cases: list[Case] = []
    functions: list[Function] = []
    for language in LANGUAGES:
        own = [file for file in files if _is_measured(file, language)]
        random = Random(seed)
        if len(own) > FILES:
            own = random.sample(own, FILES)
        if own:
            cases += draw_cases(own, HOLES, random)
            functions += draw_functions(own, FUNCTIONS, random)
    write_cases(cases, out)
    write_functions(functions, out)


def _is_measured(file: SourceFile, language: str) -> bool:
    """Whether cases in a language come from a file.

    Python's come from Python's packages alone, as in the figures of earlier models.
    """
    is_own = language != "python" or file.package.registry in ("python", "pip")
    return file.language == language and is_own


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


def _case(source: file_samples.Parsed, random: Random) -> Case:
    hole = holes.draw(source.file.text, source.spans, WINDOW, random)
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
