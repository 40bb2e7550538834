from __future__ import annotations

import ast
import importlib.resources

import pytest

from leanwide_bench.replay import traces
from leanwide_bench.replay.buffer import Buffer
from leanwide_bench.replay.traces import (
    NAMES,
    Accept,
    Backspace,
    Insert,
    Move,
    Pause,
    SwitchDocument,
    keys_of,
    load,
)
from leanwide_bench.replay.traces.long_file import long_file


def play(name):
    """The documents at the end of a trace in which nothing is accepted."""
    trace = load(name)
    buffers = {
        document.name: Buffer(document.name, document.text, "utf-8") for document in trace.documents
    }
    front = buffers[trace.documents[0].name]
    for key in trace.keys:
        match key:
            case Insert(text):
                front.insert(text)
            case Backspace():
                front.backspace()
            case Move(after):
                front.go_behind(after)
            case SwitchDocument(document):
                front = buffers[document]
    return buffers


def test_every_trace_has_a_name():
    files = importlib.resources.files(traces).iterdir()
    assert {file.name for file in files if file.name.endswith(".toml")} == {
        f"{name}.toml" for name in NAMES
    }


@pytest.mark.parametrize("name", [name for name in NAMES if name != "accepting"])
def test_what_is_typed_is_python(name):
    for buffer in play(name).values():
        ast.parse(buffer.text)


@pytest.mark.parametrize("name", NAMES)
def test_a_trace_ends_with_a_pause(name):
    assert isinstance(load(name).keys[-1], Pause)


def test_two_files_goes_to_the_other_and_back():
    switches = [key.document for key in load("two-files").keys if isinstance(key, SwitchDocument)]
    assert switches == ["orders.py", "inventory.py", "orders.py"]


def test_a_line_break_and_its_indent_are_one_key():
    keys = keys_of({"type": "a:\n    b"})
    assert [*keys] == [Insert("a"), Insert(":"), Insert("\n    "), Insert("b")]


def test_every_step_becomes_keys():
    assert [*keys_of({"backspace": 2})] == [Backspace(), Backspace()]
    assert [*keys_of({"accept": True})] == [Accept()]
    with pytest.raises(ValueError, match="no step"):
        [*keys_of({"jump": 1})]


def test_the_long_file_is_python_of_that_length():
    text = long_file(10_000)
    assert text.count("\n") == 10_000
    ast.parse(text)
    assert long_file(10_000) == text
