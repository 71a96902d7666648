"""Measures model.onnx and writes figures.json and the table in README.md: `figures.py DATA`.

Every figure has n and a 95 % interval from a bootstrap that redraws whole photographs. Held-out figures train the
shipped recipe anew without what is held out; the rest measures the heads inside model.onnx on photographs that were
never trained on.
"""
import argparse
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from scipy.stats import rankdata

import backbone
import distortions
import head
import lessons
import policy
import stimuli
import targets
import train

HERE = Path(__file__).parent
RESAMPLES = 1000
# Game renders among the 25 gb82 pictures: kept in every count, left out of the line "photographs alone".
RENDERS = ("mc1-lossless", "mc2-lossless", "mc3-lossless", "house-lossless")
FOLDS = 6


# --- statistics ---------------------------------------------------------------------------------------------------------

def figure(statistic, photos, *columns):
    """{value, n, photographs, low, high}: a statistic of some columns and its interval over photographs."""
    columns = [np.asarray(column) for column in columns]
    groups = [np.flatnonzero(photos == photo) for photo in np.unique(photos)]
    rng, values = np.random.default_rng(0), []
    for _ in range(RESAMPLES):
        index = np.concatenate([groups[i] for i in rng.integers(0, len(groups), len(groups))])
        values.append(statistic(*[column[index] for column in columns]))
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return {"value": round(float(statistic(*columns)), 4), "n": len(columns[0]), "photographs": len(groups),
            "low": round(float(low), 4), "high": round(float(high), 4)}


def srcc(predicted, human):
    return np.corrcoef(rankdata(predicted), rankdata(human))[0, 1]


def plcc(predicted, human):
    return np.corrcoef(predicted, human)[0, 1]


def within(kinds):
    """A statistic: the mean over kinds of the rank correlation inside each."""
    def statistic(predicted, human, kind):
        return np.mean([srcc(predicted[kind == one], human[kind == one]) for one in kinds])
    return statistic


# --- held-out figures -----------------------------------------------------------------------------------------------------

class Study:
    """The lessons, the test photographs, and predictions with parts held out."""

    def __init__(self, data):
        self.human = targets.Human(data)
        self.sets = {name: stimuli.load(data, name) for name in (*train.TAUGHT, "test")}
        self.taught, self.rows = lessons.prepare(self.human, {name: self.sets[name] for name in train.TAUGHT})
        self.digest = hashlib.sha256(self.taught.features.tobytes()).digest()
        self.test = self.sets["test"]
        self.is_tid = self.rows["set"] == "tid"
        self.scored = self.is_tid & (self.rows["kind"] != "clean")
        means, _ = targets.absolute(self.human, self.sets["tid"], "tid")
        self.mos = np.full(len(self.rows["kind"]), np.nan)
        self.mos[self.is_tid] = means

    def opinions_without(self, banned, features):
        """Opinions on some features by heads that never saw the `banned` rows; remembered, so that a run can go on."""
        recipe = "".join((HERE / name).read_text() for name in ("head.py", "lessons.py", "targets.py", "train.py"))
        key = hashlib.sha256(recipe.encode() + self.digest + banned.tobytes() + features.tobytes()).hexdigest()[:24]
        target = stimuli.cache_folder() / "held-out" / f"{key}.npy"
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            np.save(target, self._opinions_without(banned, features))
        return np.load(target)

    def _opinions_without(self, banned, features):
        opinion = head.train_opinion(lessons.without(self.taught, banned), train.ENSEMBLE)
        return policy.softmax(opinion.logits(features))

    def by_content(self):
        """Each sixth of the Kodak photographs scored by heads that never saw those photographs."""
        out = np.full((len(self.rows["kind"]), 5), np.nan)
        numbers = np.array([int(photo) if tid else -1 for photo, tid in zip(self.rows["photo"], self.is_tid)])
        for fold in range(FOLDS):
            held = self.is_tid & (numbers % FOLDS == fold)
            out[held] = self.opinions_without(held, self.taught.features[held])
        return out

    def by_type(self):
        """Each TID2013-R type scored by heads that never saw that type, in any set, alone or in a mixture."""
        out = np.full(len(self.rows["kind"]), np.nan)
        for number, name in distortions.TID_TYPES.items():
            banned = lessons.uses(self.rows, name)
            wanted = self.is_tid & (self.rows["kind"] == f"tid:{number}")
            out[wanted] = policy.score(self.opinions_without(banned, self.taught.features[wanted]))
        return out

    def by_set(self):
        """All of TID2013-R scored by heads that saw CID22 photographs alone, and no score of a single picture."""
        out = np.full(len(self.rows["kind"]), np.nan)
        out[self.scored] = policy.score(self.opinions_without(self.is_tid, self.taught.features[self.scored]))
        return out


