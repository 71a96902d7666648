"""What a judge may answer, and the verdict that follows: the formulas of tests/golden/judge_runs.py.

They are written out from the papers in double precision and know nothing of the program or its cards.
"""

import itertools
import math


# What a judge may answer to a closed question: the recorded fields, and what is to be read from them.


def read(log_mass, readout="label_tokens"):
    """Log-probabilities of the labels, all of them listed."""
    coverage = round(math.fsum(math.exp(mass) for mass in log_mass), 9)
    assert coverage <= 1, log_mass
    return {"log_mass": log_mass, "coverage": coverage, "readout": readout}


def logits(log_mass, readout="label_logits"):
    """Logits or similarities: what else the judge would have said is not known."""
    return {"log_mass": log_mass, "readout": readout}


def listed(log_mass, ceiling):
    """The most probable tokens, where `None` was not listed: its log-probability is at most `ceiling`."""
    seen = [mass for mass in log_mass if mass is not None]
    return {
        "log_mass": [ceiling if mass is None else mass for mass in log_mass],
        "ceiling": [ceiling if mass is None else None for mass in log_mass],
        "coverage": round(math.fsum(map(math.exp, seen)), 9),
        "readout": "top_tokens",
    }


def drawn(counts, draws):
    """So many drawn answers fell on each label, and the rest on none."""
    return {"counts": counts, "drawn": draws}


# The formulas.


def softmax(masses, temperature):
    highest = max(masses)
    weights = [math.exp((mass - highest) / temperature) for mass in masses]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def jeffreys(counts):
    """Log of the posterior mean of each share, under Jeffreys' prior."""
    total = sum(counts) + len(counts) / 2
    return [math.log((count + 0.5) / total) for count in counts]


def masses_of(answer):
    """Log mass of each answer: an unlisted one has half its ceiling, counted ones their posterior mean."""
    if "counts" in answer:
        return jeffreys(answer["counts"])
    ceilings = answer.get("ceiling") or [None] * len(answer["log_mass"])
    return [
        mass if ceiling is None else ceiling - math.log(2)
        for mass, ceiling in zip(answer["log_mass"], ceilings)
    ]


def coverage_of(answer):
    if "counts" in answer:
        return sum(answer["counts"]) / answer["drawn"]
    return answer.get("coverage")


def moments(shares, worths):
    mean = math.fsum(p * w for p, w in zip(shares, worths))
    return mean, math.sqrt(math.fsum(p * (w - mean) ** 2 for p, w in zip(shares, worths)))


def bounds(answer, worths, temperature):
    """Least and greatest score over all ways in which unlisted labels have no mass or all that they can.

    The score is a quotient of sums that are linear in each unlisted mass, so it is greatest at such a corner.
    """
    known = [(m, w) for m, w, c in zip(answer["log_mass"], worths, answer["ceiling"]) if c is None]
    hidden = [(c, w) for w, c in zip(worths, answer["ceiling"]) if c is not None]
    scores = []
    for chosen in itertools.product([False, True], repeat=len(hidden)):
        masses = known + [one for one, taken in zip(hidden, chosen) if taken]
        shares = softmax([mass for mass, _ in masses], temperature)
        scores.append(math.fsum(p * w for p, (_, w) in zip(shares, masses)))
    return [min(scores), max(scores)]


# The protocols.


class Score:
    """A closed question over levels."""

    def __init__(self, levels, temperature=1.0, synonyms=None, wordings=None):
        self.names = list(levels)
        self.worths = list(levels.values())
        self.temperature = temperature
        self.synonyms = synonyms or {}
        self.wordings = wordings or [self.names + [w for n in self.names for w in self.synonyms.get(n, [])]]

    def lines(self, pictures, answers):
        for options, answer in zip(self.wordings, answers):
            yield {"images": pictures, "options": options, **answer}

    def pooled(self, answer):
        """A tone's log mass is the mean of its words' log masses; drawn answers are counted together."""
        if not self.synonyms:
            return masses_of(answer)
        options = self.wordings[0]
        groups = [[options.index(w) for w in [n, *self.synonyms[n]]] for n in self.names]
        if "counts" in answer:
            return jeffreys([sum(answer["counts"][at] for at in group) for group in groups])
        return [math.fsum(answer["log_mass"][at] for at in group) / len(group) for group in groups]

    def expected(self, answers):
        coverages = [c for c in map(coverage_of, answers) if c is not None]
        if coverages and min(coverages) < 0.5:
            return {"unscored": "low_coverage"}
        opinions = [softmax(self.pooled(answer), self.temperature) for answer in answers]
        shares = [math.fsum(column) / len(opinions) for column in zip(*opinions)]
        score, spread = moments(shares, self.worths)
        first = answers[0]
        found = {"score": score, "spread": spread, "probabilities": shares}
        if coverages:
            found["coverage"] = min(coverages)
        found["readout"] = "samples" if "counts" in first else first["readout"]
        if "ceiling" in first:
            found["interval"] = bounds(first, self.worths, self.temperature)
        return found


