"""Chat with a scripted engine: what is read, what is remembered, what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import attrs
import pytest

from leanwide.context.view import View, split_lines
from leanwide.engine.base import EngineError
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    Markup,
    Piece,
    ProgressCallback,
    Request,
    ignore_progress,
)
from leanwide.engine.scripted import Answer
from leanwide.features.ask.ask import Answer as ChatAnswer
from leanwide.features.ask.chat import UserMessage, chat
from leanwide.features.ask.conversations import MAX_CHATS, Conversations, UnknownChat
from leanwide.features.ask.selection import Selection, select_all
from leanwide.features.journal import AnswerSource
from leanwide.features.session import Backend, Session
from leanwide.modes.machine import LaneSpeed, MachineState, Rate
from leanwide.modes.profile import Mode
from leanwide.prompt.history import Turn
from leanwide.syntax import Position
from tests.features.editor import PROFILES, SteppedEngine, until

SOURCE = "import os\n\n\ndef home():\n    return os.environ['HOME']\n"


def file(text: str = SOURCE, path: str = "/a.py") -> View:
    return View(
        uri=f"file://{path}",
        path=path,
        language_id="python",
        version=1,
        lines=tuple(split_lines(text)),
        line=0,
        column=0,
    )


class Talking:
    """One chat with an engine that gives scripted answers."""

    def __init__(
        self,
        *answers: str | Answer,
        context_tokens: int = 4096,
        engine: SteppedEngine | None = None,
    ) -> None:
        self.engine = engine or SteppedEngine()
        self.engine.enqueue(
            *((answer,) if isinstance(answer, str) else answer for answer in answers)
        )
        dialog = attrs.evolve(PROFILES[Mode.DIALOG], context_tokens=context_tokens)
        self.session = Session(
            backend=Backend(engine=self.engine), profiles={**PROFILES, Mode.DIALOG: dialog}
        )
        self.talk = Conversations().begin()
        self.shown: list[str] = []

    async def say(self, text: str, about: Selection | None = None) -> ChatAnswer:
        saying = UserMessage(text=text, about=about)
        return await chat(saying, self.talk, self.session, CancelToken(), self.shown.append)

    @property
    def read(self) -> list[str]:
        """The messages of the last prompt, system text included."""
        return [piece for piece in self.engine.requests[-1].prompt if isinstance(piece, str)]


async def test_the_model_reads_what_was_said_before():
    talking = Talking("It is 4.", "Because.")
    first = await talking.say("What is 2+2?")
    await talking.say("Why?")
    assert first.markdown == "It is 4."
    assert talking.read[1:] == ["What is 2+2?", "It is 4.", "Why?"]
    assert first.record.mode == "dialog"
    assert talking.talk.title == "What is 2+2?"


async def test_old_turns_are_dropped_whole_and_the_newest_stay():
    talking = Talking(*(f"{number}: {'a' * 400}" for number in range(9)), context_tokens=500)
    for number in range(9):
        await talking.say(f"question {number}")
        questions = [text for text in talking.read if text.startswith("question")]
        answers = [text[:1] for text in talking.read if text[1:2] == ":"]
        assert [text[-1] for text in questions] == [*answers, str(number)]
        assert _tokens(talking) <= 500
    assert "question 7" in talking.read
    assert "question 0" not in talking.read


def _tokens(talking: Talking) -> int:
    prompt = talking.engine.requests[-1].prompt
    texts = [piece.text if isinstance(piece, Markup) else str(piece) for piece in prompt]
    return sum(-(-len(text) // 4) for text in texts)


def reads(per_second: float) -> MachineState:
    return MachineState(lane_speeds={"wide": LaneSpeed(prompt=Rate((), per_second))})


async def test_a_slow_machine_reads_less_of_the_history():
    talking = Talking(*(f"{number}: {'a' * 3000}" for number in range(4)))
    for number in range(3):
        await talking.say(f"question {number}")
    assert "question 0" in talking.read
    talking.session.backend.machine = reads(10)
    await talking.say("question 3")
    assert "question 0" not in talking.read
    assert _tokens(talking) <= 10 * 120
    assert "to answer within 120 s" in talking.session.journal.records[-1].reason


class RememberingEngine(SteppedEngine):
    """An engine that says that it read each prompt."""

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        read = sum(-(-len(str(getattr(piece, "text", piece))) // 4) for piece in request.prompt)
        async for event in super().generate(request, cancel, watch):
            if isinstance(event, Finished):
                stats = attrs.evolve(event.stats, tokens_evaluated=read, prompt_ms=0.0)
                yield Finished(event.reason, stats)
            else:
                yield event


async def test_tokens_in_the_kv_cache_take_no_time():
    talking = Talking(engine=RememberingEngine())
    talking.engine.enqueue(*((f"{number}: {'a' * 3000}",) for number in range(4)))
    for number in range(3):
        await talking.say(f"question {number}")
    talking.session.backend.machine = reads(10)
    await talking.say("question 3")
    assert "question 0" in talking.read


async def test_what_cannot_be_read_in_time_is_refused_at_once_and_says_why():
    talking = Talking("x")
    talking.session.backend.machine = reads(0.1)
    answer = await talking.say("What is this?", select_all(file()))
    assert answer.markdown == (
        "This cannot be read and answered within 120 s: this machine reads 0.1 tokens a second. "
        "Ask about less, or raise modes.dialog.deadline_ms."
    )
    assert talking.engine.requests == []


async def test_code_is_shown_once():
    talking = Talking("x", "y", "z")
    await talking.say("What is this?", select_all(file()))
    assert "def home" in talking.read[-1]
    assert talking.read[-1].endswith("\n\nWhat is this?")
    await talking.say("Shorter?", select_all(file()))
    assert talking.read[-1] == "This is about the code of a.py above.\n\nShorter?"
    await talking.say("And now?", select_all(file(SOURCE.replace("HOME", "PWD"))))
    assert "PWD" in talking.read[-1]


async def test_a_cursor_means_the_definition_around_it():
    talking = Talking("x")
    view = attrs.evolve(file(), line=4, column=8)
    await talking.say("What is this?", Selection(view=view, end=Position(4, 8)))
    assert "Code of a.py:\n\n```python\ndef home():" in talking.read[-1]


async def test_code_that_is_too_long_is_folded_and_the_answer_says_so():
    talking = Talking("Adds.")
    text = "".join(f"def f{number}(x):\n    return x + {number}\n\n" for number in range(3333))
    answer = await talking.say("What is this?", select_all(file(text)))
    assert answer.markdown.startswith("*The code is longer")
    assert answer.words == "Adds."
    assert talking.talk.turns[0].answer == "Adds."
    assert _tokens(talking) <= 4096


@pytest.mark.parametrize(
    ("text", "about", "sentence"),
    [
        (" \n", None, "no question"),
        ("word " * 40_000, None, "longer than the model can read"),
        ("What is it?", select_all(file(path="/project/.env")), "never enters a prompt"),
        ("What is it?", select_all(file("a\0b\n")), "is binary"),
    ],
)
async def test_what_cannot_be_answered_gets_a_sentence_and_is_not_remembered(text, about, sentence):
    talking = Talking("x")
    answer = await talking.say(text, about)
    assert sentence in answer.markdown
    assert talking.engine.requests[1:] == []
    assert answer.record.source is AnswerSource.NONE
    assert talking.talk.turns == []


async def test_an_empty_file_is_no_code():
    talking = Talking("Nothing.")
    assert (await talking.say("What is this?", select_all(file("")))).markdown == "Nothing."
    assert talking.read[-1] == "What is this?"


async def test_a_cancelled_answer_is_remembered_as_far_as_it_was_shown():
    talking = Talking(("It ", "is "), "Yes.")
    talking.engine.pause()
    work = asyncio.ensure_future(talking.say("What?", None))
    talking.engine.step()
    await until(lambda: talking.shown == ["It "])
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    talking.engine.resume()
    await talking.say("Go on")
    assert talking.read[1:] == ["What?", "It ", "Go on"]


async def test_a_failure_leaves_the_conversation_as_it_was():
    talking = Talking(EngineError("the engine stopped unexpectedly"), "Here.")
    with pytest.raises(EngineError):
        await talking.say("Hello?")
    assert talking.talk.turns == []
    assert (await talking.say("Hello?")).markdown == "Here."


async def test_two_messages_wait_for_each_other():
    talking = Talking("one", "two")
    await asyncio.gather(talking.say("first"), talking.say("second"))
    assert talking.read[1:] == ["first", "one", "second"]


def test_chats_are_found_listed_and_forgotten():
    chats = Conversations()
    first, second = chats.begin(), chats.begin()
    first.remember(Turn("a\nb", "c"), "a\nb")
    assert chats.find(first.id) is first
    assert chats.listed() == (second, first)
    assert first.title == "a b"
    chats.forget(first)
    with pytest.raises(UnknownChat, match=first.id):
        chats.find(first.id)


def test_the_chat_that_changed_longest_ago_is_dropped_first():
    chats = Conversations()
    old = [chats.begin() for _ in range(MAX_CHATS)]
    old[0].remember(Turn("a", "b"), "a")
    chats.begin()
    assert len(chats.listed()) == MAX_CHATS
    assert chats.find(old[0].id)
    with pytest.raises(UnknownChat):
        chats.find(old[1].id)
