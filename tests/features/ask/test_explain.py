"""Explain with a scripted engine: what is asked, what is shown, what is recorded."""

from __future__ import annotations

import asyncio

import attrs
import pytest

from leanwide.context.view import View, split_lines
from leanwide.engine.base import EngineError
from leanwide.engine.requests import CancelToken, Markup, Piece, Priority
from leanwide.engine.scripted import SCRIPTED_MODEL, ScriptedEngine
from leanwide.features.ask.ask import Answer
from leanwide.features.ask.explain import explain
from leanwide.features.ask.selection import Selection
from leanwide.features.journal import AnswerSource
from leanwide.features.session import Backend, Session
from leanwide.modes.profile import Mode
from leanwide.syntax import Position
from tests.features.editor import PROFILES, until

SOURCE = '''\
import json
import os


class Store:
    """Settings."""

    def get(self, name):
        return json.loads(self.text)[name]
'''


def place(start: tuple[int, int], end: tuple[int, int], text: str = SOURCE, path: str = "/a.py"):
    view = View(
        uri=f"file://{path}",
        path=path,
        language_id="python",
        version=1,
        lines=tuple(split_lines(text)),
        line=start[0],
        column=start[1],
    )
    return Selection(view=view, end=Position(*end))


METHOD = place((7, 0), (9, 0))


class Explained:
    """One explanation by an engine that gives a scripted answer."""

    def __init__(
        self,
        *pieces: str | Piece,
        engine: ScriptedEngine | None = None,
        failure: EngineError | None = None,
    ) -> None:
        self.engine = engine or ScriptedEngine()
        self.engine.enqueue(failure or pieces)
        self.session = Session(backend=Backend(engine=self.engine), profiles=PROFILES)
        self.shown: list[str] = []
        self.cancel = CancelToken()

    async def ask(self, asked: Selection = METHOD) -> Answer:
        return await explain(asked, self.session, self.cancel, self.shown.append)

    @property
    def record(self):
        return self.session.journal.records[-1]


async def test_the_answer_streams_and_its_cost_is_recorded():
    explained = Explained("It ", "reads ", "**JSON**.")
    answer = await explained.ask()
    assert explained.shown == ["It ", "reads ", "**JSON**."]
    assert answer.markdown == "It reads **JSON**."
    assert answer.record is explained.record
    assert (answer.record.mode, answer.record.lane) == ("think", "wide")
    assert answer.record.source is AnswerSource.MODEL
    assert answer.record.tokens_generated == 3
    assert "explain: think" in answer.record.reason


async def test_the_model_reads_the_code_its_surroundings_and_what_it_uses():
    explained = Explained("x")
    await explained.ask()
    (request,) = explained.engine.requests
    assert request.priority is Priority.COMMAND
    system, user = (piece for piece in request.prompt if isinstance(piece, str))
    assert "explain" in system.lower()
    assert user == (
        "From the file a.py:\n\n```python\nimport json\nclass Store:\n```\n\n"
        "Explain this code.\n\n"
        "```python\n    def get(self, name):\n        return json.loads(self.text)[name]\n```"
    )
    assert [piece for piece in request.prompt if isinstance(piece, Markup)]
    assert explained.record.prompt.count("<|im_start|>") == 3


async def test_a_cursor_means_the_definition_around_it():
    explained = Explained("x")
    await explained.ask(place((8, 12), (8, 12)))
    assert "def get" in explained.record.prompt
    assert '"""Settings."""' not in explained.record.prompt


async def test_part_of_a_line_is_pointed_out():
    explained = Explained("x")
    await explained.ask(place((8, 15), (8, 36)))
    question = explained.record.prompt
    assert "The question is about this part of it:\n\n```python\njson.loads(self.text)" in question


