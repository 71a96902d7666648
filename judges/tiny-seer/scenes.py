"""Draws scenes with questions and answers: `scenes.py --seed S --count N --out DIR [--plain | --caption-set]`.

Writes DIR/scene-0000.png and on, 64 x 64 pixels, and DIR/scenes.json. The same seed gives the same files. Needs numpy only.

scenes.json is {"schema", "seed", "side", "scenes"}. Every scene has `index`, `file`, `shapes` (colour, shape, x, y, radius in
pixels, turn in radians), `background`, `damage` {kind, level 1..5, name} and `questions` {kind, text, options, answer}.
Scenes of level 4 and 5 are asked about their content and carry `captions`: {text, elements, match, wrong_element, fault}, the
last two null for a match; `wrong_element` counts from 0, and a `swap` of two colours names the first of the two.

With --caption-set each scene was drawn from a `prompt`, every second one with a fault: `right`, `wrong_element` and `fault`
(colour, shape or count) say which. `questions` are those that a decomposition of the prompt asks, with `element` (null for
the whole prompt), `aspect`, `expected` (what the prompt wants) and `answer` (what the scene shows).
"""
import argparse
import json
from pathlib import Path

import numpy as np

import captions
from damage import LEVELS
from drawing import COLOURS, MOST_SHAPES, SHAPES, SIDE, draw, png, random_scene
from questions import NUMBERS, YES_NO, Asker, phrase, plural, unmarked

CONTENT_KINDS = ["shape", "colour", "how_many", "presence", "exact", "property", "form", "relation", "lettered"]
CONTENT_LEVEL = 4  # Below this level a scene is asked about its quality only.


