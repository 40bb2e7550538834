"""Builds the training set from the stored files: tokenizer, held-out cases, samples, a table.

python -m training.data.dataset --tokens 40000000 --out training/out
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from tokenizers import Tokenizer
from tqdm import tqdm

from training.corpus import store
from training.corpus.store import Entry
from training.data import file_samples, heldout, package_samples, packed, shares, tables, tokenizer

TOKENIZER_CHARACTERS: Final = 30_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Size and composition of a training set."""

    tokens: int
    """Approximate size."""
    shares: dict[str, float] = field(default_factory=lambda: dict(shares.DEFAULT))
    """Share of the tokens by language; they are scaled to a sum of 1."""
    chat: float = file_samples.CHAT_SHARE
    """Share of the samples (0 to 1) that are instruction pairs."""
    seed: int = 1


def build(files: Path, out: Path, words: Tokenizer, wanted: Wanted) -> None:
    """Write tokenizer, samples, held-out cases, list of packages and table into ``out``."""
    out.mkdir(parents=True, exist_ok=True)
    entries = store.index(files)
    words.save(str(out / "tokenizer.json"))
    store.write_entries(entries, out / "packages.json")
    held_out = [entry.package for entry in entries if entry.package.held_out]
    heldout.write([f for package in held_out for f in store.read(files, package)], out, wanted.seed)
    counted = tables.Counted()
    packed.write(counted.passing(_drawn(entries, files, out, wanted)), out / "samples")
    (out / "languages.json").write_text(json.dumps(counted.rows(entries), indent=1))
    print(tables.as_text(counted.rows(entries)))


def learned(files: Path, vocabulary: int, wanted: Wanted) -> Tokenizer:
    """Learn a tokenizer of ``vocabulary`` tokens from packages that are not held out."""
    return tokenizer.learn(_balanced_text(files, wanted), vocabulary)


def _drawn(entries: list[Entry], files: Path, out: Path, wanted: Wanted) -> Iterator[packed.Drawn]:
    """Yield the samples of each package, in a random order of packages."""
    rates = shares.rates(_learned_from(entries), wanted.tokens, wanted.shares)
    jobs = [
        package_samples.Job(
            files,
            package,
            by_language,
            wanted.chat,
            out / "tokenizer.json",
            f"{wanted.seed}/{package.registry}/{package.name}",
        )
        for package, by_language in rates.items()
    ]
    Random(wanted.seed).shuffle(jobs)
    with ProcessPoolExecutor() as pool:
        yield from tqdm(pool.map(package_samples.draw, jobs), total=len(jobs), unit="package")


def _balanced_text(files: Path, wanted: Wanted) -> Iterator[str]:
    """Yield text for the tokenizer, languages and packages weighted as in training."""
    random = Random(wanted.seed)
    entries = _learned_from(store.index(files))
    portions = shares.portions(entries, TOKENIZER_CHARACTERS, wanted.shares)
    for package, by_language in portions.items():
        for file in store.read(files, package):
            if random.random() < by_language.get(file.language, 0.0):
                yield file.text


def _learned_from(entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if not entry.package.held_out]


def main() -> None:
    """Read the arguments and build the whole training set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=40_000_000)
    parser.add_argument(
        "--chat",
        type=float,
        default=file_samples.CHAT_SHARE,
        help="part of the samples that are instruction pairs",
    )
    parser.add_argument(
        "--share", nargs="+", default=[], help="shares of the tokens, as in python=0.3 go=0.1"
    )
    parser.add_argument("--vocabulary", type=int, default=tokenizer.VOCABULARY)
    parser.add_argument(
        "--tokenizer-of", type=Path, help="a GGUF whose tokenizer to take instead of a new one"
    )
    parser.add_argument(
        "--files", type=Path, default=Path("training/out/files"), help="training.corpus.gather's"
    )
    parser.add_argument("--out", type=Path, default=Path("training/out"))
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chosen = shares.parsed(given.share) or dict(shares.DEFAULT)
    wanted = Wanted(tokens=given.tokens, shares=chosen, chat=given.chat, seed=given.seed)
    words = (
        tokenizer.from_gguf(given.tokenizer_of)
        if given.tokenizer_of
        else learned(given.files, given.vocabulary, wanted)
    )
    build(given.files, given.out, words, wanted)


if __name__ == "__main__":
    main()
