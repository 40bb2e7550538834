"""``/v1/chat/completions``: the client keeps the conversation."""

from __future__ import annotations

import asyncio

import pytest

from leanwide.engine.requests import Markup, Piece
from tests.endpoint.served import events, served, until

ASKED = {"messages": [{"role": "user", "content": "What does os.walk do?"}]}


def read(engine) -> str:
    """What the model read in its last request."""
    pieces = engine.requests[-1].prompt
    return "".join(piece.text if isinstance(piece, Markup) else str(piece) for piece in pieces)


async def test_the_model_reads_the_clients_messages_and_nothing_else():
    messages = [
        {"role": "developer", "content": "Be short."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "Who"}, {"type": "text", "text": "?"}],
        },
        {"role": "assistant", "content": "I."},
        {"role": "user", "content": "Why?"},
    ]
    async with served(["Because."]) as at:
        answer = (await at.client.post("/v1/chat/completions", json={"messages": messages})).json()
        assert answer["object"] == "chat.completion"
        assert answer["choices"][0]["message"] == {"role": "assistant", "content": "Because."}
        assert answer["choices"][0]["finish_reason"] == "stop"
        assert answer["usage"]["completion_tokens"] == 1
        assert read(at.engine) == (
            "<|im_start|>system\nBe short.<|im_end|>\n<|im_start|>user\nWho\n?<|im_end|>\n"
            "<|im_start|>assistant\nI.<|im_end|>\n<|im_start|>user\nWhy?<|im_end|>\n"
            "<|im_start|>assistant\n"
        )


async def test_a_stream_begins_with_the_role_and_has_no_thinking():
    async with served([Piece("hm", thought=True), "It ", "walks."]) as at:
        answer = await at.client.post("/v1/chat/completions", json={**ASKED, "stream": True})
        assert answer.text.endswith("data: [DONE]\n\n")
        first, *parts, end = events(answer.text)
        assert first["object"] == "chat.completion.chunk"
        assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
        assert [part["choices"][0]["delta"]["content"] for part in parts] == ["It ", "walks."]
        assert end["choices"][0] == {
            "index": 0,
            "delta": {},
            "logprobs": None,
            "finish_reason": "stop",
        }


async def test_limits_and_sampling_are_the_clients_as_far_as_the_budget_goes():
    async with served(["x"], ["y"]) as at:
        wishes = {"max_completion_tokens": 9, "temperature": 0.0, "stop": ["END"]}
        await at.client.post("/v1/chat/completions", json={**ASKED, **wishes})
        await at.client.post("/v1/chat/completions", json={**ASKED, "max_tokens": 100_000})
        first, second = at.engine.requests
        assert first.max_tokens == 9
        assert first.sampling.temperature == 0.0
        assert "END" in first.stops
        assert second.max_tokens == 1024


async def test_a_client_that_hangs_up_before_the_first_word_frees_the_lane():
    async with served(["x"] * 10) as at:
        at.engine.pause()
        asked = at.client.build_request("POST", "/v1/chat/completions", json=ASKED)
        _, writer = await at.connect()
        head = "".join(f"{name}: {value}\r\n" for name, value in asked.headers.items())
        writer.write(f"POST /v1/chat/completions HTTP/1.1\r\n{head}\r\n".encode() + asked.content)
        await until(lambda: len(at.engine.requests) == 1)
        writer.transport.abort()
        await until(lambda: not at.listener._open)
        at.engine.resume()
        (record,) = at.service.questions.journal.records
        assert record.reason.endswith("cancelled")


async def test_a_conversation_that_does_not_fit_is_refused_in_a_sentence():
    async with served() as at:
        long = {"messages": [{"role": "user", "content": "word " * 20_000}]}
        answer = await at.client.post("/v1/chat/completions", json=long)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "context_length_exceeded"
        assert "longer than the model can read" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "roles"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "text only"),
        ({**ASKED, "tools": [{"type": "function"}]}, "leave tools out"),
        ({**ASKED, "n": 3}, "leave n out"),
        ({"messages": ASKED["messages"] * 501}, "messages"),
    ],
)
async def test_what_cannot_be_done_is_refused_in_a_sentence(body, word):
    async with served() as at:
        answer = await at.client.post("/v1/chat/completions", json=body)
        assert answer.status_code == 400
        assert word in answer.json()["error"]["message"]
        assert at.engine.requests == []


async def test_a_completion_goes_on_while_a_chat_is_answered():
    async with served(["x"] * 5, ["return 1"]) as at:
        at.engine.pause()
        at.engine.step()
        async with at.client.stream(
            "POST", "/v1/chat/completions", json={**ASKED, "stream": True}
        ) as answer:
            asked = asyncio.create_task(at.infill("def one():\n    "))
            await until(lambda: len(at.engine.requests) == 2)
            at.engine.resume()
            assert await asked == "return 1"
            assert b"[DONE]" in await answer.aread()
