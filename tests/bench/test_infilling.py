"""``leanwide bench infilling``: what is asked, what is run, and what a stopped run leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from leanwide_bench.infilling.report import as_data, as_table, report
from leanwide_bench.infilling.results import (
    InfillAnswer,
    InfillSetting,
    ResultsError,
    Subject,
    TaskResults,
)
from leanwide_bench.infilling.sandbox import Outcome, RunLimits, sandbox
from leanwide_bench.places.places import InfillTask, tasks

PROGRAM = str(Path(sys.executable).with_name("leanwide"))
FEW, MANY = InfillSetting(experts=2, context=512), InfillSetting(experts=4, context=512)
SUBJECT = Subject(
    leanwide="1", llama_cpp="2", model="m", fingerprint="f", tasks="t", machine="here"
)
LINES = ("    total = sum(values)\n", "    return total / len(values)\n")
CODE = "def mean(values):\n" + "".join(LINES)


def task_file(folder: Path) -> Path:
    file = folder / "tasks.jsonl"
    data = [
        {
            "task_id": f"SingleLineInfilling/HumanEval/0/L{number}",
            "prompt": CODE[: CODE.index(line)],
            "canonical_solution": line,
            "suffix": CODE[CODE.index(line) + len(line) :],
            "test": "def check(mean):\n    assert mean([1, 2]) == 1.5\n",
            "entry_point": "mean",
        }
        for number, line in enumerate(LINES)
    ]
    file.write_text("".join(json.dumps(each) + "\n" for each in data))
    return file


@pytest.fixture
def drawn(tmp_path: Path) -> list[InfillTask]:
    return list(tasks(task_file(tmp_path)))


def answer(task: InfillTask, setting: InfillSetting, text: str, outcome: str | None = None):
    exact = text == task.place.truth
    return InfillAnswer(
        task=task.name, setting=setting, text=text, ms=5.0, exact=exact, outcome=outcome
    )


async def test_the_true_line_passes_and_another_fails(drawn: list[InfillTask]):
    place = sandbox(RunLimits())
    for task in drawn:
        assert (await place.run(task.program(task.place.truth))).outcome is Outcome.PASSED
        assert (await place.run(task.program("pass"))).outcome is Outcome.FAILED


def test_another_run_finds_what_a_stopped_one_wrote(tmp_path: Path, drawn: list[InfillTask]):
    file = tmp_path / "new" / "answers.jsonl"
    TaskResults(file, SUBJECT).add(answer(drawn[0], FEW, "x"))
    with file.open("a") as stream:
        stream.write('{"task": "half a li')
    again = TaskResults(file, attrs.evolve(SUBJECT, machine="there"))
    assert again.find(drawn[0].name, FEW) == answer(drawn[0], FEW, "x")
    assert again.find(drawn[0].name, MANY) is None
    again.add(answer(drawn[0], FEW, "x", "passed"))
    found = TaskResults(file, SUBJECT).find(drawn[0].name, FEW)
    assert found is not None
    assert found.passed


@pytest.mark.parametrize("part", ["leanwide", "model", "fingerprint", "tasks"])
def test_answers_of_something_else_are_not_mixed(tmp_path: Path, part: str):
    file = tmp_path / "answers.jsonl"
    TaskResults(file, SUBJECT)
    with pytest.raises(ResultsError, match=f"another {part} .*--to"):
        TaskResults(file, attrs.evolve(SUBJECT, **{part: "other"}))


@pytest.mark.parametrize("text", ["mine\n", "[]\n", "{}\n", '{"subject": {}}\n{"task": 1}\n'])
def test_a_file_of_something_else_is_left_alone(tmp_path: Path, text: str):
    file = tmp_path / "answers.jsonl"
    file.write_text(text)
    with pytest.raises(ResultsError, match="--to"):
        TaskResults(file, SUBJECT)
    assert file.read_text() == text


def test_settings_are_compared_at_the_same_tasks(tmp_path: Path, drawn: list[InfillTask]):
    results = TaskResults(tmp_path / "answers.jsonl", SUBJECT)
    for task in drawn:
        results.add(answer(task, FEW, "pass", "failed"))
        results.add(answer(task, MANY, task.place.truth, "passed"))
    found = report(SUBJECT, 0, drawn, [FEW, MANY], results)
    few, many = found.figures
    assert (few.exact.share, many.exact.share, many.suggestions) == (0.0, 1.0, 2)
    assert few.passed_difference is not None
    assert (few.passed_difference.difference, few.passed_difference.only_first) == (-1.0, 2)
    assert many.passed_difference is None
    assert as_table(found).row_count == 2
    assert as_data(found)["task_ids"] == [task.name for task in drawn]


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    run = [PROGRAM, "bench", "infilling", *map(str, arguments)]
    return subprocess.run(run, capture_output=True, text=True, check=False)


def test_the_program_asks_and_later_runs_what_was_answered(tmp_path: Path):
    file, answers = task_file(tmp_path), tmp_path / "answers.jsonl"
    arguments = (file, "--experts", "1,2", "--context", "128", "--to", answers, "--json")
    result = bench(*arguments)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    settings = [row["setting"] for row in found["results"]]
    assert settings == [{"experts": 1, "context": 128}, {"experts": 2, "context": 128}]
    assert [row["passed"] for row in found["results"]] == [None, None]
    written = answers.read_text()
    ran = bench(*arguments, "--run-code")
    assert ran.returncode == 0, ran.stderr
    assert answers.read_text().startswith(written)  # nothing was asked again
    for row in json.loads(ran.stdout)["results"]:
        assert row["passed"]["share"] >= row["exact"]["share"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--experts", "1,99"], "--experts 99 is outside"),
        (["--experts", "few"], "is no list of numbers"),
        (["--context", "0"], "has a number below 1"),
        (["--context", "9"], "below 64 tokens"),
    ],
)
def test_bad_use_is_one_line(tmp_path: Path, arguments: list[str], complaint: str):
    result = bench(task_file(tmp_path), *arguments)
    assert result.returncode > 0
    assert complaint in result.stderr
    assert result.stderr.strip().count("\n") == 0


def test_tasks_without_tests_are_not_run(tmp_path: Path):
    file = tmp_path / "tasks.jsonl"
    whole = json.loads(task_file(tmp_path).read_text().splitlines()[0])
    file.write_text(json.dumps({key: whole[key] for key in whole if key != "test"}))
    assert "without a test" in bench(file, "--run-code").stderr
