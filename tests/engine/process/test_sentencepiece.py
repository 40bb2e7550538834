"""SentencePiece vocabularies: prompts of several pieces have no blanks that nobody wrote."""

from __future__ import annotations

from pathlib import Path

import gguf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leanwide.engine.process.encoding import encode
from leanwide.engine.process.llama import Log, Model, ModelParams
from leanwide.engine.requests import Markup

MARKERS = {"<s>": gguf.TokenType.CONTROL, "</s>": gguf.TokenType.CONTROL}
FIM = {"▁<PRE>": "PRE", "▁<SUF>": "SUF", "▁<MID>": "MID"}
WORDS = ("▁", "d", "e", "f", "x", "▁d", "de", "ef", "▁de", "def", "▁def", "\n")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A vocabulary as that of Llama 2 and CodeLlama: bytes, pieces of words, a BOS token."""
    path = tmp_path_factory.mktemp("sentencepiece") / "vocabulary.gguf"
    _write(path)
    params = ModelParams(
        path=path,
        expert_override=None,
        use_mmap=True,
        use_extra_bufts=False,
        gpu_layers=0,
        vocabulary_only=True,
    )
    return Model(params, Log(), lambda _: None)


def _write(path: Path) -> None:
    kinds = {"<unk>": gguf.TokenType.UNKNOWN, **MARKERS}
    kinds |= {f"<0x{byte:02X}>": gguf.TokenType.BYTE for byte in range(256)}
    kinds |= dict.fromkeys(WORDS, gguf.TokenType.NORMAL)
    kinds |= dict.fromkeys(FIM, gguf.TokenType.CONTROL)
    texts = list(kinds)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(8)
    writer.add_feed_forward_length(8)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(texts)
    writer.add_token_scores([float(len(text)) for text in texts])
    writer.add_token_types([int(kind) for kind in kinds.values()])
    writer.add_bos_token_id(texts.index("<s>"))
    writer.add_eos_token_id(texts.index("</s>"))
    writer.add_add_bos_token(True)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()


def test_a_piece_of_a_prompt_gets_no_blank_in_front(model: Model):
    assert [model.name(token) for token in model.tokenize("def")] == ["def"]
    assert [model.name(token) for token in model.tokenize(" def")] == ["▁def"]


def test_the_fim_markers_of_such_a_vocabulary_are_found(model: Model):
    fim = model.fim
    assert fim is not None
    names = list(map(model.name, (fim.prefix, fim.suffix, fim.middle)))
    assert names == list(FIM)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=4))
def test_every_piece_is_read_as_it_was_written(model: Model, texts: list[str]):
    (begin,) = model.tokenize_markup("<s>")
    assert model.fim is not None
    prompt = [piece for text in texts for piece in (text, model.fim.suffix)]
    tokens = encode(model, (Markup("<s>"), *prompt))
    assert tokens[0] == begin
    assert tokens.count(begin) == 1
    # "▁" stands for a blank in these vocabularies, and cannot be told from one.
    written = "".join(texts).replace("▁", " ")
    assert b"".join(map(model.piece, tokens)).decode() == written
