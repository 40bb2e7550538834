"""Who may reach a server on a port: this machine only, and whoever can read the token's file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from leanwide.cli.access import listening_place, new_token, read_token, token_file
from leanwide.cli.errors import UsageError

TOKEN = "a token of sixteen characters or more"


@pytest.mark.parametrize("place", ["127.0.0.1:0", "127.9.9.9:7000", "localhost:7000", "[::1]:7000"])
def test_a_loopback_address_needs_no_permission(place: str):
    assert listening_place(place, "--tcp", allow_remote=False).port in (0, 7000)


@pytest.mark.parametrize("place", ["0.0.0.0:0", "[::]:0", "192.0.2.1:7000", "::ffff:7f00:1:7000"])
def test_an_address_that_other_machines_reach_needs_permission(place: str):
    with pytest.raises(UsageError, match="--allow-remote"):
        listening_place(place, "--tcp", allow_remote=False)
    assert listening_place(place, "--tcp", allow_remote=True).hosts


@pytest.mark.parametrize(
    "place", ["", "7000", ":7000", "localhost", "localhost:x", "a:65536", "a:²"]
)
def test_an_address_that_is_none_is_refused(place: str):
    with pytest.raises(UsageError, match="HOST:PORT"):
        listening_place(place, "--tcp", allow_remote=True)


def test_a_new_token_is_private_and_removed_with_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    token = new_token()
    assert token != new_token()
    older = tmp_path / "leanwide/tcp-7000.token"
    older.parent.mkdir()
    older.touch(0o644)
    old = os.umask(0)
    try:
        with token_file(token, "tcp-7000.token") as path:
            assert path == older
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert read_token(path) == token
            assert list(path.parent.iterdir()) == [path]
    finally:
        os.umask(old)
    assert not path.exists()


def test_the_users_own_token_is_read(tmp_path: Path):
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    assert read_token(path) == TOKEN


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_a_token_that_others_can_read_or_write_is_refused(tmp_path: Path, mode: int):
    path = tmp_path / "token"
    path.write_text(TOKEN)
    path.chmod(mode)
    with pytest.raises(UsageError, match="chmod 600"):
        read_token(path)


@pytest.mark.parametrize(
    "text", [b"", b"short", b"\xff" * 20, b"x" * 20 + b"\n" + b"y", b"x" * 5000]
)
def test_a_file_without_a_token_is_refused(tmp_path: Path, text: bytes):
    path = tmp_path / "token"
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(UsageError, match="holds no token"):
        read_token(path)


def test_a_token_file_that_is_missing_or_no_file_is_refused(tmp_path: Path):
    os.mkfifo(pipe := tmp_path / "pipe", 0o600)
    for path in (pipe, tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match="--token-file"):
            read_token(path)
