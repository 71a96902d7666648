"""Draws scenes of coloured shapes as 64 x 64 pixels, and writes them as PNG. Needs numpy only.

A scene is a dictionary, as scenes.json holds it: `shapes` (colour, shape, centre, radius, turn), `background`, `damage`.
"""
import struct
import zlib

import numpy as np

from damage import KINDS, damage

SIDE = 64
SHAPES = ["circle", "square", "triangle", "cross"]
COLOURS = {
    "red": (215, 35, 35), "green": (30, 150, 50), "blue": (40, 70, 215),
    "yellow": (240, 205, 30), "purple": (150, 45, 180), "black": (25, 25, 25),
}
MOST_SHAPES = 5
_GRID = np.arange(SIDE) + 0.5


def place_shapes(rng, names):
    """Finds places, sizes and turns for (colour, shape) pairs so that no two touch."""
    low, high = (6.0, 10.5) if len(names) <= 3 else (5.5, 8.0)
    while True:
        placed = []
        for colour, shape in names:
            for _ in range(40):
                radius = rng.uniform(low, high)
                x, y = rng.uniform(radius + 1, SIDE - radius - 1, 2)
                if all(np.hypot(x - o["x"], y - o["y"]) > radius + o["radius"] + 2 for o in placed):
                    placed.append({"colour": colour, "shape": shape, "x": round(x, 2), "y": round(y, 2),
                                   "radius": round(radius, 2), "turn": round(rng.uniform(-0.2, 0.2), 3)})
                    break
            else:
                break
        if len(placed) == len(names):
            return placed


def random_names(rng, count=None):
    """Draws the (colour, shape) pairs of a scene: one to three groups of equals, often with a colour or a shape in common."""
    count = count or int(rng.integers(1, MOST_SHAPES + 1))
    names = []
    groups = []
    while len(names) < count:
        left = count - len(names)
        size = left if len(groups) == 2 else min(left, int(rng.choice([1, 1, 1, 2, 2, 3, 4, 5])))
        colour, shape = str(rng.choice(list(COLOURS))), str(rng.choice(SHAPES))
        if groups and rng.random() < 0.5:
            known_colour, known_shape = groups[rng.integers(len(groups))]
            colour, shape = (known_colour, shape) if rng.random() < 0.5 else (colour, known_shape)
        if (colour, shape) not in groups:
            groups.append((colour, shape))
            names += [(colour, shape)] * size
    return names


def random_scene(rng, names=None, level=None):
    """Draws one scene's description; the numbers for its texture and noise come from `seed` inside it."""
    level = level or int(rng.integers(1, 6))
    return {
        "shapes": place_shapes(rng, names or random_names(rng)),
        "background": {"texture": str(rng.choice(["plain", "plain", "gradient", "stripes", "waves"])),
                       "brightness": int(rng.integers(120, 241))},
        "damage": {"kind": "none" if level == 5 else str(rng.choice(KINDS)), "level": level},
        "seed": int(rng.integers(2**31)),
    }


def draw(scene):
    """Turns a description into uint8 pixels [64, 64, 3]."""
    rng = np.random.default_rng(scene["seed"])
    pixels = _background(rng, **scene["background"])
    for item in scene["shapes"]:
        colour = np.clip(np.array(COLOURS[item["colour"]]) + rng.uniform(-18, 18, 3), 0, 255)
        _paint(pixels, item, colour)
    pixels = damage(pixels, scene["damage"]["kind"], scene["damage"]["level"], rng)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def _background(rng, texture, brightness):
    base = brightness + rng.uniform(-14, 14, 3)
    if texture == "plain":
        return np.broadcast_to(base, (SIDE, SIDE, 3)).copy()
    angle = rng.uniform(0, 2 * np.pi)
    along = (np.cos(angle) * _GRID[None] + np.sin(angle) * _GRID[:, None]) / SIDE
    if texture == "gradient":
        wave = rng.uniform(10, 30) * (along - along.mean())
    else:
        wave = rng.uniform(2, 6) * np.sin(2 * np.pi * rng.uniform(2, 6) * along)
    if texture == "waves":
        across = (np.cos(angle) * _GRID[:, None] - np.sin(angle) * _GRID[None]) / SIDE
        wave = wave + rng.uniform(2, 6) * np.sin(2 * np.pi * rng.uniform(2, 6) * across)
    return base + wave[:, :, None]


def _paint(pixels, item, colour):
    """Blends a shape in; an edge pixel takes its share by its distance from the edge."""
    reach = item["radius"] + 2
    columns = slice(max(0, int(item["x"] - reach)), int(item["x"] + reach) + 1)
    rows = slice(max(0, int(item["y"] - reach)), int(item["y"] + reach) + 1)
    x, y = _GRID[None, columns] - item["x"], _GRID[rows, None] - item["y"]
    cos, sin = np.cos(item["turn"]), np.sin(item["turn"])
    x, y = cos * x + sin * y, cos * y - sin * x
    share = np.clip(0.5 - distance(item["shape"], item["radius"], x, y), 0, 1)[:, :, None]
    pixels[rows, columns] += share * (colour - pixels[rows, columns])


def distance(shape, radius, x, y):
    """How far a point lies outside the shape (negative inside), in pixels."""
    if shape == "circle":
        return np.hypot(x, y) - radius
    if shape == "square":
        return np.maximum(abs(x), abs(y)) - 0.85 * radius
    if shape == "triangle":
        return np.maximum(y - 0.6 * radius, 0.866 * abs(x) - 0.5 * y - 0.55 * radius)
    arm = 0.3 * radius
    return np.minimum(np.maximum(abs(x) - radius, abs(y) - arm), np.maximum(abs(y) - radius, abs(x) - arm))


def png(pixels):
    """The bytes of a PNG file."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks)
