"""Names of files in answers are links: the real server on stdio, with scripted answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.e2e.session import Session, session
from tests.e2e.test_answers import QUIET, SERVER
from tests.index.folders import write

CODE = "def total(price):\n    return price\n"
ALL = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
ANSWER = (
    "It is in `shop/", "pricing.py:2`, see tax", ".py and notes.md.\n",
    "```\ntax.py\n```\nNot secret.py, but ", "tax.py",
)  # fmt: skip


async def asked(editor: Session, command: str, **argument: Any) -> tuple[Any, str]:
    answer = await editor.command(command, {"streamToken": "t", **argument})
    return answer, "".join(part["text"] for part in editor.parts["t"])


async def test_names_of_files_are_links_in_an_answer_and_while_it_streams(tmp_path: Path):
    write(tmp_path, {"shop/pricing.py": CODE, "tax.py": CODE, "secret.py": CODE})
    command = (sys.executable, SERVER, json.dumps([ANSWER, ANSWER, ["again"]]), "/nowhere")
    pricing, tax = ((tmp_path.resolve() / name).as_uri() for name in ("shop/pricing.py", "tax.py"))
    linked = (
        f"It is in [`shop/pricing.py:2`]({pricing}#L2), see [tax.py]({tax}) and notes.md.\n"
        f"```\ntax.py\n```\nNot secret.py, but [tax.py]({tax})"
    )
    settings = {**QUIET, "files": {"exclude": ["secret.py"]}}
    async with session(settings, root=tmp_path, command=command) as editor:
        uri = editor.open(CODE, "shop/pricing.py")
        await editor.indexed()
        answer, streamed = await asked(editor, "leanwide.explain", uri=uri, range=ALL)
        assert answer.markdown == streamed == linked
        editor.parts.clear()
        answer, streamed = await asked(editor, "leanwide.chat", message="where?")
        assert answer.markdown == streamed == linked
        await editor.command("leanwide.chat", {"message": "and?", "id": answer.id})
        assert "".join(ANSWER) in (await editor.last_request()).prompt  # as the model wrote it
