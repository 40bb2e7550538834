"""Builds packaging/docker/Dockerfile in a clean Debian, and runs what it starts, as Docker would.

    python -m tests.clean.container [SUITE]

hadolint reads the file first. The steps of the build and the start command run in folders of their
own, without Docker (``dockerfile.py``). The endpoint runs as an arbitrary user, as process 1, on a
read-only file system, with the embedded model mounted; port 8012 of this machine must be free.
Exit code 1: hadolint, a step or an answer is not as it should be.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import psutil

from tests.clean.debian import CleanDebian, clean_debian
from tests.clean.dockerfile import Image, built
from tests.clean.packages import INDEX, ROOT, offer_llama

DOCKERFILE: Final = ROOT / "packaging/docker/Dockerfile"
MODEL: Final = ROOT / "server/leanwide/models/embedded/leanwide-embedded.gguf"
ADDRESS: Final = "http://127.0.0.1:8012"
USER: Final = 4242
"""A user without an entry in /etc/passwd, as `docker run --user` gives."""
STATE: Final = "/var/lib/leanwide"
PREFIX: Final = "def area(width, height):\n    return width * "
START_S: Final = 120
ENDED: Final = 128 + signal.SIGTERM


def main(suite: str = "trixie") -> int:
    """Check, build and run; return the exit code."""
    hadolint = Path(sys.executable).with_name("hadolint")
    if subprocess.call([str(hadolint), str(DOCKERFILE)]) != 0:
        return 1
    print("hadolint: nothing to report")

    @contextmanager
    def base() -> Iterator[CleanDebian]:
        with clean_debian(suite) as debian:
            offer_llama(debian)
            yield debian

    with built(DOCKERFILE, ROOT, {"LLAMA_WHEELS": INDEX}, base) as image:
        token = mount(image)
        with started(image) as endpoint:
            wait_for_health(image, endpoint)
            try_requests(token)
            [leanwide] = psutil.Process(endpoint.pid).children()  # unshare passes on no signal
            leanwide.terminate()
            code = endpoint.wait(timeout=60)
    print(f"SIGTERM: exit code {code}")
    return 0 if code == ENDED else 1


def mount(image: Image) -> str:
    """Put into an image what is mounted into a container; return the token."""
    token = secrets.token_hex(32)
    file = image.debian.root / "run/secrets/leanwide-token"
    file.parent.mkdir(parents=True)
    file.write_text(f"{token}\n", "ascii")
    file.chmod(0o600)
    os.chown(file, USER, USER)
    models = image.debian.root / "models"
    models.mkdir()
    shutil.copy(MODEL, models / "model.gguf")
    return token


@contextmanager
def started(image: Image) -> Iterator[subprocess.Popen[bytes]]:
    """Run the start command, read-only but for its folder and /tmp; end it in any case."""
    debian = image.debian.read_only("/tmp", STATE)
    process = subprocess.Popen(debian.command(f"{USER}:{USER}", *image.entry))
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for_health(image: Image, endpoint: subprocess.Popen[bytes]) -> None:
    """Run the health check until it succeeds.

    Raises:
        RuntimeError: It does not, or the endpoint ended.
    """
    began = time.monotonic()
    check = image.debian.command(f"{USER}:{USER}", *image.health)
    while subprocess.call(check, stderr=subprocess.DEVNULL) != 0:
        if endpoint.poll() is not None or time.monotonic() - began > START_S:
            raise RuntimeError("the endpoint is not well")
        time.sleep(1)
    print(f"health check: well after {time.monotonic() - began:.1f} s")


def try_requests(token: str) -> None:
    """Ask for a completion without the token and with it.

    Raises:
        RuntimeError: The first is answered, or the second is not.
    """
    refused, _ = infill("")
    if refused != HTTPStatus.UNAUTHORIZED:
        raise RuntimeError(f"without the token: {refused}")
    began = time.monotonic()
    while (answer := infill(token))[0] == HTTPStatus.SERVICE_UNAVAILABLE:  # the model is loading
        if time.monotonic() - began > START_S:
            raise RuntimeError("the model is not loaded")
        time.sleep(1)
    if answer[0] != HTTPStatus.OK or not answer[1]["content"]:
        raise RuntimeError(f"with the token: {answer}")
    print(f"without the token: {refused}; with it: {answer[1]['content']!r}")


def infill(token: str) -> tuple[int, dict[str, Any]]:
    """Return the status and the body of the answer to a request for a completion."""
    asked = {"input_prefix": PREFIX, "prompt": "", "input_suffix": "\n", "filename": "area.py"}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = Request(f"{ADDRESS}/infill", json.dumps(asked).encode(), headers)
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=START_S) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
