"""Edits of long code, answered in changed pieces, with a scripted engine."""

from __future__ import annotations

from attrs import evolve

from leanwide.features.edit.fix import Diagnostic
from leanwide.modes.machine import LaneSpeed, MachineState, Rate
from leanwide.modes.profile import Mode
from tests.features.edit.test_edit import Edited
from tests.features.editor import PROFILES
from tests.postprocess.test_pieces import block

FUNCTIONS = 400
LONG = "\n\n".join(
    f"def f{at}(a):\n    b = a + {at}\n    print(b)\n    return b\n" for at in range(FUNCTIONS)
)
ALL = ((0, 0), (LONG.count("\n"), 0))
LINES = len(LONG.splitlines())
CHANGE = block("    b = a + 7\n    print(b)", "    b = a + 7")
CHANGED = LONG.replace("    b = a + 7\n    print(b)\n", "    b = a + 7\n")


async def test_code_that_cannot_be_written_again_is_changed_in_pieces():
    edited = Edited(CHANGE, text=LONG)
    outcome = await edited.refactor(ALL, "do not print in f7")
    assert edited.after(outcome) == CHANGED
    assert outcome.change is not None
    assert len(outcome.change.edits) == 1
    (record,) = outcome.records
    wanted = f"answered in changed pieces: {LINES:,} lines do not fit to be written again"
    assert wanted in record.reason
    assert edited.shown[0].startswith(f"*{LINES:,} lines are too long to be written again")
    assert "<<<<<<< SEARCH" in edited.prompts[0]


async def test_what_the_instruction_names_is_shown_and_what_is_left_out_cannot_be_searched():
    edited = Edited(CHANGE.replace("7", "399"), CHANGE.replace("7", "398"), text=LONG)
    outcome = await edited.refactor(ALL, "do not print in f398")
    assert "b = a + 398" in edited.prompts[0]
    assert "b = a + 399" not in edited.prompts[0]
    assert "do not occur" in edited.prompts[1]
    assert edited.after(outcome) == LONG.replace("    b = a + 398\n    print(b)", "    b = a + 398")


async def test_what_a_tool_found_is_shown_with_the_function_around_it():
    row = LONG.splitlines().index("    b = a + 390")
    edited = Edited(CHANGE.replace("7", "390"), text=LONG)
    outcome = await edited.fix(Diagnostic(first=row, last=row, message="too loud"), span=ALL)
    assert "def f390(a):\n    b = a + 390\n    print(b)" in edited.prompts[0]
    assert "- `b = a + 390`: too loud" in edited.prompts[0]
    assert edited.after(outcome) == LONG.replace("    b = a + 390\n    print(b)", "    b = a + 390")


async def test_an_answer_in_another_form_is_a_mistake():
    edited = Edited("```python\npass\n```\n", CHANGE, text=LONG)
    outcome = await edited.refactor(ALL, "do not print in f7")
    assert "It holds no block" in edited.prompts[1]
    assert edited.after(outcome) == CHANGED


async def test_pieces_that_break_the_file_are_refused():
    broken = block("    b = a + 7", "    b = (a + 7")
    outcome = await Edited(broken, broken, text=LONG).refactor(ALL, "change f7")
    assert outcome.markdown.startswith("It does not parse")


async def test_pieces_that_leave_code_out_are_refused():
    elided = block("    b = a + 7\n    print(b)", "    b = a + 7\n    # ... rest of the code")
    outcome = await Edited(elided, elided, text=LONG).refactor(ALL, "change f7")
    assert outcome.markdown.startswith("It leaves text out")


async def test_a_machine_too_slow_to_write_all_again_writes_pieces():
    short = "\n\n".join(LONG.split("\n\n\n")[:12])
    edited = Edited(CHANGE, text=short)
    slow = LaneSpeed(Rate((), 1000.0), Rate((), 4.0))
    lane = PROFILES[Mode.THINK].lane
    edited.session.backend.machine = MachineState(lane_speeds={lane: slow})
    think = evolve(PROFILES[Mode.THINK], deadline_ms=60_000, output_tokens=1024)
    edited.session.profiles = {**PROFILES, Mode.THINK: think}
    outcome = await edited.refactor(((0, 0), (short.count("\n"), 0)), "do not print in f7")
    assert "take longer than 60 s to be written again" in outcome.records[0].reason
    assert outcome.change is not None


async def test_titles_are_not_taken_for_marks():
    text = "Install\n=======\nRun x.\n\n" + "".join(f"Line {at}.\n" for at in range(4_000))
    change = block("Install\n=======\nRun x.", "Install\n=======\nRun y.")
    edited = Edited(change, text=text, path="/project/README.rst", language="restructuredtext")
    outcome = await edited.refactor(((0, 0), (4_004, 0)), "say y")
    assert edited.after(outcome) == text.replace("Run x.", "Run y.")
