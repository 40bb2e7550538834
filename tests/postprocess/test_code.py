"""The code in an answer."""

import pytest

from leanwide.postprocess.code import code_in, text_in, without_head


@pytest.mark.parametrize(
    ("answer", "code", "closed", "ended"),
    [
        ("x = 1", "x = 1", False, False),
        ("\n\n  x\n\n", "  x", False, False),
        ("```\nx\n```", "x", True, False),
        ("```\nx\n```\n", "x", True, True),
        ("Sure:\n\n```python\n\nx\n\ny\n```\nDone. ```\nz\n```", "x\n\ny", True, True),
        ("```python\nx\n", "x", False, False),
        ("````\n```\nx\n```\n````\n", "```\nx\n```", True, True),
        ("```md\n# A\n```sh\nls\n```\nend\n```\n", "# A\n```sh\nls\n```\nend", True, True),
        ("~~~\n```\n~~~\n", "```", True, True),
        ("```\n```\n", "", True, True),
        ("", "", False, False),
        (" \n", "", False, False),
        ("a `b` ``c``", "a `b` ``c``", False, False),
    ],
)
def test_code_in(answer: str, code: str, *, closed: bool, ended: bool) -> None:
    found = code_in(answer)
    assert (found.text, found.closed, found.ended) == (code, closed, ended)


@pytest.mark.parametrize(
    ("answer", "text", "closed", "ended"),
    [
        ("````\n# A\n```\nls\n```\nend\n````\nDone.", "# A\n```\nls\n```\nend", True, True),
        ("````markdown\n# A\n```\nls\n", "# A\n```\nls", False, False),
        ("Sure:\n\n`````\n````\n`````\n", "", True, True),
        ("```markdown\n# A\n```\nls\n```\nend\n```\n\n", "# A\n```\nls\n```\nend", True, False),
        ("```\n# A\n```", "# A", True, False),
        ("```markdown\n# A\n```\nls\n```\nend", "# A\n```\nls\n```\nend", False, False),
        ("```markdown\n# A\n```\nls\n```", "# A\n```\nls\n```", False, False),
        ("```markdown\n# A", "# A", False, False),
        ("```markdown\n# A\n~~~sh\nls\n~~~\nend", "# A\n~~~sh\nls\n~~~\nend", False, False),
        ("```markdown\n# A\n```sh\nls", "", False, False),
        ("```markdown\n# A\n```\nDone.", "", False, False),
        ("```markdown\n# A\n```\nAnd:\n```sh\nls\n```", "", False, False),
        ("```sh\nls\n```\nor\n```sh\npwd\n```", "", False, False),
        ("# A\n```\nls\n```\nend", "", False, False),
        ("Sure:\n```\n# A\n```", "", False, False),
        ("# A", "", False, False),
        ("```", "", False, False),
        ("", "", False, False),
    ],
)
def test_text_in_is_the_text_in_the_outer_fence(
    answer: str, text: str, *, closed: bool, ended: bool
) -> None:
    found = text_in(answer, "````")
    assert (found.text, found.closed, found.ended) == (text, closed, ended)


@pytest.mark.parametrize(
    ("code", "left"),
    [
        ("import a\n\nclass B:\n    def c(self):\n        d", "    def c(self):\n        d"),
        ("    def c(self):\n        d", "    def c(self):\n        d"),
        ("import a\nclass B:", "import a\nclass B:"),
    ],
)
def test_heads_are_left_out_unless_nothing_else_is_there(code: str, left: str) -> None:
    assert without_head(code, {"import a", "class B:"}) == left
