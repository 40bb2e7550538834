"""What goes over the wire, seen by a server that keeps a log."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from leanwide_bench.replay import typist
from leanwide_bench.replay.replay import ReplayPlan, replay
from leanwide_bench.replay.report import ReplayReport, as_data
from leanwide_bench.replay.rpc import ReplayError
from leanwide_bench.replay.session import ServerSetup
from leanwide_bench.replay.traces import Trace, TraceDocument, keys_of
from leanwide_bench.replay.typist import NEOVIM, VSCODE

STUB = str(Path(__file__).with_name("stub_server.py"))


class Wire:
    def __init__(self, log, result):
        self.messages = [json.loads(line) for line in log.read_text().splitlines()]
        self.methods = [message["method"].split("/")[-1] for message in self.messages]
        self.result = result
        self.summary = result.results[-1].summary

    def edits(self):
        """All methods between opening and the end except the benchmark's own commands."""
        own = ("executeCommand", "initialize", "initialized", "shutdown", "exit", "didOpen")
        return [name for name in self.methods if name not in own]

    def sent(self, method):
        return [message for message in self.messages if message["method"].endswith(method)]


@pytest.fixture
def play(tmp_path):
    async def go(*steps, client=VSCODE, pace_ms=0.0, behaviour="good", suggestion=""):
        document = TraceDocument(name="a.py", language="python", text="é = 1\n")
        keys = tuple(key for step in steps for key in keys_of(step))
        trace = Trace(name="t", title="t", documents=(document,), keys=keys)
        log = tmp_path / "log"
        setup = ServerSetup(
            command=[sys.executable, STUB, str(log), behaviour, suggestion], settings={}
        )
        plan = ReplayPlan(setup=setup, clients=[client], traces=[trace], pace_ms=pace_ms, repeat=1)
        return Wire(log, await replay(plan))

    return go


ASK = ["didChange", "inlineCompletion"]


async def test_vs_code_asks_at_every_key(play):
    wire = await play({"type": "ab"})
    assert wire.edits() == ASK * 2
    context = wire.sent("inlineCompletion")[0]["params"]["context"]
    assert context == {"triggerKind": 2}


async def test_vs_code_cancels_what_is_superseded(play):
    wire = await play({"type": "abc"}, {"after": "="}, behaviour="slow", pace_ms=20.0)
    cancel = ["didChange", "cancelRequest", "inlineCompletion"]
    assert wire.edits() == [*ASK, *cancel, *cancel, "cancelRequest"]
    assert wire.summary.answers.retired_requests == 3
    assert wire.summary.misanswered_requests == 0


async def test_neovim_asks_after_its_debounce_and_never_cancels(play):
    wire = await play(
        {"type": "abc"}, {"pause_ms": 300}, {"after": "="}, client=NEOVIM, pace_ms=20.0
    )
    assert wire.edits() == ["didChange"] * 3 + ["inlineCompletion"] * 2
    silence = wire.sent("inlineCompletion")[0]["at"] - wire.sent("didChange")[-1]["at"]
    assert silence >= 0.19
    assert wire.summary.answers.key_to_answer_ms.p50 >= 190
    times = wire.summary.answers
    assert times.request_to_answer_ms.p50 < times.key_to_answer_ms.p50


@pytest.mark.parametrize(("client", "character"), [(VSCODE, 6), (NEOVIM, 7)])
async def test_each_client_counts_characters_in_its_way(play, client, character):
    wire = await play({"after": "é = 1"}, {"type": "0"}, client=client)
    assert wire.sent("inlineCompletion")[-1]["params"]["position"]["character"] == character


async def test_keys_keep_their_pace(play):
    wire = await play({"type": "abcdef"}, pace_ms=40.0)
    times = [message["at"] for message in wire.sent("didChange")]
    assert (times[-1] - times[0]) / 5 == pytest.approx(0.04, rel=0.25)


async def test_a_key_that_matches_the_ghost_text_keeps_it(play):
    wire = await play({"type": "x"}, {"type": "abz"}, suggestion="abc")
    assert wire.summary.typed_through_keys == 1  # "a"; its answer is "abc" again, which "b" ends


async def test_accepting_inserts_the_suggestion_and_tells_the_server(play):
    wire = await play({"type": "x"}, {"accept": True}, suggestion="abc")
    assert wire.sent("didChange")[-1]["params"]["contentChanges"][0]["text"] == "abc"
    commands = [message["params"]["command"] for message in wire.sent("executeCommand")]
    assert "leanwide.accepted" in commands
    assert (wire.summary.accepted, wire.summary.keys) == (1, 2)


async def test_there_may_be_nothing_to_accept(play):
    wire = await play({"type": "x"}, {"accept": True})
    assert (wire.summary.accepted, wire.summary.nothing_to_accept) == (0, 1)


async def test_every_record_is_fetched_from_a_server_that_keeps_50(play):
    wire = await play({"type": "x" * 130})
    assert wire.summary.work.records == 130


async def test_a_second_answer_is_counted(play):
    wire = await play({"type": "ab"}, behaviour="twice")
    assert wire.result.misanswered_requests == 2


async def test_a_request_without_an_answer_is_counted(play, monkeypatch):
    monkeypatch.setattr(typist, "_ANSWER_WITHIN_S", 0.1)
    wire = await play({"type": "ab"}, behaviour="silent")
    assert wire.result.misanswered_requests == 2
    assert wire.summary.answers.key_to_answer_ms is None


async def test_the_report_is_plain_data(play):
    wire = await play({"type": "ab"})
    plan = ReplayPlan(
        setup=ServerSetup(command=[], settings={}), clients=[], traces=[], pace_ms=0, repeat=1
    )
    data = as_data(ReplayReport(plan=plan, replay=wire.result, peer={}))
    assert [result["trace"] for result in data["results"]] == ["t", None]
    assert {"requests", "records", "keys", "stages_ms"} <= data["results"][0].keys()
    assert json.loads(json.dumps(data)) == data


async def test_a_server_that_ends_is_one_sentence():
    setup = ServerSetup(command=[sys.executable, "-c", ""], settings={})
    trace = Trace(name="t", title="t", documents=(), keys=())
    plan = ReplayPlan(setup=setup, clients=[VSCODE], traces=[trace], pace_ms=0, repeat=1)
    with pytest.raises(ReplayError, match="the server ended before it answered"):
        await replay(plan)
