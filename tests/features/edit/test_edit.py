"""Edits with a scripted engine: what is asked, what is accepted, what is refused and why."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from leanwide.context.view import View, split_lines
from leanwide.engine.requests import CancelToken, Piece
from leanwide.engine.scripted import SCRIPTED_MODEL, ScriptedEngine
from leanwide.engine.specs import LaneInfo
from leanwide.features.ask.selection import Selection
from leanwide.features.edit.add_documentation import document
from leanwide.features.edit.assignment import EditContext, EditOutcome
from leanwide.features.edit.edit import edit_again
from leanwide.features.edit.fix import Diagnostic, fix
from leanwide.features.edit.refactor import refactor
from leanwide.features.edit.write_test import write_test
from leanwide.features.session import Backend, Session
from leanwide.modes.machine import LaneSpeed, MachineState, Rate
from leanwide.modes.profile import Mode
from leanwide.modes.router import Task
from leanwide.postprocess.splice import applied
from leanwide.syntax import Position
from tests.features.editor import PROFILES, until
from tests.index.folders import area_of

SOURCE = '''\
import json


class Store:
    """Settings."""

    def get(self, name):
        value = json.loads(self.text)[name]
        return value

    def put(self, name, value):
        self.settings[name] = value
'''
GET = ((6, 0), (9, 0))
PUT = ((11, 8), (11, 8))


class ServerEngine(ScriptedEngine):
    """Runs its lanes at a server, where no answer can be begun."""

    @property
    def lanes(self) -> tuple[LaneInfo, ...]:
        return tuple(attrs.evolve(lane, url="http://box:8080") for lane in super().lanes)


class Edited:
    """One document, and an engine that gives scripted answers."""

    def __init__(
        self,
        *answers: str | tuple[str | Piece, ...],
        text: str = SOURCE,
        path: Path | str = "/project/store.py",
        language: str = "python",
        engine: ScriptedEngine | None = None,
    ) -> None:
        self.engine = engine or ScriptedEngine()
        self.engine.enqueue(
            *((answer,) if isinstance(answer, str) else answer for answer in answers)
        )
        self.session = Session(backend=Backend(engine=self.engine), profiles=PROFILES)
        self.text, self.path, self.language = text, Path(path), language
        self.shown: list[str] = []
        self.cancel = CancelToken()

    def place(self, start: tuple[int, int], end: tuple[int, int]) -> Selection:
        view = View(
            uri=self.path.as_uri(),
            path=str(self.path),
            language_id=self.language,
            version=7,
            lines=tuple(split_lines(self.text)),
            line=start[0],
            column=start[1],
        )
        return Selection(view=view, end=Position(*end))

    def context(self, task: Task) -> EditContext:
        return EditContext(
            task=task, session=self.session, cancel=self.cancel, show=self.shown.append
        )

    async def refactor(self, span: Any = GET, instruction: str = "use one line") -> EditOutcome:
        return await refactor(self.place(*span), instruction, self.context(Task.REFACTOR))

    async def document(self, span: Any = GET) -> EditOutcome:
        return await document(self.place(*span), self.context(Task.DOCUMENT))

    async def fix(self, *found: Diagnostic, span: Any = GET) -> EditOutcome:
        return await fix(self.place(*span), found, self.context(Task.FIX))

    async def test(
        self, span: Any = GET, opened: Callable[[str], Any] = lambda _: None
    ) -> EditOutcome:
        return await write_test(self.place(*span), opened, self.context(Task.TEST))

    @property
    def prompts(self) -> list[str]:
        return [record.prompt for record in self.session.journal.records]

    def after(self, outcome: EditOutcome) -> str:
        """The document with the change."""
        assert outcome.change is not None, outcome.markdown
        assert outcome.markdown == ""
        return "".join(applied(outcome.change.lines, outcome.change.edits))


def fenced(code: str) -> str:
    return f"Here it is:\n\n```python\n{code}\n```\n"


SHORT_GET = "def get(self, name):\n    return json.loads(self.text)[name]"


# Refactor


async def test_only_the_code_is_replaced_and_its_indentation_stays():
    edited = Edited(fenced(SHORT_GET))
    outcome = await edited.refactor()
    before = "        value = json.loads(self.text)[name]\n        return value\n"
    after = "        return json.loads(self.text)[name]\n"
    assert edited.after(outcome) == SOURCE.replace(before, after)
    assert outcome.change is not None
    (edit,) = outcome.change.edits
    assert (edit.start, edit.end) == ((7, 0), (9, 0))
    assert outcome.change.version == 7


async def test_the_model_reads_the_code_its_surroundings_and_the_instruction():
    edited = Edited(fenced(SHORT_GET))
    await edited.refactor(instruction=" use <|im_end|> one line\n")
    (request,) = edited.engine.requests
    system, user = (piece for piece in request.prompt if isinstance(piece, str))
    assert "change code" in system
    assert user == (
        "From the file store.py:\n\n```python\nimport json\nclass Store:\n```\n\n"
        "Change this code: use <|im_end|> one line\n\n"
        "```python\n    def get(self, name):\n        value = json.loads(self.text)[name]\n"
        "        return value\n```"
    )


async def test_the_answer_streams_and_is_stopped_after_its_code():
    answer = ("Sure:\n", "```python\n", SHORT_GET, "\n```\n", "And now ", "I talk on.")
    edited = Edited(answer)
    outcome = await edited.refactor()
    assert "".join(edited.shown) == "".join(answer[:4])
    assert "the code is complete" in outcome.records[-1].reason
    assert edited.engine.cancelled == edited.engine.requests
    assert edited.after(outcome)


@pytest.mark.parametrize(
    "answer",
    [SHORT_GET, f"```python\n{SHORT_GET}", f"```\n{SHORT_GET}\n```", f"~~~py\n{SHORT_GET}\n~~~"],
)
async def test_code_without_a_complete_fence_is_accepted(answer):
    edited = Edited(answer)
    assert "        return json.loads" in edited.after(await edited.refactor())


async def test_tabs_and_line_endings_are_the_documents():
    text = "class A:\r\n\tdef f(self):\r\n\t\tif self.x:\r\n\t\t\treturn 1\r\n"
    edited = Edited(fenced("def f(self):\n    if self.y:\n        return 2"), text=text)
    after = edited.after(await edited.refactor(PUT_TABS))
    assert after == "class A:\r\n\tdef f(self):\r\n\t\tif self.y:\r\n\t\t\treturn 2\r\n"


PUT_TABS = ((1, 0), (4, 0))


async def test_a_last_line_without_an_ending_stays_so():
    edited = Edited(fenced("x = 2"), text="y = 1\nx = 1")
    assert edited.after(await edited.refactor(((1, 0), (1, 5)))) == "y = 1\nx = 2"


async def test_text_in_strings_is_not_indented():
    code = 'def f():\n    return """\n a\nb"""'
    edited = Edited(fenced(code), text="class A:\n    def f():\n        return 1\n")
    after = edited.after(await edited.refactor(((1, 0), (3, 0))))
    assert after == 'class A:\n    def f():\n        return """\n a\nb"""\n'


@pytest.mark.parametrize(
    "row", ["    <SkeletonRow />\n", "    <td></td>\n" * 2, "    null, null,\n"]
)
async def test_code_that_repeats_itself_may_be_repeated(row):
    text = f"return (\n  <>\n{row * 5}    <Footer />\n  </>\n);\n"
    answer = f"```tsx\n{text.replace('Footer', 'Header')}```\n"
    pieces = tuple(answer[at : at + 3] for at in range(0, len(answer), 3))
    edited = Edited(pieces, text=text, path="/project/a.txt", language="plaintext")
    outcome = await edited.refactor(((0, 0), (text.count("\n"), 0)), "use Header")
    assert edited.after(outcome) == text.replace("Footer", "Header")


async def test_a_mistake_is_shown_to_the_model_which_gets_another_attempt():
    edited = Edited(fenced("def get(self, name:\n    return 1"), fenced(SHORT_GET))
    outcome = await edited.refactor()
    assert "return json.loads" in edited.after(outcome)
    assert len(outcome.records) == 2
    assert "That cannot be used. It does not parse: see `def get(self, name:`." in edited.prompts[1]
    assert edited.prompts[1].startswith(edited.prompts[0])
    assert "Once more" in "".join(edited.shown)


async def test_two_mistakes_are_refused_and_the_text_is_not_lost():
    edited = Edited(fenced("def get(("), fenced("def get(self:"))
    outcome = await edited.refactor()
    assert outcome.change is None
    assert outcome.markdown.startswith("It does not parse")
    assert "def get(self:" in outcome.markdown
    assert len(edited.engine.requests) == 2


async def test_code_that_did_not_parse_before_may_stay_so():
    edited = Edited(fenced("def f(:\n    return 2"), text="def f(:\n    return 1\n")
    assert edited.after(await edited.refactor(((0, 0), (2, 0)))) == "def f(:\n    return 2\n"


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("", "The model gave no code."),
        ("```python\n```\n", "The model gave no code."),
        (fenced("\n".join(SOURCE.splitlines()[6:9])), "The model would change nothing."),
    ],
)
async def test_an_answer_without_a_change_is_a_sentence(answer, sentence):
    edited = Edited((answer,) if answer else ())
    outcome = await edited.refactor()
    assert outcome.change is None
    assert outcome.markdown.startswith(sentence)
    assert sentence in "".join(edited.shown)
    assert len(edited.engine.requests) == 1


async def test_an_answer_that_repeats_itself_is_not_applied():
    edited = Edited(("```python\n", *["value = value + one\n"] * 200))
    outcome = await edited.refactor()
    assert outcome.change is None
    assert outcome.markdown.startswith("The answer is not complete: it began to repeat itself.")


@pytest.mark.parametrize(
    ("text", "path", "sentence"),
    [
        (" \n\t\n", "/a.py", "white space"),
        ("a\0b\n", "/a.py", "is binary"),
        ("KEY=1\n", "/project/.env", "never enters a prompt"),
    ],
)
@pytest.mark.parametrize("command", ["refactor", "document", "fix", "test"])
async def test_without_code_to_edit_the_answer_is_a_sentence(text, path, sentence, command):
    edited = Edited(text=text, path=path)
    outcome: EditOutcome = await getattr(edited, command)(span=((0, 0), (0, 1)))
    assert outcome.change is None
    assert sentence in outcome.markdown
    assert edited.engine.requests == []


async def test_a_selection_that_is_too_long_is_refused_with_what_would_fit():
    values = "".join(f"    value_{number} = {number}\n" for number in range(10_000))
    edited = Edited(text=f"def f():\n{values}", engine=ServerEngine())
    outcome = await edited.document(((0, 0), (10_001, 0)))
    assert outcome.markdown == (
        "This is too long to edit: at most 1,024 tokens fit, and all are needed. Select less."
    )
    assert [request.max_tokens for request in edited.engine.requests] == []


def decodes(per_second: float) -> MachineState:
    return MachineState(lane_speeds={"wide": LaneSpeed(decode=Rate((), per_second))})


async def test_an_edit_that_would_miss_its_deadline_is_refused_at_once():
    edited = Edited(fenced("def get(self): ..."))
    edited.session.backend.machine = decodes(0.5)
    outcome = await edited.refactor()
    assert outcome.change is None
    assert re.fullmatch(
        r"This takes about \d+ s on this machine, and an answer may take 120 s: "
        r"select less, or raise modes\.think\.deadline_ms\.",
        outcome.markdown,
    )
    assert [request.max_tokens for request in edited.engine.requests] == []


async def test_a_slow_machine_gives_an_edit_what_its_lines_need():
    text = "".join(f"first_value_{number} = second_value_{number}\n" for number in range(40))
    edited = Edited(fenced("x = 1"), text=text)
    edited.session.backend.machine = decodes(6)
    await edited.refactor(((0, 0), (40, 0)))
    code = sum(-(-len(line) // 4) for line in text.splitlines(keepends=True))
    assert edited.engine.requests[0].max_tokens >= code * 5 // 4
    assert code * 5 // 4 > PROFILES[Mode.THINK].output_tokens // 4


async def test_an_editor_that_cannot_create_files_gets_a_sentence_at_once(tmp_path):
    file = tmp_path / "store.py"
    edited = Edited(fenced(TEST), path=str(file))
    context = attrs.evolve(edited.context(Task.TEST), creates=False)
    outcome = await write_test(edited.place(*GET), lambda _: None, context)
    assert re.fullmatch(
        r"This editor cannot create .*test_store\.py: create it empty, and ask again\.",
        outcome.markdown,
    )
    assert edited.engine.requests == []


async def test_an_answer_may_repeat_lines_of_the_code():
    edited = Edited(fenced(SHORT_GET))
    await edited.refactor()
    assert edited.engine.requests[0].sampling.repeat_penalty == 1


async def test_a_cancelled_edit_ends_and_is_recorded():
    edited = Edited(fenced(SHORT_GET))
    edited.engine.pause()
    asking = asyncio.create_task(edited.refactor())
    await until(lambda: bool(edited.engine.requests))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert "cancelled" in edited.session.journal.records[-1].reason


async def test_heads_that_the_answer_repeats_are_left_out():
    said = "import json\n\n\nclass Store:\n    def get(self, name):\n        return 1"
    after = Edited(fenced(said))
    outcome = await after.refactor()
    assert after.after(outcome).count("class Store") == 1
    assert "    def get(self, name):\n        return 1\n\n    def put" in after.after(outcome)


GO = """\
package cart

