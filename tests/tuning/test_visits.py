"""Visits: what somebody does in a file, and what is judged of it."""

from __future__ import annotations

from itertools import pairwise

import attrs
import pytest

from leanwide.cli.compose import engine_spec
from leanwide.context.view import with_lf
from leanwide.engine.base import Finished, Priority
from leanwide.engine.scripted import ScriptedEngine
from leanwide.features.session import Preferences
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.options import parse
from leanwide.syntax import language_for, split
from leanwide.syntax import parse as read
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
    tree = read(language_for("", "prices.py"), split(text))
    return list(visits(SourceFile("/code/prices.py", "file:///code/prices.py", tree)))


# What somebody does


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n")])
def test_nothing_changes_from_request_to_request_but_what_is_typed(text):
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


def test_people_pause_for_seconds_and_half_of_them_rest_where_they_come():
    steps = [step for visit in of(TEXT * 4) for step in visit.steps()]
    pauses = [step.wait_s for step in steps if step.when is VisitMoment.PAUSE]
    rests = [step.wait_s for step in steps if step.when is VisitMoment.JUMP]
    assert 2 <= min(pauses) < 6 < max(pauses) <= 15
    assert set(rests) == {0.0, 1.35}
    assert {step.wait_s for step in steps if step.when is VisitMoment.COLD} == {0.0}


@pytest.mark.parametrize("text", ["", "# nothing\n", "x = total(1, 2)\n"])
def test_a_file_with_one_place_or_none_is_not_visited(text):
    assert of(text) == []


# What is judged of it


class Likely(ScriptedEngine):
    """Finds each character of a truth a token, as likely as all others."""

    async def generate(self, request, cancel):
        async for event in super().generate(request, cancel):
            yield self._with_truth(event, len(request.truth))

    @staticmethod
    def _with_truth(event, tokens):
        if not isinstance(event, Finished):
            return event
        stats = attrs.evolve(event.stats, truth_tokens=tokens, truth_nats=2.0 * tokens)
        return attrs.evolve(event, stats=stats)


class One:
    """A single engine for all settings."""

    def __init__(self, engine):
        self.engine = engine

    async def get(self, spec):
        return self.engine


def bench(engine, preferences=ON_REQUEST_ONLY):
    options, _ = parse()
    return TrialBench(
        engines=One(engine),
        spec=engine_spec(options),
        profiles=options.profiles,
        preferences=preferences,
        workspace=WorkspaceContext(),
        longest=1024,
    )


def visit_with(rest_s=0.0, visit=None):
    """A visit in which nobody waits longer than a moment."""
    visit = visit or of(TEXT)[0]
    places = (attrs.evolve(place, rest_s=rest_s, pause_s=0.4) for place in visit.places)
    return attrs.evolve(visit, places=tuple(places))


async def test_how_likely_the_truth_is_is_measured_when_the_visit_is_over():
    engine, visit = Likely(), visit_with()
    shared = bench(engine)
    outcome = await run_visit(visit, SETTING, shared)
    emptied, asked = engine.requests[: shared.sequences], engine.requests[shared.sequences :]
    assert len({request.prompt for request in emptied}) == shared.sequences
    steps = list(visit.steps())
    said, measured = asked[: len(steps)], asked[: len(steps) - 1 : -1]
    assert {request.priority for request in said} == {Priority.INTERACTIVE}
    assert [request.prompt for request in measured] == [request.prompt for request in said]
    assert [request.truth for request in measured] == [step.truth for step in steps]
    assert [one.when for one in outcome.asked] == [step.when for step in steps]
    assert figures(outcome.asked).nll == 2.0


async def test_what_is_asked_at_one_place_is_one_piece_of_evidence():
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
    waited_for = [one for one in engine.requests if one.priority is Priority.INTERACTIVE]
    assert len(waited_for) == len(outcome.asked) - 1


@pytest.mark.parametrize(("rest_s", "reads"), [(0.0, False), (0.4, True)])
async def test_where_the_cursor_rests_the_place_is_read_before_it_is_asked_for(rest_s, reads):
    engine, visit = Likely(), visit_with(rest_s)
    await run_visit(visit, SETTING, bench(engine, Preferences(look_ahead=False)))
    read = [one for one in engine.requests if one.priority is Priority.BACKGROUND]
    assert len(read) == (len(visit.places) - 1 if reads else 0)


async def test_where_leanwide_keeps_quiet_there_is_nothing_to_judge():
    """Behind the arguments of a call, text goes on: nobody asks there by themselves."""
    text = "".join(f"value_{n} = call_{n}(first, second) + other_call(third)\n" for n in range(9))
    engine = Likely()
    found = [await run_visit(visit_with(visit=one), SETTING, bench(engine)) for one in of(text)]
    judged = {place for outcome in found for place in samples(outcome.asked)}
    drawn = {place.id for one in of(text) for place in one.places}
    assert judged < drawn
    for outcome in found:
        assert len(outcome.asked) == 2 * len(samples(outcome.asked))
