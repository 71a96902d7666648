"""Writes the layout of Hugging Face's ONNX exports: `export_onnx.py [weights.pt] [FOLDER]`."""
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

import model
import tokens
from export_gguf import CONTEXT, DEVIATION, MEAN, load

HERE = Path(__file__).parent
OPSET = 17


class PlainDecoder(nn.Module):
    """The decoder as one call: embeddings, masks, positions and earlier keys and values in; logits, keys and values out."""

    def __init__(self, decoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, inputs_embeds, attention_mask, position_ids, *past):
        tokens_now, tokens_all = inputs_embeds.shape[1], attention_mask.shape[1]
        places = torch.arange(tokens_all)
        visible = places[None] <= (places[tokens_all - tokens_now:])[:, None]
        visible = visible[None, None] & (attention_mask[:, None, None] > 0)
        mask = torch.where(visible, 0.0, -1e9)
        rotation = self.decoder.rotation(position_ids)
        x, present = inputs_embeds, []
        for i, block in enumerate(self.decoder.blk):
            q, k, v = block.project(x, rotation)
            k, v = torch.cat([past[2 * i], k], 2), torch.cat([past[2 * i + 1], v], 2)
            present += [k, v]
            x = block.finish(x, model.attend(q, k, v, mask))
        return self.decoder.logits(x), *present


def rebuild(weights, shape):
    """The two halves of the network with the trained weights in them."""
    vision, decoder = model.Vision(shape), model.Decoder(shape)
    for part, prefix in ((vision, "vision."), (decoder, "decoder.")):
        part.load_state_dict({name.removeprefix(prefix): torch.from_numpy(value.astype(np.float32))
                              for name, value in weights.items() if name.startswith(prefix)})
        part.eval()
    return vision, decoder


def write_graph(module, example, path, inputs, outputs, dynamic):
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.onnx.export(module, example, str(path), input_names=inputs, output_names=outputs, dynamic_axes=dynamic,
                          opset_version=OPSET, dynamo=False)
    graph = onnx.load(path)
    halve(graph.graph)
    onnx.checker.check_model(graph, full_check=True)
    onnx.save(graph, path)


def halve(graph):
    """Stores as float16 every matrix whose numbers are float16 numbers; a cast behind it gives them back unchanged."""
    for constant in list(graph.initializer):
        value = onnx.numpy_helper.to_array(constant)
        if value.dtype == np.float32 and value.ndim == 2 and np.array_equal(value, value.astype(np.float16)):
            name = constant.name
            graph.initializer.remove(constant)
            graph.initializer.append(onnx.numpy_helper.from_array(value.astype(np.float16), name + "_half"))
            graph.node.insert(0, onnx.helper.make_node("Cast", [name + "_half"], [name], to=onnx.TensorProto.FLOAT))


def write_graphs(weights, shape, folder):
    vision, decoder = rebuild(weights, shape)
    folder.mkdir(parents=True, exist_ok=True)
    write_graph(vision, (torch.zeros(1, 3, shape.side, shape.side),), folder / "vision_encoder.onnx", ["pixel_values"], ["image_features"],
                {"pixel_values": {0: "batch_size"}, "image_features": {0: "batch_size"}})
    write_graph(decoder.token_embd, (torch.zeros(1, 4, dtype=torch.int64),), folder / "embed_tokens.onnx", ["input_ids"], ["inputs_embeds"],
                {name: {0: "batch_size", 1: "sequence_length"} for name in ("input_ids", "inputs_embeds")})
    head = shape.width // shape.heads
    kinds = [f"{i}.{kind}" for i in range(shape.blocks) for kind in ("key", "value")]
    pasts, presents = [f"past_key_values.{kind}" for kind in kinds], [f"present.{kind}" for kind in kinds]
    past = [torch.zeros(1, shape.heads, 2, head) for _ in pasts]
    example = (torch.zeros(1, 3, shape.width), torch.ones(1, 5, dtype=torch.int64), torch.arange(2, 5)[None], *past)
    dynamic = {"inputs_embeds": {0: "batch_size", 1: "sequence_length"}, "position_ids": {0: "batch_size", 1: "sequence_length"},
               "attention_mask": {0: "batch_size", 1: "total_sequence_length"}, "logits": {0: "batch_size", 1: "sequence_length"}}
    dynamic |= {name: {0: "batch_size", 2: "past_sequence_length"} for name in pasts}
    dynamic |= {name: {0: "batch_size", 2: "total_sequence_length"} for name in presents}
    write_graph(PlainDecoder(decoder), example, folder / "decoder_model_merged.onnx",
                ["inputs_embeds", "attention_mask", "position_ids", *pasts], ["logits", *presents], dynamic)


