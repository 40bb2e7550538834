"""Works against the real server for a given time and records what stays behind."""

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
_WARM_UP_S: Final = 600.0
"""Seconds until caches are full; a quarter of the time where that is shorter."""
_ANSWER_WITHIN_S: Final = 120.0
"""Seconds after which a question counts as never answered."""


@frozen(kw_only=True)
class SoakPlan:
    """What to do, and for how long."""

    setup: ServerSetup
    documents: Sequence[TraceDocument]
    seconds: float
    pace_ms: float
    """Milliseconds from key to key."""
    seed: int
    harm: FaultPlan

    @property
    def warm_up_s(self) -> float:
        """Seconds at the beginning that say nothing about growth."""
        return min(_WARM_UP_S, self.seconds / 4)


@define(kw_only=True)
class Tally:
    """What was done and how it was answered, counted while it goes on."""

    visits: int = 0
    keys: int = 0
    requests: int = 0
    shown: int = 0
    inquiries: int = 0
    answered_inquiries: int = 0
    errors: Counter[str] = field(factory=Counter)
    """Error answers, by code and message, whose numbers are all one."""
    unanswered: int = 0
    answered_twice: int = 0
    struck: FaultCounts = field(factory=FaultCounts)
    series: list[Health] = field(factory=list)


@frozen(kw_only=True)
class SoakOutcome:
    """What a soak led to."""

    plan: SoakPlan
    tally: Tally
    status: dict[str, Any]
    """What ``leanwide.status`` said at the end."""

    @property
    def levels(self) -> tuple[ResourceLevel, ...]:
        """Each figure of the processes after the warm-up and at the end."""
        return levels(self.tally.series, self.plan.warm_up_s)


async def soak(plan: SoakPlan, tell: Callable[[str, float], None]) -> SoakOutcome:
    """Work until the time is over; ``tell`` hears what is done and how many seconds are left.

    Raises:
        ReplayError: The server ended, or cannot load the model.
    """
    tally = Tally()
    end = time.monotonic() + plan.seconds
    async with session(plan.setup, VSCODE.encoding) as server:
        async with _beside(inject_faults(server.process_id, plan.harm, plan.seed, tally.struck)):
            for visit in visits(plan.documents, plan.seed):
                left = end - time.monotonic()
                if left <= 0:
                    break
                tell(_words(tally), left)
                await _visit(server, visit, plan, tally)
                await _look(server, plan.seconds - left, tally)
        status: dict[str, Any] = await server.run("leanwide.status")
    # After the shutdown was answered nothing more comes: the counts are final.
    tally.unanswered, tally.answered_twice = server.unfair()
    return SoakOutcome(plan=plan, tally=tally, status=status)


def _words(tally: Tally) -> str:
    struck = tally.struck
    harm = f", {struck.kills} kills, {struck.stops} stops" if struck.kills + struck.stops else ""
    return f"{tally.visits} visits, {tally.keys} keys, {tally.inquiries} questions{harm}"


async def _visit(server: ServerSession, visit: SoakVisit, plan: SoakPlan, tally: Tally) -> None:
    typist = Typist(server, VSCODE, plan.pace_ms)
    (document,) = visit.trace.documents
    uri = f"{server.folder}/{document.name}"
    asked = [asyncio.create_task(_inquire(server, uri, one, tally)) for one in visit.inquiries]
    played = await typist.play(visit.trace)
    await asyncio.gather(*asked)
    await _end_chats(server)
    server.close(uri)
    server.records.clear()  # they hold whole prompts, and hours of them would fill the memory
    tally.visits += 1
    tally.keys += played.keys
    tally.requests += len(played.samples)
    for sample in played.samples:
        tally.shown += bool(sample.items)
        if sample.reply is not None and sample.reply.error is not None:
            _count_error(sample.reply.error, tally)


async def _inquire(server: ServerSession, uri: str, inquiry: SoakQuestion, tally: Tally) -> None:
    """Ask, and cancel where patience ends."""
    await asyncio.sleep(inquiry.after_s)
    number, future = server.begin(inquiry.command, [_argument(uri, inquiry)])
    tally.inquiries += 1
    if inquiry.patience_s is not None:
        await asyncio.wait([future], timeout=inquiry.patience_s)
        server.cancel(number)
    try:
        reply = await asyncio.wait_for(asyncio.shield(future), _ANSWER_WITHIN_S)
    except TimeoutError:
        return  # the count of unanswered requests says so
    if reply.error is not None:
        _count_error(reply.error, tally)
        return
    tally.answered_inquiries += 1


async def _end_chats(server: ServerSession) -> None:
    """End all conversations, those too whose answer was cancelled and named none."""
    for chat in await server.run("leanwide.chats"):
        with contextlib.suppress(ReplayError):  # it may end by itself meanwhile
            await server.run("leanwide.endChat", [{"id": chat["id"]}])


def _argument(uri: str, inquiry: SoakQuestion) -> dict[str, Any]:
    first, last = inquiry.lines
    span = {"start": {"line": first, "character": 0}, "end": {"line": last, "character": 0}}
    token = random.getrandbits(32)
    about = {"uri": uri, "range": span, "streamToken": f"soak-{token}"}
    if inquiry.command == "leanwide.chat":
        return {**about, "message": "What does this code do, and where is it used?"}
    if inquiry.command == "leanwide.refactor":
        return {**about, "instruction": "Give the variables better names."}
    return about


async def _look(server: ServerSession, at_s: float, tally: Tally) -> None:
    """Read the processes' figures, unless that was done a moment ago."""
    if tally.series and at_s - tally.series[-1].at_s < _READ_EVERY_S:
        return
    pending = (await server.run("leanwide.status"))["pending"]
    tally.series.append(look(server.process_id, pending["tasks"], pending["requests"], at_s))


def _count_error(error: dict[str, Any], tally: Tally) -> None:
    message = re.sub(r"\d+", "N", str(error.get("message", "")))
    tally.errors[f"{error.get('code')} {message.partition(chr(10))[0][:120]}"] += 1


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run work in a task that ends with the block; its own failure is the block's."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
