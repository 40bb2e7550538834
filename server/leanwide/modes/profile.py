"""Modes and what they may spend."""

from __future__ import annotations

import enum

from attrs import field, frozen
from attrs.validators import ge, in_, le


class Mode(enum.StrEnum):
    """What kind of work a request is."""

    CODE = "code"
    """Completions while somebody types."""
    THINK = "think"
    """Explain, refactor, document, write tests, fix."""
    DIALOG = "dialog"
    """Chat."""


LEAN = "lean"
"""The lane with few experts and a small context."""
WIDE = "wide"
"""The lane with more experts and a long context."""


@frozen(kw_only=True)
class Profile:
    """Everything a mode may spend. No field has a default: ``configs/default.toml`` states all."""

    lane: str = field(validator=in_((LEAN, WIDE)))
    """Which lane runs the mode: ``lean`` or ``wide``."""
    context_tokens: int = field(validator=[ge(64), le(1_048_576)])
    """Most prompt tokens."""
    output_tokens: int = field(validator=[ge(1), le(131_072)])
    """Most tokens of an answer, thinking not counted."""
    thinking_tokens: int = field(validator=[ge(0), le(131_072)])
    """Most tokens of thinking, for models that think; 0 asks them not to."""
    temperature: float = field(validator=[ge(0.0), le(2.0)])
    """0 is greedy."""
    top_k: int = field(validator=ge(0))
    """Only the likeliest so many tokens are drawn from; 0 is all. Unused when greedy."""
    top_p: float = field(validator=[ge(0.0), le(1.0)])
    """Only the likeliest tokens of this share of probability are drawn from."""
    deadline_ms: float = field(validator=ge(1.0))
    """How long an answer may grow, in milliseconds from its first token on; what is there then is
    shown. A completion goes on behind it. A prompt is as long as can be read in that time."""


@frozen(kw_only=True)
class Budget:
    """What one request may spend: a profile, narrowed for the task."""

    context_tokens: int
    output_tokens: int
    deadline_ms: float
    thinking_tokens: int = 0

    @property
    def thinking_ms(self) -> float:
        """Share of the deadline that thinking may take: its share of the tokens."""
        return self.deadline_ms * self.thinking_tokens / (self.thinking_tokens + self.output_tokens)


@frozen(kw_only=True)
class Decision:
    """What the router chose for a request, and why."""

    mode: Mode
    lane: str
    budget: Budget
    reason: str
    """One sentence for the user."""
