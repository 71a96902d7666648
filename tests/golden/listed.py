"""Writes tests/golden/listed.toml: strengths from whole lists, agreement of lists, and items among anchors.

    pip install mpmath==1.3.0 numpy==2.4.6 scipy==1.17.1 && python3 tests/golden/listed.py

Strengths are Newton's method on the log-posterior in 60 digits, with derivatives by central differences, so that nothing is shared with the
program but the model: Plackett-Luce over orders, with what the places add, and a normal ridge; of ties the mean over every order of a tier.
"""

import itertools
from pathlib import Path

import mpmath
import numpy as np
import scipy
import scipy.stats
from mpmath import exp, inverse, log, lu_solve, matrix, mp, mpf, ncdf, sqrt

mp.dps = 60
H = mpf(10) ** -18


def derivatives(f, x):
    n = len(x)

    def at(*moves):
        y = list(x)
        for i, d in moves:
            y[i] += d
        return f(y)

    f0 = f(x)
    g = [(at((i, H)) - at((i, -H))) / (2 * H) for i in range(n)]
    hess = matrix(n, n)
    for i in range(n):
        for j in range(i, n):
            if i == j:
                hess[i, i] = (at((i, H)) - 2 * f0 + at((i, -H))) / H**2
            else:
                v = (at((i, H), (j, H)) - at((i, H), (j, -H)) - at((i, -H), (j, H)) + at((i, -H), (j, -H))) / (4 * H**2)
                hess[i, j] = hess[j, i] = v
    return f0, g, hess


def minimise(f, n):
    x = [mpf(0)] * n
    for _ in range(40):
        f0, g, hess = derivatives(f, x)
        step = lu_solve(hess, matrix(g))
        t = mpf(1)
        while f([a - t * s for a, s in zip(x, step)]) > f0 + mpf(10) ** -30:
            t /= 2
        x = [a - t * s for a, s in zip(x, step)]
        if max(abs(s) for s in step) < mpf(10) ** -14:
            break
    return x, derivatives(f, x)[2]


def placed(items, lists, ridge):
    places = max(len(s) for s, _ in lists)
    ridge = mpf(ridge)

    def loglik(x):
        total = mpf(0)
        for shown, tiers in lists:
            parts = [list(itertools.permutations(t)) for t in tiers]
            orders = list(itertools.product(*parts))
            for order in orders:
                flat = [p for t in order for p in t]
                u = [x[shown[p]] + x[items + p] for p in flat]
                e = [exp(v) for v in u]
                total += sum(u[t] - log(sum(e[t:])) for t in range(len(u) - 1)) / len(orders)
        return total

    f = lambda x: -loglik(x) + ridge / 2 * sum(v * v for v in x)
    x, hess = minimise(f, items + places)
    cov = inverse(hess)

    def block(first, count):
        values, errors = [], []
        mean = sum(x[first : first + count]) / count
        for i in range(count):
            w = [(1 if j == i else 0) - mpf(1) / count for j in range(count)]
            values.append(float(x[first + i] - mean))
            errors.append(float(sqrt(sum(w[a] * w[b] * cov[first + a, first + b] for a in range(count) for b in range(count)))))
        return values, errors

    w = [mpf(1)] + [mpf(-1) / (places - 1)] * (places - 1)
    first = float(sum(w[p] * x[items + p] for p in range(places)))
    error = float(sqrt(sum(w[a] * w[b] * cov[items + a, items + b] for a in range(places) for b in range(places))))
    s, se = block(0, items)
    b, be = block(items, places)
    return dict(strengths=s, deviations=se, place_effects=b, place_deviations=be, first_effect=[first, error], log_likelihood=float(loglik(x)))


PLACED = [
    ("a list of all, three times", 4, 0.1, [([0, 1, 2, 3], [[1], [0], [2], [3]]), ([1, 2, 3, 0], [[0], [2], [3], [1]]), ([2, 3, 0, 1], [[2], [0], [3], [1]])]),
    (
        "ties of two and of three",
        5,
        0.5,
        [([0, 1, 2, 3, 4], [[1], [0, 2], [3], [4]]), ([4, 3, 2, 1, 0], [[3], [4, 0, 1], [2]]), ([1, 3, 0, 4, 2], [[2, 0], [1], [4, 3]])],
    ),
    (
        "overlapping lists, items left out",
        6,
        0.1,
        [
            ([0, 1, 2], [[0], [1], [2]]),
            ([2, 3, 4], [[1], [0]]),
            ([4, 5, 0], [[2], [0], [1]]),
            ([5, 2, 1], [[0], [2, 1]]),
            ([3, 0, 4], [[2], [1], [0]]),
            ([1, 3, 5], [[0], [1], [2]]),
        ],
    ),
]
CONC = [
    [[[0], [1], [2], [3]], [[0], [2], [1], [3]], [[1], [0], [2], [3]]],
    [[[0, 1], [2], [3, 4]], [[1], [0], [2, 3], [4]], [[4], [3], [2], [1], [0]], [[0], [1, 2], [3], [4]]],
]


def ranks(tiers, n):
    r = [0.0] * n
    before = 0
    for t in tiers:
        for i in t:
            r[i] = before + (len(t) + 1) / 2
        before += len(t)
    return r


