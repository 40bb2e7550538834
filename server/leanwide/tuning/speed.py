"""Compares engine variants (threads, batch size, flash attention) in short alternating runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import attrs
from attrs import frozen

from leanwide.engine.requests import CancelToken
from leanwide.engine.specs import ModelSpec
from leanwide.features.completion.complete import complete
from leanwide.features.completion.request import InlineRequest
from leanwide.tuning.deciding import Loss, PairedSample, loss
from leanwide.tuning.holes import Hole
from leanwide.tuning.trial import ON_REQUEST_ONLY, TrialBench, TrialSetting, evict_prompts

ROUNDS: Final = 12
"""Holes that every variant completes after the warm-up."""
_WARM_UP_ROUNDS: Final = 2
"""First rounds that do not count: thread counts are learned, and pages come into memory."""
_ANSWER_TOKENS: Final = 16
"""Tokens that every answer is scaled to, about the length of a suggestion."""
_MIN_ROUNDS: Final = 8
"""Rounds before a variant may be called faster."""
_MIN_GAIN: Final = 0.05
"""Smallest gain, as a share of the time, for which a setting is changed."""
_ERROR_PROBABILITY: Final = 0.05
"""Probability that any of the intervals is wrong."""


@frozen(kw_only=True)
class Variant:
    """One way to run the engine."""

    key: str
    """The setting that it changes, such as ``batch_tokens``."""
    value: int | str
    spec: ModelSpec


@frozen(kw_only=True)
class SpeedResult:
    """A variant compared with the engine as configured."""

    variant: Variant
    change: Loss
    """Change of the time for a suggestion at a new place."""

    @property
    def better(self) -> bool:
        """Whether it is certainly and noticeably faster."""
        return self.change.places >= _MIN_ROUNDS and self.change.high < -_MIN_GAIN


def variants(spec: ModelSpec, cores: int, most_threads: int) -> tuple[Variant, ...]:
    """Return the variants to compare with the engine as configured.

    Args:
        spec: The engine as configured.
        cores: Number of physical cores.
        most_threads: Number of threads that the processor runs at once.
    """
    threads = sorted({max(1, cores // 2), cores, most_threads} - {spec.threads})
    batches = sorted({64, 128, 256, 512} - {spec.batch_tokens})
    flash = spec.keeps_scores
    return (
        *(_variant(spec, "threads", count) for count in threads),
        *(_variant(spec, "batch_tokens", tokens) for tokens in batches),
        Variant(
            key="flash_attention",
            value="on" if flash else "off",
            spec=attrs.evolve(spec, flash_attention=flash),
        ),
    )


def _variant(spec: ModelSpec, key: str, value: int) -> Variant:
    changed = {"threads": spec.threads, "batch_tokens": spec.batch_tokens, key: value}
    return Variant(
        key=key,
        value=value,
        spec=attrs.evolve(spec, threads=changed["threads"], batch_tokens=changed["batch_tokens"]),
    )


async def measure_speed(
    asked: Sequence[Variant],
    setting: TrialSetting,
    holes: Sequence[Hole],
    bench: TrialBench,
    tell: Callable[[int], bool],
) -> tuple[SpeedResult, ...]:
    """Complete the same holes in every variant; return how much faster each one is.

    Args:
        asked: The variants to compare with the engine as configured.
        setting: Experts and context of all runs.
        holes: The first ones are used.
        bench: What all trials share.
        tell: Called with the number of each round before it; returns whether there is time for it.
    """
    quiet = attrs.evolve(bench, preferences=ON_REQUEST_ONLY)
    base = Variant(key="", value="", spec=bench.spec)
    everything = (base, *asked)
    times: dict[Variant, dict[str, PairedSample]] = {variant: {} for variant in everything}
    for number, hole in enumerate(holes[: ROUNDS + _WARM_UP_ROUNDS]):
        if not tell(number):
            break
        found = {}
        for variant in everything if number % 2 else reversed(everything):
            found[variant] = await _milliseconds(
                hole, setting, attrs.evolve(quiet, spec=variant.spec)
            )
        if number >= _WARM_UP_ROUNDS and all(found.values()):
            for variant, ms in found.items():
                times[variant][hole.id] = PairedSample(1, ms)
    error = _ERROR_PROBABILITY / max(1, len(asked))
    return tuple(
        SpeedResult(variant=variant, change=loss(times[variant], times[base], error))
        for variant in asked
    )


async def _milliseconds(hole: Hole, setting: TrialSetting, bench: TrialBench) -> float:
    """Return the time of a suggestion with an empty KV cache; 0 if there is no suggestion."""
    engine = await bench.engines.get(bench.model_spec(setting.experts))
    await evict_prompts(engine, bench)
    state = bench.new_state(engine, setting)
    await complete(InlineRequest(hole.view, by_hand=True), state, CancelToken())
    parts = state.session.journal.records  # several if the answer was cut and continued
    generated = sum(part.tokens_generated for part in parts)
    if not generated:
        return 0.0
    decode_ms = sum(part.ms["decode"] for part in parts)
    return parts[0].ms["prompt"] + decode_ms / generated * _ANSWER_TOKENS


def fastest(results: Sequence[SpeedResult]) -> tuple[SpeedResult, ...]:
    """Return the fastest variant of each setting that is worth changing."""
    chosen: dict[str, SpeedResult] = {}
    for result in results:
        known = chosen.get(result.variant.key)
        if result.better and (known is None or result.change.mean < known.change.mean):
            chosen[result.variant.key] = result
    return tuple(chosen.values())
