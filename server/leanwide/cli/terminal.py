"""What the program says: text that every terminal can show, and that does nothing to one.

File names come from a workspace and answers from a model. Control characters in them could move the
cursor, set titles or write to the clipboard, so none is printed that is not the program's own.
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
"""What terminals act on, but for the ends of lines and tabs."""
_NOT_PLAIN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_RAW_IN_JSON: Final = re.compile(r"[\x7f-\x9f]")
"""What JSON lets stand as it is, and a terminal acts on."""


def prepare_streams() -> None:
    """See to it that no character can end the program, whatever the terminal's encoding is.

    What stdout cannot show, and what stdin cannot read, is replaced. Python takes care of stderr.
    """
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def leave_closed_pipe() -> None:
    """End the program after whoever read its output has gone: nothing is written any more."""
    sink = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            os.dup2(sink, stream.fileno())
    sys.exit(1)


def say(text: str = "", end: str = "\n") -> None:
    """Print text on stdout."""
    _write(sys.stdout, plain(text) + end)


def note(text: str) -> None:
    """Print one line on stderr, for whoever watches."""
    _write(sys.stderr, escaped(text) + "\n")


def complain(problem: object) -> None:
    """Say on stderr what is wrong, in one line."""
    note(f"leanwide: {problem}")


def say_json(data: Any) -> None:
    """Print one JSON object on stdout, in ASCII where the stream cannot hold its text."""
    try:
        text = msgspec.json.encode(data).decode()
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        text = json.dumps(msgspec.to_builtins(data), separators=(",", ":"))
    _write(sys.stdout, _RAW_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def plain(text: str) -> str:
    """Return text without control characters, but with the ends of its lines and its tabs."""
    return text.translate(_CONTROLS)


def escaped(text: str) -> str:
    """Return text in one line, control characters in it as Python writes them."""
    return _NOT_PLAIN.sub(lambda found: repr(found[0])[1:-1], text)


def _write(stream: TextIO | None, text: str) -> None:
    if stream is not None:
        stream.write(text)
        stream.flush()
