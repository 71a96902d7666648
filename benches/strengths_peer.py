#!/usr/bin/env python3
"""Times benches/strengths.rs against evalica and choix, in turns, on the same votes.

    pip install evalica choix numpy
    cargo bench --bench strengths --no-run        # prints the path of the program
    python benches/strengths_peer.py PROGRAM [--rounds 3] [--cases 1000x1000000,10000x1000000] [--choix]

Each line has the best time of either side over all rounds and their ratio, the peak memory of either
process (evalica's in one of its own, with its interpreter), and by how much our log-likelihood is higher.
Votes reach evalica as index lists, as its interface wants them; its time includes reading those.
"""

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np


def votes(items, number, ties, seed=3):
    """First item, second item, and 0 for first, 1 for second, 2 for a tie."""
    rng = np.random.default_rng(seed)
    strength = rng.standard_normal(items)
    first = rng.integers(0, items, number)
    second = (first + rng.integers(1, items, number)) % items
    chance = 1 / (1 + np.exp(strength[second] - strength[first]))
    outcome = np.where(rng.random(number) < chance, 0, 1)
    outcome[rng.random(number) < ties] = 2
    return np.stack([first, second, outcome], axis=1).astype("<u4")


def log_likelihood(rows, strength):
    """Of Bradley and Terry's model, ties as half votes; -inf where a strength is not finite."""
    if not np.isfinite(strength).all():
        return -math.inf
    lead = strength[rows[:, 0]] - strength[rows[:, 1]]
    share = np.choose(rows[:, 2], [1.0, 0.0, 0.5])
    return float(-(share * np.logaddexp(0, -lead) + (1 - share) * np.logaddexp(0, lead)).sum())


def evalica_fit(rows, items):
    import evalica

    kinds = [evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw]
    firsts, seconds = rows[:, 0].tolist(), rows[:, 1].tolist()
    winners = [kinds[kind] for kind in rows[:, 2].tolist()]
    start = time.perf_counter()
    result = evalica.bradley_terry(firsts, seconds, winners)
    milliseconds = (time.perf_counter() - start) * 1e3
    # Its scores are worths; strengths are their logarithms.
    worth = np.array([result.scores.get(item, math.nan) for item in range(items)])
    with np.errstate(divide="ignore", invalid="ignore"):
        return milliseconds, np.log(worth)


def choix_fit(rows, items):
    import choix

    decided = rows[rows[:, 2] < 2].tolist()
    pairs = [(a, b) if kind == 0 else (b, a) for a, b, kind in decided]
    start = time.perf_counter()
    strength = choix.ilsr_pairwise(items, pairs, alpha=1e-6)
    return (time.perf_counter() - start) * 1e3, strength


def peer(name, path, items):
    rows = np.fromfile(path, "<u4").reshape(-1, 3).astype(np.int64)
    milliseconds, strength = {"evalica": evalica_fit, "choix": choix_fit}[name](rows, items)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([milliseconds, log_likelihood(rows, strength), memory]))


def in_turns(program, name, path, items, rounds):
    ours, theirs = [], []
    serving = subprocess.Popen([program, "--peer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    serving.stdin.write(f"load {path} {items}\n")
    for _ in range(rounds):
        command = [sys.executable, __file__, program, "--one", name, path, str(items)]
        theirs.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
        serving.stdin.write("fit\n")
        serving.stdin.flush()
        ours.append([float(part) for part in serving.stdout.readline().split()])
    serving.stdin.close()
    serving.wait()
    return ours, theirs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", default="1000x1000000,10000x1000000")
    parser.add_argument("--choix", action="store_true")
    arguments = parser.parse_args()
    if arguments.one:
        name, path, items = arguments.one
        return peer(name, path, int(items))
    name = "choix" if arguments.choix else "evalica"
    with tempfile.TemporaryDirectory() as folder:
        for case in arguments.cases.split(","):
            items, number = map(int, case.split("x"))
            path = os.path.join(folder, case)
            # choix knows no ties.
            votes(items, number, 0.0 if arguments.choix else 0.1).tofile(path)
            ours, theirs = in_turns(arguments.program, name, path, items, arguments.rounds)
            best = [min(run[0] for run in side) for side in (ours, theirs)]
            memory = [max(run[2] for run in side) for side in (ours, theirs)]
            print(json.dumps({
                "peer": name, "items": items, "votes": number, "rounds": arguments.rounds,
                "ms": round(best[0], 1), "peer_ms": round(best[1], 1), "ratio": round(best[1] / best[0], 1),
                "mib": round(memory[0], 1), "peer_mib": round(memory[1], 1),
                "memory_ratio": round(memory[1] / memory[0], 1),
                "log_likelihood": ours[0][1], "higher_by": ours[0][1] - theirs[0][1],
            }), flush=True)


if __name__ == "__main__":
    main()