import (
\t"errors"
\t"fmt"
)

func (c *Cart) Add(item Item) error {
\tif len(c.items) > 9 {
\t\treturn errors.New("full")
\t}
\treturn nil
}
"""
JAVASCRIPT = """\
class Cart {
  add(item) {
    this.items.push(item);
  }

  total() {
    var sum = 0;
    return sum;
  }
}
"""


async def test_what_stands_above_already_is_cut():
    code = GO.replace("> 9", "> 10")
    edited = Edited(f"```go\n{code}```", text=GO, path="/project/cart.go", language="go")
    outcome = await edited.refactor(((8, 4), (8, 4)))
    assert edited.after(outcome) == code
    assert len(outcome.records) == 1


async def test_the_method_is_taken_out_of_its_class():
    answer = (
        "```javascript\nclass Cart {\n  total() {\n    let sum = 0;\n    return sum;\n  }\n}\n```"
    )
    edited = Edited(answer, text=JAVASCRIPT, path="/project/cart.js", language="javascript")
    found = Diagnostic(first=6, last=6, message="Unexpected var.")
    outcome = await edited.fix(found, span=((6, 4), (6, 4)))
    assert edited.after(outcome) == JAVASCRIPT.replace("var", "let")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
async def test_a_new_import_goes_to_the_imports(newline):
    answer = "from pathlib import Path\nimport json\n\nclass Store:\n    def get(self, name):\n"
    text = SOURCE.replace("\n", newline)
    edited = Edited(fenced(f"{answer}        return Path(name)"), text=text)
    after = edited.after(await edited.refactor())
    assert after.startswith(newline.join(("import json", "from pathlib import Path", "", "")))
    assert f"        return Path(name){newline}{newline}    def put" in after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("def f():\n    return 1\n", "import io\n\ndef f():\n    return io\n"),
        (
            '#!/bin/python\n"""A."""\n\n\ndef f():\n    return 1\n',
            '#!/bin/python\n"""A."""\n\n\nimport io\n\ndef f():\n    return io\n',
        ),
        ("import a\ndef f():\n    return 1\n", "import a\nimport io\ndef f():\n    return io\n"),
    ],
)
async def test_a_file_without_imports_gets_one(text, after):
    edited = Edited(fenced("import io\n\ndef f():\n    return io"), text=text)
    line = text.count("\n") - 1
    assert edited.after(await edited.refactor(((line, 4), (line, 4)))) == after


async def test_a_name_is_not_imported_from_two_modules():
    text = 'package a\n\nimport "math/rand"\n\nfunc A(b []byte) {\n\trand.Int()\n}\n'
    code = "func A(b []byte) {\n\trand.Read(b)\n}"
    other = f'```go\npackage a\n\nimport "crypto/rand"\n\n{code}\n```'
    edited = Edited(other, f"```go\n{code}\n```", text=text, path="/project/a.go", language="go")
    outcome = await edited.refactor(((4, 0), (7, 0)))
    assert edited.after(outcome) == text.replace("rand.Int()", "rand.Read(b)")
    assert "`rand` is imported from two places." in edited.prompts[1]


async def test_an_import_of_all_names_is_corrected():
    """It would give other names of the file another meaning."""
    code = "def f(rows: Iterable[int]):\n    return list(rows)"
    edited = Edited(
        fenced(f"from typing import *\n\n{code}"),
        fenced(f"from typing import Iterable\n\n{code}"),
        text="import io\n\n\ndef f(rows):\n    return list(rows)\n",
    )
    after = edited.after(await edited.refactor(((3, 0), (5, 0))))
    assert after == f"import io\nfrom typing import Iterable\n\n\n{code}\n"
    assert "`from typing import *` may hide other names of the file" in edited.prompts[1]


async def test_an_import_of_all_names_that_is_there_stays():
    text = "from typing import *\n\n\ndef f(rows: Iterable):\n    return rows\n"
    edited = Edited(fenced("def f(rows: Iterable):\n    return list(rows)"), text=text)
    after = edited.after(await edited.refactor(((3, 0), (5, 0))))
    assert after == text.replace("return rows", "return list(rows)")


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (
            "from app.models import *\n\nprint(User)\n",
            "from core.models import *\n\nprint(User)\n",
        ),
        ("from .models import *\n", "from .models import *\nfrom .views import *\n"),
        ("from tkinter import (*)\n\nTk()\n", "from tkinter import *\n\nTk()\n"),
    ],
)
async def test_an_import_of_all_names_can_be_asked_for(text, after):
    edited = Edited(fenced(after), text=text, path="/project/__init__.py")
    assert edited.after(await edited.refactor(ALL)) == after


@pytest.mark.parametrize(
    ("language", "top", "inner", "moved"),
    [
        ("python", "import os\n", "import json", "import json\n"),
        ("python", "from json import dumps, loads\n", "from json import loads", ""),
        ("rust", "use std::fs;\n", "use std::cmp::{max, min};", "use std::cmp::{max, min};\n"),
        (
            "javascript",
            'const os = require("os");\n',
            'const fs = require("fs");',
            'const fs = require("fs");\n',
        ),
    ],
)
async def test_an_import_moves_out_of_a_function_to_the_top(language, top, inner, moved):
    head, end = {
        "python": ("def f(a):", ""),
        "rust": ("fn f(a: u8) -> u8 {", "}\n"),
        "javascript": ("function f(a) {", "}\n"),
    }[language]
    text = f"{top}\n{head}\n    {inner}\n    return a\n{end}"
    code = text.removeprefix(f"{top}\n").replace(f"    {inner}\n", "")
    edited = Edited(fenced(f"{inner}\n\n{code}"), text=text, path="/a", language=language)
    outcome = await edited.refactor(((2, 0), (99, 0)), "move the import to the top")
    assert edited.after(outcome) == f"{top}{moved}\n{code}"


async def test_a_name_that_may_mean_two_things_is_imported_twice():
    """A trait, and the macro that derives it."""
    text = "use std::error::Error;\n\nfn f(e: &dyn Error) {}\n\nstruct Broken;\n"
    code = "#[derive(Debug, Error)]\nstruct Broken;"
    answer = f"```rust\nuse thiserror::Error;\n\n{code}\n```"
    edited = Edited(answer, text=text, path="/project/a.rs", language="rust")
    assert edited.after(await edited.refactor(((4, 0), (5, 0)))) == text.replace(
        "Error;\n\n", "Error;\nuse thiserror::Error;\n\n"
    ).replace("struct Broken;", code)


async def test_what_a_compiler_refuses_is_a_mistake_that_the_model_may_correct():
    taken = "def get(self, name):\n    pass\n\ndef get(self, name):\n    return 1"
    edited = Edited(fenced(taken), fenced(SHORT_GET))
    assert "return json.loads" in edited.after(await edited.refactor())
    assert "That cannot be used. `get` is defined twice." in edited.prompts[1]


async def test_selected_lines_that_move_out_of_their_function_are_not_lost():
    moved = "def loaded(text):\n    value = json.loads(self.text)[name]\n    return value"
    edited = Edited(fenced(f"{moved}\n\n\ndef get(self, name):\n    return loaded(self.text)"))
    assert (await edited.refactor(((7, 0), (9, 0)))).change is None
    assert "`value = json.loads(self.text)[name]` stands outside of them." in edited.prompts[1]


async def test_the_model_reads_which_definition_is_missing():
    other = "class Store:\n    def put(self, name, value):\n        self.settings[name] = value"
    edited = Edited(fenced(other), fenced(SHORT_GET))
    assert "return json.loads" in edited.after(await edited.refactor())
    assert "The method `get` is missing." in edited.prompts[1]


# Document, where the model writes all of the code


class Written(Edited):
    """An edit at a server."""

    def __init__(self, *answers: str, **place: Any) -> None:
        super().__init__(*answers, engine=ServerEngine(), **place)


DOCUMENTED = (
    'def get(self, name):\n    """Give a setting."""\n'
    "    value = json.loads(self.text)[name]\n    return value"
)
WITH_DOC = SOURCE.replace(
    "name):\n        value", 'name):\n        """Give a setting."""\n        value'
)


@pytest.mark.parametrize(
    "code",
    [
        DOCUMENTED,
        DOCUMENTED.replace("return value", "return value + 1"),  # its code is not used
        'def get(self, name):\n    """Give a setting."""\n    ...',
        '"""Give a setting."""',
        'x = (\n"""Give a setting."""\n)\ndef get(self):\n    """Give a setting."""',
    ],
)
@pytest.mark.parametrize("span", [GET, ((7, 10), (7, 10))])
async def test_only_documentation_is_added(code, span):
    edited = Written(fenced(code))
    assert edited.after(await edited.document(span)) == WITH_DOC


async def test_a_docstring_alone_is_indented_as_one():
    edited = Written(fenced('"""A.\n\n    b\n      c\n    """'), text="def f():\n  return 1\n")
    after = edited.after(await edited.document(((0, 0), (2, 0))))
    assert after == 'def f():\n  """A.\n\n  b\n    c\n  """\n  return 1\n'


async def test_comments_stay():
    text = "def f():\n    # why\n    return 1\n"
    edited = Written(fenced('def f():\n    """One."""\n    return 1'), text=text)
    after = edited.after(await edited.document(((0, 0), (3, 0))))
    assert after == 'def f():\n    # why\n    """One."""\n    return 1\n'


async def test_all_of_a_class_can_be_documented_at_once():
    text = "class A:\n    def f(self):\n        return 1\n"
    code = 'class A:\n    """A."""\n\n    def f(self):\n        """F."""\n        return 1'
    edited = Written(fenced(code), text=text)
    assert edited.after(await edited.document(((0, 0), (3, 0)))) == f"{code}\n"


async def test_if_code_changed_too_documentation_goes_to_the_definition_of_its_name():
    text = "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"
    code = (
        'class A:\n    def g(self):\n        """G."""\n        return 3\n\n'
        '    def f(self):\n        """F."""\n        return 4'
    )
    edited = Written(fenced(code), text=text)
    assert edited.after(await edited.document(((0, 0), (6, 0)))) == (
        'class A:\n    def f(self):\n        """F."""\n        return 1\n\n'
        '    def g(self):\n        """G."""\n        return 2\n'
    )


async def test_a_selected_head_means_its_definition():
    edited = Written(fenced(DOCUMENTED))
    assert edited.after(await edited.document(((6, 0), (7, 0)))) == WITH_DOC


async def test_documentation_goes_above_what_stands_above_a_selected_head():
    text = "@Component({\n  a: 1,\n})\nexport class A {\n  b = 1;\n}\n"
    answer = "```ts\n/** A. */\nexport class A {\n  b = 1;\n}\n```"
    edited = Written(answer, text=text, path="/project/a.ts", language="typescript")
    assert edited.after(await edited.document(((3, 0), (4, 0)))) == f"/** A. */\n{text}"


async def test_existing_documentation_is_replaced():
    edited = Written(fenced('"""Better."""'), text=WITH_DOC)
    after = edited.after(await edited.document())
    assert after == WITH_DOC.replace("Give a setting.", "Better.")


@pytest.mark.parametrize(
    ("language", "text", "answer", "after"),
    [
        (
            "typescript",
            "class A {\n  /** Old. */\n  get(n: string) {\n    return n;\n  }\n}\n",
            "/**\n * New.\n */\nget(n: string) { return 2; }",
            "class A {\n  /**\n   * New.\n   */\n  get(n: string) {\n    return n;\n  }\n}\n",
        ),
        (
            "rust",
            "#[test]\nfn a() {\n    b();\n}\n",
            "/// Calls b.\nfn a() {\n    b();\n}",
            "/// Calls b.\n#[test]\nfn a() {\n    b();\n}\n",
        ),
        (
            "go",
            "package a\n\nfunc F() int {\n\treturn 1\n}\n",
            "// F gives\n// one.\n",
            "package a\n\n// F gives\n// one.\nfunc F() int {\n\treturn 1\n}\n",
        ),
        (
            "java",
            "class A {\n    int f() {\n        return 1;\n    }\n}\n",
            "/**\n * Gives one.\n */\nint f() {\n    return 1;\n}",
            "class A {\n    /**\n     * Gives one.\n     */\n    int f() {\n        return 1;\n"
            "    }\n}\n",
        ),
        (
            "go",
            "package a\n\n//go:noinline\nfunc F() {\n}\n",
            "// F is.\n",
            "package a\n\n// F is.\n//go:noinline\nfunc F() {\n}\n",
        ),
        # as gofmt writes it
        (
            "go",
            "package a\n\n//go:noinline\nfunc F() {\n}\n",
            "// F is.\n//\n//go:noinline\nfunc F() {\n}",
            "package a\n\n// F is.\n//\n//go:noinline\nfunc F() {\n}\n",
        ),
        (
            "go",
            "package a\n\n// Old.\n//go:noinline\nfunc F() {\n}\n",
            "// F is.\nfunc F() {\n}",
            "package a\n\n// F is.\n//go:noinline\nfunc F() {\n}\n",
        ),
        (
            "rust",
            "#![no_std]\n/// Old.\n#[derive(Debug)]\nstruct A {\n    x: u8,\n}\n",
            "/// New.\nstruct A {\n    x: u8,\n}",
            "#![no_std]\n/// New.\n#[derive(Debug)]\nstruct A {\n    x: u8,\n}\n",
        ),
        (
            "lua",
            "--- Old.\n-- @param x X\nlocal function a(x)\n  return x\nend\n",
            "--- New.\n-- @param x The x.\n-- @return x\nlocal function a(x)\n  return x\nend",
            "--- New.\n-- @param x The x.\n-- @return x\nlocal function a(x)\n  return x\nend\n",
        ),
        (
            "csharp",
            "class A\n{\n    [Pure]\n    int F()\n    {\n        return 1;\n    }\n}\n",
            "/// <summary>One.</summary>\n[Pure]\nint F()\n{\n    return 1;\n}",
            "class A\n{\n    /// <summary>One.</summary>\n    [Pure]\n    int F()\n    {\n"
            "        return 1;\n    }\n}\n",
        ),
        (
            "shellscript",
            "#!/bin/sh\nf() {\n  echo 1\n}\n",
            "# Says one.\nf() {\n  echo 1\n}",
            "#!/bin/sh\n# Says one.\nf() {\n  echo 1\n}\n",
        ),
    ],
)
async def test_each_language_has_its_convention(language, text, answer, after):
    edited = Written(f"```\n{answer}\n```", text=text, path="/project/a", language=language)
    line = next(at for at, row in enumerate(text.splitlines()) if "(" in row)
    assert edited.after(await edited.document(((line, 4), (line, 4)))) == after


async def test_an_answer_without_documentation_gets_another_attempt():
    edited = Written(fenced("# Give a setting."), fenced(DOCUMENTED))
    assert edited.after(await edited.document()) == WITH_DOC
    assert "a docstring as PEP 257 has it is wanted" in edited.prompts[1]


@pytest.mark.parametrize(
    ("text", "language", "sentence"),
    [
        ("x = 1\n", "python", "nothing is defined"),
        ("hello\n", "plaintext", "is not known"),
        ('{"a": 1}\n', "json", "is not known"),
    ],
)
async def test_where_nothing_can_be_documented(text, language, sentence):
    edited = Edited(text=text, language=language, path="/project/a")
    outcome = await edited.document(((0, 0), (1, 0)))
    assert sentence in outcome.markdown
    assert edited.engine.requests == []


async def test_a_body_on_the_line_of_its_head_gets_no_docstring():
    edited = Written(fenced('"""One."""'), text="def f(): return 1\n")
    outcome = await edited.document(((0, 0), (1, 0)))
    assert outcome.markdown.startswith("f has its body on its first line")


# Document, where the answer is begun

GET_HEAD = "```python\n    def get(self, name):\n        "


async def test_the_model_writes_the_documentation_alone():
    edited = Edited(("Give a setting.", '"""\n', "        value = 1\n", "I talk on."))
    assert edited.after(await edited.document()) == WITH_DOC
    (request,) = edited.engine.requests
    assert request.prompt[-1] == f'{GET_HEAD}"""'
    assert request.thinking is None
    assert edited.engine.cancelled == [request]
    assert "".join(edited.shown) == f'{GET_HEAD}"""Give a setting."""\n```\n'
    assert request.max_tokens < 160


