"""Measures how many explanations of held-out functions mention the words of the function's name.

    python -m training.measure.ontopic --model FILE.gguf

The name itself, which stands in front of an explanation, does not count. The functions are other
ones than the card's ten, by which models were chosen.
"""

from __future__ import annotations

import argparse
import ast
from pathlib import Path
from random import Random
from typing import Final

from training.data import heldout, pairs, sources, spoken
from training.measure import evaluate, metrics

FUNCTIONS: Final = 100


def speaks(answer: evaluate.Answer) -> bool:
    """Whether an answer is a complete sentence that mentions the words of the function's name."""
    function = ast.parse(answer.code).body[0]
    assert isinstance(function, spoken.Function)
    text = answer.answer.strip().removeprefix(pairs.headed(function, "").strip()).strip()
    return text.endswith(".") and spoken.speaks(text.replace(function.name, ""), function)


def others(files: list[sources.SourceFile], known: set[str]) -> list[heldout.Function]:
    """Draw held-out functions whose code is not in ``known``."""
    held_out = [file for file in files if file.package.held_out]
    found = heldout.functions(held_out, FUNCTIONS + len(known), Random(FUNCTIONS))
    return [function for function in found if function.code not in known][:FUNCTIONS]


def main() -> None:
    """Print the share with its interval."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("training/out"))
    given = parser.parse_args()
    functions = heldout.read_functions(given.data / "heldout.jsonl")
    shown = {function.code for function in functions}
    asked = others(sources.collect(sources.DISTRIBUTIONS), shown)
    answers = evaluate.explanations(given.model, evaluate.ASKED, asked)
    share = metrics.bootstrap([speaks(answer) for answer in answers])
    print(f"{share.mean:.0%} ({share.low:.0%} to {share.high:.0%}) of {len(answers)} functions")


if __name__ == "__main__":
    main()
