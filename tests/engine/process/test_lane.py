"""Generations on a lane, in this process, with a tiny model of random weights."""

from __future__ import annotations

import codecs
import itertools
import threading
from collections.abc import Callable

import attrs
import numpy as np
import pytest

from leanwide.engine.base import EngineError
from leanwide.engine.process.encoding import encode
from leanwide.engine.process.lane import Lane
from leanwide.engine.process.lanes import Lanes
from leanwide.engine.process.llama import Model
from leanwide.engine.process.llama_context import Context, ContextParams
from leanwide.engine.process.scheduler import JobId, Scheduler
from leanwide.engine.requests import (
    GREEDY,
    Finished,
    FinishReason,
    PrefillProgress,
    Priority,
    Sampling,
)
from leanwide.engine.specs import LaneSpec
from leanwide.models.expert_count import ExpertWidth
from leanwide_bench.synthetic.shapes import SMALL_MELLUM
from leanwide_bench.synthetic.synthetic import Recipe, write
from tests.engine import make
from tests.engine.make import job, model_of, run, run_cached, text_of, to_end

CODE = "class Server(Base):\n    def __init__(self, name):\n        self.name = name\n"
LONG = "".join(f"def f{number}(x):\n    return x + {number}\n" for number in range(20))


def count(lanes: Lanes, *prompt: str | int) -> int:
    return len(encode(model_of(lanes), prompt))


def talkative(lane: Lane, tokens: int = 12) -> str:
    """Return a prompt with an answer of ``tokens`` tokens; random weights end many earlier."""
    for number in range(50):
        prompt = f"{CODE}x{number} = "
        text, end = run_cached(lane, (prompt,), max_tokens=tokens)
        if end.reason is FinishReason.LENGTH and len(text) > tokens:
            return prompt
    raise AssertionError("the model ends every answer early")


# Reuse of the KV cache


def test_the_same_prompt_again_evaluates_one_token(lane, lanes):
    prompt = LONG + "same"
    _, first = run(lane, prompt)
    _, again = run(lane, prompt)
    assert again.stats.tokens_evaluated == 1
    assert again.stats.tokens_reused == count(lanes, prompt) - 1
    assert first.stats.tokens_reused + first.stats.tokens_evaluated == count(lanes, prompt)


def test_typing_evaluates_only_the_typed_text(lane, lanes):
    run(lane, LONG, "x = typing")
    _, end = run(lane, LONG, "x = typing", "(a)\n")
    assert end.stats.tokens_evaluated == count(lanes, "(a)\n")
    assert end.stats.tokens_reused == count(lanes, LONG, "x = typing")


def test_returning_to_an_earlier_prompt_evaluates_one_token(lane):
    """The first prompt stays in the KV cache while another one is served."""
    first, other = f"# first\n{LONG}", f"# other\n{LONG}"
    run(lane, first)
    run(lane, other)
    assert run(lane, first)[1].stats.tokens_evaluated == 1


def test_a_warm_up_evaluates_the_prompt_and_generates_nothing(lane, lanes):
    prompt = f"# warm\n{LONG}"
    text, end = run(lane, prompt, max_tokens=0)
    assert (text, end.stats.tokens_generated) == ("", 0)
    assert run(lane, prompt)[1].stats.tokens_evaluated == 1


def test_a_shared_beginning_is_evaluated_once_while_it_is_in_use(lane, lanes):
    begun = lane.run(job(make.request("# shared\n", CODE, "a", max_tokens=2)))
    next(begun)  # one chunk and the first token
    _, end = run(lane, "# shared\n", CODE, "for b in c:\n")
    assert end.stats.tokens_reused == count(lanes, "# shared\n", CODE)
    *_, end = begun
    assert end.stats.tokens_generated >= 1


# Answers


def test_length_ends_an_answer(lane):
    _, end = run_cached(lane, (talkative(lane),), max_tokens=5)
    assert (end.reason, end.stats.tokens_generated) == (FinishReason.LENGTH, 5)