def reason(text):
    """Why a text without what is looked for is not read."""
    return "refused" if text.startswith("I'm sorry") else "unparsed"


class Rating:
    """A number in written text; a case has the texts and the numbers that a reader finds in them."""

    def __init__(self, samples=1):
        self.samples = samples

    def lines(self, pictures, answers):
        assert len(answers) == self.samples
        for repeat, (text, _) in enumerate(answers):
            yield {"images": pictures, "text": text, **({"repeat": repeat} if repeat else {})}

    def expected(self, answers):
        ratings = [rating for _, rating in answers if rating is not None]
        if not ratings:
            return {"unscored": reason(answers[0][0])}
        if len(ratings) < 0.5 * self.samples:
            return {"unscored": "low_coverage"}
        mean = math.fsum(ratings) / len(ratings)
        found = {"score": mean}
        if len(ratings) > 1:
            squares = math.fsum((rating - mean) ** 2 for rating in ratings)
            found["spread"] = math.sqrt(squares / (len(ratings) - 1))
        found["coverage"] = len(ratings) / self.samples
        found["readout"] = "parsed_text" if self.samples == 1 else "samples"
        return found


class Value:
    """The output of a model, which is the score where it lies on the scale."""

    def lines(self, pictures, answers):
        for value, _ in answers:
            yield {"images": pictures, "value": value}

    def expected(self, answers):
        [(_, rating)] = answers
        return {"unscored": "unparsed"} if rating is None else {"score": rating, "readout": "value"}


class Compare:
    """Which of two; `says` is the probability that the first shown is better. A case has an answer for each order."""

    def __init__(self, says, temperature=1.0):
        self.says = says
        self.temperature = temperature

    def lines(self, pictures, answers):
        for order, answer in zip([pictures, pictures[::-1]], answers):
            yield {"images": order, "options": list(self.says), **answer}

    def odds(self, answer):
        """Log-odds that the first shown is better."""
        shares = softmax(masses_of(answer), self.temperature)
        first = math.fsum(p * s for p, s in zip(shares, self.says.values()))
        second = math.fsum(p * (1 - s) for p, s in zip(shares, self.says.values()))
        return math.log(first / second)

    def expected(self, answers):
        coverages = [c for c in map(coverage_of, answers) if c is not None]
        if coverages and min(coverages) < 0.5:
            return {"unscored": "low_coverage"}
        straight, turned = self.odds(answers[0]), -self.odds(answers[1])
        first = 1 / (1 + math.exp(-(straight + turned) / 2))
        return {
            "first": first,
            "second": 1 - first,
            "tie": 0.0,
            "order_effect": (straight - turned) / 2,
            "orders_disagree": straight * turned < 0,
            **({"coverage": min(coverages)} if coverages else {}),
            "readout": answers[0].get("readout", "samples"),
        }


class Order:
    """An order in written text; a case has the text and the places that a reader finds in it, the best first, ties together."""

    def lines(self, pictures, answers):
        for repeat, (text, _) in enumerate(answers):
            yield {"images": pictures, "text": text, **({"repeat": repeat} if repeat else {})}

    def expected(self, answers):
        ((_, order),) = answers
        return {"unscored": "unparsed"} if order is None else {"order": order, "readout": "parsed_text"}


class Written:
    """Which of two, in written text: `says` is "first", "second" or "tie" for each answer.

    A case has for each order the texts and what a reader finds in them: an answer, or why there is none.
    """

    def __init__(self, says, samples=1):
        self.says = says
        self.samples = samples

    def lines(self, pictures, answers):
        for order, texts in zip([pictures, pictures[::-1]], answers):
            assert len(texts) == self.samples
            for repeat, (text, _) in enumerate(texts):
                yield {"images": order, "text": text, **({"repeat": repeat} if repeat else {})}

    def order(self, texts):
        """Log-odds of the first shown and the share of ties, from the posterior means of drawn answers."""
        counts = [sum(found == answer for _, found in texts) for answer in self.says]
        shares = [math.exp(mass) for mass in jeffreys(counts)]
        side = {word: math.fsum(p for p, said in zip(shares, self.says.values()) if said == word) for word in ["first", "second", "tie"]}
        return math.log(side["first"] / side["second"]), side["tie"], sum(counts) / len(texts)

    def expected(self, answers):
        for texts in answers:
            if not any(found in self.says for _, found in texts):
                return {"unscored": texts[0][1]}
        (straight, one_tie, one), (turned, other_tie, other) = map(self.order, answers)
        turned = -turned
        if min(one, other) < 0.5:
            return {"unscored": "low_coverage"}
        tie = (one_tie + other_tie) / 2
        first = (1 - tie) / (1 + math.exp(-(straight + turned) / 2))
        return {
            "first": first,
            "second": 1 - tie - first,
            "tie": tie,
            "order_effect": (straight - turned) / 2,
            "orders_disagree": straight * turned < 0,
            **({} if self.samples == 1 else {"coverage": min(one, other)}),
            "readout": "parsed_text" if self.samples == 1 else "samples",
        }