JS_METHOD = "class A {\n  get(n) {\n    return n;\n  }\n}\n"
RUST_METHOD = "impl A {\n    #[inline]\n    fn a() {\n        b();\n    }\n}\n"
GO_METHOD = "package a\n\n//go:noinline\nfunc (s *S) F() int {\n\treturn 1\n}\n"


@pytest.mark.parametrize(
    ("language", "text", "begins", "answer", "after"),
    [
        (
            "python",
            "@a\ndef f(\n    b,\n):\n    # why\n    return b\n",
            '@a\ndef f(\n    b,\n):\n    # why\n    """',
            'Give b.\n\n    Args:\n        b: It.\n    """',
            '@a\ndef f(\n    b,\n):\n    # why\n    """Give b.\n\n    Args:\n        b: It.\n'
            '    """\n    return b\n',
        ),
        (
            "python",
            'def f():\n\t"""Old."""\n\treturn 1\n',
            'def f():\n\t"""',
            'Give \\""" and "one"\n',
            'def f():\n\t"""Give \\""" and "one" """\n\treturn 1\n',
        ),
        (
            "javascript",
            JS_METHOD,
            "  /**\n   *",
            " Gives n.\n\n@param {string} n The **n**.\n*/",
            JS_METHOD.replace(
                "  get",
                "  /**\n   * Gives n.\n   *\n   * @param {string} n The **n**.\n   */\n  get",
            ),
        ),
        (
            "javascript",
            "function f() {\n}\n",
            "/**\n *",
            " Reads **\\*/\nfunction f() {\n}\n/* that */",
            "/**\n * Reads **\\\n */\nfunction f() {\n}\n",
        ),
        (
            "rust",
            RUST_METHOD,
            "    ///",
            " Calls b.\n///\n/// ```\n/// a();\n    /// ```\n    #[inline]\n",
            RUST_METHOD.replace(
                "    #[",
                "    /// Calls b.\n    ///\n    /// ```\n    /// a();\n    /// ```\n    #[",
            ),
        ),
        (
            "rust",
            RUST_METHOD,
            "    ///",
            " Calls b.\n    ///\n    /// ```\n    /// a();\n    fn a() {\n",
            RUST_METHOD.replace(
                "    #[",
                "    /// Calls b.\n    ///\n    /// ```\n    /// a();\n    /// ```\n    #[",
            ),
        ),
        (
            "go",
            GO_METHOD,
            "// F",
            " is\n// one.\n//go:noinline\n",
            GO_METHOD.replace("//go", "// F is\n// one.\n//go"),
        ),
        (
            "csharp",
            "class A\n{\n    [Pure]\n    int F()\n    {\n        return 1;\n    }\n}\n",
            "    /// <summary>\n    ///",
            " One.\n    /// </summary>\n    int F()",
            "class A\n{\n    /// <summary>\n    /// One.\n    /// </summary>\n    [Pure]\n"
            "    int F()\n    {\n        return 1;\n    }\n}\n",
        ),
        (
            "python",
            'def f():\n    r"""Match \\d."""\n    return 1\n',
            'def f():\n    """',
            'Match \\d in C:\\Users."""',
            'def f():\n    r"""Match \\d in C:\\Users."""\n    return 1\n',
        ),
        (
            "python",
            "def f():\n    return 1\n",
            'def f():\n    """',
            'End in \\\\"""\n    return 1\n',
            'def f():\n    """End in \\\\ """\n    return 1\n',
        ),
        (
            "csharp",
            "record P(int X);\n",
            "/// <summary>\n///",
            ' One.\n/// <param name="X">The x.</param>\nrecord',
            '/// <summary>\n/// One.\n/// </summary>\n/// <param name="X">The x.</param>\n'
            "record P(int X);\n",
        ),
        (
            "lua",
            "local function a(x)\n  return x\nend\n",
            "---",
            " New.\n--- @param x The x.\n---@return x\nlocal function",
            "--- New.\n-- @param x The x.\n-- @return x\nlocal function a(x)\n  return x\nend\n",
        ),
        (
            "lua",
            "local function a(x)\n  return x\nend\n",
            "---",
            " New.\n-- @param x The x.\n```\nThat is all.",
            "--- New.\n-- @param x The x.\nlocal function a(x)\n  return x\nend\n",
        ),
        (
            "php",
            "<?php\nfunction a($x) {\n    return $x;\n}\n",
            "/**\n *",
            " Gives x.\n```",
            "<?php\n/**\n * Gives x.\n */\nfunction a($x) {\n    return $x;\n}\n",
        ),
        (
            "shellscript",
            "#!/bin/sh\nf() {\n  echo 1\n}\n",
            "#",
            " Says one.",
            "#!/bin/sh\n# Says one.\nf() {\n  echo 1\n}\n",
        ),
    ],
)
async def test_documentation_is_begun_as_each_language_has_it(
    language, text, begins, answer, after
):
    edited = Edited(answer, text=text, path="/project/a", language=language)
    line = next(at for at, row in enumerate(text.splitlines()) if "(" in row)
    column = len(text.splitlines()[line]) - 1
    assert edited.after(await edited.document(((line, column), (line, column)))) == after
    (request,) = edited.engine.requests
    fence, _, beginning = str(request.prompt[-1]).partition("\n")
    assert fence.startswith("```")
    assert beginning == begins


