"""The engine's interface: requests, their results, and errors.

It speaks of tokens, text pieces and numbers, not of documents, modes or LSP. Features depend on
this module only, so the engine can be a llama.cpp process, a remote server or the scripted fake.
"""

from __future__ import annotations

import enum
import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from attrs import frozen

from leanwide.models.answer_marks import AnswerMarks
from leanwide.models.limits import ExpertWidth
from leanwide.models.memory import KvType
from leanwide.models.residency import ResidencyChoice, ResidencySetting


@frozen
class Markup:
    """Text of a chat template, in which special tokens are recognised."""

    text: str


Prompt = tuple[str | int | Markup, ...]
"""Pieces in order, each tokenized on its own: text, in which no special token is recognised; the id
of a special token; or markup."""


Draft = str | tuple[int, ...]
"""What an answer may repeat: text, in which no special token is recognised; or token ids."""


class EngineError(Exception):
    """The engine cannot serve a request; the message is one sentence for the user."""


class NotLoadedError(EngineError):
    """No model is loaded now: it is loading, or the engine is restarting."""

    def __init__(self) -> None:
        super().__init__("no model is loaded")


class Priority(enum.IntEnum):
    """The order of queued requests: the lowest number runs first."""

    INTERACTIVE = 0
    """A completion: the user is typing."""
    COMMAND = 1
    """A question or an edit: the user watches the answer arrive."""
    BACKGROUND = 2
    """A prefetch: the user does not wait for it."""

    def goes_before(self, earlier: Priority) -> bool:
        """Whether a request goes before an earlier one of priority ``earlier``.

        The newest completion goes first: older ones are superseded.
        """
        return self < earlier or self is Priority.INTERACTIVE


class FinishReason(enum.StrEnum):
    """Why a generation ended."""

    END = "end"
    """The model ended it with an end-of-generation token or a marker."""
    STOP = "stop"
    """One of the request's stop texts appeared."""
    LENGTH = "length"
    """The token budget is used up."""
    DEADLINE = "deadline"
    """The time budget is used up."""
    CANCELLED = "cancelled"
    """The caller cancelled it."""


class EngineState(enum.StrEnum):
    """The engine's state, in the words of the ``leanwide/status`` notification."""

    STARTING = "starting"
    LOADING = "loading"
    IDLE = "idle"
    BUSY = "busy"
    DEGRADED = "degraded"
    FAILED = "failed"


@frozen(kw_only=True)
class FimTokens:
    """Ids of the FIM markers in the model's vocabulary."""

    prefix: int
    suffix: int
    middle: int
    file_separator: int | None
    """Precedes each related file; None if the model has no such token."""


@frozen(kw_only=True)
class LaneSpec:
    """One way to run the weights: a model handle with its expert count, plus a KV cache."""

    name: str
    experts: int | ExpertWidth
    """Active experts per token; ignored by dense models."""
    context_tokens: int
    """Longest sequence, prompt and answer together, in tokens."""
    sequences: int
    """Prompts that stay in the KV cache, so that returning to one is free."""


@frozen(kw_only=True)
class StateSaving:
    """Where and how much of the KV cache is saved to disk."""

    folder: Path
    max_bytes: int
    """Of all files together; 0: nothing is saved, and existing files are removed."""


@frozen(kw_only=True)
class EngineSpec:
    """What the engine process needs to load a model, from the user's settings or defaults."""

    model_path: Path
    lanes: tuple[LaneSpec, ...]
    threads: int
    """Most threads, for decoding and for prefill."""
    batch_tokens: int
    """Most prompt tokens in one call of ``llama_decode``."""
    use_mmap: bool
    """Map the file instead of reading it: lanes then share its pages."""
    use_extra_bufts: bool
    """Repack the weights into private memory: lanes then share nothing."""
    gpu_layers: int | None
    """Layers in GPU memory; 0 is CPU only, -1 all; None: as many as fit."""
    cpu_expert_layers: int | None = None
    """Layers on a GPU whose experts stay in memory, the first ones; None: as few as fit."""
    residency: ResidencySetting = ResidencySetting.AUTO
    """How the lanes hold the weights."""
    flash_attention: bool | None = None
    """Compute attention without keeping its scores; None: only with layers on a GPU."""
    kv_type: KvType = KvType.F16
    """The type of the KV cache; any but f16 needs flash attention, and switches it on."""
    frees_weights: bool = False
    """Free the weights with their last lane: this model is not needed all the time."""
    saving: StateSaving | None = None
    """None: no state is saved to disk or restored from it."""

    @property
    def keeps_scores(self) -> bool:
        """Whether attention keeps its scores, which takes memory for every head."""
        if self.kv_type is not KvType.F16:
            return False
        if self.flash_attention is None:
            return self.gpu_layers == 0
        return not self.flash_attention

    @property
    def one_handle(self) -> bool:
        """Whether the weights are loaded again for another expert count."""
        return self.residency is ResidencySetting.SWAP

    @property
    def abortable(self) -> bool:
        """Whether a computation can be aborted: llama.cpp asks between the steps of a CPU.

        Where experts are in memory it asks in each of their layers; the layers after them are on a
        GPU and take less time than the rest.
        """
        return self.gpu_layers == 0 or self.cpu_expert_layers != 0


