"""Generations on a lane, with a tiny model of random weights in this process."""

from __future__ import annotations

import codecs
import itertools
import threading
import time

import attrs
import numpy as np
import pytest

from leanwide.engine.base import (
    GREEDY,
    EngineError,
    Finished,
    FinishReason,
    LaneSpec,
    PrefillProgress,
    Priority,
    Sampling,
)
from leanwide.engine.process.encoding import encode
from leanwide.engine.process.lane import Lane, LaneOpening
from leanwide.engine.process.lanes import Lanes
from leanwide.engine.process.scheduler import Scheduler
from leanwide.engine.process.token_healing import PieceIndex
from leanwide.models.limits import ExpertWidth
from tests.engine import make
from tests.engine.make import job, run, settled, text_of

CODE = "class Server(Base):\n    def __init__(self, name):\n        self.name = name\n"
LONG = "".join(f"def f{number}(x):\n    return x + {number}\n" for number in range(20))


def count(lanes: Lanes, *prompt: str | int) -> int:
    return len(encode(lanes.model, prompt))


def talkative(lane: Lane, tokens: int = 12) -> str:
    """A prompt to which the model has that many tokens to say; its weights are random."""
    for number in range(50):
        prompt = f"{CODE}x{number} = "
        text, end = settled(lane, (prompt,), max_tokens=tokens)
        if end.reason is FinishReason.LENGTH and len(text) > tokens:
            return prompt
    raise AssertionError("the model ends every answer at once")


# What is reused


def test_the_same_prompt_again_evaluates_one_token(lane, lanes):
    prompt = LONG + "same"
    _, first = run(lane, prompt)
    _, again = run(lane, prompt)
    assert again.stats.tokens_evaluated == 1
    assert again.stats.tokens_reused == count(lanes, prompt) - 1
    assert first.stats.tokens_reused + first.stats.tokens_evaluated == count(lanes, prompt)


def test_typing_on_evaluates_what_was_typed(lane, lanes):
    run(lane, LONG, "x = typing")
    _, end = run(lane, LONG, "x = typing", "(a)\n")
    assert end.stats.tokens_evaluated == count(lanes, "(a)\n")
    assert end.stats.tokens_reused == count(lanes, LONG, "x = typing")


def test_going_back_to_an_earlier_prompt_evaluates_one_token(lane):
    """The first one stays in the KV cache while another one is served."""
    first, other = f"# first\n{LONG}", f"# other\n{LONG}"
    run(lane, first)
    run(lane, other)
    assert run(lane, first)[1].stats.tokens_evaluated == 1


def test_a_warm_up_evaluates_the_prompt_and_says_nothing(lane, lanes):
    prompt = f"# warm\n{LONG}"
    text, end = run(lane, prompt, max_tokens=0)
    assert (text, end.stats.tokens_generated) == ("", 0)
    assert run(lane, prompt)[1].stats.tokens_evaluated == 1


def test_a_shared_beginning_is_evaluated_once_while_it_is_in_use(lane, lanes):
    begun = lane.run(job(make.request("# shared\n", CODE, "a", max_tokens=2)))
    next(begun)  # one slice and the first token
    _, end = run(lane, "# shared\n", CODE, "for b in c:\n")
    assert end.stats.tokens_reused == count(lanes, "# shared\n", CODE)
    *_, end = begun
    assert end.stats.tokens_generated >= 1


# What is answered


def test_length_ends_an_answer(lane):
    _, end = settled(lane, (talkative(lane),), max_tokens=5)
    assert (end.reason, end.stats.tokens_generated) == (FinishReason.LENGTH, 5)


