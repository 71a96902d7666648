"""Writes reference.json: opinions of model.onnx on pictures that any language can make from a formula.

Pixel (x, y) of channel c (0 red, 1 green, 2 blue) is ((x*y) ^ (x<<1) + c*37) & 255 for kind "xor"; the shift and the
sum come before the exclusive or, and the product before all, as in C, Rust and Python: (x*y) ^ ((x<<1) + c*37).
For kind "waves" it is (128 + tri(x, 96) + tri(y + 40*c, 64)) & 255 with tri(v, n) = |(v mod n) - n/2|.
"""
import json
from pathlib import Path

import numpy as np

import backbone
import policy

HERE = Path(__file__).parent
CASES = [("xor", 96, 96), ("xor", 512, 384), ("waves", 700, 500), ("waves", 20, 20), ("xor", 33, 1), ("waves", 512, 384),
         ("waves", 1281, 900)]


def draw(kind, width, height):
    y, x = np.mgrid[:height, :width]
    triangle = lambda value, period: np.abs(value % period - period // 2)
    if kind == "xor":
        planes = [(x * y) ^ ((x << 1) + c * 37) for c in range(3)]
    else:
        planes = [128 + triangle(x, 96) + triangle(y + 40 * c, 64) for c in range(3)]
    return (np.stack(planes, -1) & 255).astype(np.uint8)


if __name__ == "__main__":
    session, cases = backbone.session(str(HERE / "model.onnx")), []
    for kind, width, height in CASES:
        picture = draw(kind, width, height)
        tiles = policy.tiles(picture)
        logits = [session.run(["logits"], {"pixels": policy.pixels(tile)})[0][0] for tile in tiles]
        opinion = np.mean([policy.softmax(row) for row in logits], axis=0)
        cases.append({
            "kind": kind, "width": width, "height": height,
            # The 1281 px case is scaled down first: a resampler of its own may differ by a grey level here and there.
            "tolerance": 1e-4 if max(width, height) <= policy.LONGEST else 5e-3,
            "tiles": [[int(tile.shape[1]), int(tile.shape[0])] for tile in tiles],
            "logits": [[round(float(value), 6) for value in row] for row in logits],
            "probabilities": [round(float(value), 7) for value in opinion],
            "score": round(float(policy.score(opinion)), 6),
            "spread": round(float(policy.spread(opinion)), 6),
        })
    document = {"formula": __doc__.split("\n\n", 1)[1].strip(), "levels": policy.LEVELS, "longest": policy.LONGEST,
                "tile": policy.TILE, "shortest": policy.SHORTEST, "cases": cases}
    (HERE / "reference.json").write_text(json.dumps(document, indent=1) + "\n")
    for case in cases:
        print(case["kind"], case["width"], case["height"], case["tiles"], case["score"], case["spread"])
