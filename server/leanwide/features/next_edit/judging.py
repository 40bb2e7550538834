"""How much likelier the model finds a candidate's text at its place than the text that is there.

Both are measured behind one prompt, of the lines around the place and the user's last edits, so
that the second costs its own tokens only. Nothing is generated. It is background work: a completion
goes first, and loses no prompt to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Final

from attrs import evolve, frozen

from leanwide.context.snippet import Snippet
from leanwide.context.view import Snapshot, with_lf
from leanwide.context.window import Related
from leanwide.engine.base import EngineError, finish
from leanwide.engine.requests import CancelToken, FinishReason, Priority, Prompt, Request, Stats
from leanwide.engine.specs import FimTokens, ModelInfo
from leanwide.features.exclusion import why_untrained
from leanwide.features.journal import AnswerSource, Record
from leanwide.features.next_edit.candidate import Candidate, CandidateKind
from leanwide.features.next_edit.event import EditEvent
from leanwide.features.session import Session
from leanwide.prompt.infill import prefix_prompt, readable

_BEFORE: Final = 500
"""Characters above the place, in whole lines."""
_AFTER: Final = 160
"""Characters below the place, in whole lines."""
_EVENTS: Final = 2
"""Of the user's last edits."""
_EVENT_LINES: Final = 3
"""Lines of an edit, before it and after it."""
_PRIOR_NATS: Final[Mapping[CandidateKind, float]] = MappingProxyType(
    {
        CandidateKind.REPLACEMENT: 2.0,
        CandidateKind.ARGUMENT: -2.0,
        CandidateKind.RENAME: -2.0,
        CandidateKind.TWIN: -2.0,
    }
)
"""How likely uncertain candidates of a kind are before the model is asked: log odds on releases of
Python packages, 2 at most for so few files."""
_MAX_CHARACTERS: Final = 1_000
"""Of the lines that a candidate changes; more would take the engine long."""
_MAX_KNOWN: Final = 256
"""Judgements that are remembered."""
_DEADLINE_MS: Final = 1_000.0
"""Nothing is generated, so that this never passes."""


class NotMeasurable(Exception):  # noqa: N818  # a fact about a candidate or an engine
    """How likely a candidate is cannot be measured; the message is a part of a sentence."""


@frozen(kw_only=True)
class CandidateJudgement:
    """What the model thinks of a candidate."""

    nats: float
    """By how much likelier the changed text is than the present one."""
    needed: float
    """How many nats show it."""
    stats: tuple[Stats, ...]
    """What measuring cost; empty where it was known."""
    prompt: str
    """As text, for the journal."""

    @property
    def surplus(self) -> float:
        """The nats beyond what is needed; negative where it is not shown."""
        return self.nats - self.needed


@frozen(kw_only=True)
class JudgedTexts:
    """A place, the lines that are there, and those of the candidate. All with LF endings."""

    before: str
    after: str
    present: str
    changed: str


