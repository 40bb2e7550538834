"""The seam to the engine: what is asked, what comes back, what can go wrong.

Everything here is tokens, text pieces and numbers; the engine knows no documents, no modes and no
LSP. Features depend on this module only, so that a llama.cpp process, a remote server or the
scripted fake can stand behind it.
"""

from __future__ import annotations

import enum
import math
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Protocol

from attrs import field, frozen

from leanwide.models.limits import ExpertWidth


@frozen
class Markup:
    """Text of a chat template: what looks like a special token in it is one."""

    text: str


Prompt = tuple[str | int | Markup, ...]
"""Pieces in order, each tokenised on its own: text, in which nothing is a special token; the id of
a special token; or markup."""


class EngineError(Exception):
    """The engine cannot do what was asked; the message is one sentence for the user."""


class NotLoadedError(EngineError):
    """There is no model just now: it is being loaded, or the engine is being started again."""

    def __init__(self) -> None:
        super().__init__("no model is loaded")


class Priority(enum.IntEnum):
    """Who goes first when several requests wait. A lower number wins between steps."""

    INTERACTIVE = 0
    """Somebody is typing and looks at the cursor."""
    COMMAND = 1
    """Somebody asked a question and watches the answer arrive."""
    BACKGROUND = 2
    """Nobody waits: warming up a prompt."""

    def goes_before(self, earlier: Priority) -> bool:
        """Whether a request goes before one of ``earlier`` that came first.

        Of completions the newest goes first: older ones are stale.
        """
        return self < earlier or self is Priority.INTERACTIVE


class FinishReason(enum.StrEnum):
    """Why a generation ended."""

    END = "end"
    """The model ended it: an end-of-generation token or a marker."""
    STOP = "stop"
    """One of the request's stop texts appeared."""
    LENGTH = "length"
    """The token budget is spent."""
    DEADLINE = "deadline"
    """The time budget is spent."""
    CANCELLED = "cancelled"
    """The caller gave up."""


class EngineState(enum.StrEnum):
    """What the engine is doing, in the words of the ``leanwide/status`` notification."""

    STARTING = "starting"
    LOADING = "loading"
    IDLE = "idle"
    BUSY = "busy"
    DEGRADED = "degraded"
    FAILED = "failed"


@frozen(kw_only=True)
class FimTokens:
    """Ids of the fill-in-the-middle markers, read from the model's own vocabulary."""

    prefix: int
    suffix: int
    middle: int
    file_separator: int | None
    """Stands in front of each related file; None where the model has no such token."""


@frozen(kw_only=True)
class LaneSpec:
    """One way to run the weights: a model handle with its expert count, plus a KV cache."""

    name: str
    experts: int | ExpertWidth
    """Active experts per token. Ignored by dense models."""
    context_tokens: int
    """Longest sequence, prompt and answer together, in tokens."""
    sequences: int
    """How many prompts stay in the KV cache, so that going back to one costs nothing."""


@frozen(kw_only=True)
class StateSaving:
    """Where the KV cache of places outlives the engine."""

    folder: Path
    most_bytes: int
    """Of all files together; 0: nothing is kept, and what is there goes."""


@frozen(kw_only=True)
class EngineSpec:
    """Everything the engine process needs to load a model. Chosen by the user or by defaults."""

    model_path: Path
    lanes: tuple[LaneSpec, ...]
    threads: int
    """Threads for decoding and for prompts."""
    batch_tokens: int
    """Most prompt tokens in one call of llama_decode."""
    use_mmap: bool
    """Map the file instead of reading it: lanes then share their pages."""
    use_extra_bufts: bool
    """Repack weights into private memory; lanes then share nothing (design.md, lanes)."""
    gpu_layers: int
    """Layers kept in GPU memory; 0 is CPU only."""
    one_handle: bool = False
    """Keep one set of weights in memory, and load it anew for another expert count."""
    flash_attention: bool | None = None
    """Compute attention without keeping its scores; None: where layers are on a GPU."""
    saving: StateSaving | None = None
    """None: nothing is kept on disk, and nothing that is there is used."""

    @property
    def keeps_scores(self) -> bool:
        """Whether attention keeps its scores, which takes memory for each head."""
        if self.flash_attention is None:
            return self.gpu_layers == 0
        return not self.flash_attention


