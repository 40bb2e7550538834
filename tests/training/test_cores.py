"""How many threads are free, by what the kernel says is running."""

import pytest

from training import cores


@pytest.mark.parametrize(
    ("running", "free"), [(1, 4), (2, 3), (4, 1), (9, 1), (0, 4)], ids=lambda n: f"{n}"
)
def test_leaves_cores_to_others(tmp_path, monkeypatch, running, free):
    load = tmp_path / "loadavg"
    load.write_text(f"0.50 0.40 0.30 {running}/120 4242\n")
    monkeypatch.setattr(cores, "LOAD", load)

    assert cores.free_threads(4) == free


def test_takes_all_where_the_kernel_does_not_say(tmp_path, monkeypatch):
    monkeypatch.setattr(cores, "LOAD", tmp_path / "missing")

    assert cores.free_threads(4) == 4
