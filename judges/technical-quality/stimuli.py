"""Which pictures the judge learns from and is measured on, and the cache of their features.

Four sets: `tid` (TID2013-R: Kodak photographs, 11 TID2013 types, 5 levels, human scores), `train` (CID22
photographs, every type, three levels each), `test` (gb82 photographs, every type, five levels; never trained on) and `spare` (the same plan
on the other CID22 photographs, never trained on and never looked at while the recipe was chosen).
A row is one picture: its photograph, its view (crop and scale), what was done to it and how strongly.
"""
import argparse
import hashlib
import os
import time
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

import backbone
import distortions
import policy

# Raise when anything here or in distortions.py changes what is drawn: old caches are then left aside.
RECIPE = 1
TRAIN_MIXTURES = 5
THOROUGH = 48
# CID22 photographs trained on, of the 191 at hand; the others are the set `spare`.
TRAIN_PHOTOGRAPHS = 176
TEST_MIXTURES = 6
TEST_SEVERITIES = (0.2, 0.4, 0.6, 0.8, 1.0)
# (row, column) of the 512x384 crop that makes a Kodak photograph a TID2013 reference, where it is known.
KNOWN_CROPS = {1: (126, 104), 3: (44, 73), 4: (206, 0), 6: (43, 66), 8: (4, 71), 19: (255, 0)}


def cache_folder():
    base = os.environ.get("CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "opine-technical-quality"
    return Path(base)


def read(path):
    return np.asarray(Image.open(path).convert("RGB"))


def seed_of(*parts):
    return zlib.crc32("/".join(map(str, parts)).encode())


# --- the three plans: photograph and its place in the set -> (row, picture) ... --------------------------------------------------------------------

def _row(view, kind, level, seed, picture, clean):
    return dict(view=view, kind=kind, level=level, seed=seed, psnr=distortions.psnr(clean, picture)), picture


def tid_pictures(path, _):
    """All TID2013-R pictures of one Kodak photograph."""
    number, photo = int(path.stem), read(path)
    top, left = KNOWN_CROPS.get(number, (64, 100) if photo.shape[1] == 768 else (190, 0))
    clean = photo[top:top + 384, left:left + 512]
    yield _row("native", "clean", 0, 0, clean, clean)
    for kind in distortions.TID_TYPES:
        seed = seed_of("tid", number, kind)
        for decibels in distortions.TID_LEVELS_DB.values():
            damaged = distortions.tid(clean, kind, decibels, seed)
            yield _row("native", f"tid:{kind}", decibels, seed, damaged, clean)


def _views(photo, rng):
    """The same photograph at several sizes, so that scores hold at several sizes."""
    def crop(picture, height, width):
        top, left = (int(rng.integers(0, have - want + 1)) for have, want in zip(picture.shape, (height, width)))
        return np.ascontiguousarray(picture[top:top + height, left:left + width])

    def scaled(factor):
        size = (round(photo.shape[1] * factor), round(photo.shape[0] * factor))
        return np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.LANCZOS))

    return {"native": crop(photo, 384, 512), "half": scaled(0.5), "three_quarters": crop(scaled(0.75), 320, 384),
            "small": crop(photo, 320, 320), "enlarged": crop(scaled(1.5), 384, 448)}


VIEW_SHARE = {"native": 0.35, "half": 0.15, "three_quarters": 0.2, "small": 0.2, "enlarged": 0.1}


