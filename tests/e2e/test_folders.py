"""Several folders in one workspace, and links, through the real server with a scripted engine."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from tests.e2e.session import Session, session
from tests.index.folders import write

SERVER = str(Path(__file__).with_name("scripted_server.py"))
QUIET = {"completion": {"look_ahead": False}}
PRICING = '''\
def discounted_price(price, share):
    """Take a share off a price."""
    return price - price * share
'''
MAIN = "def total(price):\n    return discounted_price()\n"
AT = types.Position(1, 28)
SHOWN = "pricing.py\n" + PRICING
IGNORING = {
    ".gitignore": "gen/\n",
    ".leanwideignore": "hidden.py\n",
    ".leanwide.toml": '[files]\nexclude = ["drafts/"]\n',
}
LEFT_ALONE = {
    "gen/x.py": "ignored by .gitignore",
    "hidden.py": "ignored by .leanwideignore",
    "drafts/x.py": "excluded by files.exclude",
}


@asynccontextmanager
async def editing(*folders: Path, root: Path | None = None) -> AsyncIterator[Session]:
    command = (sys.executable, SERVER, "[]", "/nowhere")
    async with session(QUIET, root=root, folders=folders, command=command) as editor:
        yield editor


async def asked(editor: Session, path: Path, text: str = MAIN) -> Any:
    """Open a document, ask for a suggestion in it, close it; give the record of the request."""
    uri = editor.open_at(path.as_uri(), text)
    record = await ask(editor, uri)
    editor.close(uri)
    return record


async def ask(editor: Session, uri: str, at: types.Position = AT) -> Any:
    """Ask by hand for a suggestion; give the record of the request."""
    context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked)
    params = types.InlineCompletionParams(context, types.TextDocumentIdentifier(uri), at)
    await editor.client.text_document_inline_completion_async(params)
    return await editor.last_request()


async def prompt_in(editor: Session, path: Path) -> str:
    await editor.indexed()
    record = await asked(editor, path)
    assert record.source == "model", record.reason
    return str(record.prompt)


async def silent_in(editor: Session, folder: Path) -> None:
    """See to it that nothing of a folder is served that its own files leave out."""
    for path, reason in LEFT_ALONE.items():
        record = await asked(editor, folder / path)
        assert record.source == "none"
        assert reason in record.reason


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write(tmp_path / "shop", {"pricing.py": PRICING, **IGNORING})
    write(tmp_path / "shop", dict.fromkeys(LEFT_ALONE, "def secret_thing(): ...\n"))
    return tmp_path / "shop"


@pytest.fixture
def till(tmp_path: Path) -> Path:
    write(tmp_path / "till", {"main.py": MAIN})
    return tmp_path / "till"


def told(editor: Session) -> Sequence[str]:
    return [message.message for message in editor.client.messages]


async def test_exclusions_of_the_second_folder_apply_and_its_definitions_are_used(
    shop: Path, till: Path
):
    async with editing(till, shop) as editor:
        workspace = editor.capabilities.workspace
        assert workspace is not None
        folders = workspace.workspace_folders
        assert folders is not None
        assert (folders.supported, folders.change_notifications) == (True, True)
        assert f"../shop/{SHOWN}" in await prompt_in(editor, till / "main.py")
        await silent_in(editor, shop)
        assert (await asked(editor, till / "drafts" / "x.py")).source == "model"
        secret = "def total(price):\n    return secret_thing()\n"
        await editor.indexed()
        assert "secret_thing(): ..." not in (await asked(editor, till / "b.py", secret)).prompt


async def test_each_of_two_folders_follows_its_own_rules(shop: Path, till: Path):
    write(till, IGNORING | dict.fromkeys(LEFT_ALONE, "def till_secret(): ...\n"))
    async with editing(till, shop) as editor:
        assert (await editor.indexed()).files == 2  # main.py and pricing.py
        await silent_in(editor, till)
        await silent_in(editor, shop)
        assert f"../shop/{SHOWN}" in await prompt_in(editor, till / "main.py")


async def test_added_folders_are_indexed_and_removed_ones_forgotten(shop: Path, till: Path):
    async with editing(till) as editor:
        assert SHOWN not in await prompt_in(editor, till / "main.py")
        uri = editor.open_at((shop / "gen" / "y.py").as_uri(), MAIN)
        assert (await ask(editor, uri)).source == "model"

        editor.change_folders(added=[shop])
        assert "y.py is ignored by .gitignore" in (await ask(editor, uri)).reason
        await silent_in(editor, shop)
        assert SHOWN in await prompt_in(editor, till / "main.py")
        write(shop, {"more.py": "def one_more(): ...\n"})
        editor.changed_on_disk(shop / "more.py", types.FileChangeType.Created)
        assert (await editor.indexed()).files == 3

        editor.change_folders(removed=[shop])
        assert SHOWN not in await prompt_in(editor, till / "main.py")
        assert (await editor.indexed()).files == 1


async def test_a_window_forgets_the_snippets_of_a_removed_folder(shop: Path, till: Path):
    async with editing(till, shop) as editor:
        await editor.indexed()
        uri = editor.open_at((till / "main.py").as_uri(), MAIN)
        assert SHOWN in (await ask(editor, uri)).prompt
        editor.change_folders(removed=[shop])
        record = await ask(editor, uri, editor.insert(uri, AT, "7"))
        assert record.source == "model"
        assert SHOWN not in record.prompt


async def test_a_folder_of_a_workspace_without_any_is_indexed(shop: Path):
    async with editing() as editor:
        assert not editor.registrations
        editor.change_folders(added=[shop])
        await silent_in(editor, shop)
        assert SHOWN in await prompt_in(editor, shop / "main.py")
        assert len(editor.registrations) == 1


async def test_a_document_is_not_served_while_its_folder_is_being_added(shop: Path, till: Path):
    async with editing(till) as editor:
        for _ in range(20):
            editor.change_folders(added=[shop])
            await silent_in(editor, shop)
            editor.change_folders(removed=[shop])
            assert (await asked(editor, shop / "hidden.py")).source == "model"


async def test_a_further_folder_sets_exclusions_only_and_the_rest_is_a_problem(
    shop: Path, till: Path
):
    write(till, {".leanwide.toml": "[completion]\nin_comments = true\n"})
    write(shop, {".leanwide.toml": "[completion]\nin_strings = true\n[files]\nexclude = 3\n"})
    async with editing(till, shop) as editor:
        await editor.indexed()
        (message,) = told(editor)
        first, second = message.splitlines()
        assert first.endswith(
            "may set files only, for it is not the first folder's: ignored completion"
        )
        assert "files.exclude = 3: this needs a list of texts" in second


async def test_nested_folders_are_indexed_once_and_both_decide(tmp_path: Path, shop: Path):
    write(tmp_path, {".leanwideignore": "more.py\n", "main.py": MAIN})
    write(shop, {"more.py": "def more_of_it(): ...\n"})
    async with editing(tmp_path, shop, tmp_path) as editor:
        assert SHOWN in await prompt_in(editor, tmp_path / "main.py")
        assert (await editor.indexed()).files == 2
        await silent_in(editor, shop)
        assert "ignored by .leanwideignore" in (await asked(editor, shop / "more.py")).reason


async def test_an_opened_folder_that_its_parent_ignores_is_served(tmp_path: Path, shop: Path):
    write(tmp_path, {".gitignore": "shop/\n"})
    async with editing(tmp_path, shop) as editor:
        assert SHOWN in await prompt_in(editor, shop / "main.py")
        await silent_in(editor, shop)


@pytest.mark.parametrize("linked", ["root", "documents"])
async def test_a_root_and_its_documents_may_be_on_different_sides_of_a_link(
    tmp_path: Path, shop: Path, linked: str
):
    link = tmp_path / "link"
    link.symlink_to(shop)
    root, side = (link, shop) if linked == "root" else (shop, link)
    async with editing(root=root) as editor:
        await silent_in(editor, side)
        await silent_in(editor, root)
        assert SHOWN in await prompt_in(editor, side / "main.py")
        own = await asked(editor, side / "pricing.py", PRICING + MAIN)
        assert SHOWN not in own.prompt
        newer = PRICING.replace("share", "percent")
        write(shop, {"pricing.py": newer})
        editor.changed_on_disk(side / "pricing.py", types.FileChangeType.Changed)
        assert newer in await prompt_in(editor, root / "main.py")
        (shop / "pricing.py").unlink()
        editor.changed_on_disk(side / "pricing.py", types.FileChangeType.Deleted)
        assert newer not in await prompt_in(editor, root / "main.py")


async def test_a_link_is_judged_by_its_own_name_and_its_target(tmp_path: Path, shop: Path):
    write(tmp_path, {"keys/id_rsa": PRICING, "outside.py": "def far_away(): ...\n"})
    links = {
        "to_ignored.py": ("gen/x.py", "x.py is ignored by .gitignore"),
        "to_excluded.py": ("drafts/x.py", "excluded by files.exclude"),
        "to_secret.py": ("../keys/id_rsa", "id_rsa is a secret"),
        "id_ed25519": ("pricing.py", "id_ed25519 is a secret"),
        "hidden2.py": ("pricing.py", None),
        "to_outside.py": ("../outside.py", None),
    }
    for name, (target, _) in links.items():
        (shop / name).symlink_to(target)
    (shop / "door").symlink_to("gen")
    async with editing(shop) as editor:
        for name, (_, reason) in links.items():
            record = await asked(editor, shop / name)
            assert (record.source == "model") is (reason is None)
            assert reason is None or reason in record.reason
        assert "ignored" in (await asked(editor, shop / "door" / "x.py")).reason
        assert (await editor.indexed()).files == 1
        for name in ("to_ignored.py", "to_secret.py", "id_ed25519", "door/x.py"):
            editor.changed_on_disk(shop / name, types.FileChangeType.Changed)
        assert (await editor.indexed()).files == 1


async def test_a_document_that_becomes_a_link_is_judged_again(shop: Path):
    async with editing(shop) as editor:
        uri = editor.open_at((shop / "pricing.py").as_uri(), MAIN)
        assert (await ask(editor, uri)).source == "model"
        (shop / "pricing.py").unlink()
        (shop / "pricing.py").symlink_to("gen/x.py")
        editor.changed_on_disk(shop / "pricing.py", types.FileChangeType.Changed)
        assert "x.py is ignored" in (await ask(editor, uri)).reason
        assert (await editor.indexed()).files == 0


async def test_an_unusable_path_gets_an_error_and_the_server_lives(shop: Path):
    (shop / "loop.py").symlink_to("loop.py")
    async with editing(shop) as editor:
        for name in ("a" * 5_000 + ".py", "loop.py"):
            await ask(editor, editor.open_at(f"{shop.as_uri()}/{name}", MAIN))
        with pytest.raises(JsonRpcInvalidParams, match="NUL"):
            await ask(editor, editor.open_at(f"{shop.as_uri()}/a%00b.py", MAIN))
        assert SHOWN in await prompt_in(editor, shop / "main.py")


async def test_unusable_folders_are_ignored_and_the_others_served(tmp_path: Path, shop: Path):
    (tmp_path / "loop").symlink_to("loop")
    odd = (tmp_path / "gone", shop / "pricing.py", tmp_path / "a\0b", tmp_path / ("x" * 5_000))
    async with editing(tmp_path / "loop", *odd, shop) as editor:
        editor.change_folders(added=odd, removed=[tmp_path / "gone"])
        await silent_in(editor, shop)
        assert SHOWN in await prompt_in(editor, shop / "main.py")


async def test_a_file_of_this_machine_by_its_host_is_judged_like_any(shop: Path):
    async with editing(shop) as editor:
        uri = editor.open_at(f"file://localhost{shop}/gen/x.py", MAIN)
        assert "ignored by .gitignore" in (await ask(editor, uri)).reason
    async with editing(root=shop) as editor:
        uri = editor.open_at(f"file://localhost{shop}/pricing.py", MAIN)
        assert (await ask(editor, uri)).source == "model"


RULES = {
    ".gitignore": ("later.py\n", "ignored by .gitignore"),
    ".leanwideignore": ("later.py\n", "ignored by .leanwideignore"),
    ".leanwide.toml": ("[files]\nexclude = ['later.py']\n", "excluded by files.exclude"),
}


@pytest.mark.parametrize("told", ["saved", "watched"])
@pytest.mark.parametrize("name", RULES)
async def test_changed_exclusions_apply_at_once(shop: Path, name: str, told: str):
    text, reason = RULES[name]
    async with editing(shop) as editor:
        uri = editor.open_at((shop / "later.py").as_uri(), MAIN)
        assert (await ask(editor, uri)).source == "model"
        rules = editor.open_at((shop / name).as_uri(), text, "ignore")
        write(shop, {name: text})
        if told == "saved":
            editor.save(rules)
        else:
            editor.changed_on_disk(shop / name, types.FileChangeType.Changed)
        assert reason in (await ask(editor, uri)).reason


@pytest.mark.parametrize("name", [".git/info/exclude", "rules"])
async def test_rules_that_git_does_not_commit_apply_at_once(shop: Path, name: str):
    config = "[core]\nexcludesFile = rules\n"
    write(shop, {".git/HEAD": "", ".git/objects/x": "", ".git/config": config})
    async with editing(shop) as editor:
        uri = editor.open_at((shop / "later.py").as_uri(), MAIN)
        assert (await ask(editor, uri)).source == "model"
        write(shop, {name: "later.py\n"})
        editor.changed_on_disk(shop / name, types.FileChangeType.Created)
        assert "later.py is ignored by" in (await ask(editor, uri)).reason
