"""Asks for edits over LSP, and of the bare model in a chat, and judges both."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Final

import attrs
from attrs import field, frozen

from leanwide.engine.client import EngineClient
from leanwide.engine.requests import CancelToken, Piece, Priority, Request
from leanwide.engine.specs import ModelSpec
from leanwide.features.chat_template import ChatTemplateCache
from leanwide.postprocess.code import code_in
from leanwide.prompt.chat import Message, chat_prompt
from leanwide.prompt.question import fenced
from leanwide_bench.edits.applying import applied, in_place
from leanwide_bench.edits.judging import judge
from leanwide_bench.edits.tasks import EditKind, EditTask
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.session import ServerSession, ServerSetup, session

_ANSWER_WITHIN_S: Final = 1_800.0
_BARE_TOKENS: Final = 1_024
_BARE_MS: Final = 3.6e6
_MAX_FILE: Final = 6_000
"""Characters of a file that the bare model is shown whole."""
_COMMANDS: Final[Mapping[EditKind, str]] = MappingProxyType(
    {
        EditKind.DOCUMENT: "leanwide.document",
        EditKind.FIX: "leanwide.fix",
        EditKind.TEST: "leanwide.test",
    }
)
"""Other kinds are refactorings with an instruction."""
_CAPABILITIES: Final = {
    "workspace": {
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]},
    }
}

LEANWIDE: Final = "leanwide"
BARE: Final = "bare model"


@frozen(kw_only=True)
class EditResult:
    """What one side made of one task."""

    task: str
    """Its key."""
    side: str
    language: str
    kind: str
    definition: str
    refused: str
    """The first sentence of a refusal; "" where there is a change."""
    damaged: bool = False
    worse: bool = False
    useful: bool = False
    why: str
    """Why it is not useful."""
    seconds: float
    text: str
    """What the selection became, or the test, or the model's answer where there is no change."""
    model: str = ""
    """The name of the model's file."""


@frozen(kw_only=True)
class EditsPlan:
    """The tasks, and the model that does them."""

    setup: ServerSetup
    spec: ModelSpec | None
    """How the bare model runs; None leaves it out."""
    model: str
    """The name of the model's file, which results are kept with."""
    tasks: Sequence[EditTask]
    done: Sequence[EditResult] = ()
    """Of an earlier run: these are not asked for again."""
    keep: Callable[[EditResult], None] = field(default=lambda _: None)
    """Takes each result as soon as it is there."""


async def ask(plan: EditsPlan, tell: Callable[[str, float], None]) -> list[EditResult]:
    """Do every task by both sides, one after the other.

    Args:
        plan: The tasks.
        tell: Called with a description of the progress and the finished share.

    Raises:
        ReplayError: The server cannot be reached.
        EngineError: The bare model cannot be loaded.
    """
    results = list(plan.done)
    known = {(result.task, result.side) for result in results}
    sides: list[tuple[str, Callable[..., Any]]] = [(LEANWIDE, _editing)]
    if plan.spec is not None:
        sides.append((BARE, _chatting))
    for number, (side, open_side) in enumerate(sides):
        left = [task for task in plan.tasks if (task.key, side) not in known]
        if not left:
            continue
        async with open_side(plan) as do:
            for at, task in enumerate(left):
                done = (number + 1 - (len(left) - at) / len(plan.tasks)) / len(sides)
                tell(f"{side}: {task.kind} {task.name}", done)
                result = attrs.evolve(await do(task), model=plan.model)
                plan.keep(result)
                results.append(result)
    return results


Do = Callable[[EditTask], Any]


@asynccontextmanager
async def _editing(plan: EditsPlan) -> AsyncIterator[Do]:
    """Start the server in a folder of its own, and yield what does a task over LSP."""
    with TemporaryDirectory(prefix="leanwide-edits-") as name:
        root = await asyncio.to_thread(_written, plan.tasks, name)
        setup = attrs.evolve(plan.setup, root=root, capabilities=_CAPABILITIES)
        async with session(setup, "utf-8") as server:

            async def do(task: EditTask) -> EditResult:
                return await _edited(server, task)

            yield do


def _written(tasks: Sequence[EditTask], folder: str) -> Path:
    """Write the files of tasks into a folder, and return it."""
    root = Path(folder).resolve()
    for task in tasks:
        (root / task.name).write_text(task.text, "utf-8")
    return root


async def _edited(server: ServerSession, task: EditTask) -> EditResult:
    buffer = server.open(task.name, task.language, task.text)
    await server.wait_until_loaded()
    argument: dict[str, Any] = {"uri": buffer.uri, "range": _range(task)}
    command = _COMMANDS.get(task.kind, "leanwide.refactor")
    if task.kind is EditKind.FIX:
        argument["diagnostics"] = [diagnostic(task)]
    elif command == "leanwide.refactor":
        argument["instruction"] = task.instruction
    began = time.perf_counter()
    reply = await asyncio.wait_for(server.begin(command, [argument])[1], _ANSWER_WITHIN_S)
    seconds = time.perf_counter() - began
    server.close(buffer.uri)
    if reply.error is not None:
        return _refused(task, LEANWIDE, str(reply.error.get("message")), "", seconds)
    if reply.result["edit"] is None:
        said = reply.result.get("markdown") or "no edit"
        sentence, _, answer = said.partition("\n\n")
        return _refused(task, LEANWIDE, sentence, answer, seconds)
    text, other = applied(reply.result["edit"], buffer.uri, task.text, "utf-8")
    return _judged(task, LEANWIDE, text, other, seconds)


