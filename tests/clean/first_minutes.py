"""Follows the README in a clean Debian, with a stopwatch, up to the first completion.

    python -m tests.clean.first_minutes [SUITE] [ROW]

ROW is what begins a row of the README's table of install lines: "Linux", which takes wheels of
llama-cpp-python, or "with a C++ compiler", which compiles. What differs from the README: leanwide
is the wheel in dist/ instead of a checkout, and the index with wheels of llama-cpp-python has the
one that this machine compiled. Exit code 1: a step failed, or the completion is empty.
"""

from __future__ import annotations

import re
import resource
import sys
import time
from collections.abc import Sequence
from typing import Final

from tests.clean.debian import USER, CleanDebian, clean_debian
from tests.clean.packages import INDEX, ROOT, built_wheel, copy_in, offer_llama

HOME: Final = f"/home/{USER}"
SOURCE: Final = "def area(width, height):\n    return width * \n"
NEEDS: Final = {"Linux": (), "with a C++ compiler": ("g++",)}
"""Debian packages that a row of the README needs besides Python and pipx."""
AFTERWARDS: Final = (
    "leanwide --version",
    "leanwide doctor",
    "leanwide complete area.py:2:20",
    "leanwide explain area.py:1-2",
    "leanwide demo",
)


def main(suite: str = "trixie", row: str = "Linux") -> int:
    """Follow one row of the README's table; return the exit code."""
    with clean_debian(suite) as debian:
        wheel = copy_in(debian, built_wheel(), "/srv/leanwide")
        offer_llama(debian)
        (debian.root / HOME.lstrip("/") / "area.py").write_text(SOURCE, "utf-8")
        if NEEDS[row] and debian.call("root", "apt-get", "install", "-qq", *NEEDS[row]) != 0:
            return 1
        return follow(debian, (install_line(row, wheel), *AFTERWARDS))


def install_line(row: str, wheel: str) -> str:
    """Return the README's line of a row, with packages that are here instead of published ones.

    Raises:
        RuntimeError: The README has no such row.
    """
    readme = (ROOT / "README.md").read_text("utf-8")
    found = re.search(rf"^\| {re.escape(row)}[^|]*\| `(?P<line>[^`]+)` \|$", readme, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"README.md has no install line for {row!r}")
    line = re.sub(r"(?<=--extra-index-url )[^\s\"]+", INDEX, found["line"])
    return line.replace("'.[", f"'{wheel}[")


def follow(debian: CleanDebian, lines: Sequence[str]) -> int:
    """Run each line in a new terminal; return the exit code, 1 where one fails."""
    there = debian.with_variables({"HOME": HOME, "USER": USER})
    took: list[tuple[float, float]] = []
    for line in lines:
        print(f"$ {line}")
        started = clocks()
        code = there.call(USER, "bash", "--login", "-c", f"cd && {line}")
        elapsed, used = (now - then for now, then in zip(clocks(), started, strict=True))
        took.append((elapsed, used))
        print(f"{elapsed:.1f} s, {used:.1f} s of processor time\n")
        if code != 0:
            print(f"exit code {code}", file=sys.stderr)
            return 1
    elapsed, used = (sum(seconds) for seconds in zip(*took, strict=True))
    print(f"together {elapsed:.1f} s, {used:.1f} s of processor time")
    return 0


def clocks() -> tuple[float, float]:
    """Return seconds on the clock, and seconds of processor time that ended children took."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic(), ended.ru_utime + ended.ru_stime


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