@frozen(kw_only=True)
class ModelInfo:
    """What is known of a model once it is loaded."""

    name: str
    architecture: str
    path: Path
    size_bytes: int
    layers: int
    experts: int
    """Experts per layer; 0 for a dense model."""
    trained_experts: int
    """Active experts the model was trained with; 0 for a dense model."""
    trained_context_tokens: int
    fim: FimTokens | None
    """None where the vocabulary has no fill-in-the-middle markers."""
    chat_template: str | None
    """The model's own Jinja template; untrusted text."""
    bos_text: str = ""
    """The beginning-of-sequence token as a chat template writes it."""
    eos_text: str = ""
    """The end-of-sequence token as a chat template writes it."""
    spelt_markers: tuple[str, ...] = ()
    """Markers of the chat template that are no tokens: this model can only spell them as text."""
    languages: tuple[str, ...] = ()
    """Languages that the model was trained for, by LSP's ids or by name; empty: all."""


@frozen(kw_only=True)
class LaneInfo:
    """A lane as it really runs, after llama.cpp opened it."""

    name: str
    experts: int
    """Active experts as llama.cpp reports them; 0 for a dense model."""
    context_tokens: int
    load_ms: float
    notice: str
    """One sentence where the lane differs from what was asked; else empty."""
    sequences: int = 1
    """Prompts that its KV cache keeps."""
    predicted_bytes: int = 0
    """Most memory beside the weights, as foretold from the model's header."""
    measured_bytes: int = 0
    """Memory beside the weights, as llama.cpp allocated it when the lane was opened; its KV cache
    grows with use, up to what was foretold. 0 where llama.cpp does not say."""


@frozen(kw_only=True)
class Sampling:
    """How the next token is chosen. Temperature 0 is greedy: no top_k, top_p and seed."""

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    repeat_penalty: float = 1.0
    """What makes tokens less likely that were said lately, as llama.cpp has it; 1 is nothing."""
    penalty_tokens: int = 0
    """How many of the last generated tokens were said lately."""


GREEDY = Sampling()


@frozen(kw_only=True)
class Thinking:
    """How a model marks its thinking, and how much of it is wanted."""

    opening: str
    """Text that begins it, such as ``<think>``; only at the start of an answer does it count."""
    closing: str
    """Text that ends it."""
    budget_tokens: int
    """Most tokens of thinking; then the engine says :attr:`conclusion` in the model's place."""
    conclusion: str
    """What makes the model come to its answer; holds :attr:`closing`."""
    begun: bool
    """The prompt ends inside the thinking: the chat template has opened it."""
    deadline_ms: float = math.inf
    """How long it may take, in milliseconds from the moment when the prompt is read; then, too, the
    engine says :attr:`conclusion`."""


@frozen(kw_only=True)
class SaveRequest:
    """A wish to find a prompt in the KV cache again, after a restart."""

    name: str
    """Letters and digits that name the place; what was kept under the name before goes."""
    note: bytes = b""
    """What the asker wants to find with it."""


@frozen(kw_only=True)
class Request:
    """One generation: a prompt, where to run it, and what it may spend."""

    lane: str
    prompt: Prompt
    priority: Priority
    max_tokens: int
    """Most tokens to generate, thinking not counted; 0 evaluates the prompt only (a warm-up)."""
    deadline_ms: float
    """How long the answer may grow, in milliseconds from the moment when the prompt is read. How
    long that takes is decided by who writes the prompt: by how much is put into it."""
    stops: tuple[str, ...] = ()
    """Texts that end the generation; they are not part of the answer."""
    sampling: Sampling = GREEDY
    heal: bool = False
    """Take the prompt's last token back and let the answer start with its bytes, so that a
    word cut by the cursor is continued as the model would have written it."""
    thinking: Thinking | None = None
    """What is thinking in the answer; None: all of it is answer."""
    truth: str = ""
    """What really follows the prompt: its probability is measured, and nothing is generated."""
    shared_prefix: bool = False
    """The prompt is the beginning of prompts to come. They copy it, and it stays in the KV cache as
    it is; nothing is generated behind it."""
    keep: SaveRequest | None = None
    """Nothing is evaluated: what the KV cache holds of the prompt is kept on disk, where that is
    worth it; with an empty prompt, what was kept goes."""