def steps(rows, scores):
    """One entry per step from a level to the next on one photograph: (photo, type, fell, fall)."""
    found = {}
    for photo, kind, level, value in zip(rows["photo"], rows["kind"], rows["level"], scores):
        if kind != "clean":
            found.setdefault((photo, kind), []).append((level, value))
    out = []
    for (photo, kind), series in found.items():
        values = [value for _, value in sorted(series)]
        out += [(photo, kind.split(":")[0], float(b < a), a - b) for a, b in zip(values, values[1:])]
    photos, kinds, fell, fall = zip(*out)
    return np.array(photos), np.array(kinds), np.array(fell), np.array(fall)


def monotone(rows, scores):
    photos, kinds, fell, _ = steps(rows, scores)
    single = kinds != "mixture"
    camera = single & ~np.isin(photos, RENDERS)
    result = {"all types": figure(np.mean, photos[single], fell[single]),
              "all types, photographs alone": figure(np.mean, photos[camera], fell[camera])}
    for kind in dict.fromkeys(kinds):
        result[str(kind)] = figure(np.mean, photos[kinds == kind], fell[kinds == kind])
    return result


# --- the shipped model ------------------------------------------------------------------------------------------------------

def shipped_logits(path, features):
    """Logits of the heads stored in model.onnx."""
    stored = {entry.name: numpy_helper.to_array(entry) for entry in onnx.load(path).graph.initializer}
    names = sorted({name.split(".")[0] for name in stored if name.endswith(".w2")})
    heads = [{"w1": stored[f"{name}.w1.half"].astype(np.float32),
              **{key: stored[f"{name}.{key}"] for key in ("b1", "w2", "b2")}} for name in names]
    return head.Opinion(stored["centre"], stored["scale"], heads).logits(features)


def check_against_file(study, path, data, probabilities):
    """The largest difference between cached features with the stored head, and model.onnx on the pictures."""
    session, worst = backbone.session(str(path)), 0.0
    photo = stimuli.photographs(data, "test")[0]
    mine = np.flatnonzero(study.test["photo"] == photo.stem)
    for index, (_, picture) in zip(mine, stimuli.test_pictures(photo)):
        found = policy.softmax(session.run(["logits"], {"pixels": policy.pixels(picture)})[0][0])
        worst = max(worst, np.abs(found - probabilities[index]).max())
    return {"pictures": len(mine), "largest difference in a probability": float(f"{worst:.1e}")}


def on_unseen_photographs(study, rows, probabilities):
    scores = policy.score(probabilities)
    clean, native = rows["kind"] == "clean", rows["view"] == "native"
    result = {"monotone": monotone(rows, scores)}
    level_means, level_spreads, cells = [], [], []
    for kind, level in zip(rows["kind"], rows["level"]):
        entry = distortions.TYPES.get(kind)
        known = entry is not None and entry.kadid is not None
        level_means.append(study.human.kadid_means[entry.kadid][int(level) - 1] if known else np.nan)
        level_spreads.append(study.human.kadid_deviations[entry.kadid][int(level) - 1] if known else np.nan)
    level_means, level_spreads = np.array(level_means), np.array(level_spreads)
    known = np.isfinite(level_means)
    result["kadid level means"] = {
        "srcc": figure(srcc, rows["photo"][known], scores[known], level_means[known]),
        "plcc": figure(plcc, rows["photo"][known], scores[known], level_means[known])}
    spreads = policy.spread(probabilities)
    result["spread"] = {
        "plcc with KADID-10k's deviation": figure(plcc, rows["photo"][known], spreads[known], level_spreads[known]),
        "mean of the judge": figure(np.mean, rows["photo"][known], spreads[known]),
        "mean of KADID-10k": round(float(level_spreads[known].mean()), 4)}
    for view in ("native", "whole", "half"):
        mine = clean & (rows["view"] == view)
        result[f"undamaged, {view}"] = figure(np.mean, rows["photo"][mine], scores[mine])
    undamaged = {photo: value for photo, value in zip(rows["photo"][clean & native], scores[clean & native])}
    worst_level = {"mixture": 1.0}
    heavy = np.array([level == worst_level.get(kind.split(":")[0], 5) for kind, level in zip(rows["kind"], rows["level"])]) & ~clean
    below = np.array([scores[i] < undamaged[rows["photo"][i]] for i in np.flatnonzero(~clean)], float)
    result["damaged below undamaged"] = figure(np.mean, rows["photo"][~clean], below)
    below = np.array([scores[i] < undamaged[rows["photo"][i]] for i in np.flatnonzero(heavy)], float)
    result["heaviest level below undamaged"] = figure(np.mean, rows["photo"][heavy], below)
    return result


