"""An engine process that answers at once what needs no computing, and never anything else."""

from __future__ import annotations

import sys
from pathlib import Path

from leanwide.engine import wire
from leanwide.engine.specs import LaneInfo, ModelInfo

MODEL = ModelInfo(
    name="m", path=Path("m.gguf"), size_bytes=1, experts=0, fim=None, chat_template=""
)
LANE = LaneInfo(name="lean", experts=0, context_tokens=64, load_ms=0.0, notice="")


def main() -> None:
    """Serve the parent process on stdin and stdout."""
    while (message := wire.read_from_server(sys.stdin.buffer)) is not None:
        answer: wire.ToServer | None = None
        match message:
            case wire.StartEngine():
                answer = wire.LaneOpened(MODEL, LANE)
            case wire.Count():
                answer = wire.Failed(message.id, "no model is loaded")
        if answer is not None:
            sys.stdout.buffer.write(wire.frame(answer))
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
