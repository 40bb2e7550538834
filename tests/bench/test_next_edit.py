"""``leanwide bench next-edit``: cases, the rule of what follows, and how proposals are judged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.cli.errors import UsageError
from leanwide.syntax import Edit, Position, error_count, language_for, parse
from leanwide_bench.cli.next_edit import bench_next_edit
from leanwide_bench.next_edit.asking import NextEditResult, ProposedEdit
from leanwide_bench.next_edit.cases import Expectation, FileVersions, NextEditCase
from leanwide_bench.next_edit.drawing import (
    CaseDraw,
    CaseScope,
    CommitHistory,
    FetchedReleases,
    drawn,
)
from leanwide_bench.next_edit.following import expectation, token_changes
from leanwide_bench.next_edit.git_history import GitError, commit_changes
from leanwide_bench.next_edit.hunks import Hunk, hunks, with_hunks
from leanwide_bench.next_edit.judging import ProposalOutcome, judge, parses_worse
from leanwide_bench.next_edit.moments import cases
from leanwide_bench.next_edit.releases import ReleasesError, folder_changes, release_changes
from leanwide_bench.next_edit.report import as_data, figures, outcomes
from leanwide_bench.next_edit.scenarios import ScenarioError, read_scenarios, scenarios

PROGRAM = str(Path(sys.executable).with_name("leanwide"))
PYTHON = language_for("python")
TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "\n"]), max_size=12).map(tuple)
OLD = "def area(size):\n    half = size / 2\n    print(half)\n    return size * size\n"
NEW = OLD.replace("size", "length").replace("print(half)", "log(half)")


def lines(text: str) -> tuple[str, ...]:
    return tuple(text.splitlines(keepends=True))


def case(scenario: str) -> NextEditCase:
    assert PYTHON is not None
    (found,) = read_scenarios(f"== One\n{scenario}", PYTHON)
    return found


def hunk(before: str, after: str) -> Hunk:
    return Hunk(0, len(lines(before)), lines(before), lines(after))


@given(TEXTS, TEXTS)
def test_hunks_turn_one_text_into_the_other(old, new):
    found = hunks(old, new)
    assert with_hunks(old, found) == new
    assert all(one.last < two.first for one, two in pairwise(found))


@given(TEXTS, TEXTS, st.integers(1, 6))
def test_the_events_of_a_moment_lead_to_its_text_and_the_rest_to_the_authors(old, new, count):
    assert PYTHON is not None
    change = FileVersions(origin="o", path="p.py", language=PYTHON, before=old, after=new)
    for found in cases([change], count, seed=0):
        assert found.final == new
        text = list(old)
        for event in reversed(found.moment.events):
            end = event.line + len(event.before)
            assert tuple(text[event.line : end]) == event.before
            text[event.line : end] = event.after
        assert tuple(text) == found.target.document.lines
        newest = found.moment.events[0]
        assert found.moment.cursor.line in range(newest.line, newest.line + len(newest.after) + 1)


def test_moments_are_after_any_number_of_hunks():
    assert PYTHON is not None
    change = FileVersions(
        origin="o", path="p.py", language=PYTHON, before=lines(OLD), after=lines(OLD[:-1] + "0\n")
    )
    whole = [found for seed in range(9) for found in cases([change], 1, seed)]
    assert {len(found.remaining) for found in whole} == {0}
    rewritten = FileVersions(
        origin="o", path="p.py", language=PYTHON, before=lines(OLD), after=lines(NEW)
    )
    assert list(cases([rewritten], 1, 0)) == []


@pytest.mark.parametrize(
    ("done", "left", "expected"),
    [
        (("a = size\n", "a = length\n"), ("b(size)\n", "b(length)\n"), Expectation.FOLLOWS),
        (("a = size\n", "a = length\n"), ("b(size)\n", "b(width)\n"), Expectation.UNCLEAR),
        (("a = size\n", "a = length\n"), ("b(high)\n", "b(length)\n"), Expectation.UNCLEAR),
        (("a = size\n", "a = length\n"), ("b(high)\n", "b(deep)\n"), Expectation.QUIET),
        (("a = size\n", "a = length\n"), ("b(size)\n", "b( size )\n"), Expectation.QUIET),
        # One added word says something where the lines have another one in common.
        (("ask(a)\n", "ask(a, now)\n"), ("ask()\n", "ask(now)\n"), Expectation.FOLLOWS),
        (("ask(a)\n", "ask(a, now)\n"), ("tell()\n", "tell(now)\n"), Expectation.UNCLEAR),
        (("ask(a)\n", "ask(a, k=now)\n"), ("tell()\n", "tell(k=now)\n"), Expectation.FOLLOWS),
        # Numbers and punctuation come up by chance.
        (("a = 3\n", "a = 5\n"), ("b = 3\n", "b = 5\n"), Expectation.UNCLEAR),
        (("a = 'x'\n", 'a = "x"\n'), ("b = 'y'\n", 'b = "y"\n'), Expectation.UNCLEAR),
        (("", "def one():\n    return 1\n"), ("old()\n", ""), Expectation.QUIET),
    ],
)
def test_what_follows_is_told_by_the_tokens_that_change(done, left, expected):
    assert expectation([hunk(*done)], [hunk(*left)]) is expected


def test_a_rewrite_says_nothing():
    assert list(token_changes(hunk("a " * 3_000 + "\n", "b " * 3_000 + "\n"))) == []


RENAMED = """\
-def area(size):
+def area(length):
     print("area")
