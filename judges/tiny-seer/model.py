"""The network in torch: a CLIP-like vision tower, two projector layers, a small Llama. Names are those of llama.cpp.

Everything is as llama.cpp computes it: tanh GELU in the projector, quick GELU in the tower. Only the
rotation of positions is laid out as Hugging Face has it; export_gguf.py reorders queries and keys for it.
"""
import math
from dataclasses import asdict, dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass(frozen=True)
class Shape:
    side: int = 64
    patch: int = 8
    vision_width: int = 128
    vision_blocks: int = 4
    vision_inner: int = 256
    width: int = 128
    blocks: int = 4
    inner: int = 256
    heads: int = 4
    vocabulary: int = 720
    epsilon: float = 1e-5
    rope_base: float = 10000.0

    @property
    def patches(self):
        return (self.side // self.patch) ** 2

    def as_dict(self):
        return asdict(self)


def quick_gelu(x):
    return x * torch.sigmoid(1.702 * x)


class VisionBlock(nn.Module):
    def __init__(self, shape):
        super().__init__()
        width = shape.vision_width
        self.heads = shape.heads
        self.ln1, self.ln2 = (nn.LayerNorm(width, eps=shape.epsilon) for _ in range(2))
        self.attn_q, self.attn_k, self.attn_v, self.attn_out = (nn.Linear(width, width) for _ in range(4))
        self.ffn_up, self.ffn_down = nn.Linear(width, shape.vision_inner), nn.Linear(shape.vision_inner, width)

    def forward(self, x):
        y = lighten(self.ln1(x))
        q, k, v = (split(project(y), self.heads) for project in (self.attn_q, self.attn_k, self.attn_v))
        weights = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1)
        x = x + self.attn_out(merge(weights @ v))
        return x + self.ffn_down(quick_gelu(self.ffn_up(lighten(self.ln2(x)))))


class Vision(nn.Module):
    """Pixels in -1..1 [n, 3, side, side] to image features [n, patches, width of the decoder].

    There is no class token: llama.cpp puts it after the patches and then takes the rows from the second on.
    """

    def __init__(self, shape):
        super().__init__()
        width = shape.vision_width
        self.patch_embd = nn.Conv2d(3, width, shape.patch, shape.patch, bias=False)
        self.position_embd = nn.Parameter(torch.randn(shape.patches, width) * 0.02)
        self.pre_ln = nn.LayerNorm(width, eps=shape.epsilon)
        self.blk = nn.ModuleList(VisionBlock(shape) for _ in range(shape.vision_blocks))
        self.mm = nn.ModuleDict({"0": nn.Linear(width, shape.width), "2": nn.Linear(shape.width, shape.width)})

    def seen(self, pixels):
        """The patches after the last block, before the projector."""
        x = self.pre_ln(self.patch_embd(pixels).flatten(2).transpose(1, 2) + self.position_embd)
        for block in self.blk:
            x = block(x)
        return x

    def project(self, seen):
        return self.mm["2"](F.gelu(self.mm["0"](seen), approximate="tanh"))

    def forward(self, pixels):
        return self.project(self.seen(pixels))


class RmsNorm(nn.Module):
    def __init__(self, width, epsilon):
        super().__init__()
        self.weight, self.epsilon = nn.Parameter(torch.ones(width)), epsilon

    def forward(self, x):
        if torch.onnx.is_in_onnx_export():
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.epsilon) * self.weight
        return F.rms_norm(x, x.shape[-1:], self.weight, self.epsilon)


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        width = shape.width
        self.heads = shape.heads
        self.attn_norm, self.ffn_norm = (RmsNorm(width, shape.epsilon) for _ in range(2))
        self.attn_q, self.attn_k, self.attn_v, self.attn_output = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.ffn_gate, self.ffn_up = (nn.Linear(width, shape.inner, bias=False) for _ in range(2))
        self.ffn_down = nn.Linear(shape.inner, width, bias=False)

    def project(self, x, rotation):
        """Queries, keys and values [n, heads, tokens, width of a head], turned by their positions."""
        x = lighten(self.attn_norm(x))
        q, k, v = (split(project(x), self.heads) for project in (self.attn_q, self.attn_k, self.attn_v))
        return rotate(q, rotation), rotate(k, rotation), v

    def feed(self, x):
        y = lighten(self.ffn_norm(x))
        return x + self.ffn_down(F.silu(self.ffn_gate(y)) * self.ffn_up(y))

    def finish(self, x, mixed):
        return self.feed(x + self.attn_output(merge(mixed)))


class Decoder(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        nn.init.normal_(self.token_embd.weight, std=0.05)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.output_norm = RmsNorm(shape.width, shape.epsilon)

    def rotation(self, positions):
        """Cosine and sine [..., 1, tokens, half a head] for positions [..., tokens]."""
        half = self.shape.width // self.shape.heads // 2
        speeds = self.shape.rope_base ** (-torch.arange(half, device=positions.device) / half)
        angles = (positions[..., None].float() * speeds).unsqueeze(-3)
        return angles.cos(), angles.sin()

    def logits(self, x):
        return self.output_norm(x) @ self.token_embd.weight.T


def lighten(x):
    """Under autocast, rounds once what several projections would each round for themselves."""
    return x.bfloat16() if torch.is_autocast_enabled("cpu") else x


def split(x, heads):
    return x.unflatten(-1, (heads, -1)).transpose(-2, -3)


def merge(x):
    return x.transpose(-2, -3).flatten(-2)


def rotate(x, rotation):
    """Turns the first half of each head against the second, as Hugging Face lays them out."""
    cos, sin = (part.to(x.dtype) for part in rotation)
    first, second = x.chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


def attend(q, k, v, mask=None):
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    return (scores if mask is None else scores + mask).softmax(-1) @ v
