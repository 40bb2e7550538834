"""Visits: what a user does in a file, and how it is scored."""

from __future__ import annotations

from itertools import pairwise

import attrs
import pytest

from leanwide.cli.compose import model_spec
from leanwide.context.view import with_lf
from leanwide.engine.requests import Finished, Priority, ignore_progress
from leanwide.engine.scripted import ScriptedEngine
from leanwide.features.session import Preferences
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.options import parse
from leanwide.syntax import language_for, split
from leanwide.syntax import parse as read
from leanwide.tuning.engines import Engines
from leanwide.tuning.figures import figures, samples
from leanwide.tuning.holes import SourceFile
from leanwide.tuning.trial import ON_REQUEST_ONLY, TrialBench, TrialSetting
from leanwide.tuning.visiting import run_visit
from leanwide.tuning.visits import VisitMoment, visits

FUNCTION = """\
def total_{0}(prices, tax):
    \"\"\"Add everything up.\"\"\"
    net = sum(prices)
    gross = net * (1 + tax)
    return round(gross, {0})


"""
TEXT = "".join(map(FUNCTION.format, range(6)))
SETTING = TrialSetting(experts=2, context_tokens=512)


def of(text):
    python = language_for("python")
    assert python is not None
    tree = read(python, split(text))
    return list(visits(SourceFile("/code/prices.py", "file:///code/prices.py", tree)))


# What the user does


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n")])
def test_consecutive_requests_differ_only_by_what_is_typed(text):
    found = of(text)
    assert len(found) > 2
    for visit in found:
        steps = list(visit.steps())
        assert [step.when for step in steps[:3]] == [
            VisitMoment.COLD,
            VisitMoment.PAUSE,
            VisitMoment.JUMP,
        ]
        for step, later in pairwise(steps):
            left = later.truth if later.when is VisitMoment.PAUSE else ""
            typed = step.truth.removesuffix(left)
            assert typed
            assert step.view.with_inserted(typed).lines == later.view.lines
        last = steps[-1]
        assert "".join(last.view.with_inserted(last.truth).lines) == with_lf(text)


def test_the_same_file_gives_the_same_visits_and_no_place_twice():
    assert of(TEXT) == of(TEXT)
    places = [place.id for visit in of(TEXT) for place in visit.places]
    assert len(set(places)) == len(places)


def test_places_of_a_visit_share_no_line():
    for visit in of(TEXT):
        for place, other in pairwise(sorted(visit.places, key=lambda place: place.start)):
            assert "\n" in visit.text[place.end : other.start]


def test_users_pause_for_seconds_and_rest_after_half_of_the_jumps():
    steps = [step for visit in of(TEXT * 4) for step in visit.steps()]
    pauses = [step.wait_s for step in steps if step.when is VisitMoment.PAUSE]
    rests = [step.wait_s for step in steps if step.when is VisitMoment.JUMP]
    assert 2 <= min(pauses) < 6 < max(pauses) <= 15
    assert set(rests) == {0.0, 1.35}
    assert {step.wait_s for step in steps if step.when is VisitMoment.COLD} == {0.0}


@pytest.mark.parametrize("text", ["", "# nothing\n", "x = total(1, 2)\n"])
def test_a_file_with_one_place_or_none_is_not_visited(text):
    assert of(text) == []


# How it is scored


class Likely(ScriptedEngine):
    """Scores each character of a true text as a token of 2 nats."""

    async def generate(self, request, cancel, watch=ignore_progress):
        async for event in super().generate(request, cancel, watch):
            yield self._with_truth(event, len(request.truth))

    @staticmethod
    def _with_truth(event, tokens):
        if not isinstance(event, Finished):
            return event
        stats = attrs.evolve(event.stats, truth_tokens=tokens, truth_nats=2.0 * tokens)
        return attrs.evolve(event, stats=stats)


class One(Engines):
    """A single engine for all settings."""

    def __init__(self, engine):
        super().__init__(1)
        self.engine = engine

    async def get(self, spec):
        return self.engine


def bench(engine, preferences=ON_REQUEST_ONLY):
    options, _ = parse()
    return TrialBench(
        engines=One(engine),
        spec=model_spec(options),
        profiles=options.profiles,
        preferences=preferences,
        workspace=WorkspaceContext(),
        longest=1024,
    )


def visit_with(rest_s=0.0, visit=None):
    """A visit with short pauses."""
    visit = visit or of(TEXT)[0]
    places = (attrs.evolve(place, rest_s=rest_s, pause_s=0.4) for place in visit.places)
    return attrs.evolve(visit, places=tuple(places))


async def test_true_texts_are_scored_after_the_visit():
    engine, visit = Likely(), visit_with()
    shared = bench(engine)
    outcome = await run_visit(visit, SETTING, shared)
    emptied, asked = engine.requests[: shared.sequences], engine.requests[shared.sequences :]
    assert len({request.prompt for request in emptied}) == shared.sequences
    steps = list(visit.steps())
    completed, scored = asked[: len(steps)], asked[: len(steps) - 1 : -1]
    assert {request.priority for request in completed} == {Priority.INTERACTIVE}
    assert [request.prompt for request in scored] == [request.prompt for request in completed]
    assert [request.truth for request in scored] == [step.truth for step in steps]
    assert [request.when for request in outcome.asked] == [step.when for step in steps]
    found = figures(outcome.asked)
    assert found is not None
    assert found.nll == 2.0


async def test_the_requests_at_one_place_are_one_sample():
    visit = visit_with()
    outcome = await run_visit(visit, SETTING, bench(Likely()))
    found = samples(outcome.asked)
    assert set(found) == {place.id for place in visit.places}
    truths = [step.truth for step in visit.steps() if step.place == visit.places[0].id]
    assert found[visit.places[0].id].tokens == sum(map(len, truths))


async def test_a_suggestion_that_is_typed_through_evaluates_nothing():
    engine, visit = Likely(), visit_with()
    first, second, *_ = visit.steps()
    shared = bench(engine)
    engine.enqueue(*[()] * shared.sequences, [first.truth])
    outcome = await run_visit(visit, SETTING, shared)
    typed = outcome.asked[1]
    assert (outcome.asked[0].exact, typed.exact) == (True, True)
    assert (typed.when, typed.evaluated, typed.tokens) == (VisitMoment.PAUSE, 0, len(second.truth))
    interactive = [sent for sent in engine.requests if sent.priority is Priority.INTERACTIVE]
    assert len(interactive) == len(outcome.asked) - 1


@pytest.mark.parametrize(("rest_s", "reads"), [(0.0, False), (0.4, True)])
async def test_where_the_cursor_rests_its_prompt_is_read_ahead(rest_s, reads):
    engine, visit = Likely(), visit_with(rest_s)
    await run_visit(visit, SETTING, bench(engine, Preferences(look_ahead=False)))
    read = [sent for sent in engine.requests if sent.priority is Priority.BACKGROUND]
    assert len(read) == (len(visit.places) - 1 if reads else 0)


async def test_places_without_a_suggestion_are_not_scored():
    """Text follows the arguments of a call: leanwide makes no suggestion there."""
    text = "".join(f"value_{n} = call_{n}(first, second) + other_call(third)\n" for n in range(9))
    engine = Likely()
    visited = of(text)
    found = [await run_visit(visit_with(visit=visit), SETTING, bench(engine)) for visit in visited]
    scored = {place for outcome in found for place in samples(outcome.asked)}
    drawn = {place.id for visit in visited for place in visit.places}
    assert scored < drawn
    for outcome in found:
        assert len(outcome.asked) == 2 * len(samples(outcome.asked))