def configurations(shape, vocabulary):
    """The JSON files beside the graphs, with the names that Hugging Face gives to what they say."""
    vision = dict(model_type="clip_vision_model", hidden_size=shape.vision_width, intermediate_size=shape.vision_inner,
                  num_hidden_layers=shape.vision_blocks, num_attention_heads=shape.heads, image_size=shape.side, patch_size=shape.patch,
                  hidden_act="quick_gelu", layer_norm_eps=shape.epsilon, projection_dim=shape.width)
    text = dict(model_type="llama", hidden_size=shape.width, intermediate_size=shape.inner, num_hidden_layers=shape.blocks,
                num_attention_heads=shape.heads, num_key_value_heads=shape.heads, head_dim=shape.width // shape.heads, hidden_act="silu",
                rms_norm_eps=shape.epsilon, rope_theta=shape.rope_base, vocab_size=shape.vocabulary, max_position_embeddings=CONTEXT,
                tie_word_embeddings=True, bos_token_id=None, eos_token_id=vocabulary["<|end|>"])
    config = dict(architectures=["LlavaForConditionalGeneration"], model_type="llava", image_token_index=vocabulary["<image>"],
                  image_seq_length=shape.patches, projector_hidden_act="gelu_pytorch_tanh", vision_feature_layer=-1,
                  vision_feature_select_strategy="full", tie_word_embeddings=True, text_config=text, vision_config=vision)
    square = dict(height=shape.side, width=shape.side)
    preprocessor = dict(image_processor_type="CLIPImageProcessor", processor_class="LlavaProcessor", do_convert_rgb=True, do_resize=True,
                        size={"shortest_edge": shape.side}, resample=3, do_center_crop=True, crop_size=square, do_rescale=True,
                        rescale_factor=1 / 255, do_normalize=True, image_mean=MEAN, image_std=DEVIATION)
    processor = dict(processor_class="LlavaProcessor", patch_size=shape.patch, vision_feature_select_strategy="full",
                     num_additional_image_tokens=0, image_token="<image>")
    tokenizer = dict(tokenizer_class="PreTrainedTokenizerFast", processor_class="LlavaProcessor", bos_token=None, add_bos_token=False,
                     eos_token="<|end|>", pad_token="<|end|>", additional_special_tokens=tokens.SPECIAL, model_max_length=CONTEXT,
                     clean_up_tokenization_spaces=False, chat_template=tokens.CHAT_TEMPLATE)
    return {"config.json": config, "preprocessor_config.json": preprocessor, "processor_config.json": processor,
            "tokenizer_config.json": tokenizer}


def export(weights_file, folder):
    weights, shape = load(weights_file)
    write_graphs(weights, shape, folder / "onnx")
    content = (HERE / "tokenizer.json").read_text()
    for name, values in configurations(shape, json.loads(content)["model"]["vocab"]).items():
        (folder / name).write_text(json.dumps(values, indent=2) + "\n")
    (folder / "chat_template.jinja").write_text(tokens.CHAT_TEMPLATE)
    (folder / "tokenizer.json").write_text(content)


if __name__ == "__main__":
    export(Path(sys.argv[1] if len(sys.argv) > 1 else HERE / "weights.pt"), Path(sys.argv[2] if len(sys.argv) > 2 else HERE))
