"""What a session counts, with a clock that the test turns and documents that it types into."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable
from typing import Any

import pytest
from lsprotocol import types
from pygls.workspace import PositionCodec

from leanwide.features.acceptance.counter import KEPT_AFTER_S, AcceptanceCounter
from leanwide.features.acceptance.counts import AcceptanceCounts, AcceptanceGroup, ShownKind, total
from leanwide.features.acceptance.counts_file import CountsFile
from leanwide.lsp.documents import OpenDocument
from leanwide.modes.profile import Mode
from tests.marked import view_of

CODE = "def area(width, height):\n    return ‸\n"
SAYS = "width * height"
PYTHON = AcceptanceGroup(kind=ShownKind.SUGGESTION, language="python", mode=Mode.CODE)


class Desk:
    """A document, the counter of its session, and a clock."""

    def __init__(self, folder: Any, *, wanted: bool = True) -> None:
        self.file = CountsFile(folder)
        self.due: list[tuple[float, Callable[[], object]]] = []
        self.counter = AcceptanceCounter(self.file, lambda: wanted, self._later)
        self.view = view_of(CODE)
        item = types.TextDocumentItem(self.view.uri, "python", 1, "".join(self.view.lines))
        self.document = OpenDocument(item.text, PositionCodec("utf-16"), item)

    def _later(self, seconds: float, run: Callable[[], object]) -> Callable[[], object]:
        self.due.append((seconds, run))
        return lambda: None

    def show(self, text: str = SAYS) -> str:
        return self.counter.suggestion_shown(
            self.view,
            text,
            Mode.CODE,
            lambda: self.document.track(self.view.line, self.view.column),
        )

    def replace(self, old: str, new: str) -> None:
        """Change the first occurrence of a text, as an editor would."""
        text = self.document.source
        start = text.index(old)
        places = [
            types.Position(text.count("\n", 0, at), at - (text.rfind("\n", 0, at) + 1))
            for at in (start, start + len(old))
        ]
        span = types.Range(*places)
        self.document.apply_change(types.TextDocumentContentChangePartial(span, new))

    def insert(self, text: str = SAYS) -> None:
        """Insert a text where the cursor was."""
        self.replace("    return ", f"    return {text}")

    def half_a_minute_later(self) -> None:
        for seconds, run in self.due:
            if seconds == KEPT_AFTER_S:
                run()

    async def counts(self, group: AcceptanceGroup = PYTHON) -> AcceptanceCounts:
        await self.counter.written()
        return total(self.file.read().values()).get(group, AcceptanceCounts())


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path / "counts")


async def test_a_suggestion_that_is_accepted_and_left_alone_is_kept(desk):
    shown = desk.show()
    desk.insert()
    desk.counter.accepted(shown)
    assert await desk.counts() == AcceptanceCounts(shown=1, accepted=1)
    desk.half_a_minute_later()
    assert await desk.counts() == AcceptanceCounts(shown=1, accepted=1, kept=1)


async def test_an_editor_may_tell_of_the_acceptance_before_the_text_and_without_an_id(desk):
    desk.show()
    desk.counter.accepted(None)
    desk.insert()
    desk.half_a_minute_later()
    assert await desk.counts() == AcceptanceCounts(shown=1, accepted=1, kept=1)


async def test_edits_elsewhere_and_a_formatter_do_not_end_it(desk):
    shown = desk.show()
    desk.insert()
    desk.counter.accepted(shown)
    desk.replace("def area", "import math\n\n\ndef area")
    desk.replace("import math\n\n\n", "")
    desk.replace(SAYS, "width *\\\n        height")
    formatted = desk.document.source.replace("    ", "\t").replace("area(", "area( ")
    desk.document.apply_change(types.TextDocumentContentChangeWholeDocument(f"# made\n{formatted}"))
    desk.half_a_minute_later()
    assert (await desk.counts()).kept == 1


@pytest.mark.parametrize("instead", ["", "0", "compute(self.shape)"])
async def test_what_is_deleted_or_written_again_is_not_kept(desk, instead):
    shown = desk.show()
    desk.insert()
    desk.counter.accepted(shown)
    desk.replace(SAYS, instead)
    desk.replace("def area", f"# {SAYS}\ndef area")
    desk.half_a_minute_later()
    assert await desk.counts() == AcceptanceCounts(shown=1, accepted=1)


async def test_a_document_that_is_closed_before_is_judged_then(desk):
    shown = desk.show()
    desk.insert()
    desk.counter.accepted(shown)
    desk.counter.document_closed(desk.view.uri)
    desk.replace(SAYS, "")
    assert await desk.counts() == AcceptanceCounts(shown=1, accepted=1, kept=1)


async def test_the_end_of_the_session_judges_and_writes_everything(desk):
    shown = desk.show()
    desk.insert()
    desk.counter.accepted(shown)
    await desk.counter.close()
    assert total(desk.file.read().values()) == {
        PYTHON: AcceptanceCounts(shown=1, accepted=1, kept=1)
    }


async def test_a_suggestion_is_accepted_once(desk):
    shown = desk.show()
    for _ in range(3):
        desk.counter.accepted(shown)
    desk.counter.accepted("unknown")
    assert await desk.counts() == AcceptanceCounts(shown=1, accepted=1)


async def test_an_edit_is_counted_by_its_attempt(desk):
    desk.counter.edit_shown("a1", desk.view, Mode.THINK)
    desk.counter.edit_shown("a2", desk.view, Mode.THINK)
    desk.counter.accepted("a1")
    desk.counter.accepted("a1")
    edits = AcceptanceGroup(kind=ShownKind.EDIT, language="python", mode=Mode.THINK)
    assert await desk.counts(edits) == AcceptanceCounts(shown=2, accepted=1)


async def test_without_the_users_wish_nothing_is_counted_or_written(tmp_path):
    desk = Desk(tmp_path / "counts", wanted=False)
    desk.counter.accepted(desk.show())
    await desk.counter.close()
    assert not (tmp_path / "counts").exists()


async def test_any_text_for_a_language_is_counted_as_other(desk):
    desk.view = view_of(CODE, "secret name " * 1000, path="/secret/place")
    desk.show()
    other = AcceptanceGroup(kind=ShownKind.SUGGESTION, language="other", mode=Mode.CODE)
    assert await desk.counts(other) == AcceptanceCounts(shown=1)
    assert "secret" not in desk.file.path.read_text()


async def test_counts_that_cannot_be_written_are_kept_in_memory_with_one_warning(
    desk, tmp_path, caplog
):
    (tmp_path / "counts").write_text("a file in the place of the folder")
    desk.show()
    with caplog.at_level(logging.WARNING):
        await desk.counter.written()
        await desk.counter.written()
    assert [record.message for record in caplog.records] == [
        "counts of suggestions cannot be written: File exists"
    ]
    (tmp_path / "counts").unlink()
    assert await desk.counts() == AcceptanceCounts(shown=1)


async def test_days_of_the_past_are_forgotten_and_what_a_wrong_clock_wrote(desk):
    day = datetime.date(2026, 3, 1)
    long_ago, next_year = day - datetime.timedelta(days=90), datetime.date(2027, 1, 1)
    for each in (long_ago, next_year, day - datetime.timedelta(days=89), day, day):
        desk.file.add({PYTHON: AcceptanceCounts(shown=1)}, each)
    assert list(desk.file.read().items()) == [
        (day - datetime.timedelta(days=89), {PYTHON: AcceptanceCounts(shown=1)}),
        (day, {PYTHON: AcceptanceCounts(shown=2)}),
    ]