class Judge:
    """Judges candidates by the model of completions, and remembers what it thought of them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[tuple[Path, Prompt, JudgedTexts], float] = {}

    async def judge(
        self,
        candidate: Candidate,
        document: Snapshot,
        events: Sequence[EditEvent],
        cancel: CancelToken,
    ) -> CandidateJudgement | None:
        """Measure a candidate; None once that is cancelled.

        Raises:
            NotMeasurable: No model is loaded, or it cannot measure this.
        """
        model, fim = _measuring_model(self._session, document)
        texts = judged_texts(candidate, document)
        if len(texts.present) + len(texts.changed) > _MAX_CHARACTERS:
            raise NotMeasurable("it is too long to be judged")
        prompt = judgement_prompt(texts, events, PurePath(candidate.path).name, fim)
        key = (model.path, prompt, texts)
        stats: tuple[Stats, ...] = ()
        if key not in self._known:
            stats = await self._measured(prompt, texts, cancel)
            if not stats:
                return None
            if len(self._known) >= _MAX_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[key] = stats[0].truth_nats - stats[1].truth_nats
        threshold = self._session.preferences.next_edit_nats
        return CandidateJudgement(
            nats=self._known[key],
            needed=threshold - _PRIOR_NATS.get(candidate.kind, 0.0),
            stats=stats,
            prompt=readable(prompt, fim),
        )

    async def _measured(
        self, prompt: Prompt, texts: JudgedTexts, cancel: CancelToken
    ) -> tuple[Stats, ...]:
        """Measure the present and the changed text; return an empty tuple once cancelled."""
        engine, lane = self._session.backend.engine, self._session.typing_lane
        measured: list[Stats] = []
        for text in (texts.present, texts.changed):
            request = Request(
                lane=lane,
                prompt=prompt,
                priority=Priority.BACKGROUND,
                max_tokens=0,
                deadline_ms=_DEADLINE_MS,
                truth=text,
            )
            try:
                end = await finish(engine, request, cancel)
            except EngineError as error:
                raise NotMeasurable(f"the model could not judge it: {error}") from error
            if end.reason is FinishReason.CANCELLED or cancel.cancelled:
                return ()
            measured.append(end.stats)
        return tuple(measured)


def judgement_prompt(
    texts: JudgedTexts, events: Sequence[EditEvent], name: str, fim: FimTokens
) -> Prompt:
    """Return the prompt after which the lines of a place in file ``name`` follow."""
    related = Related(name, (Snippet(f"{name}.diff", as_diff(events)),))
    above = prefix_prompt(related, texts.before, fim)
    pieces: Prompt = (*above, fim.suffix, texts.after, fim.middle)
    return tuple(piece for piece in pieces if piece != "")


def with_cost(record: Record, judged: Sequence[CandidateJudgement]) -> Record:
    """Return the record of a proposal with what its judgements cost."""
    if not judged:
        return record
    stats = [each for judgement in judged for each in judgement.stats]
    experts = stats[-1].experts if stats else 0
    ms = {
        "queue": sum(each.queue_ms for each in stats),
        "prompt": sum(each.prompt_ms for each in stats),
        "decode": sum(each.decode_ms for each in stats),
    }
    ms |= {"other": max(0.0, record.ms["total"] - sum(ms.values())), "total": record.ms["total"]}
    return evolve(
        record,
        source=AnswerSource.JUDGED,
        experts=experts,
        prompt=judged[-1].prompt,
        tokens_evaluated=sum(each.tokens_evaluated + each.truth_tokens for each in stats),
        tokens_reused=sum(each.tokens_reused for each in stats),
        ms={stage: round(value, 2) for stage, value in ms.items()},
    )


def _measuring_model(session: Session, document: Snapshot) -> tuple[ModelInfo, FimTokens]:
    """Return the model that judges, and its FIM tokens.

    Raises:
        NotMeasurable: There is none that can.
    """
    model, lane = session.typing_model, session.typing_lane
    if model is None:
        raise NotMeasurable("no model is loaded")
    if reason := why_untrained(document, model):
        raise NotMeasurable(reason)
    if session.backend.machine.skips_background_work:
        raise NotMeasurable("this machine saves its power or memory")
    if model.fim is None:
        raise NotMeasurable(f"{model.name} has no fill-in-the-middle tokens")
    opened = [info for info in session.backend.engine.lanes if info.name == lane]
    if any(info.url for info in opened):
        raise NotMeasurable("a server cannot measure how likely a text is")
    if any(info.sequences < 2 for info in opened):  # one is the completion's
        raise NotMeasurable("the lane holds one prompt only, which is the completion's")
    return model, model.fim


def judged_texts(candidate: Candidate, document: Snapshot) -> JudgedTexts:
    """Return the texts of a candidate; where it removes all of its lines, with the next one."""
    lines, edit = document.lines, candidate.edit
    start, end, text = edit.start, edit.end, edit.text
    first, last = start.line, min(end.line + 1, len(lines))
    if end.column == 0 and first < end.line and (start.column == 0 or text.endswith("\n")):
        last = end.line  # whole lines
    if not text and start.column == 0 and last == end.line:
        last = min(last + 1, len(lines))
    head = lines[first][: start.column] if first < len(lines) else ""
    tail = lines[end.line][end.column :] if end.line < last else ""
    return JudgedTexts(
        # A line has one character at least.
        before=with_lf(
            "".join(_nearest(lines[max(0, first - _BEFORE) : first][::-1], _BEFORE)[::-1])
        ),
        after=with_lf("".join(_nearest(lines[last : last + _AFTER], _AFTER))),
        present=with_lf("".join(lines[first:last])) or "\n",
        changed=with_lf(head + text + tail) or "\n",
    )


def as_diff(events: Sequence[EditEvent]) -> str:
    """Return the last edits, the newest at the end, as lines of a diff."""
    return "".join(
        sign + line.rstrip("\n") + "\n"
        for event in reversed(events[:_EVENTS])
        for sign, lines in (("-", event.before), ("+", event.after))
        for line in lines[:_EVENT_LINES]
    )


def _nearest(lines: Sequence[str], most: int) -> Sequence[str]:
    """Return the first lines, up to ``most`` characters."""
    total = 0
    for number, line in enumerate(lines):
        total += len(line)
        if total > most:
            return lines[:number]
    return lines
