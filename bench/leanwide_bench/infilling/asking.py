"""Requests the suggestions for tasks at one setting after the other, and runs what they make."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, frozen

from leanwide_bench.infilling.results import InfillAnswer, InfillSetting, TaskResults
from leanwide_bench.infilling.sandbox import Sandbox
from leanwide_bench.places.places import InfillTask
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.session import SERVE, ServerSession, ServerSetup, session

_ANSWER_WITHIN_S: Final = 900.0
_DEADLINE_MS: Final = 600_000.0
"""No answer is cut because this machine is slow: what is measured is the model at a setting."""


@frozen(kw_only=True)
class InfillPlan:
    """The tasks, and the settings to run them at."""

    settings: Mapping[str, Any]
    """The server's settings, whatever the expert count and the context."""
    tasks: Sequence[InfillTask]
    at: Sequence[InfillSetting]
    sandbox: Sandbox | None
    """Where programs run; None: nothing is run."""
    tell: Callable[[str, int, int], None]
    """Called with what is being done, the finished answers and the number of all."""
    warn: Callable[[str], None]
    """Called with what a program could reach that it should not."""

    @property
    def count(self) -> int:
        """Number of answers in the end."""
        return len(self.tasks) * len(self.at)

    def open(self, results: TaskResults, setting: InfillSetting) -> list[InfillTask]:
        """Return the tasks without an answer at a setting, or with one that is still to be run."""

        def needs(task: InfillTask) -> bool:
            found = results.find(task.name, setting)
            return found is None or (self.sandbox is not None and found.outcome is None)

        return [task for task in self.tasks if needs(task)]


async def answer_all(plan: InfillPlan, results: TaskResults) -> None:
    """Answer what has no answer yet, and write it into the results.

    Raises:
        ReplayError: The server cannot be started, or ended.
        OSError: The results cannot be written, or no process be started.
    """
    done = plan.count - sum(len(plan.open(results, setting)) for setting in plan.at)
    for setting in plan.at:
        tasks = plan.open(results, setting)
        unasked = [task for task in tasks if results.find(task.name, setting) is None]
        for task in tasks:
            if task not in unasked:
                plan.tell("running what was suggested before", done, plan.count)
                known = results.find(task.name, setting)
                assert known is not None  # noqa: S101  # it was asked
                results.add(await _run(known, task, plan))
                done += 1
        if not unasked:
            continue
        async with session(_setup(plan, setting), "utf-8") as server:
            for task in unasked:
                plan.tell(_named(setting), done, plan.count)
                answer = await _asked(server, task, setting)
                results.add(await _run(answer, task, plan))
                done += 1
    plan.tell("", plan.count, plan.count)


def _setup(plan: InfillPlan, setting: InfillSetting) -> ServerSetup:
    """Return the server at a setting, with nothing prepared that no request asks for."""
    settings: dict[str, Any] = {name: dict(values) for name, values in plan.settings.items()}
    lanes = settings.setdefault("lanes", {})
    if setting.experts:
        lanes["lean"] = {**lanes.get("lean", {}), "experts": setting.experts}
    settings["modes"] = {
        "code": {"context_tokens": setting.context, "deadline_ms": _DEADLINE_MS, "temperature": 0.0}
    }
    settings["machine"] = {"adapt": False}
    settings["completion"] = {"look_ahead": False, "follow_cursor": False}
    settings["cache"] = {"prompts": False}
    return ServerSetup(command=SERVE, settings=settings)


async def _asked(server: ServerSession, task: InfillTask, setting: InfillSetting) -> InfillAnswer:
    """Open the task's document, ask at its cursor as an editor does after a key, and close it."""
    place = task.place
    buffer = server.open(place.name, place.language, place.text)
    buffer.cursor = place.cursor
    await server.wait_until_loaded()
    began = time.perf_counter()
    _, reply = server.ask(buffer)
    answer = await asyncio.wait_for(reply, _ANSWER_WITHIN_S)
    server.close(buffer.uri)
    if answer.error is not None:
        raise ReplayError(f"{task.name}: {answer.error.get('message', answer.error)}")
    items: list[dict[str, Any]] = (answer.result or {}).get("items", [])
    text = str(items[0]["insertText"]).removeprefix(buffer.before.lstrip()) if items else ""
    return InfillAnswer(
        task=task.name,
        setting=setting,
        text=text,
        ms=round(1000 * (answer.at - began), 3),
        exact=text.strip() == place.truth,
    )


async def _run(answer: InfillAnswer, task: InfillTask, plan: InfillPlan) -> InfillAnswer:
    """Return the answer with how its program ended, if programs are run."""
    if plan.sandbox is None:
        return answer
    verdict = await plan.sandbox.run(task.program(answer.text))
    if missing := plan.sandbox.lacks(verdict):
        plan.warn(f"this kernel does not keep the programs from {' and '.join(missing)}")
    return evolve(answer, outcome=verdict.outcome.value)


def _named(setting: InfillSetting) -> str:
    experts = f"{setting.experts} experts, " if setting.experts else ""
    return f"{experts}{setting.context:,} tokens"
