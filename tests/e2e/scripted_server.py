"""The server on stdio with the scripted engine: ``scripted_server.py ANSWERS``, a JSON list."""

from __future__ import annotations

import json
import sys

from leanwide.engine.scripted import ScriptedEngine
from leanwide.server import create_server

if __name__ == "__main__":
    engine = ScriptedEngine()
    engine.enqueue(*([answer] for answer in json.loads(sys.argv[1])))
    create_server(lambda _: engine).start_io()
