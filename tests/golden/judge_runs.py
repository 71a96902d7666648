"""Writes the recorded runs judges/*/run.jsonl and the verdicts that they must give, tests/golden/judge_runs.toml.

    pip install blake3==1.0.11 && python3 tests/golden/judge_runs.py

The answers are specimens, written here to show every readout and every way to fail; no model was asked, unless an
answer names its source. Words, worths and temperatures stand here a second time, as the papers have them, and the
formulas are those of judge_formulas.py, so that a card or a program that differs is found.
"""

import json
import math
from pathlib import Path

from blake3 import blake3
from judge_formulas import Compare, Order, Rating, Score, Value, Written, drawn, listed, logits, read

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "judges/technical-quality/examples"
OWN = "specimen; tests/golden/judge_formulas.py by Python 3.11"
EXACT = 1e-12


# Each judge with its cases: pictures, texts, one answer for each question, and what is published about it, if anything.

FIVE = ["excellent", "good", "fair", "poor", "bad"]
DIGITS = {str(n): float(n) for n in range(1, 6)}
INSTRUCTION = {"instruction": "What stands on the table?", "response": "A red cup and two apples."}


def clip(one, other, clean, blurred):
    judge = Score({f"{one} photo.": 1.0, f"{other} photo.": 0.0})
    return judge, [
        (["clean"], {}, [logits(clean, "similarity")]),
        (["blurred"], {}, [logits(blurred, "similarity")]),
    ]


def rated(*answers):
    return list(answers)


def thought(words, number):
    return (f"<think>{words}</think><answer>{number:.2f}</answer>", number)


def vie(scores, reasoning):
    return (json.dumps({"score": scores, "reasoning": reasoning}), float(min(scores)))


AXES = 'Word-wise Scores: [["a", 0.1], ["house", 0.2], ["[No_mistakes]", 4.1]]\n\nAlignment Score (1-5): 4\nCoherence Score (1-5): 3.5\nStyle Score (1-5): 2'
ASKED = {"instruction": INSTRUCTION["instruction"]}
RESPONSES = ["A red cup.", "A red cup and two apples.", "I cannot see a table.", "A cup and an apple."]


def judgement(analysis, rank):
    return json.dumps({"Analysis": analysis, "Judgement": rank})


def mllm(first, second, low):
    """Three pictures: two judgements and one that says something else."""
    return Score(DIGITS), [
        (["clean"], INSTRUCTION, [first]),
        (["noisy"], INSTRUCTION, [second]),
        (["jpeg"], INSTRUCTION, [low]),
    ]


REFUSAL = ("I'm sorry, but I can't help with rating this image.", None)
CUT = ("<think>The windows are sharp and the sky is smooth, although the shadows under the", None)

