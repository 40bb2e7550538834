"""Prompts in which a client has spelt the FIM markers of a model family.

What the client means is the text before the hole and the text after it. These are laid out again
for the model in use, whose markers may be others. Pure.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen


@frozen
class SpeltLayout:
    """How a family of models spells a hole."""

    begin: str
    between: str
    end: str
    suffix_first: bool = False
    """The text after the hole comes first."""


_LAYOUTS: Final = (
    SpeltLayout("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
    SpeltLayout("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    SpeltLayout("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"),
    SpeltLayout("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),  # noqa: RUF001  # DeepSeek's
    SpeltLayout("<PRE> ", " <SUF>", " <MID>"),
    SpeltLayout("[SUFFIX]", "[PREFIX]", "", suffix_first=True),
)
"""Qwen's and CodeGemma's, StarCoder's, GLM's, DeepSeek's, Code Llama's and Codestral's."""


def spelt_hole(prompt: str) -> tuple[str, str] | None:
    """Return the texts before and after the hole of a prompt; None where no hole is spelt.

    Where the texts hold a marker themselves, the first one counts.
    """
    for layout in _LAYOUTS:
        inner = prompt.removeprefix(layout.begin).removesuffix(layout.end)
        whole = layout.begin + inner + layout.end == prompt
        first, found, second = inner.partition(layout.between)
        if whole and found:
            return (second, first) if layout.suffix_first else (first, second)
    return None
