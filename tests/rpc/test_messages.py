from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsprotocol.types import ErrorCodes

from leanwide.lsp.rpc.messages import (
    Invalid,
    RpcNotification,
    RpcRequest,
    RpcResponse,
    read_message,
)

PARSE, INVALID = ErrorCodes.ParseError, ErrorCodes.InvalidRequest


def read(**message: Any) -> Any:
    return read_message(json.dumps({"jsonrpc": "2.0", **message}).encode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"a": "\xed\xa0\x80"}',
        b'{"jsonrpc": "2.0"} {}',
        b'{"jsonrpc": "2.0", "id": NaN, "method": "a"}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "a", "params": Infinity}',
        b'{"jsonrpc": "2.0", "id": 1, "method": "a", "params": 1e999}',
        b'{"jsonrpc": "2.0", "id": 1' + b"0" * 5000 + b', "method": "a"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_invalid_json_is_a_parse_error_without_an_id(body: bytes):
    message = read_message(body)
    assert isinstance(message, Invalid)
    assert (message.id, message.code) == (None, PARSE)


@pytest.mark.parametrize("body", [b"1", b'"text"', b"null", b"true", b"[]", b'[{"jsonrpc":"2.0"}]'])
def test_a_message_that_is_no_object_is_invalid(body: bytes):
    message = read_message(body)
    assert isinstance(message, Invalid)
    assert (message.id, message.code) == (None, INVALID)


@pytest.mark.parametrize("known", [{}, [], 1.5, 1.0, True, None])
def test_an_id_of_a_wrong_type_is_invalid_and_not_repeated(known: Any):
    message = read(id=known, method="a")
    assert isinstance(message, Invalid)
    assert (message.id, message.code) == (None, INVALID)


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "1.0", "method": "a"},
        {"jsonrpc": None, "method": "a"},
        {"method": 7},
        {"method": None},
        {"params": {}},
    ],
)
def test_an_invalid_request_is_answered_with_its_id(message: dict[str, Any]):
    found = read(id="k", **message)
    assert isinstance(found, Invalid)
    assert (found.id, found.code) == ("k", INVALID)


def test_requests_notifications_and_responses_are_distinguished():
    assert isinstance(read(id=0, method="a"), RpcRequest)
    assert isinstance(read(method="a", params={"jsonrpc": "2.0", "id": 1}), RpcNotification)
    assert isinstance(read(id="", result=None), RpcResponse)
    assert isinstance(read(id=None, error={}), RpcResponse)


def test_a_lone_surrogate_becomes_a_replacement_character_except_in_the_id():
    message = read(id="\ud800", method="a", params={"\udfff": ["x\ud83d", "\U0001f600"]})
    assert message.id == "\ud800"
    assert message.data["params"] == {"\ufffd": ["x\ufffd", "\U0001f600"]}


PIECES = ("\\", "u", "d800", "\ud83d", "\ude00", "\U0001f600", '"', "\n", "é")


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_only_lone_surrogates_are_replaced(text: str):
    decoded = json.loads(json.dumps(text))
    found = read(method="a", params=[text]).data["params"]
    assert found == [re.sub("[\ud800-\udfff]", "\ufffd", decoded)]


@pytest.mark.parametrize("depth", [100, 400, 600, 800])
def test_a_lone_surrogate_is_replaced_at_any_depth(depth: int):
    nested = b"[" * depth + rb'"\ud800"' + b"]" * depth
    message = read_message(b'{"jsonrpc": "2.0", "id": 1, "method": "a", "params": %b}' % nested)
    assert isinstance(message, RpcRequest)
    value = message.data["params"]
    for _ in range(depth):
        (value,) = value
    assert value == "\ufffd"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_as_something(body: bytes):
    read_message(body)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=8,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(["jsonrpc", "id", "method", "params", "result"]), VALUES))
def test_any_object_is_read_as_something(message: dict[str, Any]):
    read_message(json.dumps(message).encode())
