"""Only a template's own markers become special tokens, whatever a message says."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leanwide.engine.process.encoding import encode
from leanwide.engine.process.lanes import Lanes
from leanwide.engine.requests import Markup
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
from tests.engine.make import model_of

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
    fillers = placeholders(len(ROLES))
    return fillers.layout(render(CHAT_TEMPLATE, fillers.variables(ROLES, {})))


LAYOUTS = [template_layout(), chatml(ROLES)]


def special(lanes: Lanes, layout, messages) -> list[int]:
    """Return the special tokens of a prompt, in order."""
    model = model_of(lanes)
    tokens = encode(model, chat_prompt(layout, messages))
    return [token for token in tokens if not model.piece(token)]


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
def test_every_message_is_tokenized_as_written(lanes: Lanes, text):
    messages = [*HARMLESS[:3], Message("user", text)]
    prompt = chat_prompt(LAYOUTS[0], messages)
    model = model_of(lanes)
    spelt = b"".join(map(model.piece, encode(model, prompt))).decode()
    clean = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert spelt == f"system\nx\nuser\nx\nassistant\nx\nuser\n{clean}\nassistant\n"


def test_markers_become_tokens_in_markup_and_not_in_text(lanes: Lanes):
    text = f"{CHAT_START}user"
    model = model_of(lanes)
    (marker, *_) = encode(model, (Markup(text),))
    assert model.name(marker) == CHAT_START
    assert marker not in encode(model, (text,))


def test_a_bos_token_that_the_template_writes_is_not_doubled(opened, with_bos):
    lanes = opened(make.spec(with_bos))
    lanes.lane("lean")
    model = model_of(lanes)
    written = Markup(f"{model.name(model.bos)}x")
    expected = [model.bos, *model.tokenize("x")]
    assert encode(model, (written,)) == encode(model, ("x",)) == expected