<    half = size / 2
>    half = length / 2
     other = size
<    return size * size
>    check(length)
>    return length * length
"""


@pytest.mark.parametrize(
    ("line", "old", "new", "outcome"),
    [
        (2, "size", "length", ProposalOutcome.EXACT),
        (2, "half", "full", ProposalOutcome.OTHER_TEXT),
        (3, "size", "length", ProposalOutcome.WRONG_PLACE),
        (1, "area", "length", ProposalOutcome.WRONG_PLACE),
        (3, "size", "size", ProposalOutcome.WRONG_PLACE),
        (4, "size", "length", ProposalOutcome.PART),
        (4, "size * size", "length * length", ProposalOutcome.EXACT),
        (4, "    return", "    check(length)\n    return", ProposalOutcome.EXACT),
    ],
)
def test_a_proposal_is_judged_by_the_authors_lines(line, old, new, outcome):
    found = case(RENAMED)
    column = found.target.document.lines[line].index(old)
    edit = Edit(Position(line, column), Position(line, column + len(old)), new)
    assert judge(found, found.target.document.uri, edit) is outcome
    assert not parses_worse(found.target, edit)


def test_added_and_removed_lines_are_judged_too():
    found = case("-a = 1\n+a = 2\n b = 1\n<c = 1\n d = 1\n>e = 1\n f = 1\n")
    removed = Edit(Position(2, 0), Position(3, 0), "")
    exact, wrong = ProposalOutcome.EXACT, ProposalOutcome.WRONG_PLACE
    assert judge(found, found.target.document.uri, removed) is exact
    assert (
        judge(found, found.target.document.uri, Edit(Position(4, 0), Position(4, 0), "e = 1\n"))
        is exact
    )
    assert (
        judge(found, found.target.document.uri, Edit(Position(1, 0), Position(1, 0), "e = 1\n"))
        is wrong
    )
    assert (
        judge(found, found.target.document.uri, Edit(Position(3, 0), Position(4, 0), "")) is wrong
    )


def test_an_edit_that_parses_worse_is_found():
    assert parses_worse(case(RENAMED).target, Edit(Position(2, 4), Position(2, 8), "half("))


def test_scenarios_are_in_six_languages_half_of_them_quiet_and_agree_with_the_rule():
    found = list(scenarios())
    counts = Counter((each.target.tree.language.name, each.expectation) for each in found)
    assert len({language for language, _ in counts}) == 6
    assert set(counts.values()) == {6}
    for each in found:
        done = [Hunk(0, 0, event.before, event.after) for event in each.moment.events]
        ruled = expectation(done, each.remaining)
        assert ruled in (each.expectation, Expectation.UNCLEAR), each.origin
        final = error_count(parse(each.target.tree.language, each.final))
        assert final == error_count(each.target.tree), each.origin


def test_a_scenarios_line_has_a_mark():
    assert PYTHON is not None
    with pytest.raises(ScenarioError, match="no mark: x = 1"):
        list(read_scenarios("== One\nx = 1\n", PYTHON))


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def test_changes_between_folders_are_of_code_that_may_be_shown(tmp_path: Path):
    old = write(tmp_path / "1", {"a/b.py": OLD, "c.js": "let a;\n", "d.min.js": "a\n", "e": "x\n"})
    new = write(tmp_path / "2", {"a/b.py": NEW, "c.js": "let a;\n", "d.min.js": "b\n", "e": "y\n"})
    (found,) = folder_changes(old, new, "1 to 2")
    assert (found.origin, found.path, found.language) == ("1 to 2", "a/b.py", PYTHON)
    assert ("".join(found.before), "".join(found.after)) == (OLD, NEW)


def releases(folder: Path) -> Path:
    listing = [{"package": "pack", "language": "python", "versions": ["1", "2", "10"]}]
    texts = ["x = 1\n" * 9, "x = 1\n" * 8 + "y = 2\n", "y = 1\n" + "x = 1\n" * 7 + "y = 2\n"]
    for version, text in zip(("1", "2", "10"), texts, strict=True):
        write(folder / "python" / "pack" / version, {"pack.py": text})
    return write(folder, {"releases.json": json.dumps(listing)})


def test_successive_releases_are_compared_in_the_listed_order(tmp_path: Path):
    found = [change.origin for change in release_changes(releases(tmp_path))]
    assert found == ["pack 1 to 2", "pack 2 to 10"]


@pytest.mark.parametrize("text", ["no json", "{}", '[{"package": "x"}]', "[1]"])
def test_a_folder_without_releases_is_named(tmp_path: Path, text: str):
    write(tmp_path, {"releases.json": text})
    if text == "{}":
        assert list(release_changes(tmp_path)) == []
        return
    with pytest.raises(ReleasesError, match=r"scripts/fetch_releases\.py"):
        list(release_changes(tmp_path))


async def test_a_smaller_number_of_cases_is_the_beginning_of_a_larger_one(tmp_path: Path):
    source = FetchedReleases(releases(tmp_path))
    few = [each.origin async for each in drawn(CaseDraw(source=source, most=1))]
    more = [each.origin async for each in drawn(CaseDraw(source=source, most=9))]
    assert (len(few), len(more)) == (1, 2)
    assert more[:1] == few
    other = CaseDraw(source=source, languages=frozenset({"go"}), most=9)
    assert [each async for each in drawn(other)] == []


def git(folder: Path, *command: str) -> None:
    environment = {
        **os.environ,
        **{
            f"GIT_{who}_{what}": "a@b"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }
    subprocess.run(["git", *command], cwd=folder, env=environment, check=True, capture_output=True)


def commit(folder: Path, files: dict[str, str]) -> None:
    write(folder, files)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--no-verify", "--message", "change")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet")
    binary = {"data.py": "a\0\n", "large.py": "x = 1\n" * 200_000, "id_rsa.py": "x = 1\n"}
    commit(folder, {"area.py": OLD, "notes.txt": "a\n", "ö b.py": "x = 1\n", **binary})
    commit(folder, {"area.py": OLD + NEW, "notes.txt": "b\n", "new.py": "x = 1\n"})
    commit(folder, {"area.py": NEW, "data.py": "b\0\n", "large.py": "x = 2\n" * 200_000})
    return folder


async def test_commits_change_files(repository: Path):
    groups = [group async for group in commit_changes(repository, seed=0)]
    found = [change for group in groups for change in group]
    assert {change.path for change in found} == {"area.py"}
    texts = {("".join(change.before), "".join(change.after)) for change in found}
    assert texts == {(OLD, OLD + NEW), (OLD + NEW, NEW)}
    assert len({change.origin for change in found}) == 2
    draw = CaseDraw(source=CommitHistory(repository), most=5)
    assert [each.origin async for each in drawn(draw)]


async def test_all_edits_of_one_file_are_followed_by_those_of_another(repository: Path):
    commit(repository, {"area.py": OLD, "other.py": f"size = 1\n{OLD}"})
    commit(repository, {"area.py": NEW, "other.py": f"length = 1\n{NEW}", "c.c": "int a;\n"})
    draw = CaseDraw(source=CommitHistory(repository), scope=CaseScope.OTHER_FILE, most=5)
    assert [each async for each in drawn(draw)] == []  # both are rewritten
    padding = "x = 1\n" * 9
    commit(repository, {"area.py": padding + OLD, "other.py": f"size = 1\n{padding}"})
    commit(repository, {"area.py": padding + NEW, "other.py": f"length = 1\n{padding}"})
    (found,) = [each async for each in drawn(draw)]
    assert found.expectation is Expectation.FOLLOWS
    assert "".join(found.moment.edited.document.lines) == padding + NEW
    assert "".join(found.target.document.lines) == f"size = 1\n{padding}"
    edit = Edit(Position(0, 0), Position(0, 4), "length")
    assert judge(found, found.target.document.uri, edit) is ProposalOutcome.EXACT
    edited = found.moment.edited.document
    assert judge(found, edited.uri, edit) is ProposalOutcome.WRONG_PLACE
    assert found.moment.text(edited.uri).document == edited
    assert found.moment.text(found.target.document.uri) is found.target


async def test_a_history_runs_nothing_of_the_repository(repository: Path, tmp_path: Path):
    witness = tmp_path / "witness"
    script = write(tmp_path, {"run": f"#!/bin/sh\necho ran >> {witness}\ncat\n"}) / "run"
    script.chmod(0o755)
    write(repository, {".gitattributes": "*.py diff=evil filter=evil\n"})
    for key in (
        *("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "gpg.program"),
        *("diff.evil.command", "diff.evil.textconv", "filter.evil.smudge", "filter.evil.clean"),
        *("alias.rev-list", "alias.cat-file"),
    ):
        git(repository, "config", key, f"!{script}" if key.startswith("alias") else str(script))
    git(repository, "config", "log.showSignature", "true")
    assert any([group async for group in commit_changes(repository, seed=0)])
    assert not witness.exists()


async def test_a_folder_without_history_is_named(tmp_path: Path):
    with pytest.raises(GitError, match="git reads no history in"):
        [group async for group in commit_changes(tmp_path, seed=0)]


def result(
    expected: Expectation,
    outcome: ProposalOutcome | None,
    way: str = "all",
    language: str = "python",
    tokens: int = 0,
) -> NextEditResult:
    shown = outcome and ProposedEdit(
        outcome=outcome, parses_worse=False, kind="rename", path="p", line=0, before=(), after=()
    )
    return NextEditResult(
        way=way, language=language, origin="o", path="p", expectation=expected, history=(),
        remaining=(), shown=shown or None, why="", ms=1.0, tokens=tokens,
    )  # fmt: skip


def test_rates_are_of_the_cases_that_they_are_about():
    results = [
        result(Expectation.FOLLOWS, ProposalOutcome.EXACT),
        result(Expectation.FOLLOWS, None),
        result(Expectation.QUIET, None, language="go"),
        result(Expectation.QUIET, ProposalOutcome.WRONG_PLACE, language="go", tokens=30),
        result(Expectation.UNCLEAR, ProposalOutcome.EXACT),
        result(Expectation.QUIET, None, way="judged"),
    ]
    go, python, whole, _, judged = figures(results)
    assert (go.language, python.language, whole.language) == ("go", "python", "all")
    assert (judged.way, judged.language, judged.cases) == ("judged", "all", 1)
    assert whole.show_rate is not None
    assert whole.quiet_rate is not None
    assert whole.exact_rate is not None
    assert whole.show_rate.share == whole.quiet_rate.share == 0.5
    assert whole.exact_rate.share == 2 / 3
    assert (go.show_rate, python.quiet_rate, judged.exact_rate) == (None, None, None)
    assert whole.tokens is not None
    assert whole.tokens.count == 1
    counts = {(each.way, each.expectation): each.shown for each in outcomes(results)}
    assert counts == {
        ("all", Expectation.FOLLOWS): 1,
        ("all", Expectation.QUIET): 1,
        ("all", Expectation.UNCLEAR): 1,
        ("judged", Expectation.QUIET): 0,
    }
    assert len(as_data(results, "m", 0)["results"]) == 6


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    run = [PROGRAM, "bench", "next-edit", *map(str, arguments)]
    return subprocess.run(run, capture_output=True, text=True, check=False)


def test_the_program_proposes_with_and_without_the_model(tmp_path: Path):
    found = bench("--language", "python", "--language", "go", "--json")
    assert found.returncode == 0, found.stderr
    data = json.loads(found.stdout)
    figures = {(each["way"], each["language"]): each for each in data["figures"]}
    assert {way for way, _ in figures} == {"certain", "all", "judged"}
    assert figures["judged", "all"]["cases"] == 24
    assert figures["judged", "all"]["show_rate"]["share"] > 0
    assert figures["judged", "all"]["tokens"]["p50"] > 0
    assert all(each["parses_worse"] == 0 for each in figures.values())


def test_the_program_reads_two_folders(tmp_path: Path):
    text = "x = 1\n" * 9
    write(tmp_path, {"1/a.py": OLD + text, "2/a.py": NEW + text})
    found = bench("--between", tmp_path / "1", tmp_path / "2", "--no-model")
    assert found.returncode == 0, found.stderr
    assert "What is shown" in found.stdout


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"language": ["latin"]}, "is none of bash"),
        ({"source": Path("missing")}, "missing is no folder"),
        ({"across": True}, "a repository, or releases"),
        ({"source": Path(), "between": (Path(), Path())}, "not both"),
    ],
)
def test_bad_use_is_named(options, complaint: str):
    with pytest.raises(UsageError, match=complaint):
        bench_next_edit(**options)


def test_folders_without_a_changed_file_are_named(tmp_path: Path):
    found = bench("--between", tmp_path, tmp_path, "--no-model")
    assert found.returncode != 0
    assert "there is no changed file" in found.stderr