def train_pictures(path, index):
    """Training pictures of one CID22 photograph: every TID2013 type, every type with human means, half of the others.

    Drawing is dear and many photographs teach more than many pictures of each: all but the first THOROUGH photographs
    have half of that.
    """
    rng = np.random.default_rng(seed_of("train", path.stem))
    thorough = index < THOROUGH
    views = _views(read(path), rng)
    for view, clean in views.items():
        yield _row(view, "clean", 0, 0, clean, clean)

    def draw_view():
        return str(rng.choice(list(views), p=list(VIEW_SHARE.values())))

    for kind in distortions.TID_TYPES:
        if not thorough and rng.random() < 0.5:
            continue
        view, seed = draw_view(), seed_of(path.stem, "tid", kind)
        for low, high in ((31, 34), (26, 29), (20.5, 24)):
            decibels = rng.uniform(low, high)
            damaged = distortions.tid(views[view], kind, decibels, seed, steps=8)
            yield _row(view, f"tid:{kind}", decibels, seed, damaged, views[view])
    for name, entry in distortions.TYPES.items():
        if (not entry.trust and rng.random() < 0.5) or (not thorough and rng.random() < 0.5):
            continue
        view, seed = draw_view(), seed_of(path.stem, name)
        for low, high in ((0.8, 2.2), (2.4, 3.6), (3.8, 5)):
            level = rng.uniform(low, high)
            yield _row(view, name, level, seed, entry.apply(views[view], level, seed), views[view])
    for number in range(TRAIN_MIXTURES if thorough else TRAIN_MIXTURES // 2 + 1):
        view, seed = draw_view(), seed_of(path.stem, "mixture", number)
        chain = distortions.mixture(seed)
        for low, high in ((0.1, 0.35), (0.45, 0.65), (0.8, 1.0)):
            severity = rng.uniform(low, high)
            damaged = distortions.apply_mixture(views[view], chain, severity, seed)
            yield _row(view, f"mixture:{number}", severity, seed, damaged, views[view])


def test_pictures(path, _=None):
    """All test pictures of one gb82 photograph: every type at five levels, six mixtures at five severities."""
    photo = read(path)
    top, left = (photo.shape[0] - 384) // 2, (photo.shape[1] - 512) // 2
    clean = np.ascontiguousarray(photo[top:top + 384, left:left + 512])
    yield _row("native", "clean", 0, 0, clean, clean)
    yield _row("whole", "clean", 0, 0, photo, photo)
    half = np.asarray(Image.fromarray(photo).resize((photo.shape[1] // 2, photo.shape[0] // 2), Image.Resampling.LANCZOS))
    yield _row("half", "clean", 0, 0, half, half)
    for name, entry in distortions.TYPES.items():
        seed = seed_of("test", path.stem, name)
        for level in range(1, 6):
            yield _row("native", name, level, seed, entry.apply(clean, level, seed), clean)
    for index in range(TEST_MIXTURES):
        seed = seed_of("test", path.stem, "mixture", index)
        chain = distortions.mixture(seed)
        for severity in TEST_SEVERITIES:
            damaged = distortions.apply_mixture(clean, chain, severity, seed)
            yield _row("native", f"mixture:{index}", severity, seed, damaged, clean)


SETS = {
    "tid": ("kodak24", tid_pictures),
    "train": ("cid22-512", train_pictures),
    "test": ("gb82", test_pictures),
    "spare": ("cid22-512", test_pictures),
}


# --- the cache ----------------------------------------------------------------------------------------------------------

def photographs(data, name):
    folder = Path(data) / "images" / "pristine" / SETS[name][0]
    paths = sorted(folder.glob("*.png"), key=lambda path: (int(path.stem) if name == "tid" else 0, path.stem))
    if not paths:
        raise SystemExit(f"no PNG files in {folder}: set DATA to the folder that holds images/ and iqa/")
    # A fixed shuffle makes any first part of the set a fair sample of it.
    if name not in ("train", "spare"):
        return paths
    shuffled = [paths[i] for i in np.random.default_rng(0).permutation(len(paths))]
    return shuffled[:TRAIN_PHOTOGRAPHS] if name == "train" else shuffled[TRAIN_PHOTOGRAPHS:]


def feature_network():
    return backbone.build(backbone.load_weights(backbone.weight_file())).SerializeToString()


def _shard(pictures, photo, session, target):
    rows, features = [], []
    for row, picture in pictures:
        features.append(session.run(None, {"pixels": policy.pixels(picture)})[0][0])
        rows.append(row)
    partial = target.with_suffix(".partial")
    with open(partial, "wb") as file:
        np.savez(file, features=np.array(features), photo=np.array([photo] * len(rows)),
                 **{key: np.array([row[key] for row in rows]) for key in rows[0]})
    partial.rename(target)


def load(data, name, complete=True):
    """One set as a dict of arrays; what is not cached yet is drawn now (or skipped where `complete` is off)."""
    network = feature_network()
    folder = cache_folder() / f"recipe{RECIPE}-{hashlib.sha256(network).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    session, paths, parts, started = None, photographs(data, name), [], time.time()
    for index, path in enumerate(paths):
        target = folder / f"{name}-{path.stem}.npz"
        if not target.exists():
            if not complete:
                continue
            session = session or backbone.session(network)
            _shard(SETS[name][1](path, index), path.stem, session, target)
            print(f"{name} {index + 1}/{len(paths)} {time.time() - started:.0f} s", flush=True)
        with np.load(target) as shard:
            parts.append({key: shard[key] for key in shard.files})
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Draws the pictures of some sets and caches their features.")
    arguments.add_argument("data")
    arguments.add_argument("sets", nargs="*", default=list(SETS))
    chosen = arguments.parse_args()
    for chosen_set in chosen.sets or SETS:
        print(chosen_set, len(load(chosen.data, chosen_set)["photo"]), "rows", flush=True)
