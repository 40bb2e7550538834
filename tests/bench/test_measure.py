from __future__ import annotations

import pytest

from leanwide_bench.replay.measure import ReplayRun, Spread, from_cache, spread, summarize
from leanwide_bench.replay.rpc import Reply
from leanwide_bench.replay.session import newer
from leanwide_bench.replay.typist import PlayedTrace, RequestSample

ITEM = {"items": [{"insertText": "x"}]}


def sample(answered_ms, result=None, **more):
    """A request whose key went down at 1 s and that was sent 10 ms later."""
    reply = Reply(1 + answered_ms / 1000, result, more.pop("error", None))
    more = {"typed_through": False, "retired": False, **more}
    return RequestSample(number=1, key_at=1.0, sent_at=1.01, reply=reply, **more)


def record(source="model", evaluated=3, generated=4, **ms):
    stages = {"queue": 0.0, "prompt": 1.0, "decode": 8.0, "other": 2.0, "total": 11.0, **ms}
    return {
        "source": source,
        "answer": "x",
        "tokensEvaluated": evaluated,
        "tokensReused": 100,
        "tokensGenerated": generated,
        "ms": stages,
    }


def summary(*samples, records=(), keys=1, never=0, twice=0):
    played = PlayedTrace(keys=keys, samples=[*samples])
    return summarize(
        [ReplayRun(played=played, records=records, never_answered=never, answered_twice=twice)]
    )


def test_percentiles_are_values_that_occurred():
    assert spread(range(1, 101)) == Spread(count=100, p50=50, p95=95, p99=99, max=100)
    assert spread([7.0]) == Spread(count=1, p50=7, p95=7, p99=7, max=7)
    assert spread([]) is None


def test_retired_requests_have_no_time():
    found = summary(sample(30, ITEM), sample(999, retired=True)).answers
    assert (found.requests, found.retired_requests) == (2, 1)
    assert (found.key_to_answer_ms.count, found.key_to_answer_ms.max) == (1, 30)
    assert found.request_to_answer_ms.max == 20


def test_answers_are_shown_empty_or_failed():
    error = {"code": -32603, "message": "broken"}
    given_up = {"code": -32800, "message": "cancelled"}
    found = summary(
        sample(1, ITEM),
        sample(1, {"items": []}),
        sample(1),
        sample(1, error=error),
        sample(1, error=given_up, retired=True),
    ).answers
    assert (found.shown_answers, found.empty_answers, found.failed_answers) == (1, 2, 1)


def test_typed_through_keys_have_their_own_times():
    times = summary(sample(50, ITEM), sample(2, ITEM, typed_through=True)).answers
    assert (times.typed_through_answer_ms.count, times.typed_through_answer_ms.max) == (1, 2)


def test_the_first_request_of_a_run_is_cold():
    found = summary(sample(500, ITEM), sample(5, ITEM))
    assert found.answers.first_answer_ms.max == 500


def test_tokens_are_counted_per_record_and_per_key():
    found = summary(records=[record(evaluated=1), record(evaluated=9)], keys=4)
    assert (found.work.tokens_evaluated.p50, found.work.tokens_evaluated.p95) == (1, 9)
    assert found.tokens_evaluated_per_key == 2.5


def test_work_ahead_of_a_request_counts_for_no_key():
    found = summary(records=[record(), record("ahead", evaluated=500)])
    assert (found.work.records, found.work.tokens_evaluated.max) == (1, 3)
    assert found.work.records_by_source == {"model": 1, "ahead": 1}


def test_every_stage_that_the_server_names_is_reported():
    found = summary(records=[record(syntax=1.5)])
    assert found.work.stages_ms["syntax"].max == 1.5


def test_the_first_token_comes_before_the_others_are_decoded():
    assert summary(records=[record()]).work.first_token_ms.max == 5.0


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (record("cache"), True),
        (record("model"), False),
        ({"answer": "x", "tokensEvaluated": 0, "tokensGenerated": 0}, True),
        ({"answer": "", "tokensEvaluated": 0, "tokensGenerated": 0}, False),
        ({"answer": "x", "tokensEvaluated": 2, "tokensGenerated": 0}, False),
    ],
)
def test_a_server_without_sources_is_understood(entry, expected):
    assert from_cache(entry) is expected


def test_requests_that_were_not_answered_once_are_counted():
    assert summary(never=1, twice=2).misanswered_requests == 3


@pytest.mark.parametrize(
    ("known", "window", "expected"),
    [
        ([], [1, 2], [1, 2]),
        ([1, 2], [1, 2], []),
        ([1, 2], [1, 2, 3], [3]),
        ([1, 2, 3], [3, 4, 5], [4, 5]),
        ([1, 2, 3], [4, 5, 6], [4, 5, 6]),
        ([1, 1, 2], [1, 2, 1], [1]),
    ],
)
def test_a_sliding_window_is_continued(known, window, expected):
    assert list(newer(known, window)) == expected