def test_a_stop_ends_an_answer_and_is_not_part_of_it(lane):
    prompt = talkative(lane)
    text, _ = run_cached(lane, (prompt,), max_tokens=12)
    stop = text[len(text) // 2 :][:3]
    stopped, end = run_cached(lane, (prompt,), max_tokens=12, stops=("not in the answer", stop))
    assert end.reason is FinishReason.STOP
    assert stopped == text[: text.index(stop)]


def test_at_the_deadline_the_answer_so_far_is_kept(lane):
    _, end = run_cached(lane, (talkative(lane),), deadline_ms=0.0)
    assert (end.reason, end.stats.tokens_generated) == (FinishReason.DEADLINE, 1)


def test_a_marker_ends_an_answer(lane, lanes):
    """A special token is never shown, nor anything after it."""
    for number in range(50):
        _, end = run(lane, f"{CODE}# {number}", max_tokens=40)
        if end.reason is FinishReason.END:
            assert end.stats.tokens_generated < 40
            return
    raise AssertionError("the model never ends an answer")


def test_sampling_with_the_same_seed_gives_the_same_answer(lane):
    def draw(seed: int) -> str:
        sampling = Sampling(temperature=1.5, top_k=200, top_p=1.0, seed=seed)
        return run_cached(lane, (CODE,), sampling=sampling, max_tokens=8)[0]

    assert draw(1) == draw(1)
    assert len({draw(seed) for seed in range(4)}) > 1


def test_text_that_looks_like_a_marker_stays_text(lanes):
    markers = lanes.model_info().fim
    text = "<|fim_middle|><|im_end|>"
    assert markers.middle not in encode(lanes.model, (text,))
    assert encode(lanes.model, (markers.middle,)) == [markers.middle]
    pieces = map(lanes.model.piece, encode(lanes.model, (text,)))
    assert b"".join(pieces).decode() == text


@pytest.mark.parametrize("text", ["", "é", "你好 🙂 e\u0301", "a\r\n\t\0b", " " * 99, "\ud800"])
def test_tokens_spell_their_text(lanes, text):
    pieces = map(lanes.model.piece, lanes.model.tokenize(text))
    assert b"".join(pieces) == text.encode("utf-8", "replace")


# Healing


@pytest.mark.parametrize(
    "typed",
    ["x = retu", "self.na", "    pri", "if value is No", "café", "你", "🙂", "x", "a = {", "  "],
)
def test_a_cut_word_is_continued(lane, lanes, typed):
    """The last tokens are removed; what the model generates instead starts with their bytes."""
    prompt = encode(lanes.model, (CODE, typed))
    text, end = run(lane, CODE, typed, max_tokens=9, heal=True)
    kept = end.stats.tokens_reused + end.stats.tokens_evaluated
    assert kept >= len(prompt) - 4
    held = max(lane.kv.sequences, key=lambda sequence: sequence.used).tokens
    given, evaluated, generated = (
        b"".join(map(lanes.model.piece, tokens)) for tokens in (prompt, held[:kept], held[kept:])
    )
    assert given.startswith(evaluated)
    removed = given[len(evaluated) :]
    assert removed
    assert generated.startswith(removed)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    assert text.startswith(decoder.decode(generated[len(removed) :]))


@pytest.mark.parametrize("prompt", [(CODE,), (CODE, 5), (CODE, ""), ("x",)])
def test_no_token_is_removed_after_a_line_a_marker_or_the_only_token(lane, lanes, prompt):
    _, end = run(lane, *prompt, heal=True)
    assert end.stats.tokens_reused + end.stats.tokens_evaluated == count(lanes, *prompt)


# Cancelling


def test_a_cancelled_request_does_not_touch_the_cache(lane):
    steps, end = to_end(lane.run(job(make.request("x" * 40), lambda: True)))
    assert steps == []
    assert end.reason is FinishReason.CANCELLED
    assert end.stats.tokens_evaluated == 0


def test_a_cancel_between_tokens_ends_the_answer_there(lane):
    cancelled = threading.Event()
    running = lane.run(job(make.request(talkative(lane), max_tokens=12), cancelled.is_set))
    first = next(running)
    cancelled.set()
    rest, end = to_end(running)
    assert end.reason is FinishReason.CANCELLED
    assert (end.stats.tokens_generated, len([first, *rest])) == (1, 1)


def test_a_cancel_inside_a_prefill_chunk_keeps_the_chunks_before_it(lane, lanes):
    """Another thread cancels while llama.cpp computes; the abort callback sees it."""
    prompt = f"# cancelled in the prompt\n{LONG}"
    computing, cancelled = threading.Event(), threading.Event()
    second_chunk, calls = False, 0

    def is_cancelled() -> bool:
        nonlocal calls
        if second_chunk:
            calls += 1
            if calls == 10:  # llama.cpp calls it between the nodes of its graph
                computing.set()
                cancelled.wait()
        return cancelled.is_set()

    def cancel() -> None:
        computing.wait()
        cancelled.set()

    thread = threading.Thread(target=cancel)
    thread.start()
    running = lane.run(job(make.request(prompt), is_cancelled))
    assert isinstance(next(running), PrefillProgress)
    second_chunk = True
    _, end = to_end(running)
    thread.join()
    first_chunk = end.stats.tokens_evaluated
    assert end.reason is FinishReason.CANCELLED
    assert 0 < first_chunk < count(lanes, prompt)
    _, again = run(lane, prompt)
    assert again.stats.tokens_reused >= first_chunk
    assert again.stats.tokens_reused + again.stats.tokens_evaluated == count(lanes, prompt)


def test_an_answer_after_a_cancelled_prompt_is_the_same_as_without(lane, lanes):
    """The cache and its bookkeeping still agree."""
    prompt = f"# agrees\n{talkative(lane)}{LONG}"
    running = lane.run(job(make.request(prompt)))
    next(running)
    running.close()
    cancelled_first, _ = run_cached(lane, (prompt,), max_tokens=6)
    assert run_cached(lane, (prompt,), max_tokens=6)[0] == cancelled_first
    held = max(lane.kv.sequences, key=lambda sequence: sequence.used)
    assert lane.kv.context.length(held.number) == len(held.tokens)


# Preemption


@pytest.mark.parametrize(
    ("priority", "aborted_in_a_row"), [(Priority.COMMAND, 4), (Priority.BACKGROUND, 1)]
)
def test_a_job_that_is_always_preempted_still_proceeds(
    lane, monkeypatch, priority, aborted_in_a_row
):
    """The job is always preempted: every chunk that can be aborted is."""
    # The tiny model is fast: with the usual limit even short chunks were long.
    monkeypatch.setattr("leanwide.engine.process.prefill_chunks.STEP_MS", 0.0)
    tokens = encode(lane.model, (f"# preempted {priority}\n{LONG}",))
    preempted = attrs.evolve(job(make.request("x", priority=priority)), preempted=lambda: True)
    sequence = lane.kv.claim(preempted.request, tokens)
    counts = list(lane.kv.prefill(sequence, tokens, preempted))
    sequence.busy = False
    aborted = [len(list(row)) for count, row in itertools.groupby(counts) if count == 0]
    assert max(aborted) == aborted_in_a_row
    assert sequence.tokens == tokens
    assert lane.kv.context.length(sequence.number) == len(tokens)


# Several at once


def test_two_interleaved_answers_are_the_same_as_alone(lane):
    first, other = talkative(lane), f"# other\n{talkative(lane)}"
    alone = [run_cached(lane, (prompt,), max_tokens=12)[0] for prompt in (first, other)]
    for prompt in (first, other):
        run(lane, prompt, max_tokens=0)
    running = [lane.run(job(make.request(prompt, max_tokens=12))) for prompt in (first, other)]
    together = itertools.zip_longest(*running)
    assert [text_of(steps) for steps in zip(*together, strict=True)] == alone


def test_a_lane_without_a_free_sequence_refuses(lane):
    running = [lane.run(job(make.request(f"# {n}\n{LONG}"))) for n in range(3)]
    for steps in running:
        next(steps)
    with pytest.raises(EngineError, match="every sequence of the lane is in use"):
        run(lane, "x")
    for steps in running:
        steps.close()
    assert run(lane, "x")[1].reason


def test_superseded_requests_free_their_sequences(lane):
    ends: list[Finished | EngineError] = []
    scheduler = Scheduler(lambda _, step: None, lambda _, end: ends.append(end))
    cancel = threading.Event()
    for number in range(6):
        cancel.set()
        cancel = threading.Event()
        newest = job(make.request(f"# {number}\n{LONG}"), cancel.is_set)
        job_id = JobId(0, number)
        scheduler.add(job_id, Priority.INTERACTIVE, lane.run(newest), newest.cancelled)
        scheduler.step()
        scheduler.step()
    cancel.set()
    while not scheduler.idle:
        scheduler.step()
    reasons = [end.reason for end in ends if isinstance(end, Finished)]
    assert reasons == 6 * [FinishReason.CANCELLED]


# Limits


def test_a_prompt_that_is_too_long_is_refused_and_the_lane_goes_on(lane):
    with pytest.raises(EngineError, match=r"\d+ prompt and 8 answer tokens do not fit a context"):
        run(lane, "x = 1\n" * 400)
    assert run(lane, "x")[1].reason


def test_an_empty_prompt_is_refused(lane):
    for prompt in [(), ("",)]:
        with pytest.raises(EngineError, match="empty prompt"):
            run(lane, *prompt)


def test_a_model_that_expects_a_bos_token_gets_one(opened, with_bos):
    lanes = opened(make.spec(with_bos))
    lane, _ = lanes.lane("lean")
    assert encode(lanes.model, ("x",)) == [lanes.model.bos, *lanes.model.tokenize("x")]
    for prompt in [(), ("",)]:
        with pytest.raises(EngineError, match="empty prompt"):
            run(lane, *prompt, heal=True)
    assert run(lane, "x", heal=True)[1].reason


def test_where_sequences_share_their_cells_a_full_cache_evicts_the_older_prompt(
    opened, models, monkeypatch
):
    """There are cells for one of two sequences, and there is no memory for more."""
    path = models / "sliding_window.gguf"
    write(path, Recipe(shape=SMALL_MELLUM))
    open_context = Model.open_context

    def open_small(model: Model, params: ContextParams, abort: Callable[[], bool]) -> Context:
        return open_context(model, attrs.evolve(params, cells=256), abort)

    monkeypatch.setattr(Model, "open_context", open_small)
    lanes = opened(
        make.spec(path, LaneSpec(name="small", experts=2, context_tokens=256, sequences=2))
    )
    lane, _ = lanes.lane("small")
    first, other = "# first\n" + "a = 1\n" * 40, "# other\n" + "for b in c:\n" * 25
    assert count(lanes, first) + count(lanes, other) > 256
    for prompt in (first, other, first):
        _, end = run(lane, prompt)
        assert end.stats.tokens_reused < 9
    assert run(lane, first)[1].stats.tokens_evaluated == 1


# Lean and wide


def test_two_expert_counts_on_one_file_answer_differently(lane, wide):
    for opened_lane in (lane, wide):
        run(opened_lane, CODE, max_tokens=0, lane=opened_lane.info.name)
    assert not np.allclose(lane.kv.logits(), wide.kv.logits(), atol=1e-2)
    assert run(lane, "x")[1].stats.experts == lane.info.experts == 2
    assert run(wide, "x", lane="wide")[1].stats.experts == wide.info.experts == 4


@pytest.mark.parametrize(
    ("wanted", "experts", "notice"),
    [
        (ExpertWidth.HALF, 2, ""),
        (ExpertWidth.TRAINED, 4, ""),
        (0, 1, "leanwide synthetic runs 1 to 8 experts: using 1 instead of 0"),
        (-3, 1, "leanwide synthetic runs 1 to 8 experts: using 1 instead of -3"),
        (8, 8, ""),
        (9, 8, "leanwide synthetic runs 1 to 8 experts: using 8 instead of 9"),
    ],
)
def test_the_nearest_legal_expert_count_is_used_with_a_notice(
    opened, tiny, wanted, experts, notice
):
    spec = LaneSpec(name="lean", experts=wanted, context_tokens=256, sequences=1)
    lane, info = opened(make.spec(tiny, spec)).lane("lean")
    assert (info.experts, info.notice) == (experts, notice)
    assert run(lane, "x")[1].stats.experts == experts


def test_a_dense_model_has_no_expert_count(opened, dense):
    lanes = opened(make.spec(dense))
    for name in ("lean", "wide"):
        lane, info = lanes.lane(name)
        assert (info.experts, info.notice) == (0, "")
        assert run(lane, CODE, lane=name)[1].reason
    assert lanes.model_info().experts == 0


def test_unlikely_tokens_can_be_left_out(lane: Lane):
    hot = Sampling(temperature=2.0, min_p=0.99)
    assert run_cached(lane, ("p = ",), sampling=hot)[0] == run_cached(lane, ("p = ",))[0]


def test_a_penalty_changes_a_greedy_answer_in_the_same_way_each_time(opened, tiny):
    one = LaneSpec(name="lean", experts=2, context_tokens=512, sequences=1)
    lane, _ = opened(make.spec(tiny, one)).lane("lean")

    def answer(sampling: Sampling) -> str:
        return run_cached(lane, (CODE,), sampling=sampling, max_tokens=60)[0]

    penalty = Sampling(repeat_penalty=1.5, penalty_tokens=64)
    plain, varied = answer(GREEDY), answer(penalty)
    assert plain != varied
    assert answer(penalty) == varied


def test_a_context_is_limited_to_the_trained_one(opened, tiny):
    spec = LaneSpec(name="lean", experts=2, context_tokens=5000, sequences=1)
    _, info = opened(make.spec(tiny, spec)).lane("lean")
    assert info.context_tokens == 4096
    assert info.notice == ""


def test_a_lane_that_does_not_exist_is_named(lanes):
    with pytest.raises(EngineError, match="there is no lane 'middle'"):
        lanes.lane("middle")


def test_a_lane_is_opened_once(lanes):
    assert lanes.lane("lean")[0] is lanes.lane("lean")[0]


def test_the_description_of_the_model(lanes, tiny):
    lanes.lane("lean")
    info = lanes.model_info()
    assert info.name == "leanwide synthetic"
    assert info.experts == 8
    assert info.size_bytes == tiny.stat().st_size
    assert info.fim is not None
    assert "im_start" in info.chat_template


def test_greedy_is_the_default():
    assert GREEDY == Sampling() == make.request("x").sampling
