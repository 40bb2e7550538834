"""The workspace index: what it finds, excludes, follows and keeps on disk."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leanwide.files.area import WorkspaceFolders
from leanwide.index import persistence
from leanwide.index.builder import Builder, FileChange
from leanwide.index.crawl import CrawledFile, examine
from leanwide.index.persistence import cache_file
from leanwide.index.reading import read_entry
from leanwide.index.slice_worker import Superseded
from leanwide.index.snapshot import IndexSnapshot, distance, topic
from leanwide.index.symbols import FileEntry
from leanwide.index.workspace_index import WorkspaceIndex
from tests.index.folders import area_of, folder_of, write

SHOP = {
    "shop/basket.py": (
        "class Basket:\n"
        '    """What a customer wants."""\n'
        "\n"
        "    def add(self, item: str) -> None:\n"
        "        def inner(): ...\n"
        "        self.items.append(item)\n"
        "\n"
        "\n"
        "@cache\n"
        "def total(basket):\n"
        "    return sum(basket.items)\n"
    ),
    "shop/test_basket.py": "def test_total():\n    pass\n",
    "web/total.ts": "export function total(x: number) {\n  return x;\n}\n",
    "web/page.tsx": "export const Page = () => {\n  return 1;\n};\n",
    "notes.md": "# total\n",
    "data.json": '{"total": [1]}\n',
}

Make = Callable[..., WorkspaceIndex]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    write(folder, SHOP)
    return folder


@pytest.fixture
def make(root: Path, tmp_path: Path) -> Iterator[Make]:
    """Make built indexes of the workspace, and close them."""
    made: list[WorkspaceIndex] = []

    def build(*patterns: str, most_bytes: int = 60_000_000, **limits: Any) -> WorkspaceIndex:
        index = WorkspaceIndex(tmp_path / "cache", rest=0, most_bytes=most_bytes)
        made.append(index)
        index.build(area_of(root, *patterns, **limits))
        assert index.wait(20)
        return index

    yield build
    for index in made:
        index.close()


def places(index: WorkspaceIndex, *names: str, near: str = "main.py") -> list[str]:
    return [f"{found.path}:{found.line + 1}" for found in index.definitions(names, near)]


def test_a_text_names_a_file_by_its_path_or_the_end_of_one(root: Path, make: Make):
    write(root, {"web/basket.py": "x = 1\n", "key/secret.py": "x = 1\n"})
    index = make("secret.py")
    for name in ("shop/test_basket.py", "./test_basket.py", str(root / "shop/test_basket.py")):
        assert index.file_named(name) == root / "shop/test_basket.py"
    for name in ("basket.py", "asket.py", "secret.py", "key/secret.py", "shop", "", "/", "../x.py"):
        assert index.file_named(name) is None, name


def test_a_definition_has_a_signature_and_lines(root: Path, tmp_path: Path):
    builder = Builder(10**9, tmp_path / "cache")
    builder.build(area_of(root), lambda: None)
    (found,) = builder.snapshot.lookup(("total",), "main.py")
    assert (found.path, found.symbol.kind, found.symbol.owner) == ("shop/basket.py", "function", "")
    assert found.symbol.signature == "@cache\ndef total(basket):"
    assert (found.symbol.start, found.symbol.body, found.symbol.end) == (8, 10, 10)


@pytest.mark.parametrize(
    ("names", "near", "expected"),
    [
        (("add", "Basket"), "main.py", ["shop/basket.py:4", "shop/basket.py:1"]),
        (("inner",), "main.py", []),
        (("total",), "web/page.tsx", ["web/total.ts:1"]),
        (("Page",), "web/total.ts", ["web/page.tsx:1"]),
        (("total",), "shop/basket.py", []),
        (("total",), "data.json", []),
        (("total", "nowhere"), "shop/new.py", ["shop/basket.py:9"]),
    ],
)
def test_definitions_of_names_used_in_a_file(
    make: Make, names: tuple[str, ...], near: str, expected: list[str]
):
    assert places(make(), *names, near=near) == expected


def test_the_nearest_definitions_come_first(make: Make, root: Path):
    write(root, {f"{folder}/it.py": "def common():\n    pass\n" for folder in ("a", "b/c", "b/d")})
    assert places(make(), "common", near="b/c/main.py") == ["b/c/it.py:1", "b/d/it.py:1"]


def test_a_name_with_too_many_definitions_is_not_found(make: Make, root: Path):
    write(root, {f"p{n}.py": "def run():\n    pass\n" for n in range(30)})
    assert places(make(), "run") == []


def test_definitions_are_folded_for_a_prompt(make: Make, root: Path):
    body = "".join(f"    step_{n}()\n" for n in range(30))
    members = "".join(f"    def method_{n}(self): \n{body}" for n in range(3))
    write(root, {"long.py": f"def long_one():\n{body}\n\nclass Large:\n{members}"})
    function, large = make().definitions(("long_one", "Large"), "main.py")
    assert function.text == "def long_one():\n" + body[: body.index("    step_11")]
    assert large.text == "class Large:\n" + "".join(
        f"    def method_{n}(self):\n" for n in range(3)
    )


def callers(index: WorkspaceIndex, name: str, near: str) -> list[str]:
    return [f"{caller.path}:{caller.line + 1}" for caller in index.callers(name, near)]


TILL = """\
import basket


