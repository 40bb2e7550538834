"""Would drafts out of the window pay in completions? Run with ``make bench``.

Lines of the standard library are decoded as by a model that is right, with what
:mod:`leanwide.engine.process.drafting` proposes out of the text around them. ``extra_info`` has
the tokens, the steps that they take, and the drafted and accepted tokens.
"""

from __future__ import annotations

import random
import sysconfig
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import frozen

from leanwide.engine.process.drafting import DraftIndex
from leanwide.engine.process.llama import Log, Model, ModelParams
from leanwide.models.embedded import embedded_model

PLACES: Final = 400
BEFORE, AFTER = 5_000, 900
"""Characters of the window before and after the cursor."""
MOST: Final = (4, 8, 16)
"""Tokens of a draft at most."""


@frozen
class CutText:
    """Lines of a file and the window around them, as token ids."""

    before: list[int]
    lines: list[int]
    after: list[int]


@pytest.fixture(scope="module")
def model() -> Model:
    params = ModelParams(
        path=embedded_model(),
        expert_override=None,
        use_mmap=True,
        use_extra_bufts=False,
        gpu_layers=0,
        vocabulary_only=True,
    )
    return Model(params, Log(), lambda _: None)


@pytest.fixture(scope="module", params=[1, 6], ids=["1 line", "6 lines"])
def texts(request: pytest.FixtureRequest, model: Model) -> list[CutText]:
    chance = random.Random(0)
    files = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    long = [lines for file in files if len(lines := _lines(file)) > 200]
    return [_cut(chance.choice(long), chance, request.param, model) for _ in range(PLACES)]


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8", "replace").splitlines(keepends=True)


def _cut(lines: list[str], chance: random.Random, count: int, model: Model) -> CutText:
    """Cut lines out, from the first character of a line of code on."""
    starts = range(20, len(lines) - count)
    code = [at for at in starts if lines[at].strip() and not lines[at].lstrip().startswith("#")]
    at = chance.choice(code)
    indent = len(lines[at]) - len(lines[at].lstrip())
    return CutText(
        model.tokenize(("".join(lines[:at]) + lines[at][:indent])[-BEFORE:]),
        model.tokenize("".join(lines[at : at + count])[indent:]),
        model.tokenize("".join(lines[at + count :])[:AFTER]),
    )


@pytest.mark.parametrize("ngram", [2, 3, 4, 6, 8])
@pytest.mark.parametrize("most", MOST)
def test_completions_with_drafts(
    benchmark: Any, texts: list[CutText], ngram: int, most: int
) -> None:
    counts = benchmark.pedantic(_decoded, (texts, ngram, most), rounds=1)
    names = ("tokens", "steps", "drafted", "accepted")
    benchmark.extra_info.update(dict(zip(names, counts, strict=True)))


def _decoded(texts: list[CutText], ngram: int, most: int) -> tuple[int, int, int, int]:
    """Return the tokens of all texts, the steps for them, and the drafted and accepted tokens."""
    steps = drafted = accepted = 0
    for text in texts:
        index = DraftIndex([text.before, text.after], ngram)
        for token in text.before[-ngram - 2 :]:
            index.add(token)
        left = text.lines
        while left:
            draft = index.following(most)
            pairs = zip(draft, left, strict=False)
            agreed = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
            steps, drafted, accepted = steps + 1, drafted + len(draft), accepted + agreed
            for token in left[: agreed + 1]:
                index.add(token)
            left = left[agreed + 1 :]
    return sum(len(text.lines) for text in texts), steps, drafted, accepted
