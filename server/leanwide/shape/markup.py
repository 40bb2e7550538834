"""Text that a model wraps around code: markers, thoughts, fences."""

from __future__ import annotations

import re
from typing import Final

from leanwide.shape.setting import Setting

_MARKER: Final = re.compile(r"<\|[a-z_]+\|>|<｜[^｜<>\n]+｜>|<(?:fim|file|repo)_[a-z]+>")
_THINKING: Final = re.compile(r"\s*<think>.*?(?:</think>\s*|\Z)", re.DOTALL)
_FENCE: Final = re.compile(r"[ \t]*```[\w+-]*[ \t]*(?:\n|\Z)")
_MARKDOWN: Final = ("markdown", "mdx", "quarto", "rmd")


def without_markers(text: str, setting: Setting) -> str:
    """Cut at the first text that looks like a special token: the model has left the code."""
    del setting
    found = _MARKER.search(text)
    return text[: found.start()] if found else text


def without_thinking(text: str, setting: Setting) -> str:
    """Drop thoughts at the beginning of an answer."""
    del setting
    return _THINKING.sub("", text, count=1) if text.lstrip().startswith("<think>") else text


def without_fences(text: str, setting: Setting) -> str:
    """Drop code fences, and what stands behind the closing one; Markdown keeps its own."""
    if setting.view.language_id in _MARKDOWN:
        return text
    opening = _FENCE.match(text)
    if opening:
        text = text[opening.end() :]
    closing = re.search(r"(?:^|\n)[ \t]*```", text)
    return text[: closing.start()] if closing else text
