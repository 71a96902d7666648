"""Wordings that training never used, asked in check.py only: does the model read words, or only our sentences?"""
from questions import Asker

import numpy as np

CONTENT_LEVEL = 4


def unseen_questions(scene):
    """A few questions about a scene in words of another order; the colours and shapes are the known ones."""
    level = scene["damage"]["level"]
    if level < CONTENT_LEVEL:
        return []
    asker = Asker(scene, np.random.default_rng(scene["seed"]), plain=True)
    asked = []
    for colour, shape in sorted(set(asker.pairs))[:2]:
        wrong = asker.missing()
        asked.append((f"In this image, is there a {colour} {shape}?", "yes"))
        asked.append((f"Does the picture contain at least one {colour} {shape}?", "yes"))
        if wrong and all(wrong):
            asked.append((f"In this image, is there a {wrong[0]} {wrong[1]}?", "no"))
            asked.append((f"Does the picture contain at least one {wrong[0]} {wrong[1]}?", "no"))
    return [{"kind": "unseen", "text": text, "options": ["yes", "no"], "answer": answer} for text, answer in asked]
