"""Turns cached feature rows and human means into what the head is trained on."""
from dataclasses import replace

import numpy as np

import distortions
import head
import targets

# People liked TID2013's raised contrast (type 17, level 2: 6.48, the best mean of all) better than most originals, so an
# original does not head such a series.
BETTER_THAN_CLEAN = ("contrast_gain",)


def type_of(kind):
    """The name under which the same damage goes in every set, so that holding it out removes all of it."""
    return distortions.TID_TYPES[int(kind[4:])] if kind.startswith("tid:") else kind.split(":")[0]


def uses(rows, name):
    """Per row: is the damage (or, in a mixture, any link of it) of this type?"""
    def one(kind, seed):
        if kind.startswith("mixture"):
            return any(link == name for link, _ in distortions.mixture(int(seed)))
        return type_of(kind) == name
    return np.array([one(kind, seed) for kind, seed in zip(rows["kind"], rows["seed"])])


def clean_rows(rows):
    """Each row's undamaged view of the same photograph."""
    keys = list(zip(rows["photo"], rows["view"]))
    clean = {key: i for i, (key, kind) in enumerate(zip(keys, rows["kind"])) if kind == "clean"}
    return np.array([clean[key] for key in keys])


def series_of(rows):
    """Rows of one photograph, view and kind from best to worst, its undamaged view first as a rule; -1 pads."""
    clean, found = clean_rows(rows), {}
    for i, key in enumerate(zip(rows["photo"], rows["view"], rows["kind"])):
        if key[2] != "clean":
            found.setdefault(key, []).append(i)
    alone = np.flatnonzero(rows["kind"] == "clean")
    table = np.full((len(found) + len(alone), 6), -1)
    for line, ((_, _, kind), members) in enumerate(found.items()):
        # TID2013 levels are PSNR: the higher the better. All others: the higher the worse.
        members.sort(key=lambda i: -rows["level"][i] if kind.startswith("tid:") else rows["level"][i])
        table[line, 0] = -1 if kind in BETTER_THAN_CLEAN else clean[members[0]]
        table[line, 1:1 + len(members)] = members
    table[len(found):, 0] = alone
    return table


def sources_of(rows, table, name):
    kinds = [rows["kind"][line.max()] for line in table]
    return np.array([0 if name == "tid" else 3 if kind == "clean" else 1 if kind.startswith("tid:") else 2 for kind in kinds])


def prepare(human, sets):
    """{name: rows} -> (Lessons, rows joined). Row order is that of the sets."""
    parts, start = [], 0
    joined = {key: np.concatenate([rows[key] for rows in sets.values()]) for key in ("photo", "view", "kind", "level", "seed")}
    joined["set"] = np.concatenate([[name] * len(rows["photo"]) for name, rows in sets.items()])
    for name, rows in sets.items():
        means, weights = targets.absolute(human, rows, name)
        labels = np.zeros((len(means), 5), np.float32)
        labels[weights > 0] = [targets.soft_label(mean, human.deviation(mean)) for mean in means[weights > 0]]
        other = np.array([kind != "clean" and not kind.startswith("tid:") for kind in rows["kind"]])
        table = series_of(rows)
        parts.append((rows["features"], labels, weights, other, clean_rows(rows) + start,
                      np.where(table >= 0, table + start, -1), sources_of(rows, table, name)))
        start += len(means)
    return head.Lessons(*map(np.concatenate, zip(*parts))), joined


def without(lessons, banned):
    """The same lessons less every series that holds a banned row."""
    touched = np.where(lessons.series >= 0, banned[lessons.series], False)
    # An undamaged first row serves many series and is never banned by a type; by a photograph it is.
    keep = ~touched.any(1)
    return replace(lessons, series=lessons.series[keep], sources=lessons.sources[keep])
