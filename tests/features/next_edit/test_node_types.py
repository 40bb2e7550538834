"""The node types are those of the grammars."""

from __future__ import annotations

import pytest

from leanwide.features.next_edit import node_types
from leanwide.syntax import languages

KINDS = {
    language.grammar().node_kind_for_id(number)
    for language in languages()
    for number in range(language.grammar().node_kind_count)
}


@pytest.mark.parametrize("name", [name for name in vars(node_types) if name.isupper()])
def test_every_type_is_in_a_grammar(name: str):
    assert set(getattr(node_types, name)) - KINDS == set()
