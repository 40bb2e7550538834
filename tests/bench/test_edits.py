"""``leanwide bench edits``: which edits are drawn, how they are applied and judged."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest

from leanwide_bench.edits.applying import applied, in_place
from leanwide_bench.edits.asking import EditResult, diagnostic, plain_question, read_results
from leanwide_bench.edits.judging import judge
from leanwide_bench.edits.report import as_data, figures
from leanwide_bench.edits.tasks import EditKind, EditTask, draw

PROGRAM = str(Path(sys.executable).with_name("leanwide"))
HEAD, TAIL = "import math\n\n\n", "\n\nLIMIT = 3\n"
PYTHON = """\
def middle(values, count=0):
    # in order
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] + count
"""
GO = """\
func Sum(values []int) int {
	total := 0
	for _, value := range values {
		total += value
	}
	return total
}
"""
JAVASCRIPT = """\
function clamp(value, limit) {
  const most = limit;
  if (value > most) {
    return most;
  }
  return value;
}
"""
RUST = """\
fn twice(numbers: &[i32]) -> Vec<i32> {
    let mut doubled = Vec::new();
    for number in numbers.iter() {
        doubled.push(number * 2);
    }
    doubled
}
"""
MARKDOWN = """\
# Use

First install the program, which takes a moment, and then start it.

