"""What an engine is asked, and what it answers."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable

from attrs import frozen

from leanwide.models.answer_marks import AnswerMarks


@frozen
class Markup:
    """Text of a chat template, in which special tokens are recognised."""

    text: str


Prompt = tuple[str | int | Markup, ...]
"""Pieces in order, each tokenized on its own: text, in which no special token is recognised; the id
of a special token; or markup."""


Draft = str | tuple[int, ...]
"""What an answer may repeat: text, in which no special token is recognised; or token ids."""


class Priority(enum.IntEnum):
    """The order of queued requests: the lowest number runs first."""

    INTERACTIVE = 0
    """A completion: the user is typing."""
    COMMAND = 1
    """A question or an edit: the user watches the answer arrive."""
    SAVE = 2
    """A prompt's KV cache is written to disk, which takes less than a chunk of a prefill."""
    BACKGROUND = 3
    """A prefetch: the user does not wait for it."""

    @property
    def serves_user(self) -> bool:
        """Whether the user waits for it."""
        return self <= Priority.COMMAND

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
    avoided: str = ""
    """A text that the answer does not begin with: the likeliest other answer is generated, or none
    where the model likelier ends at once. A model at a server generates nothing."""
    thinking: Thinking | None = None
    """How the answer marks thinking; None: it has none."""
    drafts: tuple[Draft, ...] = ()
    """What the answer is likely to repeat in part, the likeliest first: where it does, several of
    its tokens are evaluated in one step. The answer is the same without, but for the rounding of
    sums, which depends on how many tokens a step has."""
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
    tokens_evaluated: int = 0
    """Prompt tokens that the model evaluated."""
    tokens_reused: int = 0
    """Prompt tokens that the KV cache held."""
    tokens_generated: int = 0
    """Thinking and answer."""
    queue_ms: float = 0.0
    """From arrival in the engine to the first step."""
    prompt_ms: float = 0.0
    decode_ms: float = 0.0
    tokens_drafted: int = 0
    """Tokens of the request's drafts, or of what it avoids, that were evaluated."""
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
