"""The server on a port with scripted answers: ``-m tests.e2e.scripted_sessions ANSWERS GO TOKEN``.

They are a JSON list, a file whose coming ends every hold, and a file with the token.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from leanwide.cli.access import ListenAddress
from leanwide.cli.listening import serve_tcp
from leanwide.engine.shared_engine import SharedEngine
from leanwide.options import restrict_session
from leanwide.server import create_server
from tests.e2e.scripted_server import HoldingEngine

if __name__ == "__main__":
    _, answers, go, token_file = sys.argv
    engine = HoldingEngine(Path(go))
    engine.enqueue(*json.loads(answers))
    shared = SharedEngine(engine)
    code = serve_tcp(
        ListenAddress(("127.0.0.1",), 0),
        Path(token_file),
        shared,
        lambda: create_server(lambda _: shared.view(), restrict=restrict_session),
    )
    sys.exit(code)
