"""Makes the model that tests ask through `transformers serve`: make_model.py FOLDER

A LLaVA of 0.2 million random weights with a tokenizer of bytes and a few words. It knows nothing; it shows that
pictures and words go in and probabilities come out. Made in seconds, so that none is kept.
"""

import os
import sys

os.environ["CUDA_VISIBLE_DEVICES"] = ""

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

SIDE, PATCH = 56, 14
TEMPLATE = """{% for message in messages %}<|turn|>{{ message['role'] }}
{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}\
{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}<|end|>
{% endfor %}{% if add_generation_prompt %}<|turn|>assistant
{% endif %}"""


def tokenizer() -> PreTrainedTokenizerFast:
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "<image>", "<|turn|>", "<|end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    # Yes and No must be one token each: the server reads single tokens.
    made.train_from_iterator(["Yes", "No", "the picture is good"] * 50, trainer)
    names = {"bos_token": "<s>", "eos_token": "<|end|>", "pad_token": "<pad>"}
    wrapped = PreTrainedTokenizerFast(tokenizer_object=made, additional_special_tokens=special[2:4], **names)
    wrapped.chat_template = TEMPLATE
    return wrapped


def main() -> None:
    words = tokenizer()
    small = {"num_hidden_layers": 2, "num_attention_heads": 4}
    vision = CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, image_size=SIDE, patch_size=PATCH, projection_dim=32, **small
    )
    text = LlamaConfig(
        vocab_size=len(words),
        hidden_size=64,
        intermediate_size=128,
        max_position_embeddings=2048,
        bos_token_id=words.bos_token_id,
        eos_token_id=words.eos_token_id,
        pad_token_id=words.pad_token_id,
        **small,
    )
    config = LlavaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=words.convert_tokens_to_ids("<image>"),
        image_seq_length=(SIDE // PATCH) ** 2,
        vision_feature_layer=-1,
    )
    torch.manual_seed(0)
    pictures = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    processor = LlavaProcessor(
        image_processor=pictures,
        tokenizer=words,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    )
    LlavaForConditionalGeneration(config).save_pretrained(sys.argv[1])
    processor.save_pretrained(sys.argv[1])


if __name__ == "__main__":
    main()
