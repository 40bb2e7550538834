"""The file of the counts: several servers add to it, and anything may stand in its place."""

from __future__ import annotations

import datetime
import os
import stat
import threading

import pytest

from leanwide.features.acceptance.counts import AcceptanceCounts, AcceptanceGroup, ShownKind, total
from leanwide.features.acceptance.counts_file import CountsFile
from leanwide.files.folder_lock import locked
from leanwide.modes.profile import Mode

TODAY = datetime.date(2026, 3, 1)
GROUP = AcceptanceGroup(kind=ShownKind.SUGGESTION, language="rust", mode=Mode.CODE)
ONE = {GROUP: AcceptanceCounts(shown=1)}


def test_windows_that_write_at_once_lose_nothing(tmp_path):
    def add_some() -> None:
        left = 20
        while left:
            try:
                CountsFile(tmp_path).add(ONE, TODAY)
            except BlockingIOError:
                continue  # as a session does, which keeps what it could not write
            left -= 1

    windows = [threading.Thread(target=add_some) for _ in range(4)]
    for window in windows:
        window.start()
    for window in windows:
        window.join()
    assert CountsFile(tmp_path).read() == {TODAY: {GROUP: AcceptanceCounts(shown=80)}}


def test_only_the_user_can_read_the_file_and_its_folder(tmp_path):
    file = CountsFile(tmp_path / "acceptance")
    file.add(ONE, TODAY)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    assert list(file.path.parent.iterdir()) == [file.path]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'[{"day":"2026-03-01","counts":[{"shown":-1}]}]',
        b'[{"day":"yesterday","counts":[]}]',
        b'[{"day":"2026-03-01","counts":[{"kind":"edit","language":"c","mode":"code",'
        b'"shown":9223372036854775807,"accepted":1,"kept":null}]}]',
        b"[" + b" " * 5_000_000 + b"]",
    ],
    ids=lambda text: repr(text[:40]),
)
def test_a_damaged_file_counts_nothing_and_is_replaced(tmp_path, text):
    file = CountsFile(tmp_path)
    file.path.write_bytes(text)
    assert file.read() == {}
    file.add(ONE, TODAY)
    assert file.read() == {TODAY: ONE}


def test_a_pipe_in_the_place_of_the_file_blocks_nothing(tmp_path):
    file = CountsFile(tmp_path)
    os.mkfifo(file.path)
    assert file.read() == {}
    file.add(ONE, TODAY)
    assert total(file.read().values()) == ONE


def test_a_folder_that_stays_locked_is_an_error_after_a_moment(tmp_path):
    with locked(tmp_path), pytest.raises(BlockingIOError):
        CountsFile(tmp_path).add(ONE, TODAY)


def test_deleting_twice_is_no_error(tmp_path):
    file = CountsFile(tmp_path / "acceptance")
    file.add(ONE, TODAY)
    file.delete()
    file.delete()
    assert file.read() == {}
