"""Batches to learn from: scenes, many packed questions on each, and what the helping heads are taught.

Questions of a batch lie in three drawers by their length, [scenes, places, tokens]; an empty place weighs nothing.
"""
import multiprocessing

import numpy as np
from tokenizers import Tokenizer

import captions
import drawing
from drawing import COLOURS, MOST_SHAPES, SHAPES, SIDE
from questions import Asker

DRAWERS = [(12, 6), (18, 5), (30, 5)]  # Tokens and places.
WORDY_DRAWERS = [(12, 6), (18, 5), (28, 4), (64, 1)]  # The last one is for long forms only.
WORDY_KINDS = ["presence", "exact", "property", "caption", "digit_level", "digit_level", "lettered", "lettered", "colour", "how_many", "level"]
PATCHES = SIDE // 8
COLUMNS = 8
# How often each kind is asked, and how often each level of damage is drawn, bad to excellent.
KINDS = {"shape": 1.2, "colour": 1.0, "how_many": 2.0, "presence": 1.5, "exact": 1.5, "property": 1.2, "form": 0.5, "relation": 1.2,
         "caption": 5.0, "level": 0.7, "good_poor": 0.35, "stop": 0.2}
BROAD_KINDS = {"shape": 0.8, "colour": 0.8, "how_many": 2.5, "presence": 1.5, "exact": 1.5, "property": 1.2, "form": 0.5, "relation": 3.0,
               "caption": 5.0, "level": 0.7, "good_poor": 0.35, "stop": 0.1, "digit_level": 0.5, "lettered": 1.2}
# At the end, what is still hard: counting, above all in full scenes, and left and right.
LAST_KINDS = {"shape": 0.6, "colour": 0.6, "how_many": 4.0, "presence": 1.2, "exact": 3.0, "property": 0.9, "form": 0.6, "relation": 9.0,
              "caption": 6.0, "level": 0.8, "good_poor": 0.3, "stop": 0.1, "digit_level": 0.5, "lettered": 0.9}
FULL_SCENES = [0.12, 0.17, 0.21, 0.25, 0.25]  # Shares of scenes with one to five shapes, with LAST_KINDS.
LEVEL_SHARES = np.array([0.10, 0.10, 0.12, 0.20, 0.48])
LEVEL_WEIGHT = 0.2 / LEVEL_SHARES
CONTENT_WEIGHT = [0.1, 0.3, 0.7, 1.0, 1.0]
SURROUNDINGS = ["", "", "", "", "", "", "\n", "\n", " "]
NOTHING = -100
COLOUR_NAMES = list(COLOURS)


class Teacher:
    """Draws batches. The same seed and first index give the same batches."""

    def __init__(self, tokenizer_file, seed, scenes, kinds=KINDS, talk=True, broad=False, full=False, wordy=False):
        self.tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self.assistant = self.tokenizer.token_to_id("<|assistant|>")
        self.end = self.tokenizer.token_to_id("<|end|>")
        self.seed, self.scenes, self.kinds, self.talk = seed, scenes, list(kinds), talk
        self.broad, self.full, self.wordy = broad, full, wordy
        self.drawers = WORDY_DRAWERS if wordy else DRAWERS
        self.shares = np.array([kinds[kind] for kind in self.kinds]) / sum(kinds.values())

    def batch(self, index):
        scenes = [self.scene(index * self.scenes + i) for i in range(self.scenes)]
        batch = {key: np.stack([scene[key] for scene in scenes]) for key in ("pixels", "patches", "centres", "counts", "level")}
        for drawer, (tokens, places) in enumerate(self.drawers if self.talk else []):
            shape = (self.scenes, places)
            ids, last = np.zeros((*shape, tokens), np.int64), np.zeros(shape, np.int64)
            answer, weight, kind = np.zeros(shape, np.int64), np.zeros(shape, np.float32), np.full(shape, -1)
            nouns = []
            for row, scene in enumerate(scenes):
                for place, item in enumerate(scene["drawers"][drawer]):
                    ids[row, place, :len(item["ids"])] = item["ids"]
                    last[row, place], answer[row, place] = len(item["ids"]) - 1, item["answer"]
                    weight[row, place], kind[row, place] = item["weight"], item["kind"]
                    nouns += [[row, place * tokens + at, *truth] for at, truth in item["nouns"]]
            batch[f"drawer{drawer}"] = dict(ids=ids, last=last, answer=answer, weight=weight, kind=kind,
                                            nouns=np.array(nouns or np.zeros((0, 6)), np.int64))
        return batch

    def scene(self, index):
        rng = np.random.default_rng([self.seed, index])
        level = 1 + int(rng.choice(5, p=LEVEL_SHARES))
        names = drawing.random_names(rng, 1 + int(rng.choice(MOST_SHAPES, p=FULL_SCENES))) if self.full else None
        scene = drawing.random_scene(rng, names, level)
        asker = Asker(scene, rng, broad=self.broad)
        drawers = [[] for _ in self.drawers]
        if self.wordy:
            asker.wordy = True
            kind = asker.pick(WORDY_KINDS)
            item = self.question(asker, kind, level)
            if item and len(item["ids"]) <= self.drawers[-1][0]:
                drawers[-1].append({**item, "kind": self.kinds.index(kind)})
            asker.wordy = False
        for kind in rng.choice(len(self.kinds), 40 if self.talk else 0, p=self.shares):
            item = self.question(asker, self.kinds[kind], level)
            if item is None:
                continue
            item["kind"] = kind
            for drawer, (tokens, places) in list(zip(drawers, self.drawers))[:3]:
                if len(item["ids"]) <= tokens and len(drawer) < places:
                    drawer.append(item)
                    break
            if all(len(drawer) == places for drawer, (_, places) in list(zip(drawers, self.drawers))[:3]):
                break
        return {"pixels": drawing.draw(scene), "drawers": drawers, "level": level - 1, **dense_truth(scene)}

    def question(self, asker, kind, level):
        if kind == "caption":
            question = captions.any_caption_question(asker)
        else:
            question = getattr(asker, asker.pick(["presence", "colour", "how_many", "level"]) if kind == "stop" else kind)()
        if question is None:
            return None
        before = asker.pick(SURROUNDINGS)
        encoded = self.tokenizer.encode(before + question["text"])
        prefix = self.tokenizer.encode(question["prefix"]).ids
        answer = self.tokenizer.encode((" " if prefix else "") + question["answer"]).ids[0]
        ids = encoded.ids + [self.assistant] + prefix
        if kind == "stop":
            ids, answer = ids + [answer], self.end
        weight = LEVEL_WEIGHT[level - 1] if question["kind"] in ("level", "good_poor", "digit_level") else CONTENT_WEIGHT[level - 1]
        nouns = []
        for place, element in zip(question["nouns"], question["elements"], strict=True):
            token = encoded.char_to_token(place + len(before))
            nouns.append((token, noun_truth(asker, element)))
        return {"ids": ids, "answer": answer, "weight": weight, "nouns": nouns}


