"""Measures how many explanations of held-out functions mention the words of the function's name.

    python -m training.measure.ontopic --model FILE.gguf

The name itself, which stands in front of an explanation, does not count. The functions are other
ones than the card's ten, by which models were chosen.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from random import Random
from typing import Final

from training.corpus import store
from training.corpus.languages import LANGUAGES
from training.data import evaluation_set, heldout, pairs, spoken
from training.measure import evaluate, metrics

FUNCTIONS: Final = 100


def speaks(answer: evaluate.Answer) -> bool:
    """Whether an answer is a complete sentence that mentions the words of the function's name."""
    head = pairs.headed(answer.name, "").strip()
    text = answer.answer.strip().removeprefix(head).strip()
    return text.endswith(".") and spoken.speaks(text.replace(answer.name, ""), answer.name)


def others(files: Path, language: str, known: set[str]) -> list[evaluation_set.Function]:
    """Draw held-out functions of a language whose code is not in ``known``."""
    held_out = [entry.package for entry in store.index(files) if entry.package.held_out]
    own = [f for package in held_out for f in store.read(files, package) if f.language == language]
    found = heldout.draw_functions(own, FUNCTIONS + len(known), Random(FUNCTIONS))
    return [function for function in found if function.code not in known][:FUNCTIONS]


def main() -> None:
    """Print the share with its interval, for each language that has functions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("training/out"))
    parser.add_argument("--files", type=Path, default=Path("training/out/files"))
    parser.add_argument("--language", choices=LANGUAGES, nargs="+", default=list(LANGUAGES))
    given = parser.parse_args()
    shown = {function.code for function in evaluation_set.read_functions(given.data)}
    for language in given.language:
        asked = others(given.files, language, shown)
        if not asked:
            continue
        answers = evaluate.explanations(given.model, evaluate.ASKED, asked)
        share = metrics.bootstrap([speaks(answer) for answer in answers])
        of = f"{len(answers)} functions in {language}"
        print(f"{share.mean:.0%} ({share.low:.0%} to {share.high:.0%}) of {of}")


if __name__ == "__main__":
    main()
