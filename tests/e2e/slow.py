"""The program with an engine as slow as a large model on a laptop, whatever the machine.

The embedded model runs as it is; before each step the engine waits for as long as a slow machine
would take. It can be broken off meanwhile, as a step itself can.
"""

from __future__ import annotations

import sys
from typing import Final

PROMPT_PER_SECOND: Final = 60
"""Tokens of a prompt."""
ANSWER_PER_SECOND: Final = 13
"""Tokens of an answer."""

_WORKER: Final = f"""
import time
from leanwide.engine.process import llama_context
from leanwide.engine.process.worker import main

usual_start, usual_step = llama_context.Context.__init__, llama_context.Context.decode

def start(self, model, vocabulary, params, abort):
    usual_start(self, model, vocabulary, params, abort)
    self.broken_off = abort

def step(self, tokens, position, sequence, outputs=1):
    speed = {PROMPT_PER_SECOND} if len(tokens) > 1 else {ANSWER_PER_SECOND}
    end = time.monotonic() + len(tokens) / speed
    while time.monotonic() < end:
        if self.broken_off():
            return llama_context.Decoded.ABORTED
        time.sleep(0.005)
    return usual_step(self, tokens, position, sequence, outputs)

llama_context.Context.__init__, llama_context.Context.decode = start, step
main()
"""

_SERVER: Final = f"""
from leanwide import child
from leanwide.cli import main

usual = child.python

def python(*arguments):
    if arguments == ("-m", "leanwide.engine.process.worker"):
        return usual("-c", {_WORKER!r})
    return usual(*arguments)

child.python = python
main()
"""

SLOW: Final = (sys.executable, "-P", "-c", _SERVER, "serve")
"""The command of the server."""
