from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import pytest
from attrs import frozen

from leanwide.engine.remote.address import ServerAddress
from leanwide.models.embedded import embedded_model
from tests.llama_server.conftest import KEY, free_port, llama_server, write_key

VLLM = Path(os.environ.get("LEANWIDE_VLLM", "~/.cache/leanwide-vllm/venv/bin/python")).expanduser()
"""A Python that has vLLM for CPUs."""
_STARTS_WITHIN_S = 900.0


@frozen(kw_only=True)
class IdServer:
    """A running server that takes token ids."""

    address: ServerAddress
    block: int
    """Its cache holds whole blocks of so many tokens."""
    is_busy: Callable[[], bool]
    """Whether it generates now."""


@contextlib.contextmanager
def running(command: Sequence[str], url: str, log: Path, **env: str) -> Iterator[None]:
    """Run a server, from when it names its models to the end of the block."""
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, env={**os.environ, **env}, stdout=output, stderr=output
        ) as process,
    ):
        try:
            late = time.monotonic() + _STARTS_WITHIN_S
            while not _names_models(url):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < late, log.read_text()
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


def _names_models(url: str) -> bool:
    try:
        return bool(_get(f"{url}/v1/models"))
    except (HTTPError, URLError, ConnectionError):
        return False


def _get(url: str) -> str:
    request = Request(url, headers={"Authorization": f"Bearer {KEY}"})
    with urlopen(request, timeout=10) as answer:
        return str(answer.read(), "utf-8")


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session")
def llama_interface(key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdServer]:
    """OpenAI's interface of a llama-server, which shows nothing else."""
    folder, port, shown = tmp_path_factory.mktemp("log"), free_port(), free_port()
    hidden, url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{shown}"
    command = [sys.executable, "-m", "tests.openai_servers.interface", hidden, str(shown)]
    with (
        llama_server(port, folder / "llama-server.log"),
        running(command, url, folder / "interface.log"),
    ):
        yield IdServer(
            address=ServerAddress(url=url, key_file=key_file),
            block=1,
            is_busy=lambda: '"is_processing":true' in _get(f"{hidden}/slots"),
        )


@pytest.fixture(scope="session")
def vllm(key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdServer]:
    """A vLLM on the CPU, with a model of random weights."""
    if not VLLM.exists():
        pytest.skip(f"{VLLM} is missing: CONTRIBUTING.md says how vLLM for CPUs is installed")
    model, folder = tmp_path_factory.mktemp("model"), tmp_path_factory.mktemp("log")
    here = Path(__file__).parent
    subprocess.run([str(VLLM), str(here / "tiny_model.py"), str(model)], check=True)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = {
        "model": str(model),
        "served-model-name": "tiny",
        "host": "127.0.0.1",
        "port": str(port),
        "api-key": KEY,
        "max-model-len": "4096",
        "max-num-seqs": "8",
        "block-size": "32",
        # Other types use instructions that some virtual machines announce, and end the process for.
        "dtype": "float32",
    }
    command = [
        *(str(VLLM), "-m", "vllm.entrypoints.openai.api_server"),
        *("--enforce-eager", "--enable-prompt-tokens-details"),
        *(part for name, value in options.items() for part in (f"--{name}", value)),
    ]
    settings = {
        "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
        "VLLM_TARGET_DEVICE": "cpu",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }
    with running(command, url, folder / "vllm.log", **settings):
        yield IdServer(
            address=ServerAddress(url=url, key_file=key_file),
            block=32,
            is_busy=lambda: not _running(_get(f"{url}/metrics")).endswith(" 0.0"),
        )


def _running(metrics: str) -> str:
    """The line with the number of requests that vLLM works on."""
    lines = (line for line in metrics.splitlines() if "num_requests_running{" in line)
    return next(lines, " 0.0")


@pytest.fixture(params=["llama_interface", "vllm"])
def server(request: pytest.FixtureRequest) -> IdServer:
    """Each server that takes token ids."""
    found: IdServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def text_only(key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerAddress]:
    """The server of llama-cpp-python, which takes texts only."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = {
        "model": str(embedded_model()),
        "host": "127.0.0.1",
        "port": str(port),
        "api_key": KEY,
        "n_ctx": "4096",
        "n_threads": "1",
    }
    command = [
        *(sys.executable, "-m", "tests.openai_servers.serve_text"),
        *(part for name, value in options.items() for part in (f"--{name}", value)),
    ]
    log = tmp_path_factory.mktemp("log") / "server.log"
    with running(command, url, log):
        yield ServerAddress(url=url, key_file=key_file)