def speed(path):
    session, result = backbone.session(str(path)), {}
    for width, height in ((512, 384), (640, 640), (224, 224)):
        tile = np.random.default_rng(0).uniform(-1, 1, (1, 3, height, width)).astype(np.float32)
        times = []
        for _ in range(12):
            started = time.perf_counter()
            session.run(None, {"pixels": tile})
            times.append(1000 * (time.perf_counter() - started))
        result[f"{width}x{height}"] = round(float(np.median(times[2:])), 1)
    return result


def measure(data):
    path, study = HERE / "model.onnx", Study(data)
    say = lambda name, value: print(name, json.dumps(value), flush=True)
    photos, mos = study.rows["photo"][study.scored], study.mos[study.scored]
    kinds = study.rows["kind"][study.scored]
    numbers = [f"tid:{number}" for number in distortions.TID_TYPES]

    probabilities = study.by_content()[study.scored]
    predicted = policy.score(probabilities)
    labels = study.taught.labels[study.scored]
    gaps = np.abs(np.cumsum(probabilities - labels, 1))[:, :4].mean(1)
    constant = np.abs(np.cumsum(labels.mean(0) - labels, 1))[:, :4].mean(1)
    content = {"srcc": figure(srcc, photos, predicted, mos), "plcc": figure(plcc, photos, predicted, mos),
               "srcc within type": figure(within(numbers), photos, predicted, mos, kinds),
               "mean |cdf error| of the opinion": figure(np.mean, photos, gaps),
               "mean |cdf error| of the average label": figure(np.mean, photos, constant)}
    say("content held out", content)

    def held(scores):
        predicted = scores[study.scored]
        result = {"srcc": figure(srcc, photos, predicted, mos), "plcc": figure(plcc, photos, predicted, mos),
                  "srcc within type": figure(within(numbers), photos, predicted, mos, kinds)}
        for number, name in distortions.TID_TYPES.items():
            mine = kinds == f"tid:{number}"
            result[f"within {name}"] = figure(srcc, photos[mine], predicted[mine], mos[mine])
        return result

    by_type = held(study.by_type())
    say("type held out", by_type)
    by_set = held(study.by_set())
    say("set held out", by_set)
    probabilities = policy.softmax(shipped_logits(path, study.test["features"]))
    unseen = on_unseen_photographs(study, study.test, probabilities)
    say("unseen photographs", unseen)
    spare_rows = stimuli.load(data, "spare")
    spare = on_unseen_photographs(study, spare_rows, policy.softmax(shipped_logits(path, spare_rows["features"])))
    say("spare photographs", spare)
    return {
        "model": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "bytes": path.stat().st_size,
                  "training pictures": len(study.rows["kind"])},
        "TID2013-R, content held out": content,
        "TID2013-R, type held out": by_type,
        "TID2013-R, all of it held out": by_set,
        "unseen photographs": unseen,
        "spare photographs": spare,
        "file against cache": check_against_file(study, path, data, probabilities),
        "milliseconds, one thread": speed(path),
    }


# --- the table ----------------------------------------------------------------------------------------------------------------

