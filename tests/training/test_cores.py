"""The number of free threads, from the kernel's count of running ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from training.model import cores


def kernel(folder: Path, monkeypatch, running: int, own: str) -> None:
    """Fake the number of running threads, and the states of our own."""
    (folder / "loadavg").write_text(f"0.50 0.40 0.30 {running}/120 4242\n")
    for number, state in enumerate(own):
        thread = folder / "task" / str(number)
        thread.mkdir(parents=True)
        (thread / "stat").write_text(f"{number} (a (python)) {state} 1 1\n")
    monkeypatch.setattr(cores, "SYSTEM", folder / "loadavg")
    monkeypatch.setattr(cores, "OWN", folder / "task")


@pytest.mark.parametrize(
    ("running", "own", "free"),
    [(1, "RS", 4), (2, "RS", 3), (4, "RS", 1), (9, "RS", 1), (2, "RR", 4), (0, "R", 4)],
)
def test_leaves_cores_to_others(tmp_path, monkeypatch, running, own, free):
    kernel(tmp_path, monkeypatch, running, own)

    assert cores.free_threads(4) == free


def test_takes_all_without_a_count_of_the_kernel(tmp_path, monkeypatch):
    monkeypatch.setattr(cores, "SYSTEM", tmp_path / "missing")

    assert cores.free_threads(4) == 4