def noun_truth(asker, element):
    """How many match, and where they agree: colour, shape and, for a single one, the column it stands in."""
    found = asker.matching(element)
    colours, shapes = {item["colour"] for item in found}, {item["shape"] for item in found}
    return (len(found), COLOUR_NAMES.index(found[0]["colour"]) if len(colours) == 1 else NOTHING,
            SHAPES.index(found[0]["shape"]) if len(shapes) == 1 else NOTHING,
            int(found[0]["x"] * COLUMNS / SIDE) if len(found) == 1 else NOTHING)


def dense_truth(scene):
    """For each patch its colour and shape (0 for background), whether a centre lies in it and its share of near centres;

    and the counts of all pairs.
    """
    patches = np.zeros((3, PATCHES, PATCHES), np.int64)
    centres = np.zeros((PATCHES, PATCHES), np.float32)
    counts = np.zeros((len(COLOURS), len(SHAPES)), np.int64)
    most = np.full((PATCHES, PATCHES), 0.12)
    grid = np.arange(SIDE) + 0.5
    for item in scene["shapes"]:
        colour, shape = COLOUR_NAMES.index(item["colour"]), SHAPES.index(item["shape"])
        counts[colour, shape] += 1
        x, y = grid[None] - item["x"], grid[:, None] - item["y"]
        cos, sin = np.cos(item["turn"]), np.sin(item["turn"])
        inside = drawing.distance(item["shape"], item["radius"], cos * x + sin * y, cos * y - sin * x) < 0
        share = inside.reshape(PATCHES, 8, PATCHES, 8).mean((1, 3))
        here = share > most
        most = np.maximum(most, share)
        patches[0][here], patches[1][here] = colour + 1, shape + 1
        patches[2, int(item["y"] // 8), int(item["x"] // 8)] = 1
        across, down = (np.maximum(0, 1 - abs(np.arange(PATCHES) + 0.5 - item[axis] / 8)) for axis in "xy")
        centres += np.outer(down, across)
    return {"patches": patches.reshape(3, -1), "centres": np.minimum(centres.ravel(), 1).astype(np.float32), "counts": counts.ravel()}


def _work(queue, teacher, first, step):
    index = first
    while True:
        queue.put(teacher.batch(index))
        index += step


class Stream:
    """Batches drawn ahead by other processes, in an order that does not depend on their speed."""

    def __init__(self, teacher, workers, first=0):
        context = multiprocessing.get_context("fork")
        self.queues = [context.Queue(12) for _ in range(workers)]
        self.processes = [context.Process(target=_work, args=(queue, teacher, first + i, workers), daemon=True)
                          for i, queue in enumerate(self.queues)]
        for process in self.processes:
            process.start()
        self.turn = 0

    def next(self):
        batch = self.queues[self.turn].get()
        self.turn = (self.turn + 1) % len(self.queues)
        return batch

    def close(self):
        for process in self.processes:
            process.terminate()