@pytest.mark.parametrize(
    ("language", "text", "span"),
    [
        ("python", SOURCE, ((3, 0), (12, 0))),
        ("python", "def f(): return 1\n", ((0, 0), (1, 0))),
        ("python", "def f():\n    return 1\n\n\ndef g():\n    return 2\n", ((0, 0), (6, 0))),
    ],
)
async def test_several_definitions_are_written_by_the_model(language, text, span):
    edited = Edited("x", text=text, language=language)
    await edited.document(span)
    assert "assistant" in str(edited.engine.requests[0].prompt[-1])


async def test_of_a_function_within_a_function_only_the_outer_one_is_documented():
    text = "def f():\n    def g():\n        return 1\n    return g\n"
    edited = Edited('Give g."""', text=text)
    after = edited.after(await edited.document(((0, 0), (4, 0))))
    assert after == text.replace("f():\n", 'f():\n    """Give g."""\n')


async def test_a_model_that_thinks_begins_its_answer_itself():
    template = (
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}<think></think><assistant>"
    )
    model = attrs.evolve(SCRIPTED_MODEL, chat_template=template)
    edited = Edited(fenced(DOCUMENTED), engine=ScriptedEngine(model))
    assert edited.after(await edited.document()) == WITH_DOC
    assert edited.engine.requests[0].thinking is not None


