"""Writes model.gguf and mmproj.gguf, which llama.cpp serves: `export_gguf.py [weights.pt] [FOLDER]`."""
import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer

import tokens
from model import Shape

HERE = Path(__file__).parent
CONTEXT = 1024
NORMAL, CONTROL = 1, 3  # Kinds of token in GGUF.
MEAN = DEVIATION = [0.5, 0.5, 0.5]
HALF = ("vision.blk.", "vision.mm.")  # The matrices under these names are stored as float16, by both exports.


def load(path):
    """The weights by name, in the precision in which they are stored, and the shape they fit."""
    weights = {name: value.float().numpy() for name, value in torch.load(path).items()}
    for name, value in weights.items():
        if name.startswith(HALF) and value.ndim == 2:
            weights[name] = value.astype(np.float16)
    return weights, Shape(vocabulary=len(weights["decoder.token_embd.weight"]))


def write_model(weights, shape, tokenizer, path):
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny-seer")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.blocks)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(0)
    write_tokenizer(writer, tokenizer)
    for name, value in weights.items():
        if name.startswith("decoder."):
            name = name.removeprefix("decoder.")
            if "attn_q" in name or "attn_k" in name:
                value = interleave(value, shape.heads)
            writer.add_tensor(name, np.ascontiguousarray(value))
    close(writer)


def interleave(value, heads):
    """Hugging Face turns the first half of a head against the second, llama.cpp turns neighbours: reorder the rows."""
    rows, columns = value.shape
    return value.reshape(heads, 2, rows // heads // 2, columns).swapaxes(1, 2).reshape(rows, columns)


def write_tokenizer(writer, tokenizer):
    vocabulary, merges = tokens.vocabulary_and_merges(tokenizer)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(vocabulary)
    writer.add_token_types([CONTROL if token in tokens.SPECIAL else NORMAL for token in vocabulary])
    writer.add_token_merges(merges)
    end = vocabulary.index("<|end|>")
    writer.add_bos_token_id(end)
    writer.add_eos_token_id(end)
    writer.add_add_bos_token(False)
    writer.add_chat_template(tokens.CHAT_TEMPLATE)


def write_projector(weights, shape, path):
    """`feature_layer` makes llama.cpp run every block; without it, its LLaVA graph leaves the last one out."""
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_name("tiny-seer")
    writer.add_file_type(0)
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", "mlp")
    writer.add_bool("clip.use_gelu", False)
    numbers = dict(image_size=shape.side, patch_size=shape.patch, embedding_length=shape.vision_width,
                   feed_forward_length=shape.vision_inner, projection_dim=shape.width, block_count=shape.vision_blocks)
    for name, value in numbers.items():
        writer.add_uint32("clip.vision." + name, value)
    writer.add_uint32("clip.vision.attention.head_count", shape.heads)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", shape.epsilon)
    writer.add_array("clip.vision.image_mean", MEAN)
    writer.add_array("clip.vision.image_std", DEVIATION)
    writer.add_array("clip.vision.feature_layer", [shape.vision_blocks])
    for name, value in weights.items():
        if name.startswith("vision."):
            name = name.removeprefix("vision.")
            name = name if name.startswith("mm.") else "v." + name
            writer.add_tensor(name.replace("position_embd", "position_embd.weight"), np.ascontiguousarray(value))
    close(writer)


def close(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def export(weights_file, folder):
    weights, shape = load(weights_file)
    folder.mkdir(parents=True, exist_ok=True)
    write_model(weights, shape, Tokenizer.from_file(str(HERE / "tokenizer.json")), folder / "model.gguf")
    write_projector(weights, shape, folder / "mmproj.gguf")


if __name__ == "__main__":
    export(Path(sys.argv[1] if len(sys.argv) > 1 else HERE / "weights.pt"), Path(sys.argv[2] if len(sys.argv) > 2 else HERE))