@frozen(kw_only=True)
class Stats:
    """What one generation cost."""

    lane: str
    experts: int
    tokens_evaluated: int
    """Prompt tokens that went through the model."""
    tokens_reused: int
    """Prompt tokens found in the KV cache."""
    tokens_generated: int
    """Thinking and answer together."""
    queue_ms: float
    """From arrival in the engine to the first step."""
    prompt_ms: float
    decode_ms: float
    tokens_thought: int = 0
    """Tokens of thinking among the generated ones."""
    truth_tokens: int = 0
    """Tokens of the request's truth."""
    truth_nats: float = 0.0
    """Negative log probability of all of them together, in nats."""


@frozen
class Piece:
    """Some text of the answer, in order."""

    text: str
    thought: bool = False
    """It belongs to the model's thinking, not to its answer."""
    special: bool = False
    """It is one token that the vocabulary keeps apart from text: markup, or a word of its own."""


@frozen
class Finished:
    """The end of every generation, exactly once."""

    reason: FinishReason
    stats: Stats


@frozen
class PrefillProgress:
    """How far a prompt is read that takes several steps."""

    tokens: int
    """Read so far, or found in the KV cache."""
    of: int


Watch = Callable[[PrefillProgress], None]
"""Told how far a prompt is read."""


def unwatched(_: PrefillProgress) -> None:
    """Nobody wants to know."""


class CancelToken:
    """A wish to stop, set once and never taken back; observers run at that moment."""

    def __init__(self) -> None:
        self._cancelled = False
        self._observers: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether somebody gave up on the work."""
        return self._cancelled

    def cancel(self) -> None:
        """Give up. A second call does nothing."""
        if self._cancelled:
            return
        self._cancelled = True
        for observer in self._observers:
            observer()
        self._observers.clear()

    def on_cancel(self, observer: Callable[[], None]) -> None:
        """Call ``observer`` when the token is cancelled, at once if it already is."""
        if self._cancelled:
            observer()
        else:
            self._observers.append(observer)


@frozen(kw_only=True)
class EngineStatus:
    """The engine's state and, where that needs one, a sentence about it."""

    state: EngineState
    reason: str = ""
    progress: float = field(default=0.0)
    """Share of the model loaded so far, 0 to 1, while loading."""
    recoveries: int = 0
    """How often the engine has served again after failures."""


class Engine(Protocol):
    """One model, several lanes. Every generation ends with exactly one :class:`Finished`."""

    @property
    def status(self) -> EngineStatus:
        """What the engine is doing now."""

    @property
    def model(self) -> ModelInfo | None:
        """The loaded model; None while there is none."""

    @property
    def lanes(self) -> tuple[LaneInfo, ...]:
        """The lanes opened so far."""

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        """Call ``observer`` with every change of the status."""

    def start(self) -> None:
        """Begin to load the model, unless that is under way or done. Returns at once.

        Where the last start failed for good, the next one waits until the model's file is another.
        """

    async def ready(self) -> ModelInfo:
        """Wait until the model is loaded; after a failure, it is tried once more.

        Raises:
            EngineError: The model cannot be loaded.
        """

    async def count(self, texts: Sequence[str]) -> list[int]:
        """Give the number of tokens of each text.

        Raises:
            EngineError: No model is loaded.
        """

    async def unread(self, lane: str, prompts: Sequence[Prompt]) -> list[int]:
        """Return how many tokens of each prompt are not in a lane's KV cache.

        Raises:
            EngineError: No model is loaded.
        """

    def generate(
        self, request: Request, cancel: CancelToken, watch: Watch = unwatched
    ) -> AsyncIterator[Piece | Finished]:
        """Stream the answer; ``watch`` is told meanwhile how far the prompt is read.

        Raises:
            EngineError: The engine cannot serve the request, or died while it did.
        """

    def close_lane(self, name: str) -> None:
        """Give a lane's memory back, unless it is at work; the next request opens it again."""

    async def memory_bytes(self) -> int:
        """Memory that the engine holds, shared pages by their share; 0 where nobody knows."""

    async def close(self) -> None:
        """End the engine and everything it runs."""


async def finish(engine: Engine, request: Request, cancel: CancelToken | None = None) -> Finished:
    """Run a request whose text nobody wants to its end.

    Raises:
        EngineError: The engine cannot serve the request, or died while it did.
    """
    end: Finished | None = None
    async for event in engine.generate(request, cancel or CancelToken()):
        if isinstance(event, Finished):
            end = event
    if end is None:
        raise EngineError("the engine ended without an answer")
    return end