@frozen(kw_only=True)
class ModelInfo:
    """A loaded model."""

    name: str
    path: Path
    size_bytes: int
    experts: int
    """Experts per layer; 0 for a dense model."""
    fim: FimTokens | None
    """None if the vocabulary has no FIM markers."""
    chat_template: str | None
    """The model's own Jinja template; untrusted text."""
    bos_text: str = ""
    """The beginning-of-sequence token as a chat template writes it."""
    eos_text: str = ""
    """The end-of-sequence token as a chat template writes it."""
    spelt_markers: tuple[str, ...] = ()
    """Markers of the chat template that are no tokens: the model can only spell them as text."""
    sampling: Mapping[str, float | int] = {}
    """What its authors recommend, by the names of :class:`Sampling`; empty: nothing."""
    languages: tuple[str, ...] = ()
    """Languages that the model was trained for, as LSP language ids or names; empty: all."""
    residency: ResidencyChoice | None = None
    """How the lanes hold the weights; None where the engine does not say."""


@frozen(kw_only=True)
class LaneInfo:
    """An open lane, as llama.cpp runs it."""

    name: str
    experts: int
    """Active experts as llama.cpp reports them; 0 for a dense model."""
    context_tokens: int
    load_ms: float
    notice: str
    """One sentence where the lane differs from its :class:`LaneSpec`; else empty."""
    model: str = ""
    """The name of its model."""
    sequences: int = 1
    """Prompts that its KV cache holds."""
    predicted_bytes: int = 0
    """Most memory besides the weights, predicted from the model's header."""
    measured_bytes: int = 0
    """Memory besides the weights that llama.cpp allocated when the lane was opened; its KV cache
    grows with use, up to the prediction. 0 where llama.cpp does not report it."""


@frozen(kw_only=True)
class Sampling:
    """How the next token is chosen. Temperature 0 is greedy and ignores top_k, top_p and seed."""

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    """Tokens below this share of the likeliest token's probability are left out; 0: none."""
    seed: int = 0
    repeat_penalty: float = 1.0
    """llama.cpp's penalty for repeated tokens; 1 is none."""
    penalty_tokens: int = 0
    """How many of the last generated tokens count as repeated."""


GREEDY = Sampling()


@frozen(kw_only=True)
class Thinking:
    """How a model marks its thinking, and its budget."""

    marks: AnswerMarks
    """Recognised before the answer only, except for the one that ends it."""
    budget_tokens: int
    """Most tokens of thinking; then the engine inserts :attr:`conclusion`."""
    conclusion: str
    """Text that makes the model begin its answer; contains the mark that ends thinking."""
    begun: bool
    """The prompt ends inside the thinking: the chat template has opened it."""
    deadline_ms: float = math.inf
    """Most milliseconds of thinking, from the end of prefill; then the engine inserts
    :attr:`conclusion` as well."""


@frozen(kw_only=True)
class SaveRequest:
    """Asks to save the KV cache of a prompt, to restore it after a restart."""

    name: str
    """Letters and digits that name the file; replaces what was saved under the same name."""
    note: bytes = b""
    """Data of the caller, saved with it."""


@frozen(kw_only=True)
class Request:
    """One generation: a prompt, where to run it, and what it may spend."""

    lane: str
    prompt: Prompt
    priority: Priority
    max_tokens: int
    """Most tokens to generate, thinking not counted; 0 only evaluates the prompt (a warm-up)."""
    deadline_ms: float
    """Most milliseconds of generation, from the end of prefill. The length of the prompt decides
    how long prefill takes."""
    stops: tuple[str, ...] = ()
    """Texts that end the generation; they are not part of the answer."""
    sampling: Sampling = GREEDY
    heal: bool = False
    """Token healing: remove the prompt's last token and make the answer start with its bytes, so
    that a word cut by the cursor continues as the model would have written it."""
    thinking: Thinking | None = None
    """How the answer marks thinking; None: it has none."""
    drafts: tuple[Draft, ...] = ()
    """Texts that the answer is likely to repeat in part, the likeliest first: where it does, several
    of its tokens are evaluated at once. The answer is the same without."""
    truth: str = ""
    """The text that really follows the prompt: its probability is measured, nothing generated."""
    shared_prefix: bool = False
    """The prompt is the beginning of later prompts, which copy it. It stays unchanged in the KV
    cache; nothing is generated after it."""
    save: SaveRequest | None = None
    """Evaluate nothing; save what the KV cache holds of the prompt, where that is worth it. With an
    empty prompt, remove what was saved."""


