"""The evaluation cases on the disk, and the table of what was measured on them."""

from __future__ import annotations

from training.data import evaluation_set
from training.data.evaluation_set import Case, Function
from training.measure import reports


def case(language: str, number: int) -> Case:
    return Case(language, "a", "line", "", "", "x", f" = {number}\ny", "", "")


def test_cases_come_back_by_language(tmp_path):
    cases = [case("go", 1), case("go", 2), case("rust", 3)]

    evaluation_set.write_cases(cases, tmp_path)

    assert evaluation_set.read_cases(tmp_path) == {"go": cases[:2], "rust": cases[2:]}


def test_functions_come_back(tmp_path):
    functions = [Function("go", "a.go", "f", "func f() {}", "f does “it”.")]

    evaluation_set.write_functions(functions, tmp_path)

    assert evaluation_set.read_functions(tmp_path) == functions


def test_a_few_cases_are_of_all_languages():
    cases = {language: [case(language, n) for n in range(5)] for language in ("go", "rust", "c")}

    mixed = evaluation_set.mixed(cases, 6)

    assert [one.language for one in mixed] == ["go", "go", "rust", "rust", "c", "c"]


def test_the_table_has_a_row_for_each_language_count_and_baseline():
    figure = {"mean": 0.25, "low": 0.2, "high": 0.3}
    row = dict.fromkeys(reports.FIGURES, figure)
    copied = row | {"nll": {"mean": float("nan"), "low": 0.0, "high": 0.0}}
    own = {"cases": 5, "experts": {"2": row, "8": row}, "copy": copied, "ngram": row}

    table = reports.by_language({"languages": {"go": own, "rust": own}}).splitlines()

    assert len(table) == 2 + 2 * 4
    assert table[2].startswith("| go | 5 | 2 experts | 25.0% (20.0% to 30.0%) | 0.250 ")
    assert "not defined" in table[4]
