"""Messages between server and engine survive encoding and decoding."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine import wire
from leanwide.engine.requests import FinishReason, Markup, Priority, Sampling, Thinking
from leanwide.engine.specs import FimTokens, LaneInfo, LaneSpec, ModelInfo
from leanwide.models.answer_marks import answer_marks
from leanwide.models.expert_count import ExpertWidth
from tests.engine.make import FREE, LEAN, request, spec

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
"""Without lone surrogates: documents replace them (tests/documents)."""

MODEL = ModelInfo(
    name="tiny",
    path=Path("/models/é 🙂.gguf"),
    size_bytes=2**40,
    experts=8,
    fim=FimTokens(prefix=1, suffix=2, middle=3, file_separator=None),
    chat_template="{{ messages }}",
)
LANE = LaneInfo(name="lean", experts=2, context_tokens=512, load_ms=1.5, notice="")
HALF = LaneSpec(name="half", experts=ExpertWidth.HALF, context_tokens=512, sequences=1)

THINKING = Thinking(marks=answer_marks(None), budget_tokens=9, conclusion="</think>", begun=True)

TO_WORKER = [
    wire.StartEngine((spec(Path("model.gguf"), LEAN, HALF),)),
    wire.Generate(1, request("def ", 151_659, sampling=Sampling(temperature=0.5), heal=True)),
    wire.Generate(2, request(Markup("<|im_start|>"), "x", thinking=THINKING)),
    wire.Cancel(2**40),
    wire.Count(3, "lean", ["", "x"]),
    wire.CountUnread(4, "lean", [("x", 151_659), (Markup("<|im_start|>"),)]),
    wire.Close("wide"),
]
TO_SERVER = [
    wire.Loading(0.5),
    wire.LaneOpened(MODEL, LANE),
    wire.Closed("wide"),
    wire.Description(
        process=1, clients=2, started_at=3.5, model="/a/model.gguf", lanes=("lean", "wide")
    ),
    wire.LoadRefused("no"),
    wire.TextPiece(1, "é🙂\0"),
    wire.TextPiece(1, "hm", thought=True),
    wire.PromptProgress(1, 64, 128),
    wire.Heartbeat(1),
    wire.Done(1, FinishReason.DEADLINE, FREE),
    wire.Failed(1, "no"),
    wire.Counts(1, [0, 1]),
]


def test_every_message_is_in_the_lists_above():
    assert {type(message) for message in TO_WORKER} == set(wire.ToWorker.__args__)
    assert {type(message) for message in TO_SERVER} == set(wire.ToServer.__args__)


@pytest.mark.parametrize("message", TO_WORKER, ids=lambda message: type(message).__name__)
def test_the_engine_reads_what_the_server_sent(message):
    stream = io.BytesIO(wire.frame(message) * 2)
    assert [wire.read_from_server(stream) for _ in range(3)] == [message, message, None]


@pytest.mark.parametrize("message", TO_SERVER, ids=lambda message: type(message).__name__)
def test_the_server_reads_what_the_engine_sent(message):
    framed = wire.frame(message)
    size = wire.HEADER.size
    assert wire.HEADER.unpack(framed[:size]) == (len(framed) - size,)
    assert wire.decode_to_server(framed[size:]) == message


@given(
    st.lists(ANY_TEXT | st.integers(0, 2**31 - 1) | ANY_TEXT.map(Markup)),
    st.lists(ANY_TEXT),
    st.sampled_from(Priority),
    st.floats(0, allow_nan=False),
)
def test_any_prompt_arrives_unchanged(prompt, stops, priority, deadline):
    wanted = request(*prompt, stops=tuple(stops), priority=priority, deadline_ms=deadline)
    stream = io.BytesIO(wire.frame(wire.Generate(7, wanted)))
    assert wire.read_from_server(stream) == wire.Generate(7, wanted)


def test_a_truncated_message_means_that_the_server_is_gone():
    assert wire.read_from_server(io.BytesIO(b"\x01\x00")) is None


@pytest.mark.parametrize("body", [b"", b"\xc0", msgspec.msgpack.encode({"type": "Nonsense"})])
def test_any_other_body_is_rejected(body):
    with pytest.raises(msgspec.DecodeError):
        wire.decode_to_server(body)
