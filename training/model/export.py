"""Writes a checkpoint as GGUF in float32, and quantises it with llama.cpp.

python -m training.model.export --to server/leanwide/models/embedded/leanwide-embedded.gguf
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
from pathlib import Path
from typing import Any, Final

import gguf
import numpy as np
import torch
from llama_cpp import llama_cpp

from training.data.markers import (
    CHAT_TEMPLATE,
    END_OF_TEXT,
    END_THINK,
    FILE_SEP,
    FIM_MIDDLE,
    FIM_PAD,
    FIM_PREFIX,
    FIM_SUFFIX,
    ID,
    IM_END,
    REPO_NAME,
    SPECIAL,
    THINK,
)
from training.model.names import LAYER_NAMES
from training.model.qwen3moe import NORM_EPSILON, Shape

TYPES: Final = {
    "q8_0": llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0,
    "q6_k": llama_cpp.LLAMA_FTYPE_MOSTLY_Q6_K,
    "q5_k_m": llama_cpp.LLAMA_FTYPE_MOSTLY_Q5_K_M,
    "q4_k_m": llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_K_M,
}
NAME: Final = "leanwide embedded"
LANGUAGES_KEY: Final = "leanwide.languages"
LEARNED_SHARE: Final = 0.005
"""Least share of the training tokens of a language that the model claims to know."""


def write_float32(checkpoint: Path, data: Path, to: Path) -> None:
    """Write a checkpoint, the tokenizer and the languages of its data as an unquantised GGUF."""
    stored = torch.load(checkpoint, weights_only=True)
    shape = Shape(**stored["shape"])
    writer = gguf.GGUFWriter(str(to), "qwen3moe")
    _add_shape(writer, shape)
    writer.add_array(LANGUAGES_KEY, learned_languages(data))
    _add_vocabulary(writer, json.loads((data / "tokenizer.json").read_text()))
    for name, tensor in tensors(stored["optimizer"]["masters"]).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def learned_languages(data: Path) -> list[str]:
    """Return the languages that the model knows: the server makes no suggestions in others.

    Each is a name that the server knows for it: that of a grammar or an LSP identifier.
    """
    rows = json.loads((data / "languages.json").read_text())
    total = sum(row["tokens"] for row in rows)
    names = [row["language"] for row in rows if row["tokens"] >= LEARNED_SHARE * total]
    return [*names, *(["tsx"] if "typescript" in names else [])]


def tensors(weights: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    """Return weights under llama.cpp's names; expert matrices become outputs by inputs."""
    result = {
        "token_embd.weight": weights["embedding.weight"],
        "output_norm.weight": weights["norm.weight"],
        "output.weight": weights["head.weight"],
    }
    for name, weight in weights.items():
        if not name.startswith("blocks."):
            continue
        _, number, inner = name.split(".", 2)
        if inner == "experts.gate_up":
            gate, up = weight.transpose(1, 2).chunk(2, dim=1)
            result[f"blk.{number}.ffn_gate_exps.weight"] = gate
            result[f"blk.{number}.ffn_up_exps.weight"] = up
        elif inner == "experts.down":
            result[f"blk.{number}.ffn_down_exps.weight"] = weight.transpose(1, 2)
        else:
            result[f"blk.{number}.{LAYER_NAMES[inner]}.weight"] = weight
    return {name: np.ascontiguousarray(tensor.float().numpy()) for name, tensor in result.items()}


def quantise(source: Path, to: Path, kind: str) -> None:
    """Quantise a GGUF with llama.cpp; the target is written whole or not at all."""
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.ftype = TYPES[kind]
    parameters.nthread = os.cpu_count() or 1
    part = to.with_suffix(".part")
    failed = llama_cpp.llama_model_quantize(
        str(source).encode(), str(part).encode(), ctypes.byref(parameters)
    )
    if failed:
        raise RuntimeError(f"llama.cpp could not quantise {source} to {kind}")
    part.replace(to)


def _add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    writer.add_name(NAME)
    writer.add_license("apache-2.0")
    writer.add_description("A small elastic mixture of experts for code")
    writer.add_languages(["en"])
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_feed_forward_length(shape.expert_size * shape.nominal_experts)
    writer.add_expert_feed_forward_length(shape.expert_size)
    writer.add_expert_count(shape.experts)
    writer.add_expert_used_count(shape.nominal_experts)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(NORM_EPSILON)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def _add_vocabulary(writer: gguf.GGUFWriter, tokenizer: dict[str, Any]) -> None:
    model, keys = tokenizer["model"], gguf.Keys.Tokenizer
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    kinds = [_kind(token) for token in tokens]
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(merges)
    writer.add_eos_token_id(ID[END_OF_TEXT])
    writer.add_eot_token_id(ID[IM_END])
    writer.add_pad_token_id(ID[END_OF_TEXT])
    writer.add_add_bos_token(False)
    writer.add_uint32(keys.FIM_PRE_ID, ID[FIM_PREFIX])
    writer.add_uint32(keys.FIM_SUF_ID, ID[FIM_SUFFIX])
    writer.add_uint32(keys.FIM_MID_ID, ID[FIM_MIDDLE])
    writer.add_uint32(keys.FIM_PAD_ID, ID[FIM_PAD])
    writer.add_uint32(keys.FIM_REP_ID, ID[REPO_NAME])
    writer.add_uint32(keys.FIM_SEP_ID, ID[FILE_SEP])
    writer.add_chat_template(CHAT_TEMPLATE)


def _kind(token: str) -> gguf.TokenType:
    """Return a token's type: thinking marks are shown as text, all other markers are not."""
    if token in (THINK, END_THINK):
        return gguf.TokenType.USER_DEFINED
    return gguf.TokenType.CONTROL if token in SPECIAL else gguf.TokenType.NORMAL


def main() -> None:
    """Read the arguments, write the float32 file next to the checkpoint, then quantise it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("training/out"))
    parser.add_argument("--run", type=Path, default=Path("training/out/run"))
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--type", choices=TYPES, default="q8_0")
    given = parser.parse_args()
    whole = given.run / "model-f32.gguf"
    write_float32(given.run / "checkpoint.pt", given.data, whole)
    given.to.parent.mkdir(parents=True, exist_ok=True)
    quantise(whole, given.to, given.type)
    print(f"{given.to}: {given.to.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
