"""``leanwide bench load``: windows that type at once, on one engine."""

from __future__ import annotations

import json
import subprocess

from tests.e2e.session import PROGRAM


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [PROGRAM, "bench", "load", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_all_typists_are_answered_by_one_engine():
    result = run("--typists", "2", "--pace", "20", "--json")
    assert result.returncode == 0, result.stderr
    (found,) = json.loads(result.stdout)["results"]
    assert (found["typists"], found["engines"]) == (2, 1)
    assert found["never_answered_requests"] == found["answered_twice_requests"] == 0
    assert found["failed_answers"] == 0
    assert found["typist_medians_ms"]["count"] == 2
    assert found["engine_bytes"] > 20_000_000


def test_a_number_of_typists_that_is_none_is_wrong_usage():
    result = run("--typists", "1,many")
    assert result.returncode == 2
    assert "is not a list of numbers such as 1,5,20" in result.stderr
