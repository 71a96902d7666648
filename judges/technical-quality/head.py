"""The opinion head: standardised features -> hidden ReLU units -> five logits, trained in numpy.

Two lessons at once: soft labels by cross-entropy where people's means are known, and on every picture series the
order of its levels by a logistic loss on score differences.
"""
from dataclasses import dataclass, replace

import numpy as np

import backbone
from policy import VALUES, softmax

SCORES = VALUES.astype(np.float32)


@dataclass(frozen=True)
class Config:
    taps: int = 6
    hidden: int = 64
    epochs: int = 30
    rate: float = 2e-3
    decay: float = 3e-2
    input_dropout: float = 0.2
    hidden_dropout: float = 0.3
    rank_weight: float = 1.5
    content_swap: float = 0.8
    series_per_batch: int = 96
    seed: int = 0
    # How often a series of each source is drawn, see Lessons.sources.
    shares: tuple = (3.0, 1.0, 1.0, 1.0)
    # What the labels of damage that TID2013-R does not have count.
    other_labels: float = 1.0
    # The head's part in the mean of the logits, against the other heads'.
    voice: float = 1.0


@dataclass
class Lessons:
    """`features` [n, columns]; `labels` [n, 5] with `weights` [n] (0: no label); `other` [n]: the damage is not one of
    TID2013-R's; `clean` [n]: the row of the undamaged view; `series`: rows from best to worst (-1 pads); `sources`: per
    series 0 TID2013-R, 1 its types on other photographs, 2 other damage, 3 an undamaged picture alone."""

    features: np.ndarray
    labels: np.ndarray
    weights: np.ndarray
    other: np.ndarray
    clean: np.ndarray
    series: np.ndarray
    sources: np.ndarray


class Opinion:
    """Several heads on the same standardised features; their mean logits are the answer."""

    # Standardised features are held within this many deviations, so that a flat or odd picture cannot run away.
    BOUND = 5.0

    def __init__(self, centre, scale, heads):
        self.centre, self.scale, self.heads = centre, scale, heads

    def logits(self, features):
        read = features[:, :len(self.centre)]
        bounded = np.clip((read - self.centre) / self.scale, -self.BOUND, self.BOUND)
        return np.sum([_head_logits(head, bounded) for head in self.heads], axis=0)


def train_opinion(lessons, configs, log=None):
    features = lessons.features[:, :backbone.feature_columns(max(config.taps for config in configs))]
    used = np.unique(lessons.series[lessons.series >= 0])
    centre = features[used].mean(0)
    scale = features[used].std(0) + np.float32(1e-3)
    bounded = np.clip((features - centre) / scale, -Opinion.BOUND, Opinion.BOUND)
    standard = replace(lessons, features=bounded)
    voices = np.array([config.voice for config in configs]) / sum(config.voice for config in configs)
    return Opinion(centre, scale, _joined([train_head(standard, config, log) for config in configs], voices))


