#!/usr/bin/env python3
"""Times benches/stats.rs against scipy, in turns, on the same columns.

    pip install scipy numpy
    cargo bench --bench stats --no-run        # prints the path of the program
    python benches/stats_peer.py PROGRAM [--rounds 5] [--only kendall]

or, in one line,

    python benches/stats_peer.py $(cargo bench --bench stats --no-run 2>&1 | grep -o 'target[^)]*')

Each line gives the best time of either side over all rounds and their ratio, as JSON while it runs and as
one Markdown table at the end. Turns matter: on a busy machine only figures taken side by side compare.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
import scipy
import scipy.stats as st

RESAMPLES = 1000


def columns(n, levels):
    """Correlated columns; with levels, the second takes so many values and the first about n / 10."""
    rng = np.random.default_rng(7)
    x = rng.standard_normal(n)
    y = 0.7 * x + 0.714 * rng.standard_normal(n)
    if levels:
        grid = max(n // 60, 5)
        x = np.round(x * grid) / grid
        edges = np.quantile(y, np.linspace(0, 1, levels + 1)[1:-1])
        y = np.digitize(y, edges).astype(float)
    return x + 0.0, y


def spearman_rows(x, y, axis=-1):
    """Spearman's rho of every row: what a user of scipy.stats.bootstrap would write for speed."""
    rx, ry = st.rankdata(x, axis=axis), st.rankdata(y, axis=axis)
    rx -= rx.mean(axis=axis, keepdims=True)
    ry -= ry.mean(axis=axis, keepdims=True)
    return (rx * ry).sum(axis=axis) / np.sqrt((rx**2).sum(axis=axis) * (ry**2).sum(axis=axis))


def spearman_bootstrap(x, y):
    return st.bootstrap(
        (x, y), spearman_rows, paired=True, vectorized=True, n_resamples=RESAMPLES,
        batch=100, method="percentile", rng=np.random.default_rng(1),
    ).confidence_interval.low


def kendall_bootstrap(x, y):
    rng, n, values = np.random.default_rng(1), len(x), np.empty(RESAMPLES)
    for at in range(RESAMPLES):
        drawn = rng.integers(0, n, n)
        values[at] = st.kendalltau(x[drawn], y[drawn]).statistic
    return np.quantile(values, 0.025)


PEERS = {
    "kendall": lambda x, y: st.kendalltau(x, y).statistic,
    "spearman": lambda x, y: st.spearmanr(x, y).statistic,
    "pearson": lambda x, y: st.pearsonr(x, y).statistic,
    "weighted": lambda x, y: st.weightedtau(x, y).statistic,
    "percentile_spearman": spearman_bootstrap,
    "percentile_kendall": kendall_bootstrap,
}

# (operation, n, levels, largest difference of the two values)
CASES = [
    ("kendall", 1_000, 5, 1e-12),
    ("kendall", 1_000_000, 5, 1e-12),
    ("kendall", 1_000_000, 0, 1e-12),
    ("spearman", 1_000_000, 5, 1e-10),
    ("spearman", 1_000_000, 0, 1e-10),
    ("pearson", 1_000_000, 0, 1e-10),
    ("weighted", 100_000, 5, 1e-10),
    ("percentile_spearman", 10_000, 5, 0.005),
    ("percentile_spearman", 10_000, 0, 0.005),
    ("percentile_kendall", 10_000, 5, 0.005),
    ("percentile_kendall", 10_000, 0, 0.005),
]

# What each ratio should reach: at least (positive), or at most (negative).
GOALS = {
    "kendall n=1000000 levels=5": 3, "spearman n=1000000 levels=5": 3, "spearman n=1000000 levels=0": 3,
    "percentile_spearman n=10000 levels=5": 10, "percentile_spearman n=10000 levels=0": 10,
    "percentile_kendall n=10000 levels=5": 4, "percentile_kendall n=10000 levels=0": 4,
}

# Ours against ours: (name, dividend, divisor, goal), each (operation, n, levels, threads).
OWN = [
    ("kendall: 1e6 over 1e5", ("kendall", 1_000_000, 5, 1), ("kendall", 100_000, 5, 1), -14),
    ("bootstrap of spearman: one thread over two", ("percentile_spearman", 10_000, 5, 1), ("percentile_spearman", 10_000, 5, 2), 1.8),
    ("bootstrap of kendall: one thread over two", ("percentile_kendall", 10_000, 5, 1), ("percentile_kendall", 10_000, 5, 2), 1.8),
    ("spearman: BCa over percentile", ("bca_spearman", 10_000, 5, 1), ("percentile_spearman", 10_000, 5, 1), -2),
    ("kendall: BCa over percentile", ("bca_kendall", 10_000, 5, 1), ("percentile_kendall", 10_000, 5, 1), -2),
]

