"""Trains the judge and writes model.onnx: `train.py DATA`."""
import argparse
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

import backbone
import head
import lessons
import policy
import stimuli
import targets

HERE = Path(__file__).parent
# A generalist taught all damage alike, and specialists drawn to the pictures with human scores of their own: the first
# keeps the order of levels of any type, the others the scale; their mean has most of both. Taps 0-7 were
# tried and cost more on synthetic damage than their small voice could give back.
SPECIALIST = head.Config(hidden=64, epochs=24, hidden_dropout=0.1, content_swap=0.3, rank_weight=1.0,
                         shares=(10.0, 3.0, 0.5, 1.0), other_labels=0.5)
ENSEMBLE = [
    head.Config(taps=5, hidden=96, epochs=24, hidden_dropout=0.3, content_swap=0.8, rank_weight=2.0, seed=1, voice=0.3),
    replace(SPECIALIST, taps=5, seed=5, voice=1.0),
    replace(SPECIALIST, taps=6, seed=6, voice=1.2),
]
TAUGHT = ("tid", "train")
SIZE_LIMIT = 5_000_000


def read_lessons(data, names=TAUGHT, complete=True):
    human = targets.Human(data)
    taught, rows = lessons.prepare(human, {name: stimuli.load(data, name, complete) for name in names})
    return human, taught, rows


def write(opinion, path):
    """Builds the file, checks it against the heads it was made of, and puts it in place in one step."""
    model = backbone.build(backbone.load_weights(backbone.weight_file()), max(config.taps for config in ENSEMBLE), opinion)
    content = model.SerializeToString()
    if len(content) > SIZE_LIMIT:
        raise SystemExit(f"the model has {len(content)} bytes, more than {SIZE_LIMIT}")
    picture = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    features = backbone.session(stimuli.feature_network()).run(None, {"pixels": policy.pixels(picture)})[0]
    expected = opinion.logits(features)
    found = backbone.session(content).run(["logits"], {"pixels": policy.pixels(picture)})[0]
    if np.abs(expected - found).max() > 1e-3:
        raise SystemExit(f"the stored model answers {found}, its heads {expected}")
    partial = Path(path).with_suffix(".partial")
    partial.write_bytes(content)
    os.replace(partial, path)
    print(f"{path}: {len(content)} bytes")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data")
    arguments.add_argument("--partial", action="store_true", help="use what is cached, draw nothing")
    chosen = arguments.parse_args()
    _, taught, rows = read_lessons(chosen.data, complete=not chosen.partial)
    print(f"{len(rows['kind'])} pictures, {len(taught.series)} series")
    write(head.train_opinion(taught, ENSEMBLE, lambda line: print(line, flush=True)), HERE / "model.onnx")
