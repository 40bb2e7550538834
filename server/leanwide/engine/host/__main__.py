"""Starts a shared engine: ``python -m leanwide.engine.host DESCRIPTOR PATH IDLE_SECONDS``.

The process that a server starts ends at once, so that the server need not wait for its child; the
engine belongs to no terminal and no parent. It is a program of its own and no mere fork: macOS lets
a fork use neither Metal nor threads of its parent's libraries.
"""

from __future__ import annotations

import os
import signal
import sys

from leanwide import child


def main() -> None:
    """Run the engine in a session of its own, with the arguments given."""
    if os.fork():
        os._exit(0)
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    command = child.python("-m", "leanwide.engine.process.host", *sys.argv[1:])
    os.execv(command[0], command)  # noqa: S606  # this Python, and a module of our own


if __name__ == "__main__":
    main()
