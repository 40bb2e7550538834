"""OpenAI's interface of a llama-server, and the ``/tokenize`` of vLLM: the rest is hidden.

The answers are the llama-server's. Runs until it is killed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

CONTEXT = 4096


class Interface:
    """Passes requests on."""

    def __init__(self, url: str) -> None:
        self._client = httpx2.AsyncClient(base_url=url, timeout=60, trust_env=False)

    def app(self) -> Starlette:
        """Return the application: all other addresses are unknown."""
        return Starlette(
            routes=[
                Route("/v1/models", self.models),
                Route("/tokenize", self.tokenize, methods=["POST"]),
                Route("/detokenize", self.detokenize, methods=["POST"]),
                Route("/v1/completions", self.answer, methods=["POST"]),
                Route("/v1/chat/completions", self.answer, methods=["POST"]),
            ]
        )

    async def models(self, request: Request) -> Response:
        found = await self._client.get("/v1/models", headers=_key(request))
        if found.status_code != 200:
            return Response(found.content, found.status_code)
        cards = found.json()["data"]
        return JSONResponse({"data": [{**card, "max_model_len": CONTEXT} for card in cards]})

    async def tokenize(self, request: Request) -> Response:
        body = await request.json()
        asked = {
            "content": body["prompt"],
            "add_special": body["add_special_tokens"],
            "parse_special": True,
        }
        return JSONResponse(await self._ask("/tokenize", asked, request))

    async def detokenize(self, request: Request) -> Response:
        asked = {"tokens": (await request.json())["tokens"]}
        found = await self._ask("/detokenize", asked, request)
        return JSONResponse({"prompt": found["content"]})

    async def answer(self, request: Request) -> Response:
        sent = self._client.build_request(
            "POST", request.url.path, json=await request.json(), headers=_key(request)
        )
        answer = await self._client.send(sent, stream=True)

        async def parts() -> AsyncIterator[bytes]:
            try:
                async for part in answer.aiter_raw():
                    yield part
            finally:
                await answer.aclose()

        kind = answer.headers.get("content-type", "application/json")
        return StreamingResponse(parts(), answer.status_code, media_type=kind)

    async def _ask(self, path: str, body: dict[str, Any], request: Request) -> dict[str, Any]:
        found = await self._client.post(path, content=json.dumps(body), headers=_key(request))
        return dict(found.raise_for_status().json())


def _key(request: Request) -> dict[str, str]:
    return {"Authorization": request.headers.get("authorization", "")}


if __name__ == "__main__":
    uvicorn.run(
        Interface(sys.argv[1]).app(), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning"
    )