def conc(lists):
    n = sum(len(t) for t in lists[0])
    R = np.array([ranks(t, n) for t in lists])
    k = len(lists)
    chi = scipy.stats.friedmanchisquare(*R.T).statistic
    taus = [scipy.stats.kendalltau(a, b).statistic for a, b in itertools.combinations(R, 2)]
    return dict(kendall_w=float(chi / (k * (n - 1))), mean_tau=float(np.mean(taus)))


def phi_log(d):
    return log(ncdf(d))


def placing(priors, among, ridge, against):
    """Stage one on anchors; stage two on one item with the stage-one normal as prior of the open anchors."""
    ridge = mpf(ridge)
    given = [p[0] for p in priors if p]
    centre = mpf(sum(given)) / len(given) if given else mpf(0)
    free = [i for i, p in enumerate(priors) if not (p and p[1] == 0)]
    mean = [mpf(p[0]) if p else centre for p in priors]
    prec = [1 / mpf(p[1]) ** 2 if p else ridge for i, p in enumerate(priors) if i in free for p in [priors[i]]]

    def strengths(x):
        s = list(mean)
        for at, i in enumerate(free):
            s[i] = x[at] + mean[i]
        return s

    def one(x):
        s = strengths(x)
        v = sum(p * d * d for p, d in zip(prec, x)) / 2
        for a, b, (wa, wb) in among:
            v -= mpf(wa) * phi_log(s[a] - s[b]) + mpf(wb) * phi_log(s[b] - s[a])
        return v

    if free:
        x, hess = minimise(one, len(free))
        cov = inverse(hess)
        s = strengths(x)
    else:
        s, hess, cov = mean, matrix(0, 0), None
    dev = [0.0] * len(priors)
    for at, i in enumerate(free):
        dev[i] = float(sqrt(cov[at, at]))
    m = len(free)
    centre2 = sum(s) / len(s)

    def two(x):
        t = list(s)
        for at, i in enumerate(free):
            t[i] += x[at]
        item = x[m] + centre2
        v = ridge * x[m] ** 2 / 2 + sum(hess[a, b] * x[a] * x[b] for a in range(m) for b in range(m)) / 2
        for anchor, share in against:
            v -= mpf(share) * phi_log(item - t[anchor]) + (1 - mpf(share)) * phi_log(t[anchor] - item)
        return v

    x, h2 = minimise(two, m + 1)
    return dict(anchors=[float(v) for v in s], anchor_deviations=dev, strength=float(x[m] + centre2), deviation=float(sqrt(inverse(h2)[m, m])))


PLACING = [
    ("given exactly", [(-1.0, 0), (0.25, 0), (1.5, 0)], [], 1.0, [(0, 0.9), (1, 0.7), (2, 0.2)]),
    ("given with deviations, one exact", [(-1.0, 0.3), (0.25, 0), (1.5, 0.5)], [], 0.5, [(0, 1.0), (1, 0.95), (2, 0.6)]),
    ("unknown", [None, None, None], [(0, 1, [0.2, 0.8]), (0, 2, [0.05, 0.95]), (1, 2, [0.3, 0.7])], 1.0, [(0, 0.8), (1, 0.4), (2, 0.3)]),
    ("one given, two unknown", [(2.0, 0), None, None], [(0, 1, [0.7, 0.3]), (0, 2, [0.9, 0.1]), (1, 2, [0.5, 0.5])], 1.0, [(0, 0.3), (1, 0.4), (2, 0.6)]),
]


def v(x):
    if isinstance(x, (list, tuple)):
        return "[" + ", ".join(map(v, x)) + "]"
    if isinstance(x, str):
        return '"%s"' % x
    return repr(x)


out = [
    "# Strengths from lists as they were shown (with what the places add), agreement of lists, and items among anchors.",
    "# `tiers` are places in what was shown, the best first; ties are averaged over every order of each tier. `priors` of anchors are",
    "# [mean, deviation] (0 for exact) or empty; `deviations` are those of Laplace's approximation; effects are [value, deviation].",
    f'origin = "Newton\'s method on the log-posteriors in 60 digits with central differences, mpmath {mpmath.__version__}; agreement: friedmanchisquare and kendalltau of scipy {scipy.__version__}"',
    "tolerance = 1e-9",
    'tolerance_reason = "ours solves to 1e-7 of a step whose square is left, in double precision"',
    "",
]
for name, items, ridge, lists in PLACED:
    e = placed(items, lists, ridge)
    out += (
        [
            "[[placed]]",
            f"name = {v(name)}",
            f"items = {items}",
            f"ridge = {ridge}",
            f"shown = {v([s for s, _ in lists])}",
            f"tiers = {v([t for _, t in lists])}",
        ]
        + [f"{k} = {v(x)}" for k, x in e.items()]
        + [""]
    )
for lists in CONC:
    out += ["[[agreement]]", f"lists = {v(lists)}"] + [f"{k} = {v(x)}" for k, x in conc(lists).items()] + [""]
for name, priors, among, ridge, against in PLACING:
    e = placing(priors, among, ridge, against)
    out += (
        [
            "[[placing]]",
            f"name = {v(name)}",
            f"priors = {v([list(map(float, p)) if p else [] for p in priors])}",
            f"among = {v(among)}",
            f"ridge = {ridge}",
            f"against = {v(against)}",
        ]
        + [f"{k} = {v(x)}" for k, x in e.items()]
        + [""]
    )
Path(__file__).with_name("listed.toml").write_text("\n".join(out))
