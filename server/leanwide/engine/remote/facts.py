"""What a server is and can do: asked once for a connection."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from leanwide.engine.remote.errors import LONGER_CONTEXT
from leanwide.engine.specs import LaneInfo, LaneSpec, ModelInfo

TYPING_LANE: Final = "lean"
"""The lane that completes: it needs token ids."""


class ServerKind(enum.StrEnum):
    """The interface of a server, by what it takes."""

    LLAMA_SERVER = "llama-server"
    IDS = "OpenAI's interface with token ids"
    """``/v1/completions`` takes token ids, and ``/tokenize`` makes them: vLLM, SGLang."""
    TEXT_ONLY = "OpenAI's interface, text only"
    """``/v1/chat/completions`` takes conversations: Ollama, LM Studio."""


@frozen(kw_only=True)
class ServerFacts:
    """A server that answered, and its model."""

    kind: ServerKind
    software: str
    """Its name and version, as far as it says them; else ""."""
    model: ModelInfo
    context_tokens: int
    """Longest sequence, in tokens; 0: it does not say."""
    trained_tokens: int = 0
    """Longest sequence that the model was trained on, in tokens; 0: it does not say."""
    slots: int = 0
    """Prompts that it works on, or keeps, at the same time; 0: as many as fit its memory."""
    tells_slots: bool = False
    """It says which slots are busy."""
    heals: bool = False
    """It can make an answer begin with a text, which token healing needs."""

    def most_tokens(self, spec: LaneSpec) -> int:
        """Return the longest sequence of a lane, in tokens."""
        return min(spec.context_tokens, self.context_tokens or spec.context_tokens)

    def longer_context(self, wanted: int) -> str:
        """Return what to do for a context of so many tokens: no more than its model knows."""
        trained = self.trained_tokens
        if not trained:
            return f"{LONGER_CONTEXT}, as far as its model was trained on one"
        if trained <= self.context_tokens:
            return (
                f"its model was trained on {trained:,}, so lower context_tokens of the lane's "
                "modes, or serve another model"
            )
        return LONGER_CONTEXT + (f", {trained:,} at most for its model" if trained < wanted else "")

    def refusal(self, spec: LaneSpec, name: str) -> str:
        """Return why a lane cannot run there, and what to do; "" where it can."""
        if self.kind is not ServerKind.TEXT_ONLY or spec.name != TYPING_LANE:
            return ""
        return (
            f"{name} takes no token ids, which suggestions need: remove lanes.{spec.name}.url so "
            "that the lane runs on this machine, or name a llama-server, vLLM or SGLang there"
        )

    def lane(self, spec: LaneSpec, url: str, name: str) -> LaneInfo:
        """Return how a lane runs there."""
        tokens = self.most_tokens(spec)
        return LaneInfo(
            name=spec.name,
            experts=0,
            context_tokens=tokens,
            load_ms=0.0,
            notice=(
                f"{name} has a context of {tokens:,} tokens, and the {spec.name} lane "
                f"wants {spec.context_tokens:,}: {self.longer_context(spec.context_tokens)}"
            )
            if tokens < spec.context_tokens
            else "",
            model=self.model.name,
            sequences=self.slots or spec.sequences,
            url=url,
            server=self.words,
        )

    @property
    def words(self) -> str:
        """What it is and can do, in one line."""
        return ", ".join(self._words())

    def _words(self) -> Iterator[str]:
        yield f"{self.software} ({self.kind})" if self.software else str(self.kind)
        if self.slots:
            yield f"{self.slots} slots"
        yield f"{self.context_tokens:,} tokens" if self.context_tokens else "context not told"
        if self.kind is ServerKind.TEXT_ONLY:
            yield "questions only, tokens are estimated"
            return
        yield "completes" if self.model.fim else "no FIM"
        yield "token healing" if self.heals else "no token healing"
        if self.kind is ServerKind.LLAMA_SERVER and self.model.chat_template is None:
            yield "no chat template"
