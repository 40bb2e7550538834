"""Saved KV cache states are restored by a new engine; a bad file costs only itself."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import msgspec
import numpy as np
import pytest

from leanwide.engine.base import EngineError
from leanwide.engine.process import state_saver
from leanwide.engine.process.growing_context import GrowingContext
from leanwide.engine.process.lane import Lane
from leanwide.engine.process.llama_context import Context
from leanwide.engine.requests import Finished, SaveRequest
from leanwide.engine.saved_states import SavedFolder, StateOrigin, make_header
from leanwide.engine.specs import LaneSpec, StateSaving
from tests.engine import make
from tests.engine.conftest import Opener
from tests.engine.make import job, noted_cells, request, run

LEAN = LaneSpec(name="lean", experts=2, context_tokens=512, sequences=3)
LONG = "".join(f"def f{number}(x):\n    return x + {number}\n" for number in range(20))
PLACE = f"# place\n{LONG}value = "
OTHER = f"# other\n{LONG}name = "

Open = Callable[..., Lane]


@pytest.fixture
def folder(tmp_path: Path) -> SavedFolder:
    return SavedFolder(tmp_path / "cache" / "places")


@pytest.fixture
def open_lane(
    opened: Opener, tiny: Path, folder: SavedFolder, monkeypatch: pytest.MonkeyPatch
) -> Open:
    """Opens a lane as a new engine does, on a machine where prefill is slower than the disk."""
    monkeypatch.setattr(state_saver, "_MIN_UNSAVED_MS", 0.001)
    monkeypatch.setattr(state_saver, "_DISK_BYTES_PER_MS", 1e12)

    def open_one(model: Path = tiny, max_bytes: int = 10**9, **lane: Any) -> Lane:
        saving = StateSaving(folder=folder.path, max_bytes=max_bytes)
        spec = attrs.evolve(make.spec(model, attrs.evolve(LEAN, **lane)), saving=saving)
        return opened(spec).lane("lean")[0]

    return open_one


def save(lane: Lane, prompt: str, name: str = "place") -> None:
    *_, end = lane.run(job(request(prompt, save=SaveRequest(name=name, note=b"note"))))
    assert isinstance(end, Finished)


def evaluated(lane: Lane, prompt: str) -> int:
    return run(lane, prompt, max_tokens=0)[1].stats.tokens_evaluated


@pytest.fixture
def saved_tokens(open_lane: Open) -> int:
    """Saves a prompt in an engine that then ends; returns the tokens of the prompt."""
    lane = open_lane()
    tokens = evaluated(lane, PLACE)
    save(lane, PLACE)
    return tokens


def test_a_saved_prompt_is_not_evaluated_again_and_answers_the_same(
    open_lane, opened, tiny, saved_tokens
):
    fresh, returned = opened(make.spec(tiny, LEAN)).lane("lean")[0], open_lane()
    assert evaluated(fresh, PLACE) == saved_tokens
    assert evaluated(fresh, PLACE) == evaluated(returned, PLACE) == 1
    np.testing.assert_array_equal(fresh.kv.logits(), returned.kv.logits())
    assert run(fresh, PLACE)[0] == run(returned, PLACE)[0]


def test_a_prompt_that_begins_like_a_saved_one_is_evaluated_from_the_difference_on(
    open_lane, opened, tiny, saved_tokens
):
    changed = PLACE[:-60] + "if x:\n    y = "
    fresh, returned = opened(make.spec(tiny, LEAN)).lane("lean")[0], open_lane()
    evaluated(fresh, PLACE)
    assert evaluated(fresh, changed) == evaluated(returned, changed) < saved_tokens / 2
    np.testing.assert_allclose(fresh.kv.logits(), returned.kv.logits(), atol=1e-3)


def test_the_tokens_on_disk_count_as_cached_before_they_are_restored(open_lane, saved_tokens):
    lane = open_lane()
    tokens = lane.model.tokenize(PLACE)
    assert lane.kv.cached_tokens(tokens) == saved_tokens - 1
    assert lane.kv.cached_tokens(tokens[:50]) == 49
    assert lane.kv.cached_tokens(tokens[1:]) == 0


@pytest.fixture
def small_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new KV cache has room for a part of what is saved."""
    monkeypatch.setattr("leanwide.engine.process.growing_context._FIRST_CELLS", 0)
    monkeypatch.setattr("leanwide.engine.process.growing_context._FIRST_OF_SEQUENCE", 256)


@pytest.mark.usefixtures("small_first")
def test_a_lane_opens_with_room_for_what_is_saved(open_lane, saved_tokens, monkeypatch):
    lane = open_lane()
    opened_with = noted_cells(monkeypatch)
    assert evaluated(lane, PLACE) == 1
    assert opened_with == []


