"""Next edits that a model writes: who is asked, and which answers are shown."""

from __future__ import annotations

import attrs
import pytest

from leanwide.engine.base import EngineError
from leanwide.engine.requests import Markup, Piece, Priority
from leanwide.engine.scripted import SCRIPTED_MODEL, ScriptedEngine
from leanwide.features.next_edit.candidate import CandidateKind
from leanwide.features.session import Preferences
from leanwide.models.edit_format import EditFormat
from tests.features.next_edit.editing_user import EditingUser

CODE = """\
def area(size):
    return size * 2


def volume(size):
    return size * 3
"""
ZETA = Preferences(next_edit_format=EditFormat.ZETA2)
CHANGED = CODE.replace("size * 2", "size * 2.0")


def user_of(answer: str, preferences: Preferences = ZETA) -> tuple[EditingUser, str]:
    """Return a user who changed a number in :data:`CODE`, and whose model answers so."""
    engine = ScriptedEngine()
    engine.enqueue([answer])
    user = EditingUser(engine, preferences)
    uri = user.open(CODE)
    user.replace(uri, 1, "2", "2.0")
    return user, uri


async def test_the_edit_that_a_model_writes_is_proposed():
    wanted = CHANGED.replace("size * 3", "size * 3.0")
    user, uri = user_of(f"{wanted}>>>>>>> UPDATED")
    edit = await user.ask()
    assert edit is not None
    assert edit.candidate.kind is CandidateKind.WRITTEN
    assert edit.candidate.replaced == "    return size * 3\n"
    user.accept(edit)
    assert user.text(uri) == wanted
    (request,) = user.engine.requests
    assert (request.lane, request.priority) == ("lean", Priority.BACKGROUND)
    assert Markup("<[fim-suffix]>") in request.prompt
    assert request.drafts == (CHANGED,)
    assert user.records[-1].answer.startswith("def area")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("NO_EDITS", "nothing is to be edited"),
        (CHANGED, "nothing is to be edited"),
        (CODE, "it takes back what was changed"),
        (CHANGED.replace("size * 3", "size * (3"), "the file would parse worse"),
        (CHANGED.replace("\n\n\ndef volume", "\n\ndef volume"), "white space only"),
    ],
    ids=["no edits", "same text", "undo", "parses worse", "blank line"],
)
async def test_an_answer_that_helps_nobody_is_not_shown(answer, why):
    user, _ = user_of(answer)
    assert await user.ask() is None
    assert why in user.records[-1].reason
    assert user.records[-1].answer == ""


async def test_an_edit_that_removes_much_is_not_shown():
    user = EditingUser(ScriptedEngine(), ZETA)
    uri = user.open(
        "first: int = load()\n" + "".join(f"value_{number} = {number}\n" for number in range(15))
    )
    user.replace(uri, 0, "int", "float")
    user.engine.enqueue(["first: float = load()\nvalue_14 = 14\n>>>>>>> UPDATED"])
    assert await user.ask() is None
    assert "it removes 14 lines" in user.records[-1].reason


async def test_a_model_that_was_not_trained_for_it_is_not_asked():
    user, _ = user_of("never", Preferences())
    assert await user.ask() is None
    assert user.engine.requests == []


async def test_a_models_file_says_how_it_is_asked():
    model = attrs.evolve(SCRIPTED_MODEL, edit_format=EditFormat.SWEEP)
    engine = ScriptedEngine(model)
    engine.enqueue(["    return size * 2.0\n\n\ndef volume(size):\n    return size * 3.0\n"])
    user = EditingUser(engine)
    uri = user.open(CODE)
    user.replace(uri, 1, "2", "2.0")
    edit = await user.ask()
    assert edit is not None
    assert edit.candidate.edit.text == "    return size * 3.0\n"
    assert Markup("<|file_sep|>") in engine.requests[0].prompt


async def test_any_chat_model_can_answer_with_a_block_on_the_lane_that_is_set():
    preferences = Preferences(next_edit_format=EditFormat.SEARCH_REPLACE, next_edit_lane="wide")
    block = "<<<<<<< SEARCH\n    return size * 3\n=======\n    return size * 3.0\n>>>>>>> REPLACE\n"
    user, uri = user_of(block, preferences)
    edit = await user.ask()
    assert edit is not None
    user.accept(edit)
    assert user.text(uri) == CHANGED.replace("size * 3", "size * 3.0")
    (request,) = user.engine.requests
    assert request.lane == "wide"
    assert any("NO_EDITS" in piece for piece in request.prompt if isinstance(piece, str))


async def test_what_a_model_thinks_is_no_part_of_its_answer():
    engine = ScriptedEngine()
    wanted = CHANGED.replace("size * 3", "size * 3.0")
    engine.enqueue([Piece("NO_EDITS?", thought=True), f"{wanted}>>>>>>> UPDATED"])
    user = EditingUser(engine, ZETA)
    uri = user.open(CODE)
    user.replace(uri, 1, "2", "2.0")
    assert await user.ask() is not None


async def test_an_engine_that_fails_proposes_nothing():
    engine = ScriptedEngine()
    engine.enqueue(EngineError("the prompt is too long"))
    user = EditingUser(engine, ZETA)
    uri = user.open(CODE)
    user.replace(uri, 1, "2", "2.0")
    assert await user.ask() is None
    assert "the prompt is too long" in user.records[-1].reason


async def test_a_model_is_not_asked_where_the_text_spells_a_marker():
    user = EditingUser(ScriptedEngine(), ZETA)
    uri = user.open(CODE + "# <[fim-middle]>\n")
    user.replace(uri, 1, "2", "2.0")
    assert await user.ask() is None
    assert user.engine.requests == []
    assert "spells a marker" in user.records[-1].reason


async def test_a_rejected_answer_is_not_shown_again():
    wanted = CHANGED.replace("size * 3", "size * 3.0")
    user, _ = user_of(f"{wanted}>>>>>>> UPDATED")
    edit = await user.ask()
    assert edit is not None
    user.state.reject(edit.id)
    user.engine.enqueue([f"{wanted}>>>>>>> UPDATED"])
    assert await user.ask() is None
