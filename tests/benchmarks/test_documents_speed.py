"""The cost of a change of a document and of reading a model's header. Run with ``make bench``."""

from __future__ import annotations

from pathlib import Path

import attrs
import gguf
import pytest
from lsprotocol import types
from pygls.workspace import PositionCodec, TextDocument

from leanwide.engine.process.token_healing import PieceIndex
from leanwide.lsp.documents import OpenDocument
from leanwide.models.gguf import read_header
from leanwide_bench.synthetic.shapes import TINY
from leanwide_bench.synthetic.synthetic import Recipe, write
from leanwide_bench.synthetic.vocabulary import VocabularyOptions, vocabulary

LINES = 10_000
TEXT = "    value = self.compute(argument, other)  # naïve\n" * LINES
REAL_VOCABULARY = 151_936
"""Entries in the vocabulary of Qwen3-Coder-30B-A3B."""
SMALL_VOCABULARY = 2_000
"""Entries when this runs as a test, which only checks that it runs."""

ITEM = types.TextDocumentItem(uri="file:///a.py", language_id="python", version=1, text=TEXT)


def ours() -> TextDocument:
    return OpenDocument(TEXT, PositionCodec("utf-16"), ITEM)


def pygls() -> TextDocument:
    return TextDocument(ITEM.uri, TEXT, 1, position_codec=PositionCodec("utf-16"))


@pytest.mark.parametrize("make", [ours, pygls])
def test_one_typed_character_in_ten_thousand_lines(benchmark, make):
    place = types.Position(line=LINES // 2, character=12)
    change = types.TextDocumentContentChangePartial(
        range=types.Range(start=place, end=place), text="x"
    )
    document = make()
    benchmark.pedantic(document.apply_change, (change,), rounds=300, warmup_rounds=1)
    assert len(document.source) > len(TEXT)


def test_a_snapshot_of_ten_thousand_lines(benchmark):
    document = ours()
    assert len(benchmark(lambda: tuple(document.lines))) == LINES


@pytest.fixture(scope="module")
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with the vocabulary of a real one."""
    measuring = request.config.getoption("benchmark_enable")
    size = REAL_VOCABULARY if measuring else SMALL_VOCABULARY
    path = tmp_path_factory.mktemp("models") / "model.gguf"
    write(path, Recipe(shape=attrs.evolve(TINY, vocabulary=size)))
    return path


@pytest.mark.parametrize("read", [read_header, gguf.GGUFReader], ids=["ours", "gguf-py"])
def test_reading_the_header_of_a_model(benchmark, model, read):
    found = benchmark.pedantic(read, (model,), rounds=5)
    assert len(found.tensors) > 30


def test_sorting_a_vocabulary_for_healing(benchmark):
    words = vocabulary(SMALL_VOCABULARY, VocabularyOptions())
    pieces = [text.encode() for text in words.texts] * (REAL_VOCABULARY // SMALL_VOCABULARY)
    index = benchmark.pedantic(PieceIndex, (pieces,), rounds=3)
    assert index.candidates(b"v").size
