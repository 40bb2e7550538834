"""Prints text that every terminal can show, without control characters.

File names come from a workspace and answers from a model. Control characters in them could move the
cursor, set titles or write to the clipboard, so only the program's own are printed.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from typing import Any, Final, TextIO

import msgspec

_CONTROLS: Final = {
    code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"
}
"""Control characters, except line ends and tabs."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_RAW_IN_JSON: Final = re.compile(r"[\x7f-\x9f]")
"""Control characters that JSON does not escape."""


def prepare_streams() -> None:
    """Replace characters that the terminal's encoding cannot show or read, instead of failing.

    Python does so for stderr.
    """
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def leave_closed_pipe() -> None:
    """End the program, because the reader of its output is gone; write nothing more."""
    sink = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            os.dup2(sink, stream.fileno())
    sys.exit(1)


def say(text: str = "", end: str = "\n") -> None:
    """Print text on stdout."""
    _write(sys.stdout, plain(text) + end)


def note(text: str) -> None:
    """Print one line on stderr."""
    _write(sys.stderr, escaped(text) + "\n")


def complain(problem: object) -> None:
    """Print a problem on stderr, in one line."""
    note(f"leanwide: {problem}")


def say_json(data: Any) -> None:
    """Print one JSON object on stdout, in ASCII where the stream cannot encode its text."""
    try:
        text = msgspec.json.encode(data).decode()
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(data), separators=(",", ":"))
    _write(sys.stdout, _RAW_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def plain(text: str) -> str:
    """Return text without control characters, except line ends and tabs."""
    return text.translate(_CONTROLS)


def escaped(text: str) -> str:
    """Return text in one line, with control characters escaped as in Python."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def _write(stream: TextIO | None, text: str) -> None:
    if stream is not None:
        stream.write(text)
        stream.flush()