def level_of(index):
    """Every second scene can be asked about its content; the others go through the five levels."""
    return (5, 4)[index // 2 % 2] if index % 2 == 0 else 1 + index // 2 % 5


def common_scene(seed, index, plain=False):
    rng = np.random.default_rng([seed, index])
    scene = random_scene(rng, level=level_of(index))
    asker = Asker(scene, rng, plain=plain, begun=False, broad=not plain)
    asked = [asker.level(), asker.good_poor() if scene["damage"]["level"] != 3 else None, asker.digit_level()]
    if scene["damage"]["level"] >= CONTENT_LEVEL:
        asked += [getattr(asker, kind)() for kind in CONTENT_KINDS]
        match = captions.true_caption(asker)
        wrong = captions.wrong_caption(asker, captions.true_caption(asker))
        scene["captions"] = [told_caption(asker, match, None, None)] + ([told_caption(asker, *wrong)] if wrong else [])
        asked += [captions.caption_question(asker, match)] + ([captions.caption_question(asker, wrong[0])] if wrong else [])
    scene["questions"] = [{key: question[key] for key in ("kind", "text", "options", "answer")} for question in asked if question]
    return scene


def told_caption(asker, caption, wrong_element, fault):
    return {"text": unmarked(captions.words(caption)), "elements": [told_element(element) for element in caption],
            "match": captions.holds(caption, asker), "wrong_element": wrong_element, "fault": fault}


def told_element(element):
    number, colour, shape = element
    return {"number": number, "colour": colour, "shape": shape, "text": unmarked(captions.words([element]))}


def prompt_scene(seed, index):
    """A scene of the caption set: drawn as its prompt says, or, at odd indices, with one element made wrong."""
    rng = np.random.default_rng([seed, 1_000_000 + index])
    elements = random_prompt(rng)
    drawn, wrong, fault = list(elements), None, None
    if index % 2:
        wrong, fault = int(rng.integers(len(elements))), str(rng.choice(["colour", "shape", "count"]))
        drawn[wrong] = spoil(rng, elements, wrong, fault)
    scene = random_scene(rng, [(colour, shape) for number, colour, shape in drawn for _ in range(number)], level=5)
    asker = Asker(scene, rng, plain=True)
    return scene | {"prompt": unmarked(captions.words(elements)), "elements": [told_element(element) for element in elements],
                    "right": wrong is None, "wrong_element": wrong, "fault": fault,
                    "questions": prompt_questions(asker, elements)}


def random_prompt(rng):
    """One to three elements, every one of another shape, at most five shapes in all."""
    shapes = rng.permutation(SHAPES)[:rng.choice([1, 2, 2, 2, 3, 3])]
    while True:
        elements = [(int(rng.choice([1, 1, 2, 2, 3])), str(rng.choice(list(COLOURS))), str(shape)) for shape in shapes]
        if sum(number for number, _, _ in elements) <= MOST_SHAPES - 1:
            return elements


def spoil(rng, elements, wrong, fault):
    number, colour, shape = elements[wrong]
    if fault == "colour":
        return number, str(rng.choice([other for other in COLOURS if other != colour])), shape
    if fault == "shape":
        named = [shape for _, _, shape in elements]
        return number, colour, str(rng.choice([other for other in SHAPES if other not in named]))
    return int(number - 1 if number > 1 and rng.random() < 0.5 else number + 1), colour, shape


def prompt_questions(asker, elements):
    """Yes or no about the whole and about each element, and choices as TIFA asks them."""
    whole = unmarked(captions.words(elements))
    said = "yes" if captions.holds(elements, asker) else "no"
    asked = [prompt_question(None, "caption", f'Does this figure show "{whole}"? Please answer yes or no.', YES_NO, "yes", said)]
    for place, (number, colour, shape) in enumerate(elements):
        element, kind = (colour, shape), (None, shape)
        found, of_kind = asker.count(element), asker.count(kind)
        noun, many = (shape, False) if number == 1 else (plural(shape), True)
        facts = [
            ("entity", f"Is there {unmarked(phrase(kind, 1))}?", of_kind > 0),
            ("attribute", f"{'Are' if many else 'Is'} the {noun} {colour}?", of_kind > 0 and found == of_kind),
            ("presence", f"Is there {unmarked(phrase(element, 1))}?", found > 0),
            ("count", f"{'Are there' if many else 'Is there exactly'} {unmarked(phrase(element, number, 'one'))}?", found == number)]
        asked += [prompt_question(place, aspect, text, YES_NO, "yes", "yes" if fact else "no") for aspect, text, fact in facts]
        asked.append(prompt_question(place, "count_choice", f"How many {unmarked(phrase(element))} are there?", NUMBERS,
                                     NUMBERS[number], NUMBERS[found]))
        if of_kind:
            seen = asker.matching(kind)[0]["colour"]
            asked.append(prompt_question(place, "colour_choice", f"What colour {'are' if of_kind > 1 else 'is'} the "
                                         f"{plural(shape) if of_kind > 1 else shape}?", list(COLOURS), colour, seen))
    return asked


def prompt_question(element, aspect, text, options, expected, answer):
    return {"element": element, "aspect": aspect, "text": text, "options": options, "expected": expected, "answer": answer}


def write(scenes, seed, folder):
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    for index, scene in enumerate(scenes):
        file = f"scene-{index:04}.png"
        (folder / file).write_bytes(png(draw(scene)))
        damage = scene["damage"] | {"name": LEVELS[scene["damage"]["level"] - 1]}
        told.append({"index": index, "file": file, **scene, "damage": damage})
    content = {"schema": 1, "seed": seed, "side": SIDE, "scenes": told}
    (folder / "scenes.json").write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seed", type=int, required=True)
    arguments.add_argument("--count", type=int, default=200)
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--plain", action="store_true", help="ask in the first wording of each kind only")
    arguments.add_argument("--caption-set", action="store_true", help="scenes drawn from prompts, half of them wrong in one element")
    chosen = arguments.parse_args()
    drawer = prompt_scene if chosen.caption_set else lambda seed, index: common_scene(seed, index, chosen.plain)
    write([drawer(chosen.seed, index) for index in range(chosen.count)], chosen.seed, chosen.out)
