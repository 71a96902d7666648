"""From a picture to an opinion: the size policy, tile by tile. The Rust service does the same, step by step.

1. Turn as EXIF says, make 8-bit sRGB RGB, transparent pixels over white.
2. Longest side above LONGEST: Lanczos3 (anti-aliased) down to LONGEST, the other side rounded, at least 1.
3. A side below SHORTEST is mirrored at both ends, as many pixels before as after (one more after if odd), edge pixel
   repeated: numpy.pad(mode="symmetric").
4. A grid of ceil(w/TILE) x ceil(h/TILE) tiles; tile i of k spans floor(i*w/k) .. floor((i+1)*w/k).
5. Each tile goes through the network as (value-127)/128; the opinion is the mean of the tiles' probabilities.
"""
import numpy as np
from PIL import Image, ImageOps

LEVELS = ("excellent", "good", "fair", "poor", "bad")
VALUES = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
LONGEST = 1280
TILE = 640
SHORTEST = 32


def load(path):
    image = ImageOps.exif_transpose(Image.open(path))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(image.convert("RGB"))


def pixels(tile):
    """uint8 [h,w,3] -> float32 [1,3,h,w]."""
    return np.ascontiguousarray(((tile.astype(np.float32) - 127) / 128).transpose(2, 0, 1)[None])


def tiles(picture, longest=LONGEST, tile=TILE):
    picture = _mirrored(_mirrored(_bounded(picture, longest), 0), 1)
    rows, columns = _cuts(picture.shape[0], tile), _cuts(picture.shape[1], tile)
    return [picture[top:bottom, left:right] for top, bottom in rows for left, right in columns]


def opinion(session, picture, longest=LONGEST, tile=TILE):
    """Probabilities of the five levels, excellent first."""
    logits = [session.run(["logits"], {"pixels": pixels(part)})[0][0] for part in tiles(picture, longest, tile)]
    return np.mean([softmax(row) for row in logits], axis=0)


def softmax(logits):
    odds = np.exp(np.asarray(logits, np.float64) - np.max(logits, axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


def score(probabilities):
    return probabilities @ VALUES


def spread(probabilities):
    mean = score(probabilities)
    return np.sqrt(np.maximum(probabilities @ VALUES ** 2 - mean ** 2, 0))


def _bounded(picture, longest):
    height, width = picture.shape[:2]
    if max(height, width) <= longest:
        return picture
    ratio = longest / max(height, width)
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def _mirrored(picture, axis):
    length = picture.shape[axis]
    if length >= SHORTEST:
        return picture
    missing = SHORTEST - length
    width = [(0, 0)] * picture.ndim
    width[axis] = (missing // 2, missing - missing // 2)
    return np.pad(picture, width, mode="symmetric")


def _cuts(length, tile):
    count = -(-length // tile)
    return [(i * length // count, (i + 1) * length // count) for i in range(count)]
