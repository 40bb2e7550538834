"""How long ghost text takes in Neovim, from a key to the screen of a terminal.

Run ``python -m tests.editors.neovim_speed``; let nothing else run meanwhile.
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
"""Seconds for which each key is watched, and until the next one is typed."""


def main() -> None:
    """Type the lines in every Neovim, and print what the keys took."""
    for version in SUITES:
        with (
            tempfile.TemporaryDirectory() as folder,
            neovim_screen(version, Path(folder)) as terminal,
        ):
            took = typed(terminal)
        shown = sorted(one for one in took if one is not None)
        p95 = statistics.quantiles(shown, n=20)[-1]
        print(
            f"Neovim {version}: {len(took)} keys, ghost text after {len(shown)}: "
            f"p50 {statistics.median(shown):.0f} ms, p95 {p95:.0f} ms"
        )


def typed(terminal: Terminal) -> list[float | None]:
    """Type the lines; milliseconds until each key's ghost text stood, None where there was none."""
    took: list[float | None] = []
    terminal.type("G:set paste\rA")  # no indentation but what is typed
    for line in LINES:
        terminal.type(line[: len(line) - len(line.lstrip())])
        terminal.watch(WATCHED_S)
        ends = range(len(line) - len(line.lstrip()) + 1, len(line) + 1)
        took += [milliseconds(terminal, line[:end]) for end in ends]
        terminal.type("\r")
    return took


def milliseconds(terminal: Terminal, text: str) -> float | None:
    """Type the last character of a text, and watch until what stands behind it stays.

    The time counts from the key to the last change of what is shown, so that neither a stale
    suggestion nor one that is replaced counts.
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
