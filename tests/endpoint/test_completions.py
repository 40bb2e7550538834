"""``/v1/completions``: holes that a client spells or names, and texts that go on."""

from __future__ import annotations

import pytest

from leanwide.engine.base import EngineError
from leanwide.engine.requests import CancelToken, Priority, ignore_progress
from tests.endpoint.served import events, served, until
from tests.endpoint.test_infill import prompts
from tests.features.editor import SteppedEngine

ZED = {
    "model": "leanwide",
    "prompt": "<|fim_prefix|>def load(path):\n    <|fim_suffix|>\n\nload('a')\n<|fim_middle|>",
    "max_tokens": 64,
    "stop": ["<|endoftext|>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>"],
}
"""What Zed sends for an edit prediction."""


async def test_the_request_of_zed_is_a_hole_in_a_document():
    async with served(["return open(path)"]) as at:
        answer = (await at.client.post("/v1/completions", json=ZED)).json()
        assert answer["object"] == "text_completion"
        assert answer["model"] == "scripted"
        assert answer["choices"][0]["text"] == "return open(path)"
        assert answer["choices"][0]["finish_reason"] == "stop"
        assert answer["usage"]["total_tokens"] == 2
        assert isinstance(answer["id"], str)
        assert isinstance(answer["created"], int)
        assert prompts(at.engine) == [
            "<PREFIX>def load(path):\n<SUFFIX>\n\nload('a')\n<MIDDLE>    "
        ]


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": "def load(path):\n    ", "suffix": "\n\nload('a')\n"},
        {
            "prompt": "<fim_prefix>def load(path):\n    <fim_suffix>\n\nload('a')\n<fim_middle>",
            "suffix": None,
        },
        {"prompt": ["[SUFFIX]\n\nload('a')\n[PREFIX]def load(path):\n    "]},
    ],
)
async def test_a_hole_may_be_named_or_spelt_as_another_model_wants_it(body: dict[str, object]):
    async with served(["return open(path)"]) as at:
        answer = (await at.client.post("/v1/completions", json=body)).json()
        assert answer["choices"][0]["text"] == "return open(path)"
        assert prompts(at.engine)[0].endswith("<MIDDLE>    ")


async def test_a_text_that_shows_no_hole_is_continued_as_the_client_says():
    async with served(["x", "y"]) as at:
        body = {
            "prompt": "Once ",
            "max_tokens": 5,
            "temperature": 0.5,
            "top_p": 0.9,
            "seed": 7,
            "stop": "\n",
        }
        answer = (await at.client.post("/v1/completions", json=body)).json()
        assert answer["choices"][0]["text"] == "xy"
        (request,) = at.engine.requests
        assert request.prompt == ("Once ",)
        assert request.priority is Priority.COMMAND
        assert (request.max_tokens, request.stops) == (5, ("\n",))
        assert (request.sampling.temperature, request.sampling.seed) == (0.5, 7)


async def test_no_client_gets_more_than_the_budget():
    async with served(["x"]) as at:
        await at.client.post("/v1/completions", json={"prompt": "a", "max_tokens": 1_000_000})
        assert at.engine.requests[0].max_tokens == 64


async def test_a_stream_arrives_piece_by_piece_and_ends_with_its_usage():
    async with served(["x", "y"]) as at:
        body = {"prompt": "a", "stream": True, "stream_options": {"include_usage": True}}
        answer = await at.client.post("/v1/completions", json=body)
        assert answer.text.endswith("data: [DONE]\n\n")
        *parts, end, usage = events(answer.text)
        assert [part["choices"][0]["text"] for part in parts] == ["x", "y"]
        assert end["choices"][0]["finish_reason"] == "stop"
        assert (usage["choices"], usage["usage"]["completion_tokens"]) == ([], 2)
        assert len({part["id"] for part in (*parts, end, usage)}) == 1


class WatchedEngine(SteppedEngine):
    """An engine that keeps the tokens of its generations."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: list[CancelToken] = []

    def generate(self, request, cancel, watch=ignore_progress):
        self.tokens.append(cancel)
        return super().generate(request, cancel, watch)


async def test_a_streaming_client_that_hangs_up_frees_the_lane():
    engine = WatchedEngine()
    engine.enqueue([str(number) for number in range(1000)])
    async with served(engine=engine) as at:
        engine.pause()
        engine.step(2)
        async with at.client.stream(
            "POST", "/v1/completions", json={"prompt": "count", "stream": True}
        ) as answer:
            async for _ in answer.aiter_bytes():
                assert not engine.tokens[0].cancelled
                break
        await until(lambda: engine.tokens[0].cancelled)


async def test_an_engine_that_dies_while_it_answers_ends_the_stream_with_an_error():
    async with served() as at:
        at.engine.enqueue(["x"] * 3)
        generate = at.engine.generate

        async def dying(*given):
            async for event in generate(*given):
                yield event
                raise EngineError("the engine died")

        at.engine.generate = dying
        answer = await at.client.post("/v1/completions", json={"prompt": "a", "stream": True})
        assert answer.status_code == 200
        first, error = events(answer.text)
        assert first["choices"][0]["text"] == "x"
        assert error["error"]["message"] == "the engine died"
        assert "[DONE]" not in answer.text


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "prompt"),
        ({"prompt": ""}, "empty"),
        ({"prompt": "", "suffix": ""}, "empty"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": "a", "n": 2}, "leave n out"),
        ({"prompt": "a", "echo": True}, "leave echo out"),
        ({"prompt": "a", "max_tokens": "many"}, "max_tokens"),
        ({"prompt": "a", "temperature": 9}, "temperature"),
        ({"prompt": "a", "stop": ["a"] * 17}, "stop"),
        ({"prompt": "word " * 5000}, "send less"),
    ],
)
async def test_a_body_that_cannot_be_used_is_a_400_that_says_why(body, word):
    async with served() as at:
        for more in ({}, {"stream": True}):
            answer = await at.client.post("/v1/completions", json={**body, **more})
            assert answer.status_code == 400
            error = answer.json()["error"]
            assert error["type"] == "invalid_request_error"
            assert word in error["message"]
        assert at.engine.requests == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff", b'{"prompt":' + b"[" * 100_000, b'"prompt"']
)
async def test_a_body_that_is_no_json_object_is_a_400(body: bytes):
    async with served() as at:
        for path in ("/infill", "/v1/completions", "/v1/chat/completions"):
            answer = await at.client.post(path, content=body)
            assert answer.status_code == 400
            assert answer.json()["error"]["code"] == "invalid_body"


async def test_paths_and_methods_that_are_not_there_are_named():
    async with served() as at:
        assert (await at.client.get("/")).status_code == 404
        assert "/v1/completions" in (await at.client.get("/v1")).json()["error"]["message"]
        answer = await at.client.get("/infill")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert (await at.client.get("/health?x=1")).json() == {"status": "ok", "engine": "idle"}


async def test_the_models_of_the_lanes_are_listed():
    async with served() as at:
        listed = (await at.client.get("/v1/models")).json()
        assert [model["id"] for model in listed["data"]] == ["scripted"]
