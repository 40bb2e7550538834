"""The program with scripted answers: ``scripted_program.py ANSWERS ARGUMENTS…``."""

from __future__ import annotations

import json
import sys

from leanwide.cli import compose, main
from leanwide.engine.scripted import ScriptedEngine

if __name__ == "__main__":
    answers = json.loads(sys.argv.pop(1))
    engine = ScriptedEngine()
    engine.enqueue(*([answer] for answer in answers))
    setattr(compose, "EngineClient", lambda _: engine)  # noqa: B010  # no such attribute to mypy
    main()
