"""A server with the model that ``--real-model`` names; without it the tests are skipped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from leanwide.models.gguf import read_header
from leanwide.models.gguf_header import GgufHeader
from tests.e2e.session import Session, session

LOADED_WITHIN_S = 900


@pytest.fixture(scope="session")
def model(request: pytest.FixtureRequest) -> Path:
    path: Path | None = request.config.getoption("--real-model")
    if path is None:
        pytest.skip("run with make test-real MODEL=FILE.gguf")
    return path.resolve()


@pytest.fixture(scope="session")
def header(model: Path) -> GgufHeader:
    return read_header(model)


@pytest.fixture
def completes(header: GgufHeader) -> None:
    if not header.fim:
        pytest.skip("it has no fill-in-the-middle tokens")


@pytest.fixture
def answers(header: GgufHeader) -> None:
    if "tokenizer.chat_template" not in header.metadata:
        pytest.skip("it has no chat template")


@pytest_asyncio.fixture
async def editor(model: Path) -> AsyncIterator[Session]:
    async with session({"model": {"path": str(model)}}) as opened:
        uri = opened.open()
        async with asyncio.timeout(LOADED_WITHIN_S):
            while (await opened.status()).state not in ("idle", "busy", "failed"):
                await asyncio.sleep(0.1)
        opened.close(uri)
        yield opened
