"""Lists of numbers on the command line."""

from __future__ import annotations

from leanwide.cli.compose import check_experts
from leanwide.cli.errors import UsageError
from leanwide.models.expert_count import EXPERTS_KEY
from leanwide.models.gguf_header import GgufHeader


def expert_counts(text: str, header: GgufHeader) -> list[int]:
    """Return the given expert counts; by default half, once and twice the trained one.

    Of a dense model this is ``[0]``.

    Raises:
        UsageError: They are no numbers.
        EngineError: The model does not have so many experts.
    """
    most, trained = header.number("expert_count"), header.number(EXPERTS_KEY)
    if not most:
        return [0]
    if not text:
        return sorted(
            {count for count in (trained // 2, trained, 2 * trained) if 0 < count <= most}
        )
    counts = numbers("--experts", text)
    for count in counts:
        check_experts(header, count)
    return counts


def numbers(option: str, text: str) -> list[int]:
    """Return the whole numbers of an option, each once and in their order.

    Raises:
        UsageError: They are no numbers, or none of them is positive.
    """
    try:
        found = list(dict.fromkeys(int(part) for part in text.split(",")))
    except ValueError as error:
        raise UsageError(f"{option} {text!r} is no list of numbers such as 2,4,8") from error
    if min(found) < 1:
        raise UsageError(f"{option} {text!r} has a number below 1")
    return found
