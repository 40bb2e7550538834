"""Visits and questions at one setting, on real engines with a small model."""

from __future__ import annotations

import os
import signal

import attrs
import pytest

from leanwide.cli.compose import argument_layer, model_spec
from leanwide.comparing.compare import maximum_bench
from leanwide.comparing.everything import show_everything
from leanwide.engine.client import EngineClient
from leanwide.engine.placing import place
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.models.fit import Hardware
from leanwide.models.gguf import read_header
from leanwide.options import Layer, parse
from leanwide.tuning.answering import run_question
from leanwide.tuning.engines import MAX_SHARED_ENGINES, engines, max_engines
from leanwide.tuning.repository import build_index, read_repository
from leanwide.tuning.trial import ON_REQUEST_ONLY, TrialBench, TrialSetting
from leanwide.tuning.visiting import run_visit
from leanwide.tuning.visits import VisitMoment

SETTING = TrialSetting(experts=2, context_tokens=256)


@pytest.fixture
def options(tiny):
    return parse(argument_layer(tiny, None))[0]


@pytest.fixture
def repository(code):
    return read_repository(code, ())


def bench(opened, options, workspace=None):
    return TrialBench(
        engines=opened,
        spec=model_spec(options),
        profiles=options.profiles,
        preferences=ON_REQUEST_ONLY,
        workspace=workspace or WorkspaceContext(),
        longest=1024,
    )


async def test_a_visit_repeats_its_scores_and_begins_with_an_empty_cache(options, repository):
    visit = repository.visits[0]
    async with engines(1) as opened:
        shared = bench(opened, options)
        first, again = [await run_visit(visit, SETTING, shared) for _ in range(2)]
    assert first.subject == visit.id
    for request, repeated in zip(first.asked, again.asked, strict=True):
        assert request.tokens > 0
        assert request.nats == pytest.approx(repeated.nats, rel=1e-2)
    for cold in (first.asked[0], again.asked[0]):
        assert cold.when is VisitMoment.COLD
        # Token healing takes back the word before the cursor.
        assert cold.evaluated == pytest.approx(cold.prompt_tokens, abs=4)


async def test_a_trial_is_repeated_when_its_engine_dies(options, repository):
    async with engines(1) as opened:
        shared = bench(opened, options)
        engine = await opened.get(shared.model_spec(2))
        assert engine.process_id is not None
        os.kill(engine.process_id, signal.SIGKILL)
        assert (await run_visit(repository.visits[0], SETTING, shared)).asked


async def test_no_more_engines_are_open_than_allowed(options):
    async with engines(1) as opened:
        shared = bench(opened, options)
        first = await opened.get(shared.model_spec(1))
        second = await opened.get(shared.model_spec(2))
        assert isinstance(second, EngineClient)
        assert first.model("lean") is None
        assert second.lanes[0].experts == 2
        assert await opened.get(shared.model_spec(2)) is second
    assert second.model("lean") is None


def test_engines_that_copy_the_weights_are_open_one_at_a_time(tiny):
    for values, most in (
        ({}, MAX_SHARED_ENGINES),
        ({"gpu_layers": -1}, 1),
        ({"use_extra_bufts": True}, 1),
    ):
        options, _ = parse(Layer("test", {"model": {**values, "path": str(tiny)}}))
        gpu = 10**10 if "gpu_layers" in values else None
        machine = Hardware(memory_bytes=10**10, free_bytes=10**10, gpu_bytes=gpu)
        placed = place(model_spec(options), read_header(tiny), machine)
        assert max_engines(placed.spec) == most


async def test_the_maximum_shows_more_than_leanwide_would(options, code, tmp_path):
    """The definitions of all called functions are related snippets."""
    (code / "caller.py").write_text(
        "def caller():\n" + "".join(f"    function_{n}('a')\n" for n in range(0, 100, 10)) + "\n"
    )
    found = read_repository(code / "caller.py", ())
    hole = next(hole for hole in found.holes if hole.kind == "line" and hole.view.line == 1)
    setting = TrialSetting(experts=2, context_tokens=1024)
    workspace = build_index(found.area, tmp_path / "index", 30.0)
    async with engines(1) as opened:
        ordinary = bench(opened, options, workspace)
        shared = maximum_bench(ordinary, 1024)
        work = shared.new_state(await opened.get(shared.model_spec(2)), setting)
        await show_everything(hole.view, work)
        window = work.windows[hole.view.uri]
        assert len(window.related.snippets) > 4
        assert window.tokens <= 1024
        more = await run_visit(found.visits[0], setting, shared)
        less = await run_visit(found.visits[0], setting, ordinary)
    shown, usual = (sum(sent.prompt_tokens for sent in found.asked) for found in (more, less))
    assert shown > usual


async def test_the_documentation_of_a_function_is_scored_as_an_answer(options, tmp_path):
    words = '"""Give what is known of a name, or nothing."""'
    body = "    found = self.known.get(name)\n    return found or None\n"
    (tmp_path / "known.py").write_text(f"def known(self, name):\n    {words}\n{body}")
    (hole,) = read_repository(tmp_path, ()).documented
    async with engines(2) as opened:
        shared = bench(opened, options)
        few, again, many = [
            await run_question(hole, attrs.evolve(SETTING, experts=count), shared)
            for count in (1, 1, 4)
        ]
    ((first,), (same,), (other,)) = few.asked, again.asked, many.asked
    assert first.tokens > 5
    assert first.nats == pytest.approx(same.nats, rel=1e-2)
    assert first.nats != other.nats
    assert few.subject == hole.id
