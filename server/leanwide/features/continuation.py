"""The continuation of a text of which nothing is known: no document, no window, no filter."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from leanwide.engine.requests import CancelToken, Finished, Piece, Priority, Request, Sampling
from leanwide.features.answer_wishes import AnswerWishes
from leanwide.features.journal import Generated, model_record
from leanwide.features.refusal import Refusal
from leanwide.features.session import Session
from leanwide.modes.profile import Mode
from leanwide.modes.router import Signals, Task, route
from leanwide.prompt.chat import clean

_RESERVED_TOKENS: Final = 8
"""Of the lane, for a possible BOS and the token that healing takes back."""
_LONGEST_MS: Final = 60_000.0


async def continue_text(
    text: str, wishes: AnswerWishes, session: Session
) -> AsyncGenerator[str | Finished, None]:
    """Stream what the model of completions says after a text, which is not empty.

    The last event is :class:`Finished`.

    Raises:
        Refusal: The text does not fit the lane.
        EngineError: The model cannot be loaded, or died while it answered.
    """
    began, prompt = time.monotonic(), clean(text)
    profile, backend = session.profiles[Mode.CODE], session.backend
    await backend.engine.ready(profile.lane)
    signals = Signals(machine=backend.machine)
    decision = route(Task.INLINE_COMPLETION, signals, session.profiles)
    request = wishes.applied(
        Request(
            lane=decision.lane,
            prompt=(prompt,),
            priority=Priority.COMMAND,
            max_tokens=decision.budget.output_tokens,
            deadline_ms=_LONGEST_MS,
            sampling=Sampling(
                temperature=profile.temperature, top_k=profile.top_k, top_p=profile.top_p
            ),
            heal=True,
        )
    )
    await _check_room(request, session)
    said: list[str] = []
    cancel = CancelToken()
    async with aclosing(_events(request, session, cancel)) as events:
        async for event in events:
            if isinstance(event, Finished):
                generated = Generated(
                    stats=event.stats,
                    prompt=prompt,
                    answer="".join(said),
                    why_ended=event.reason,
                )
                session.journal.add(model_record(decision, generated, began))
                session.learn(event.stats)
                yield event
            elif not event.special:
                said.append(event.text)
                yield event.text


async def _events(
    request: Request, session: Session, cancel: CancelToken
) -> AsyncGenerator[Piece | Finished, None]:
    """Stream the engine's answer, and cancel what is left of it at the end."""
    try:
        async for event in session.backend.engine.generate(request, cancel):
            yield event
    finally:
        cancel.cancel()


async def _check_room(request: Request, session: Session) -> None:
    """Check that prompt and answer fit the lane.

    Raises:
        Refusal: They do not.
        EngineError: The engine is gone.
    """
    engine, count = session.backend.engine, session.backend.counter(request.lane)
    texts = [str(piece) for piece in request.prompt]
    await count.learn(texts)
    needed = sum(map(count, texts)) + request.max_tokens + _RESERVED_TOKENS
    room = next((lane.context_tokens for lane in engine.lanes if lane.name == request.lane), needed)
    if needed > room:
        raise Refusal(
            f"The prompt and {request.max_tokens} tokens of answer need {needed:,} tokens, and the "
            f"lane holds {room:,}: send less."
        )