@pytest.mark.usefixtures("small_first")
def test_what_another_process_saves_grows_the_cache_once(open_lane, monkeypatch):
    lane, other = open_lane(), open_lane()
    evaluated(lane, OTHER[:400])
    evaluated(other, PLACE)
    save(other, PLACE)
    opened_with = noted_cells(monkeypatch)
    assert evaluated(lane, PLACE) == 1
    assert len(opened_with) == 1
    assert evaluated(lane, OTHER[:400]) == 1


def test_a_prompt_in_memory_is_not_restored_from_disk(open_lane, saved_tokens, monkeypatch):
    lane = open_lane()
    evaluated(lane, PLACE)
    monkeypatch.setattr(SavedFolder, "read", lambda *_: pytest.fail("it was read"))
    assert evaluated(lane, PLACE + "1") < 5


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "of another format": lambda data: b"X" + data[1:],
    "with a wrong length": lambda data: data[:8] + b"\xff" + data[9:],
    "with a changed header": lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
    "with a changed state": lambda data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
    "cut in its state": lambda data: data[:-100],
    "cut in its header": lambda data: data[:50],
    "longer than it says": lambda data: data + b"\0",
    "empty": lambda data: b"",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_removed_and_its_place_read(open_lane, folder, saved_tokens, damage):
    (file,) = folder.path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert evaluated(open_lane(), PLACE) == saved_tokens
    assert list(folder.path.iterdir()) == []


def test_a_file_with_nonsense_in_its_header_is_removed(folder):
    origin = StateOrigin("m", 1, 1, 2, "1", "f16")
    header = make_header(origin, [1], 1.0, b"", bytearray(8))
    header = msgspec.structs.replace(header, ids=b"abc")
    folder.write("place", header, bytearray(8), 10**6)
    assert folder.states() == ()
    assert list(folder.path.iterdir()) == []


def test_a_pipe_in_the_place_of_a_file_does_not_block(open_lane, folder, saved_tokens):
    (file,) = folder.path.iterdir()
    file.unlink()
    os.mkfifo(file)
    assert evaluated(open_lane(), PLACE) == saved_tokens


def test_a_state_that_llama_cpp_rejects_is_removed(open_lane, folder, saved_tokens, monkeypatch):
    def refuse(*_: object) -> None:
        raise EngineError("no")

    monkeypatch.setattr(Context, "restore", refuse)
    monkeypatch.setattr(GrowingContext, "grow", lambda *_: False)
    assert evaluated(open_lane(), PLACE) == saved_tokens
    assert folder.states() == ()


def test_llama_cpp_survives_bytes_that_are_no_state(open_lane, folder, saved_tokens):
    """Such a file has a valid header and wrong bytes."""
    (saved,) = folder.states()
    nonsense = bytearray(1000)
    header = make_header(saved.header.origin, saved.tokens, 1.0, b"", nonsense)
    folder.write("place", header, nonsense, 10**6)
    assert evaluated(open_lane(), PLACE) == saved_tokens
    assert folder.states() == ()


def test_another_model_other_experts_or_sequences_and_a_changed_file_find_nothing(
    open_lane, folder, dense, tiny, saved_tokens, tmp_path
):
    assert evaluated(open_lane(dense), PLACE) > 1
    assert evaluated(open_lane(experts=4), PLACE) == saved_tokens
    assert evaluated(open_lane(sequences=2), PLACE) == saved_tokens
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(tiny.read_bytes())
    assert evaluated(open_lane(copy), PLACE) == saved_tokens
    assert len(folder.states()) == 1
    assert evaluated(open_lane(), PLACE) == 1


def test_a_state_of_the_same_name_replaces_the_older_one(open_lane, folder):
    lane = open_lane()
    for prompt in (PLACE, OTHER):
        evaluated(lane, prompt)
        save(lane, prompt)
    (saved,) = folder.states()
    assert saved.tokens == lane.model.tokenize(OTHER)
    assert saved.header.note == b"note"


def test_a_state_is_deleted_by_its_name(open_lane, folder, saved_tokens):
    lane = open_lane()
    *_, end = lane.run(job(request(save=SaveRequest(name="another"))))
    assert len(folder.states()) == 1
    *_, end = lane.run(job(request(save=SaveRequest(name="place"))))
    assert isinstance(end, Finished)
    assert folder.states() == ()


def test_a_prompt_that_is_not_completely_cached_is_not_saved(open_lane, folder):
    lane = open_lane()
    evaluated(lane, PLACE)
    save(lane, OTHER)
    assert folder.states() == ()


def test_a_prefill_of_less_than_a_second_is_not_saved(open_lane, folder, monkeypatch):
    lane = open_lane()
    tokens = evaluated(lane, PLACE)
    monkeypatch.setattr(state_saver, "_MIN_UNSAVED_MS", 1000.0)
    lane.kv.chunker.completed(tokens, 999.0)
    save(lane, PLACE)
    assert folder.states() == ()


