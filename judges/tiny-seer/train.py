"""Trains the model from nothing and writes weights.pt: `train.py [--threads N] [--work FOLDER]`.

The stages of RECIPE follow one another; each leaves a checkpoint in the work folder, and a second call goes on from the last.
"""
import argparse
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

import tokens
from lessons import BROAD_KINDS, KINDS, LAST_KINDS, Stream, Teacher
from model import Shape
from packed import Seer

HERE = Path(__file__).parent
TOKENIZER = HERE / "tokenizer.json"
TRAINING, VALIDATION = 1, 2  # Seeds of scenes. The test scenes of check.py have a seed of their own, 3.


@dataclass(frozen=True)
class Stage:
    """One stretch of training. `talk` asks questions; without it only the vision tower learns, from its helping heads."""
    name: str
    steps: int
    scenes: int
    rate: tuple            # The learning rate at the stage's beginning and end; in between a straight line.
    talk: bool = True
    help: float = 0.3      # How much the helping heads weigh against the answers.
    broad: bool = False    # More kinds and more wordings.
    last: bool = False     # Fuller scenes, and the hard kinds more often.
    wordy: bool = False    # One long question on each picture.
    places: bool = False   # The helping heads also tell where a patch lies.

    def teacher(self, seed):
        kinds = LAST_KINDS if self.last else BROAD_KINDS if self.broad else KINDS
        return Teacher(TOKENIZER, seed, self.scenes, kinds, self.talk, self.broad, self.last, self.wordy)


RECIPE = [
    Stage("look", 1200, 64, (3e-3, 3e-3), talk=False, help=1.0),
    Stage("talk", 900, 32, (3e-3, 3e-3)),
    Stage("broaden", 300, 32, (3e-3, 3e-3), broad=True),
    Stage("place", 1200, 32, (3e-3, 2.7e-3), broad=True, places=True),
    Stage("count", 300, 32, (2.7e-3, 2.35e-3), broad=True, places=True, last=True),
    Stage("settle", 2000, 32, (2.35e-3, 1e-5), broad=True, places=True, last=True, wordy=True),
]
WARM_UP = 100


