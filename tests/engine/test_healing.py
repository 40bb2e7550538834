"""Token healing: the answer spells the bytes that were taken back, then goes on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.healing import Healing, PieceIndex

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
def test_what_is_spelt_starts_with_the_bytes_and_the_answer_is_the_rest(needed, random):
    pieces = [bytes([byte]) for byte in BYTES] + [b"a\0", b"\xc3\xa9", b"\xff\xff", b"a\xc3\xa9a"]
    healing = Healing(PieceIndex(pieces), needed)
    spelt = answer = b""
    while healing.needed:
        piece = pieces[healing.choose(np.array([random.random() for _ in pieces], np.float32))]
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
def test_an_accepted_piece_pays_off_the_bytes(needed, piece, answer, left):
    healing = Healing(PieceIndex([piece]), needed)
    assert (healing.accept(piece), healing.needed) == (answer, left)


def test_tokens_of_the_same_bytes_are_all_candidates():
    """Vocabularies made by SentencePiece have a byte token beside each letter."""
    assert sorted(PieceIndex([b"a", b"a", b"ab", b"ab"]).candidates(b"ab")) == [0, 1, 2, 3]


def test_bytes_that_the_vocabulary_cannot_spell_have_no_token():
    assert Healing(PieceIndex([b"a", b""]), b"b").choose(np.zeros(2, np.float32)) is None
