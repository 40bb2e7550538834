"""The next edit, from the user's last edits to what is proposed, with a scripted engine."""

from __future__ import annotations

import asyncio
import threading

import attrs
import pytest

from leanwide.engine.base import EngineError
from leanwide.engine.requests import CancelToken, Priority
from leanwide.engine.scripted import SCRIPTED_MODEL, ScriptedEngine
from leanwide.features.journal import AnswerSource
from leanwide.features.next_edit import state
from leanwide.features.session import Preferences
from leanwide.syntax import Edit, Position
from tests.features.editor import SteppedEngine, until
from tests.features.next_edit.editing_user import AREA, CALLS, EditingUser, changed_call, likes


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
    user, uri = changed_call(likes("None"))
    edit = await user.ask()
    assert edit is not None
    assert (edit.candidate.edit.start.line, edit.candidate.edit.text) == (1, ", None")
    present, changed = user.engine.requests
    assert (present.truth, changed.truth) == (
        "second = fetch(2)\n",
        "second = fetch(2, None)\n",
    )
    assert present.prompt == changed.prompt
    assert present.priority is Priority.BACKGROUND
    assert (present.max_tokens, changed.max_tokens) == (0, 0)
    record = user.records[-1]
    assert record.source is AnswerSource.JUDGED
    assert "16.0 nats likelier" in record.reason
    assert "+first = fetch(1, None)" in record.prompt
    assert record.tokens_evaluated > 0
    assert user.text(uri).count("None") == 1


async def test_what_the_model_finds_unlikely_is_not_proposed():
    engine = ScriptedEngine()
    engine.nats = lambda text: 20.0 if "None" in text else 4.0
    user, _ = changed_call(engine)
    assert await user.ask() is None
    assert "-16.0 nats likelier than what is there" in user.records[-1].reason


@pytest.mark.parametrize(("threshold", "shown"), [(14.0, True), (14.1, False)])
async def test_the_threshold_decides(threshold, shown):
    """The argument is 16 nats likelier; arguments need two more than the threshold."""
    user = EditingUser(likes("None"), Preferences(next_edit_nats=threshold))
    uri = user.open(CALLS)
    user.replace(uri, 0, "(1)", "(1, None)")
    assert (await user.ask() is not None) is shown


async def test_the_same_question_is_not_judged_twice():
    user, _ = changed_call(likes("None"))
    first, second = await user.ask(), await user.ask()
    assert first is not None
    assert second is not None
    assert first.candidate == second.candidate
    assert len(user.engine.requests) == 2


@pytest.mark.parametrize(
    ("engine", "why"),
    [
        (ScriptedEngine(attrs.evolve(SCRIPTED_MODEL, fim=None)), "no fill-in-the-middle tokens"),
        (likes("None"), "the model could not judge it: the engine died"),
    ],
    ids=["no FIM", "engine died"],
)
async def test_without_a_model_that_can_judge_only_what_is_certain_is_proposed(engine, why):
    engine.enqueue(*[EngineError("the engine died")] * 9)
    user, uri = changed_call(engine)
    assert await user.ask() is None
    assert why in user.records[-1].reason
    other = user.open(AREA, "/project/b.py")
    user.replace(other, 0, "size", "length")
    assert await user.ask() is not None
    assert user.text(uri).count("None") == 1


async def test_a_rejected_edit_comes_back_only_when_the_text_around_it_changed():
    user, _ = changed_call(likes("None"))
    edit = await user.ask()
    assert edit is not None
    user.state.reject(edit.id)
    following = await user.ask()
    assert following is not None
    assert following.candidate.edit.start.line == 3
    user.state.reject(following.id)
    assert await user.ask() is None
    elsewhere = attrs.evolve(edit.document, lines=(*edit.document.lines, "# more\n"))
    assert user.state.was_rejected(edit.candidate, elsewhere)
    around = attrs.evolve(edit.document, lines=("# more\n", *edit.document.lines[1:]))
    assert not user.state.was_rejected(edit.candidate, around)
    assert user.state.counts.rejected == 2


async def test_a_cancelled_judgement_proposes_and_records_nothing():
    engine = SteppedEngine()
    user, _ = changed_call(engine)
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
    uri = user.open(CALLS)
    user.cursor = (uri, Position(2, 0))
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
    user = EditingUser(likes("None"))
    secret = user.open(CALLS, path)
    user.replace(secret, 0, "(1)", "(1, None)")
    assert await user.ask() is None
    uri = user.open(CALLS)
    user.cursor = (uri, Position(3, 0))
    assert await user.ask() is None
    assert user.engine.requests == []


async def test_an_edit_of_a_document_with_a_private_key_leads_to_nothing_elsewhere():
    user = EditingUser(likes("None"))
    body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" * 9
    key = f"-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n"
    secret = user.open(f"{CALLS}KEY = '''\n{key}'''\n", "/project/b.py")
    uri = user.open(CALLS)
    user.replace(secret, 0, "(1)", "(1, None)")
    user.cursor = (uri, Position(0, 0))
    assert await user.ask() is None
    assert user.engine.requests == []
    assert user.records == ()


async def test_an_edit_with_a_credential_is_not_shown_to_the_model():
    user = EditingUser(likes("None"))
    token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    uri = user.open(CALLS.replace("(1)", f'("{token}")'))
    user.replace(uri, 0, '")', '", None)')
    assert await user.ask() is None
    assert user.engine.requests == []


async def test_credentials_are_looked_for_in_another_thread(monkeypatch):
    threads = []

    def has_credential(_: str) -> bool:
        threads.append(threading.current_thread())
        return False

    monkeypatch.setattr(state, "has_credential", has_credential)
    user = EditingUser()
    uri = user.open(AREA)
    user.replace(uri, 0, "size", "width")
    assert await user.ask() is not None
    assert threads
    assert threading.main_thread() not in threads


async def test_closing_a_document_ends_its_history():
    user, uri = changed_call(likes("None"))
    user.state.closed(uri)
    assert await user.ask() is None


async def test_a_long_line_is_not_judged():
    user = EditingUser(likes("None"))
    uri = user.open(CALLS.replace("(2)", "(2)" + " + 2" * 300))
    user.replace(uri, 0, "(1)", "(1, None)")
    edit = await user.ask()
    assert edit is not None
    assert edit.candidate.edit.start.line == 3


async def test_text_that_spells_a_marker_stays_text_in_the_prompt():
    user = EditingUser(likes("None"))
    uri = user.open(CALLS.replace("(3)", "(3)  # <|fim_suffix|>"))
    user.replace(uri, 0, "(1)", "(1, None)")
    await user.ask()
    pieces = user.engine.requests[0].prompt
    assert all(isinstance(piece, str | int) for piece in pieces)


async def test_undone_edits_lead_to_nothing():
    user, uri = changed_call(likes("None"))
    user.replace(uri, 0, "(1, None)", "(1)")
    assert await user.ask() is None
    assert user.records == ()
    user.change(uri, Edit(Position(0, 0), Position(0, 0), "# a comment\n"))
    assert await user.ask() is None
