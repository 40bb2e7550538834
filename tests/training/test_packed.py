"""The training set on the disk, and the shares of languages in it."""

from __future__ import annotations

import numpy as np
import pytest
from training.corpus.languages import LANGUAGES
from training.corpus.packages import Package
from training.corpus.store import Entry
from training.data import packed, shares, tables
from training.data.packed import Drawn

GO, RUST = LANGUAGES.index("go"), LANGUAGES.index("rust")


def drawn(*rows: tuple[int, int]) -> Drawn:
    """Samples of one package, each as its language and its length."""
    lengths = np.array([length for _, length in rows])
    return Drawn(
        tokens=np.arange(lengths.sum(), dtype=np.uint16),
        lengths=lengths,
        answers=lengths - 1,
        languages=np.array([language for language, _ in rows], dtype=np.uint8),
        files={LANGUAGES[language]: 1 for language, _ in rows},
        characters={LANGUAGES[language]: 100 for language, _ in rows},
    )


def test_samples_come_back_from_several_files(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "TOKENS_PER_FILE", 4)

    packed.write([drawn((GO, 3), (RUST, 2)), drawn((GO, 4)), drawn((RUST, 1))], tmp_path)
    samples = packed.load(tmp_path)

    assert len(list(tmp_path.iterdir())) == 3
    assert [len(samples[number]) for number in range(len(samples))] == [3, 2, 4, 1]
    assert samples[1].tolist() == [3, 4]
    assert samples.answers.tolist() == [2, 1, 3, 0]
    assert samples.tokens_of("go").tolist() == [0, 1, 2, 0, 1, 2, 3]


def test_an_older_set_is_replaced_whole(tmp_path):
    packed.write([drawn((GO, 3)), drawn((GO, 2))], tmp_path)
    packed.write([drawn((RUST, 1))], tmp_path)

    assert len(packed.load(tmp_path)) == 1


def test_the_table_counts_what_passes():
    counted = tables.Counted()
    parts = [drawn((GO, 3), (RUST, 2)), drawn((GO, 4))]

    assert list(counted.passing(parts)) == parts

    go, rust = counted.rows([entry("held", {"go": 50}, held_out=True)])
    assert (go["packages"], go["files"], go["samples"], go["tokens"]) == (2, 2, 2, 7)
    assert (rust["packages"], rust["tokens"], rust["held-out packages"]) == (1, 2, 0)
    assert go["held-out packages"] == 1


def entry(name: str, characters: dict[str, int], *, held_out: bool = False) -> Entry:
    package = Package(registry="npm", name=name, version="1", licence="MIT", held_out=held_out)
    return Entry(package, dict.fromkeys(characters, 1), characters)


def test_languages_get_their_shares_whatever_their_sizes():
    entries = [entry("a", {"go": 4_000_000, "rust": 500_000}), entry("b", {"go": 1_000_000})]

    rates = shares.rates(entries, 100_000, {"go": 3.0, "rust": 1.0})

    tokens = {
        language: shares.TOKENS_PER_SAMPLE
        * sum(
            rates[entry.package].get(language, 0.0) * entry.characters.get(language, 0)
            for entry in entries
        )
        for language in ("go", "rust")
    }
    assert tokens == pytest.approx({"go": 75_000, "rust": 25_000})


def test_a_language_with_little_text_is_not_repeated():
    small = entry("a", {"go": 1_000})

    rates = shares.rates([small], 1_000_000, {"go": 1.0})

    assert rates[small.package]["go"] == shares.MOST_PER_CHARACTER


def test_shares_are_written_as_pairs():
    assert shares.parsed(["python=0.5", "go=2"]) == {"python": 0.5, "go": 2.0}
