"""``leanwide bench soak``: the work that it draws, and the levels that it reports."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from leanwide_bench.replay.buffer import Buffer
from leanwide_bench.replay.session import ServerSetup
from leanwide_bench.replay.traces import Accept, Backspace, Insert, Move, TraceDocument
from leanwide_bench.soak.faults import FaultPlan
from leanwide_bench.soak.health import Health, levels
from leanwide_bench.soak.soak import SoakOutcome, SoakPlan, Tally
from leanwide_bench.soak.visits import visits

PROGRAM = str(Path(sys.executable).with_name("leanwide"))
DOCUMENT = TraceDocument(
    name="heap.py", language="python", text=Path(json.__file__).read_text("utf-8")
)
HEALTH = Health(
    at_s=0.0,
    visits=0,
    server_rss=100_000_000,
    server_threads=4,
    server_descriptors=9,
    server_tasks=5,
    server_requests=1,
    engine_rss=200_000_000,
    engine_threads=4,
    engine_descriptors=6,
)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_what_is_typed_in_a_visit_leaves_the_document_as_it_was(seed):
    for visit in itertools.islice(visits([DOCUMENT], seed), 3):
        buffer = Buffer("file:///heap.py", DOCUMENT.text, "utf-16")
        for key in visit.trace.keys:
            match key:
                case Move(after):
                    buffer.go_behind(after)
                case Insert(text):
                    buffer.insert(text)
                case Backspace():
                    buffer.backspace()
        assert buffer.text == DOCUMENT.text
        assert all(0 <= asked.lines[0] <= asked.lines[1] for asked in visit.inquiries)


def test_the_same_seed_does_the_same_work():
    first, again, other = (list(itertools.islice(visits([DOCUMENT], n), 5)) for n in (1, 1, 2))
    assert first == again != other
    assert any(isinstance(key, Accept) for visit in first for key in visit.trace.keys)


def test_the_largest_document_comes_first_with_every_question():
    small = evolve(DOCUMENT, name="small.py", text="\n".join(DOCUMENT.text.split("\n")[:60]))
    first = next(visits([small, DOCUMENT], seed=0))
    assert first.trace.documents == (DOCUMENT,)
    commands = {question.command for question in first.inquiries}
    assert commands == {"leanwide.explain", "leanwide.chat", "leanwide.refactor"}
    assert all(question.patience_s is None for question in first.inquiries)


def test_growth_is_counted_from_the_end_of_the_warm_up_on():
    leak = [evolve(HEALTH, at_s=at, server_rss=100_000_000 + 100_000 * at) for at in range(100)]
    by_name = {level.name: level for level in levels(leak, warm_up_s=50)}
    assert by_name["server_rss"].first == 105_200_000
    assert by_name["server_rss"].last == 109_700_000
    assert by_name["engine_rss"].growth == 0
    assert round(by_name["server_rss"].growth, 4) == 0.0428


@pytest.mark.parametrize(
    ("minutes", "visit_s", "ends_s"),
    [(120, 60, 600), (120, 400, 1200), (120, 1_000, 1800), (20, 60, 300)],
)
def test_the_warm_up_lasts_until_each_document_came_once(minutes, visit_s, ends_s):
    setup = ServerSetup(command=(), settings={})
    plan = SoakPlan(
        setup=setup,
        documents=[DOCUMENT] * 3,
        seconds=60 * minutes,
        pace_ms=80,
        seed=0,
        faults=FaultPlan(),
    )
    series = [evolve(HEALTH, at_s=visit_s * number, visits=number) for number in range(6)]
    outcome = SoakOutcome(plan=plan, tally=Tally(series=series), status={})
    assert outcome.warm_up_s == ends_s


def test_readings_without_an_engine_do_not_count():
    assert levels([evolve(HEALTH, engine_rss=0)], warm_up_s=0) == ()


def test_a_killed_engine_leaves_no_request_without_an_answer(tiny):
    command = [PROGRAM, "bench", "soak", "--model", tiny, "--minutes", "0.2", "--pace", "10"]
    done = subprocess.run(
        [*command, "--kills", "1", "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["struck"]["kills"] == 1
    assert report["unanswered"] == report["answered_twice"] == 0
    assert report["visits"] > 0
    assert report["requests"] > 20
    assert all(read["server_rss"] > 0 < read["server_threads"] for read in report["series"])
    assert report["series"]
