"""Nothing of a secret enters a prompt or the log, whatever way it would come."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest
from lsprotocol import types

from leanwide.cli.log import QuietFormatter
from tests.e2e.session import END, PROGRAM, SOURCE, session

OPENED = """
    .git/config .bash_history .mysql_history .my.cnf .boto .s3cfg kubeconfig.yaml kube/config
    .dockerconfigjson private_key private.rsa .vault_pass gcp-key.json serviceAccountKey.json
    firebase-adminsdk.json auth.json token.json secret.yaml wg0.conf rclone.conf
    .config/gh/hosts.yml wp-config.php x.keytab
"""
KEY = "-----BEGIN OPENSSH PRIVATE " + "KEY-----\n" + "b3BlbnNzaC1rZXktdjEAAAAA" * 3 + "\n"
TOKEN = "gh" + "p_" + "aZ3kQ9xB7m" * 4
USING = (
    "def total(price):\n    return discounted(price)\n\n\nprint(total(1))\n\n\ndef more():\n    "
)
DEFINED = "def discounted(price):\n    return price * {}\n"


async def test_no_opened_secret_file_enters_a_prompt(tmp_path: Path):
    async with session(root=tmp_path) as editor:
        await editor.complete_when_ready(editor.open(), END)
        for name in OPENED.split():
            assert await editor.complete(editor.open(name=name), END) == []
            record = await editor.last_request()
            assert "is a secret by its name" in record.reason
            assert record.prompt == ""


async def test_a_private_key_is_excluded_under_any_file_name(tmp_path: Path):
    async with session(root=tmp_path) as editor:
        await editor.complete_when_ready(editor.open(), END)
        notes = editor.open(KEY + SOURCE, "notes.py")
        end = types.Position(END.line + 2, END.character)
        assert await editor.complete(notes, end) == []
        record = await editor.last_request()
        assert record.reason.endswith("notes.py holds a private key: it never enters a prompt")
        answer = await editor.command("leanwide.explain", {"uri": notes, "range": whole(3)})
        assert answer.markdown.startswith("notes.py holds a private key")


RELATED = {
    "pricing.py": (DEFINED.format("rate_one"), True),
    "secrets/inner.py": (DEFINED.format("rate_two"), False),
    ".secrets/inner.py": (DEFINED.format("rate_three"), False),
    "prod-secrets.py": (DEFINED.format("rate_four"), False),
    "client.py": (DEFINED.format(f'rate_five  # "{TOKEN}"'), False),
    "keys.py": (DEFINED.format("rate_six") + f'KEY = """\n{KEY}"""\n', False),
    "notes.py": (DEFINED.format("rate_seven"), False),
}
LINKS = {"notes.py": ".ssh/id_rsa"}
"""Those that are links, and to what."""


@pytest.mark.parametrize("name", RELATED)
async def test_no_secret_file_is_a_related_snippet(tmp_path: Path, name: str):
    text, drawn = RELATED[name]
    file = tmp_path / LINKS.get(name, name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    if name in LINKS:
        (tmp_path / name).symlink_to(file)
    (tmp_path / "main.py").write_text(USING, "utf-8")
    async with session(root=tmp_path) as editor:
        uri = editor.open(USING, "main.py")
        await editor.indexed()
        at = types.Position(8, 4)
        await editor.complete_when_ready(uri, at)
        edited = editor.open(text, name)
        first = types.Position(0, 0)
        await editor.complete(edited, first)
        editor.change(edited, types.Range(first, first), "# edited\n")
        await editor.command("leanwide.explain", {"uri": uri, "range": whole(2)})
        explained = (await editor.last_request()).prompt
        again = editor.open(USING, "second.py")
        await editor.complete(again, at)
        completed = (await editor.last_request()).prompt
        assert ("rate_" in explained) is drawn
        assert ("rate_" in completed) is drawn


async def test_the_log_has_no_text_of_a_document(tmp_path: Path):
    log, marks = tmp_path / "log", ("quixotic", "zephyr")
    command = ("sh", "-c", f'exec "{PROGRAM}" serve 2>"{log}"')
    root = tmp_path / "work"
    root.mkdir()
    async with session(root=root, command=command) as editor:
        uri = editor.open(f"# {marks[0]}\n" + SOURCE)
        at = types.Position(END.line + 1, END.character)
        await editor.complete_when_ready(uri, at)
        secret = editor.open(f"TOKEN={marks[1]}\n", ".env", "dotenv")
        await editor.complete(secret, types.Position(0, 3))
        for document in (uri, secret):
            await editor.command("leanwide.explain", {"uri": document, "range": whole(2)})
        for method, params in (
            ("textDocument/inlineCompletion", {"textDocument": marks[0]}),
            ("workspace/executeCommand", {"command": marks[0], "arguments": [{"a": marks[1]}]}),
            ("textDocument/hover", {"textDocument": {"uri": marks[1]}}),
        ):
            with pytest.raises(Exception):  # noqa: B017, PT011  # an error of any kind
                await editor.send_raw(method, params)
    said = log.read_text("utf-8", "replace")
    assert all(mark not in said for mark in marks)


def test_the_program_judges_a_link_by_its_target(tmp_path: Path):
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text("Host work\n", "utf-8")
    (tmp_path / "notes.py").symlink_to(".ssh/config")
    result = subprocess.run(
        [PROGRAM, "complete", "notes.py:1:1"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "config is a secret by its name" in result.stderr


def test_an_exception_is_logged_without_its_message():
    quoted = "zephyr\x1b[2J"
    try:
        raise ValueError(quoted)
    except ValueError:
        place = sys.exc_info()
    name = "a\x1b[2J\nb"
    ours = logging.LogRecord("leanwide.x", logging.ERROR, "", 1, "of %s", (name,), place)
    theirs = logging.LogRecord("asyncio", logging.ERROR, "", 1, "lost\nfuture: 'zephyr'", (), None)
    words = QuietFormatter("%(levelname)s %(message)s")
    first, *_, last = words.format(ours).split("\n")
    assert first == r"ERROR of a\x1b[2J\nb"
    assert last == "ValueError"
    assert "zephyr" not in words.format(ours)
    assert words.format(theirs) == "ERROR lost"


def whole(lines: int) -> dict[str, dict[str, int]]:
    return {"start": {"line": 0, "character": 0}, "end": {"line": lines, "character": 0}}
