"""Tokenizes requests."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from leanwide.engine.base import EngineError
from leanwide.engine.process.llama import Model
from leanwide.engine.process.other_beginning import AvoidedText
from leanwide.engine.process.scoring import EncodedTruth
from leanwide.engine.process.token_healing import MAX_TAKEN_BACK, PieceIndex, taken_back
from leanwide.engine.requests import Markup, Prompt, Request

_MAX_AVOIDED: Final = 24
"""Tokens of an avoided text that are evaluated: no other answer shares more of a line."""


@frozen
class EncodedRequest:
    """A request as token ids."""

    tokens: list[int]
    """The prompt."""
    healed: bytes
    """What token healing removed from the end of the prompt: the answer must start with it."""
    truth: EncodedTruth | None
    """The text that really follows; None unless its probability is asked for."""
    avoided: AvoidedText | None
    """What the answer must not begin with; None: it may begin with anything."""


def encode_request(model: Model, index: PieceIndex, request: Request) -> EncodedRequest:
    """Tokenize a request's prompt, its truth, and the text that it avoids.

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
    tokens, healed = _without_healed(model, index, request, tokens)
    return EncodedRequest(tokens, healed, truth, _encode_avoided(model, request.avoided, healed))


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


def _without_healed(
    model: Model, index: PieceIndex, request: Request, tokens: list[int]
) -> tuple[list[int], bytes]:
    """Return a prompt's tokens without those that token healing removes, and the removed bytes."""
    last = request.prompt[-1]
    if not request.heal or not isinstance(last, str) or not last or len(tokens) < 2:
        return tokens, b""
    if last.endswith("  ") and index.has_longer(b" "):
        # Vocabularies join the last of several blanks to the word that follows.
        return encode(model, (*request.prompt[:-1], last[:-1])), b" "
    pieces = list(map(model.piece, tokens[-MAX_TAKEN_BACK:]))
    if not pieces[-1] or pieces[-1].endswith(b"\n"):
        return tokens, b""
    count = min(taken_back(pieces, index), len(tokens) - 1)
    return tokens[:-count], b"".join(pieces[-count:])


def _encode_avoided(model: Model, text: str, healed: bytes) -> AvoidedText | None:
    """Return the first tokens of a text that is avoided; None where there is no text."""
    if not text:
        return None
    tokens = model.tokenize(healed.decode("utf-8", "replace") + text)[:_MAX_AVOIDED]
    return AvoidedText(tokens=tuple(tokens), pieces=tuple(map(model.piece, tokens)), healed=healed)


def _encode_truth(model: Model, request: Request) -> EncodedTruth | None:
    """Return the tokens of the request's truth; None if it has none."""
    if not request.truth:
        return None
    last = request.prompt[-1]
    typed = last if isinstance(last, str) else ""
    tokens = model.tokenize(typed + request.truth)
    return EncodedTruth.of(tokens, list(map(model.piece, tokens)), len(typed.encode()))
