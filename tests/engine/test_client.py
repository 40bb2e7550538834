"""The engine in its own process: serving, dying and restarting."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace

import attrs
import psutil
import pytest
import pytest_asyncio

from leanwide import child
from leanwide.engine import wire
from leanwide.engine.base import EngineError, EngineState, EngineStatus
from leanwide.engine.client import EngineClient
from leanwide.engine.requests import CancelToken, Finished, FinishReason, Piece, Request
from leanwide.engine.scripted import SCRIPTED_MODEL
from leanwide.engine.specs import LaneInfo, LaneSpec, ModelSpec
from leanwide.engine.timeouts import DEFAULT_TIMEOUTS, EngineTimeouts
from tests.bench import broken
from tests.engine.make import LEAN, request, spec

SHORT = request("x = ")
ENDLESS = request("x = ", max_tokens=2000, lane="wide")
ROOMY = LaneSpec(name="wide", experts=4, context_tokens=4096, sequences=1)
QUICK = attrs.evolve(DEFAULT_TIMEOUTS, first_restart=0.0)
STUCK = Path(__file__).with_name("stuck_worker.py")


def silent(**seconds: float) -> EngineTimeouts:
    """Return time limits of which those of silence are ``seconds``."""
    return attrs.evolve(QUICK, silence=attrs.evolve(QUICK.silence, **seconds))


@contextlib.asynccontextmanager
async def started(
    model_spec: ModelSpec, timeouts: EngineTimeouts = QUICK
) -> AsyncIterator[tuple[EngineClient, list[EngineStatus]]]:
    """Yield a client and all its statuses; its process ends with the test."""
    client = EngineClient((model_spec,), timeouts)
    told: list[EngineStatus] = []
    client.observe(told.append)
    try:
        async with asyncio.timeout(60):
            yield client, told
    finally:
        await client.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(tiny: Path) -> AsyncIterator[EngineClient]:
    """One engine for all tests that leave it alive."""
    async with started(spec(tiny, LEAN, ROOMY)) as (client, _):
        await client.ready("lean")
        yield client


async def answer(
    client: EngineClient, wanted: Request = SHORT, cancel: CancelToken | None = None
) -> Finished:
    """Run a request and return its end, which comes exactly once, as the last event."""
    events = [event async for event in client.generate(wanted, cancel or CancelToken())]
    *pieces, end = events
    assert all(isinstance(piece, Piece) for piece in pieces)
    assert isinstance(end, Finished)
    return end


def process_id(client: EngineClient) -> int:
    assert client.process_id is not None
    return client.process_id


async def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition; the test's own time limit ends the wait."""
    while not condition():
        await asyncio.sleep(0.005)


