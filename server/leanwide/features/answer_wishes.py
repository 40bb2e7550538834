"""What a client asks of an answer, besides its prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from leanwide.engine.requests import Request


@frozen(kw_only=True)
class AnswerWishes:
    """Limits and sampling of a client. They narrow a budget and never widen it."""

    max_tokens: int | None = None
    """Most tokens of the answer; None leaves that to the budget, 0 only evaluates the prompt."""
    stops: tuple[str, ...] = ()
    """Texts that end the answer; they are not part of it."""
    sampling: Mapping[str, float | int] = {}
    """By the names of :class:`~leanwide.engine.requests.Sampling`, in place of the mode's own."""

    def applied(self, request: Request) -> Request:
        """Return a request as the client wishes it."""
        sampling: dict[str, Any] = dict(self.sampling)
        return evolve(
            request,
            max_tokens=self.most_of(request.max_tokens),
            stops=(*request.stops, *self.stops),
            sampling=evolve(request.sampling, **sampling),
        )

    def most_of(self, tokens: int) -> int:
        """Return a number of output tokens, narrowed to what the client asks for."""
        return tokens if self.max_tokens is None else min(self.max_tokens, tokens)

    def ended(self, text: str) -> str:
        """Return an answer up to the first of the texts that end it."""
        ends = (at for stop in self.stops if (at := text.find(stop)) >= 0)
        return text[: min(ends, default=len(text))]
