"""Works against the real server for a given time, reads its processes and counts its answers."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from attrs import define, field, frozen

from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.session import ServerSession, ServerSetup, session
from leanwide_bench.replay.traces import TraceDocument
from leanwide_bench.replay.typist import VSCODE, Typist
from leanwide_bench.soak.faults import FaultCounts, FaultPlan, inject_faults
from leanwide_bench.soak.health import Health, ResourceLevel, levels, look
from leanwide_bench.soak.visits import SoakQuestion, SoakVisit, visits

_READ_EVERY_S: Final = 10.0
_MIN_WARM_UP_S: Final = 600.0
_ANSWER_WITHIN_S: Final = 120.0
"""Seconds after which a question counts as never answered."""


@frozen(kw_only=True)
class SoakPlan:
    """The work to do, and for how long."""

    setup: ServerSetup
    documents: Sequence[TraceDocument]
    seconds: float
    pace_ms: float
    """Milliseconds from key to key."""
    seed: int
    faults: FaultPlan


@define(kw_only=True)
class Tally:
    """Running counts of the work done and its answers."""

    visits: int = 0
    keys: int = 0
    requests: int = 0
    shown: int = 0
    inquiries: int = 0
    answered_inquiries: int = 0
    errors: Counter[str] = field(factory=Counter)
    """Error answers by code and message, with every number replaced by N."""
    unanswered: int = 0
    answered_twice: int = 0
    struck: FaultCounts = field(factory=FaultCounts)
    series: list[Health] = field(factory=list)


@frozen(kw_only=True)
class SoakOutcome:
    """The result of a soak."""

    plan: SoakPlan
    tally: Tally
    status: dict[str, Any]
    """The answer to ``leanwide.status`` at the end."""

    @property
    def warm_up_s(self) -> float:
        """Seconds at the beginning that do not count for growth.

        They last until each document came once, which may need more memory than any before: longer
        on a busy machine. Ten minutes at least, and a quarter of the whole time at most.
        """
        longest, documents = self.plan.seconds / 4, len(self.plan.documents)
        series = self.tally.series
        all_came = (reading.at_s for reading in series if reading.visits >= documents)
        return min(max(next(all_came, longest), _MIN_WARM_UP_S), longest)

    @property
    def levels(self) -> tuple[ResourceLevel, ...]:
        """Each figure of the processes after the warm-up and at the end."""
        return levels(self.tally.series, self.warm_up_s)


async def soak(plan: SoakPlan, tell: Callable[[str, float], None]) -> SoakOutcome:
    """Work until the time is over.

    Args:
        plan: The work.
        tell: Called before each visit with the progress as text and the seconds left.

    Raises:
        ReplayError: The server ended, or cannot load the model.
    """
    tally = Tally()
    end = time.monotonic() + plan.seconds
    async with session(plan.setup, VSCODE.encoding) as server:
        faults = inject_faults(server.process_id, plan.faults, plan.seed, tally.struck)
        async with _in_background(faults):
            for visit in visits(plan.documents, plan.seed):
                left = end - time.monotonic()
                if left <= 0:
                    break
                tell(_words(tally), left)
                await _visit(server, visit, plan, tally)
                await _read_health(server, plan.seconds - left, tally)
        status: dict[str, Any] = await server.run("leanwide.status")
    # The answer to the shutdown request is the last one: the counts are final.
    tally.unanswered, tally.answered_twice = server.misanswered()
    return SoakOutcome(plan=plan, tally=tally, status=status)


def _words(tally: Tally) -> str:
    done = tally.struck
    faults = f", {done.kills} kills, {done.stops} stops" if done.kills + done.stops else ""
    return f"{tally.visits} visits, {tally.keys} keys, {tally.inquiries} questions{faults}"


async def _visit(server: ServerSession, visit: SoakVisit, plan: SoakPlan, tally: Tally) -> None:
    typist = Typist(server, VSCODE, plan.pace_ms)
    (document,) = visit.trace.documents
    uri = f"{server.folder}/{document.name}"
    questions = [
        asyncio.create_task(_ask(server, uri, question, tally)) for question in visit.inquiries
    ]
    played = await typist.play(visit.trace)
    await asyncio.gather(*questions)
    for chat in await server.run("leanwide.chats"):  # also those whose first answer was cancelled
        with contextlib.suppress(ReplayError):  # it may have expired in between
            await server.run("leanwide.endChat", [{"id": chat["id"]}])
    server.close(uri)
    server.records.clear()  # records hold whole prompts: hours of them would fill the memory
    tally.visits += 1
    tally.keys += played.keys
    tally.requests += len(played.samples)
    for sample in played.samples:
        tally.shown += bool(sample.items)
        if sample.reply is not None and sample.reply.error is not None:
            _count_error(sample.reply.error, tally)


async def _ask(server: ServerSession, uri: str, question: SoakQuestion, tally: Tally) -> None:
    """Ask a question, and cancel it after its time if it has one."""
    await asyncio.sleep(question.after_s)
    number, future = server.begin(question.command, [_argument(uri, question)])
    tally.inquiries += 1
    if question.patience_s is not None:
        await asyncio.wait([future], timeout=question.patience_s)
        server.cancel(number)
    try:
        reply = await asyncio.wait_for(asyncio.shield(future), _ANSWER_WITHIN_S)
    except TimeoutError:
        return  # it is counted as an unanswered request
    if reply.error is not None:
        _count_error(reply.error, tally)
        return
    tally.answered_inquiries += 1


def _argument(uri: str, question: SoakQuestion) -> dict[str, Any]:
    first, last = question.lines
    span = {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}
    token = random.getrandbits(32)
    about = {"uri": uri, "range": span, "streamToken": f"soak-{token}"}
    if question.command == "leanwide.chat":
        return {**about, "message": "What does this code do, and where is it used?"}
    if question.command == "leanwide.refactor":
        return {**about, "instruction": "Give the variables better names."}
    return about


async def _read_health(server: ServerSession, at_s: float, tally: Tally) -> None:
    """Read the processes' figures, unless the last reading is recent."""
    if tally.series and at_s - tally.series[-1].at_s < _READ_EVERY_S:
        return
    pending = (await server.run("leanwide.status"))["pending"]
    tally.series.append(look(server.process_id, pending, tally.visits, at_s))


def _count_error(error: dict[str, Any], tally: Tally) -> None:
    message = re.sub(r"\d+", "N", str(error.get("message", "")))
    tally.errors[f"{error.get('code')} {message.partition(chr(10))[0][:120]}"] += 1


@asynccontextmanager
async def _in_background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run work in a task that is cancelled at the end of the block, which raises its failure."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
