"""A program in a pseudo terminal: its screen as text and as a picture."""

from __future__ import annotations

import re
import select
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pyte
from PIL import Image, ImageColor, ImageDraw, ImageFont
from ptyprocess import PtyProcess

from tests.editors.debian import install

PICTURES: Final = Path(__file__).with_name("out")
"""The folder of the pictures."""
WAIT: Final = 30.0
"""Most seconds to wait for anything, on a busy machine."""

_COLUMNS, _LINES = 100, 30
_UNKNOWN: Final = re.compile(rb"\x1b[P_].*?\x1b\\", re.DOTALL)
"""Queries to newer terminals, which pyte would show as text."""
_FONT: Final = "usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"
_FONT_SIZE, _MARGIN = 15, 8
_COLOURS: Final = {"default": "#d4d7dc", "brown": "#d7ba7d", "background": "#14161b"}
"""Colours that are drawn unlike their names: pyte says brown where others say yellow."""


class _Screen(pyte.Screen):
    def report_device_status(self, mode: int, **private: bool) -> None:
        """Send no answer: pyte does not know private queries, and programs work without."""


class Terminal:
    """A program with a screen of 100 columns and 30 lines."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.home = environment["HOME"]
        self.screen = _Screen(_COLUMNS, _LINES)
        self._stream = pyte.ByteStream(self.screen)
        self._process = PtyProcess.spawn(
            list(command),
            env={"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
            | dict(environment),
            dimensions=(_LINES, _COLUMNS),
        )

    def type(self, keys: str) -> None:
        """Send keys as a terminal would."""
        self._process.write(keys.encode())

    @property
    def text(self) -> str:
        """All lines of the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def after_cursor(self) -> str:
        """Return the text after the cursor on its line."""
        return self.screen.display[self.screen.cursor.y][self.screen.cursor.x :].rstrip()

    def until(self, found: Callable[[], object], what: str) -> None:
        """Wait until ``found`` is true for the screen; ``what`` names it in the error."""
        end = time.monotonic() + WAIT
        while not found():
            if time.monotonic() > end:
                raise AssertionError(f"waited {WAIT:.0f} s for {what}:\n{self.text}")
            self._read(end - time.monotonic())

    def watch(self, seconds: float) -> None:
        """Read the program's output for a number of seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._read(end - time.monotonic())

    def _read(self, seconds: float) -> None:
        """Read the program's next output, if it comes within half a second."""
        if select.select([self._process.fd], [], [], max(0.0, min(seconds, 0.5)))[0]:
            self._stream.feed(_UNKNOWN.sub(b"", self._process.read(1 << 16)))

    def picture(self, name: str) -> Path:
        """Save a picture of the screen when it is fully drawn, and return its path."""
        self.watch(0.3)
        PICTURES.mkdir(exist_ok=True)
        path = PICTURES / f"{name}.png"
        draw_screen(self.screen).save(path, optimize=True)
        return path

    def close(self) -> None:
        """End the program."""
        self._process.close(force=True)


def draw_screen(screen: pyte.Screen) -> Image.Image:
    """Draw a screen, cell by cell."""
    font = ImageFont.truetype(install("sid") / _FONT, _FONT_SIZE)
    width, height = round(font.getlength("x")), _FONT_SIZE + 4
    size = (screen.columns * width + 2 * _MARGIN, screen.lines * height + 2 * _MARGIN)
    image = Image.new("RGB", size, _COLOURS["background"])
    draw = ImageDraw.Draw(image)
    for row in range(screen.lines):
        for column in range(screen.columns):
            cell = screen.buffer[row][column]
            front, back = _colour(cell.fg), _colour(cell.bg, "background")
            if cell.reverse:
                front, back = back, front
            x, y = _MARGIN + column * width, _MARGIN + row * height
            draw.rectangle((x, y, x + width - 1, y + height - 1), fill=back)
            draw.text((x, y + 1), cell.data, font=font, fill=front)
            if cell.strikethrough:
                draw.line((x, y + height // 2, x + width - 1, y + height // 2), fill=front)
    x, y = _MARGIN + screen.cursor.x * width, _MARGIN + screen.cursor.y * height
    draw.rectangle((x, y, x + 1, y + height - 1), fill=_colour("default"))
    return image


def _colour(name: str, default: str = "default") -> tuple[int, ...]:
    """Return the RGB value of a pyte colour: a name, or six hexadecimal digits."""
    if name == "default":
        name = default
    if re.fullmatch(r"[0-9a-f]{6}", name):
        return ImageColor.getrgb(f"#{name}")
    return ImageColor.getrgb(_COLOURS.get(name, name.removeprefix("bright")))
