"""Keys become events: one for each place, newest first, in bounds."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from leanwide.context.view import with_lf
from leanwide.features.next_edit.event import EditEvent
from leanwide.features.next_edit.history import EditHistory
from tests.features.next_edit.editing import Session, snapshot, tree_of


def _typed(session: Session, line: int, texts: list[str]) -> None:
    """Give a line one text after the other, a second apart."""
    for text in texts:
        lines = list(session.document.lines)
        lines[line] = text
        session.become("".join(lines))
        session.now += 1.0


def _lines(event: EditEvent) -> tuple[int, tuple[str, ...], tuple[str, ...]]:
    return event.line, event.before, event.after


def test_keys_at_one_place_are_one_event():
    session = Session("a = 1\ndef f(size):\n    pass\n", "python")
    _typed(session, 1, ["def f(siz):\n", "def f(l):\n", "def f(le):\n", "def f(length):\n"])
    (event,) = session.history.events(session.now)
    assert _lines(event) == (1, ("def f(size):\n",), ("def f(length):\n",))
    assert event.version == 5


def test_another_place_is_another_event_and_the_newest_comes_first():
    session = Session("a = 1\nb = 2\nc = 3\n", "python")
    _typed(session, 0, ["a = 10\n"])
    _typed(session, 2, ["c = 30\n"])
    assert [event.line for event in session.history.events(session.now)] == [2, 0]


def test_a_pause_at_one_place_begins_another_event():
    session = Session("a = 1\n", "python")
    _typed(session, 0, ["a = 10\n"])
    session.now += 60
    _typed(session, 0, ["a = 100\n"])
    assert [event.before for event in session.history.events(session.now)] == [
        ("a = 10\n",),
        ("a = 1\n",),
    ]


def test_lines_added_below_an_edited_line_belong_to_its_event():
    session = Session("a = 1\nb = 2\n", "python")
    session.become("a = 10\nb = 2\n")
    session.become("a = 10\n\nb = 2\n")
    session.become("a = 10\nx\nb = 2\n")
    (event,) = session.history.events(session.now)
    assert _lines(event) == (0, ("a = 1\n",), ("a = 10\n", "x\n"))


def test_undo_takes_the_event_back_even_after_a_pause():
    session = Session("a = 1\nb = 2\n", "python")
    _typed(session, 0, ["a = 10\n"])
    _typed(session, 1, ["b = 20\n"])
    session.now += 60
    _typed(session, 1, ["b = 2\n"])
    assert [event.line for event in session.history.events(session.now)] == [0]
    _typed(session, 0, ["a = 1\n"])
    assert session.history.events(session.now) == ()


def test_a_change_of_many_lines_ends_the_history_of_its_document_only():
    history = EditHistory()
    one, other = snapshot("a\nb\n", "python"), snapshot("c\n", "python", path="/project/other")
    history.changed(other, snapshot("d\n", "python", 2, "/project/other"), 0.0)
    history.changed(one, snapshot("A\nb\n", "python", 2), 0.0)
    history.changed(snapshot("A\nb\n", "python", 2), snapshot("x\n" * 100, "python", 3), 1.0)
    assert [event.path for event in history.events(1.0)] == ["/project/other"]
    history.forget("file:///project/other")
    assert history.events(1.0) == ()


def test_old_events_are_forgotten():
    session = Session("a = 1\n", "python")
    _typed(session, 0, ["a = 2\n"])
    assert session.history.events(session.now + 3_600) == ()


def test_an_event_knows_the_node_around_it():
    before = snapshot("def f():\n    return 1\n", "python")
    after = snapshot("def f():\n    return 2\n", "python", 2)
    history = EditHistory()
    history.changed(before, after, 0.0, tree_of(after))
    assert [event.scope for event in history.events(0.0)] == ["return_statement"]


lines = st.sampled_from(["a\n", "b\n", "c\r\n", "\n", "é = 1\n"])
changes = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 3), st.lists(lines, max_size=3), st.floats(0, 30)),
    max_size=30,
)


@settings(deadline=None, max_examples=300)
@given(st.lists(lines, max_size=8), changes)
def test_events_lead_from_the_first_text_to_the_last(
    text: list[str], steps: list[tuple[int, int, list[str], float]]
) -> None:
    """Replayed in their order, whatever was joined or taken back; and never more than 32."""
    history, now = EditHistory(), 0.0
    versions: list[tuple[str, ...]] = [tuple(text)]
    for first, count, new, _ in steps:
        old = versions[-1]
        versions.append((*old[:first], *new, *old[first + count :]))
    for version, (earlier, later) in enumerate(pairwise(versions)):
        now += steps[version][3]
        history.changed(
            snapshot("".join(earlier), "python", version),
            snapshot("".join(later), "python", version + 1),
            now,
        )
    replayed = [with_lf(line) for line in versions[0]]
    events = history.events(now)
    assert len(events) <= 32
    for event in reversed(events):
        end = event.line + len(event.before)
        assert tuple(replayed[event.line : end]) == event.before
        replayed[event.line : end] = event.after
    assert replayed == [with_lf(line) for line in versions[-1]]