@asynccontextmanager
async def _chatting(plan: EditsPlan) -> AsyncIterator[Do]:
    """Load the model by itself, and yield what does a task with one plain message."""
    if plan.spec is None:
        raise ReplayError("there is no bare model to ask")
    lane = plan.spec.lanes[-1].name
    client = EngineClient((plan.spec,))
    templates = ChatTemplateCache()
    try:
        model = await client.ready(lane)

        async def do(task: EditTask) -> EditResult:
            messages = (Message("user", plain_question(task)),)
            talk = await templates.lay_out(messages, model, thinking=False)
            request = Request(
                lane=lane,
                prompt=chat_prompt(talk.layout, talk.messages),
                priority=Priority.COMMAND,
                max_tokens=_BARE_TOKENS,
                deadline_ms=_BARE_MS,
                stops=talk.stops,
            )
            began = time.perf_counter()
            answer = await _answered(client, request)
            seconds = time.perf_counter() - began
            text, other = in_place(task, answer)
            return attrs.evolve(_judged(task, BARE, text, other, seconds), text=answer)

        yield do
    finally:
        await client.close()


async def _answered(client: EngineClient, request: Request) -> str:
    """Return an answer up to the end of its first code block: what follows is not used.

    Raises:
        EngineError: The model died.
    """
    answer, cancel = "", CancelToken()
    async for event in client.generate(request, cancel):
        if isinstance(event, Piece) and not event.special:
            answer += event.text
            if code_in(answer).ended:
                cancel.cancel()
    return answer


def plain_question(task: EditTask) -> str:
    """Return the request as a user types it into a chat: the file, and what is wanted.

    Of a long file the lines around the selection are shown.
    """
    first, last = task.first, task.last
    lines = task.text.splitlines(keepends=True)
    if len(task.text) <= _MAX_FILE:
        first, last = 0, len(lines)
    size = sum(map(len, lines[first:last]))
    while last - first < len(lines) and size < _MAX_FILE:
        first, last = max(0, first - 1), min(len(lines), last + 1)
        size = sum(map(len, lines[first:last]))
    code = fenced("".join(lines[first:last]), task.language)
    named = "section" if task.language == "markdown" else "function"
    fault = f" It uses {task.mistake}, which is not defined." if task.kind is EditKind.FIX else ""
    wanted = (
        "Give the test as one code block."
        if task.kind is EditKind.TEST
        else f"Give only the {named}, changed, as one code block."
    )
    return (
        f"Here is the file {task.name}:\n\n{code}\n\n"
        f"This is about the {named} {task.definition}. {task.instruction}{fault} {wanted}"
    )


def diagnostic(task: EditTask) -> dict[str, Any]:
    """Return LSP's diagnostic of the name that was put in."""
    line, column = task.mistake_at or (task.first, 0)
    before = len(task.text.split("\n")[line][:column].encode())
    end = before + len(task.mistake.encode())
    return {
        "range": {
            "start": {"line": line, "character": before},
            "end": {"line": line, "character": end},
        },
        "severity": 1,
        "source": "bench",
        "message": f"Undefined name `{task.mistake}`",
    }


def read_results(file: Path) -> list[EditResult]:
    """Return the results that an earlier run kept, one JSON object a line; none without a file.

    Raises:
        ValueError: The file holds something else.
    """
    if not file.exists():
        return []
    lines = file.read_text("utf-8").splitlines()
    try:
        return [EditResult(**json.loads(line)) for line in lines]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{file} holds no results of `leanwide bench edits`") from error


def _range(task: EditTask) -> dict[str, dict[str, int]]:
    return {
        "start": {"line": task.first, "character": 0},
        "end": {"line": task.last, "character": 0},
    }


def _judged(task: EditTask, side: str, text: str, other: str, seconds: float) -> EditResult:
    verdict = judge(task, text, other)
    tail = len(task.text.splitlines()) - task.last
    lines = text.splitlines(keepends=True)
    return EditResult(
        task=task.key,
        side=side,
        language=task.language,
        kind=task.kind,
        definition=task.definition,
        refused="",
        seconds=round(seconds, 2),
        text=other or "".join(lines[task.first : len(lines) - tail]),
        **attrs.asdict(verdict),
    )


def _refused(task: EditTask, side: str, why: str, answer: str, seconds: float) -> EditResult:
    return EditResult(
        task=task.key,
        side=side,
        language=task.language,
        kind=task.kind,
        definition=task.definition,
        refused=why,
        why=why,
        seconds=round(seconds, 2),
        text=answer,
    )
