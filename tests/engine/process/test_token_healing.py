"""Token healing: the answer spells the removed bytes, then goes on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.process.token_healing import Healing, PieceIndex, taken_back

BYTES = [0, 0x61, 0xC3, 0xA9, 0xFE, 0xFF]
WORDS = st.lists(st.sampled_from(BYTES), max_size=3).map(bytes)
VOCABULARIES = st.lists(WORDS, min_size=1, max_size=40)
NEEDED = WORDS.filter(len)


def fits(piece: bytes, needed: bytes) -> bool:
    return piece != b"" and (piece.startswith(needed) or needed.startswith(piece))


@given(VOCABULARIES, NEEDED)
def test_the_candidates_are_all_tokens_that_spell_or_extend_the_bytes(pieces, needed):
    found = PieceIndex(pieces).candidates(needed).tolist()
    assert sorted(found) == [token for token, piece in enumerate(pieces) if fits(piece, needed)]


@given(VOCABULARIES, NEEDED, st.randoms(use_true_random=False))
def test_the_likeliest_fitting_token_wins(pieces, needed, random):
    logits = np.array([random.random() for _ in pieces], dtype=np.float32)
    chosen = Healing(PieceIndex(pieces), needed).choose(logits)
    fitting = [token for token, piece in enumerate(pieces) if fits(piece, needed)]
    likeliest = max((logits[token] for token in fitting), default=None)
    assert (None if chosen is None else logits[chosen]) == likeliest
    assert chosen is None or chosen in fitting


@given(NEEDED, st.randoms(use_true_random=False))
def test_the_generated_bytes_begin_with_the_needed_ones(needed, random):
    pieces = [bytes([byte]) for byte in BYTES] + [b"a\0", b"\xc3\xa9", b"\xff\xff", b"a\xc3\xa9a"]
    healing = Healing(PieceIndex(pieces), needed)
    spelt = answer = b""
    while healing.constrains:
        token = healing.choose(np.array([random.random() for _ in pieces], np.float32))
        assert token is not None
        piece = pieces[token]
        spelt += piece
        answer += healing.accept(piece)
    assert spelt == needed + answer


@pytest.mark.parametrize(
    ("needed", "piece", "answer", "left"),
    [
        (b"retu", b"return", b"rn", b""),
        (b"retu", b"re", b"", b"tu"),
        (b"retu", b"retu", b"", b""),
        ("é".encode()[:1], "é".encode(), "é".encode()[1:], b""),
        (b"", b"x", b"x", b""),
    ],
)
def test_an_accepted_piece_reduces_the_needed_bytes(needed, piece, answer, left):
    healing = Healing(PieceIndex([piece]), needed)
    assert (healing.accept(piece), healing.needed) == (answer, left)


def test_tokens_of_the_same_bytes_are_all_candidates():
    """Vocabularies made by SentencePiece have a byte token for each letter as well."""
    assert sorted(PieceIndex([b"a", b"a", b"ab", b"ab"]).candidates(b"ab")) == [0, 1, 2, 3]


def test_bytes_that_the_vocabulary_cannot_spell_have_no_token():
    assert Healing(PieceIndex([b"a", b""]), b"b").choose(np.zeros(2, np.float32)) is None


@given(VOCABULARIES, NEEDED)
def test_has_longer_finds_longer_tokens(pieces, start):
    longer = any(piece.startswith(start) and piece != start for piece in pieces)
    assert PieceIndex(pieces).has_longer(start) == longer


@pytest.mark.parametrize(
    ("pieces", "count"),
    [
        ([b"    ", b" ret", b"u"], 2),  # " return" is a token
        ([b"x", b"=", b"ret", b"ur"], 2),
        ([b" ret", b"urn"], 1),  # no token is longer
        ([b"a", b".", b"u"], 1),
        ([b" r", b"e", b"t", b"u"], 4),
        ([b" fo", b"o", b"ret", b"u"], 2),
        ([b"", b"ret", b"u"], 2),
        ([b"ret", b"", b"u"], 1),
        ([b"u"], 1),
    ],
)
def test_all_tokens_of_a_word_are_removed_that_may_begin_one_longer_token(pieces, count):
    index = PieceIndex([b" return", b"return", b" ret", b"ret", b"u", b"ur", b"us", b"", b" re"])
    assert taken_back(pieces, index) == count


@pytest.mark.parametrize(
    ("needed", "likeliest", "answer"),
    [
        (b"        ", [b"            ", b"        return", b"    "], b"        return"),
        (b"        ", [b"        ", b"    ", b"return"], b"        return"),
        (b"        ", [b"       ", b" return", b"return"], b"        return"),
        (b"        ", [b"        ", b" return", b"\n"], b"        \n"),
        (b" ", [b"  ", b" a", b"a"], b" a"),
        (b"\t", [b"\t\t", b"\t", b"\tx", b"x"], b"\tx"),
    ],
)
def test_no_blanks_are_added_to_those_before_the_cursor(needed, likeliest, answer):
    pieces = [*likeliest, b" ", b"        "]
    logits = -np.arange(len(pieces), dtype=np.float32)
    healing, spelt = Healing(PieceIndex(pieces), needed), b""
    while healing.constrains:
        token = healing.choose(logits)
        assert token is not None
        piece = pieces[token]
        healing.accept(piece)
        spelt += piece
    assert spelt == answer
