"""Captions of a scene, true ones and ones that are wrong in one element, and the words for them.

A caption is a list of elements (number, colour, shape). It holds if each element is there in exactly that number.
"""
import wordings as w
from drawing import COLOURS, SHAPES
from questions import phrase

FAULTS = ["colour", "shape", "count", "swap"]


def holds(caption, asker):
    return all(asker.count((colour, shape)) == number for number, colour, shape in caption)


def true_caption(asker):
    """Names some or all of what the scene holds; one element in six leaves the colour out."""
    pairs = sorted(set(asker.pairs))
    order = [pairs[i] for i in asker.rng.permutation(len(pairs))]
    chosen = order[:asker.pick([1, 2, 2, 3, 3])]
    elements = []
    for colour, shape in chosen:
        bare = asker.chance(1 / 6) and sum(shape == other for _, other in chosen) == 1
        element = (None if bare else colour, shape)
        elements.append((asker.count(element), *element))
    return elements


def wrong_caption(asker, caption):
    """Changes one element, or swaps two colours. Returns the caption, the place of the fault and its name, or None."""
    for _ in range(30):
        fault = asker.pick(FAULTS)
        place = int(asker.rng.integers(len(caption)))
        changed = list(caption)
        number, colour, shape = caption[place]
        if fault == "colour" and colour:
            near = sorted({other for other, _ in asker.pairs} - {colour}) if asker.chance(0.5) else []
            changed[place] = (number, asker.pick(near or sorted(set(COLOURS) - {colour})), shape)
        elif fault == "shape":
            near = sorted({other for _, other in asker.pairs} - {shape}) if asker.chance(0.5) else []
            changed[place] = (number, colour, asker.pick(near or sorted(set(SHAPES) - {shape})))
        elif fault == "count":
            changed[place] = (asker.pick([n for n in range(1, 6) if n != number and abs(n - number) <= 2]), colour, shape)
        elif fault == "swap" and len(caption) > 1:
            other = (place + 1) % len(caption)
            changed[place] = (number, caption[other][1], shape)
            changed[other] = (caption[other][0], colour, caption[other][2])
        if changed != list(caption) and len(set(changed)) == len(changed) and not holds(changed, asker):
            return changed, place, fault
    return None


def words(caption, join=0, article="a"):
    parts = [phrase((colour, shape), number, article) for number, colour, shape in caption]
    if len(parts) == 1:
        return parts[0]
    if join == 1:
        return " and ".join(parts)
    return ", ".join(parts[:-1]) + (", and " if join == 2 and len(parts) > 2 else " and ") + parts[-1]


def caption_question(asker, caption):
    join = 0 if asker.plain else asker.pick([0, 0, 1, 2])
    article = "one" if not asker.plain and asker.chance(0.15) else "a"
    text = asker.wording(w.CAPTION).format(x=words(caption, join, article))
    question = asker.yes_no("caption", text, holds(caption, asker), [(colour, shape) for _, colour, shape in caption])
    return {**question, "caption": caption}


def any_caption_question(asker):
    """One caption question, true or wrong with even chances."""
    caption = true_caption(asker)
    if asker.chance(0.5):
        return caption_question(asker, caption)
    wrong = wrong_caption(asker, caption)
    return wrong and {**caption_question(asker, wrong[0]), "wrong_element": wrong[1], "fault": wrong[2]}
