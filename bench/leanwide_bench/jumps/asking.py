"""Jumps from function to function as a user of an editor does, leaves, and comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from attrs import evolve, frozen

from leanwide_bench.jumps.costs import Around, PromptCost, ending, prompt_cost
from leanwide_bench.jumps.places import FunctionPlace
from leanwide_bench.replay.buffer import Buffer, Place
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.session import ServerSession, ServerSetup, session

_REST_S: Final = 0.3
"""Seconds without a move after which an editor says where the cursor rests."""
_ANSWER_WITHIN_S: Final = 300.0
_RECORD_WITHIN_S: Final = 120.0
"""Seconds in which a suggestion that is shown early is generated to its end."""
_POLL_S: Final = 0.1

Tell = Callable[[str, float], None]
"""Called with what is being done and the seconds left."""


@frozen(kw_only=True)
class JumpsPlan:
    """A file, and the places in it."""

    setup: ServerSetup
    name: str
    """Of the file."""
    language: str
    text: str
    """With LF endings."""
    places: Sequence[FunctionPlace]
    """The cursor rests at the first while the file is open; each other one is jumped to."""
    open_s: float
    """Seconds for which the file is open before the first jump."""
    pause_s: float
    """Seconds from an answer to the next jump."""
    leave_s: float
    """Seconds from the last answer to the end of the server."""

    @property
    def seconds(self) -> float:
        """How long it takes if every answer comes at once."""
        return self.open_s + self.pause_s * (len(self.places) - 2) + self.leave_s


@frozen(kw_only=True)
class JumpAnswer:
    """The suggestion on a new line of a function."""

    function: str
    line: int
    """Of the file before any change, from 1."""
    suggestion: str
    ms: float
    """From the request to the answer."""
    cost: PromptCost | None
    """None if the model was not asked, or did not end."""


@frozen(kw_only=True)
class Return:
    """The first suggestion in a new server, at the place of the last jump."""

    loaded_s: float
    """Seconds from opening the file until the model is loaded."""
    answer: JumpAnswer
    """Requested as soon as the model is loaded."""


@frozen(kw_only=True)
class JumpsOutcome:
    """The answers in a file."""

    plan: JumpsPlan
    model: str
    jumps: Sequence[JumpAnswer]
    back: Return


async def jump(plan: JumpsPlan, tell: Tell) -> JumpsOutcome:
    """Jump to all places, end the server, and request again at the last one in a new server.

    Raises:
        ReplayError: The server ended, or cannot load the model.
    """
    with TemporaryDirectory(prefix="leanwide-jumps-", ignore_cleanup_errors=True) as cache:
        setup = evolve(plan.setup, cache=Path(cache))
        async with session(setup, "utf-8") as server:
            buffer = server.open(plan.name, plan.language, plan.text)
            jumps = await _all_jumps(server, buffer, plan, tell)
            model = str(server.status["model"]["name"])
        tell("opening the file again", 0.0)
        async with session(setup, "utf-8") as server:
            back = await _return(server, buffer.text, buffer.cursor, plan)
    return JumpsOutcome(plan=plan, model=model, jumps=jumps, back=back)


async def _all_jumps(
    server: ServerSession, buffer: Buffer, plan: JumpsPlan, tell: Tell
) -> list[JumpAnswer]:
    first, *others = plan.places
    tell("loading the model", plan.seconds)
    await server.wait_until_loaded()
    tell("the file is open", plan.seconds)
    buffer.cursor = (first.line, len(first.indentation))
    server.rest(buffer)
    await asyncio.sleep(plan.open_s)
    answers: list[JumpAnswer] = []
    for number, place in enumerate(others):
        pauses_left = len(others) - number - 1
        tell(f"{number} of {len(others)} jumps", plan.pause_s * pauses_left + plan.leave_s)
        opened_above = sum(done.line < place.line for done in others[:number])
        server.change(buffer, _open_line(buffer, place, place.line + opened_above))
        answers.append(await _suggested(server, buffer, place, plan.text))
        await asyncio.sleep(plan.pause_s if pauses_left else plan.leave_s)
    return answers


def _open_line(buffer: Buffer, place: FunctionPlace, line: int) -> dict[str, Any]:
    """Open a line above another one, the cursor in it; return the LSP change."""
    buffer.cursor = (line - 1, len(buffer.lines[line - 1]))
    return buffer.insert(f"\n{place.indentation}")


async def _return(server: ServerSession, text: str, cursor: Place, plan: JumpsPlan) -> Return:
    began = time.perf_counter()
    buffer = server.open(plan.name, plan.language, text)
    buffer.cursor = cursor
    await server.wait_until_loaded()
    loaded_s = time.perf_counter() - began
    return Return(
        loaded_s=loaded_s, answer=await _suggested(server, buffer, plan.places[-1], plan.text)
    )


async def _suggested(
    server: ServerSession, buffer: Buffer, place: FunctionPlace, opened: str
) -> JumpAnswer:
    """Request at the cursor, as soon as it is there; say that it rests there, as editors do."""
    await server.poll()
    known = len(server.records)
    began = time.perf_counter()
    _, reply = server.ask(buffer)
    await asyncio.sleep(_REST_S)
    server.rest(buffer)
    answer = await asyncio.wait_for(reply, _ANSWER_WITHIN_S)
    if answer.error is not None:
        raise ReplayError(f"no answer at line {place.line + 1}: {answer.error.get('message')}")
    items: list[dict[str, Any]] = (answer.result or {}).get("items", [])
    return JumpAnswer(
        function=place.function,
        line=place.line + 1,
        suggestion=items[0]["insertText"] if items else "",
        ms=1000 * (answer.at - began),
        cost=await _cost(server, (_present(buffer), _as_opened(opened, place)), known),
    )


async def _cost(server: ServerSession, texts: Sequence[Around], known: int) -> PromptCost | None:
    """Wait for the record of a request behind the ``known`` ones, which its last token ends."""
    end = time.monotonic() + _RECORD_WITHIN_S
    while time.monotonic() < end:
        await server.poll()
        record = ending(server.records[known:])
        if record is not None:
            return prompt_cost(record, texts)
        await asyncio.sleep(_POLL_S)
    return None


def _present(buffer: Buffer) -> Around:
    line, _ = buffer.cursor
    before = "\n".join([*buffer.lines[:line], buffer.before])
    return Around(before, "\n".join([buffer.after, *buffer.lines[line + 1 :]]))


def _as_opened(text: str, place: FunctionPlace) -> Around:
    """Return the file as it was opened, with the one new line at a place."""
    lines = text.split("\n")
    before = "\n".join([*lines[: place.line], place.indentation])
    return Around(before, "\n".join(["", *lines[place.line :]]))