JUDGES = {
    "technical-quality": (
        Score(dict(zip(FIVE, [1.0, 0.75, 0.5, 0.25, 0.0]))),
        [
            (["clean"], {}, [{**logits([4.1, 2.9, -0.6, -3.2, -4.8], "closed_set"), "coverage": 1.0}]),
            (["blurred"], {}, [{**logits([-3.9, -1.2, 0.4, 2.2, 2.6], "closed_set"), "coverage": 1.0}]),
        ],
    ),
    "tiny-seer": (
        Score(dict(zip(FIVE, [5.0, 4.0, 3.0, 2.0, 1.0]))),
        [
            (["clean"], {}, [read([-0.02, -4.1, -7.3, -9.0, -10.2])]),
            (["blurred"], {}, [read([-8.8, -6.0, -1.9, -0.21, -4.4])]),
        ],
    ),
    "q-bench": (
        Score({"good": 1.0, "poor": 0.0}, temperature=100.0),
        [
            (["clean"], {}, [read([-0.31, -2.07])]),
            (["jpeg"], {}, [listed([None, -0.42], -7.5)]),
            (
                ["blurred"],
                {},
                [logits([13.5859375, 16.90625])],
                "logits of LLaVA-1.5 for AttnGAN_normal_000.jpg of AGIQA-3K, Q-Future/Q-Bench, leaderboards/IQA_outputs/llava_v1.5/agi.json",
            ),
            (
                ["noisy"],
                {},
                [logits([542.5, 543.5])],
                "logits of InternLM-XComposer-VL for AttnGAN_normal_000.jpg of AGIQA-3K, Q-Future/Q-Bench, leaderboards/IQA_outputs/internlm_xcomposer_vl/agi.json",
            ),
        ],
    ),
    "choose": (
        Score({"yes": 1.0, "no": 0.0}),
        [
            (["clean"], {"question": "Is there a house?"}, [read([-0.21, -1.9])]),
            (["blurred"], {"question": "Is there a dog?"}, [listed([None, -0.03], -6.5)]),
            (["jpeg"], {}, None, "the card quotes `question`, and none was given", {"unscored": "not_applicable"}),
        ],
    ),
    "write": (
        Score({"yes": 1.0, "no": 0.0}),
        [
            ([], {"question": "Does `a red fox` name an animal?"}, [read([-0.05, -3.1])]),
            ([], {}, None, "the card quotes `question`, and none was given", {"unscored": "not_applicable"}),
        ],
    ),
    "dsg-vqa": (
        Score({"yes": 1.0, "no": 0.0}),
        [
            (["clean"], {"question": "Is the sky blue?"}, [read([-0.09, -2.9])]),
            (["noisy"], {"question": "Is there a dog?"}, [drawn([3, 12], 16)]),
        ],
    ),
    "q-boost": (
        Score(
            {"good": 1.0, "average": 0.5, "poor": 0.0},
            synonyms={"good": ["high", "fine"], "average": ["medium", "acceptable"], "poor": ["low", "bad"]},
        ),
        [
            (["clean"], {}, [read([-0.61, -3.2, -4.4, -1.32, -2.55, -5.1, -4.85, -4.05, -6.3])]),
            (["blurred"], {}, [logits([14.25, 15.5, 17.125, 13.5, 15.875, 18.0, 11.25, 14.0, 17.75])]),
            (["jpeg"], {}, [drawn([1, 2, 5, 0, 1, 4, 0, 0, 2], 16)]),
            (["noisy"], {}, [read([-6.1, -5.9, -5.2, -7.7, -6.4, -5.8, -9.2, -8.8, -6.6])]),
        ],
    ),
    "q-align": (
        Score(dict(zip(FIVE, [1.0, 0.75, 0.5, 0.25, 0.0]))),
        [
            (["clean"], {}, [read([-0.92, -0.58, -3.4, -6.1, -7.9])]),
            (["blurred"], {}, [listed([None, -5.8, -2.1, -0.47, -1.6], -8.4)]),
            (["jpeg"], {}, [drawn([0, 0, 3, 7, 5], 16)]),
            (["noisy"], {}, [read([-4.9, -3.1, -2.8, -3.3, -4.2])]),
        ],
    ),
    "q-align-aesthetics": (
        Score(dict(zip(FIVE, [1.0, 0.75, 0.5, 0.25, 0.0]))),
        [
            (["clean"], {}, [read([-2.4, -0.51, -1.44, -4.0, -6.2])]),
            (["noisy"], {}, [logits([9.8125, 13.375, 14.5, 13.0625, 10.6875])]),
        ],
    ),
    "deqa": (
        Score(dict(zip(FIVE, [5.0, 4.0, 3.0, 2.0, 1.0]))),
        [
            (["clean"], {}, [read([-0.44, -1.1, -4.3, -7.5, -9.8])]),
            (
                ["blurred"],
                {},
                [logits([math.log(p) for p in [0.04116233, 0.39581651, 0.48562362, 0.0766539, 0.00074363]])],
                "soft label of mean 3.4 and standard deviation 0.7 (density), zhiyuanyou/DeQA-Score, build_soft_labels/gen_soft_label.py, with its own mean and deviation",
                {"score": 3.4, "spread": 0.69288835, "tolerance": 1e-7},
            ),
            (["jpeg"], {}, [read([-6.3, -5.0, -1.9, -0.66, -1.4], "forced_sequence")]),
        ],
    ),
    "chinese-levels": (
        Score(dict(zip("优良中差劣", [5.0, 4.0, 3.0, 2.0, 1.0]))),
        [
            (["clean"], {}, [read([-0.38, -1.29, -4.1, -8.0, -9.4])]),
            (["jpeg"], {}, [listed([None, -4.6, -1.7, -0.52, -1.9], -7.1)]),
        ],
    ),
    "digits-1-to-5": (
        Score(DIGITS),
        [
            (["clean"], {}, [read([-8.8, -7.2, -4.0, -0.37, -1.26])]),
            (["blurred"], {}, [listed([-1.5, -0.31, -3.6, None, None], -9.25)]),
            (["noisy"], {}, [drawn([1, 6, 8, 0, 0], 16)]),
            (["jpeg"], {}, [read([-3.4, -2.6, -3.0, -5.2, -6.1])]),
        ],
    ),
    "digits-0-to-10": (
        Score({str(n): float(n) for n in range(11)}),
        [
            (["clean"], {}, [read([-12.0, -11.4, -10.9, -9.6, -8.3, -6.0, -4.2, -2.1, -0.57, -1.45, -3.8], "forced_sequence")]),
            (["blurred"], {}, [drawn([0, 1, 4, 6, 3, 1, 0, 0, 0, 0, 0], 16)]),
        ],
    ),
    "digits-reversed": (
        Score(DIGITS, wordings=[list("12345"), list("54321")]),
        [
            (["clean"], {}, [read([-7.9, -6.6, -3.7, -0.36, -1.4]), read([-6.8, -5.5, -1.9, -0.45, -1.7])]),
            (["jpeg"], {}, [read([-2.2, -0.44, -1.62, -5.0, -7.0]), read([-1.3, -0.71, -1.55, -4.6, -6.4])]),
            (["noisy"], {}, [read([-2.4, -0.9, -0.9, -3.6, -6.0]), read([-5.9, -5.1, -4.4, -4.8, -6.2])]),
        ],
    ),
    "clip-iqa": clip("Good", "Bad", [24.8125, 22.59375], [21.40625, 23.046875]),
    "clip-iqa-brightness": clip("Bright", "Dark", [23.15625, 21.0625], [22.890625, 21.34375]),
    "clip-iqa-sharpness": clip("Sharp", "Blurry", [22.71875, 21.25], [19.84375, 25.71875]),
    "clip-iqa-noisiness": clip("Noisy", "Clean", [20.4375, 22.28125], [20.90625, 21.59375]),
    "clip-iqa-colorfulness": clip("Colorful", "Dull", [24.03125, 20.65625], [23.09375, 21.9375]),
    "clip-iqa-contrast": clip("High contrast", "Low contrast", [22.46875, 21.65625], [21.03125, 22.96875]),
    "clip-iqa-aesthetic": clip("Aesthetic", "Not aesthetic", [23.5625, 22.1875], [21.78125, 22.5]),
    "clip-iqa-happy": clip("Happy", "Sad", [21.875, 20.53125], [21.15625, 20.96875]),
    "clip-iqa-natural": clip("Natural", "Synthetic", [22.25, 22.78125], [21.46875, 22.90625]),
    "clip-iqa-new": clip("New", "Old", [21.3125, 20.75], [20.5, 21.84375]),
    "clip-iqa-scary": clip("Scary", "Peaceful", [18.875, 22.40625], [20.09375, 21.71875]),
    "clip-iqa-complex": clip("Complex", "Simple", [22.59375, 20.84375], [21.1875, 21.5]),
    "compare2score": (
        Compare({"inferior": 1.0, "worse": 0.75, "similar": 0.5, "better": 0.25, "superior": 0.0}, temperature=100.0),
        [
            (
                ["clean", "blurred"],
                {},
                [logits([18.625, 17.25, 11.5, 7.8125, 5.0]), logits([6.25, 8.0, 10.875, 16.5, 18.125])],
            ),
            (
                ["jpeg", "noisy"],
                {},
                [read([-3.3, -1.4, -0.81, -1.9, -4.4]), read([-4.0, -1.1, -0.92, -2.2, -4.9])],
            ),
        ],
    ),
    "two-afc": (
        Compare({"A": 1.0, "B": 0.0}),
        [
            (["clean", "blurred"], {}, [read([-0.04, -3.35]), read([-2.9, -0.07])]),
            (["noisy", "jpeg"], {}, [read([-0.35, -1.25]), read([-0.41, -1.12])]),
            (["clean", "noisy"], {}, [drawn([14, 2], 16), drawn([3, 12], 16)]),
            (["clean", "jpeg"], {}, [read([-0.2, -1.9]), read([-3.1, -2.8])]),
        ],
    ),
    "co-instruct-pair": (
        Compare({"first": 1.0, "second": 0.0}),
        [
            (["clean", "blurred"], {}, [read([-0.09, -2.75]), read([-3.6, -0.05])]),
            (["jpeg", "noisy"], {}, [read([-0.98, -0.52]), read([-0.73, -0.69])]),
        ],
    ),
    "genai-bench-pair": (
        Written({"A>B": "first", "B>A": "second", "A=B=Good": "tie", "A=B=Bad": "tie"}),
        [
            (
                ["clean", "blurred"],
                {"prompt": "a house under a blue sky"},
                [
                    [("Model B is out of focus, although one could say [[B>A]] for its colours.\n\nFinal Verdict: [[A>B]]", "A>B")],
                    [("Model A is blurred.\n\n2. Model B is better: [[B>A]]", "B>A")],
                ],
            ),
            (
                ["jpeg", "noisy"],
                {"prompt": "three dogs on a sofa"},
                [[("There are no dogs in either.\n\n**[[A=B=Bad]]**", "A=B=Bad")], [("Blocks in B, grain in A.\n\n[[A>B]]", "A>B")]],
            ),
            (
                ["clean", "noisy"],
                {"prompt": "a photograph"},
                [[("1. [[A>B]]\n2. [[B>A]]\n3. [[A=B=Good]]\n4. [[A=B=Bad]]", "ambiguous")], [("[[B>A]]", "B>A")]],
            ),
            (
                ["clean", "jpeg"],
                {"prompt": "a photograph"},
                [[("[[A>B]]", "A>B")], [("I'm sorry, but I can't assist with this request.", "refused")]],
            ),
        ],
    ),
    "unified-reward-pair": (
        Written({"Image 1 is better": "first", "Image 2 is better": "second", "Both images are equally good": "tie"}),
        [
            (
                ["clean", "blurred"],
                {"prompt": "a house under a blue sky"},
                [
                    [("Image 1 is better aligned and sharper. Image 1 is better than Image 2.", "Image 1 is better")],
                    [("Image 2 is sharp. In conclusion, Image 2 is better than Image 1.", "Image 2 is better")],
                ],
            ),
            (
                ["jpeg", "noisy"],
                {"prompt": "a photograph"},
                [[("Both images are equally good.", "Both images are equally good")], [("<answer>Image 1 is better</answer>", "Image 1 is better")]],
            ),
            (
                ["clean", "noisy"],
                {"prompt": "a photograph"},
                [[("I do not think that Image 1 is better.", "unparsed")], [("Image 1 is better.", "Image 1 is better")]],
            ),
        ],
    ),
    "pair-verdict": (
        Written({"A": "first", "B": "second", "C": "tie"}, samples=4),
        [
            (
                ["clean", "blurred"],
                {},
                [
                    [("B is blurred. [[A]]", "A"), ("[[A]]", "A"), ('{"winner": "A"}', "A"), ("Close. [[C]]", "C")],
                    [("[[B]]", "B"), ("[[B]]", "B"), ("It is hard to say.", "unparsed"), ("[[B]]", "B")],
                ],
            ),
            (
                ["jpeg", "noisy"],
                {},
                [
                    [("[[A]]", "A"), ("[[A]]", "A"), ("[[A]]", "A"), ("[[B]]", "B")],
                    [("[[A]]", "A"), ("[[A]]", "A"), ("[[B]]", "B"), ("[[A]]", "A")],
                ],
            ),
            (
                ["clean", "noisy"],
                {},
                [
                    [("[[A]]", "A"), ("[[A]]", "A"), ("[[A]]", "A"), ("[[A]]", "A")],
                    [("[[A]] or [[B]]", "ambiguous"), ("hm", "unparsed"), ("[[B", "unparsed"), ("[[B]]", "B")],
                ],
            ),
        ],
    ),
    "pair-scores": (
        Written({"A": "first", "B": "second", "equal": "tie"}),
        [
            (["clean", "blurred"], {}, [[('{"A": 8, "B": 3}', "A")], [('{"A": 2.5, "B": 8}', "B")]]),
            (["jpeg", "noisy"], {}, [[('```json\n{"A": 5, "B": 5}\n```', "equal")], [('{"A": 6, "B": 5}', "A")]]),
            (["clean", "noisy"], {}, [[('{"A": 8}', "unparsed")], [('{"A": 2, "B": 8}', "B")]]),
        ],
    ),
    "visualquality-r1": (
        Rating(samples=6),
        [
            (
                ["clean"],
                {},
                rated(
                    thought("Edges are crisp and no noise is seen; a 4 at least.", 4.25),
                    thought("Sharp throughout, colours are lively.", 4.5),
                    REFUSAL,
                    thought("Good light, good focus.", 4.4),
                    thought("Some fine texture may be smoothed: between 3 and 4, rather 4.", 4.0),
                    thought("Clean picture without artifacts.", 4.35),
                ),
            ),
            (
                ["blurred"],
                {},
                rated(
                    thought("The whole picture is out of focus.", 1.75),
                    thought("Strong blur, shapes are still known.", 2.1),
                    thought("No detail is left.", 1.5),
                    thought("Blurred as if by a moving hand.", 2.0),
                    thought("Soft everywhere.", 1.9),
                    ("<think>Out of 10 I would say 3.</think><answer>7.00</answer>", None),
                ),
            ),
            (
                ["jpeg"],
                {},
                rated(thought("Blocks are plain to see.", 1.6), CUT, CUT, thought("Heavy compression.", 1.8), REFUSAL, CUT),
            ),
            (["noisy"], {}, rated(REFUSAL, CUT, CUT, ("It is grainy.", None), REFUSAL, CUT)),
        ],
    ),
    "visualquality-r1-non-thinking": (
        Rating(),
        [
            (["clean"], {}, [("<answer>4.38</answer>", 4.38)]),
            (["blurred"], {}, [("<answer> 1.85 </answer>", 1.85)]),
            (["noisy"], {}, [REFUSAL]),
        ],
    ),
    "vqascore": (
        Score({"Yes": 1.0, "No": 0.0}),
        [
            (["clean"], {"prompt": "a house under a blue sky"}, [read([-0.11, -2.45])]),
            (["blurred"], {"prompt": "three dogs on a sofa"}, [listed([None, -0.02], -6.75)]),
            (["noisy"], {"prompt": "a photograph"}, [read([-1.9, -3.2])]),
            (["clean"], {}, None, "the card quotes `prompt`, and none was given", {"unscored": "not_applicable"}),
        ],
    ),
    "viescore-sc": (
        Rating(),
        [
            (["clean"], {"prompt": "a house under a blue sky"}, [vie([8], "The house is there; the sky is partly cloudy.")]),
            (["jpeg"], {"prompt": "three dogs on a sofa"}, [vie([0], "There are no dogs and there is no sofa.")]),
            (["noisy"], {"prompt": "a photograph"}, [("I'm sorry, I cannot assist with evaluating this image.", None)]),
        ],
    ),
    "clip-score": (
        Value(),
        [
            (["clean"], {"prompt": "a house under a blue sky"}, [(0.73, 0.73)]),
            (["noisy"], {"prompt": "three dogs"}, [(28.5, None)]),
        ],
    ),
    "pick-score": (Value(), [(["clean"], {"prompt": "a house"}, [(21.4, 21.4)])]),
    "hps": (Value(), [(["clean"], {"prompt": "a house"}, [(0.27, 0.27)]), (["noisy"], {"prompt": "a house"}, [(27.0, None)])]),
    "image-reward": (
        Value(),
        [(["clean"], {"prompt": "a house"}, [(0.61, 0.61)]), (["blurred"], {"prompt": "three dogs"}, [(-2.2, -2.2)]), (["noisy"], {"prompt": "a house"}, [(61.0, None)])],
    ),
    "laion-aesthetic": (Value(), [(["clean"], {}, [(5.6, 5.6)]), (["blurred"], {}, [(-7.0, None)])]),
    "viescore-sc-edit": (
        Rating(),
        [
            (["clean", "blurred"], {"prompt": "blur it"}, [vie([9, 7], "All is blurred, and nothing else changed.")]),
            (["clean", "noisy"], {"prompt": "add a dog"}, [("||V^=^V||\n[0, 6]\n||V^=^V||", 0.0)]),
            (["noisy", "jpeg"], {"prompt": "remove the grain"}, [("The grain is gone, I would say.", None)]),
        ],
    ),
    "unified-reward-point": (
        Rating(),
        [
            (["clean"], {"prompt": "a house under a blue sky"}, [("house (object): 1\nsky (object): 1\nblue (color): 1\nFinal Score: 4.5", 4.5)]),
            (["noisy"], {"prompt": "three dogs"}, [("dogs (animal): 0\nthree (count): 0", None)]),
            (["jpeg"], {"prompt": "three dogs"}, [("dogs (animal): 0\nFinal Score: 0", None)]),
        ],
    ),
    "unified-reward-alignment": (
        Rating(),
        [(["clean"], {"prompt": "a house"}, [(AXES, 4.0)]), (["jpeg"], {"prompt": "a house"}, [("Coherence Score (1-5): 3", None)])],
    ),
    "unified-reward-coherence": (Rating(), [(["clean"], {"prompt": "a house"}, [(AXES, 3.5)])]),
    "unified-reward-style": (Rating(), [(["clean"], {"prompt": "a house"}, [(AXES, 2.0)])]),
    "viescore-pq": (
        Rating(),
        [
            (["clean"], {}, [vie([9, 8], "Natural light; minor smoothing of texture.")]),
            (["noisy"], {}, [vie([7, 4], "The scene looks natural. Grain covers all of it.")]),
            (["jpeg"], {}, [('{"score" : [6, 12], "reasoning" : "Blocks along the edges."}', None)]),
            (["blurred"], {}, [('{"score" : [5', None)]),
        ],
    ),
    "mllm-judge-no-cot": (
        Score(DIGITS),
        [
            (
                ["clean"],
                INSTRUCTION,
                [read([-16.07642936706543, -15.076430320739746, -11.826430320739746, -1.7014299631118774, -0.20142999291419983], "top_tokens")],
                "log-probabilities of Qwen3-VL-8B-Instruct for item 1396 of MLLM-as-a-Judge, asked for one digit, and the shares published with them, TejasAnvekar/UQ-MLLM-Judge at 91fd3be, Experiments/logs/UQ, test_predictions.json, results[0]",
                {
                    "probabilities": [
                        1.0425559025814382e-07,
                        2.8339580624655355e-07,
                        7.308874174205601e-06,
                        0.18242412420852408,
                        0.8175681792659052,
                    ]
                },
            ),
            (["noisy"], INSTRUCTION, [read([-3.0, -0.66, -1.05, -3.7, -6.2], "top_tokens")]),
            (["jpeg"], INSTRUCTION, [drawn([0, 2, 11, 2, 0], 16)]),
            (["blurred"], INSTRUCTION, [read([-4.4, -3.9, -3.5, -4.1, -5.5], "top_tokens")]),
        ],
    ),
    "mllm-judge-cot-figure": mllm(
        read([-9.1, -5.7, -1.8, -0.27, -2.9], "top_tokens"),
        listed([None, -2.2, -0.39, -1.6, None], -8.0),
        read([-4.1, -3.6, -3.3, -3.9, -5.0], "top_tokens"),
    ),
    "mllm-judge-cot-instruction": mllm(
        read([-8.3, -4.4, -1.2, -0.49, -3.3], "top_tokens"),
        drawn([2, 9, 4, 0, 0], 16),
        drawn([1, 2, 3, 1, 0], 16),
    ),
    "mllm-judge-cot-figure-instruction": mllm(
        read([-7.7, -5.2, -2.6, -0.21, -2.3], "top_tokens"),
        listed([-0.88, -0.74, -2.7, None, None], -7.6),
        read([-5.8, -4.2, -3.1, -2.9, -4.4], "top_tokens"),
    ),
    "mllm-judge-no-figure": (
        Score(DIGITS),
        [
            ([], INSTRUCTION, [read([-5.9, -3.0, -0.86, -0.79, -3.5], "top_tokens")]),
            ([], {"instruction": "What stands on the table?"}, None, "the card quotes `response`, and none was given", {"unscored": "not_applicable"}),
            (["clean"], INSTRUCTION, None, "the card shows no picture, and one was given", {"unscored": "not_applicable"}),
        ],
    ),
    "mllm-judge-vision-expert": (
        Score(DIGITS),
        [
            ([], {**INSTRUCTION, "expert": "A table with a cup and fruit."}, [read([-7.4, -4.6, -1.7, -0.3, -2.8], "top_tokens")]),
            ([], INSTRUCTION, None, "the card quotes `expert`, and none was given", {"unscored": "not_applicable"}),
        ],
    ),
    "mllm-judge-batch": (
        Order(),
        [
            (
                ["clean"],
                ASKED,
                [(judgement("B names all that is seen.", "[[B]], [[A]], [[D]], [[C]]"), [[1], [0], [3], [2]])],
                OWN,
                {"responses": RESPONSES},
            ),
            (
                ["noisy"],
                ASKED,
                [("Rank: [[D], [C], [B], [A]] }}", [[3], [2], [1], [0]])],
                "ranking text of GPT-4V for item 3292 of MLLM-as-a-Judge, Hard & HQ/Hard/Batch.jsonl; the responses are ours",
                {"responses": RESPONSES},
            ),
            (
                ["jpeg"],
                ASKED,
                [("{Judgement: CDAB", [[2], [3], [0], [1]])],
                "ranking text of LLaVA for item 3298 of MLLM-as-a-Judge, Dataset/step3/Batch/LLaVA.jsonl; the responses are ours",
                {"responses": RESPONSES},
            ),
            (["blurred"], ASKED, [(judgement("C says nothing.", "[[B]], [[A]], [[D]]"), None)], OWN, {"responses": RESPONSES}),
        ],
    ),
    "best-to-worst": (
        Order(),
        [
            (
                ["blurred", "clean", "noisy"],
                {},
                [("A is out of focus, C has grain, B is sharp.\nOrder: B > C > A", [[1], [2], [0]])],
            ),
            (["jpeg", "noisy", "clean", "blurred"], {}, [("Order: C > A = B > D", [[2], [0, 1], [3]])]),
            (["clean", "jpeg"], {}, [("Order: A > B > A", None)]),
            (["noisy", "jpeg"], {}, [("Both are poor; I would not choose.", None)]),
        ],
    ),
}


