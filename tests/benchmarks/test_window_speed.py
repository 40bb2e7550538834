"""How long it takes to choose a window at a new place of a long file. Run with ``make bench``."""

from __future__ import annotations

from itertools import cycle
from typing import Any

from leanwide.context.lines import choose_lines
from leanwide.context.plan import TokenRoom, plan_syntax
from leanwide.context.view import View, split_lines
from leanwide.syntax import language_for, parse
from leanwide_bench.replay.traces.long_file import long_file

ROOM = TokenRoom(before=345, after=192)


def test_a_window_in_10000_lines(benchmark: Any):
    """The built-in budget of 768 tokens, without the engine's time for counting them."""
    python = language_for("python")
    assert python is not None
    lines = tuple(split_lines(long_file(10_000)))
    tree = parse(python, lines)
    views = (
        View(
            uri="file:///warehouse.py",
            path="/warehouse.py",
            language_id="python",
            version=1,
            lines=lines,
            line=line,
            column=8,
        )
        for line in cycle(range(100, 9_900, 331))
    )

    def choose(view: View) -> str:
        plan = plan_syntax(view, tree, ROOM)
        return choose_lines(view, plan, ROOM, lambda text: 1 + len(text) // 4).before

    assert benchmark.pedantic(choose, setup=lambda: ((next(views),), {}), rounds=90)
