"""The messages between the server and the engine process, and their framing.

A frame is four bytes of length, little-endian, and a MessagePack body. Every message is a tagged
struct: both sides decode into types and reject anything else.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from leanwide.engine.requests import FinishReason, Prompt, Request, Stats
from leanwide.engine.specs import LaneInfo, ModelInfo, ModelSpec

HEADER: Final = struct.Struct("<I")


class StartEngine(msgspec.Struct, frozen=True, tag=True):
    """Load the first model and open its first lane. Always the first message.

    The other models are loaded when one of their lanes is needed.
    """

    models: tuple[ModelSpec, ...]


class Generate(msgspec.Struct, frozen=True, tag=True):
    """Run a request; answered by PromptProgress, TextPiece and Heartbeat, then Done or Failed."""

    id: int
    request: Request


class Cancel(msgspec.Struct, frozen=True, tag=True):
    """Cancel a request as soon as possible; it is still answered by Done."""

    id: int


class Count(msgspec.Struct, frozen=True, tag=True):
    """Count the tokens of texts for a lane's model; answered by Counts or Failed."""

    id: int
    lane: str
    texts: list[str]


class CountUnread(msgspec.Struct, frozen=True, tag=True):
    """Count the tokens of prompts that are not in a lane's cache; answered by Counts or Failed."""

    id: int
    lane: str
    prompts: list[Prompt]


class Close(msgspec.Struct, frozen=True, tag=True):
    """Close a lane, unless it is busy; answered by Closed if it was closed."""

    lane: str


class Loading(msgspec.Struct, frozen=True, tag=True):
    """The share of the weights that is loaded, 0 to 1."""

    share: float


class LaneOpened(msgspec.Struct, frozen=True, tag=True):
    """A lane is ready; its model is loaded."""

    model: ModelInfo
    lane: LaneInfo


class Closed(msgspec.Struct, frozen=True, tag=True):
    """A lane was closed."""

    lane: str


class LoadRefused(msgspec.Struct, frozen=True, tag=True):
    """The model cannot be loaded, now or later; the process exits."""

    reason: str


class Description(msgspec.Struct, frozen=True, tag=True):
    """What a shared engine says to every new client, before anything else."""

    process: int
    """The process id."""
    clients: int
    """Those that use it already."""
    started_at: float
    """Seconds of the system's clock (``time.time``)."""
    model: str
    """The path of the first model's file; "" before a client has said what to load."""
    lanes: tuple[str, ...]
    """The open lanes."""


class TextPiece(msgspec.Struct, frozen=True, tag=True):
    """The next part of the answer's text."""

    id: int
    text: str
    thought: bool = False
    special: bool = False


class PromptProgress(msgspec.Struct, frozen=True, tag=True):
    """A prefill chunk is done: ``tokens`` tokens of all are evaluated."""

    id: int
    tokens: int
    of: int


class Heartbeat(msgspec.Struct, frozen=True, tag=True):
    """A step without text is done: the engine does not hang."""

    id: int


class Done(msgspec.Struct, frozen=True, tag=True):
    """The end of a request."""

    id: int
    reason: FinishReason
    stats: Stats


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The end of a request that failed."""

    id: int
    message: str


class Counts(msgspec.Struct, frozen=True, tag=True):
    """The tokens of each text of a Count, or of each prompt of a CountUnread."""

    id: int
    counts: list[int]


Reply = PromptProgress | TextPiece | Heartbeat | Done | Failed | Counts
"""A message about one request."""
ToWorker = StartEngine | Generate | Cancel | Count | CountUnread | Close
ToServer = Loading | LaneOpened | Closed | LoadRefused | Description | Reply


def _encode_path(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be sent over the pipe")


def _decode_path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise TypeError(f"{kind.__name__} cannot be sent over the pipe")


_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_encode_path)
_WORKER_DECODER: Final[msgspec.msgpack.Decoder[ToWorker]] = msgspec.msgpack.Decoder(
    ToWorker, dec_hook=_decode_path
)
_SERVER_DECODER: Final[msgspec.msgpack.Decoder[ToServer]] = msgspec.msgpack.Decoder(
    ToServer, dec_hook=_decode_path
)


def frame(message: ToWorker | ToServer) -> bytes:
    """Return a message as a frame."""
    body = _ENCODER.encode(message)
    return HEADER.pack(len(body)) + body


def decode_to_server(body: bytes) -> ToServer:
    """Return the message in the body of a frame from the engine process."""
    return _SERVER_DECODER.decode(body)


def read_from_server(stream: BinaryIO) -> ToWorker | None:
    """Wait for the server's next message and return it; None once the server is gone."""
    header = stream.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    body = stream.read(HEADER.unpack(header)[0])
    return _WORKER_DECODER.decode(body)
