"""SECURITY.md names the tests that hold its promises."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "SECURITY.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


def test_every_test_that_the_page_names_is_there():
    missing = [name for file, name in NAMED if name not in _tests(ROOT / file)]
    assert len(NAMED) > 40
    assert not missing


def test_every_promise_names_a_test():
    promises = re.findall(
        r"^- (.*?)(?=^- |^#|^\n|\Z)", PAGE.partition("## A workspace")[2], re.MULTILINE | re.DOTALL
    )
    assert len(promises) > 25
    assert not [one for one in promises if "::" not in one]


def _tests(file: Path) -> set[str]:
    tree = ast.parse(file.read_text("utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in tree.body if isinstance(node, functions)}