@frozen(kw_only=True)
class Stats:
    """The cost of one generation."""

    lane: str
    experts: int
    tokens_evaluated: int
    """Prompt tokens that the model evaluated."""
    tokens_reused: int
    """Prompt tokens that the KV cache held."""
    tokens_generated: int
    """Thinking and answer."""
    queue_ms: float
    """From arrival in the engine to the first step."""
    prompt_ms: float
    decode_ms: float
    tokens_drafted: int = 0
    """Tokens of the request's drafts that were evaluated, because they might follow."""
    tokens_accepted: int = 0
    """Those of them that the model generated."""
    truth_tokens: int = 0
    """Tokens of the request's truth."""
    truth_nats: float = 0.0
    """Summed negative log probability of these tokens, in nats."""


@frozen
class Piece:
    """The next part of the answer's text."""

    text: str
    thought: bool = False
    """Part of the thinking, not of the answer."""
    special: bool = False
    """A single special token."""


@frozen
class Finished:
    """The last event of every generation."""

    reason: FinishReason
    stats: Stats


@frozen
class PrefillProgress:
    """How much of a prompt is evaluated, where that takes several steps."""

    tokens: int
    """Evaluated so far, or held by the KV cache."""
    of: int
    """All tokens of the prompt."""


ProgressCallback = Callable[[PrefillProgress], None]
"""Called during prefill."""


def ignore_progress(_: PrefillProgress) -> None:
    """Do nothing."""


class CancelToken:
    """A request to stop, set at most once and never reset; observers run at that moment."""

    def __init__(self) -> None:
        self._cancelled = False
        self._observers: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return self._cancelled

    def cancel(self) -> None:
        """Cancel the work. A second call does nothing."""
        if self._cancelled:
            return
        self._cancelled = True
        for observer in self._observers:
            observer()
        self._observers.clear()

    def on_cancel(self, observer: Callable[[], None]) -> None:
        """Call ``observer`` when the token is cancelled; now if it already is."""
        if self._cancelled:
            observer()
        else:
            self._observers.append(observer)


@frozen(kw_only=True)
class EngineStatus:
    """The engine's state."""

    state: EngineState
    reason: str = ""
    """One sentence about the state, or empty."""
    progress: float = 0.0
    """Share of the model loaded so far, 0 to 1, while loading."""
    recoveries: int = 0
    """How often the engine served a request again after failures."""


class Engine(Protocol):
    """Lanes on one model or several. Every generation ends with exactly one :class:`Finished`."""

    @property
    def status(self) -> EngineStatus:
        """The current state."""

    def model(self, lane: str) -> ModelInfo | None:
        """Return the model of a lane, if it is loaded."""

    @property
    def lanes(self) -> tuple[LaneInfo, ...]:
        """The lanes opened so far."""

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        """Call ``observer`` with every new status."""

    def start(self) -> None:
        """Begin to load the first lane's model, unless it is there. Returns at once.

        Where loading failed for good, does nothing until the model file changes.
        """

    async def ready(self, lane: str) -> ModelInfo:
        """Wait for a lane's model and return it; after a failure, load it once more.

        Raises:
            EngineError: The model cannot be loaded.
        """

    async def count(self, lane: str, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, for the model of a lane.

        Raises:
            EngineError: No model is loaded.
        """

    async def unread(self, lane: str, prompts: Sequence[Prompt]) -> list[int]:
        """Return how many tokens of each prompt are not in a lane's KV cache.

        Raises:
            EngineError: No model is loaded.
        """

    def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        """Stream the answer; ``watch`` is called during prefill.

        Raises:
            EngineError: The engine cannot serve the request, or died meanwhile.
        """

    def close_lane(self, name: str) -> None:
        """Free a lane's memory, unless it is busy; the next request opens it again."""

    async def memory_bytes(self) -> int:
        """Return the engine's memory, shared pages divided by their users; 0 if unknown."""

    async def close(self) -> None:
        """Stop the engine and everything it runs."""


async def finish(engine: Engine, request: Request, cancel: CancelToken | None = None) -> Finished:
    """Run a request to its end and drop its text.

    Raises:
        EngineError: The engine cannot serve the request, or died meanwhile.
    """
    end: Finished | None = None
    async for event in engine.generate(request, cancel or CancelToken()):
        if isinstance(event, Finished):
            end = event
    if end is None:
        raise EngineError("the engine ended without an answer")
    return end
