"""The tokeniser: byte-level BPE as GPT-2 has it, taught on the wordings so that every word is one token.

A conversation reads `<|user|>`, one `<image>`, the question, `<|assistant|>`, the answer, `<|end|>`.
"""
import json

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

import captions
import wordings
from damage import LEVELS
from drawing import COLOURS, SHAPES, random_scene
from questions import NUMBERS, Asker

SPECIAL = ["<|user|>", "<|assistant|>", "<|end|>", "<image>"]
ANSWERS = ["yes", "no", *SHAPES, *COLOURS, *NUMBERS, *map(str, range(6)), *LEVELS, "left", "right"]
KINDS = ["shape", "colour", "how_many", "presence", "exact", "property", "form", "relation", "level", "good_poor"]
VOCABULARY = 800
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'assistant' -%}{{- '<|assistant|>' -}}{%- else -%}{{- '<|user|>' -}}{%- endif -%}"
    "{%- if message['content'] is string -%}{{- message['content'] -}}{%- else -%}"
    "{%- for part in message['content'] -%}"
    "{%- if part['type'] == 'text' -%}{{- part['text'] -}}{%- else -%}{{- '<image>' -}}{%- endif -%}"
    "{%- endfor -%}{%- endif -%}"
    "{%- if message['role'] == 'assistant' and not loop.last -%}{{- '<|end|>' -}}{%- endif -%}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}")


def corpus():
    """Questions about three thousand scenes, and every answer with and without a space before it."""
    for index in range(3000):
        rng = np.random.default_rng([99, index])
        asker = Asker(random_scene(rng), rng)
        asked = [getattr(asker, kind)() for kind in KINDS] + [captions.any_caption_question(asker)]
        yield from (question["text"] + " " + question["prefix"] for question in asked if question)
    for word in [*ANSWERS, *wordings.EXTRA]:
        yield from [word] * 200 + ["a " + word] * 200


def build():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=SPECIAL, show_progress=False,
                                  initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(corpus(), trainer)
    for answer in ANSWERS:
        for spelling in (answer, " " + answer):
            if len(tokenizer.encode(spelling).ids) != 1:
                raise SystemExit(f"the answer {spelling!r} is not one token; raise VOCABULARY above {VOCABULARY}")
    return tokenizer


def vocabulary_and_merges(tokenizer):
    """Tokens in the order of their ids, and merges as "left right", as GGUF wants them."""
    model = json.loads(tokenizer.to_str())["model"]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    return sorted(model["vocab"], key=model["vocab"].get), merges