async def test_documentation_that_says_nothing_is_asked_for_again():
    edited = Edited('"""\n', 'Give a setting."""\n')
    assert edited.after(await edited.document()) == WITH_DOC
    assert "a docstring as PEP 257 has it is wanted" in edited.prompts[1]
    assert edited.engine.requests[1].prompt[-1] == f'{GET_HEAD}"""'


@pytest.mark.parametrize(
    ("language", "text", "answer"),
    [
        ("javascript", "function f() {\n}\n", "/\nfunction f() {\n}\n```\n"),
        ("csharp", "class A {\n}\n", "\n/// </summary>\nclass A {\n"),
    ],
)
async def test_a_comment_that_is_closed_at_once_says_nothing(language, text, answer):
    edited = Edited(answer, answer, text=text, path="/project/a", language=language)
    outcome = await edited.document(((0, 0), (2, 0)))
    assert outcome.change is None
    assert outcome.markdown.startswith("There is no documentation in it")


@pytest.mark.parametrize(
    "more", ["\n", "", "\n        return value\n```\n", '\n\n    def a():\n        """A."""\n']
)
async def test_documentation_that_is_not_closed_ends_where_the_code_goes_on(more):
    edited = Edited(f"Give a setting.\n        value = json.loads(self.text)[name]{more}")
    assert edited.after(await edited.document()) == WITH_DOC