def test_nothing_is_saved_or_restored_where_the_disk_is_not_faster(
    open_lane, folder, saved_tokens, monkeypatch
):
    monkeypatch.setattr(state_saver, "_DISK_BYTES_PER_MS", 1.0)
    lane = open_lane()
    assert evaluated(lane, PLACE) == saved_tokens
    evaluated(lane, OTHER)
    save(lane, OTHER, "other")
    assert len(folder.states()) == 1


def test_a_state_that_is_on_disk_is_not_written_again(open_lane, folder, saved_tokens, monkeypatch):
    monkeypatch.setattr(state_saver, "_MIN_UNSAVED_MS", 50 * 1000.0 / saved_tokens)
    lane = open_lane()
    run(lane, PLACE, max_tokens=4)
    monkeypatch.setattr(SavedFolder, "write", lambda *_: pytest.fail("it was written"))
    lane.kv.chunker.completed(saved_tokens, 1000.0)
    save(lane, PLACE)


def test_the_least_recently_used_files_are_removed_at_the_limit(open_lane, folder):
    lane = open_lane()
    evaluated(lane, PLACE)
    save(lane, PLACE)
    bound = int(2.5 * folder.size())
    lane = open_lane(max_bytes=bound)
    for age, name in ((300, "first"), (200, "second")):
        evaluated(lane, f"# {name}\n{LONG}")
        save(lane, f"# {name}\n{LONG}", name)
        (file,) = folder.path.glob(f"{name}*")
        os.utime(file, (time.time() - age,) * 2)
        if name == "first":
            folder.delete("place")
    assert evaluated(open_lane(max_bytes=bound), f"# first\n{LONG}") == 1, "it is used now"
    evaluated(lane, OTHER)
    save(lane, OTHER, "third")
    assert sorted(file.name.split("-")[0] for file in folder.path.iterdir()) == ["first", "third"]
    assert folder.size() <= bound


def test_what_nobody_came_back_to_and_what_was_left_unfinished_goes(
    open_lane, folder, saved_tokens
):
    (file,) = folder.path.iterdir()
    os.utime(file, (time.time() - 31 * 24 * 3600,) * 2)
    for name, age in (("unfinished", 3700), ("being written", 10)):
        (folder.path / name).write_bytes(b"x")
        os.utime(folder.path / name, (time.time() - age,) * 2)
    open_lane()
    assert [file.name for file in folder.path.iterdir()] == ["being written"]


def test_with_a_limit_of_zero_all_files_are_removed_and_none_is_written(
    open_lane, folder, saved_tokens
):
    (folder.path / "unfinished").write_bytes(b"x")
    lane = open_lane(max_bytes=0)
    assert list(folder.path.iterdir()) == []
    assert evaluated(lane, PLACE) == saved_tokens
    save(lane, PLACE)
    assert list(folder.path.iterdir()) == []


def test_files_and_folder_are_the_users_alone(open_lane, folder, saved_tokens):
    (file,) = folder.path.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_nothing_is_written_to_a_nearly_full_disk(open_lane, folder, monkeypatch):
    lane = open_lane()
    evaluated(lane, PLACE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10**6))
    with pytest.raises(EngineError, match=os.strerror(errno.ENOSPC)):
        save(lane, PLACE)
    assert list(folder.path.iterdir()) == []
    assert evaluated(lane, PLACE) == 1


def test_without_a_folder_nothing_is_saved_and_requests_are_served(open_lane, folder, tiny):
    folder.path.parent.mkdir()
    folder.path.write_text("a file")
    lane = open_lane()
    evaluated(lane, PLACE)
    with pytest.raises(EngineError, match="cannot be saved to disk"):
        save(lane, PLACE)
    assert evaluated(lane, PLACE) == 1


_WRITER = """
import sys
from pathlib import Path
from leanwide.engine.saved_states import SavedFolder, StateOrigin, make_header
folder, letter = SavedFolder(Path(sys.argv[1])), sys.argv[2]
origin = StateOrigin("m", 1, 1, 2, "1", "f16")
for number in range(100):
    state = bytearray((letter * 100_000).encode())
    header = make_header(origin, [ord(letter)], 1.0, b"", state)
    folder.write("place", header, state, 10**7)
"""


def test_processes_that_read_and_write_at_once_see_complete_files(folder):
    writers = [
        subprocess.Popen([sys.executable, "-c", _WRITER, str(folder.path), letter])
        for letter in "ab"
    ]
    seen: set[int] = set()
    while any(writer.poll() is None for writer in writers) or not seen:
        for saved in folder.states():
            state = folder.read(saved)
            if state is not None:
                assert set(state) == set(saved.tokens)
                seen.update(saved.tokens)
    assert [writer.wait() for writer in writers] == [0, 0]
    assert seen
    assert len(list(folder.path.iterdir())) == 1