class Trainer:
    def __init__(self, work):
        torch.manual_seed(0)
        self.work = work
        tokenizer = json.loads(TOKENIZER.read_text())
        size = len(tokenizer["model"]["vocab"])
        self.seer = Seer(Shape(vocabulary=size), tokenizer["model"]["vocab"]["<|user|>"])
        self.average = {name: value.clone() for name, value in self.seer.state_dict().items()}
        matrices, rest = [], []
        for name, value in self.seer.named_parameters():
            matrix = value.ndim == 2 and (".blk." in name or ".mm." in name)
            (matrices if matrix else rest).append(value)
        self.optimisers = [torch.optim.Muon(matrices, lr=0.0, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
                           torch.optim.AdamW(rest, lr=0.0, betas=(0.9, 0.98), weight_decay=0.01)]
        self.done, self.started = 0, time.time()

    def log(self, **line):
        line = {"minute": round((time.time() - self.started) / 60, 1), **line}
        with open(self.work / "log.jsonl", "a") as file:
            file.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)

    def run(self, workers):
        first = 0
        for stage in RECIPE:
            if self.done < first + stage.steps:
                self.stage(stage, first, workers)
            first += stage.steps
        torch.save({name: value for name, value in self.average.items() if not name.startswith(("helpers", "noun"))},
                   HERE / "weights.pt")

    def stage(self, stage, first, workers):
        """Scenes are numbered from a million times the stage's first step, so that no stage repeats another's."""
        stream = Stream(stage.teacher(TRAINING), workers, first * 1_000_000 // stage.scenes + self.done - first)
        while self.done < first + stage.steps:
            share = (self.done - first) / stage.steps
            rate = (stage.rate[0] + share * (stage.rate[1] - stage.rate[0])) * min(1, (self.done + 1 - first) / WARM_UP)
            parts = self.step(as_tensors(stream.next()), stage, rate)
            self.done += 1
            if self.done % 50 == 0:
                self.log(step=self.done, stage=stage.name, rate=round(rate, 6), **parts)
            if self.done % 300 == 0 or self.done == first + stage.steps:
                self.save()
                if stage.talk:
                    self.log(step=self.done, valid=self.validate(stage))
        stream.close()

    def step(self, batch, stage, rate):
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
        with torch.autocast("cpu", torch.bfloat16):
            seen = self.seer.vision.seen(batch["pixels"])
            vision = self.seer.vision_loss(seen, batch, stage.places)
            loss, parts = stage.help * vision, {"vision": vision}
            if stage.talk:
                logits, nouns = self.seer(seen, batch["drawers"])
                parts["noun"] = self.seer.noun_loss(nouns, batch["drawers"])
                parts["answer"] = answer_loss(logits, batch["drawers"])
                loss = loss + parts["answer"] + stage.help * parts["noun"]
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.seer.parameters(), 2.0)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad()
        keep = min(0.998, (1 + self.done) / (10 + self.done))
        with torch.no_grad():
            for name, value in self.seer.state_dict().items():
                self.average[name].lerp_(value, 1 - keep)
        return {name: round(value.item(), 4) for name, value in parts.items()}

    @torch.no_grad()
    def validate(self, stage, batches=8):
        """Accuracy of each kind over the whole vocabulary, on pictures that are clear enough, with the averaged weights."""
        live = {name: value.clone() for name, value in self.seer.state_dict().items()}
        self.seer.load_state_dict(self.average)
        teacher = stage.teacher(VALIDATION)
        right, asked = np.zeros(len(teacher.kinds)), np.zeros(len(teacher.kinds))
        for index in range(batches):
            batch = as_tensors(teacher.batch(index))
            logits, _ = self.seer(self.seer.vision.seen(batch["pixels"]), batch["drawers"])
            for told, drawer in zip(logits, batch["drawers"]):
                judged = drawer["weight"] >= 0.4
                hit = (told.argmax(-1) == drawer["answer"])
                for kind in range(len(teacher.kinds)):
                    which = judged & (drawer["kind"] == kind)
                    right[kind] += hit[which].sum().item()
                    asked[kind] += which.sum().item()
        self.seer.load_state_dict(live)
        return {name: round(float(share), 3) for name, share in zip(teacher.kinds, right / np.maximum(asked, 1))}

    def save(self):
        partial = self.work / "checkpoint.partial"
        torch.save({"seer": self.seer.state_dict(), "average": self.average, "done": self.done,
                    "optimisers": [optimiser.state_dict() for optimiser in self.optimisers]}, partial)
        os.replace(partial, self.work / "checkpoint.pt")

    def resume(self):
        if (self.work / "checkpoint.pt").exists():
            held = torch.load(self.work / "checkpoint.pt")
            self.seer.load_state_dict(held["seer"])
            self.average, self.done = held["average"], held["done"]
            for optimiser, state in zip(self.optimisers, held["optimisers"]):
                optimiser.load_state_dict(state)


def answer_loss(logits, drawers):
    total = weight = 0
    for told, drawer in zip(logits, drawers):
        losses = F.cross_entropy(told.float().flatten(0, 1), drawer["answer"].flatten(), reduction="none")
        total = total + (losses * drawer["weight"].flatten()).sum()
        weight = weight + drawer["weight"].sum()
    return total / weight


def as_tensors(batch):
    tensors = {key: torch.from_numpy(value) for key, value in batch.items() if isinstance(value, np.ndarray)}
    tensors["pixels"] = tensors["pixels"].permute(0, 3, 1, 2).float() / 127.5 - 1
    names = sorted(name for name in batch if name.startswith("drawer"))
    tensors["drawers"] = [{key: torch.from_numpy(value) for key, value in batch[name].items()} for name in names]
    return tensors


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--workers", type=int, default=1, help="processes that draw; changes nothing but the speed")
    arguments.add_argument("--work", type=Path, default=HERE / ".work")
    chosen = arguments.parse_args()
    chosen.work.mkdir(exist_ok=True)
    torch.set_num_threads(chosen.threads)
    if not TOKENIZER.exists():
        tokens.build().save(str(TOKENIZER))
    trainer = Trainer(chosen.work)
    trainer.resume()
    trainer.run(chosen.workers)
