"""The recommended models, and the resolution of names."""

from __future__ import annotations

import contextlib
import tomllib
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.models.registry import (
    HubFile,
    RegistryEntry,
    UnknownModelError,
    entries,
    entry_of,
    resolve,
)

ROOT = Path(__file__).parents[2]
REGISTRY = tomllib.loads((ROOT / "server/leanwide/models/registry.toml").read_text("utf-8"))
NAMED = [pytest.param(entry, id=entry.name) for entry in entries()]


def test_the_order_names_every_file_once():
    files = [
        f"{model['name']}-{file['quantisation'].lower()}"
        for model in REGISTRY["model"]
        for file in model["files"]
    ]
    assert sorted(REGISTRY["order"]) == sorted(files) == sorted({entry.name for entry in entries()})


@pytest.mark.parametrize("entry", NAMED)
def test_the_facts_of_an_entry_agree_with_each_other(entry):
    for field in attrs.fields(RegistryEntry):
        assert getattr(entry, field.name) not in ("", ()), field.name
    assert resolve(entry.name) == entry.source == resolve(str(entry.source))
    assert entry_of(entry.source) == entry
    assert entry.quantisation.lower() in entry.file.lower()
    assert 2 <= 8 * entry.size_bytes / entry.parameters <= 9, "bits a weight"
    if entry.experts:
        assert 1 <= entry.experts_trained < entry.experts
        assert entry.active_parameters < entry.parameters / 4
    else:
        assert (entry.experts_trained, entry.active_parameters) == (0, entry.parameters)
    assert entry.context_tokens % 1024 == 0
    assert entry.kv_bytes_per_token % 1024 == 0 or entry.architecture == "deepseek2"


@pytest.mark.parametrize("entry", NAMED)
def test_a_model_for_suggestions_knows_fim_and_needs_no_checkpoints(entry):
    if "lean" in entry.lanes:
        assert entry.fim
        assert not entry.recurrent
    if "wide" in entry.lanes:
        assert entry.sampling is not None, "the card recommends a sampling"


@pytest.mark.parametrize("entry", NAMED)
def test_the_documentation_lists_the_model_as_it_is(entry):
    rows = (ROOT / "docs" / "models.md").read_text("utf-8").splitlines()
    row = next(row for row in rows if row.startswith(f"| `{entry.name}` |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1] == f"{entry.size_bytes / 1e9:.1f} GB"
    assert cells[3] == ", ".join(entry.lanes)
    assert cells[5] == entry.licence


def test_better_files_of_a_model_are_larger():
    for repo in {entry.repo for entry in entries()}:
        sizes = [entry.size_bytes for entry in entries() if entry.repo == repo]
        assert sizes == sorted(sizes, reverse=True)


def test_the_error_for_a_misspelled_name_suggests_the_nearest():
    with pytest.raises(UnknownModelError, match="did you mean qwen3-coder-30b-a3b-q4_k_m"):
        resolve("qwen3-coder-30b-q4km")


@pytest.mark.parametrize(
    ("text", "repo", "file"),
    [
        ("hf:a/b/c.gguf", "a/b", "c.gguf"),
        ("hf:a.x/b-1/deep/er/c-Q4_K.gguf", "a.x/b-1", "deep/er/c-Q4_K.gguf"),
    ],
)
def test_an_address_names_a_file_on_the_hub(text, repo, file):
    assert resolve(text) == HubFile(repo, file)
    assert str(resolve(text)) == text


MALFORMED = """
hf: hf:a hf:a/b hf:a/b/ hf:a/b/c.bin hf:/b/c.gguf hf:a//c.gguf hf:a/b/../c.gguf hf:../b/c.gguf
hf:a/../c.gguf hf:a/b/.gguf hf:a/b/c.gguf?x=1 hf:a/b/c.gguf#x hf:a/b/https://x/c.gguf
"""


@pytest.mark.parametrize("text", [*MALFORMED.split(), "hf:a/b/c d.gguf", "hf:a/b\n/c.gguf"])
def test_the_error_for_a_malformed_address_has_an_example(text):
    with pytest.raises(UnknownModelError, match=r"is not hf:REPO/FILE with a .gguf file, such as"):
        resolve(text)


def test_one_part_of_a_model_is_refused():
    with pytest.raises(UnknownModelError, match="one of 3 parts"):
        resolve("hf:a/b/c-00001-of-00003.gguf")


@given(st.lists(st.sampled_from(["a", "..", ".", "/", "\\", "b.gguf"]), max_size=8).map("".join))
def test_an_accepted_address_stays_inside_its_folder(text: str):
    with contextlib.suppress(UnknownModelError):
        found = resolve(f"hf:{text}")
        parts = f"{found.repo}/{found.file}".split("/")
        assert not any(part in ("", ".", "..") or "\\" in part for part in parts)