def train_head(lessons, config, log=None):
    """One head: w1, b1, w2, b2 that act on standardised features."""
    rng = np.random.default_rng(config.seed)
    columns = backbone.feature_columns(config.taps)
    features = np.ascontiguousarray(lessons.features[:, :columns])

    def normal(rows, width, deviation):
        return rng.standard_normal((rows, width), dtype=np.float32) * np.float32(deviation)

    p = {"w1": normal(columns, config.hidden, 0.7 * np.sqrt(2 / columns)), "b1": np.zeros(config.hidden, np.float32),
         "w2": normal(config.hidden, 5, np.sqrt(1 / config.hidden)), "b2": np.zeros(5, np.float32)}
    first = {key: np.zeros_like(value) for key, value in p.items()}
    second = {key: np.zeros_like(value) for key, value in p.items()}
    weights = lessons.weights * np.where(lessons.other, config.other_labels, 1)
    lessons = replace(lessons, features=features, weights=weights.astype(np.float32))
    shares = np.array(config.shares)[lessons.sources]
    draws = shares / shares.sum()
    batches = max(1, len(draws) // config.series_per_batch)
    steps, step = config.epochs * batches, 0
    for epoch in range(config.epochs):
        losses = []
        order = rng.choice(len(draws), batches * config.series_per_batch, p=draws)
        for batch in order.reshape(batches, -1):
            step += 1
            gradients, loss = _gradients(p, lessons, lessons.series[batch], config, rng)
            losses.append(loss)
            # AdamW: warm up for 100 steps, then down along a cosine; decay on the weights alone.
            rate = config.rate * min(1, step / 100) * 0.5 * (1 + np.cos(np.pi * step / steps))
            for key, gradient in gradients.items():
                first[key] = 0.9 * first[key] + 0.1 * gradient
                second[key] = 0.99 * second[key] + 0.01 * gradient * gradient
                move = first[key] / (1 - 0.9 ** step) / (np.sqrt(second[key] / (1 - 0.99 ** step)) + 1e-8)
                if key.startswith("w"):
                    move = move + config.decay * p[key]
                p[key] -= np.float32(rate) * move
        if log and (epoch % 10 == 9 or epoch == config.epochs - 1):
            label_loss, order_loss = np.mean(losses, axis=0)
            log(f"{config.taps} taps, epoch {epoch + 1}: label loss {label_loss:.4f}, order loss {order_loss:.4f}")
    # Rounded here as the file will store it.
    return {**p, "w1": p["w1"].astype(np.float16).astype(np.float32)}


def _gradients(p, lessons, series, config, rng):
    features, present = lessons.features, series >= 0
    rows = series[present]

    keep = np.float32(1 - config.input_dropout)
    x = (features[rows] + _swapped_content(features, lessons.clean, series, present, config, rng)) * ((rng.random((1, features.shape[1]), dtype=np.float32) < keep) / keep)
    linear = x @ p["w1"] + p["b1"]
    keep = np.float32(1 - config.hidden_dropout)
    mask = ((rng.random((1, linear.shape[1]), dtype=np.float32) < keep) / keep) * (linear > 0)
    hidden = linear * mask
    q = softmax(hidden @ p["w2"] + p["b2"]).astype(np.float32)

    weight = lessons.weights[rows]
    total = max(weight.sum(), 1)
    labels = lessons.labels[rows]
    d_logits = (q - labels) * (weight / total)[:, None]
    label_loss = -(weight * (labels * np.log(q + 1e-9)).sum(1)).sum() / total

    score = q @ SCORES
    d_score, order_loss = _order(score, present, config.rank_weight)
    d_logits += d_score[:, None] * q * (SCORES - score[:, None])

    d_linear = (d_logits @ p["w2"].T) * mask
    gradients = {"w1": x.T @ d_linear, "b1": d_linear.sum(0), "w2": hidden.T @ d_logits, "b2": d_logits.sum(0)}
    return gradients, (label_loss, order_loss)


def _swapped_content(features, clean, series, present, config, rng):
    """A step from a series' undamaged picture towards another one's: what is shown must not matter, damage must."""
    heads = clean[np.where(present, series, -1).max(1)]
    others = heads[rng.permutation(len(heads))]
    share = rng.uniform(0, config.content_swap, (len(heads), 1)).astype(np.float32)
    step = share * (features[others] - features[heads])
    return step[np.nonzero(present)[0]]


def _order(score, present, weight, margin=0.1, sharpness=6.0):
    """Neighbours in a series, and neighbours but one, must differ in score; the push fades once they do."""
    position = np.full(present.shape, -1)
    position[present] = np.arange(len(score))
    better, worse = [], []
    for gap in (1, 2):
        both = present[:, gap:] & present[:, :-gap]
        better.append(position[:, :-gap][both])
        worse.append(position[:, gap:][both])
    better, worse = np.concatenate(better), np.concatenate(worse)
    lead = np.clip(sharpness * (score[better] - score[worse] - margin), -30, 30)
    push = (weight / len(lead) / (1 + np.exp(lead))).astype(np.float32)
    d_score = np.zeros(len(score), np.float32)
    np.add.at(d_score, better, -push)
    np.add.at(d_score, worse, push)
    return d_score, np.logaddexp(0, -lead).mean() / sharpness


def _head_logits(head, bounded):
    part = bounded[:, :len(head["w1"])]
    return np.maximum(part @ head["w1"] + head["b1"], 0) @ head["w2"] + head["b2"]


def _joined(heads, voices):
    """The weighted mean of several heads as a sum over few: those on the same taps become one, units side by side."""
    out = []
    for columns in sorted({len(head["w1"]) for head in heads}):
        same = [(head, np.float32(voice)) for head, voice in zip(heads, voices) if len(head["w1"]) == columns]
        out.append({"w1": np.concatenate([head["w1"] for head, _ in same], 1),
                    "b1": np.concatenate([head["b1"] for head, _ in same]),
                    "w2": np.concatenate([voice * head["w2"] for head, voice in same]),
                    "b2": np.sum([voice * head["b2"] for head, voice in same], axis=0)})
    return out
