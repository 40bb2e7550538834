"""Measures the time from a key to ghost text, in Neovim in a terminal.

Run ``python -m tests.editors.neovim_speed`` on a quiet machine.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.editors.neovim import SUITES
from tests.editors.screen import neovim_screen, suggested
from tests.editors.terminal import Terminal

LINES: Final = (
    "        for name, value in other.settings.items():",
    "            self.settings[name] = value",
    "        save(self.path, self.settings)",
)
WATCHED_S: Final = 0.6
"""Seconds from one key to the next, during which the screen is watched."""


def main() -> None:
    """Type the lines in every Neovim, and print how long ghost text took."""
    for version in SUITES:
        with (
            tempfile.TemporaryDirectory() as folder,
            neovim_screen(version, Path(folder)) as terminal,
        ):
            times = type_lines(terminal)
        shown = sorted(ms for ms in times if ms is not None)
        p95 = statistics.quantiles(shown, n=20)[-1]
        print(
            f"Neovim {version}: {len(times)} keys, ghost text after {len(shown)}: "
            f"p50 {statistics.median(shown):.0f} ms, p95 {p95:.0f} ms"
        )


def type_lines(terminal: Terminal) -> list[float | None]:
    """Type the lines; return each key's milliseconds until its ghost text, None without one."""
    times: list[float | None] = []
    terminal.type("G:set paste\rA")  # no automatic indentation
    for line in LINES:
        terminal.type(line[: len(line) - len(line.lstrip())])
        terminal.watch(WATCHED_S)
        ends = range(len(line) - len(line.lstrip()) + 1, len(line) + 1)
        times += [milliseconds(terminal, line[:end]) for end in ends]
        terminal.type("\r")
    return times


def milliseconds(terminal: Terminal, text: str) -> float | None:
    """Type the last character of a text and return the time until its final ghost text.

    The time runs from the key to the last change of the ghost text, so that neither a stale
    suggestion nor a replaced one counts. None where there is no ghost text at the end.
    """
    began = time.monotonic()
    terminal.type(text[-1])
    shown, since = "", began
    while time.monotonic() < began + WATCHED_S:
        terminal.watch(0.001)
        if (current := suggested(terminal, text)) != shown:
            shown, since = current, time.monotonic()
    return 1000 * (since - began) if shown else None


if __name__ == "__main__":
    main()
