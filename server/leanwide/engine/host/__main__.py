"""Starts a shared engine: ``python -m leanwide.engine.host DESCRIPTOR PATH IDLE_SECONDS``.

The process that a server starts ends at once, so that the server need not wait for its child; the
engine belongs to no terminal and no parent. It is forked before threads exist and modules are
loaded that start some.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from pathlib import Path


def main() -> None:
    """Serve on an inherited socket, bound to a path, in a process of its own."""
    descriptor, path, idle_s = sys.argv[1:]
    if os.fork():
        os._exit(0)
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    from leanwide.engine.process import host  # noqa: PLC0415  # after the fork

    host.run(socket.socket(fileno=int(descriptor)), Path(path), float(idle_s))


if __name__ == "__main__":
    main()