def table(figures):
    def line(name, entry):
        return f"| {name} | {entry['value']:.3f} | {entry['low']:.3f} .. {entry['high']:.3f} | {entry['n']} | {entry['photographs']} |"
    content, by_type, by_set, unseen = (figures[key] for key in (
        "TID2013-R, content held out", "TID2013-R, type held out", "TID2013-R, all of it held out",
        "unseen photographs"))
    spare = figures["spare photographs"]
    out = ["| figure | value | 95 % interval | n | photographs |", "|---|---|---|---|---|"]
    for title, group in (("photographs held out", content), ("distortion type held out", by_type),
                         ("trained on CID22 photographs alone", by_set)):
        for key in ("srcc", "plcc", "srcc within type"):
            out.append(line(f"TID2013-R, {title}: {key.replace('srcc', 'SRCC').replace('plcc', 'PLCC')}", group[key]))
    out.append(line("mean CDF error of the opinion (photographs held out)", content["mean |cdf error| of the opinion"]))
    out.append(line("the same for always answering the average label", content["mean |cdf error| of the average label"]))
    out.append(line("unseen photographs: score falls from level to level, all types", unseen["monotone"]["all types"]))
    out.append(line("the same, without four game renders", unseen["monotone"]["all types, photographs alone"]))
    out.append(line("the same, 15 spare CID22 photographs", spare["monotone"]["all types"]))
    out.append(line("unseen, camera chains of two to seven kinds: score falls", unseen["monotone"]["mixture"]))
    out.append(line("the same, spare", spare["monotone"]["mixture"]))
    out.append(line("unseen photographs: damaged scores below undamaged", unseen["damaged below undamaged"]))
    out.append(line("the same, heaviest level", unseen["heaviest level below undamaged"]))
    out.append(line("unseen photographs, SRCC with KADID-10k's level means", unseen["kadid level means"]["srcc"]))
    out.append(line("unseen photographs, PLCC with KADID-10k's level means", unseen["kadid level means"]["plcc"]))
    out.append(line("PLCC of the spread with KADID-10k's spread of opinions", unseen["spread"]["plcc with KADID-10k's deviation"]))
    out.append(line("spare photographs, SRCC with KADID-10k's level means", spare["kadid level means"]["srcc"]))
    out.append(line("undamaged spare photographs, mean score, native size", spare["undamaged, native"]))
    for view in ("native", "whole", "half"):
        out.append(line(f"undamaged unseen photographs, mean score, {view} size", unseen[f"undamaged, {view}"]))
    out += ["", "Falling steps by type, on unseen photographs:", "",
            "| type | falls | 95 % interval | n | spare photographs |", "|---|---|---|---|---|"]
    for kind, entry in unseen["monotone"].items():
        if not kind.startswith("all types"):
            out.append(f"| {kind} | {entry['value']:.3f} | {entry['low']:.3f} .. {entry['high']:.3f} | {entry['n']} | "
                       f"{spare['monotone'][kind]['value']:.3f} |")
    out += ["", "SRCC inside each TID2013-R type, that type held out (120 pictures each):", "",
            "| type | SRCC | 95 % interval |", "|---|---|---|"]
    for name in distortions.TID_TYPES.values():
        entry = by_type[f"within {name}"]
        out.append(f"| {name} | {entry['value']:.3f} | {entry['low']:.3f} .. {entry['high']:.3f} |")
    times = ", ".join(f"{size}: {value} ms" for size, value in figures["milliseconds, one thread"].items())
    out += ["", f"Time, ONNX Runtime, one thread of a shared machine: {times}."]
    overhead = figures.get("overhead")
    if overhead:
        out += ["", f"From an encoded 512x384 picture to a verdict, one core: {overhead['ratio']:.3f} times the bare ONNX Runtime call "
                f"on model.onnx (95 % interval {overhead['ci'][0]:.3f} .. {overhead['ci'][1]:.3f}, medians of {overhead['n']} "
                f"interleaved rounds: {overhead['whole_ms']:.1f} ms against {overhead['bare_ms']:.1f} ms)."]
    return "\n".join(out)


def put_table(text):
    readme = HERE / "README.md"
    begin, end = "<!-- figures: begin -->", "<!-- figures: end -->"
    before, rest = readme.read_text().split(begin)
    readme.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data")
    arguments.add_argument("--overhead", type=Path, help="JSON of the bench that holds the whole path against the bare call")
    chosen = arguments.parse_args()
    measured = measure(chosen.data)
    if chosen.overhead:
        measured["overhead"] = json.loads(chosen.overhead.read_text())
    (HERE / "figures.json").write_text(json.dumps(measured, indent=1) + "\n")
    put_table(table(measured))
    print(table(measured))
