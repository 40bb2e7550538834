"""Loops are cut; what repeats on purpose stays."""

from __future__ import annotations

import pytest

from leanwide.shape.repetition import loop_start
from tests.shape.check import check

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
]
LOOPS = [
    ("a = 1\n" + 4 * "print(a, b, c)\n", "a = 1\nprint(a, b, c)"),
    ("a = 1\n" + 4 * "print(a, b, c)\n" + "print(a,", "a = 1\nprint(a, b, c)"),
    ("x + " + 5 * "other_value + ", "x + other_value"),
    ("x and " + 9 * "the ", "x and the"),
    ("a = 1\n" + 5 * "for x in y:\n    f(x)\n", "a = 1\nfor x in y:\n    f(x)"),
    (6 * "import something\n", ""),
    (40 * "0, ", ""),
    ("x = [" + 40 * "0, ", "x = [0,"),
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
