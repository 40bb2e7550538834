"""The messages between the server and the engine process, and how they are framed.

A frame is four bytes of length, little-endian, and a MessagePack body. Every message is a tagged
struct, so that both sides decode into types and refuse anything else.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from leanwide.engine.base import (
    EngineSpec,
    FinishReason,
    LaneInfo,
    ModelInfo,
    Prompt,
    Request,
    Stats,
)

HEADER: Final = struct.Struct("<I")


class StartEngine(msgspec.Struct, frozen=True, tag=True):
    """Load the model and open the first lane. Always the first message."""

    spec: EngineSpec


class Generate(msgspec.Struct, frozen=True, tag=True):
    """Run a request; answered by any number of Read, Text and Beat, then one Done or Failed."""

    id: int
    request: Request


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Stop a request as soon as possible; it is still answered by Done."""

    id: int


class Count(msgspec.Struct, frozen=True, tag=True):
    """Count the tokens of texts; answered by Counts or Failed."""

    id: int
    texts: list[str]


class CountUnread(msgspec.Struct, frozen=True, tag=True):
    """Count the tokens of prompts that a lane has not evaluated; answered by Counts or Failed."""

    id: int
    lane: str
    prompts: list[Prompt]


class Close(msgspec.Struct, frozen=True, tag=True):
    """Close a lane, unless it is at work; answered by Closed where it was closed."""

    lane: str


class Loading(msgspec.Struct, frozen=True, tag=True):
    """Share of the weights that is loaded, 0 to 1."""

    share: float


class LaneOpened(msgspec.Struct, frozen=True, tag=True):
    """A lane is ready; the first one means that the model is loaded."""

    model: ModelInfo
    lane: LaneInfo


class Closed(msgspec.Struct, frozen=True, tag=True):
    """A lane gave its memory back."""

    lane: str


class LoadRefused(msgspec.Struct, frozen=True, tag=True):
    """The model cannot be loaded, now or later; the process ends itself."""

    reason: str


class TextPiece(msgspec.Struct, frozen=True, tag=True):
    """Some of the answer's text."""

    id: int
    text: str
    thought: bool = False
    special: bool = False


class PromptProgress(msgspec.Struct, frozen=True, tag=True):
    """A slice of a prompt was read: so many tokens of all are there."""

    id: int
    tokens: int
    of: int


class Heartbeat(msgspec.Struct, frozen=True, tag=True):
    """A step without text was done: the engine works, it does not hang."""

    id: int


class Done(msgspec.Struct, frozen=True, tag=True):
    """The end of a request."""

    id: int
    reason: FinishReason
    stats: Stats


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The end of a request that could not be served."""

    id: int
    message: str


class Counts(msgspec.Struct, frozen=True, tag=True):
    """Tokens of each text of a Count, or of each prompt of an Unread."""

    id: int
    counts: list[int]


ToWorker = StartEngine | Generate | Cancel | Count | CountUnread | Close
ToServer = (
    Loading
    | LaneOpened
    | Closed
    | LoadRefused
    | PromptProgress
    | TextPiece
    | Heartbeat
    | Done
    | Failed
    | Counts
)


def _encode_other(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} does not cross the pipe")


def _decode_other(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise TypeError(f"{kind.__name__} does not cross the pipe")


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_encode_other)
_WORKER_DECODER: Final[msgspec.msgpack.Decoder[ToWorker]] = msgspec.msgpack.Decoder(
    ToWorker, dec_hook=_decode_other
)
_SERVER_DECODER: Final[msgspec.msgpack.Decoder[ToServer]] = msgspec.msgpack.Decoder(
    ToServer, dec_hook=_decode_other
)


def frame(message: ToWorker | ToServer) -> bytes:
    """Encode one message with its length in front."""
    body = _ENCODER.encode(message)
    return HEADER.pack(len(body)) + body


def decode_to_server(body: bytes) -> ToServer:
    """Decode the body of a frame that the engine process sent."""
    return _SERVER_DECODER.decode(body)


def read_from_server(stream: BinaryIO) -> ToWorker | None:
    """Read the server's next message, waiting for it; None once the server is gone."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    body = stream.read(HEADER.unpack(header)[0])
    return _WORKER_DECODER.decode(body)
