"""An answer that must not begin with a text begins in the likeliest other way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.process.other_beginning import AvoidedText, other_beginning
from leanwide.engine.requests import FinishReason
from tests.engine.make import run

PIECES = (b"", b" ", b"  ", b"a", b" a", b"ab", b"b", b"c", b" c", b"ac", b"abc", b"\n")
END = 0
CODE = "def area(width, height):\n    return width * height\n\n\ndef volume(width, height):\n    "


@given(st.data(), st.sampled_from([b"", b" "]), st.randoms(use_true_random=False))
def test_it_is_the_likeliest_one_of_all(data, healed, random):
    shared = data.draw(st.lists(st.sampled_from(range(3, 11)), min_size=1, max_size=4))
    tokens = (1, *shared) if healed else tuple(shared)
    text = AvoidedText(
        tokens=tokens, pieces=tuple(PIECES[token] for token in tokens), healed=healed
    )
    rows = [np.array([random.uniform(-4, 4) for _ in PIECES], dtype=np.float32) for _ in tokens]
    found = other_beginning(text, rows, PIECES.__getitem__, lambda token: token == END)
    others = [*beginnings(text), (END,)]
    best = max(others, key=lambda other: likelihood(other, rows))
    assert likelihood(tuple(found) or (END,), rows) == pytest.approx(likelihood(best, rows))
    assert tuple(found) in {*others[:-1], ()}


def beginnings(text):
    """Return all other beginnings: some of the text's tokens, then one that leaves it."""
    avoided = b"".join(text.pieces)
    for count in range(len(text.tokens)):
        before = b"".join(text.pieces[:count])
        for token, piece in enumerate(PIECES):
            said = before + piece
            repeats = avoided.startswith(said) or said.startswith(avoided)
            new = said[len(text.healed) :]
            indents = text.healed != b"" and len(before) < len(text.healed) and new[:1] == b" "
            if said.startswith(text.healed) and piece.strip() and not repeats and not indents:
                yield (*text.tokens[:count], token)


def likelihood(tokens, rows):
    """Return the log probability of tokens, each by the row at its place."""
    return sum(
        float(row[token]) - float(np.log(np.exp(row.astype(np.float64)).sum()))
        for row, token in zip(rows, tokens, strict=False)
    )


@pytest.mark.parametrize("heal", [False, True])
def test_a_lane_answers_otherwise_and_its_cache_stays_the_same(lane, heal):
    first, end = run(lane, CODE, max_tokens=8, heal=heal)
    line = first.split("\n")[0]
    assert line.strip()
    other, otherwise = run(lane, CODE, max_tokens=8, heal=heal, avoided=line)
    assert otherwise.stats.tokens_drafted > 0
    assert not other.startswith(line)
    assert other.strip()
    again, after = run(lane, CODE, max_tokens=8, heal=heal)
    assert again == first
    assert after.stats.tokens_evaluated <= end.stats.tokens_evaluated


def test_where_the_model_ends_at_once_there_is_no_answer(lane, lanes, monkeypatch):
    monkeypatch.setattr(lanes.model, "is_end", lambda _: True)
    text, end = run(lane, CODE, avoided="return width")
    assert (text, end.reason, end.stats.tokens_generated) == ("", FinishReason.END, 0)


def test_a_model_that_cannot_be_cut_leaves_the_text_at_its_first_token(lane, lanes, monkeypatch):
    first, _ = run(lane, CODE, max_tokens=8)
    monkeypatch.setattr(type(lane.kv), "longest_draft", 0)
    other, _ = run(lane, CODE, max_tokens=8, avoided=first)
    beginning = lanes.model.piece(lanes.model.tokenize(first)[0]).decode()
    assert other.strip()
    assert not other.startswith(beginning)
