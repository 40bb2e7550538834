"""The recommended models, and the resolution of names."""

from __future__ import annotations

import contextlib

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.models.registry import HubFile, RegistryEntry, UnknownModelError, entries, resolve


def test_every_entry_is_complete():
    assert entries()
    for entry in entries():
        for field in attrs.fields(RegistryEntry):
            assert getattr(entry, field.name) not in ("", None, 0), (entry.name, field.name)
        assert 1 <= entry.experts_trained <= entry.experts
        assert resolve(entry.name) == entry.source == resolve(str(entry.source))
        assert entry.fim, "a model without FIM cannot complete: it is not recommended"


def test_names_are_unique_and_better_files_of_a_model_are_larger():
    assert len({entry.name for entry in entries()}) == len(entries())
    for repo in {entry.repo for entry in entries()}:
        sizes = [entry.size_gb for entry in entries() if entry.repo == repo]
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
