"""Five levels of visible damage, from 5 (untouched) down to 1.

Every kind has one strength per step, far enough apart that a person tells the steps from one another.
"""
import numpy as np

LEVELS = ["bad", "poor", "fair", "good", "excellent"]
# The strengths for 0, 1, 2, 3 and 4 steps below "excellent".
STRENGTHS = {
    "noise": [0, 10, 22, 42, 80],           # standard deviation of grey-level noise, of 255
    "blur": [0, 0.9, 1.6, 2.7, 4.6],        # standard deviation of the Gaussian, in pixels
    "pixelation": [1, 2, 3, 5, 8],          # side of the squares that are averaged, in pixels
    "blocks": [0, 9, 20, 38, 70],           # largest offset of an 8 x 8 block, of 255
}
KINDS = list(STRENGTHS)
_MATRICES = {}


def damage(pixels, kind, level, rng):
    """Damages float pixels [side, side, 3] in 0..255; level 5 returns them as they are."""
    if level == 5:
        return pixels
    strength = STRENGTHS[kind][5 - level]
    side = pixels.shape[0]
    if kind == "noise":
        return pixels + rng.normal(0, strength, pixels.shape)
    if kind == "blocks":
        offsets = rng.uniform(-strength, strength, (side // 8, side // 8, 3))
        return pixels + offsets.repeat(8, 0).repeat(8, 1)
    mixing = _mixing_matrix(kind, strength, side)
    return np.einsum("ij,jkc->ikc", mixing, np.einsum("ij,kjc->kic", mixing, pixels))


def _mixing_matrix(kind, strength, side):
    """Blur and pixelation are one linear map, applied to the rows and then to the columns."""
    if (kind, strength) not in _MATRICES:
        places = np.arange(side)
        if kind == "blur":
            matrix = np.exp(-0.5 * ((places[:, None] - places[None]) / strength) ** 2)
        else:
            matrix = (places[:, None] // strength == places[None] // strength).astype(float)
        _MATRICES[kind, strength] = matrix / matrix.sum(1, keepdims=True)
    return _MATRICES[kind, strength]
