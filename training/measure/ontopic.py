"""How many explanations of held-out functions speak of what the function is named after.

    python -m training.measure.ontopic --model FILE.gguf

The name itself, which stands in front of an explanation, does not count. Other functions than the
ten of the card, so that whoever chose a model by those can see what others say.
"""

import argparse
import ast
from pathlib import Path
from random import Random
from typing import Final

from training.data import heldout, pairs, sources, spoken
from training.measure import evaluate, metrics

FUNCTIONS: Final = 100


def speaks(answer: evaluate.Answer) -> bool:
    """Tell whether an answer is a sentence about the function's name, and ends."""
    function = ast.parse(answer.code).body[0]
    assert isinstance(function, spoken.Function)
    text = answer.answer.strip().removeprefix(pairs.headed(function, "").strip()).strip()
    return text.endswith(".") and spoken.speaks(text.replace(function.name, ""), function)


def others(files: list[sources.SourceFile], beside: set[str]) -> list[heldout.Function]:
    """Draw held-out functions that are not among those whose code is in `beside`."""
    held_out = [file for file in files if file.package.held_out]
    found = heldout.functions(held_out, FUNCTIONS + len(beside), Random(FUNCTIONS))
    return [function for function in found if function.code not in beside][:FUNCTIONS]


def main() -> None:
    """Print the share with its interval."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("training/out"))
    given = parser.parse_args()
    shown = {one.code for one in heldout.read_functions(given.data / "heldout.jsonl")}
    asked = others(sources.collect(sources.DISTRIBUTIONS), shown)
    answers = evaluate.explanations(given.model, evaluate.ASKED, asked)
    share = metrics.bootstrap([speaks(answer) for answer in answers])
    print(f"{share.mean:.0%} ({share.low:.0%} to {share.high:.0%}) of {len(answers)} functions")


if __name__ == "__main__":
    main()
