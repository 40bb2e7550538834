"""Real edits of the standard library's functions, decoded with drafts and without."""

from __future__ import annotations

import ast
import random
import sysconfig
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Final

from attrs import evolve, field, frozen

from leanwide.context.view import View, split_lines
from leanwide.engine.client import EngineClient
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    FinishReason,
    Piece,
    ProgressCallback,
    Request,
    Stats,
    ignore_progress,
)
from leanwide.engine.specs import ModelSpec
from leanwide.features.ask.selection import Selection
from leanwide.features.edit.assignment import EditContext
from leanwide.features.edit.refactor import refactor
from leanwide.features.session import Backend, Session
from leanwide.modes.router import Task
from leanwide.options import Options
from leanwide.postprocess.code import code_in
from leanwide.syntax import Position

_MODULES: Final = ("argparse", "configparser", "csv", "heapq", "json/decoder", "shutil", "textwrap")
_LINES: Final = range(8, 61)
_INSTRUCTIONS: Final = (
    "add type annotations",
    "give the local variables clearer names",
    "add a short comment before each step",
    "raise a TypeError if an argument is None",
    "simplify it where that is possible",
)
_NO_DEADLINE_MS: Final = 3.6e6


@frozen(kw_only=True)
class DraftedTask:
    """A function, and what is to be done with it."""

    file: Path
    first: int
    """Line, from 0."""
    last: int
    """Exclusive."""
    instruction: str


@frozen(kw_only=True)
class EditSpeed:
    """One edit, decoded twice."""

    name: str
    instruction: str
    lines: int
    tokens: int
    """Tokens of the answer."""
    plain_tokens_per_s: float
    tokens_per_s: float
    """With drafts."""
    tokens_drafted: int
    tokens_accepted: int
    same: bool
    """The text is the same."""

    @property
    def speed_up(self) -> float:
        """The speed with drafts as a multiple of that without."""
        return self.tokens_per_s / self.plain_tokens_per_s


def edit_tasks(count: int, seed: int) -> list[DraftedTask]:
    """Draw functions of the standard library; the same seed draws the same ones."""
    folder, draw = Path(sysconfig.get_path("stdlib")), random.Random(seed)  # noqa: S311
    found = [place for name in _MODULES for place in _functions(folder / f"{name}.py")]
    chosen = draw.sample(found, min(count, len(found)))
    return [
        DraftedTask(file=file, first=first, last=last, instruction=draw.choice(_INSTRUCTIONS))
        for file, first, last in chosen
    ]


def _functions(file: Path) -> Iterator[tuple[Path, int, int]]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.end_lineno is not None:
            first, last = node.lineno - 1, node.end_lineno
            if last - first in _LINES:
                yield file, first, last


async def measure_edits(
    spec: ModelSpec, options: Options, tasks: list[DraftedTask], progress: Callable[[str], None]
) -> list[EditSpeed]:
    """Decode the answer of each edit with drafts and without, the one first or the other.

    Raises:
        EngineError: The model cannot be loaded, or the engine died.
    """
    client = _Capturing((spec,))
    try:
        await client.ready(spec.lanes[0].name)
        session = Session(backend=Backend(engine=client), profiles=options.profiles)
        speeds = []
        for number, task in enumerate(tasks, 1):
            progress(f"edit {number} of {len(tasks)}")
            if (request := await _request(task, session, client)) is not None:
                speeds.append(await _measure(task, request, client, drafts_first=number % 2 == 0))
        return speeds
    finally:
        await client.close()


class _Capturing(EngineClient):
    """An engine that keeps requests with drafts, and answers only when they are replayed."""

    captured: Request | None = None

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        if not request.drafts:
            async for event in super().generate(request, cancel, watch):
                yield event
            return
        self.captured = request
        yield Finished(FinishReason.END, _NOTHING)

    def replay(self, request: Request, cancel: CancelToken) -> AsyncIterator[Piece | Finished]:
        return super().generate(request, cancel)


_NOTHING: Final = Stats(
    lane="wide",
    experts=0,
)


async def _request(task: DraftedTask, session: Session, client: _Capturing) -> Request | None:
    """Return the request of an edit as an editor makes it; None where it is refused."""
    lines = tuple(split_lines(task.file.read_text("utf-8")))
    view = View(
        uri=task.file.as_uri(),
        path=str(task.file),
        language_id="python",
        version=0,
        lines=lines,
        line=task.first,
        column=0,
    )
    context = EditContext(
        task=Task.REFACTOR, session=session, cancel=CancelToken(), show=lambda _: None
    )
    client.captured = None
    selection = Selection(view=view, end=Position(task.last, 0))
    await refactor(selection, task.instruction, context)
    found = client.captured
    return None if found is None else evolve(found, deadline_ms=_NO_DEADLINE_MS)


@frozen
class _Decoded:
    text: str
    stats: Stats = field()

    @property
    def tokens_per_s(self) -> float:
        return 1000 * self.stats.tokens_generated / max(self.stats.decode_ms, 1e-3)


async def _measure(
    task: DraftedTask, request: Request, client: _Capturing, *, drafts_first: bool
) -> EditSpeed:
    plain = evolve(request, drafts=())
    await _decode(evolve(plain, max_tokens=0), client)  # the prompt is in the KV cache for both
    runs = {
        drafts: await _decode(request if drafts else plain, client)
        for drafts in (drafts_first, not drafts_first)
    }
    drafted, alone = runs[True], runs[False]
    return EditSpeed(
        name=f"{task.file.stem}:{task.first + 1}",
        instruction=task.instruction,
        lines=task.last - task.first,
        tokens=drafted.stats.tokens_generated,
        plain_tokens_per_s=alone.tokens_per_s,
        tokens_per_s=drafted.tokens_per_s,
        tokens_drafted=drafted.stats.tokens_drafted,
        tokens_accepted=drafted.stats.tokens_accepted,
        same=_code(drafted.text) == _code(alone.text),
    )


def _code(text: str) -> str:
    return code_in(text).text


async def _decode(request: Request, client: _Capturing) -> _Decoded:
    """Run a request until the code of its answer is whole, as an edit does."""
    text, cancel = "", CancelToken()
    async for event in client.replay(request, cancel):
        if isinstance(event, Finished):
            return _Decoded(text, event.stats)
        text += event.text
        if code_in(text).ended:
            cancel.cancel()
    raise AssertionError("the engine ended without an answer")
