"""How long it takes to find and choose related snippets. Run with ``make bench``."""

from __future__ import annotations

from leanwide.context.related import Candidates, Limits, choose
from leanwide.context.snippet import Snippet
from leanwide.index.snapshot import IndexSnapshot, snapshot_of
from leanwide.index.symbols import FileEntry, Symbol

FILES, EACH = 1_000, 50


def snapshot() -> IndexSnapshot:
    """50,000 definitions; every tenth name is defined in several files."""
    return snapshot_of(
        FileEntry(
            path=f"package{n % 40}/module{n}.py",
            family="python",
            mtime_ns=n,
            size=n,
            left_out=False,
            symbols=tuple(symbol(n, k) for k in range(EACH)),
        )
        for n in range(FILES)
    )


def symbol(n: int, k: int) -> Symbol:
    name = f"shared_{n % 50}_{k}" if k % 10 == 0 else f"function_{n}_{k}"
    return Symbol(name, "function", "", f"def {name}(first, second, third):", 9 * k, 9 * k + 8, 1)


def test_lookup_and_choice(benchmark):
    index = snapshot()
    names = [f"function_{n * 7}_{n + 1}" for n in range(24)]
    names += [f"shared_{n}_{10 * (n % 5)}" for n in range(24)]
    near = [f"value_{n} = function_{n}(other_{n}, {n})\n" for n in range(60)]
    limits = Limits(
        path="package3/module3.py", around=near, budget=1_000, count=lambda text: len(text) // 4
    )
    bodies = [
        "".join(f"    result_{n}_{k} = call_{n}(value_{k})\n" for k in range(11)) for n in range(12)
    ]

    def work() -> tuple[Snippet, ...]:
        found = index.lookup(names, limits.path)[:12]
        snippets = tuple(
            Snippet(entry.path, bodies[n], entry.symbol.start) for n, entry in enumerate(found)
        )
        return choose(Candidates(snippets), (), limits)

    assert len(benchmark(work)) == 4
    if benchmark.stats is not None:
        assert benchmark.stats["median"] < 0.001


def test_one_file_is_replaced(benchmark):
    index = snapshot()
    path = "package3/module3.py"
    entry = index.files[path]
    assert path in benchmark(index.replaced, {path: entry}).files


def test_many_files_are_removed(benchmark):
    index = snapshot()
    gone = dict.fromkeys(list(index.files)[: FILES // 2])
    assert len(benchmark(index.replaced, gone).files) == FILES // 2
    if benchmark.stats is not None:
        assert benchmark.stats["median"] < 0.1