# Tie calibration, each in a process of its own: (n, levels), at most 3 s and 300 MB.
CALIBRATIONS = [(10_000, 5), (10_000, 0)]


class Program:
    def __init__(self, path, folder):
        self.process = subprocess.Popen([path, "--peer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.folder, self.loaded = folder, None

    def load(self, n, levels):
        if self.loaded != (n, levels):
            path = os.path.join(self.folder, f"{n}-{levels}")
            if not os.path.exists(path):
                np.concatenate(columns(n, levels)).astype("<f8").tofile(path)
            self.tell(f"load {path} {n}")
            self.loaded = (n, levels)

    def time(self, operation, n, levels, threads):
        self.load(n, levels)
        self.tell(f"{operation} {RESAMPLES} {threads}")
        milliseconds, value = self.process.stdout.readline().split()
        return float(milliseconds), float(value)

    def memory(self):
        self.tell("memory")
        return float(self.process.stdout.readline())

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()


def against_peer(program, operation, n, levels, allowed, rounds):
    x, y = columns(n, levels)
    ours, theirs = [], []
    for _ in range(rounds):
        start = time.perf_counter()
        expected = float(PEERS[operation](x, y))
        theirs.append((time.perf_counter() - start) * 1e3)
        milliseconds, value = program.time(operation, n, levels, 1)
        ours.append(milliseconds)
        assert abs(value - expected) <= allowed, (operation, value, expected)
    return {
        "case": f"{operation} n={n} levels={levels}", "ours_ms": round(min(ours), 3), "scipy_ms": round(min(theirs), 3),
        "ratio_of_best": round(min(theirs) / min(ours), 2),
        "ratio_of_medians": round(float(np.median(theirs) / np.median(ours)), 2),
        "goal": GOALS.get(f"{operation} n={n} levels={levels}"),
    }


def calibration(path, folder, n, levels, rounds):
    program = Program(path, folder)
    times = [program.time("tie_calibration", n, levels, 1)[0] for _ in range(rounds)]
    peak = program.memory()
    return {"case": f"tie_calibration n={n} levels={levels}", "ours_ms": round(min(times), 1), "peak_mib": round(peak, 1)}


def markdown(rows):
    """One row a case: milliseconds of ours and of the other, their ratio, and what it should be."""
    lines = ["", "| case | ours | other | ratio | goal |", "|---|--:|--:|--:|--:|"]
    for row in rows:
        goal = row.get("goal")
        wanted = "" if goal is None else f">= {goal}" if goal > 0 else f"<= {-goal}"
        if "peak_mib" in row:
            cells = [f"{row['ours_ms'] / 1e3:.2f} s, {row['peak_mib']:.0f} MiB", "", "", "<= 3 s, 300 MB"]
        elif "ms" in row:
            cells = [f"{row['ms'][0]:.1f} ms", f"ours, {row['ms'][1]:.1f} ms", f"{row['ratio_of_best']:.2f}", wanted]
        else:
            cells = [f"{row['ours_ms']:.1f} ms", f"scipy, {row['scipy_ms']:.1f} ms", f"{row['ratio_of_best']:.1f}", wanted]
        lines.append(f"| {row['case']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def against_own(program, name, dividend, divisor, goal, rounds):
    times = ([], [])
    for _ in range(rounds):
        for side, case in zip(times, (dividend, divisor)):
            side.append(program.time(*case)[0])
    return {"case": name, "ms": [round(min(side), 3) for side in times], "ratio_of_best": round(min(times[0]) / min(times[1]), 2), "goal": goal}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    print(json.dumps({"scipy": scipy.__version__, "numpy": np.__version__}))
    with tempfile.TemporaryDirectory() as folder:
        program, rows = Program(arguments.program, folder), []

        def keep(row):
            rows.append(row)
            print(json.dumps(row), flush=True)

        for case in CASES:
            if arguments.only in case[0]:
                keep(against_peer(program, *case, arguments.rounds))
        for case in OWN:
            if arguments.only in case[0]:
                keep(against_own(program, *case, 2 * arguments.rounds))
        for case in CALIBRATIONS:
            if arguments.only in "tie_calibration":
                keep(calibration(arguments.program, folder, *case, arguments.rounds))
        print(markdown(rows))


main()
