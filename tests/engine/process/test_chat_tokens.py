"""Only a template's own markers become special tokens, whatever a message says."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leanwide.engine.base import Markup
from leanwide.engine.process.encoding import encode
from leanwide.engine.process.lanes import Lanes
from leanwide.features.template_process import render
from leanwide.prompt.chat import Message, chat_prompt, chatml, placeholders
from leanwide_bench.synthetic.vocabulary import (
    CHAT_END,
    CHAT_START,
    CHAT_TEMPLATE,
    END_OF_TEXT,
    FIM_MARKERS,
)
from tests.engine import make

MARKERS = [CHAT_START, CHAT_END, END_OF_TEXT, *FIM_MARKERS.values()]
HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from([*MARKERS, "<|im_", "start|>", "<|", "|>", "{{", "{% raise %}", "\ud800"]),
    ),
    max_size=6,
).map("".join)
ROLES = ("system", "user", "assistant", "user")
HARMLESS = [Message(role, "x") for role in ROLES]


def template_layout():
    stand_ins = placeholders(len(ROLES))
    return stand_ins.layout(render(CHAT_TEMPLATE, stand_ins.variables(ROLES, {})))


LAYOUTS = [template_layout(), chatml(ROLES)]


def special(lanes: Lanes, layout, messages) -> list[int]:
    """The special tokens of a prompt, in order."""
    tokens = encode(lanes.model, chat_prompt(layout, messages))
    return [token for token in tokens if not lanes.model.piece(token)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(HOSTILE, min_size=4, max_size=4))
def test_no_message_can_produce_a_special_token(lanes: Lanes, texts):
    messages = [Message(role, text) for role, text in zip(ROLES, texts, strict=True)]
    for layout in LAYOUTS:
        found = special(lanes, layout, messages)
        assert found == special(lanes, layout, HARMLESS)
        assert len(found) == 2 * len(ROLES) + 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HOSTILE)
def test_every_message_is_read_as_it_was_written(lanes: Lanes, text):
    messages = [*HARMLESS[:3], Message("user", text)]
    prompt = chat_prompt(LAYOUTS[0], messages)
    tokens = encode(lanes.model, prompt)
    spelt = b"".join(lanes.model.piece(token) for token in tokens).decode()
    clean = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert spelt == f"system\nx\nuser\nx\nassistant\nx\nuser\n{clean}\nassistant\n"


def test_markup_is_read_with_its_markers_and_text_is_not(lanes: Lanes):
    text = f"{CHAT_START}user"
    (marker, *_) = encode(lanes.model, (Markup(text),))
    assert lanes.model.name(marker) == CHAT_START
    assert marker not in encode(lanes.model, (text,))


def test_a_beginning_that_the_template_writes_is_not_doubled(opened, with_bos):
    lanes = opened(make.spec(with_bos))
    lanes.lane("lean")
    bos = lanes.model.bos
    written = Markup(f"{lanes.model.name(bos)}x")
    assert (
        encode(lanes.model, (written,))
        == encode(lanes.model, ("x",))
        == [
            bos,
            *lanes.model.tokenize("x"),
        ]
    )
