"""Code at a cursor: the use case of editors, for documents that have no name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from attrs import evolve

from leanwide.engine.base import EngineError, EngineState, EngineStatus, NotLoadedError
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    FinishReason,
    Piece,
    Priority,
    ProgressCallback,
    Request,
    ignore_progress,
)
from leanwide.engine.scripted import SCRIPTED_MODEL, ScriptedEngine
from leanwide.engine.specs import ModelInfo
from leanwide.options import Layer, parse
from leanwide.prompt.infill import readable
from tests.endpoint.served import events, served, until
from tests.features.editor import SteppedEngine

BEFORE = "import os\n\n\ndef load(path):\n    "
AFTER = "\n\n\ndef save(path):\n    pass\n"
LLAMA_VIM: dict[str, Any] = {
    "id_slot": 0,
    "input_extra": [],
    "n_predict": 128,
    "stop": [],
    "n_indent": 4,
    "top_k": 40,
    "top_p": 0.90,
    "samplers": ["top_k", "top_p", "infill"],
    "stream": False,
    "cache_prompt": True,
    "t_max_prompt_ms": 500,
    "t_max_predict_ms": 250,
    "response_fields": [
        "content",
        "timings/prompt_n",
        "timings/prompt_ms",
        "timings/predicted_n",
        "truncated",
        "tokens_cached",
    ],
    "model": "",
}
"""What llama.vim sends besides the texts."""


def prompts(engine: Any) -> list[str]:
    """The prompts that the engine was asked with."""
    return [readable(request.prompt, SCRIPTED_MODEL.fim) for request in engine.requests]


async def test_the_request_of_llama_vim_gets_the_fields_that_it_names():
    async with served(["return os.stat(path)"]) as at:
        body = {"input_prefix": BEFORE[:-4], "prompt": "    ", "input_suffix": AFTER, **LLAMA_VIM}
        answer = await at.client.post("/infill", json=body)
        assert set(answer.json()) == set(LLAMA_VIM["response_fields"])
        assert '"content":"return os.stat(path)"' in answer.text  # without blanks
        request: Request = at.engine.requests[0]
        assert request.priority is Priority.INTERACTIVE
        assert request.max_tokens == 64  # the mode's, which the client cannot widen
        assert prompts(at.engine) == [f"<PREFIX>{BEFORE[:-4]}<SUFFIX>{AFTER}<MIDDLE>    "]


async def test_a_warm_up_of_llama_vim_costs_nothing():
    async with served() as at:
        body = {**LLAMA_VIM, "n_predict": 0, "response_fields": [""]}
        assert (await at.client.post("/infill", json=body)).json() == {}
        assert at.engine.requests == []


async def test_a_key_appends_and_what_is_typed_through_costs_nothing():
    async with served(["return os.stat(path)"], ["x = 1"]) as at:
        assert await at.infill(BEFORE, AFTER) == "return os.stat(path)"
        assert await at.infill(f"{BEFORE}return ", AFTER) == "os.stat(path)"
        assert len(at.engine.requests) == 1
        assert await at.infill(f"{BEFORE}raise ", AFTER) == "x = 1"
        first, second = prompts(at.engine)
        assert second == f"{first}raise "


async def test_lines_that_slide_out_of_an_excerpt_leave_the_window():
    lines = [f"value_{number} = {number}\n" for number in range(60)]
    async with served(["first"], ["second"]) as at:
        await at.infill("".join(lines[:40]))
        await at.infill("".join(lines[5:41]))
        first, second = prompts(at.engine)
        assert second.startswith(first.removesuffix("<MIDDLE>").removesuffix("<SUFFIX>"))
        assert len(at.service.documents._open) == 1


async def test_two_clients_type_in_two_documents_at_once():
    async with served(["one"], ["two"]) as at:
        at.engine.pause()
        asked = [
            asyncio.create_task(at.infill(f"def function_{number}():\n    return ", AFTER))
            for number in range(2)
        ]
        await until(lambda: len(at.engine.requests) == 2)
        at.engine.resume()
        assert set(await asyncio.gather(*asked)) == {"one", "two"}


async def test_holes_of_one_text_that_are_asked_for_at_once_are_all_answered():
    async with served(["one"], ["two"], ["three"]) as at:
        lines = BEFORE.splitlines(keepends=True)
        at.engine.pause()
        asked = [
            asyncio.create_task(at.infill("".join(lines[:place]), "".join(lines[place:])))
            for place in (1, 2, 4)
        ]
        await until(lambda: len(at.engine.requests) == 3)
        at.engine.resume()
        assert set(await asyncio.gather(*asked)) == {"one", "two", "three"}


async def test_the_newest_request_at_a_place_supersedes_an_older_one():
    async with served(["return", " 1"], ["ValueError"]) as at:
        at.engine.pause()
        older = asyncio.create_task(at.infill(BEFORE, AFTER))
        await until(lambda: len(at.engine.requests) == 1)
        newer = asyncio.create_task(at.infill(f"{BEFORE}raise ", AFTER))
        await until(lambda: at.service.documents._open[0].waiting == 2)
        at.engine.step()  # what the older one gets does not begin as the newer one needs it
        await until(lambda: len(at.engine.requests) == 2)
        at.engine.resume()
        assert (await older, await newer) == ("", "ValueError")


async def test_a_client_that_hangs_up_frees_the_lane():
    async with served(["return", " 1"]) as at:
        at.engine.pause()
        asked = asyncio.create_task(at.infill(BEFORE, AFTER))
        await until(lambda: len(at.engine.requests) == 1)
        asked.cancel()
        await until(lambda: len(at.engine.cancelled) == 1)


async def test_suggestions_are_filtered_and_come_in_the_middle_of_a_line_too():
    async with served(["path)\n    return path\n"], ["path"]) as at:
        assert await at.infill("def load(path):\n    print(", ")\n    return path\n") == "path"
        assert await at.infill("total = size(", ") + 1\n") == "path"


async def test_an_answer_is_limited_by_the_client():
    async with served(["a = 1  # end"], ["b"]) as at:
        assert await at.infill("x = 1\n", stop=["  # end"]) == "a = 1"
        await at.infill("y = ", n_predict=7)
        assert [request.max_tokens for request in at.engine.requests] == [64, 7]


class LimitedEngine(SteppedEngine):
    """An engine that always says the same, as far as the tokens go."""

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        words = ["one", " two", " three"]
        self.enqueue(words[: request.max_tokens])
        async for event in super().generate(request, cancel, watch):
            if isinstance(event, Finished) and request.max_tokens < len(words):
                yield Finished(FinishReason.LENGTH, event.stats)
            else:
                yield event


async def test_an_answer_that_is_cut_is_not_continued_unless_the_client_allows_more():
    options, _ = parse()  # what is cut would be continued while no request waits
    async with served(engine=LimitedEngine(), options=options) as at:

        async def ask(limit: int) -> tuple[str, str]:
            body = {"prompt": "x = ", "suffix": "\n", "max_tokens": limit}
            answer = (await at.client.post("/v1/completions", json=body)).json()
            return answer["choices"][0]["text"], answer["choices"][0]["finish_reason"]

        assert await ask(2) == ("one two", "length")
        assert (await ask(2))[0] == "one two"
        await asyncio.sleep(0.05)
        assert [request.max_tokens for request in at.engine.requests] == [2]
        assert await ask(9) == ("one two three", "stop")


async def test_a_stream_has_the_answer_in_one_piece():
    async with served(["return 1"]) as at:
        body = {"input_prefix": BEFORE, "input_suffix": AFTER, "stream": True}
        answer = await at.client.post("/infill", json=body)
        assert answer.headers["content-type"].startswith("text/event-stream")
        first, last = events(answer.text)
        assert first == {"content": "return 1", "stop": False}
        assert last["stop"] is True


async def test_pieces_of_other_files_stand_in_front_unless_they_are_excluded():
    pieces = [
        {"filename": "store.py", "text": "def stored(path):\n    return open_store(path)\n"},
        {"filename": "unrelated.py", "text": "nothing = 0\n"},
        {"filename": ".env", "text": "path = 'def load store secret'\n"},
        {"filename": "prod-secrets.py", "text": "path = 'def load store secret'\n"},
        {"filename": "keys.py", "text": "load_path = 'AKIA2E0A8F3B244C9986'\n"},
        {"filename": "", "text": "def open_store(path):\n    load(path)\n"},
    ]
    async with served(["return stored(path)"]) as at:
        await at.infill("def load(path):\n    ", AFTER, input_extra=pieces)
        (prompt,) = prompts(at.engine)
        assert "<FILE>store.py\ndef stored(path)" in prompt
        assert "<FILE>piece\ndef open_store" in prompt
        for other in ("unrelated", "secret", "AKIA"):
            assert other not in prompt


EXCLUDED = [
    ".env",
    "secrets/id_rsa",
    "vendor/lib.py",
    "C#/app/.env",
    "why?/id_rsa",
    "C#/vendor/lib.py",
    "notes:#1/.env",
    "file:///srv/app/.env",
    "vscode-notebook-cell:/srv/vendor/book.ipynb#W0",
    "C:\\app\\.npmrc",
    "app\\vendor\\lib.py",
]


@pytest.mark.parametrize("name", EXCLUDED)
async def test_a_piece_of_an_excluded_file_never_enters_a_prompt(name: str):
    options, _ = parse(Layer("test", {"files": {"exclude": ["vendor/"]}}))
    pieces = [{"filename": name, "text": "def open_store(path):\n    load(path)\n"}]
    async with served(["return open_store(path)"], options=options) as at:
        await at.infill("def load(path):\n    ", AFTER, input_extra=pieces)
        (prompt,) = prompts(at.engine)
        assert "open_store" not in prompt


@pytest.mark.parametrize("name", ["C#/app/main.py", "why?/main.py", "C:\\app\\main.py"])
async def test_a_file_of_any_other_name_is_served(name: str):
    async with served(["return 1"]) as at:
        assert await at.infill(BEFORE, AFTER, filename=name) == "return 1"


@pytest.mark.parametrize("name", EXCLUDED)
async def test_an_excluded_document_never_enters_a_prompt(name: str):
    options, _ = parse(Layer("test", {"files": {"exclude": ["vendor/"]}}))
    async with served(["x"], options=options) as at:
        assert await at.infill(BEFORE, AFTER, filename=name) == ""
        body = {"input_prefix": f"{BEFORE}-----BEGIN RSA PRIVATE KEY-----\n"}
        answer = (await at.client.post("/infill", json=body)).json()
        assert (answer["content"], answer["prompt"]) == ("", "")
        assert "holds a private key" in answer["reason"]
        assert at.engine.requests == []


async def test_the_language_of_a_named_file_may_be_off():
    options, _ = parse(Layer("test", {"languages": {"off": ["lua"]}}))
    async with served(["x"], ["y"], options=options) as at:
        assert await at.infill("local a = ", "\n", filename="init.lua") == ""
        assert await at.infill("local a = ", "\n") == "x"


async def test_a_model_that_does_not_know_a_language_is_asked_only_where_none_is_known():
    model: ModelInfo = evolve(SCRIPTED_MODEL, languages=("python",))
    async with served(["x"], ["y"], engine=(engine := SteppedEngine(model))) as at:
        engine.enqueue(["x"])
        assert await at.infill("local a = ", "\n", filename="init.lua") == ""
        assert await at.infill("local a = ", "\n") == "x"
        assert at.told == []


class UnloadedEngine(ScriptedEngine):
    """An engine whose model is not there."""

    def __init__(self, state: EngineState, reason: str = "") -> None:
        super().__init__()
        self._state, self._reason = state, reason
        self.started = 0

    @property
    def status(self) -> EngineStatus:
        return EngineStatus(state=self._state, reason=self._reason)

    def model(self, lane: str) -> ModelInfo | None:
        return None

    def start(self) -> None:
        self.started += 1

    async def ready(self, lane: str) -> ModelInfo:
        raise EngineError(self._reason) if self._reason else NotLoadedError


async def test_a_model_that_is_loading_is_a_503_that_says_when_to_ask_again():
    async with served(engine=(engine := UnloadedEngine(EngineState.LOADING))) as at:
        answer = await at.client.post("/infill", json={"input_prefix": "a = "})
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert "is loading" in answer.json()["error"]["message"]
        assert engine.started == 1
        assert (await at.client.get("/health")).status_code == 200


async def test_an_engine_that_cannot_be_had_is_a_503_with_a_sentence():
    engine = UnloadedEngine(EngineState.FAILED, "model.gguf is missing")
    chat = {"messages": [{"role": "user", "content": "Hello"}]}
    async with served(engine=engine) as at:
        for answer in (
            await at.client.post("/infill", json={"input_prefix": "a = "}),
            await at.client.post("/v1/completions", json={"prompt": "a = "}),
            await at.client.post("/v1/completions", json={"prompt": "a = ", "stream": True}),
            await at.client.post("/v1/chat/completions", json=chat),
            await at.client.post("/v1/chat/completions", json={**chat, "stream": True}),
            await at.client.get("/v1/models"),
            await at.client.get("/health"),
        ):
            assert answer.status_code == 503
            assert answer.json()["error"]["message"] == "model.gguf is missing"
            assert answer.json()["error"]["code"] == "engine_unavailable"


async def test_a_model_without_fim_tokens_is_a_503_with_a_sentence():
    async with served(engine=ScriptedEngine(evolve(SCRIPTED_MODEL, fim=None))) as at:
        answer = await at.client.post("/infill", json={"input_prefix": "a = "})
        assert answer.status_code == 503
        assert "fill-in-the-middle" in answer.json()["error"]["message"]


async def test_documents_of_the_past_are_forgotten():
    async with served(*[["x"]] * 30) as at:
        for number in range(30):
            await at.infill(f"def function_{number}(value_{number}):\n    return ", "\n")
        assert len(at.service.documents._open) == 8
