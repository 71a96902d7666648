"""Wordings that training never used, asked by check.py only: does the model read words, or only our sentences?"""
import numpy as np

import captions
import wordings as w
from questions import Asker

KINDS = ["shape", "colour", "how_many", "presence", "property", "caption"]
UNSEEN = {
    w.SHAPE_ONE[0]: ["Which geometric shape is the {x}?", "What form does the {x} take?"],
    w.COLOUR_ONE[0]: ["I would like to know the colour of the {x}.", "The {x} is of which colour?"],
    w.COUNT[0]: ["How many {x} appear in the scene?", "What is the total number of {x}?"],
    w.PRESENT_ONE[0]: ["In this image, is there {x}?", "Is {x} anywhere in the scene?"],
    w.PROPERTY_ONE[0]: ["Judging by its colour, is the {x} {y}?", "Has the {x} been painted {y}?"],
    w.CAPTION[0]: ['Would "{x}" be a good description?', 'Is it correct to say that the picture depicts "{x}"?'],
}


class Stranger(Asker):
    """Asks plainly, but in unseen words where there are some."""

    def wording(self, options):
        return self.pick(UNSEEN.get(options[0], options[:1]))

    def caption(self):
        return captions.any_caption_question(self)


def unseen_questions(scene):
    """One question of each kind that the scene allows; the kind says that its wording is unseen."""
    stranger = Stranger(scene, np.random.default_rng(scene["seed"]), plain=True)
    asked = [getattr(stranger, kind)() for kind in KINDS]
    sentences = {wording.split("{x}")[0] for wordings in UNSEEN.values() for wording in wordings}
    return [{"kind": "unseen_" + question["kind"], "text": question["text"], "options": question["options"], "answer": question["answer"]}
            for question in asked if question and any(question["text"].startswith(start) for start in sentences)]