async def background_tasks_done() -> None:
    """Wait for every other task, such as one that loads a model."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others)


def states(told: list[EngineStatus]) -> list[EngineState]:
    """Return the states in order, without repetitions in a row."""
    found = [status.state for status in told]
    return [state for at, state in enumerate(found) if found[at - 1 : at] != [state]]


# Serving


@pytest.mark.asyncio(loop_scope="module")
async def test_it_generates_and_ends_exactly_once(shared):
    end = await answer(shared)
    assert (end.stats.lane, end.stats.experts) == ("lean", 2)
    assert shared.status.state is EngineState.IDLE


@pytest.mark.asyncio(loop_scope="module")
async def test_it_knows_its_model_and_lanes(shared, tiny):
    assert (await shared.ready("lean")).path == tiny
    assert shared.model("lean") == await shared.ready("lean")
    assert [lane.name for lane in shared.lanes][:1] == ["lean"]


@pytest.mark.asyncio(loop_scope="module")
async def test_it_counts_tokens_while_it_generates(shared):
    running = asyncio.create_task(answer(shared, ENDLESS, cancel := CancelToken()))
    await until(lambda: shared.status.state is EngineState.BUSY)
    *counts, marker = await shared.count("lean", ["", "x", "é" * 1000, "\0", "<|im_end|>"])
    assert counts == [0, 1, 2000, 1]
    assert marker > 1, "text that looks like a marker is text"
    assert await shared.count("lean", []) == []
    cancel.cancel()
    assert (await running).reason is FinishReason.CANCELLED


@pytest.mark.asyncio(loop_scope="module")
async def test_several_requests_at_once_end_once_each(shared):
    wanted = [request(f"{name} = ", lane=lane) for name in "ab" for lane in ("lean", "wide")]
    ends = await asyncio.gather(*(answer(shared, each) for each in wanted))
    assert [end.stats.lane for end in ends] == [each.lane for each in wanted]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_cancel_ends_an_answer_early(shared):
    cancel = CancelToken()
    async for event in shared.generate(ENDLESS, cancel):
        last = event
        cancel.cancel()
    assert isinstance(last, Finished)
    assert last.reason is FinishReason.CANCELLED
    assert last.stats.tokens_generated < ENDLESS.max_tokens


@pytest.mark.asyncio(loop_scope="module")
async def test_a_request_that_is_cancelled_before_it_begins_is_answered(shared):
    cancel = CancelToken()
    cancel.cancel()
    end = await answer(shared, ENDLESS, cancel)
    assert end.reason is FinishReason.CANCELLED
    assert end.stats.tokens_generated < ENDLESS.max_tokens


@pytest.mark.asyncio(loop_scope="module")
async def test_an_answer_whose_stream_is_closed_is_cancelled(shared):
    stream = shared.generate(ENDLESS, CancelToken())
    await anext(stream)
    await stream.aclose()
    await answer(shared)
    assert shared.status.state is EngineState.IDLE


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (request("x = 1\n" * 999), "do not fit a context of 512: raise context_tokens"),
        (request("x", lane="middle"), "there is no lane 'middle'"),
        (request(), "an empty prompt cannot be continued"),
        (request(10**6), "llama_decode failed"),
    ],
    ids=["too long", "no such lane", "empty", "no such token"],
)
async def test_an_impossible_request_fails_and_the_next_one_is_served(shared, wanted, message):
    with pytest.raises(EngineError, match=message):
        await answer(shared, wanted)
    await answer(shared)


async def test_from_start_to_close(tiny):
    async with started(spec(tiny)) as (client, told):
        with pytest.raises(EngineError, match="no model is loaded"):
            await answer(client)
        await asyncio.gather(client.ready("lean"), client.ready("lean"))
        process = psutil.Process(client.process_id)
        await answer(client)
    assert states(told) == ["starting", "loading", "idle", "busy", "idle"][-len(states(told)) :]
    assert not process.is_running()
    with pytest.raises(EngineError, match="no model is loaded"):
        await answer(client)


async def test_close_fails_waiting_callers(tiny):
    async with started(spec(tiny, LEAN, ROOMY)) as (client, _):
        await client.ready("lean")
        running = asyncio.create_task(answer(client, ENDLESS))
        await until(lambda: client.status.state is EngineState.BUSY)
        loading = EngineClient((spec(tiny),))
        waiting = asyncio.create_task(loading.ready("lean"))
        await asyncio.sleep(0)
        await client.close()
        await loading.close()
        for task in (running, waiting):
            with pytest.raises(EngineError, match="the engine was closed"):
                await task


async def test_close_before_start_does_nothing(tiny):
    await EngineClient((spec(tiny),)).close()


# Dying


async def test_a_killed_engine_fails_its_requests_and_serves_again(tiny):
    async with started(spec(tiny, LEAN, ROOMY)) as (client, told):
        await client.ready("lean")
        first = process_id(client)
        running = [asyncio.create_task(answer(client, ENDLESS)) for _ in range(2)]
        await until(lambda: client.status.state is EngineState.BUSY)
        told.clear()
        os.kill(first, signal.SIGKILL)
        for task in running:
            with pytest.raises(EngineError, match="stopped unexpectedly; it starts again"):
                await task
        await client.ready("lean")
        await answer(client)
        assert client.process_id != first
        before_restart = states(told)[: states(told).index(EngineState.STARTING)]
        assert EngineState.IDLE not in before_restart


async def test_an_engine_that_hangs_is_ended_even_while_requests_keep_coming(tiny):
    """Each keystroke supersedes the request before it: no single request waits for long."""
    async with started(spec(tiny), silent(hang=1.0)) as (client, _):
        await client.ready("lean")
        hung = psutil.Process(client.process_id)
        hung.suspend()
        while client.model("lean") is not None:
            with contextlib.suppress(TimeoutError, EngineError):
                await asyncio.wait_for(answer(client), 0.1)
        await client.ready("lean")
        assert not hung.is_running()
        await answer(client)


async def test_an_engine_that_computes_for_long_lives_until_the_limit_of_a_step(tiny, monkeypatch):
    """It still answers what needs no computing: it is no stopped process."""
    stuck = SimpleNamespace(python=lambda *_: (sys.executable, str(STUCK)), start=child.start)
    monkeypatch.setattr("leanwide.engine.child_process.child", stuck)
    async with started(spec(tiny), silent(hang=0.5, step=2.0)) as (client, _):
        await client.ready("lean")
        began = time.monotonic()
        with pytest.raises(EngineError, match="stopped unexpectedly"):
            await answer(client)
        assert time.monotonic() - began > 1.9


async def test_an_idle_engine_does_not_count_as_hung(tiny):
    async with started(spec(tiny), silent(hang=0.1)) as (client, told):
        await client.ready("lean")
        first = client.process_id
        await asyncio.sleep(0.3)
        assert client.process_id == first
        assert states(told)[-1] is EngineState.IDLE


async def test_an_engine_that_keeps_dying_is_restarted_after_a_long_pause(tiny, caplog):
    timeouts = attrs.evolve(QUICK, failures=3, long_pause=0.2)
    async with started(spec(tiny), timeouts) as (client, told):
        deadly = True

        def kill(status: EngineStatus) -> None:
            if deadly and status.state is EngineState.LOADING:
                os.kill(process_id(client), signal.SIGKILL)

        client.observe(kill)
        client.start()
        await until(lambda: client.status.state is EngineState.DEGRADED)
        assert client.status.reason == (
            "the engine stopped 3 times in a row; next try in 0 s, see the log for the cause"
        )
        assert states(told).count(EngineState.LOADING) == 3
        deadly = False
        await client.ready("lean")
        await answer(client)
    assert "engine process ended with code -9" in caplog.text


async def test_observers_learn_of_another_model_while_requests_run(tiny: Path):
    client = EngineClient((spec(tiny),))
    told: list[EngineState] = []
    client.observe(lambda status: told.append(status.state))
    client._status.set(EngineState.BUSY)
    client._pending[1] = asyncio.Queue()
    lane = LaneInfo(name="wide", experts=4, context_tokens=64, load_ms=0.0, notice="", sequences=1)
    for name in ("first", "first", "second"):
        client._handle(wire.LaneOpened(attrs.evolve(SCRIPTED_MODEL, name=name), lane))
    assert told == [EngineState.BUSY] * 3


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 0.05), (2, 0.1), (4, 0.4), (5, 30.0), (6, 0.05), (25, 30.0)]
)
def test_restart_pauses_grow_and_every_fifth_is_long(failures, seconds):
    assert DEFAULT_TIMEOUTS.pause_after(failures) == pytest.approx(seconds)


async def test_an_observer_that_fails_does_not_block_callers(tiny, caplog):
    async with started(spec(tiny)) as (client, _):
        failed = False

        def fail_once(status: EngineStatus) -> None:
            nonlocal failed
            if not failed and status.state is EngineState.LOADING:
                failed = True
                raise RuntimeError("no status bar")

        client.observe(fail_once)
        await client.ready("lean")
        await answer(client)
    assert "no status bar" in caplog.text


# Model files


DAMAGED = "is damaged, it claims"
NO_WEIGHTS = "and has no weights for them: download the model again"


def missing(folder: Path) -> Path:
    return folder / "no such model.gguf"


def folder_itself(folder: Path) -> Path:
    return folder


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (missing, "does not exist: check the model path"),
        (folder_itself, "cannot be read: Is a directory"),
        (broken.empty, "is empty: download the model again"),
        (broken.truncated_header, "is truncated or damaged: download the model again"),
        (broken.truncated_weights, "is truncated, 1.8 MB are missing: download the model again"),
        (broken.not_gguf, "is not a GGUF file: give the path of a .gguf model"),
        (broken.no_layers, f"{DAMAGED} 0 layers {NO_WEIGHTS}"),
        (broken.endless_experts, f"{DAMAGED} 2147483647 experts {NO_WEIGHTS}"),
        (None, "cannot be loaded: unknown model architecture: 'qwen9moe'"),
    ],
    ids=[
        "missing",
        "folder",
        "empty",
        "header cut",
        "weights cut",
        "web page",
        "layers",
        "experts",
        "architecture",
    ],
)
async def test_the_error_for_a_bad_model_file_names_file_and_cause(
    tmp_path, unknown_architecture, make, cause
):
    path = make(tmp_path) if make else unknown_architecture
    async with started(spec(path)) as (client, told):
        with pytest.raises(EngineError) as caught:
            await client.ready("lean")
        assert str(caught.value) == f"{path} {cause}"
        assert told[-1] == EngineStatus(state=EngineState.FAILED, reason=f"{path} {cause}")
        assert EngineState.DEGRADED not in states(told)
        with pytest.raises(EngineError):
            await answer(client)


async def test_an_illegal_expert_count_becomes_the_nearest_legal_one_with_a_notice(tiny, caplog):
    caplog.set_level(logging.WARNING)
    async with started(spec(tiny, attrs.evolve(LEAN, experts=99))) as (client, told):
        await client.ready("lean")
        end = await answer(client)
    notice = "leanwide synthetic runs 1 to 8 experts: using 8 instead of 99"
    assert end.stats.experts == 8
    assert notice in [status.reason for status in told]
    assert notice in caplog.text


async def test_a_model_that_appears_after_a_refusal_is_found_at_the_next_request(tiny, tmp_path):
    path = tmp_path / "late.gguf"
    async with started(spec(path)) as (client, told):
        with pytest.raises(EngineError, match="does not exist"):
            await client.ready("lean")
        client.start()
        await background_tasks_done()
        assert states(told)[-1] is EngineState.FAILED, "as long as nothing has changed"
        path.write_bytes(tiny.read_bytes())
        client.start()
        await until(lambda: client.model("lean") is not None)
        await answer(client)


async def test_a_model_that_is_repaired_after_a_refusal_is_loaded(tiny, tmp_path):
    path = broken.not_gguf(tmp_path)
    async with started(spec(path)) as (client, _):
        with pytest.raises(EngineError, match="not a GGUF file"):
            await client.ready("lean")
        path.write_bytes(tiny.read_bytes())
        client.start()
        await until(lambda: client.model("lean") is not None)


async def test_a_model_that_is_still_being_written_is_not_loaded(tiny, tmp_path):
    path = broken.not_gguf(tmp_path)
    timeouts = attrs.evolve(QUICK, settle=0.2)
    async with started(spec(path), timeouts) as (client, told):
        with pytest.raises(EngineError):
            await client.ready("lean")
        told.clear()
        client.start()
        path.write_bytes(tiny.read_bytes()[:4000])
        await asyncio.sleep(0.1)
        path.write_bytes(tiny.read_bytes()[:5000])
        await background_tasks_done()
        assert told == []


async def test_a_request_for_the_model_loads_it_again_after_a_failure(tiny, tmp_path):
    path = tmp_path / "late.gguf"
    async with started(spec(path)) as (client, told):
        for _ in range(2):
            with pytest.raises(EngineError, match="does not exist"):
                await client.ready("lean")
        assert states(told).count(EngineState.FAILED) == 2


# Models that end the engine


async def test_a_model_that_crashes_the_engine_at_every_load_is_given_up_with_the_cause(tmp_path):
    path = broken.repeated_token(tmp_path)
    async with started(spec(path)) as (client, told):
        with pytest.raises(EngineError, match="the engine stops whenever it loads") as caught:
            await client.ready("lean")
        assert str(path) in str(caught.value)
        assert "GGML_ASSERT" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert "/src/" not in str(caught.value)
        assert client.status == EngineStatus(state=EngineState.FAILED, reason=str(caught.value))
        told.clear()
        client.start()
        await background_tasks_done()
        assert told == [], "it is not loaded again without a request"
        with pytest.raises(EngineError, match="GGML_ASSERT"):
            await client.ready("lean")
        assert states(told).count(EngineState.STARTING) == 1, "once more on request"


@pytest.mark.parametrize("times", [1, 6])
async def test_callers_of_an_engine_that_is_killed_at_every_start_get_an_error(
    tiny, times, monkeypatch
):
    """The client does not give up on a killed engine: the next start may succeed."""
    async with started(spec(tiny), attrs.evolve(QUICK, long_pause=60.0)) as (client, told):
        with monkeypatch.context() as killing:
            killing.setattr(child, "python", lambda *_: ("/bin/sh", "-c", "kill -KILL $$"))
            for _ in range(times):
                with pytest.raises(EngineError, match="ended by signal 9"):
                    await client.ready("lean")
        await client.ready("lean")
        assert EngineState.FAILED not in states(told)


async def test_an_engine_that_hangs_while_it_loads_is_ended(tiny):
    async with started(spec(tiny), silent(hang=0.5, load=8.0)) as (client, _):
        stopped: list[psutil.Process] = []

        def stop(status: EngineStatus) -> None:
            if status.state is EngineState.LOADING and not stopped:
                stopped.append(psutil.Process(client.process_id))
                stopped[0].suspend()

        client.observe(stop)
        await client.ready("lean")
        assert not stopped[0].is_running()


async def test_a_recovery_is_counted_at_the_first_served_request(tiny):
    async with started(spec(tiny)) as (client, _):
        for deaths in range(2):
            await client.ready("lean")
            assert client.status.recoveries == max(0, deaths - 1)
            await answer(client)
            assert client.status.recoveries == deaths
            os.kill(process_id(client), signal.SIGKILL)
            await until(lambda: client.model("lean") is None)


async def test_an_engine_leaves_no_core_file_of_what_the_user_writes(tiny):
    async with started(spec(tiny)) as (client, _):
        await client.ready("lean")
        assert psutil.Process(client.process_id).rlimit(psutil.RLIMIT_CORE) == (0, 0)


def test_a_failed_assertion_starts_no_debugger():
    assert child.environment()["GGML_NO_BACKTRACE"]
