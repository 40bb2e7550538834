from __future__ import annotations

import pytest

from leanwide_bench.synthetic.shapes import SyntheticError
from leanwide_bench.synthetic.vocabulary import FIM_MARKERS, VocabularyOptions, vocabulary


@pytest.mark.parametrize("size", [265, 300, 1024, 151936])
def test_it_has_exactly_the_size_asked_for(size):
    words = vocabulary(size, VocabularyOptions())
    assert len(words.texts) == len(set(words.texts)) == size


def test_every_merge_makes_a_token_out_of_two_earlier_ones():
    words = vocabulary(2048, VocabularyOptions())
    ids = {text: token for token, text in enumerate(words.texts)}
    for merge in words.merges:
        left, right = merge.split(" ")
        assert max(ids[left], ids[right]) < ids[left + right]


def test_markers_have_the_ids_that_it_names():
    words = vocabulary(1024, VocabularyOptions())
    assert set(FIM_MARKERS.values()) < set(words.markers)
    assert all(words.texts[token] == text for text, token in words.markers.items())


def test_without_fim_no_marker_is_left_that_llama_cpp_could_guess():
    words = vocabulary(1024, VocabularyOptions(fim=False))
    assert not set(FIM_MARKERS.values()) & set(words.texts)
    assert len(words.texts) == 1024


def test_a_vocabulary_without_room_for_all_bytes_is_refused():
    with pytest.raises(SyntheticError, match="a vocabulary of 264 is too small: it needs 265"):
        vocabulary(264, VocabularyOptions())
