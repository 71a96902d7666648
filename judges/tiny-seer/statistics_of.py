"""The few statistics that check.py reports, each with its 95 % interval."""
import math

import numpy as np

RESAMPLES = 1000


def share(hits):
    """A share with Wilson's interval."""
    n, k, z = len(hits), int(sum(hits)), 1.959964
    middle, spread = (k + z * z / 2) / (n + z * z), z * math.sqrt(k * (n - k) / n + z * z / 4) / (n + z * z)
    return figure(k / n, middle - spread, middle + spread, n)


def mean(values):
    return resampled(lambda v: v.mean(), np.asarray(values, float))


def srcc(predicted, truth):
    """Spearman's rank correlation: Pearson's of the mid-ranks."""
    return resampled(lambda p, t: np.corrcoef(ranks(p), ranks(t))[0, 1], np.asarray(predicted, float), np.asarray(truth, float))


def auc(right, wrong):
    """The chance that a right one scores above a wrong one, ties counting half; both groups are resampled."""
    def of(scores, labels):
        order = ranks(scores)
        n = labels.sum()
        return (order[labels].sum() - n * (n + 1) / 2) / (n * (len(labels) - n))
    labels = np.array([True] * len(right) + [False] * len(wrong))
    return resampled(of, np.array([*right, *wrong], float), labels)


def ranks(values):
    """Ranks from one, ties sharing their mean."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def resampled(statistic, *columns):
    """The value, and the middle 95 % of it over resamples of the rows."""
    rng = np.random.default_rng(0)
    n = len(columns[0])
    drawn = []
    for _ in range(RESAMPLES):
        rows = rng.integers(0, n, n)
        parts = [column[rows] for column in columns]
        if parts[-1].min() != parts[-1].max() or len(columns) == 1:
            drawn.append(statistic(*parts))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return figure(statistic(*columns), low, high, n)


def figure(value, low, high, n):
    return {"value": round(float(value), 4), "low": round(float(low), 4), "high": round(float(high), 4), "n": n}
