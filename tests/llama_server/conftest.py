from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from leanwide.engine.remote.address import ServerAddress
from leanwide.models.embedded import embedded_model

KEY = "a-key"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextlib.contextmanager
def llama_server(port: int, log: Path) -> Iterator[None]:
    """Run a llama-server with the embedded model."""
    command = [sys.executable, "-m", "tests.llama_server.serve"]
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            [*command, str(embedded_model()), str(port), KEY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == b"ready":
                break
        try:
            yield
        finally:
            process.kill()


def write_key(folder: Path) -> Path:
    """Write the key of these servers into a folder; return the file."""
    file = folder / "key"
    file.write_text(KEY)
    return file


def write_settings(folder: Path, address: ServerAddress, *lanes: str) -> Path:
    """Write the user's own settings, with lanes at a server, into a configuration folder."""
    file = folder / "leanwide" / "config.toml"
    file.parent.mkdir()
    where = f'url = "{address.url}"\nkey_file = "{address.key_file}"\n'
    file.write_text("".join(f"[lanes.{lane}]\n{where}" for lane in lanes))
    return file


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def address(key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerAddress]:
    """A running server, for all tests that leave it alone."""
    port = free_port()
    with llama_server(port, tmp_path_factory.mktemp("log") / "server.log"):
        yield ServerAddress(url=f"http://127.0.0.1:{port}", key_file=key_file)
