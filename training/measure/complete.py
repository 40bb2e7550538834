"""Completes one line with a model file through llama.cpp.

python -m training.measure.complete --model server/leanwide/models/embedded/leanwide-embedded.gguf
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from training.data import layout
from training.data.holes import Hole
from training.measure.llama import SERVED, Load, Runner

CURSOR: Final = "‸"
EXAMPLE: Final = Hole(
    "line",
    'import os\nfrom pathlib import Path\n\n\ndef read_text(path):\n    """Read a file."""\n',
    "    with open(",
    "\n\n\ndef write(path, text):\n    with open(path, 'w') as file:\n        file.write(text)\n",
)


def example(model: Path, experts: int) -> str:
    """Return the completed example with ``CURSOR`` at the cursor."""
    load = Load(experts=experts, context=512, threads=2, precision=SERVED)
    with Runner(model, load) as runner:
        prompt = layout.infill_prompt("example.py", (), EXAMPLE, runner.encode)
        made = runner.complete(prompt, EXAMPLE.middle, "path) as file:", 32)
    return f"{EXAMPLE.middle}{CURSOR}{made.text}"


def main() -> None:
    """Print the completion of one example at a given expert count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--experts", type=int, default=2)
    given = parser.parse_args()
    print(example(given.model, given.experts))


if __name__ == "__main__":
    main()