async def test_an_example_in_documentation_may_be_the_code_below_it():
    answer = 'Give x.\n\n    Example::\n\n        x = 1\n    """'
    edited = Edited(answer, text="def f():\n    x = 1\n")
    after = edited.after(await edited.document(((0, 0), (2, 0))))
    assert after == f'def f():\n    """{answer}\n    x = 1\n'


async def test_a_comment_that_is_not_closed_ends_where_the_code_goes_on():
    answer = " Gives n.\n  get(n) {\n    return n;\n  }\n}\n```"
    edited = Edited(answer, text=JS_METHOD, path="/project/a", language="javascript")
    after = edited.after(await edited.document(((1, 9), (1, 9))))
    assert after == JS_METHOD.replace("  get", "  /**\n   * Gives n.\n   */\n  get")


async def test_other_documentation_can_be_asked_for():
    edited = Edited('Give a setting."""', 'Read one setting."""')
    first = await edited.document()
    assert first.attempt is not None
    context = attrs.evolve(edited.context(Task.DOCUMENT), hint="Say that it is read.")
    again = await edit_again(first.attempt, context)
    assert again is not None
    assert edited.after(again) == WITH_DOC.replace("Give a", "Read one")
    assert f'{GET_HEAD}"""Give a setting."""\n```' in edited.prompts[1]
    assert edited.engine.requests[1].prompt[-1] == f'{GET_HEAD}"""'


async def test_long_code_can_be_documented():
    text = "def f():\n" + "".join(f"    value_{number} = {number}\n" for number in range(240))
    edited = Edited('Set values."""', text=text)
    edited.session.backend.machine = decodes(6)
    after = edited.after(await edited.document(((0, 0), (241, 0))))
    assert after == text.replace("f():\n", 'f():\n    """Set values."""\n')


# Fix


async def test_the_model_reads_the_diagnostics():
    edited = Edited(fenced(SHORT_GET))
    outcome = await edited.fix(
        Diagnostic(first=7, last=7, message="`value` is\nassigned needlessly"),
        Diagnostic(first=0, last=0, message="unused import"),
    )
    assert "return json.loads" in edited.after(outcome)
    said = "- line 2, `value = json.loads(self.text)[name]`: `value` is assigned needlessly\n"
    assert said in edited.prompts[0]
    assert "unused import" not in edited.prompts[0]


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("x = `<|im_end|>`", "line 2, `` x = `<|im_end|>` ``"),
        (f"x = {'1' * 400}", f"line 2, `x = {'1' * 156}…`"),
        ("", "line 2"),
    ],
)
async def test_the_model_reads_the_line_of_a_diagnostic_as_text(line, place):
    edited = Edited(fenced("x = 2"), text=f"y = 1\n{line}\nz = 1\n")
    await edited.fix(Diagnostic(first=1, last=1, message="odd"), span=((0, 0), (3, 0)))
    (request,) = edited.engine.requests
    _, user = (piece for piece in request.prompt if isinstance(piece, str))
    assert f"- {place}: odd\n" in user


@pytest.mark.parametrize("found", [(), (Diagnostic(first=0, last=0, message="unused"),)])
async def test_without_a_diagnostic_of_the_lines_there_is_nothing_to_fix(found):
    edited = Edited()
    outcome = await edited.fix(*found)
    assert outcome.markdown.startswith("There is nothing to fix here")
    assert edited.engine.requests == []


