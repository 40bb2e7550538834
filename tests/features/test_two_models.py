"""Each lane has a model of its own: each request uses the template, tokens and FIM of its lane."""

from __future__ import annotations

import attrs

from leanwide.engine.requests import Markup, Priority
from leanwide.engine.scripted import SCRIPTED_MODEL, ScriptedEngine
from leanwide.features.completion.state import CompletionState
from leanwide.modes.profile import Mode
from tests.features.ask.test_explain import Explained
from tests.features.editor import Editor, interactive, state_of

CHAT_MODEL = attrs.evolve(
    SCRIPTED_MODEL,
    name="chat",
    fim=None,
    chat_template=(
        "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}"
        "{% if add_generation_prompt %}[assistant] {% endif %}"
    ),
)


def two_models() -> tuple[CompletionState, ScriptedEngine]:
    engine = ScriptedEngine(SCRIPTED_MODEL, wide_model=CHAT_MODEL)
    engine.enqueue(("a + b",))
    return state_of(engine), engine


async def test_a_question_uses_the_template_and_the_tokens_of_its_model():
    engine = ScriptedEngine(SCRIPTED_MODEL, wide_model=CHAT_MODEL)
    explained = Explained("It adds.", engine=engine)
    assert (await explained.ask()).markdown == "It adds."
    (request,) = engine.requests
    markup = "".join(piece.text for piece in request.prompt if isinstance(piece, Markup))
    assert markup.startswith("[system]")
    assert markup.endswith("[assistant] ")
    assert engine.counted == {"wide"}


async def test_a_completion_uses_the_fim_tokens_of_its_model():
    state, engine = two_models()
    assert await Editor(state, "x = ‸\n", "python").ask() == "a + b"
    (request,) = interactive(engine)
    assert request.lane == "lean"
    assert SCRIPTED_MODEL.fim is not None
    assert request.prompt[0] == SCRIPTED_MODEL.fim.prefix
    assert engine.counted == {"lean"}


async def test_in_a_pinned_mode_completions_stay_on_the_model_for_them():
    """The wide lane's model may have no FIM tokens, and it is not loaded for a key."""
    state, engine = two_models()
    state.session.pinned = Mode.THINK
    assert await Editor(state, "x = ‸\n", "python").ask() == "a + b"
    assert {request.lane for request in engine.requests} == {"lean"}


async def test_in_a_pinned_mode_one_model_runs_on_the_lane_of_the_mode():
    engine = ScriptedEngine()
    engine.enqueue(("a + b",))
    state = state_of(engine)
    state.session.pinned = Mode.THINK
    assert await Editor(state, "x = ‸\n", "python").ask() == "a + b"
    assert {r.lane for r in engine.requests if r.priority is Priority.INTERACTIVE} == {"wide"}


async def test_the_model_that_is_asked_decides_which_languages_are_known():
    lean = attrs.evolve(SCRIPTED_MODEL, languages=("rust",))
    explained = Explained("It adds.", engine=ScriptedEngine(lean, wide_model=CHAT_MODEL))
    told: list[str] = []
    explained.session.notify = told.append
    await explained.ask()
    assert told == []
    wide = attrs.evolve(CHAT_MODEL, languages=("rust",))
    explained = Explained("It adds.", engine=ScriptedEngine(SCRIPTED_MODEL, wide_model=wide))
    explained.session.notify = told.append
    await explained.ask()
    assert ["knows Rust only" in text for text in told] == [True]
