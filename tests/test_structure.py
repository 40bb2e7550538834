"""The shape of the code: no two files import each other, no two classes share a name."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PACKAGES = (ROOT / "server" / "leanwide", ROOT / "bench" / "leanwide_bench")


def strongly_connected(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of nodes that reach each other, of two nodes or more (Tarjan)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        stack.append(node)
        for following in sorted(graph[node]):
            if following not in order:
                visit(following)
                lowest[node] = min(lowest[node], lowest[following])
            elif following in stack:
                lowest[node] = min(lowest[node], order[following])
        if lowest[node] == order[node]:
            at = stack.index(node)
            if len(stack) - at > 1:
                groups.append(sorted(stack[at:]))
            del stack[at:]

    for node in sorted(graph):
        if node not in order:
            visit(node)
    return groups


def test_groups_of_files_that_import_each_other_are_found():
    graph = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": {"e"}, "e": set(), "f": {"f"}}
    assert strongly_connected(graph) == [["b", "c"]]


def test_no_files_import_each_other_not_even_for_types():
    modules = grimp.build_graph(
        "leanwide", "leanwide_bench", exclude_type_checking_imports=False, cache_dir=None
    )
    graph = {name: set(modules.find_modules_directly_imported_by(name)) for name in modules.modules}
    assert "leanwide.lsp.session" in graph["leanwide.server"]
    assert strongly_connected(graph) == []


def test_no_two_classes_share_a_name():
    places = defaultdict(list)
    for path in (path for package in PACKAGES for path in sorted(package.rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