# Prose, and languages without a parser

GUIDE = """\
# Settings

Where they are kept, and\x20\x20
how they are read.

```
store = Store("settings.json")
```

## Saving

- they are written whole,
    - or not at all;
- nothing else is.
"""
BETTER = GUIDE.replace("Where they are kept", "Where they live")
PROSE = [("guide.md", "markdown"), ("COMMIT_EDITMSG", "git-commit"), ("guide.rst", "plaintext")]
ALL = ((0, 0), (99, 0))
LINT = Diagnostic(first=0, last=2, message="line-length")


def guide(*answers: str, name: str = "guide.md", language: str = "markdown") -> Edited:
    return Edited(*answers, text=GUIDE, path=f"/project/{name}", language=language)


@pytest.mark.parametrize(("name", "language"), PROSE)
@pytest.mark.parametrize(
    "answer",
    [f"````markdown\n{BETTER}````\n", f"```markdown\n{BETTER}```", f"```markdown\n{BETTER}"],
)
async def test_prose_with_a_block_in_it_comes_back_whole(answer, name, language):
    edited = guide(answer, name=name, language=language)
    assert edited.after(await edited.refactor(ALL)) == BETTER
    assert "between two lines of ````" in edited.prompts[0]


@pytest.mark.parametrize(("name", "language"), PROSE)
@pytest.mark.parametrize("answer", [BETTER, "```\nstore = Store()\n```\n", "Fine as it is."])
async def test_a_code_block_in_prose_is_not_taken_for_the_whole_answer(answer, name, language):
    edited = guide(answer, answer, name=name, language=language)
    outcome = await edited.refactor(ALL)
    assert outcome.change is None
    assert answer.strip() in outcome.markdown
    assert len(outcome.records) == 2
    outcome = await guide(answer, answer, name=name, language=language).fix(LINT, span=ALL)
    assert outcome.change is None


async def test_much_shorter_prose_is_refused_unless_it_was_asked_for():
    short = "# Settings\n\nThey are written whole, or not at all."
    answer = f"````\n{short}\n````\n"
    outcome = await guide(answer, answer).refactor(ALL, "use British English")
    assert outcome.change is None
    assert "text would be lost" in outcome.markdown
    edited = guide(answer)
    assert edited.after(await edited.refactor(ALL, "make it shorter")) == short + "\n"


async def test_prose_with_an_open_block_is_refused():
    answer = "````\n" + BETTER.replace("```\n\n##", "\n##") + "````\n"
    outcome = await guide(answer, answer).refactor(ALL)
    assert outcome.change is None
    assert "A code block in it is not closed." in outcome.markdown


async def test_code_that_holds_fences_comes_back_whole():
    text = 'GUIDE = """\n```\nls\n```\n"""\nOTHER = 1\n'
    edited = Edited(f"```python\n{text.replace('ls', 'ls -l')}```", text=text)
    assert edited.after(await edited.refactor(ALL)) == text.replace("ls", "ls -l")


async def test_the_model_reads_which_heading_or_link_it_left_out():
    lost = BETTER.replace("## Saving\n", "")
    edited = guide(f"````markdown\n{lost}````\n", f"````markdown\n{BETTER}````\n")
    assert edited.after(await edited.refactor(ALL)) == BETTER
    assert "The heading `## Saving` is missing." in edited.prompts[1]
    edited = guide(f"````markdown\n{lost}````\n")
    assert edited.after(await edited.refactor(ALL, "drop the heading of saving")) == lost


async def test_a_commit_message_keeps_the_lines_that_git_leaves_out():
    text = "fix crash\n\n# Please enter the commit message.\n"
    edited = Edited(
        "````\nFix the crash\n````\n", text=text, path="/COMMIT_EDITMSG", language="git-commit"
    )
    after = edited.after(await edited.refactor(ALL, "use the imperative"))
    assert after == text.replace("fix crash", "Fix the crash")


async def test_json_stays_json_and_keeps_its_keys():
    text = '{\n  "name": "cart",\n  "main": "a.js"\n}\n'
    broken, lost = text.replace('a.js"', 'b.js",'), text.replace('  "name": "cart",\n', "")
    for answer in (broken, lost):
        edited = Edited(*2 * [fenced(answer)], text=text, path="/a.json", language="json")
        outcome = await edited.refactor(ALL, "call it b.js")
        assert outcome.change is None, answer
    assert "The key `name` is missing." in outcome.markdown


async def test_code_that_was_left_out_is_asked_for():
    edited = Edited(
        fenced("def get(self, name):\n    # ... rest of the code\n    return None"),
        fenced(SHORT_GET),
    )
    assert "return json.loads" in edited.after(await edited.refactor())
    assert "write what `# ... rest of the code` stands for" in edited.prompts[1]


KOTLIN = "".join(f"fun f{n}(a: Int): Int {{\n    return a + {n}\n}}\n" for n in range(9))


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (KOTLIN.replace("a: Int)", "a: Int", 1), "brackets do not balance"),
        (KOTLIN[:120], "text would be lost"),
    ],
)
async def test_code_without_a_grammar_is_checked_too(answer, sentence):
    answers = 2 * [f"```kotlin\n{answer}```\n"]
    edited = Edited(*answers, text=KOTLIN, path="/project/a.kt", language="kotlin")
    outcome = await edited.refactor(ALL)
    assert outcome.change is None
    assert sentence in outcome.markdown


# Test


def project(folder: Path, **files: str) -> Path:
    (folder / "store.py").write_text(SOURCE)
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.with_suffix(".py").write_bytes(text.encode())
    return folder / "store.py"


def in_project(folder: Path, *answers: str, exclude: tuple[str, ...] = (), **files: str) -> Edited:
    edited = Edited(*answers, path=project(folder, **files))
    edited.session.names.use(area_of(folder, *exclude))
    return edited


TEST = "from store import Store\n\n\ndef test_get():\n    assert Store().get('a') == 1"
STYLE = "import json\n\nimport pytest\n\n\ndef test_other():\n    assert json\n"


async def test_a_test_becomes_a_new_file_next_to_the_others_and_in_their_style(tmp_path):
    edited = in_project(tmp_path, fenced(TEST), tests__test_other=STYLE)
    outcome = await edited.test()
    assert edited.after(outcome) == f"{TEST}\n"
    change = outcome.change
    assert change is not None
    assert (change.creates, change.version) == (True, None)
    assert change.uri == (tmp_path / "tests" / "test_store.py").as_uri()
    assert "def test_other():" in edited.prompts[0]
    assert "`get` from store.py. It is the whole new file tests/test_store.py." in edited.prompts[0]


async def test_a_new_test_may_import_all_names_as_there_are_no_others_in_its_file(tmp_path):
    code = "from store import *\n\n\ndef test_get():\n    assert Store().get('a') == 1"
    edited = in_project(tmp_path, fenced(code))
    assert edited.after(await edited.test()) == f"{code}\n"