def digest(picture):
    return f"blake3:{blake3((PICTURES / f'{picture}.jpg').read_bytes()).hexdigest()}"


def toml(value):
    """Strings as in JSON, which TOML reads alike; floats always with a point or an exponent."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False)


def main():
    cases = []
    for judge, (protocol, rows) in JUDGES.items():
        lines = []
        for pictures, texts, answers, *published in rows:
            if answers is not None:
                lines.extend(protocol.lines([digest(picture) for picture in pictures], answers))
            source, known = (published + [OWN, {}])[:2] if len(published) != 1 else (published[0], {})
            case = {"judge": judge, "images": [f"{picture}.jpg" for picture in pictures], "texts": texts}
            case["origin"] = source
            case["tolerance"] = EXACT
            case.update(protocol.expected(answers) if answers is not None else {})
            case.update(known)
            cases.append({key: value for key, value in case.items() if value != {}})
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (ROOT / "judges" / judge / "run.jsonl").write_text(text, encoding="utf-8")
    head = (
        "# The verdicts that the recorded runs judges/*/run.jsonl must give; tests/golden/judge_runs.py writes both.\n"
        "# Pictures are those of judges/technical-quality/examples. Tolerances cover rounding in double precision, unless a\n"
        "# published value has fewer digits.\n"
    )
    blocks = ["[[case]]\n" + "".join(f"{key} = {toml(value)}\n" for key, value in case.items()) for case in cases]
    path = ROOT / "tests/golden/judge_runs.toml"
    path.write_text(head + "".join("\n" + block for block in blocks), encoding="utf-8")


if __name__ == "__main__":
    main()
