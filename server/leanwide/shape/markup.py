"""Text that a model wraps around code: markers, thoughts, fences."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final

from leanwide.context.view import View
from leanwide.shape.setting import Setting

_BAR: Final = "\uff5c"
"""The full-width vertical line in DeepSeek's markers."""
_MARKER: Final = re.compile(
    r"<\|\w+(?:\|>|\|?\Z)"  # <|fim_middle|>, also where the answer ends inside of it
    rf"|<{_BAR}[^{_BAR}<>\n]+(?:{_BAR}>|\Z)"  # DeepSeek's
    r"|<(?:fim|file|repo)_[a-z]+>|<(?:start|end)_of_turn>|<(?:SUF|MID|EOT)>"
)
_THOUGHT: Final = re.compile(r"(?:<think>.*?|\A(?:(?!<think>).)*)</think>(?:[ \t]*\n)*", re.DOTALL)
_FENCE: Final = re.compile(r"^[ \t]*```[ \t]*([\w+-]*)[^`\n]*(?:\n|\Z)", re.MULTILINE)
_LAST_FENCE: Final = re.compile(r"(?:(?:^|\n)[ \t]*```.*|[ \t]*```[ \t]*(?:\n.*|\Z))", re.DOTALL)
_MARKDOWN: Final = frozenset({"markdown", "mdx", "quarto", "rmd"})
_MARKDOWN_SUFFIXES: Final = frozenset({".md", ".markdown", ".mdx", ".qmd", ".rmd"})


def without_markers(text: str, setting: Setting) -> str:
    """Cut at the first text that looks like a special token: the model has left the code."""
    del setting
    found = _MARKER.search(text)
    return text[: found.start()] if found else text


def without_thoughts(text: str, setting: Setting) -> str:
    """Drop thoughts, also where their beginning stood in the prompt or their end has not come."""
    del setting
    return _THOUGHT.sub("", text).partition("<think>")[0] if "think>" in text else text


def without_fences(text: str, setting: Setting) -> str:
    """Drop code fences and what stands around them; Markdown keeps its own.

    A fence that names a language opens the code, and what stands before it is talk. Another one
    at the beginning opens it too, and anywhere else it closes.
    """
    if "```" not in text or _is_markdown(setting.view):
        return text
    opening = _FENCE.search(text)
    if opening and (opening[1] or not text[: opening.start()].strip()):
        text = text[opening.end() :]
    return _LAST_FENCE.sub("", text, count=1)


def _is_markdown(view: View) -> bool:
    suffix = PurePath(view.path).suffix.lower()
    return view.language_id in _MARKDOWN or suffix in _MARKDOWN_SUFFIXES
