"""Writes what comes of llama.cpp's collection of chat templates into ``docs/models.md``.

Run as a module, with the folder of the templates, which others wrote and which are not kept here.
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from leanwide.engine.specs import ModelInfo
from leanwide.features.chat_template import ChatTemplateCache, Conversation
from leanwide.models.answer_marks import thinks
from leanwide.prompt.chat import Message, thinking
from leanwide_bench.generated_section import with_section

BEGIN: Final = "<!-- templates: written by `python -m leanwide_bench.templates_table FOLDER` -->\n"
END: Final = "<!-- /templates -->\n"
CONVERSATION: Final = (
    Message("system", "Be brief."),
    Message("user", "What is a tree?"),
    Message("assistant", "A graph without cycles."),
    Message("user", "And a forest?"),
)
_OPENED: Final = (
    "with a prompt that opens the thinking, which is closed at once where none is allowed"
)
_HEAD: Final = "| outcome | templates | which |\n|---|---|---|\n"


@frozen(kw_only=True)
class LaidOut:
    """What came of a template."""

    name: str
    template: str
    thinking: Conversation
    """The conversation where the model may think."""
    not_thinking: Conversation


def lay_out_all(folder: Path) -> list[LaidOut]:
    """Lay out a conversation by each template of a folder, sorted by name."""
    templates = {path: path.read_text("utf-8") for path in sorted(folder.glob("*.jinja"))}
    return asyncio.run(_lay_out_all(templates))


async def _lay_out_all(templates: Mapping[Path, str]) -> list[LaidOut]:
    cache = ChatTemplateCache()
    return [await _lay_out(path, template, cache) for path, template in templates.items()]


async def _lay_out(path: Path, template: str, cache: ChatTemplateCache) -> LaidOut:
    model = ModelInfo(
        name=path.stem,
        path=path,
        size_bytes=0,
        experts=0,
        fim=None,
        chat_template=template,
        bos_text="<s>",
        eos_text="</s>",
    )
    return LaidOut(
        name=path.stem,
        template=template,
        thinking=await cache.lay_out(CONVERSATION, model, thinking=True),
        not_thinking=await cache.lay_out(CONVERSATION, model, thinking=False),
    )


def table(found: Sequence[LaidOut]) -> str:
    """Return the templates by their outcome, as a Markdown table."""
    problems = [one for one in found if _problem(one) is not None]
    thinking_ones = [one for one in found if one not in problems and thinks(one.template)]
    rows = [
        ("refused", len(problems), "see below" if problems else ""),
        ("laid out", len(found) - len(problems), ""),
        ("of these, with thinking that is told from the answer", len(thinking_ones), "see below"),
    ]
    details: dict[str, list[str]] = defaultdict(list)
    for one in problems:
        details[f"refused: {_problem(one)}"].append(one.name)
    for one in found:
        if one not in problems and len(one.thinking.messages) < len(CONVERSATION):
            details["with the system text in the first question"].append(one.name)
    for one in thinking_ones:
        marks = one.thinking.marks
        told_apart = f"told apart by `{marks.openings[0].strip()}` … `{marks.closing}`"
        details[told_apart.replace("|", "\\|")].append(one.name)
        if _thinks_always(one):
            details[_OPENED].append(one.name)
    rows += [(what, len(names), ", ".join(names)) for what, names in details.items()]
    lines = (f"| {what} | {count} | {names} |\n" for what, count, names in rows)
    return _HEAD + "".join(lines)


def _problem(one: LaidOut) -> str | None:
    return one.thinking.problem or one.not_thinking.problem


def _thinks_always(one: LaidOut) -> bool:
    return thinking(one.not_thinking.layout, one.not_thinking.marks, 0, 0.0).begun


def main() -> None:
    """Write the table into the page."""
    folder, page = Path(sys.argv[1]), Path("docs/models.md")
    text = table(lay_out_all(folder))
    page.write_text(with_section(page.read_text("utf-8"), BEGIN, END, text), "utf-8")


if __name__ == "__main__":
    main()