async def test_code_cannot_close_its_fence():
    explained = Explained("x")
    await explained.ask(place((0, 0), (2, 0), "a = 1\nb = '````'\n"))
    assert "`````python\na = 1\nb = '````'\n`````" in explained.record.prompt


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (place((2, 0), (4, 0)), "holds only white space"),
        (place((2, 0), (2, 0)), "holds only white space"),
        (place((0, 0), (0, 0), text=""), "holds only white space"),
        (place((0, 0), (1, 0), path="/project/.env"), "never enters a prompt"),
        (place((0, 0), (1, 0), text="a\0b\n"), "binary"),
    ],
)
async def test_without_code_to_explain_the_answer_is_a_sentence(asked, sentence):
    explained = Explained("x")
    answer = await explained.ask(asked)
    assert sentence in answer.markdown
    assert answer.markdown.endswith(".")
    assert explained.shown == [answer.markdown]
    assert explained.engine.requests == []
    assert answer.record.source is AnswerSource.NONE


async def test_a_selection_that_is_too_long_is_folded_and_the_answer_says_so():
    text = "".join(f"def f{number}(x):\n    return x + {number}\n\n" for number in range(3333))
    explained = Explained("They add.")
    answer = await explained.ask(place((0, 0), (9999, 0), text))
    assert answer.markdown.startswith("*The code is longer than the model can read at once")
    assert answer.markdown.endswith("They add.")
    (request,) = explained.engine.requests
    tokens = sum(await explained.engine.count("wide", [_text(piece) for piece in request.prompt]))
    assert request.max_tokens + tokens <= 4096
    assert "def f0(x):\n    ...\n" in explained.record.prompt


def _text(piece: object) -> str:
    return piece.text if isinstance(piece, Markup) else str(piece)


async def test_thinking_is_not_shown():
    explained = Explained(Piece("Hm. ", thought=True), "It reads.")
    assert (await explained.ask()).markdown == "It reads."
    assert explained.shown == ["It reads."]


async def test_a_model_that_thinks_gets_a_budget_for_it():
    template = "{% for m in messages %}{{ m.content }}{% endfor %}<think>\n{# </think> #}"
    model = attrs.evolve(SCRIPTED_MODEL, chat_template=template)
    explained = Explained("x", engine=ScriptedEngine(model))
    await explained.ask()
    thinking = explained.engine.requests[0].thinking
    assert thinking is not None
    assert thinking.begun
    assert thinking.budget_tokens > 0


async def test_a_model_without_a_template_is_stopped_at_chatml_markers():
    model = attrs.evolve(SCRIPTED_MODEL, chat_template=None)
    explained = Explained("x", engine=ScriptedEngine(model))
    shown: list[str] = []
    explained.session.notify = shown.append
    await explained.ask()
    assert explained.engine.requests[0].stops == ("<|im_end|>", "<|im_start|>")
    assert "has no chat template" in shown[0]


async def test_a_fence_that_the_model_leaves_open_is_closed():
    explained = Explained("```python\nx = 1")
    assert (await explained.ask()).markdown == "```python\nx = 1\n```\n"


async def test_control_characters_are_not_shown():
    explained = Explained("a\x1b[2J", "b\r\n")
    assert (await explained.ask()).markdown == "a[2Jb\n"


async def test_a_model_that_repeats_itself_is_stopped():
    explained = Explained(*(["and so on and on, "] * 500))
    answer = await explained.ask()
    assert len(answer.markdown) < 400
    assert answer.markdown.endswith("*The answer ends here: it began to repeat itself.*")
    assert explained.engine.cancelled == explained.engine.requests
    assert "repeats itself" in answer.record.reason


@pytest.mark.parametrize("unit", [93, 180, 249])
async def test_a_repeated_long_sentence_is_stopped(unit: int):
    sentence = " ".join(f"word{chr(97 + n % 26)}{n}" for n in range(60))[: unit - 2] + ".\n"
    explained = Explained(*([sentence] * 31))
    answer = await explained.ask()
    assert answer.markdown.count(sentence) == 4
    assert answer.markdown.endswith("*The answer ends here: it began to repeat itself.*")


