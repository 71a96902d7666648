"""Draws the example pictures: one procedural landscape, whole and damaged. `render_example.py FOLDER`.

No photograph is used. The scene has what the judge looks at in photographs: smooth gradients, texture whose power
falls with frequency as nature's does, and hard edges. Fixed seed, same bytes each time with the pinned packages.
"""
import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

import backbone
import distortions
import policy

HERE = Path(__file__).parent
WIDTH, HEIGHT, FINE = 400, 288, 3  # drawn FINE times larger, then scaled down, as a lens and a sensor would
LARGEST_FILE = 60_000


def fractal(rng, height, width, slope, stretch=1.0):
    """Noise with amplitude 1/f^slope, zero mean, unit deviation; `stretch` > 1 draws it out sideways."""
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None] * stretch
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = 1
    spectrum = np.fft.rfft2(rng.standard_normal((height, width))) / frequency ** slope
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, (height, width))
    return noise / noise.std()


def blend(below, above, share):
    return below + (np.asarray(above, float) - below) * share[..., None]


def scene():
    rng = np.random.default_rng(7)
    height, width = HEIGHT * FINE, WIDTH * FINE
    y, x = np.mgrid[:height, :width] / height

    sky = np.array([70, 120, 190]) + (np.array([205, 215, 225]) - [70, 120, 190]) * np.clip(y / 0.55, 0, 1)[..., None]
    clouds = np.clip(fractal(rng, height, width, 1.75, 2.0) * 0.55 + 0.15 - y * 0.4, 0, 1)
    picture = blend(sky, (248, 246, 242), clouds)

    def ridge(level, rough, colour, grain, contrast):
        nonlocal picture
        line = level + rough * np.interp(x[0], np.linspace(0, x.max(), width), fractal(rng, 64, width, 1.6)[0])
        texture = fractal(rng, height, width, grain)
        land = np.array(colour)[None, None] * (1 + contrast * texture[..., None]) * (1.15 - 0.35 * y[..., None])
        picture = blend(picture, land, (y > line[None]).astype(float))

    ridge(0.44, 0.02, (120, 138, 160), 1.5, 0.05)
    ridge(0.53, 0.025, (74, 98, 84), 1.2, 0.15)
    ridge(0.64, 0.012, (92, 112, 52), 1.0, 0.22)

    image = Image.fromarray(distortions.to_bytes(picture))
    draw = ImageDraw.Draw(image)
    at = lambda *points: [(px * height, py * height) for px, py in points]
    # A house: bricks, roof tiles, windows with bars.
    draw.polygon(at((0.22, 0.47), (0.62, 0.47), (0.62, 0.76), (0.22, 0.76)), fill=(176, 120, 92))
    for row in range(24):
        top = 0.47 + row * 0.0121
        draw.line(at((0.22, top), (0.62, top)), fill=(206, 186, 168), width=2)
        for column in range(17):
            left = 0.22 + (column + 0.5 * (row % 2)) * 0.0242
            if left < 0.62:
                draw.line(at((left, top), (left, min(top + 0.0121, 0.76))), fill=(206, 186, 168), width=2)
    draw.polygon(at((0.18, 0.48), (0.27, 0.33), (0.57, 0.33), (0.66, 0.48)), fill=(112, 52, 44))
    for row in range(12):
        share = row / 12
        draw.line(at((0.27 - 0.09 * share, 0.33 + 0.15 * share), (0.57 + 0.09 * share, 0.33 + 0.15 * share)),
                  fill=(84, 38, 34), width=3)
    for left in (0.27, 0.38, 0.49):
        draw.rectangle(at((left, 0.53), (left + 0.07, 0.63)), fill=(44, 58, 78), outline=(238, 234, 226), width=7)
        draw.line(at((left + 0.035, 0.53), (left + 0.035, 0.63)), fill=(238, 234, 226), width=4)
        draw.line(at((left, 0.58), (left + 0.07, 0.58)), fill=(238, 234, 226), width=4)
    draw.rectangle(at((0.385, 0.66), (0.455, 0.76)), fill=(58, 40, 30), outline=(230, 222, 208), width=5)
    # A sign with letter-like strokes.
    draw.rectangle(at((0.80, 0.60), (1.12, 0.72)), fill=(240, 238, 228), outline=(60, 50, 40), width=6)
    draw.rectangle(at((0.945, 0.72), (0.965, 0.86)), fill=(86, 66, 48))
    for line in range(3):
        left = 0.815
        while left < 1.085:
            stroke = rng.uniform(0.006, 0.014)
            top = 0.615 + line * 0.034
            draw.rectangle(at((left, top), (left + 0.0035, top + 0.02)), fill=(30, 30, 36))
            if rng.random() < 0.7:
                middle = top + rng.choice([0.0, 0.009, 0.017])
                draw.rectangle(at((left, middle), (left + stroke, middle + 0.003)), fill=(30, 30, 36))
            left += stroke + 0.006

    # Grass blades and flowers in front, larger towards the viewer.
    for depth in np.sort(rng.uniform(0.76, 1.02, 5200)):
        left, size = rng.uniform(0, x.max()), 0.012 + 0.05 * (depth - 0.74)
        shade = rng.uniform(0.55, 1.25)
        colour = tuple(int(min(255, c * shade)) for c in (84, 124, 46))
        draw.line(at((left, depth), (left + rng.normal(0, 0.3) * size, depth - size)), fill=colour, width=2)
        if rng.random() < 0.02:
            bloom = 0.003 + 0.02 * (depth - 0.74)
            draw.ellipse(at((left - bloom, depth - size - bloom), (left + bloom, depth - size + bloom)),
                         fill=tuple(int(v) for v in rng.choice([(240, 222, 90), (226, 80, 70), (244, 240, 246)])))

    values = np.asarray(image).astype(float)
    light = 1 + 0.05 * fractal(rng, height, width, 1.5)
    values = ndimage.gaussian_filter(values * light[..., None], (0.8, 0.8, 0))
    small = Image.fromarray(distortions.to_bytes(values)).resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    return np.asarray(small)


def pictures():
    """[(file name, pixels, save options)]: the clean picture and three damaged ones."""
    clean = scene()
    fine = dict(quality=90, subsampling=0)
    return [
        ("clean.jpg", clean, fine),
        ("blurred.jpg", distortions.lens_blur(clean, 3, None), fine),
        ("noisy.jpg", distortions.white_noise(clean, 0.008, np.random.default_rng(1)), dict(quality=70, subsampling=2)),
        ("jpeg.jpg", clean, dict(quality=7, subsampling=2)),
    ]


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder")
    folder = Path(arguments.parse_args().folder)
    folder.mkdir(parents=True, exist_ok=True)
    session = backbone.session(str(HERE / "model.onnx"))
    for name, picture, options in pictures():
        path = folder / name
        Image.fromarray(picture).save(path, "JPEG", **options)
        if path.stat().st_size > LARGEST_FILE:
            raise SystemExit(f"{path} has {path.stat().st_size} bytes, more than {LARGEST_FILE}")
        opinion = policy.opinion(session, policy.load(path))
        shares = ", ".join(f"{level} {share:.2f}" for level, share in zip(policy.LEVELS, opinion))
        print(f"{name}: {path.stat().st_size} bytes, score {policy.score(opinion):.2f} +- {policy.spread(opinion):.2f} ({shares})")
