"""What is known of a server's KV cache without asking it."""

from __future__ import annotations

from itertools import takewhile

from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.remote.slots import PrefixCacheContents, SlotContents

PROMPTS = st.lists(st.integers(0, 2), max_size=12)


@given(held=st.dictionaries(st.integers(-1, 3), PROMPTS), prompt=PROMPTS)
def test_what_no_slot_begins_with_is_unread(held: dict[int, list[int]], prompt: list[int]):
    contents = SlotContents()
    for slot, tokens in held.items():
        contents.record(slot, [9])
        contents.record(slot, tokens)
    common = (
        len(list(takewhile(lambda pair: pair[0] == pair[1], zip(tokens, prompt, strict=False))))
        for tokens in held.values()
    )
    assert contents.unread(prompt) == len(prompt) - max(common, default=0)


@given(sent=st.lists(PROMPTS, max_size=16), prompt=PROMPTS)
def test_what_begins_no_prompt_that_was_sent_is_unread(sent: list[list[int]], prompt: list[int]):
    contents = PrefixCacheContents()
    for tokens in sent:
        contents.record(None, tokens)
    common = (
        len(list(takewhile(lambda pair: pair[0] == pair[1], zip(tokens, prompt, strict=False))))
        for tokens in sent
    )
    assert contents.unread(prompt) == len(prompt) - max(common, default=0)