@traced
def checkout(items):
    sums = [basket.total(one) for one in items]
    subtotal = 0
    return max(sums)
"""
REPORT = """\
def report():
    print(total({}))


def total_of(total):
    return total
"""


def test_callers_of_a_definition_are_folded_to_their_calls(make: Make, root: Path):
    page = "export function page() { return total(1) }\n"
    write(root, {"shop/till.py": TILL, "far/report.py": REPORT, "web/page.ts": page})
    index = make()
    first, second = index.callers("total", "shop/basket.py")
    assert first.text == (
        "@traced\ndef checkout(items):\n    sums = [basket.total(one) for one in items]\n"
    )
    assert second.text == "def report():\n    print(total({}))\n"
    write(root, {"shop/till.py": "# moved\n" * 9})
    assert callers(index, "total", "shop/basket.py") == ["far/report.py:1"]


def test_files_that_call_a_name_are_read_whole_but_not_the_one_that_defines_it(
    make: Make, root: Path
):
    basket = "def total(items):\n    return sum(items)\n\n\ndef both():\n    return total([])\n"
    write(root, {"shop/till.py": TILL, "shop/basket.py": basket, "other.py": "x = 1\n"})
    ((file, lines),) = make().files_calling(("total", "nothing"), "shop/basket.py")
    assert file == root / "shop" / "till.py"
    assert "".join(lines) == TILL


def test_a_name_with_many_definitions_has_no_callers(make: Make, root: Path):
    text = "def close():\n    pass\ndef {}():\n    close()\n"
    write(root, {"p1.py": text.format("one"), "p2.py": text.format("two")})
    assert callers(make(), "close", "p1.py") == ["p1.py:3", "p2.py:3"]
    write(root, {"p3.py": "def close():\n    pass\n"})
    assert callers(make(), "close", "p1.py") == []


def test_a_definition_that_has_moved_is_shown_as_its_signature(make: Make, root: Path):
    index = make()
    write(root, {"shop/basket.py": "import this\n\n" + SHOP["shop/basket.py"]})
    (snippet,) = index.definitions(("total",), "main.py")
    assert snippet.text == "@cache\ndef total(basket):\n"


@pytest.mark.parametrize(
    ("near", "expected"),
    [
        ("shop/test_basket.py", ["shop/basket.py"]),
        ("shop/basket.py", ["shop/test_basket.py"]),
        ("tests/basket_test.py", ["shop/basket.py"]),
        ("shop/other.py", []),
        ("web/basket.py", ["shop/test_basket.py"]),
    ],
)
def test_tests_and_implementation_find_each_other(make: Make, near: str, expected: list[str]):
    assert [snippet.path for snippet in make().counterparts(near)] == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a/test_it.py", "it"),
        ("it_test.go", "it"),
        ("it.spec.ts", "it"),
        ("ItTests.cs", "it"),
        ("It.java", "it"),
        ("latest.py", "latest"),
        ("test.py", "test"),
        (".rc", ".rc"),
    ],
)
def test_a_topic_is_a_name_without_test_marks(path: str, expected: str):
    assert topic(path) == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("secrets.py", "def hidden():\n    pass\n"),
        ("gen/x.py", "def hidden():\n    pass\n"),
        ("ignored/deep/x.py", "def hidden():\n    pass\n"),
        ("node_modules/lib/x.py", "def hidden():\n    pass\n"),
        (".venv/lib/x.py", "def hidden():\n    pass\n"),
        ("x_pb2.py", "def hidden():\n    pass\n"),
        ("made.py", "# @generated\ndef hidden():\n    pass\n"),
        ("x.js", "function hidden() {" + "a();" * 5_000 + "}"),
        ("binary.py", "def hidden():\n    pass\n\0"),
        ("large.py", "def hidden():\n    pass\n" + "#\n" * 500_000),
    ],
)
def test_an_excluded_file_is_never_in_the_index(make: Make, root: Path, path: str, text: str):
    write(root, {".gitignore": "ignored/\n"})
    index = make("gen/")
    write(root, {path: text})
    for look in (
        lambda: index.update(str(root / path)),
        lambda: index.build(area_of(root, "gen/")),
    ):
        look()
        assert index.wait(20)
        assert places(index, "hidden", near="main" + Path(path).suffix) == []
        assert not index.holds(path)


def test_a_new_pattern_excludes_files_before_the_index_is_rebuilt(make: Make, root: Path):
    index = make()
    assert index.holds("shop/basket.py")
    index.pause(60)
    index.build(area_of(root, "shop/"))
    assert not index.holds("shop/basket.py")
    index.pause(0)
    assert index.wait(20)
    assert places(index, "total") == []


def test_links_and_unreadable_files_are_skipped(make: Make, root: Path):
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "link.py").symlink_to(root / "shop" / "basket.py")
    (root / "broken.py").symlink_to(root / "nowhere.py")
    os.mkfifo(root / "pipe.py")
    (root / os.fsdecode(b"b\xff.py")).write_text("def odd():\n    pass\n")
    assert make().stats.files == 4


def test_indexing_a_hostile_folder_ends(tmp_path: Path):
    hostile = tmp_path / "hostile"
    write(hostile, {f"many/f{n}.py": "" for n in range(300)})
    write(hostile, {"many/z.py": "def in_many(): ...\n", "closed/x.py": "def shut(): ...\n"})
    deep(hostile, 30)
    (hostile / "loop").symlink_to("loop")
    (hostile / "up").symlink_to("..", target_is_directory=True)
    os.mkfifo(hostile / "pipe.py")
    (hostile / "device.py").symlink_to("/dev/zero")
    (hostile / "closed").chmod(0)
    odd = hostile / os.fsdecode(b"\xff")
    odd.mkdir()
    (odd / "x.py").write_text("def odd(): ...\n")
    rests: list[None] = []
    builder = Builder(10**9, tmp_path / "cache")
    builder.build(area_of(hostile), lambda: rests.append(None))
    assert "many/z.py" in builder.entries
    assert len(rests) > 300
    for path in ("pipe.py", "device.py", "up/hostile/many/z.py", "loop/x.py", "a\0b.py"):
        builder.apply(area_of(hostile), [FileChange(str(hostile / path))], lambda: None)
    assert "in_many" in builder.snapshot.names
    assert set(builder.entries) <= {"many/z.py", "closed/x.py"}


def deep(folder: Path, levels: int) -> None:
    """Nest folders with long names until paths to the innermost one are too long."""
    descriptor, name = os.open(folder, os.O_RDONLY), "d" * 200
    for _ in range(levels):
        os.mkdir(name, dir_fd=descriptor)
        inner = os.open(name, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)


def test_a_link_that_replaced_a_file_is_not_read(make: Make, root: Path, tmp_path: Path):
    index = make()
    write(tmp_path, {"away/basket.py": SHOP["shop/basket.py"].replace("sum(", "secret(")})
    (root / "shop" / "basket.py").unlink()
    (root / "shop" / "basket.py").symlink_to(tmp_path / "away" / "basket.py")
    (snippet,) = index.definitions(("total",), "main.py")
    assert "secret" not in snippet.text
    index.update(str(root / "shop" / "basket.py"))
    assert index.wait(20)
    assert places(index, "total") == []


def test_a_file_in_another_encoding_is_indexed(make: Make, root: Path):
    (root / "latin.py").write_bytes("def grüße():\r\n    pass\r\n".encode("latin-1"))
    (root / "bom.py").write_bytes(b"\xef\xbb\xbfdef marked():\r    pass\r")
    index = make()
    assert places(index, "marked") == ["bom.py:1"]
    assert index.stats.files == 6


def test_changes_are_followed(make: Make, root: Path):
    index = make()

    def look(path: str) -> None:
        index.update(str(root / path))
        assert index.wait(20)

    write(root, {"new.py": "\ndef brand_new():\n    pass\n"})
    look("new.py")
    assert places(index, "brand_new") == ["new.py:2"]
    write(root, {"new.py": "def newer():\n    pass\n"})
    look("new.py")
    assert places(index, "brand_new", "newer") == ["new.py:1"]
    (root / "new.py").unlink()
    look("new.py")
    assert places(index, "newer") == []
    index.remove(str(root / "shop"))
    assert index.wait(20)
    assert places(index, "total", "Basket") == []
    look("shop/basket.py")
    assert places(index, "total") == ["shop/basket.py:9"]


def test_a_body_changed_in_the_moment_of_the_last_save_is_shown(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("leanwide.index.reading._CLOCK_NS", 10**12)  # any save is of this moment
    index = make()
    for rate in ("0.19", "0.07", "0.25"):
        (root / "rates.py").write_text(f"def vat_rate():\n    return {rate}\n")
        index.update(str(root / "rates.py"))
        assert index.wait(20)
        (found,) = index.definitions(["vat_rate"], "main.py")
        assert rate in found.text


def test_a_changed_ignore_file_applies_to_all_files(make: Make, root: Path):
    index = make()
    write(root, {".gitignore": "shop/\n"})
    index.build(area_of(root))
    assert index.wait(20)
    assert places(index, "total") == []


def test_a_file_outside_the_workspace_is_not_indexed(make: Make, root: Path, tmp_path: Path):
    write(tmp_path, {"elsewhere.py": "def foreign():\n    pass\n"})
    index = make()
    index.update(str(tmp_path / "elsewhere.py"))
    assert index.wait(20)
    assert places(index, "foreign") == []
    assert index.key(str(tmp_path / "elsewhere.py")) is None
    assert index.key(str(root / "shop" / "basket.py")) == "shop/basket.py"


def test_a_workspace_may_have_several_folders(make: Make, root: Path, tmp_path: Path):
    write(tmp_path, {"second/it.py": "def beside():\n    pass\n"})
    index = make()
    index.build(
        WorkspaceFolders(folders=(folder_of(root), folder_of(tmp_path / "second", prefix="../b/")))
    )
    assert index.wait(20)
    assert places(index, "beside", "total") == ["../b/it.py:1", "shop/basket.py:9"]
    assert index.key(str(tmp_path / "second" / "it.py")) == "../b/it.py"
    assert index.definitions(("beside",), "main.py")[0].text == "def beside():\n    pass\n"

    index.build(area_of(root))
    assert not index.holds("../b/it.py")
    assert index.wait(20)
    assert places(index, "beside", "total") == ["shop/basket.py:9"]


def test_of_too_many_files_those_nearest_to_the_open_ones_are_indexed(make: Make, root: Path):
    write(root, {f"{folder}/x.py": f"def in_{folder}():\n    pass\n" for folder in "abcde"})
    index = make(most_files=2, near=("d/x.py", "b/y.py"))
    assert places(index, *(f"in_{folder}" for folder in "abcde")) == ["b/x.py:1", "d/x.py:1"]


def test_memory_is_bounded(make: Make):
    index = make(most_bytes=2_500)
    assert index.stats.full
    assert 0 < index.stats.bytes <= 2_500
    assert index.stats.files < 4


def test_nothing_is_parsed_during_a_pause(make: Make, root: Path):
    index = make()
    write(root, {"new.py": "def brand_new():\n    pass\n"})
    index.pause(60)
    index.update(str(root / "new.py"))
    assert not index.wait(0.1)
    assert places(index, "brand_new") == []
    index.pause(0)
    assert index.wait(20)
    assert places(index, "brand_new") == ["new.py:1"]


def test_many_changed_files_leave_room_for_keys_and_are_found_in_between(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch
):
    index = make()
    before = index.stats.parsed

    def read_until_a_key(area: WorkspaceFolders, file: CrawledFile) -> FileEntry | None:
        if index.stats.parsed - before == 150:
            index.pause(60)
        return read_entry(area, file)

    monkeypatch.setattr("leanwide.index.builder.read_entry", read_until_a_key)
    write(root, {f"many/m{n}.py": f"def many_{n}():\n    pass\n" for n in range(200)})
    index.pause(60)
    for n in range(200):
        index.update(str(root / f"many/m{n}.py"))
    index.pause(0)
    while index.stats.parsed - before < 150:
        assert not index.wait(0.01)
    assert not index.wait(0.1)
    assert index.stats.parsed - before == 150
    assert places(index, "many_0", "many_199") == ["many/m0.py:1"]
    index.pause(0)
    assert index.wait(20)
    assert places(index, "many_0", "many_199") == ["many/m0.py:1", "many/m199.py:1"]


def test_a_failing_build_is_logged_without_source_text_and_the_next_one_works(
    make: Make, root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    index = make()
    with monkeypatch.context() as patch:
        patch.setattr("leanwide.index.builder.crawl", lambda *_: 1 / 0)
        index.build(area_of(root))
        assert index.wait(20)
    assert "ZeroDivisionError" in caplog.text
    index.build(area_of(root))
    assert index.wait(20)
    assert places(index, "total") == ["shop/basket.py:9"]


def test_a_restart_parses_only_changed_files(make: Make, root: Path):
    first = make()
    first.close()
    assert first.stats.parsed == 4
    write(root, {"web/total.ts": "export function total2(x: number) {}\n"})
    (root / "web" / "page.tsx").unlink()
    second = make()
    assert second.stats.parsed == 1
    assert places(second, "total") == ["shop/basket.py:9"]
    assert places(second, "total", "total2", "Page", near="web/x.ts") == ["web/total.ts:1"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[:40] + bytes([data[40] ^ 1]) + data[41:],
        lambda data: b"lwindex0" + data[8:],
        lambda data: b"\xc1" * 1_000,
        lambda data: signed(data[12:].replace(b"shop/basket.py", b"shop/b\xffsket.py")),
        lambda data: signed(b"\x91" * 100_000),
        lambda data: signed(b"\xdd\xff\xff\xff\xff"),
        lambda data: signed(b"\x93\xa1x\xc4\x01x\xdd\xff\xff\xff\xff"),
    ],
)
def test_a_damaged_cache_is_rebuilt(
    make: Make, root: Path, tmp_path: Path, damage: Callable[[bytes], bytes]
):
    make().close()
    file = cache_file(root, tmp_path / "cache")
    file.write_bytes(damage(file.read_bytes()))
    index = make()
    assert index.stats.parsed == 4
    assert places(index, "total") == ["shop/basket.py:9"]
    index.close()
    assert make().stats.parsed == 0


def signed(body: bytes) -> bytes:
    """Return a cache file with a valid checksum."""
    return b"lwindex3" + zlib.crc32(body).to_bytes(4, "little") + body


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 400), put=st.binary(max_size=8))
def test_no_damage_of_a_cache_raises(tmp_path: Path, cut: int, put: bytes):
    write(tmp_path, {"a.py": "def one(): ...\n"})
    file, area = tmp_path / "it.index", area_of(tmp_path)
    found = examine(area, str(tmp_path / "a.py"))
    assert found is not None
    entry = read_entry(area, found)
    assert entry is not None
    assert persistence.save(file, tmp_path, [entry])
    body = file.read_bytes()[12:]
    file.write_bytes(signed(body[:cut] + put + body[cut + len(put) :]))
    assert isinstance(persistence.load(file, tmp_path), dict)


def sparse(file: Path) -> None:
    file.touch()
    os.truncate(file, 2**34)


@pytest.mark.parametrize("put", [os.mkfifo, Path.mkdir, sparse, "/dev/zero", "/dev/tty", "gone"])
def test_anything_in_the_place_of_a_cache_is_replaced(
    make: Make, root: Path, tmp_path: Path, put: str | Callable[[Path], None]
):
    file = cache_file(root, tmp_path / "cache")
    file.parent.mkdir()
    if isinstance(put, str):
        file.symlink_to(put)
    else:
        put(file)
    index = make()
    assert places(index, "total") == ["shop/basket.py:9"]
    index.close()
    assert file.is_dir() or make().stats.parsed == 0


def test_a_restart_parses_no_file_of_any_folder_again(tmp_path: Path, root: Path):
    write(tmp_path, {"b/it.py": "def beside():\n    pass\n"})
    both = WorkspaceFolders(folders=(folder_of(root), folder_of(tmp_path / "b", prefix="../b/")))
    alone = WorkspaceFolders(folders=(folder_of(tmp_path / "b"),))

    def parsed(*areas: WorkspaceFolders) -> int:
        builder = Builder(10**9, tmp_path / "cache")
        for area in areas:
            builder.build(area, lambda: None)
        return builder.parsed

    assert parsed(both) == 5
    assert parsed(both) == parsed(alone) == parsed(alone, both, alone, both) == 0


def test_a_superseded_build_keeps_the_cache(make: Make, root: Path, tmp_path: Path):
    make().close()
    builder = Builder(10**9, tmp_path / "cache")

    def supersede() -> None:
        raise Superseded

    with pytest.raises(Superseded):
        builder.build(area_of(root), supersede)
    builder.save()
    builder.build(area_of(root), lambda: None)
    assert builder.parsed == 0


def test_the_cache_of_another_version_is_not_used(make: Make, monkeypatch: pytest.MonkeyPatch):
    make().close()
    monkeypatch.setattr(persistence, "__version__", "0.0.0")
    assert make().stats.parsed == 4


def test_without_a_writable_cache_folder_the_index_works(root: Path, tmp_path: Path):
    (tmp_path / "file").write_text("")
    index = WorkspaceIndex(tmp_path / "file", rest=0)
    index.build(area_of(root))
    assert index.wait(20)
    assert index.stats.files == 4
    index.close()


def test_only_the_user_may_read_the_cache_and_few_folders_are_kept(make: Make, tmp_path: Path):
    folder = tmp_path / "cache"
    write(folder, {f"{n}.index": "" for n in range(40)})
    make().close()
    files = list(folder.iterdir())
    assert len(files) == 32
    (newest,) = (file for file in files if file.stat().st_size)
    assert newest.stat().st_mode & 0o077 == 0


def test_unfinished_cache_files_of_killed_processes_are_deleted(make: Make, tmp_path: Path):
    folder = tmp_path / "cache"
    write(folder, {"0123abandoned": "signatures", "0123new": "signatures"})
    os.utime(folder / "0123abandoned", (0, 0))
    os.utime(folder / "0123new")
    make().close()
    assert {file.name for file in folder.iterdir() if file.suffix != ".index"} == {"0123new"}


Step = tuple[str, str, str]
NAMES = st.sampled_from(["a.py", "b.py", "sub/a.py", "sub/test_a.py", "sub/deep/c.ts"])
TEXTS = st.lists(st.sampled_from(["def one(): pass\n", "class Two: pass\n", "x = 1\n"]), max_size=4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), NAMES, TEXTS.map("".join)),
        st.tuples(st.sampled_from(["delete", "remove folder"]), NAMES, st.just("")),
    ),
    max_size=8,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(before=STEPS, after=STEPS, together=st.booleans())
def test_a_followed_index_equals_a_rebuilt_and_a_reloaded_one(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[Step],
    after: list[Step],
    together: bool,  # all changes are reported at the end
):
    root = tmp_path_factory.mktemp("root")
    area, cache = area_of(root), root / "cache.d"

    def built() -> Builder:
        builder = Builder(10**9, cache)
        builder.build(area, lambda: None)
        return builder

    for step in before:
        _do(root, step)
    followed = built()
    changes: list[FileChange] = []
    for step in after:
        changes.append(FileChange(str(_do(root, step)), gone=step[0] == "remove folder"))
        if not together:
            followed.apply(area, changes[-1:], lambda: None)
    if together:
        followed.apply(area, changes, lambda: None)
    followed.save()
    persisted, cold = built(), Builder(10**9, root / "cold.d")
    cold.build(area, lambda: None)
    assert _content(followed.snapshot) == _content(persisted.snapshot) == _content(cold.snapshot)
    assert followed.bytes == persisted.bytes == cold.bytes


def _do(root: Path, step: Step) -> Path:
    what, name, text = step
    path = root / name
    if what == "write":
        write(root, {name: text})
    elif what == "delete":
        path.unlink(missing_ok=True)
    else:
        path = root / "sub"
        for file in path.rglob("*.*"):
            file.unlink()
    return path


def _content(snapshot: IndexSnapshot) -> tuple[object, ...]:
    return dict(snapshot.files), dict(snapshot.names), dict(snapshot.topics)


PATHS = st.lists(st.sampled_from("ab"), max_size=3).map(lambda parts: "/".join((*parts, "x.py")))


@given(PATHS, PATHS, PATHS)
def test_distance_is_a_distance(one: str, two: str, three: str):
    assert distance(one, one) == 0
    assert distance(one, two) == distance(two, one)
    assert distance(one, three) <= distance(one, two) + distance(two, three)
