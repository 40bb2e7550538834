"""The device of these tests, which run in an environment of their own: ``make test-gpu``."""

from __future__ import annotations

import pytest

from leanwide.engine.devices import list_devices
from tests.engine.conftest import models, opened, tiny

__all__ = ["models", "opened", "tiny"]


@pytest.fixture(autouse=True, scope="session")
def needs_a_gpu() -> None:
    if not list_devices().gpus:
        pytest.fail("llama.cpp sees no GPU here: run these tests with `make test-gpu`")
