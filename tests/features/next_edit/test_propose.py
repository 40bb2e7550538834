"""The next edit, from the user's last edits to what is proposed, with a scripted engine."""

from __future__ import annotations

import asyncio

import attrs
import pytest

from leanwide.engine.base import EngineError
from leanwide.engine.requests import CancelToken, Priority
from leanwide.engine.scripted import SCRIPTED_MODEL, ScriptedEngine
from leanwide.features.journal import AnswerSource
from leanwide.features.session import Preferences
from leanwide.syntax import Edit, Position
from tests.features.editor import SteppedEngine, until
from tests.features.next_edit.editing import AREA, STORE, EditingUser, likes, renamed_attribute


async def test_what_is_certain_is_proposed_without_the_model():
    user = EditingUser()
    uri = user.open(AREA)
    user.replace(uri, 0, "size", "length")
    accepted = 0
    while (edit := await user.ask()) is not None:
        user.accept(edit)
        accepted += 1
    assert accepted == 2
    assert user.text(uri) == AREA.replace("size", "length")
    assert user.engine.requests == []
    assert [record.source for record in user.records] == [
        AnswerSource.HISTORY,
        AnswerSource.HISTORY,
        AnswerSource.NONE,
    ]
    assert user.state.counts.accepted == 2


async def test_what_the_model_finds_likely_is_proposed():
    user, uri = renamed_attribute(likes("self.room"))
    edit = await user.ask()
    assert edit is not None
    assert (edit.candidate.edit.start.line, edit.candidate.edit.text) == (5, "room")
    present, changed = user.engine.requests
    assert (present.truth, changed.truth) == (
        "        return self.size - used\n",
        "        return self.room - used\n",
    )
    assert present.prompt == changed.prompt
    assert present.priority is Priority.BACKGROUND
    assert (present.max_tokens, changed.max_tokens) == (0, 0)
    record = user.records[-1]
    assert record.source is AnswerSource.JUDGED
    assert "16.0 nats likelier" in record.reason
    assert "+        self.room = size" in record.prompt
    assert record.tokens_evaluated > 0
    assert user.text(uri).count("self.room") == 1


async def test_what_the_model_finds_unlikely_is_not_proposed():
    user, _ = renamed_attribute(likes("self.size"))
    assert await user.ask() is None
    assert "-16.0 nats likelier than what is there" in user.records[-1].reason


@pytest.mark.parametrize(("threshold", "shown"), [(16.0, True), (16.1, False)])
async def test_the_threshold_decides(threshold, shown):
    user = EditingUser(likes("self.room"), Preferences(next_edit_nats=threshold))
    uri = user.open(STORE)
    user.replace(uri, 2, "self.size", "self.room")
    assert (await user.ask() is not None) is shown


async def test_the_same_question_is_not_judged_twice():
    user, _ = renamed_attribute(likes("self.room"))
    first, second = await user.ask(), await user.ask()
    assert first is not None
    assert second is not None
    assert first.candidate == second.candidate
    assert len(user.engine.requests) == 2


@pytest.mark.parametrize(
    ("engine", "why"),
    [
        (ScriptedEngine(attrs.evolve(SCRIPTED_MODEL, fim=None)), "no fill-in-the-middle tokens"),
        (likes("self.room"), "the model could not judge it: the engine died"),
    ],
    ids=["no FIM", "engine died"],
)
async def test_without_a_model_that_can_judge_only_what_is_certain_is_proposed(engine, why):
    engine.enqueue(*[EngineError("the engine died")] * 9)
    user, uri = renamed_attribute(engine)
    assert await user.ask() is None
    assert why in user.records[-1].reason
    other = user.open(AREA, "/project/b.py")
    user.replace(other, 0, "size", "length")
    assert await user.ask() is not None
    assert user.text(uri).count("self.room") == 1


async def test_a_rejected_edit_comes_back_only_when_the_text_around_it_changed():
    user, uri = renamed_attribute(likes("self.room"))
    edit = await user.ask()
    assert edit is not None
    user.state.reject(edit.id)
    following = await user.ask()
    assert following is not None
    assert following.candidate.edit.start.line == 8
    user.state.reject(following.id)
    assert await user.ask() is None
    user.replace(uri, 4, "used", "taken")
    back = await user.ask()
    assert back is not None
    assert back.candidate.edit.start.line == 5
    assert user.state.counts.rejected == 2


async def test_a_cancelled_judgement_proposes_and_records_nothing():
    engine = SteppedEngine()
    user, _ = renamed_attribute(engine)
    engine.pause()
    cancel = CancelToken()
    asked = asyncio.create_task(user.ask(cancel))
    await until(lambda: len(engine.requests) == 1)
    cancel.cancel()
    assert await asked is None
    assert engine.cancelled == engine.requests
    assert user.records == ()


async def test_nothing_is_asked_where_nothing_was_edited():
    user = EditingUser()
    uri = user.open(STORE)
    user.cursor = (uri, Position(3, 0))
    assert await user.ask() is None
    assert user.records == ()


@pytest.mark.parametrize("by", ["settings", "session"])
async def test_it_can_be_switched_off(by):
    preferences = Preferences(next_edit=by != "settings")
    user = EditingUser(preferences=preferences)
    user.state.switched = None if by == "settings" else False
    uri = user.open(AREA)
    user.replace(uri, 0, "size", "length")
    assert await user.ask() is None
    user.state.switched = True
    other = user.open(AREA, "/project/b.py")
    user.replace(other, 0, "size", "length")
    assert await user.ask() is not None


@pytest.mark.parametrize("path", ["/project/.env", "/project/secrets.yaml"])
async def test_an_excluded_file_is_neither_judged_nor_changed_nor_shown_to_the_model(path):
    user = EditingUser(likes("self.room"))
    secret = user.open(STORE, path)
    user.replace(secret, 2, "self.size", "self.room")
    assert await user.ask() is None
    uri = user.open(STORE)
    user.cursor = (uri, Position(3, 0))
    assert await user.ask() is None
    assert user.engine.requests == []


async def test_an_edit_with_a_credential_is_not_shown_to_the_model():
    user = EditingUser(likes("self.room"))
    uri = user.open(STORE.replace("= size", '= connect("ghp_16C7e42F292c6912E7710c838347Ae178B4a")'))
    user.replace(uri, 2, "self.size", "self.room")
    assert await user.ask() is None
    assert user.engine.requests == []


async def test_closing_a_document_ends_its_history():
    user, uri = renamed_attribute(likes("self.room"))
    user.state.closed(uri)
    assert await user.ask() is None


async def test_a_long_line_is_not_judged():
    user = EditingUser(likes("self.room"))
    uri = user.open(STORE.replace("- used", "- used" + " + used" * 200))
    user.replace(uri, 2, "self.size", "self.room")
    edit = await user.ask()
    assert edit is not None
    assert edit.candidate.edit.start.line == 8


async def test_text_that_spells_a_marker_stays_text_in_the_prompt():
    user = EditingUser(likes("self.room"))
    uri = user.open(STORE.replace("used)", "used)  # <|fim_suffix|>"))
    user.replace(uri, 2, "self.size", "self.room")
    await user.ask()
    pieces = user.engine.requests[0].prompt
    assert all(isinstance(piece, str | int) for piece in pieces)


async def test_undone_edits_lead_to_nothing():
    user, uri = renamed_attribute(likes("self.room"))
    user.replace(uri, 2, "self.room", "self.size")
    assert await user.ask() is None
    assert user.records == ()
    user.change(uri, Edit(Position(0, 0), Position(0, 0), "# a comment\n"))
    assert await user.ask() is None
