"""``leanwide bench jumps``: where it jumps to, what it counts, and what it reports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from leanwide.syntax import SyntaxTree, language_for, parse, split
from leanwide_bench.jumps.asking import JumpsPlan, jump
from leanwide_bench.jumps.costs import Around, PromptCost, prompt_cost
from leanwide_bench.jumps.places import function_places
from leanwide_bench.replay.session import ServerSetup
from tests.conftest import FUNCTION
from tests.e2e.session import PROGRAM

STUB = str(Path(__file__).with_name("stub_server.py"))
ODD = '''\
def documented():
    """Say nothing.

    This is the middle of it.
    And this is more.
    """
    return 1


def called():
    first(
        one,
        two,
        three,
    )


def empty(): ...
'''


def tree(text: str) -> SyntaxTree:
    language = language_for("python")
    assert language is not None
    return parse(language, split(text))


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [PROGRAM, "bench", "jumps", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_places_are_statements_of_different_functions_over_the_whole_file():
    text = "".join(FUNCTION.format(number) for number in range(40))
    found = function_places(tree(text), 8)
    assert found == function_places(tree(text), 8)
    assert sorted(int(place.function.removeprefix("function_")) for place in found) == [
        *range(0, 40, 5)
    ]
    for place in found:
        above = split(text)[: place.line]
        assert f"def {place.function}(" in "".join(above[-3:])
        assert place.indentation == "    "
    lines = [place.line for place in found]
    assert lines != sorted(lines)


def test_a_place_is_in_no_text_and_at_no_continued_line():
    found = {place.function: place.line for place in function_places(tree(ODD), 9)}
    assert found == {"documented": 6, "called": 10}


def record(prompt: str, source: str = "model") -> dict[str, object]:
    return {"source": source, "tokensEvaluated": 30, "tokensReused": 70, "prompt": prompt}


def test_the_tokens_around_the_cursor_end_where_the_text_is_broken():
    before, after = "one\ntwo\nthree\n    ", "\nfour\nfive\n"
    whole = f"<PREFIX>{before[:-4]}<SUFFIX>{after}<MIDDLE>    "
    cost = PromptCost(evaluated=30, reused=70, around=100)
    assert prompt_cost(record(whole), (Around(before, after),)) == cost
    folded = "<PREFIX>one\n...\nthree\n<SUFFIX>\nfour\n...\n<MIDDLE>    "
    found = prompt_cost(record(folded), (Around(before, after),))
    assert found is not None
    assert found.around == round(
        100 * len("\nthree\n    \nfour\n") / len("one\n...\nthree\n    \nfour\n...\n")
    )
    related = "<FILE>other.py\n" + "x" * 38 + "<FILE>a.py\n" + whole
    found = prompt_cost(record(related), (Around(before, after),))
    assert found is not None
    assert found.around < 50
    assert prompt_cost(record("", "cache"), (Around(before, after),)) is None
    texts = Around("changed\n" + before.partition("\n")[2], after), Around(before, after)
    assert prompt_cost(record(whole), texts) == cost


def messages(log: Path, method: str) -> list[dict[str, Any]]:
    """Return the parameters of all messages of a method."""
    sent = map(json.loads, log.read_text().splitlines())
    return [message["params"] for message in sent if message["method"].endswith(method)]


async def test_a_new_server_finds_the_text_and_the_cache_of_the_one_before(tmp_path: Path):
    log, caches = tmp_path / "log", tmp_path / "caches"
    note = f'echo "$XDG_CACHE_HOME" >> "{caches}"; exec "$@"'
    stub = (sys.executable, STUB, str(log), "good", "pass")
    text = "".join(FUNCTION.format(number) for number in range(6))
    plan = JumpsPlan(
        setup=ServerSetup(command=("sh", "-c", note, "sh", *stub), settings={}),
        name="a.py",
        language="python",
        text=text,
        places=function_places(tree(text), 6),
        open_s=0.0,
        pause_s=0.0,
        leave_s=0.0,
    )
    outcome = await jump(plan, lambda *_: None)
    first, second = caches.read_text().split()
    assert first == second
    asked = [params["position"] for params in messages(log, "inlineCompletion")]
    assert asked[-2] == asked[-1]
    opened = [params["textDocument"]["text"] for params in messages(log, "didOpen")]
    assert opened[0] == text
    lines = opened[1].split("\n")
    assert [line for line in lines if line != "    "] == text.split("\n")
    assert lines.count("    ") == 5
    heads = [lines[at - 1] for at, line in enumerate(lines) if line == "    "]
    assert heads == [
        f"def {answer.function}(name, values=()):"
        for answer in sorted(outcome.jumps, key=lambda answer: answer.line)
    ]
    assert outcome.back.answer.line == outcome.jumps[-1].line
    assert outcome.back.answer.suggestion == "pass"


def test_the_program_reports_jumps_and_the_way_back(tmp_path: Path):
    file, report = tmp_path / "functions.py", tmp_path / "jumps.json"
    file.write_text("".join(FUNCTION.format(number) for number in range(6)))
    waits = ("--open", "0", "--pause", "0", "--leave", "0")
    result = run(str(file), "--count", "2", *waits, "--json", str(report))
    assert result.returncode == 0, result.stderr
    assert "2 jumps in functions.py" in result.stdout
    found = json.loads(report.read_text())
    assert (found["jumps"], found["asked"]) == (2, 2)
    answers, back = found["answers"], found["back"]
    assert len({answer["function"] for answer in answers}) == 2
    for answer in answers:
        assert answer["cost"]["around"] > 50
    assert back["answer"]["function"] == answers[-1]["function"]
    cost = back["answer"]["cost"]
    assert cost["evaluated"] + cost["reused"] > 100


def test_a_file_without_two_functions_is_named(tmp_path: Path):
    file = tmp_path / "one.py"
    file.write_text("def one():\n    return 1\n")
    result = run(str(file))
    assert result.returncode == 2
    assert "has no two functions" in result.stderr
    result = run(str(tmp_path / "missing.py"))
    assert result.returncode == 2
    assert "cannot be read" in result.stderr
