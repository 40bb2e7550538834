"""Writes the model card: facts from the run, figures from the evaluation, no adjectives.

python -m training.measure.card --docs docs
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

import torch

from training.corpus import archives, licences, store
from training.corpus.store import Entry
from training.data import heldout
from training.measure import reports
from training.model import curves
from training.model.qwen3moe import Shape

MAIN: Final = "python"
"""The language whose figures the card shows in full."""
TEMPLATE: Final = Path(__file__).with_name("card.md")


def write(data: Path, run: Path, docs: Path, record: Path) -> None:
    """Write the card with its pictures into ``docs``, and the licence record to ``record``."""
    record.write_text(licences.as_tsv(_entries(data)))
    results = json.loads((data / "evaluation.json").read_text())
    images = docs / "img"
    images.mkdir(parents=True, exist_ok=True)
    curves.draw(run / "log.csv", images / "embedded-training.png")
    curves.by_experts(results["languages"][MAIN]["experts"], images / "embedded-experts.png")
    text = TEMPLATE.read_text()
    for name, value in facts(results, data, run).items():
        text = text.replace(f"{{{{{name}}}}}", value)
    (docs / "embedded-model.md").write_text(text)


def facts(results: dict[str, Any], data: Path, run: Path) -> dict[str, str]:
    """Return every value of the template, by name."""
    entries = _entries(data)
    learned = [entry for entry in entries if not entry.package.held_out]
    main = results["languages"][MAIN]
    shape = Shape(**torch.load(run / "checkpoint.pt", weights_only=True)["shape"])
    last = curves.read_log(run / "log.csv")[-1]
    verbatim = results["memory"]
    return {
        "megabytes": f"{results['megabytes']:.1f}",
        "cases": str(main["cases"]),
        "figures": reports.by_experts(main, results["tokens_per_second"]),
        "by_language": reports.by_language(results),
        "elasticity": elasticity(main["experts"], shape.nominal_experts),
        "explanations": "\n".join(
            explanation(row) for row in results["explanations"] if row["language"] == MAIN
        ),
        "packages": str(len(learned)),
        "characters": f"{sum(sum(e.characters.values()) for e in learned) / 1e6:.0f}",
        "held_out": ", ".join(e.package.name for e in entries if e.package.held_out),
        "tokens": f"{int(last['tokens']) / 1e6:.1f}",
        "steps": last["step"],
        "minutes": f"{float(last['seconds']) / 60:.0f}",
        "balance": f"{float(last['balance']):.2f}",
        "texts": str(verbatim["texts"]),
        "verbatim": ", ".join(
            f"{share:.1%} in runs of {length} or more"
            for length, share in verbatim["covered"].items()
        ),
        "whole": f"{verbatim['whole']:.1%}",
        "first": f"{results['first_completion_s']:.1f}",
        "parameters": f"{parameters(shape) / 1e6:.1f}",
        "layers": str(shape.layers),
        "window": f"{heldout.WINDOW.before} and {heldout.WINDOW.after}",
        "max_bytes": f"{archives.MAX_BYTES // 1000}",
    }


def elasticity(experts: dict[str, Any], nominal: int) -> str:
    """Return a sentence with the NLL of other expert counts against the nominal one."""
    base = experts[str(nominal)]["nll"]["mean"]
    others = (count for count in experts if count != str(nominal))
    changes = (f"{n}: {experts[n]['nll']['mean'] / base - 1:+.1%}" for n in others)
    return f"NLL against the nominal {nominal} experts: {', '.join(changes)}."


def explanation(row: dict[str, str]) -> str:
    """Return one function with its author's and the model's explanation, in Markdown."""
    answer = "\n".join(f"> {line}" for line in row["answer"].strip().splitlines()) or "> (nothing)"
    return (
        f"`{row['path']}`\n\n```{row['language']}\n{row['code']}\n```\n\n"
        f"Author: {row['docstring']}\n\nModel:\n\n{answer}\n"
    )


def parameters(shape: Shape) -> int:
    """Return the number of weights: embedding and head, attention, experts, norms."""
    head = shape.head_size
    attention = shape.hidden * head * (2 * shape.heads + 2 * shape.kv_heads) + 2 * head
    experts = shape.experts * shape.hidden * (3 * shape.expert_size + 1)
    layer = attention + experts + 2 * shape.hidden
    return 2 * shape.vocabulary * shape.hidden + shape.layers * layer + shape.hidden


def _entries(data: Path) -> list[Entry]:
    return store.entries(data / "packages.json")


def main() -> None:
    """Read the arguments and write the card."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("training/out"))
    parser.add_argument("--run", type=Path, default=Path("training/out/run"))
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    parser.add_argument("--record", type=Path, default=Path("training/sources.tsv"))
    given = parser.parse_args()
    write(given.data, given.run, given.docs, given.record)


if __name__ == "__main__":
    main()
