"""Usual work with a published model: ``make test-real MODEL=FILE.gguf``."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import json
import re
import statistics
import subprocess
import sysconfig
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lsprotocol import types

from leanwide.engine.process.llama import Log, Model, ModelParams
from leanwide.engine.process.llama_context import ContextParams, Logits
from leanwide.models.gguf_header import GgufHeader
from leanwide.tuning.repository import read_repository
from leanwide_bench.places.places import CompletionPlace, places
from tests.e2e.session import PROGRAM, Session

PLACES = 20
ANSWER_WITHIN_S = 300
MARKER = re.compile(r"<\|[a-z_]+\|>|</?think>|\[/?INST\]|</?s>")
"""Markup of the usual models, which must not be shown."""


def found(count: int) -> list[CompletionPlace]:
    """Return lines of the standard library, always the same ones."""
    holes = read_repository(Path(sysconfig.get_path("stdlib")) / "json", ()).holes
    return list(itertools.islice(places(holes), count))


async def ask(
    editor: Session, place: CompletionPlace, kind: types.InlineCompletionTriggerKind
) -> str:
    uri = editor.open(place.text, place.name, place.language)
    at = types.Position(*place.cursor)
    answer = await asyncio.wait_for(editor.request(uri, at, kind), ANSWER_WITHIN_S)
    editor.close(uri)
    return str(answer.items[0].insert_text) if answer and answer.items else ""


@pytest.mark.usefixtures("completes")
async def test_there_is_a_suggestion_at_nearly_every_place(editor: Session):
    kind = types.InlineCompletionTriggerKind.Automatic
    texts, took = [], []
    for place in found(PLACES):
        began = time.monotonic()
        texts.append(await ask(editor, place, kind))
        took.append(time.monotonic() - began)
    shown = [text for text in texts if text.strip()]
    exact = sum(
        text.strip().partition("\n")[0] == place.truth
        for text, place in zip(texts, found(PLACES), strict=True)
    )
    print(f"{len(shown)} of {PLACES}, {exact} exact, {statistics.median(took):.1f} s")
    assert len(shown) >= 0.9 * PLACES
    assert not [text for text in texts if MARKER.search(text)]


@pytest.mark.usefixtures("completes")
def test_the_program_waits_for_its_answer(model: Path, tmp_path: Path):
    file = tmp_path / "mean.py"
    file.write_text("def mean(values):\n    total = sum(values)\n    retu\n")
    run = [PROGRAM, "complete", f"{file}:3:9", "--model", str(model), "--json"]
    result = subprocess.run(run, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout)["text"].startswith("rn")


@pytest.mark.usefixtures("completes")
async def test_a_second_request_gives_no_less(editor: Session):
    (place,) = found(1)
    uri = editor.open(place.text, place.name, place.language)
    at = types.Position(*place.cursor)
    first = await asyncio.wait_for(editor.complete(uri, at), ANSWER_WITHIN_S)
    async with asyncio.timeout(ANSWER_WITHIN_S):
        while (await editor.status()).state != "idle":
            await asyncio.sleep(0.05)
    again = await asyncio.wait_for(editor.complete(uri, at), ANSWER_WITHIN_S)
    if first:
        assert again
        assert str(again[0].insert_text).startswith(str(first[0].insert_text))


async def test_a_model_that_cannot_complete_says_so_once(editor: Session, header: GgufHeader):
    if header.fim:
        pytest.skip("it can complete")
    uri = editor.open()
    for _ in range(3):
        assert await editor.complete(uri, types.Position(3, 0)) == []
    (message,) = editor.client.messages
    assert "fill-in-the-middle" in message.message
    record = await editor.last_request()
    assert "fill-in-the-middle" in record.reason


def functions() -> Iterator[tuple[str, str]]:
    for function in (statistics.mean, json.loads, textwrap.dedent):
        yield function.__name__, inspect.getsource(function)


def whole(text: str) -> dict[str, Any]:
    last = text.count("\n")
    return {"start": {"line": 0, "character": 0}, "end": {"line": last, "character": 0}}


@pytest.mark.usefixtures("answers")
async def test_explanations_end_and_show_no_markup(editor: Session):
    for name, source in functions():
        uri = editor.open(source, f"{name}.py")
        argument = {"uri": uri, "range": whole(source), "streamToken": name}
        answer = await asyncio.wait_for(
            editor.command("leanwide.explain", argument), ANSWER_WITHIN_S
        )
        assert len(answer.markdown.split()) > 5
        assert not MARKER.search(answer.markdown), answer.markdown
        streamed = "".join(part["text"] for part in editor.parts[name])
        assert streamed == answer.markdown


@pytest.mark.usefixtures("answers")
async def test_a_chat_has_a_second_turn(editor: Session):
    first = await editor.command("leanwide.chat", {"message": "Name a sorting algorithm."})
    second = await editor.command(
        "leanwide.chat", {"message": "Say it again in one word.", "id": first.id}
    )
    assert first.markdown.strip()
    assert second.markdown.strip()
    assert not MARKER.search(first.markdown + second.markdown)


@pytest.mark.usefixtures("answers")
async def test_an_edit_is_an_edit_or_a_sentence(editor: Session):
    source = inspect.getsource(statistics.mean)
    uri = editor.open(source)
    argument = {"uri": uri, "range": whole(source), "apply": False}
    answer = await asyncio.wait_for(editor.command("leanwide.document", argument), ANSWER_WITHIN_S)
    assert answer.edit is not None or answer.markdown


def test_what_is_kept_of_another_prompt_is_as_good_as_read_again(model: Path):
    """Also beyond a sliding window: the same tokens in the same chunks give the same logits."""
    loaded = Model(model_params(model), Log(), lambda _: None)
    head = loaded.tokenize(inspect.getsource(textwrap))[:700]
    other, tail = (loaded.tokenize(text) for text in ("    x = 1\n" * 160, "\n\ndef fill(text):\n"))

    def logits(*sequences: list[int]) -> Logits:
        params = ContextParams(
            cells=2_048, sequences=1, batch_tokens=128, threads=2, keeps_scores=True
        )
        context = loaded.open_context(params, lambda: False)
        for tokens in sequences:
            assert context.truncate(0, len(head) if context.length(0) else 0)
            kept = context.length(0)
            for start in range(kept, len(tokens), 100):
                context.decode(tokens[start : start + 100], start, 0)
        found = context.logits().copy()
        context.close()
        return found

    fresh, reused = logits([*head, *tail]), logits([*head, *other], [*head, *tail])
    assert np.abs(fresh - reused).max() < 1e-3


def model_params(path: Path) -> ModelParams:
    return ModelParams(
        path=path, expert_override=None, use_mmap=True, use_extra_bufts=False, gpu_layers=0
    )


def test_memory_is_as_predicted(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "leanwide"
    folder.mkdir()
    (folder / "config.toml").write_text(f"[model]\npath = {json.dumps(str(model))}\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    run = [PROGRAM, "doctor", "--measure", "--json"]
    report = json.loads(subprocess.run(run, capture_output=True, text=True, check=False).stdout)
    for lane in report["lanes"]:
        predicted = lane["kv_megabytes"] + lane["compute_megabytes"]
        assert 0 < lane["measured_megabytes"] <= predicted
