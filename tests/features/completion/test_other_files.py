"""Pieces of other files around a completion, with a scripted engine and a real index."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import attrs
import pytest

from leanwide.engine.requests import CancelToken, Request
from leanwide.engine.scripted import SCRIPTED_MODEL
from leanwide.engine.specs import FimTokens
from leanwide.features.ask.explain import explain
from leanwide.features.ask.selection import select_all
from leanwide.features.completion.cursor_rest import cursor_rests
from leanwide.features.completion.request import fim_tokens
from leanwide.features.exclusion import judge
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.modes.profile import Mode
from tests.features.editor import PROFILES, Editor, SteppedEngine, settled, state_of, until
from tests.index.folders import area_of, write

PRICING = '''\
def discounted_price(price, share):
    """Take a share off a price."""
    return price - price * share
'''
FIM = fim_tokens(SCRIPTED_MODEL)
CONTEXT = PROFILES[Mode.CODE].context_tokens


@pytest.fixture
async def elsewhere(tmp_path: Path) -> AsyncIterator[WorkspaceContext]:
    """An indexed workspace."""
    write(tmp_path, {"pricing.py": PRICING})
    known = WorkspaceContext()
    known.build(area_of(tmp_path))
    await until(lambda: not known.building)
    yield known
    await known.close()


def opened(
    elsewhere: WorkspaceContext, folder: Path, marked: str, fim: FimTokens = FIM
) -> tuple[SteppedEngine, Editor]:
    engine = SteppedEngine(attrs.evolve(SCRIPTED_MODEL, fim=fim))
    state = state_of(engine)
    state.session.workspace = elsewhere
    editor = Editor(state, marked, "python")
    editor.uri = (folder / "main.py").as_uri()
    return engine, editor


def tokens(request: Request) -> int:
    return sum(
        1 if isinstance(piece, int) else -(-len(str(piece)) // 4) for piece in request.prompt
    )


async def test_a_suggestion_that_only_repeats_a_snippet_is_not_shown(
    elsewhere: WorkspaceContext, tmp_path: Path
):
    body = '"""Take a share off a price."""\n    return price - price * share'
    for used, shown in (("discounted_price", ""), ("other_price", body)):
        marked = f"total = {used}(1, 0.2)\n\n\ndef total(price, share):\n    ‸\n"
        engine, editor = opened(elsewhere, tmp_path, marked)
        await cursor_rests(editor.view, editor.state)
        await settled(editor.state)
        engine.enqueue([body])
        assert await editor.ask() == shown
        assert (f"pricing.py\n{PRICING}" in engine.requests[-1].prompt) is not bool(shown)


async def test_pages_prefilled_at_a_silent_place_have_the_snippets_of_the_jump_after_it(
    elsewhere: WorkspaceContext, tmp_path: Path
):
    code = "".join(f"def total_{n}():\n    return discounted_price({n})\n\n\n" for n in range(40))
    top = f"total = ‸discounted_price(1, 0.2)\n\n\n{code}"
    engine, editor = opened(elsewhere, tmp_path, top)
    await cursor_rests(editor.view, editor.state)
    await settled(editor.state)
    read = list(engine.requests)
    assert all(f"pricing.py\n{PRICING}" in page.prompt for page in read)
    before, line, after = top.replace("‸", "").partition("    return discounted_price(20)\n")
    editor.text_before, editor.text_after = f"{before}    ", after
    await editor.ask()
    jump = engine.requests[-1]
    engine.requests[:] = read
    (unread,) = await engine.unread(jump.lane, [jump.prompt])
    assert line
    assert unread <= 300


async def test_snippets_share_the_budget_of_the_window(elsewhere: WorkspaceContext, tmp_path: Path):
    lines = "".join(f"value_{n} = compute({n})\n" for n in range(1000))
    engine, editor = opened(elsewhere, tmp_path, f"{lines}total = discounted_price‸\n{lines}")
    await cursor_rests(editor.view, editor.state)
    await settled(editor.state)
    separator = FIM.file_separator
    assert separator is not None
    while separator in engine.requests[-1].prompt:  # until another window is needed
        await editor.ask()
        editor.type("(1)\ntotal = discounted_price")
    assert max(map(tokens, engine.requests)) <= CONTEXT
    assert max(map(tokens, engine.requests)) > 0.9 * CONTEXT


async def test_a_model_without_a_mark_between_files_sees_one_file(
    elsewhere: WorkspaceContext, tmp_path: Path
):
    fim = attrs.evolve(FIM, file_separator=None)
    engine, editor = opened(elsewhere, tmp_path, "total = discounted_price‸\n", fim)
    await editor.ask()
    assert engine.requests[0].prompt[0] == FIM.prefix


async def test_edits_of_excluded_files_are_not_remembered(
    elsewhere: WorkspaceContext, tmp_path: Path
):
    for name in ("secrets.py", "stock.py"):
        judged = judge(area_of(tmp_path), str(tmp_path / name))
        elsewhere.note_edit(judged, 0, ("amount = 1\n",))
    view = opened(elsewhere, tmp_path, "‸\n")[1].view
    found = await elsewhere.candidates(view, None, "main.py")
    assert [place.path for place in found.edits] == ["stock.py"]


async def test_an_explanation_reads_what_uses_the_code(elsewhere: WorkspaceContext, tmp_path: Path):
    use = "    discounted_price(price, 1)\n"
    write(tmp_path, {"shop.py": f"def bill(price):\n    print(price)\n{use}"})
    elsewhere.reindex(str(tmp_path / "shop.py"))
    await until(lambda: not elsewhere.building)
    engine, editor = opened(elsewhere, tmp_path, "‸" + PRICING)
    engine.enqueue(["It takes a share off."])
    await explain(select_all(editor.view), editor.state.session, CancelToken(), lambda _: None)
    shown = f"The code is used in shop.py:\n\n```python\ndef bill(price):\n{use}```"
    assert shown in editor.state.session.journal.records[-1].prompt