def test_a_stop_ends_an_answer_and_is_not_part_of_it(lane):
    prompt = talkative(lane)
    text, _ = settled(lane, (prompt,), max_tokens=12)
    stop = text[len(text) // 2 :][:3]
    stopped, end = settled(lane, (prompt,), max_tokens=12, stops=("never said", stop))
    assert end.reason is FinishReason.STOP
    assert stopped == text[: text.index(stop)]


def test_a_deadline_gives_what_is_there(lane):
    _, end = settled(lane, (talkative(lane),), deadline_ms=0.0)
    assert (end.reason, end.stats.tokens_generated) == (FinishReason.DEADLINE, 1)


def test_a_marker_ends_an_answer(lane, lanes):
    """Whatever a model says that is no text is never shown: it does not go on behind it either."""
    for number in range(50):
        _, end = run(lane, f"{CODE}# {number}", max_tokens=40)
        if end.reason is FinishReason.END:
            assert end.stats.tokens_generated < 40
            return
    raise AssertionError("the model never ends an answer")


def test_drawing_with_the_same_seed_says_the_same(lane):
    def draw(seed: int) -> str:
        sampling = Sampling(temperature=1.5, top_k=200, top_p=1.0, seed=seed)
        return settled(lane, (CODE,), sampling=sampling, max_tokens=8)[0]

    assert draw(1) == draw(1)
    assert len({draw(seed) for seed in range(4)}) > 1


def test_text_that_looks_like_a_marker_stays_text(lanes):
    markers = lanes.model_info().fim
    text = "<|fim_middle|><|im_end|>"
    assert markers.middle not in encode(lanes.model, (text,))
    assert encode(lanes.model, (markers.middle,)) == [markers.middle]
    spelt = b"".join(lanes.model.piece(token) for token in encode(lanes.model, (text,)))
    assert spelt.decode() == text


@pytest.mark.parametrize("text", ["", "é", "你好 🙂 e\u0301", "a\r\n\t\0b", " " * 99, "\ud800"])
def test_tokens_spell_the_text_they_came_from(lanes, text):
    spelt = b"".join(lanes.model.piece(token) for token in lanes.model.tokenize(text))
    assert spelt == text.encode("utf-8", "replace")


# Healing


@pytest.mark.parametrize(
    "typed",
    ["x = retu", "self.na", "    pri", "if value is No", "café", "你", "🙂", "x", "a = {", "  "],
)
def test_a_cut_word_is_continued(lane, lanes, typed):
    """The last tokens are taken back; what the model says instead starts with their bytes."""
    prompt = encode(lanes.model, (CODE, typed))
    text, end = run(lane, CODE, typed, max_tokens=9, heal=True)
    kept = end.stats.tokens_reused + end.stats.tokens_evaluated
    assert kept >= len(prompt) - 4
    held = max(lane.kv.sequences, key=lambda sequence: sequence.used).tokens
    given, read, said = (
        b"".join(map(lanes.model.piece, tokens)) for tokens in (prompt, held[:kept], held[kept:])
    )
    assert given.startswith(read)
    taken_back = given[len(read) :]
    assert taken_back
    assert said.startswith(taken_back)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    assert text.startswith(decoder.decode(said[len(taken_back) :]))


@pytest.mark.parametrize("prompt", [(CODE,), (CODE, 5), (CODE, ""), ("x",)])
def test_nothing_is_taken_back_after_a_line_a_marker_or_the_only_token(lane, lanes, prompt):
    _, end = run(lane, *prompt, heal=True)
    assert end.stats.tokens_reused + end.stats.tokens_evaluated == count(lanes, *prompt)


# Cancelling


def test_a_cancelled_request_does_not_touch_the_cache(lane):
    [end] = lane.run(job(make.request("x" * 40), lambda: True))
    assert end.reason is FinishReason.CANCELLED
    assert end.stats.tokens_evaluated == 0


def test_a_cancel_between_tokens_ends_the_answer_there(lane):
    given_up = threading.Event()
    running = lane.run(job(make.request(talkative(lane), max_tokens=12), given_up.is_set))
    said = [next(running)]
    given_up.set()
    *rest, end = running
    assert end.reason is FinishReason.CANCELLED
    assert (end.stats.tokens_generated, len(said) + len(rest)) == (1, 1)


def test_a_cancel_inside_a_prompt_slice_keeps_the_slices_before_it(lane, lanes):
    """Another thread cancels while llama.cpp computes; the abort callback notices it there."""
    prompt = f"# cancelled in the prompt\n{LONG}"
    inside, given_up = threading.Event(), threading.Event()
    second_slice, asked = False, 0

    def cancelled() -> bool:
        nonlocal asked
        if second_slice:
            asked += 1
            if asked == 10:  # llama.cpp asks between the nodes of its graph
                inside.set()
                given_up.wait()
        return given_up.is_set()

    def give_up() -> None:
        inside.wait()
        given_up.set()

    thread = threading.Thread(target=give_up)
    thread.start()
    running = lane.run(job(make.request(prompt), cancelled))
    assert isinstance(next(running), PrefillProgress)
    second_slice = True
    *_, end = running
    thread.join()
    first_slice = end.stats.tokens_evaluated
    assert end.reason is FinishReason.CANCELLED
    assert 0 < first_slice < count(lanes, prompt)
    _, again = run(lane, prompt)
    assert again.stats.tokens_reused >= first_slice
    assert again.stats.tokens_reused + again.stats.tokens_evaluated == count(lanes, prompt)


def test_an_answer_after_a_cancelled_prompt_is_the_same_as_without(lane, lanes):
    """The cache and the bookkeeping over it still agree."""
    prompt = f"# agrees\n{talkative(lane)}{LONG}"
    running = lane.run(job(make.request(prompt)))
    next(running)
    running.close()
    cancelled_first, _ = settled(lane, (prompt,), max_tokens=6)
    assert settled(lane, (prompt,), max_tokens=6)[0] == cancelled_first
    held = max(lane.kv.sequences, key=lambda sequence: sequence.used)
    assert lane.kv.context.length(held.number) == len(held.tokens)


# Giving way


@pytest.mark.parametrize(
    ("priority", "lost_in_a_row"), [(Priority.COMMAND, 4), (Priority.BACKGROUND, 1)]
)
def test_slices_give_way_and_get_on_all_the_same(lane, monkeypatch, priority, lost_in_a_row):
    """Somebody is always typing: every slice that can be broken off is."""
    monkeypatch.setattr(
        "leanwide.engine.process.prefill_chunks.STEP_MS", 0.0
    )  # the model is fast, so are its slices
    tokens = encode(lane.model, (f"# gives way {priority}\n{LONG}",))
    asked = job(make.request("x", priority=priority))
    sequence = lane.kv.claim(asked.request, tokens)
    counts = list(lane.kv.prefill(sequence, tokens, attrs.evolve(asked, preempted=lambda: True)))
    sequence.busy = False
    lost = [len(list(run)) for count, run in itertools.groupby(counts) if count == 0]
    assert max(lost) == lost_in_a_row
    assert sequence.tokens == tokens
    assert lane.kv.context.length(sequence.number) == len(tokens)


# Two at a time


def test_two_answers_step_by_step_are_the_same_as_alone(lane):
    first, other = talkative(lane), f"# other\n{talkative(lane)}"
    alone = [settled(lane, (prompt,), max_tokens=12)[0] for prompt in (first, other)]
    for prompt in (first, other):
        run(lane, prompt, max_tokens=0)
    running = [lane.run(job(make.request(prompt, max_tokens=12))) for prompt in (first, other)]
    said = [[], []]
    while any(running):
        for number, steps in enumerate(running):
            step = next(steps, None) if steps else None
            said[number].append(step)
            if hasattr(step, "reason"):
                running[number] = None
    assert [text_of(steps) for steps in said] == alone


def test_a_lane_whose_sequences_are_all_in_use_says_so(lane):
    running = [lane.run(job(make.request(f"# {n}\n{LONG}"))) for n in range(3)]
    for steps in running:
        next(steps)
    with pytest.raises(EngineError, match="every sequence of the lane is in use"):
        run(lane, "x")
    for steps in running:
        steps.close()
    assert run(lane, "x")[1].reason


def test_requests_that_replace_one_another_find_a_sequence(lane):
    ends: list[Finished | EngineError] = []
    scheduler = Scheduler(lambda _, step: None, lambda _, end: ends.append(end))
    cancel = threading.Event()
    for number in range(6):
        cancel.set()
        cancel = threading.Event()
        each = job(make.request(f"# {number}\n{LONG}"), cancel.is_set)
        scheduler.add(number, Priority.INTERACTIVE, lane.run(each), each.cancelled)
        scheduler.step()
        scheduler.step()
    cancel.set()
    while not scheduler.idle:
        scheduler.step()
    assert [end.reason for end in ends] == 6 * [FinishReason.CANCELLED]


# Room


def test_a_prompt_that_is_too_long_is_refused_and_the_lane_goes_on(lane):
    with pytest.raises(EngineError, match=r"\d+ prompt and 8 answer tokens do not fit a context"):
        run(lane, "x = 1\n" * 400)
    assert run(lane, "x")[1].reason


def test_an_empty_prompt_is_refused(lane):
    for prompt in [(), ("",)]:
        with pytest.raises(EngineError, match="empty prompt"):
            run(lane, *prompt)


def test_a_model_that_expects_a_beginning_gets_one(opened, with_bos):
    lanes = opened(make.spec(with_bos))
    lane, _ = lanes.lane("lean")
    assert encode(lanes.model, ("x",)) == [lanes.model.bos, *lanes.model.tokenize("x")]
    for prompt in [(), ("",)]:
        with pytest.raises(EngineError, match="empty prompt"):
            run(lane, *prompt, heal=True)
    assert run(lane, "x", heal=True)[1].reason


def test_a_full_cache_makes_room_for_the_newest_prompt(lanes, tiny):
    class Small:
        """The model, with a KV cache for one of the two sequences."""

        def __getattr__(self, name):
            return getattr(lanes.model, name)

        def open_context(self, params, abort):
            return lanes.model.open_context(attrs.evolve(params, cells=256), abort)

    lane = Lane(
        Small(),
        PieceIndex([lanes.model.piece(token) for token in range(lanes.model.vocabulary)]),
        LaneSpec(name="small", experts=2, context_tokens=256, sequences=2),
        make.spec(tiny),
        LaneOpening(began=time.monotonic(), notice="", predicted_bytes=0),
    )
    try:
        first, other = "# first\n" + "a = 1\n" * 40, "# other\n" + "for b in c:\n" * 25
        assert count(lanes, first) + count(lanes, other) > 256
        for prompt in (first, other, first):
            _, end = run(lane, prompt)
            assert end.stats.tokens_reused < 9
        assert run(lane, first)[1].stats.tokens_evaluated == 1
    finally:
        lane.close()


# Lean and wide


def test_two_widths_over_one_file_say_different_things(lane, wide):
    logits = []
    for each in (lane, wide):
        run(each, CODE, max_tokens=0, lane=each.info.name)
        logits.append(each.kv.logits().copy())
    assert not np.allclose(*logits, atol=1e-2)
    assert run(lane, "x")[1].stats.experts == lane.info.experts == 2
    assert run(wide, "x", lane="wide")[1].stats.experts == wide.info.experts == 4


@pytest.mark.parametrize(
    ("wanted", "experts", "notice"),
    [
        (ExpertWidth.HALF, 2, ""),
        (ExpertWidth.TRAINED, 4, ""),
        (0, 1, "leanwide synthetic runs 1 to 8 experts: 1 serve instead of 0"),
        (-3, 1, "leanwide synthetic runs 1 to 8 experts: 1 serve instead of -3"),
        (8, 8, ""),
        (9, 8, "leanwide synthetic runs 1 to 8 experts: 8 serve instead of 9"),
    ],
)
def test_the_nearest_legal_width_serves_with_a_notice(opened, tiny, wanted, experts, notice):
    spec = LaneSpec(name="lean", experts=wanted, context_tokens=256, sequences=1)
    lane, info = opened(make.spec(tiny, spec)).lane("lean")
    assert (info.experts, info.notice) == (experts, notice)
    assert run(lane, "x")[1].stats.experts == experts


def test_a_dense_model_has_one_width(opened, dense):
    lanes = opened(make.spec(dense))
    for name in ("lean", "wide"):
        lane, info = lanes.lane(name)
        assert (info.experts, info.notice) == (0, "")
        assert run(lane, CODE, lane=name)[1].reason
    assert lanes.model_info().experts == 0


def test_a_penalty_changes_a_greedy_answer_in_the_same_way_each_time(opened, tiny):
    lane, _ = opened(make.spec(tiny)).lane("lean")

    def said(sampling: Sampling) -> str:
        return settled(lane, (CODE,), sampling=sampling, max_tokens=60)[0]

    penalty = Sampling(repeat_penalty=1.5, penalty_tokens=64)
    plain, varied = said(GREEDY), said(penalty)
    assert plain != varied
    assert said(penalty) == varied


def test_a_context_beyond_the_trained_one_is_cut(opened, tiny):
    spec = LaneSpec(name="lean", experts=2, context_tokens=5000, sequences=1)
    _, info = opened(make.spec(tiny, spec)).lane("lean")
    assert info.context_tokens == 4096
    assert info.notice == ""


def test_a_lane_that_does_not_exist_is_named(lanes):
    with pytest.raises(EngineError, match="there is no lane 'middle'"):
        lanes.lane("middle")


def test_a_lane_is_opened_once(lanes):
    assert lanes.lane("lean")[0] is lanes.lane("lean")[0]


def test_what_is_known_of_the_model(lanes, tiny):
    lanes.lane("lean")
    info = lanes.model_info()
    assert info.name == "leanwide synthetic"
    assert info.experts == 8
    assert info.size_bytes == tiny.stat().st_size
    assert info.fim is not None
    assert "im_start" in info.chat_template


def test_greedy_is_the_default():
    assert GREEDY == Sampling() == make.request("x").sampling
