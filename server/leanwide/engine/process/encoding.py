"""Tokenizes requests."""

from __future__ import annotations

from attrs import frozen

from leanwide.engine.base import EngineError
from leanwide.engine.process.llama import Model
from leanwide.engine.process.scoring import EncodedTruth
from leanwide.engine.process.token_healing import MAX_TAKEN_BACK, PieceIndex, taken_back
from leanwide.engine.requests import Markup, Prompt, Request


@frozen
class EncodedRequest:
    """A request as token ids."""

    tokens: list[int]
    """The prompt."""
    healed: bytes
    """What token healing removed from the end of the prompt: the answer must start with it."""
    truth: EncodedTruth | None
    """The text that really follows; None unless its probability is asked for."""


def encode_request(model: Model, index: PieceIndex, request: Request) -> EncodedRequest:
    """Tokenize a request's prompt and its truth.

    Raises:
        EngineError: The prompt is empty.
    """
    truth = _encode_truth(model, request)
    tokens = encode(model, request.prompt)
    if truth is not None:
        # The prompt's last piece is tokenized together with the truth.
        ends_with_text = isinstance(request.prompt[-1], str)
        before = encode(model, request.prompt[:-1]) if ends_with_text else tokens
        tokens = [*before, *truth.given]
    if len(tokens) == int(model.starts_with_bos):
        raise EngineError("an empty prompt cannot be continued")
    last = request.prompt[-1]
    if not request.heal or not isinstance(last, str) or not last or len(tokens) < 2:
        return EncodedRequest(tokens, b"", truth)
    if last.endswith("  ") and index.has_longer(b" "):
        # Vocabularies join the last of several blanks to the word that follows.
        return EncodedRequest(encode(model, (*request.prompt[:-1], last[:-1])), b" ", truth)
    pieces = list(map(model.piece, tokens[-MAX_TAKEN_BACK:]))
    if not pieces[-1] or pieces[-1].endswith(b"\n"):
        return EncodedRequest(tokens, b"", truth)
    count = min(taken_back(pieces, index), len(tokens) - 1)
    return EncodedRequest(tokens[:-count], b"".join(pieces[-count:]), truth)


def encode(model: Model, prompt: Prompt) -> list[int]:
    """Return a prompt's tokens, piece by piece: a piece keeps its tokens when others change."""
    tokens = [model.bos] if model.starts_with_bos else []
    for piece in prompt:
        match piece:
            case int():
                tokens.append(piece)
            case Markup():
                tokens.extend(model.tokenize_markup(piece.text))
            case _:
                tokens.extend(model.tokenize(piece))
    # Chat templates write the BOS token as well.
    doubled = model.starts_with_bos and tokens[1:2] == [model.bos]
    return tokens[1:] if doubled else tokens


def _encode_truth(model: Model, request: Request) -> EncodedTruth | None:
    """Return the tokens of the request's truth; None if it has none."""
    if not request.truth:
        return None
    last = request.prompt[-1]
    typed = last if isinstance(last, str) else ""
    tokens = model.tokenize(typed + request.truth)
    return EncodedTruth.of(tokens, list(map(model.piece, tokens)), len(typed.encode()))
