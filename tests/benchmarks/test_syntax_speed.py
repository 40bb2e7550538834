"""How long syntax queries take in a Python file of 10,000 lines, and whether edits leak memory.

Run with ``pytest --benchmark-only --benchmark-columns=median`` and this file.
"""

from __future__ import annotations

import gc
import random
import sysconfig
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import psutil
import pytest

from leanwide.syntax import (
    Language,
    Position,
    Span,
    SyntaxTree,
    completed_length,
    completion_shape,
    definitions,
    earlier_siblings,
    enclosing,
    imports,
    language_for,
    parse,
    references,
    split,
)

LINES = 10_000
EDITS = 50_000
TYPED = "value = self.find(name, 'é')"


def _python() -> Language:
    language = language_for("python")
    assert language is not None
    return language


@pytest.fixture(scope="module")
def lines() -> list[str]:
    """Whole modules of the standard library."""
    found: list[str] = []
    for path in sorted(Path(sysconfig.get_path("stdlib")).glob("*.py")):
        found += split(path.read_text(encoding="utf-8", errors="replace"))
        if len(found) >= LINES:
            return found
    return found


@pytest.fixture(scope="module")
def tree(lines: list[str]) -> SyntaxTree:
    return parse(_python(), lines)


def _typing(tree: SyntaxTree, rounds: int) -> Iterator[tuple[Position, list[str]]]:
    """Yield place and text as a line is opened in a function, a statement typed, and deleted."""
    chance = random.Random(1)
    lines = list(tree.lines)
    functions = (found for found in definitions(tree) if found.kind == "function")
    bodies = [function.body_start for function in functions if function.body_start]
    for line, column in chance.choices(bodies, k=rounds):
        blank = " " * column + "\n"
        lines.insert(line, blank)
        yield Position(line, 0), list(lines)
        for number, letter in enumerate(TYPED, column):
            lines[line] = lines[line][:number] + letter + "\n"
            yield Position(line, number), list(lines)
        del lines[line]
        yield Position(line, 0), list(lines)


def _asked(
    benchmark: Any, tree: SyntaxTree, question: Callable[[SyntaxTree, Position], object]
) -> None:
    """Run a query at places all over the file."""
    chance = random.Random(2)
    places = cycle([Position(chance.randrange(len(tree.lines)), 20) for _ in range(500)])
    benchmark.pedantic(question, setup=lambda: ((tree, next(places)), {}), rounds=500)


def test_parse(benchmark: Any, lines: list[str]) -> None:
    benchmark.pedantic(parse, args=(_python(), lines), rounds=5)


def test_edit(benchmark: Any, tree: SyntaxTree) -> None:
    """One keystroke, found by comparing lines."""
    edits = _typing(tree, 100)
    now = tree

    def key(lines: list[str]) -> None:
        nonlocal now
        now = now.edited(lines)

    benchmark.pedantic(key, setup=lambda: ((next(edits)[1],), {}), rounds=1_000)


def test_completion_shape(benchmark: Any, tree: SyntaxTree) -> None:
    _asked(benchmark, tree, completion_shape)


def test_enclosing(benchmark: Any, tree: SyntaxTree) -> None:
    _asked(benchmark, tree, enclosing)


def test_ten_siblings(benchmark: Any, tree: SyntaxTree) -> None:
    def ask(tree: SyntaxTree, at: Position) -> None:
        for innermost in enclosing(tree, at)[-1:]:
            list(islice(earlier_siblings(tree, innermost), 10))

    _asked(benchmark, tree, ask)


def test_references_of_100_lines(benchmark: Any, tree: SyntaxTree) -> None:
    def ask(tree: SyntaxTree, at: Position) -> None:
        references(tree, Span(tree.clamp((at.line - 50, 0)), tree.clamp((at.line + 50, 0))), at)

    _asked(benchmark, tree, ask)


def test_imports(benchmark: Any, tree: SyntaxTree) -> None:
    benchmark.pedantic(imports, args=(tree,), rounds=20)


def test_definitions(benchmark: Any, tree: SyntaxTree) -> None:
    benchmark.pedantic(definitions, args=(tree,), rounds=5)


def test_completed_length(benchmark: Any, lines: list[str]) -> None:
    """Runs per token, with 200 lines before and a completion of 20 lines."""
    before = "class A:\n" + "    def f(self, x):\n        return [x, self.y(x)]\n\n" * 66
    before += "    def g(self):\n"
    completion = "        if self.x:\n            return 'é'\n" * 10
    benchmark.pedantic(completed_length, args=(_python(), before, completion, ""), rounds=500)


def test_memory_after_many_edits(benchmark: Any, tree: SyntaxTree) -> None:
    """It grows by 5 % at most."""
    if benchmark.disabled:
        pytest.skip("takes a minute")
    before, after = benchmark.pedantic(_edit_and_ask, args=(tree,), rounds=1)
    benchmark.extra_info["MiB"] = [round(before / 2**20, 1), round(after / 2**20, 1)]
    assert after <= before * 1.05


def _edit_and_ask(tree: SyntaxTree) -> tuple[int, int]:
    """Return the memory in bytes after the first edits and after all."""
    process, before = psutil.Process(), 0
    for number, (at, lines) in enumerate(islice(_typing(tree, EDITS), EDITS)):
        tree = tree.edited(lines)
        if number % 10 == 0:
            completion_shape(tree, at)
            enclosing(tree, at)
        if number == EDITS // 50:
            gc.collect()
            before = process.memory_info().rss
    gc.collect()
    return before, process.memory_info().rss