```sh
install
```
"""
FILES = {
    "a.py": HEAD + PYTHON + TAIL,
    "b.go": "package b\n\n" + GO,
    "c.js": JAVASCRIPT,
    "d.rs": RUST,
    "e.md": MARKDOWN,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def task(kind: EditKind, code: str = PYTHON, name: str = "a.py", **more: Any) -> EditTask:
    return EditTask(
        kind=kind,
        name=name,
        language="python",
        text=HEAD + code + TAIL,
        first=3,
        last=3 + code.count("\n"),
        definition="middle",
        **more,
    )


def why(asked: EditTask, code: str, other: str = "") -> str:
    verdict = judge(asked, HEAD + code + TAIL, other)
    assert verdict.useful is not bool(verdict.why)
    return verdict.why


@pytest.mark.parametrize("language", ["python", "go", "javascript", "rust", "markdown"])
def test_every_language_has_edits_and_the_same_seed_draws_them_again(folder: Path, language: str):
    (one,) = draw(folder, {language: 1}, 0)
    assert draw(folder, {language: 1}, 0) == [one]
    assert one.language == language
    stem, _, ending = one.name.partition("_0.")
    assert stem.isidentifier()
    original = FILES[f"{stem}.{ending}"]
    assert one.text == original or one.text.replace(one.mistake, one.truth) == original


@pytest.mark.parametrize(("name", "code"), FILES.items())
def test_a_mistake_is_put_into_the_selected_lines(tmp_path: Path, name: str, code: str):
    for number in range(8):  # so that each kind has a place
        (tmp_path / f"{number}{name}").write_text(code)
    language = {"py": "python", "js": "javascript", "go": "go", "rs": "rust", "md": "markdown"}
    kinds = (EditKind.FIX, EditKind.SPELLING)
    drawn = draw(tmp_path, {language[name[-2:]]: 8}, 1)
    broken = [each for each in drawn if each.kind in kinds]
    assert broken
    for each in broken:
        assert each.mistake not in code
        assert each.mistake in "".join(each.lines)
        assert each.text.replace(each.mistake, each.truth) == code
        span = diagnostic(each)["range"]
        line = each.text.split("\n")[span["start"]["line"]].encode()
        marked = line[span["start"]["character"] : span["end"]["character"]]
        assert marked.decode() == each.mistake


def test_text_outside_of_the_selection_may_not_change():
    asked = task(EditKind.SIMPLIFY)
    for text in (HEAD.strip() + PYTHON + TAIL, HEAD + PYTHON, HEAD + PYTHON + TAIL + " "):
        verdict = judge(asked, text)
        assert (verdict.damaged, verdict.useful) == (True, False)
    assert not judge(asked, HEAD + "def middle(): ...\n" + TAIL).damaged


def test_an_import_by_name_may_be_added():
    asked = task(EditKind.SIMPLIFY)
    short = "def middle(values, count=0):\n    return sorted(values)[len(values) // 2] + count\n"
    assert judge(asked, f"import heapq\n{HEAD}{short}{TAIL}").useful
    assert judge(asked, f"from heapq import *\n{HEAD}{short}{TAIL}").damaged
    assert judge(asked, f"{HEAD}{short}{TAIL}import heapq\n").damaged


def test_an_edit_that_parses_worse_is_not_useful():
    verdict = judge(task(EditKind.SIMPLIFY), HEAD + "def middle(:\n" + TAIL)
    assert (verdict.damaged, verdict.worse, verdict.useful) == (False, True, False)


def test_simpler_code_is_no_longer_and_defines_the_same():
    asked = task(EditKind.SIMPLIFY)
    short = "def middle(values, count=0):\n    return sorted(values)[len(values) // 2] + count\n"
    assert why(asked, short) == ""
    assert why(asked, PYTHON) == "nothing was changed"
    assert why(asked, PYTHON.replace("    # in order\n", "")) == "no code was changed"
    assert why(asked, short.replace("middle", "median")) == "other names are defined than before"
    assert why(asked, PYTHON + "    print(1)\n") == "the code is longer than before"


def test_documentation_is_there_and_the_code_is_the_same():
    asked = task(EditKind.DOCUMENT)
    head, body = PYTHON.split("\n", 1)
    documented = f'{head}\n    """Return the middle value."""\n{body}'
    assert why(asked, documented) == ""
    assert why(asked, "# Middle.\n" + PYTHON) == "there is no documentation"
    assert why(asked, documented.replace("// 2", "// 3")) == "code was changed"


def test_a_fix_takes_the_mistake_out_and_little_else():
    broken = PYTHON.replace("return ordered", "return ordeerd")
    asked = task(EditKind.FIX, broken, mistake="ordeerd", truth="ordered")
    assert why(asked, PYTHON) == ""
    assert why(asked, broken.replace("half", "at")) == "the mistake is still there"
    assert why(asked, "def middle(values): ...\n") == "more than the mistake was changed"


def test_every_parameter_has_a_type_and_the_body_is_the_same():
    asked = task(EditKind.ANNOTATE)
    typed = PYTHON.replace("values, count=0", "values: list[int], count: int = 0")
    assert why(asked, typed) == ""
    assert why(asked, typed.replace(": list[int]", "")) == "a parameter has no type"
    assert why(asked, typed.replace("// 2", "// 3")) == "code was changed"


def test_a_test_names_what_it_tests_and_leaves_the_file_alone():
    asked = task(EditKind.TEST)
    test = "def test_middle():\n    assert middle([1]) == 1\n"
    assert why(asked, PYTHON, test) == ""
    assert why(asked, PYTHON) == "there is no test"
    assert why(asked, PYTHON, "middle([1]\n") == "the test does not parse"
    assert why(asked, PYTHON, "middle([1])\n") == "nothing in it is a test"
    assert why(asked, PYTHON, test.replace("middle", "mean")) == (
        "the test does not name what is tested"
    )
    assert why(asked, "x = 1\n", test) == "the file itself was changed"


@pytest.mark.parametrize(
    ("kind", "old", "new", "fault"),
    [
        (EditKind.SHORTEN, ", which takes a moment,", "", ""),
        (EditKind.SHORTEN, "start it.", "start it with care.", "the text is not shorter"),
        (EditKind.SHORTEN, "# Use", "# Using", "headings were changed"),
        (EditKind.SHORTEN, "\ninstall\n", "\nrun\n", "code blocks were changed"),
        (EditKind.SPELLING, "proargm", "program", ""),
        (EditKind.SPELLING, "moment", "while", "the mistake is still there"),
    ],
)
def test_prose_is_judged_by_its_words(kind: EditKind, old: str, new: str, fault: str):
    text = MARKDOWN.replace("program", "proargm") if kind is EditKind.SPELLING else MARKDOWN
    asked = EditTask(
        kind=kind,
        name="e.md",
        language="markdown",
        text=text,
        first=0,
        last=text.count("\n"),
        definition="Use",
        mistake="proargm" if kind is EditKind.SPELLING else "",
        truth="program",
    )
    assert old in text
    assert judge(asked, text.replace(old, new)).why == fault


def test_a_chat_answer_takes_the_place_of_the_selection_indented_like_it():
    text = "class A:\n    def get(self):\n        return 1\n"
    asked = attrs.evolve(task(EditKind.SIMPLIFY), text=text, first=1, last=3)
    answer = "Here:\n\n```python\ndef get(self):\n    return 2\n```\nDone."
    assert in_place(asked, answer) == (text.replace("1", "2"), "")
    testing = attrs.evolve(asked, kind=EditKind.TEST)
    assert in_place(testing, answer) == (text, "def get(self):\n    return 2")


def edit(line: int, start: int, end: int, new: str) -> dict[str, object]:
    span = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
    return {"range": span, "newText": new}


@pytest.mark.parametrize(("encoding", "unit"), [("utf-8", 4), ("utf-16", 2)])
def test_a_workspace_edit_is_applied_in_the_clients_units(encoding, unit):
    edits = [edit(0, unit, unit + 1, "z"), edit(1, 0, 1, ""), edit(2, 0, 0, "end")]
    own = {"textDocument": {"uri": "u"}, "edits": edits}
    other = {"textDocument": {"uri": "new"}, "edits": [edit(0, 0, 0, "test\n")]}
    created = {"kind": "create", "uri": "new"}
    found = applied({"documentChanges": [own, created, other]}, "u", "😀a\nb\n", encoding)
    assert found == ("😀z\n\nend", "test\n")
    assert applied({"changes": {"u": edits}}, "u", "😀a\nb\n", encoding) == ("😀z\n\nend", "")


def test_the_bare_model_reads_the_selection_of_a_long_file():
    asked = task(EditKind.SIMPLIFY)
    assert asked.text in plain_question(asked)
    filler = "x = 1\n" * 4_000
    long = attrs.evolve(asked, text=filler + PYTHON + filler, first=4_000, last=4_005)
    question = plain_question(long)
    assert PYTHON in question
    assert len(question) < 7_000


def result(**more: Any) -> EditResult:
    given: dict[str, Any] = {
        "task": "1", "side": "leanwide", "language": "go", "kind": "fix", "definition": "f",
        "refused": "", "why": "", "useful": True, "seconds": 1.0, "text": "x",
    }  # fmt: skip
    return EditResult(**{**given, **more})


def test_results_are_counted_by_side_language_and_kind():
    results = [result(), result(kind="test", useful=False, why="no", refused="no")]
    counts = {(each.group, each.edits, each.useful, each.refused) for each in figures(results)}
    assert counts == {("go", 2, 1, 1), ("fix", 1, 1, 0), ("test", 1, 0, 1), ("all", 2, 1, 1)}
    assert as_data(results, "m", 0)["reasons"] == [{"side": "leanwide", "why": "no", "edits": 1}]


def test_kept_results_are_read_again(tmp_path: Path):
    file = tmp_path / "kept"
    assert read_results(file) == []
    file.write_text(json.dumps(attrs.asdict(result())) + "\n")
    assert read_results(file) == [result()]
    file.write_text("[]\n")
    with pytest.raises(ValueError, match="holds no results"):
        read_results(file)


def bench(*arguments: object) -> subprocess.CompletedProcess[str]:
    run = [PROGRAM, "bench", "edits", *map(str, arguments)]
    return subprocess.run(run, capture_output=True, text=True, check=False)


def test_the_program_asks_both_sides_and_goes_on_from_what_it_kept(folder: Path, tmp_path: Path):
    kept = tmp_path / "kept"
    asked = ("--files", folder, "--language", "python=1", "--keep", kept, "--json")
    found = bench(*asked)
    assert found.returncode == 0, found.stderr
    sides = [each["side"] for each in json.loads(found.stdout)["results"]]
    assert sides == ["leanwide", "bare model"]
    before = kept.read_text()
    assert bench(*asked).returncode == 0
    assert kept.read_text() == before


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (("--language", "latin"), "is none of python"),
        (("--language", "go=x"), "is none of python"),
        ((), "give a folder of sources"),
    ],
)
def test_bad_use_is_one_line(tmp_path: Path, more: tuple[str, ...], complaint: str):
    found = bench("--files", tmp_path, *more)
    assert found.returncode != 0
    assert complaint in " ".join(found.stderr.split())