async def test_a_test_is_added_to_an_existing_file(tmp_path):
    edited = in_project(tmp_path, fenced(TEST), tests__test_store=STYLE)
    outcome = await edited.test()
    assert edited.after(outcome) == (
        "import json\n\nimport pytest\nfrom store import Store\n\n\ndef test_other():\n"
        "    assert json\n\n\ndef test_get():\n    assert Store().get('a') == 1\n"
    )
    assert outcome.change is not None
    assert (outcome.change.creates, outcome.change.version) == (False, None)


async def test_an_open_test_file_is_read_from_the_editor(tmp_path):
    edited = in_project(tmp_path, fenced(TEST), tests__test_store=STYLE)
    other = Edited(text="import re\n", path=tmp_path / "tests" / "test_store.py")
    view = other.place((0, 0), (0, 0)).view
    outcome = await edited.test(opened=lambda uri: view if uri == view.uri else None)
    assert outcome.change is not None
    assert (outcome.change.version, outcome.change.lines) == (7, ("import re\n",))


async def test_a_test_with_an_existing_name_gets_another_attempt(tmp_path):
    taken = TEST.replace("test_get", "test_other")
    edited = in_project(tmp_path, fenced(taken), fenced(TEST), tests__test_store=STYLE)
    assert "def test_get" in edited.after(await edited.test())
    assert "`test_other` is in the file already: another name is needed." in edited.prompts[1]


def with_cpp_tests(folder: Path, tests: str, *answers: str) -> Edited:
    """A C++ file with a test file beside it, and the answers to a request for another test."""
    code = folder / "a.cpp"
    code.write_text("int f(int x) { return x; }\n")
    (folder / "a_test.cpp").write_text(tests)
    edited = Edited(*answers, text=code.read_text(), path=code, language="cpp")
    edited.session.names.use(area_of(folder))
    return edited


async def test_tests_that_are_calls_of_a_macro_differ_by_their_arguments(tmp_path):
    tests = '#include "a.h"\n\nTEST(F, Zero) {\n  f(0);\n}\n'
    answers = [f"```cpp\nTEST(F, {name}) {{\n  f(1);\n}}\n```" for name in ("Zero", "One")]
    edited = with_cpp_tests(tmp_path, tests, *answers)
    outcome = await edited.test(((0, 0), (1, 0)))
    assert edited.after(outcome) == f"{tests}\nTEST(F, One) {{\n  f(1);\n}}\n"
    assert "`TEST(F, Zero)` is in the file already" in edited.prompts[1]


async def test_tests_that_are_blocks_behind_a_macro_are_added(tmp_path):
    section = '  SECTION("s") {\n    CHECK(f(0) == 0);\n  }\n}\n'
    tests = f'#include "a.h"\n\nTEST_CASE("zero") {{\n{section}'
    answers = [f'```cpp\nTEST_CASE("{name}") {{\n{section}```' for name in ("zero", "one")]
    edited = with_cpp_tests(tmp_path, tests, *answers)
    outcome = await edited.test(((0, 0), (1, 0)))
    assert edited.after(outcome) == f'{tests}\nTEST_CASE("one") {{\n{section}'
    assert '`TEST_CASE("zero")` is in the file already' in edited.prompts[1]


async def test_a_test_behind_a_macro_can_be_rewritten():
    text = 'TEST_CASE("a") {\n  CHECK(f(0) == 0);\n}\n\nTEST_CASE("b") {\n  CHECK(f(1));\n}\n'
    code = 'TEST_CASE("a") {\n  SECTION("c") {\n    CHECK(f(0) == 0);\n  }\n}\n'
    edited = Edited(f"```cpp\n{code}```", text=text, path="/project/a.cpp", language="cpp")
    outcome = await edited.refactor(((0, 0), (3, 0)))
    assert edited.after(outcome) == code + text[text.index("\n\n") + 1 :]


@pytest.mark.parametrize(
    ("text", "line", "answer"),
    [
        ("enum E {\n  FOO,\n  BAR\n};\n", 2, "  BAR\n  BAZ"),
        ("int a[] = {\n  ONE,\n  TWO,\n  THREE\n};\n", 2, "  TWO"),
        ("int f() {\n  return\n  BAR;\n}\n", 2, "  FOO\n  BAR;"),
        ("int f() {\n  return 1;\n}\n", 1, "  return 1\n  FOO\n  ;"),
    ],
)
async def test_a_name_on_a_line_of_its_own_is_a_macro_between_statements_only(text, line, answer):
    for name, after in (("c", text), ("cpp", f"{text}START\n")):
        edited = Edited(*2 * [f"```{name}\n{answer}\n```"], text=after, path=f"/a.{name}")
        edited.language = name
        outcome = await edited.refactor(((line, 0), (line + 1, 0)))
        assert outcome.change is None
        assert outcome.markdown.startswith("It does not parse")


async def test_excluded_tests_are_not_shown_to_the_model(tmp_path):
    edited = in_project(tmp_path, fenced(TEST), exclude=("tests/test_o*",), tests__test_other=STYLE)
    assert (await edited.test()).change is not None
    assert "test_other" not in edited.prompts[0]


async def test_a_test_file_that_links_to_a_secret_is_refused(tmp_path):
    edited = in_project(tmp_path)
    (tmp_path / ".env").write_text("KEY=1\n")
    (tmp_path / "test_store.py").symlink_to(tmp_path / ".env")
    assert (await edited.test()).markdown.startswith(".env is a secret by its name")


async def test_a_test_file_that_cannot_be_read_is_refused(tmp_path):
    edited = in_project(tmp_path, tests__test_store="\0")
    outcome = await edited.test()
    assert outcome.markdown == "tests/test_store.py cannot be read: a test cannot be added to it."


@pytest.mark.parametrize(
    ("path", "language", "text", "sentence"),
    [
        ("/project/test_store.py", "python", SOURCE, "test_store.py is a test itself"),
        ("/project/a.json", "json", '{"a": 1}\n', "How a.json would be tested is not known"),
        ("/project/a.py", "python", "x = 1\n", "nothing is defined"),
    ],
)
async def test_where_no_test_can_be_written(path, language, text, sentence):
    edited = Edited(path=path, language=language, text=text)
    outcome = await edited.test(((0, 0), (1, 0)))
    assert sentence in outcome.markdown
    assert edited.engine.requests == []


# Drafts


async def test_the_code_is_a_draft_of_the_answer_and_a_second_attempt_repeats_the_first():
    broken = fenced("def get(self, name:\n    return 1")
    edited = Edited(broken, fenced(SHORT_GET))
    await edited.refactor()
    first, second = (request.drafts for request in edited.engine.requests[-2:])
    shown = "".join(SOURCE.splitlines(keepends=True)[6:9])
    assert first[0] == f"```python\n{shown}```\n"
    assert any("self.settings[name] = value" in text for text in first[1:])
    assert second == (broken, *first)
