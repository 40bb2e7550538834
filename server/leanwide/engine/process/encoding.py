"""A request in tokens."""

from __future__ import annotations

from attrs import frozen

from leanwide.engine.base import EngineError, Markup, Prompt, Request
from leanwide.engine.process.llama import Model
from leanwide.engine.process.scoring import EncodedTruth
from leanwide.engine.process.token_healing import MOST_TAKEN, PieceIndex, taken_back


@frozen
class Encoded:
    """What a model reads, and what it is held to."""

    tokens: list[int]
    healed: bytes
    """What healing took back from the end of the prompt: the answer has to begin with it."""
    truth: EncodedTruth | None
    """What really follows; None where nobody asks how likely it is."""


def encode_request(model: Model, index: PieceIndex, request: Request) -> Encoded:
    """Tokenise a request's prompt, and its truth.

    Raises:
        EngineError: The prompt is empty.
    """
    truth = _truth(model, request)
    tokens = encode(model, request.prompt)
    if truth is not None:
        # What the prompt ends with is tokenised together with the truth.
        typed = isinstance(request.prompt[-1], str)
        before = encode(model, request.prompt[:-1]) if typed else tokens
        tokens = [*before, *truth.given]
    if len(tokens) == int(model.starts_with_bos):
        raise EngineError("an empty prompt cannot be continued")
    last = request.prompt[-1]
    if not request.heal or not isinstance(last, str) or not last or len(tokens) < 2:
        return Encoded(tokens, b"", truth)
    if last.endswith("  ") and index.goes_on(b" "):
        # Vocabularies leave the last blank of several to the word behind it.
        return Encoded(encode(model, (*request.prompt[:-1], last[:-1])), b" ", truth)
    pieces = list(map(model.piece, tokens[-MOST_TAKEN:]))
    if not pieces[-1] or pieces[-1].endswith(b"\n"):
        return Encoded(tokens, b"", truth)
    count = min(taken_back(pieces, index), len(tokens) - 1)
    return Encoded(tokens[:-count], b"".join(pieces[-count:]), truth)


def encode(model: Model, prompt: Prompt) -> list[int]:
    """Tokenise a prompt piece by piece, so that a piece keeps its tokens when others change."""
    tokens = [model.bos] if model.starts_with_bos else []
    for piece in prompt:
        match piece:
            case int():
                tokens.append(piece)
            case Markup():
                tokens.extend(model.tokenize_markup(piece.text))
            case _:
                tokens.extend(model.tokenize(piece))
    twice = model.starts_with_bos and tokens[1:2] == [model.bos]  # chat templates write it too
    return tokens[1:] if twice else tokens


def _truth(model: Model, request: Request) -> EncodedTruth | None:
    """The request's truth in tokens; None where there is none."""
    if not request.truth:
        return None
    last = request.prompt[-1]
    typed = last if isinstance(last, str) else ""
    tokens = model.tokenize(typed + request.truth)
    return EncodedTruth.of(tokens, list(map(model.piece, tokens)), len(typed.encode()))
