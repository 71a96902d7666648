"""Asks both engines about scenes that training never drew, and writes figures.json and reference.json: `check.py [--scenes N]`.

The test scenes have a seed of their own; nothing was chosen by looking at them (train.py validates on another seed).
"""
import argparse
import json
import zlib
from collections import defaultdict
from pathlib import Path

import statistics_of as st
from damage import LEVELS
from drawing import draw, png
from engines import LlamaEngine, OnnxEngine, option_probabilities
from scenes import common_scene, prompt_scene
from unseen import unseen_questions

HERE = Path(__file__).parent
TEST = 3
BEGUN = "The quality of the image is"
REFERENCES, REFERENCE_SCENES = 44, 24
CONTENT = ["shape", "colour", "count", "presence", "relation", "caption", "caption_plain"]


def asked_questions(scenes, prompts):
    """Every question of the test, with the scene it is about and the set it belongs to."""
    for index in range(scenes):
        scene = common_scene(TEST, index)
        level = {"kind": "level_begun", "text": "Rate the quality of the image.", "prefix": BEGUN, "options": LEVELS,
                 "answer": LEVELS[scene["damage"]["level"] - 1]}
        captions = [{"kind": "caption_plain", "text": f'Does this figure show "{caption["text"]}"? Please answer yes or no.',
                     "options": ["yes", "no"], "answer": "yes" if caption["match"] else "no"} for caption in scene.get("captions", [])]
        for question in [*scene["questions"], level, *captions, *(unseen_questions(scene) if "captions" in scene else [])]:
            yield {"set": "scenes", "index": index, **question}, scene
    for index in range(prompts):
        scene = prompt_scene(TEST, index)
        for question in scene["questions"]:
            yield {"set": "prompts", "index": index, "kind": question["aspect"], **question}, scene


def ask(questions, engines):
    onnx, llama = engines
    known, read = {}, set()
    for question, scene in questions:
        if known.get("scene") != (question["set"], question["index"]):
            pixels = draw(scene)
            known = {"scene": (question["set"], question["index"]), "pixels": pixels, "png": png(pixels)}
        text, prefix = question["text"], question.get("prefix", "")
        if (text, prefix) not in read:
            check_tokens(onnx, llama, text, prefix)
            read.add((text, prefix))
        for engine, picture in ((onnx, known["pixels"]), (llama, known["png"])):
            told = engine.probabilities(picture, text, prefix)
            question[engine.name] = option_probabilities(onnx.tokenizer, told, question["options"], prefix)
        yield question, scene


def check_tokens(onnx, llama, text, prefix):
    """Both engines must read the same token ids, with the picture in the same place."""
    expected = onnx.ids(text, prefix)
    place = expected.index(onnx.image_token)
    if llama.ids(text, prefix) != [expected[:place], expected[place + 1:]]:
        raise SystemExit(f"the engines read {text!r} {prefix!r} differently")


def best(question, engine):
    return max(question[engine], key=question[engine].get)


def expected_level(question, engine):
    told = question[engine]
    return sum((i + 1) * told[name] for i, name in enumerate(LEVELS)) / sum(told.values())


def yes(question, engine):
    told = question[engine]
    return told["yes"] / (told["yes"] + told["no"])


def scene_figures(asked, engine):
    """Accuracy of each kind over its options, the sureness about captions, the order of damage, the coverage."""
    kinds = defaultdict(list)
    for question, _ in asked:
        hit = best(question, engine) == question["answer"]
        kinds[question["kind"]].append(hit)
        if question["kind"] in CONTENT:
            kinds["all content questions"].append(hit)
    captions = [question for question, _ in asked if question["kind"] in ("caption", "caption_plain")]
    levels = {kind: [(expected_level(question, engine), scene["damage"]["level"]) for question, scene in asked
                     if question["kind"] == kind] for kind in ("level", "level_begun")}
    return {
        "accuracy": {kind: st.share(hits) for kind, hits in sorted(kinds.items())},
        "yes_for_matching_captions": st.mean([question[engine]["yes"] for question in captions if question["answer"] == "yes"]),
        "yes_for_mismatching_captions": st.mean([question[engine]["yes"] for question in captions if question["answer"] == "no"]),
        "damage_srcc": st.srcc(*zip(*levels["level"])),
        "damage_srcc_begun_answer": st.srcc(*zip(*levels["level_begun"])),
        "coverage": st.mean([sum(question[engine].values()) for question, _ in asked if not question["kind"].startswith("unseen")]),
        "coverage_unseen_wordings": st.mean([sum(question[engine].values()) for question, _ in asked if question["kind"].startswith("unseen")]),
    }


