"""What people said: means and spreads on the five-level scale, and soft labels made of them.

Two studies give means. KADID-10k asked for five levels, so its numbers are used as they are. TID2013 counted wins in
pair comparisons (0..9); a straight line brings them to 1..5. Its published deviations are of the mean, not of
opinions, so the spread of every label is KADID-10k's: the spread that goes with a mean of that height.
"""
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy.special import ndtr

import distortions
from policy import VALUES

# TID2013's lowest type-and-level mean, 0.96, is as bad as KADID-10k's, 1.3; its highest, 6.1, as good as 4.5.
TID_SLOPE = (4.5 - 1.3) / (6.1 - 0.96)
TID_OFFSET = 1.3 - 0.96 * TID_SLOPE
# An undamaged photograph: above every mean that KADID-10k gives to its faintest damage (4.61).
PRISTINE = 4.75
# A photograph enlarged by half: soft but otherwise whole. A guess of ours, hence taught at low weight.
ENLARGED = 4.3
# A picture whose PSNR missed its goal by more than this is not what people saw at that level.
PSNR_TOLERANCE = 0.7
# Curves over levels 1..5 for types that no study covers, used only inside mixtures, at low weight: guesses from the
# nearest type that a study covers.
GUESSED = {
    "resample": (4.3, 3.9, 3.1, 2.2, 1.5), "poisson_noise": (4.3, 3.9, 3.4, 2.8, 2.1), "grain": (4.3, 3.8, 3.2, 2.6, 2.1),
    "chroma_noise": (4.4, 4.0, 3.5, 2.9, 2.3), "smooth": (4.5, 4.1, 3.5, 2.8, 2.1), "median": (4.4, 4.0, 3.2, 2.5, 1.8),
    "webp": (4.4, 4.2, 3.5, 2.5, 2.0), "underexpose": (4.5, 4.2, 3.6, 2.6, 1.8), "overexpose": (4.5, 4.2, 3.6, 2.7, 1.9),
    "contrast_loss": (4.5, 4.2, 3.7, 3.0, 2.3),
}


def soft_label(mean, deviation):
    """DeQA's soft label: normal mass around each level, then stretched so that its mean is `mean`.

    The stretch p -> max(a p + b, 0) has a = (mean-3) / (sum x p - 3 sum p), which is 0/0 at mean 3; there the label is
    symmetric already and only needs to sum to one. Where the stretch misses the mean, or the deviation is tiny, the
    two levels around the mean share everything.
    """
    mean = float(np.clip(mean, 1, 5))
    mass = ndtr((VALUES + 0.5 - mean) / deviation) - ndtr((VALUES - 0.5 - mean) / deviation)
    total, first = mass.sum(), VALUES @ mass
    lean = first - 3 * total
    gain = (mean - 3) / lean if abs(lean) > 1e-6 and abs(mean - 3) > 1e-6 else 1 / total
    label = np.maximum(gain * mass + (1 - gain * total) / 5, 0)
    if deviation < 0.2 or abs(VALUES @ label - mean) > 0.1 or abs(label.sum() - 1) > 0.02:
        label = np.maximum(1 - np.abs(VALUES - mean), 0)
    return label / label.sum()


class Human:
    """Means by type and level, read from the label files of `data`."""

    def __init__(self, data):
        labels = Path(data) / "iqa" / "labels"
        self.tid_scores = _tid_scores(labels / "TID2013.txt")
        self.tid_means = {kind: [np.mean([self.tid_scores[photo, kind, level] for photo in range(1, 25)])
                                 for level in range(1, 6)] for kind in distortions.TID_TYPES}
        self.kadid_means, self.kadid_deviations, self._spread = _kadid(labels / "meta_info_KADID10kDataset.csv")

    def deviation(self, mean):
        """The spread of single opinions that goes with a mean, from KADID-10k's 10,125 pictures."""
        return float(np.polyval(self._spread, np.clip(mean, 1.2, 4.8)))

    def curve(self, name):
        """Means at levels 0..5 of a type, or None where no study and no guess covers it."""
        entry = distortions.TYPES[name]
        if entry.kadid:
            return (PRISTINE, *self.kadid_means[entry.kadid])
        return (PRISTINE, *GUESSED[name]) if name in GUESSED else None

    def tid_on_scale(self, score):
        return TID_OFFSET + TID_SLOPE * score

    def tid_type_mean(self, kind, decibels):
        """Mean over the 24 references at any PSNR between the levels."""
        known = list(distortions.TID_LEVELS_DB.values())
        return self.tid_on_scale(np.interp(decibels, known[::-1], self.tid_means[kind][::-1]))

    def mixture_mean(self, chain, severity):
        """Losses of the links joined by a 1.5-norm: less than their sum, more than the worst. A guess of ours."""
        losses = [PRISTINE - np.interp(max(0.5, severity * level), range(6), curve)
                  for name, level in chain if (curve := self.curve(name)) is not None]
        return max(1.1, PRISTINE - np.sum(np.power(losses, 1.5)) ** (1 / 1.5))


def _tid_scores(path):
    scores = {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            photo, kind, level = Path(row["dis_img_path"]).stem[1:].split("_")
            scores[int(photo), int(kind), int(level)] = float(row["score"])
    return scores


def _kadid(path):
    means, deviations, pairs = defaultdict(list), defaultdict(list), []
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            _, kind, level = Path(row["dist_name"]).stem.split("_")
            # The column says dmos, but higher is better.
            mean, deviation = float(row["dmos"]), float(row["std"])
            means[int(kind), int(level)].append(mean)
            deviations[int(kind), int(level)].append(deviation)
            pairs.append((mean, deviation))
    kinds = sorted({kind for kind, _ in means})
    spread = np.polyfit(*np.array(pairs).T, 2)
    by_type = lambda table: {kind: [float(np.mean(table[kind, level])) for level in range(1, 6)] for kind in kinds}
    return by_type(means), by_type(deviations), spread


def absolute(human, rows, name):
    """(mean, weight) of each row of a set; weight 0 where only the order of levels is known."""
    means, weights = np.full(len(rows["kind"]), np.nan), np.zeros(len(rows["kind"]))
    for i, (kind, view, level) in enumerate(zip(rows["kind"], rows["view"], rows["level"])):
        if kind == "clean":
            means[i], weights[i] = (ENLARGED, 0.3) if view == "enlarged" else (PRISTINE, 1.0)
        elif view == "enlarged":
            continue
        elif kind.startswith("tid:"):
            number = int(kind[4:])
            if name == "tid":
                step = list(distortions.TID_LEVELS_DB.values()).index(round(level)) + 1
                means[i], weights[i] = human.tid_on_scale(human.tid_scores[int(rows["photo"][i]), number, step]), 1.0
            elif abs(rows["psnr"][i] - level) <= PSNR_TOLERANCE:
                means[i], weights[i] = human.tid_type_mean(number, level), 1.0
        elif kind.startswith("mixture"):
            means[i] = human.mixture_mean(distortions.mixture(int(rows["seed"][i])), level)
            weights[i] = 0.3
        elif distortions.TYPES[kind].trust:
            means[i] = np.interp(level, range(6), human.curve(kind))
            weights[i] = distortions.TYPES[kind].trust
    return means, weights
