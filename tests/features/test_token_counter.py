"""Token counts are exact, asked for once, and bounded."""

from __future__ import annotations

from collections.abc import Sequence

from leanwide.engine.scripted import ScriptedEngine
from leanwide.features.token_counter import TokenCounter


class Asked(ScriptedEngine):
    """An engine that notes what it counts; a letter is a token."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    async def count(self, lane: str, texts: Sequence[str]) -> list[int]:
        self.texts += texts
        return [len(text) for text in texts]


async def test_known_texts_are_not_asked_for_again_and_unknown_ones_count_their_bytes():
    engine = Asked()
    counter = TokenCounter(engine, "lean")
    await counter.learn(["über\n", "x", "über\n"])
    await counter.learn(["x"])
    assert engine.texts == ["über\n", "x"]
    assert counter("über\n") == 5
    assert counter("über\nÜber\nx") == 5 + 6 + 1


async def test_counts_in_use_stay_and_the_others_are_forgotten():
    engine = Asked()
    counter = TokenCounter(engine, "lean")
    await counter.learn(["kept", "forgotten"])
    for number in range(100):
        await counter.learn([f"{number} {line}" for line in range(100)])
        await counter.learn(["kept"])
    assert engine.texts.count("kept") == 1
    await counter.learn(["forgotten"])
    assert engine.texts.count("forgotten") == 2


async def test_a_text_longer_than_all_that_is_kept_is_counted_exactly():
    counter = TokenCounter(Asked(), "lean")
    lines = [f"ä{number}\n" for number in range(50_000)]
    await counter.learn(lines)
    assert counter("".join(lines)) == sum(map(len, lines))
