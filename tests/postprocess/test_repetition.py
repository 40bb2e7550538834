"""Loops are cut; what repeats on purpose stays."""

from __future__ import annotations

import time

import pytest

from leanwide.postprocess.repetition import loop_start
from tests.postprocess.check import check

UNIT = "The function returns the smallest item of the iterable, or the default where it is empty. "
LEGITIMATE = [
    "0, 0, 0, 0, 0, 0, 0, 0, 0, 0",
    "[0, 0, 0],\n[0, 0, 0],\n[0, 0, 0],\n[0, 0, 0],\n[0, 0, 0]",
    "1.0, 1.0, 1.0, 1.0, 1.0, 1.0",
    "0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00",
    r"b'\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00'",
    "# " + 76 * "=",
    "# " + 76 * "-",
    "=-=-=-=-=-=-=-=-=-=-=-=-",
    "|---|---|---|---|---|---|",
    "None, None, None, None, None",
    "<td></td>\n<td></td>\n<td></td>\n<td></td>",
    "a1 = 1\na2 = 2\na3 = 3\na4 = 4\na5 = 5\na6 = 6",
    "self.width = width\nself.height = height\nself.depth = depth\nself.area = area",
    "assert f(1) == 1\nassert f(2) == 2\nassert f(3) == 3\nassert f(4) == 4",
    "      </div>\n    </div>\n  </div>\n</div>",
    "}}}}}}}}}}",
    8 * "\n" + "x",
    "f(f(f(f(f(x)))))",
    "pass\npass\npass",
    80 * "-",
    "Title\n" + 80 * "=",
    "# " + 100 * "─",
    f'"0x{64 * "0"}"',
    f'"{64 * "f"}"',
    "key = " + 36 * "x",
    "+" + 3 * f"{30 * '-'}+",
    "| " + 100 * " " + "|",
    "\n".join(4 * [f"| {40 * ' '} | {20 * ' '} |"]),
    "\n".join(3 * [UNIT]) + "End.",
]
LOOPS = [
    ("a = 1\n" + 4 * "print(a, b, c)\n", "a = 1\nprint(a, b, c)"),
    ("a = 1\n" + 4 * "print(a, b, c)\n" + "print(a,", "a = 1\nprint(a, b, c)"),
    ("x + " + 5 * "other_value + ", "x + other_value"),
    ("x and " + 9 * "the ", "x and the"),
    ("a = 1\n" + 5 * "for x in y:\n    f(x)\n", "a = 1\nfor x in y:\n    f(x)"),
    (6 * "import something\n", ""),
    (5 * "first(a)\nsecond(b)\n", "first(a)\nsecond(b)"),
    (5 * "\nfirst(a)\n\nsecond(b)", "\nfirst(a)\n\nsecond(b)"),
    ("first(a)\n" + 5 * "    second(b)\n    first(a)\n", "first(a)\n    second(b)"),
    ("x = first(a)\n" + 5 * "second(b)\nfirst(a)\n", "x = first(a)\nsecond(b)\nfirst(a)"),
    ("total(a)\n" + 6 * "largest(a)\n", "total(a)\nlargest(a)"),
    (40 * "a\nb\n", "a\nb"),
    (40 * "0, ", ""),
    ("x = [" + 40 * "0, ", "x = [0,"),
    (64 * "G", ""),
    (64 * "@", ""),
    (64 * "哈", ""),
    ("x = 1\ny = " + 64 * "G", "x = 1"),
    ("x = 1\n" + 200 * "=", "x = 1"),
    (300 * "0", ""),
    ("It sorts.\n" + 11 * UNIT, f"It sorts.\n{UNIT}".rstrip()),
    ("It sorts.\n" + 11 * f"{2 * UNIT}Why\n", f"It sorts.\n{2 * UNIT}Why"),
    (
        "It sorts.\n" + 6 * f"1. {UNIT}2. {2 * UNIT}\n",
        f"It sorts.\n1. {UNIT}2. {2 * UNIT}".rstrip(),
    ),
]


@pytest.mark.parametrize("says", LEGITIMATE)
def test_what_repeats_on_purpose_stays(says: str):
    check("‸\n", says, says)
    assert all(loop_start(says[:end]) is None for end in range(len(says)))


@pytest.mark.parametrize(("says", "expected"), LOOPS)
def test_a_loop_is_cut_to_one_round(says: str, expected: str):
    check("‸\n", says, expected)


@pytest.mark.parametrize(("says", "expected"), LOOPS)
def test_a_growing_text_is_cut_at_the_same_place(says: str, expected: str):
    kept = [says[:keep] for end in range(len(says)) if (keep := loop_start(says[:end])) is not None]
    assert {text.rstrip() for text in kept} <= {expected}


@pytest.mark.parametrize(
    ("unit", "rounds"),
    [("    <SkeletonRow />\n", 4), ("  <td></td>\n", 8), ("null, ", 9), ("x", 50)],
)
def test_what_a_known_text_repeats_is_a_loop_only_beyond_its_rounds(unit: str, rounds: int):
    known = f"<tr>\n{rounds * unit}</tr>\n"
    answer = f"<table>\n{rounds * unit}{unit}"
    assert loop_start(answer) is not None
    assert all(loop_start(answer[:end], ("other", known)) is None for end in range(len(answer)))
    assert loop_start(answer + 2 * rounds * unit, ("other", known)) is not None


def test_a_row_is_completed_as_other_rows_of_the_document_are():
    row = "  <td></td>\n"
    check(f"<tr>\n{8 * row}</tr>\n<tr>\n‸\n", 8 * row, (8 * row).rstrip())


def test_searching_loops_in_a_growing_text_is_bounded_work():
    """A thousand looks at the worst text take less than a thousand of what one may take."""
    text = "".join(f"{'ab' * 40}{number}" for number in range(2_000))
    began = time.process_time()
    for end in range(len(text) - 1_000, len(text)):
        loop_start(text[:end])
    assert time.process_time() - began < 5


def test_a_table_of_escapes_is_no_loop():
    assert loop_start("TABLE = (\n" + 12 * "    '\\ufffe'\n") is None