async def test_an_answer_may_quote_code_that_repeats_itself():
    code = "ROWS = [\n" + 6 * "    Skeleton(row),\n" + "]\n"
    said = f"It is a list:\n\n```python\n{code}```\n\nOf rows."
    explained = Explained(*(said[at : at + 4] for at in range(0, len(said), 4)))
    answer = await explained.ask(place((0, 0), (8, 0), code))
    assert answer.markdown == said


THOUGHT = Piece("hm", thought=True)
CLOSING = Piece("</think>", special=True)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ((THOUGHT, "It adds.", CLOSING), "It adds."),
        ((THOUGHT, "It adds.", CLOSING, " \n", "Done."), "It adds.\nDone."),
        ((THOUGHT, "It adds.\n", CLOSING, "\nDone."), "It adds.\n\nDone."),
        ((THOUGHT, "The mark ", CLOSING, " ends it."), "The mark </think> ends it."),
        ((THOUGHT, "The mark `", CLOSING, "`."), "The mark `</think>`."),
        ((THOUGHT, "```\n", CLOSING, "\n```"), "```\n</think>\n```"),
        ((THOUGHT, "It adds </think>\n"), "It adds </think>\n"),
    ],
)
async def test_a_second_end_of_thinking_is_not_shown_unless_it_is_quoted(said, shown):
    assert (await Explained(*said).ask()).markdown == shown


async def test_prose_has_a_repeat_penalty():
    explained = Explained("x")
    await explained.ask()
    sampling = explained.engine.requests[0].sampling
    assert (sampling.temperature, sampling.repeat_penalty, sampling.penalty_tokens) == (0, 1.1, 256)


async def test_a_model_that_says_nothing():
    assert (await Explained().ask()).markdown == "The model gave no answer."


async def test_a_failure_is_raised_and_its_prompt_is_recorded():
    explained = Explained(failure=EngineError("the engine stopped unexpectedly"))
    with pytest.raises(EngineError, match="unexpectedly"):
        await explained.ask()
    assert "unexpectedly" in explained.record.reason
    assert "def get" in explained.record.prompt


async def test_a_cancelled_answer_is_recorded_with_its_text():
    explained = Explained("It ", "reads.")
    explained.engine.pause()
    asking = asyncio.create_task(explained.ask())
    await until(lambda: bool(explained.engine.requests))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert "cancelled" in explained.record.reason
    assert "def get" in explained.record.prompt


async def test_a_system_prompt_of_the_user_is_used():
    explained = Explained("x")
    explained.session.texts = {"explain": "Talk like a pirate.\ud800"}
    await explained.ask()
    assert "Talk like a pirate.\ufffd" in explained.record.prompt


RECOMMENDED = {"temperature": 0.6, "top_k": 20, "repeat_penalty": 1.05}


async def test_a_question_is_sampled_as_the_model_file_recommends():
    model = attrs.evolve(SCRIPTED_MODEL, sampling=RECOMMENDED)
    explained = Explained("x", engine=ScriptedEngine(model))
    await explained.ask()
    sampling = explained.engine.requests[0].sampling
    assert (sampling.temperature, sampling.top_k, sampling.top_p) == (0.6, 20, 1.0)
    assert (sampling.repeat_penalty, sampling.penalty_tokens) == (1.05, 256)


async def test_the_users_own_sampling_is_used_in_place_of_the_model_files():
    model = attrs.evolve(SCRIPTED_MODEL, sampling=RECOMMENDED)
    explained = Explained("x", engine=ScriptedEngine(model))
    mode = attrs.evolve(PROFILES[Mode.THINK], recommended_sampling=False)
    explained.session.profiles = {**PROFILES, Mode.THINK: mode}
    await explained.ask()
    assert explained.engine.requests[0].sampling.temperature == 0