def prompt_figures(asked, engine):
    """The set drawn from prompts: whole captions, and single elements, whose score is their least sure question."""
    scenes = defaultdict(lambda: {"elements": defaultdict(list)})
    aspects = defaultdict(list)
    for question, scene in asked:
        entry = scenes[question["index"]]
        entry["scene"] = scene
        aspects[question["aspect"]].append(best(question, engine) == question["answer"])
        if question["element"] is None:
            entry["whole"] = yes(question, engine)
        elif question["options"] == ["yes", "no"]:
            entry["elements"][question["element"]].append(yes(question, engine))
    whole, least, named = {True: [], False: []}, {True: [], False: []}, []
    for entry in scenes.values():
        scene = entry["scene"]
        scores = {element: min(values) for element, values in entry["elements"].items()}
        whole[scene["right"]].append(entry["whole"])
        least[scene["right"]].append(min(scores.values()))
        if not scene["right"] and len(scores) > 1:
            named.append(min(scores, key=scores.get) == scene["wrong_element"])
    return {"accuracy": {aspect: st.share(hits) for aspect, hits in sorted(aspects.items())},
            "auc_whole_caption": st.auc(whole[True], whole[False]), "auc_by_element_questions": st.auc(least[True], least[False]),
            "wrong_element_named_of_several": st.share(named)}


def agreement(asked, names):
    differences = [max(abs(question[names[0]][option] - question[names[1]][option]) for option in question["options"])
                   for question, _ in asked]
    return {"questions": len(differences), "largest_difference": round(max(differences), 6),
            "mean_of_the_largest_per_question": round(sum(differences) / len(differences), 6)}


def references(asked, names):
    """An even choice of the questions about the first scenes, with what each engine answered and a checksum of the pixels."""
    first = [pair for pair in asked if pair[0]["index"] < REFERENCE_SCENES]
    chosen = first[::max(1, len(first) // REFERENCES)][:REFERENCES]
    keep = ("set", "index", "kind", "text", "options", "answer")
    return [{"seed": TEST, **{key: question[key] for key in keep}, "prefix": question.get("prefix", ""), "pixels_crc32": zlib.crc32(draw(scene).tobytes()),
             **{name: {option: round(share, 6) for option, share in question[name].items()} for name in names}}
            for question, scene in chosen]


def main(folder, scenes, prompts):
    engines = OnnxEngine(folder), LlamaEngine(folder)
    names = [engine.name for engine in engines]
    try:
        asked = list(ask(asked_questions(scenes, prompts), engines))
    finally:
        engines[1].close()
    common = [pair for pair in asked if pair[0]["set"] == "scenes"]
    drawn = [pair for pair in asked if pair[0]["set"] == "prompts"]
    figures = {"test_seed": TEST, "scenes": scenes, "prompts": prompts, "agreement": agreement(asked, names),
               "token_ids": "the same in both engines for every question",
               **{name: {"scenes": scene_figures(common, name), "prompts": prompt_figures(drawn, name)} for name in names}}
    return figures, references(asked, names)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scenes", type=int, default=300)
    arguments.add_argument("--prompts", type=int, default=200)
    arguments.add_argument("--model", type=Path, default=HERE)
    arguments.add_argument("--seed", type=int, default=TEST, help="another seed looks at other scenes, and writes nothing")
    chosen = arguments.parse_args()
    write, TEST = chosen.seed == TEST, chosen.seed
    figures, told = main(chosen.model, chosen.scenes, chosen.prompts)
    if write:
        (HERE / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
        (HERE / "reference.json").write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(figures, indent=1))
