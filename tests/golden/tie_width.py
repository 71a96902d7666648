"""Writes tests/golden/tie_width.toml: tie widths by trying every width, and what they gain on held-out pairs.

    pip install numpy==2.4.6 scipy==1.17.1 && python3 tests/golden/tie_width.py
"""

import sys
from pathlib import Path

import numpy
import scipy.stats


def agreement(margin, human, width):
    first, second, tie = human.T
    said = numpy.where(margin > 0, first, second)
    return numpy.where(numpy.abs(margin) <= width, tie, said)


def best(margin, human):
    """The smallest width of those that agree best."""
    widths = numpy.unique(numpy.append(numpy.abs(margin), 0.0))
    means = [agreement(margin, human, width).sum() for width in widths]
    return float(widths[int(numpy.argmax(numpy.round(means, 9)))])


def student(values):
    low, high = scipy.stats.t.interval(0.95, len(values) - 1, loc=values.mean(), scale=scipy.stats.sem(values))
    return [float(low), float(high)]


def case(name, margin, human, folds):
    held, majority, widths = numpy.zeros(len(margin)), numpy.zeros(len(margin)), []
    for fold in range(folds.max() + 1):
        inside, outside = folds == fold, folds != fold
        widths.append(best(margin[outside], human[outside]))
        held[inside] = agreement(margin[inside], human[inside], widths[-1])
        majority[inside] = human[inside][:, int(numpy.argmax(human[outside].sum(axis=0)))]
    never = agreement(margin, human, 0.0)
    low, high = student(held)
    rows = [[float(m), *map(float, h), int(f)] for m, h, f in zip(margin, human, folds)]
    return {
        "name": name,
        "origin": f"tests/golden/tie_width.py, numpy {numpy.__version__}, scipy {scipy.__version__}",
        "tolerance": 1e-9,
        "width": best(margin, human),
        "without_fold": widths,
        "agreement": float(held.mean()),
        "agreement_interval": [max(low, 0.0), min(high, 1.0)],
        "never": float(never.mean()),
        "majority": float(majority.mean()),
        "over_never": float((held - never).mean()),
        "over_never_interval": student(held - never),
        "over_majority": float((held - majority).mean()),
        "pairs": rows,
    }


def main():
    rng = numpy.random.default_rng(11)
    cases = []
    for name, count, voters, folds in [("one voter a pair", 60, 1, 5), ("seven voters a pair", 40, 7, 3)]:
        truth = rng.normal(0, 1.5, count)
        margin = numpy.round(truth + rng.normal(0, 0.5, count), 2)
        human = numpy.zeros((count, 3))
        for at in range(count):
            felt = truth[at] + rng.normal(0, 0.7, voters)
            human[at] = [(felt > 0.8).mean(), (felt < -0.8).mean(), (numpy.abs(felt) <= 0.8).mean()]
        cases.append(case(name, margin, human, rng.permutation(numpy.arange(count) % folds)))
    text = "# Tie widths by trying every one; written by tests/golden/tie_width.py. Tolerances cover the quantile of Student's t.\n"
    for one in cases:
        text += "\n[[case]]\n" + "".join(
            f"{key} = {value!r}\n".replace("'", '"') for key, value in one.items() if key != "pairs"
        )
        text += "pairs = [\n" + "".join(f"  {row!r},\n" for row in one["pairs"]) + "]\n"
    (Path(__file__).parent / "tie_width.toml").write_text(text)


if __name__ == "__main__":
    sys.exit(main())
