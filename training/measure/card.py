"""Writes the model card: facts from the run, figures from the evaluation, no adjectives.

python -m training.measure.card --docs docs
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any, Final

import torch

from training.data import heldout, licences, sources
from training.model import curves
from training.model.qwen3moe import Shape

FIGURES: Final = {
    "nll": ("NLL, nats per token", "{:.3f}"),
    "exact": ("line exact match", "{:.1%}"),
    "similarity": ("edit similarity", "{:.3f}"),
    "parses": ("parses after insert", "{:.1%}"),
    "stops": ("stops where it should", "{:.1%}"),
}
TEMPLATE: Final = Path(__file__).with_name("card.md")


def write(data: Path, run: Path, docs: Path, record: Path) -> None:
    """Write the card with its pictures into ``docs``, and the licence record to ``record``."""
    record.write_text(licences.as_tsv(_packages(data)))
    results = json.loads((data / "evaluation.json").read_text())
    images = docs / "img"
    images.mkdir(parents=True, exist_ok=True)
    curves.draw(run / "log.csv", images / "embedded-training.png")
    curves.by_experts(results["experts"], images / "embedded-experts.png")
    text = TEMPLATE.read_text()
    for name, value in facts(results, data, run).items():
        text = text.replace(f"{{{{{name}}}}}", value)
    (docs / "embedded-model.md").write_text(text)


def facts(results: dict[str, Any], data: Path, run: Path) -> dict[str, str]:
    """Return every value of the template, by name."""
    packages = _packages(data)
    learned = [package for package in packages if not package["held_out"]]
    shape = Shape(**torch.load(run / "checkpoint.pt", weights_only=True)["shape"])
    last = curves.read_log(run / "log.csv")[-1]
    verbatim = results["memory"]
    return {
        "megabytes": f"{results['megabytes']:.1f}",
        "cases": str(results["cases"]),
        "figures": figures(results),
        "elasticity": elasticity(results["experts"], shape.nominal_experts),
        "explanations": "\n".join(map(explanation, results["explanations"])),
        "packages": str(len(learned)),
        "characters": f"{sum(p['characters'] for p in learned) / 1e6:.0f}",
        "held_out": ", ".join(p["name"] for p in packages if p["held_out"]),
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
        "max_bytes": f"{sources.MAX_BYTES // 1000}",
    }


def figures(results: dict[str, Any]) -> str:
    """Return the table of figures: one row per expert count and baseline."""
    titles = ["", *(title for title, _ in FIGURES.values()), "decode tokens/s"]
    rows = [[f"{n} experts", *_cells(r), f"{r['tokens_per_second']:.0f}"]
            for n, r in results["experts"].items()]  # fmt: skip
    rows.append(["copy the most similar line", *_cells(results["copy"]), ""])
    rows.append(["5-gram", *_cells(results["ngram"]), ""])
    return _table(titles, rows)


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
        f"`{row['path']}`\n\n```python\n{row['code']}\n```\n\n"
        f"Author: {row['docstring']}\n\nModel:\n\n{answer}\n"
    )


def parameters(shape: Shape) -> int:
    """Return the number of weights: embedding and head, attention, experts, norms."""
    head = shape.head_size
    attention = shape.hidden * head * (2 * shape.heads + 2 * shape.kv_heads) + 2 * head
    experts = shape.experts * shape.hidden * (3 * shape.expert_size + 1)
    layer = attention + experts + 2 * shape.hidden
    return 2 * shape.vocabulary * shape.hidden + shape.layers * layer + shape.hidden


def _packages(data: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((data / "packages.json").read_text())
    return rows


def _cells(row: dict[str, Any]) -> list[str]:
    return [_cell(row[name], pattern) for name, (_, pattern) in FIGURES.items()]


def _cell(estimate: dict[str, float], pattern: str) -> str:
    mean, low, high = (estimate[key] for key in ("mean", "low", "high"))
    if math.isnan(mean):
        return "not defined"
    return f"{pattern.format(mean)} ({pattern.format(low)} to {pattern.format(high)})"


def _table(titles: list[str], rows: list[list[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


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
