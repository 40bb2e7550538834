"""``leanwide bench places``: the places, and the figures of the suggestions there."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from leanwide.tuning.repository import read_repository
from leanwide_bench.places.asking import PlaceAnswers, PlaceSuggestion
from leanwide_bench.places.places import CompletionPlace, TasksError, places, tasks
from leanwide_bench.places.report import as_data, summary

PROGRAM = str(Path(sys.executable).with_name("leanwide"))
CODE = '''\
def mean(values):
    """Return the mean."""
    total = sum(values)
    return total / len(values)
'''
TASK = {
    "task_id": "SingleLineInfilling/HumanEval/0/L1",
    "prompt": "def mean(values):\n    total = sum(values)\n",
    "suffix": "\n\nprint(mean([1]))\n",
    "canonical_solution": "    return total / len(values)",
}


def test_a_place_is_a_line_without_its_text(tmp_path: Path):
    (tmp_path / "mean.py").write_text(CODE)
    found = list(places(read_repository(tmp_path, ()).holes))
    assert {place.truth for place in found} >= {"total = sum(values)", "return total / len(values)"}
    for place in found:
        lines = place.text.split("\n")
        line, column = place.cursor
        assert lines[line] == " " * column
        lines[line] += place.truth
        assert "\n".join(lines) == CODE
        assert place.language == "python"


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_a_task_is_a_document_with_its_line_left_out(tmp_path: Path, compress):
    file = tmp_path / ("tasks.jsonl" + ".gz" * (compress is gzip.compress))
    file.write_bytes(compress(json.dumps(TASK).encode()))
    (task,) = tasks(file)
    place = task.place
    assert place.truth == "return total / len(values)"
    assert place.cursor == (2, 4)
    assert place.text == TASK["prompt"] + "    " + TASK["suffix"] == task.before + task.after
    assert task.problem == "SingleLineInfilling/HumanEval/0"


@pytest.mark.parametrize("line", ["no json", "[]", '{"task_id": "x"}'])
def test_a_file_without_tasks_is_named(tmp_path: Path, line: str):
    file = tmp_path / "tasks.jsonl"
    file.write_text(line)
    with pytest.raises(TasksError, match="line 1 is no task"):
        list(tasks(file))


def answered(first: str, peer: str | None, truth: str = "x = 1") -> PlaceAnswers:
    return PlaceAnswers(
        place=CompletionPlace(
            name="a.py", language="python", text="\n", cursor=(0, 0), truth=truth
        ),
        first=PlaceSuggestion(text=first, ms=100.0),
        later=PlaceSuggestion(text=first or "x = 1", ms=2.0),
        peer=None if peer is None else PlaceSuggestion(text=peer, ms=300.0),
    )


def test_both_sides_are_counted_at_the_same_places():
    answers = [
        answered("x = 1\ny = 2", "x = 1"),
        answered("\n  x = 1", ""),
        answered("", "x = 2"),
        answered(" ", "z"),
    ]
    found = summary(answers)
    assert (found.first.suggestions, found.first.exact) == (2, 2)
    assert (found.later.suggestions, found.later.exact) == (3, 3)
    assert found.peer is not None
    assert (found.peer.suggestions, found.peer.exact, found.both) == (3, 1, 1)
    assert summary([answered("x", None)]).peer is None
    assert len(as_data(found, answers, "m")["answers"]) == 4


def test_the_program_asks_at_places(tmp_path: Path):
    (tmp_path / "mean.py").write_text(CODE)
    run = [PROGRAM, "bench", "places", str(tmp_path), "--count", "2", "--pause", "0", "--json"]
    result = subprocess.run(run, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["places"] == 2
    assert found["first"]["suggestions"] >= 1
    assert found["peer"] is None


def test_a_folder_without_code_is_named(tmp_path: Path):
    run = [PROGRAM, "bench", "places", str(tmp_path)]
    result = subprocess.run(run, capture_output=True, text=True, check=False)
    assert result.returncode != 0
    assert "give a folder of code" in result.stderr
