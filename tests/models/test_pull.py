"""Models are pulled complete and verified, or not at all, on any connection."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from leanwide.models.gguf import read_header
from leanwide.models.pull import RetryPolicy, pull
from leanwide.models.pulling import PullError
from leanwide.models.registry import HubFile
from leanwide.models.store import pulled_models, pulled_path, unfinished_parts
from tests.models.loopback import Hub, serving

SOURCE = HubFile("somebody/tiny-GGUF", "tiny.gguf")
QUICK = RetryPolicy(tries=3, first_wait_s=0.001)


def quiet(doing: str, done: int, total: int) -> None:
    """Report nothing."""


@pytest.fixture
def hub(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one model; pulled models go into a folder of the test."""
    monkeypatch.setattr("leanwide.models.store.user_data_path", lambda _: tmp_path)
    with serving(Hub(files={"somebody/tiny-GGUF/tiny.gguf": tiny})) as hub:
        redirect(hub.address, monkeypatch)
        yield hub


def redirect(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the library use this address, as HF_ENDPOINT does before its import."""
    monkeypatch.setattr(constants, "ENDPOINT", address)
    template = f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def refusal() -> str:
    """Return the sentence that a failing pull ends with."""
    with pytest.raises(PullError) as caught:
        pull(SOURCE, quiet, QUICK)
    assert "\n" not in str(caught.value)
    assert not list(pulled_models())
    return str(caught.value)


def test_a_model_arrives_and_a_second_pull_finds_it(hub: Hub, tiny: Path):
    seen: list[tuple[str, int, int]] = []
    path = pull(SOURCE, lambda *report: seen.append(report), QUICK)
    assert path.read_bytes() == tiny.read_bytes()
    assert read_header(path).architecture == "qwen3moe"
    size = tiny.stat().st_size
    assert ("fetching", size, size) in seen
    assert seen[-1] == ("verifying", size, size)
    assert pull(SOURCE, quiet, QUICK) == path
    assert hub.ranges == [""]


def test_ten_cut_connections_cost_no_byte_twice(hub: Hub, tiny: Path):
    hub.cuts, hub.cut_after = 10, tiny.stat().st_size // 12
    path = pull(SOURCE, quiet, QUICK)
    assert path.read_bytes() == tiny.read_bytes()
    starts = [int(wanted.removeprefix("bytes=").rstrip("-") or 0) for wanted in hub.ranges]
    assert starts == [number * hub.cut_after for number in range(11)]


def test_a_server_that_cannot_resume_sends_everything_again(hub: Hub, tiny: Path):
    hub.cuts, hub.cut_after, hub.resumable = 1, 1000, False
    assert pull(SOURCE, quiet, QUICK).read_bytes() == tiny.read_bytes()


def test_the_part_stays_when_a_pull_gives_up(hub: Hub):
    hub.cuts, hub.cut_after = 10, 100_000

    def break_at_once(doing: str, done: int, total: int) -> None:
        hub.cut_after = 0

    with pytest.raises(PullError, match=r"broke 3 times in a row .* 0\.1 of 3\.6 MB are here"):
        pull(SOURCE, break_at_once, QUICK)
    (part,) = unfinished_parts(pulled_path(SOURCE))
    assert part.stat().st_size == 100_000
    hub.cuts = 0
    pull(SOURCE, quiet, QUICK)
    assert hub.ranges[-1] == "bytes=100000-"
    assert not list(unfinished_parts(pulled_path(SOURCE)))


def test_wrong_bytes_are_refused_with_both_hashes(hub: Hub, tiny: Path):
    hub.corrupt = True
    data = bytearray(tiny.read_bytes())
    expected = hashlib.sha256(data).hexdigest()
    data[len(data) // 2] ^= 1
    message = refusal()
    assert expected in message
    assert hashlib.sha256(data).hexdigest() in message
    assert not list(unfinished_parts(pulled_path(SOURCE)))


def test_wrong_bytes_never_replace_a_pulled_model(hub: Hub, tiny: Path):
    path = pull(SOURCE, quiet, QUICK)
    path.write_bytes(b"another version")
    hub.corrupt = True
    with pytest.raises(PullError, match="is refused"):
        pull(SOURCE, quiet, QUICK)
    assert path.read_bytes() == b"another version"


@pytest.mark.parametrize(
    ("status", "headers", "sentence"),
    [
        (401, {"X-Error-Code": "RepoNotFound"}, "shows no repository somebody/tiny-GGUF"),
        (
            401,
            {"X-Error-Message": "Invalid credentials in Authorization header"},
            "refuses access to somebody/tiny-GGUF (401): log in again",
        ),
        (403, {"X-Error-Code": "GatedRepo"}, "accept its terms"),
        (404, {"X-Error-Code": "EntryNotFound"}, "has no file tiny.gguf"),
        (404, {}, "has no hf:somebody/tiny-GGUF/tiny.gguf (404)"),
        (429, {"Retry-After": "30"}, "too many requests from here (429): try again in 30 seconds"),
        (429, {}, "try again in a few minutes"),
        (503, {}, "has an error (status 503)"),
    ],
)
def test_a_refusal_of_the_hub_is_one_sentence(hub: Hub, status, headers, sentence):
    hub.status, hub.headers = status, headers
    assert sentence in refusal()


def test_an_impossible_name_is_refused_without_a_request(hub: Hub):
    with pytest.raises(PullError, match="is not a valid repository name"):
        pull(HubFile("some--body/tiny", "tiny.gguf"), quiet, QUICK)


def test_an_unreachable_hub_is_reported(hub: Hub, monkeypatch: pytest.MonkeyPatch):
    with serving(Hub()) as gone:
        redirect(gone.address, monkeypatch)
    assert "cannot be reached" in refusal()
    assert hub.ranges == []


def test_a_full_disk_is_noticed_before_the_download(hub: Hub, monkeypatch: pytest.MonkeyPatch):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    assert "0.0 MB are free" in refusal()
    assert hub.ranges == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_disk_that_fills_up_meanwhile_is_reported(hub: Hub, tiny: Path):
    digest = hashlib.sha256(tiny.read_bytes()).hexdigest()
    part = pulled_path(SOURCE).with_name(f"tiny.gguf.{digest[:12]}.part")
    part.parent.mkdir(parents=True)
    part.symlink_to("/dev/full")
    assert "the disk is full" in refusal()


def test_two_pulls_of_one_model_do_not_mix(hub: Hub):
    sentences: list[str] = []

    def second(doing: str, done: int, total: int) -> None:
        if doing == "fetching" and not sentences:
            with pytest.raises(PullError) as caught:
                pull(SOURCE, quiet, QUICK)
            sentences.append(str(caught.value))

    pull(SOURCE, second, QUICK)
    assert "another pull of it is under way" in sentences[0]


def test_a_pipe_in_the_place_of_a_model_is_replaced(hub: Hub, tiny: Path, tmp_path: Path):
    target = pulled_path(SOURCE)
    target.parent.mkdir(parents=True)
    os.mkfifo(target)
    digest = hashlib.sha256(tiny.read_bytes()).hexdigest()
    os.mkfifo(target.with_name(f"{target.name}.{digest[:12]}.part"))
    assert not list(pulled_models())
    assert pull(SOURCE, quiet, QUICK).read_bytes() == tiny.read_bytes()
    assert list(pulled_models()) == [target]
