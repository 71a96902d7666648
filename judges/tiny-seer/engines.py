"""Asks one question about one picture and returns the probability of every token that could come next.

Two engines, alike from outside: ONNX Runtime on the files of onnx/, and llama.cpp on model.gguf and mmproj.gguf.
"""
import base64
import json
import math
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import jinja2
import numpy as np
import onnxruntime
from tokenizers import Tokenizer

import drawing

HERE = Path(__file__).parent
BLANK = drawing.png(np.zeros((drawing.SIDE, drawing.SIDE, 3), np.uint8))


def messages(text, prefix="", image=None):
    """One user's turn, the picture first; and, where the answer has been begun, the assistant's."""
    content = [{"type": "image_url", "image_url": {"url": image}} if image else {"type": "image"}, {"type": "text", "text": text}]
    return [{"role": "user", "content": content}] + ([{"role": "assistant", "content": prefix}] if prefix else [])


class OnnxEngine:
    name = "onnxruntime"

    def __init__(self, folder):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.vision, self.embed, self.decoder = (
            onnxruntime.InferenceSession(folder / "onnx" / f"{name}.onnx", options, ["CPUExecutionProvider"])
            for name in ("vision_encoder", "embed_tokens", "decoder_model_merged"))
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.template = jinja2.Environment().from_string((folder / "chat_template.jinja").read_text())
        self.image_token = json.loads((folder / "config.json").read_text())["image_token_index"]
        self.words = [self.tokenizer.id_to_token(i) for i in range(self.tokenizer.get_vocab_size())]

    def ids(self, text, prefix=""):
        """Token ids of the whole conversation, with one image token."""
        prompt = self.template.render(messages=messages(text, prefix), add_generation_prompt=not prefix)
        return self.tokenizer.encode(prompt, add_special_tokens=False).ids

    def embeddings(self, ids):
        return self.embed.run(None, {"input_ids": np.array([ids], np.int64)})[0]

    def probabilities(self, pixels, text, prefix=""):
        values = (pixels.astype(np.float32) / 255 - 0.5) / 0.5
        features = self.vision.run(None, {"pixel_values": values.transpose(2, 0, 1)[None]})[0]
        ids = self.ids(text, prefix)
        place = ids.index(self.image_token)
        x = np.concatenate([self.embeddings(ids[:place]), features, self.embeddings(ids[place + 1:])], 1)
        feeds = {"inputs_embeds": x, "attention_mask": np.ones(x.shape[:2], np.int64), "position_ids": np.arange(x.shape[1])[None]}
        for value in self.decoder.get_inputs()[3:]:
            feeds[value.name] = np.zeros((1, value.shape[1], 0, value.shape[3]), np.float32)
        logits = self.decoder.run(["logits"], feeds)[0][0, -1].astype(np.float64)
        shares = np.exp(logits - logits.max())
        return dict(enumerate(shares / shares.sum()))

    def close(self):
        pass


class LlamaEngine:
    name = "llama.cpp"

    def __init__(self, folder):
        self.process = subprocess.Popen([sys.executable, HERE / "llama_server.py", str(folder)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.address = next(line.strip() for line in self.process.stdout if line.startswith("http"))

    def post(self, path, body):
        request = urllib.request.Request(self.address + path, json.dumps(body).encode(), {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def ids(self, text, prefix=""):
        """Token ids before the picture's place and after it."""
        prompt = self.post("/apply-template", {"messages": messages(text, prefix, as_url(BLANK))})["prompt"]
        parts = re.split(r"<__media_?\w*__>", prompt)
        return [self.post("/tokenize", {"content": part, "add_special": False, "parse_special": True})["tokens"] for part in parts]

    def probabilities(self, png, text, prefix=""):
        answer = self.post("/v1/chat/completions", {"messages": messages(text, prefix, as_url(png)), "max_tokens": 1, "temperature": 0,
                                                    "logprobs": True, "top_logprobs": 2000, "seed": 1})
        choice = answer["choices"][0]
        if not choice.get("logprobs"):
            raise ValueError(f"llama.cpp ended the answer to `{text}` at once, and then it tells no probabilities")
        told = choice["logprobs"]["content"][0]["top_logprobs"]
        return {item["id"]: math.exp(item["logprob"]) for item in told}

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)


def as_url(png):
    return "data:image/png;base64," + base64.b64encode(png).decode()


def option_probabilities(tokenizer, told, options, prefix=""):
    """The probability of each option as a token of its own, with a space before it where it continues a prefix."""
    begin = " " if prefix else ""
    return {option: float(told.get(tokenizer.encode(begin + option).ids[0], 0.0)) for option in options}
