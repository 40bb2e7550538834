"""Pulls a model in a process of its own, for the server: it can be ended at any moment.

``python -m leanwide.models.pull_process hf:REPO/FILE`` writes messages on stdout, one JSON object a
line: :class:`PullReport` while it works, and at the end :class:`Pulled` or :class:`NotPulled`.
"""

from __future__ import annotations

import sys
import time
from typing import Final

import msgspec

from leanwide.models.pulling import PullError, Report, missing_library
from leanwide.models.registry import HubFile, resolve

_EVERY_S: Final = 0.2
"""Seconds between two reports of the same activity."""


class PullReport(msgspec.Struct, frozen=True, tag=True):
    """How far a pull is."""

    doing: str
    done: int
    total: int


class Pulled(msgspec.Struct, frozen=True, tag=True):
    """The file is complete and verified."""

    path: str


class NotPulled(msgspec.Struct, frozen=True, tag=True):
    """The pull failed; the reason is one sentence for the user."""

    reason: str


PullMessage = PullReport | Pulled | NotPulled


def main() -> None:
    """Pull the file that the argument names."""
    try:
        _say(_pull(resolve(sys.argv[1])))
    except PullError as error:
        _say(NotPulled(str(error)))


def _pull(source: HubFile) -> Pulled:
    try:
        from leanwide.models.pull import pull  # noqa: PLC0415  # an extra
    except ModuleNotFoundError as error:
        raise missing_library(error) from error
    return Pulled(str(pull(source, _reporter())))


def _reporter() -> Report:
    """Return what reports the beginning of each activity, and then a few times a second."""
    last = ("", 0.0)

    def report(doing: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if doing != last[0] or now - last[1] >= _EVERY_S or done == total:
            last = (doing, now)
            _say(PullReport(doing, done, total))

    return report


def _say(message: PullMessage) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
