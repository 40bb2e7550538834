"""A server that speaks as vLLM does, or as one that takes texts only, until it misbehaves."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

from attrs import define

from tests.engine.remote.misbehaving import (
    NAMES,
    Handler,
    MisbehavingServer,
    event,
    ids,
    listening_on,
    respond,
    start_events,
)

MODEL = "lab/coder"
DONE = b"data: [DONE]\n\n"


def chunk(text: str, *tokens: int, finish: str | None = None) -> bytes:
    """A part of the answer to a prompt."""
    return event(choices=[{"text": text, "token_ids": list(tokens), "finish_reason": finish}])


def turn(finish: str | None = None, **delta: str | None) -> bytes:
    """A part of the answer in a conversation."""
    return event(choices=[{"delta": delta, "finish_reason": finish}])


def usage(prompt: int, generated: int, cached: int | None = None) -> bytes:
    details = None if cached is None else {"cached_tokens": cached}
    counts = {"prompt_tokens": prompt, "completion_tokens": generated}
    return event(choices=[], usage={**counts, "prompt_tokens_details": details})


async def complete_well(_: MisbehavingServer, writer: asyncio.StreamWriter, body: Any) -> None:
    """Answer with the text that is demanded, and two tokens."""
    await start_events(writer)
    writer.write(chunk(demanded(body) + "o", 211) + chunk("k", 207) + chunk("", 1, finish="stop"))
    writer.write(usage(len(body["prompt"]), 3, cached=2) + DONE)


async def talk_well(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    """Answer with two words."""
    await start_events(writer)
    writer.write(turn(role="assistant", content="") + turn(content="Well, ") + turn(content="yes"))
    writer.write(turn(finish="stop", content=None) + usage(9, 2) + DONE)


def demanded(body: dict[str, Any]) -> str:
    """The text that an answer must begin with."""
    needed = re.match(r"((?:\\.|[^(\\])*)", body.get("structured_outputs", {}).get("regex", ""))
    return re.sub(r"\\(.)", r"\1", needed[1]) if needed else ""


@define(eq=False)
class MisbehavingOpenAi(MisbehavingServer):
    """Answers as its handlers say, else as vLLM does."""

    completion: Handler = complete_well
    talk: Handler = talk_well
    takes_ids: bool = True
    knows_markers: bool = True
    """Markers in a text become special tokens."""
    knows_structure: bool = True
    """It makes answers begin with a text; else it refuses the fields for it."""
    models: tuple[str, ...] = (MODEL,)

    async def answer(self, path: str, body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        if self.before is not None:
            await self.before(self, writer, body)
        elif body.get("model") not in (None, *self.models):
            error = {"type": "NotFoundError", "message": "The model does not exist."}
            respond(writer, {"error": error}, "404 Not Found")
        elif path == "v1/chat/completions":
            self.bodies.append(body)
            await self.talk(self, writer, body)
        elif path == "v1/completions":
            await self._complete(body, writer)
        elif (found := self._known(path, body)) is not None:
            respond(writer, found)
        else:
            respond(writer, {"detail": "Not Found"}, "404 Not Found")

    async def _complete(self, body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        refused = "suffix" in body or ("structured_outputs" in body and not self.knows_structure)
        if refused or not (self.takes_ids and all(type(each) is int for each in body["prompt"])):
            respond(writer, {"error": {"type": "BadRequestError"}}, "400 Bad Request")
        elif body.get("stream"):
            self.bodies.append(body)
            await self.completion(self, writer, body)
        else:
            respond(writer, {"choices": [{"text": demanded(body) + "x"}]})

    def _known(self, path: str, body: dict[str, Any]) -> Any:
        if path == "v1/models":
            card = {"owned_by": "vllm", "root": self.model, "max_model_len": 4096}
            return {"data": [{"id": name, **card} for name in self.models]}
        if path == "version":
            return {"version": "1.2"}
        if path == "tokenize" and self.takes_ids:
            return {"tokens": ids(body["prompt"], special=self.knows_markers)}
        if path == "detokenize" and self.takes_ids:
            return {"prompt": "".join(_name(token) for token in body["tokens"])}
        return None


def _name(token: int) -> str:
    return NAMES[token - 1] if token <= len(NAMES) else chr(token - 100)


@contextlib.asynccontextmanager
async def misbehaving_openai(**more: Any) -> AsyncIterator[MisbehavingOpenAi]:
    """Run such a server on a port of this machine."""
    fake = MisbehavingOpenAi(**more)
    async with listening_on(fake):
        yield fake
