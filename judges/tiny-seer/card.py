"""Writes the tables of README.md from figures.json, between the two marks."""
import json
from pathlib import Path

HERE = Path(__file__).parent
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
ENGINES = ["onnxruntime", "llama.cpp"]
NAMES = {"all content questions": "**all questions about content**", "level_begun": "level, answer begun by *The quality of the image is*",
         "caption_plain": "caption, VQAScore's wording", "digit_level": "level as a digit, scale either way", "lettered": "options with letters"}
ROWS = [("scenes", "yes_for_matching_captions", "mean P(yes), matching captions"),
        ("scenes", "yes_for_mismatching_captions", "mean P(yes), captions wrong in one element"),
        ("scenes", "damage_srcc", "SRCC of expected and true damage level"),
        ("scenes", "damage_srcc_begun_answer", "the same, answer begun"),
        ("scenes", "coverage", "mean probability that the options share"),
        ("scenes", "coverage_unseen_wordings", "the same, wordings that training never used"),
        ("prompts", "auc_whole_caption", "prompt set: AUC of P(yes) to the whole prompt"),
        ("prompts", "auc_by_element_questions", "prompt set: AUC of the least sure element question"),
        ("prompts", "wrong_element_named_of_several", "prompt set: the wrong element is the least sure one")]


def cell(figure):
    return f"{figure['value']:.3f} ({figure['low']:.3f} .. {figure['high']:.3f})"


def row(name, figures):
    return f"| {name} | {figures[0]['n']} | " + " | ".join(cell(figure) for figure in figures) + " |"


def tables(told):
    lines = ["| figure | n | ONNX Runtime | llama.cpp |", "|---|---|---|---|"]
    lines += [row(title, [told[engine][part][key] for engine in ENGINES]) for part, key, title in ROWS]
    lines += ["", "| accuracy | n | ONNX Runtime | llama.cpp |", "|---|---|---|---|"]
    for part, before in (("scenes", ""), ("prompts", "prompt set: ")):
        for kind in told[ENGINES[0]][part]["accuracy"]:
            title = before + NAMES.get(kind, kind.replace("unseen_", "unseen wording: ").replace("_", " "))
            lines.append(row(title, [told[engine][part]["accuracy"][kind] for engine in ENGINES]))
    together = told["agreement"]
    return lines + ["", f"Over {together['questions']} questions the engines read the same token ids, and no option's probability differs by more "
                    f"than {together['largest_difference']:.4f} between them (mean of the largest per question: "
                    f"{together['mean_of_the_largest_per_question']:.6f})."]


if __name__ == "__main__":
    text = (HERE / "README.md").read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    told = json.loads((HERE / "figures.json").read_text())
    (HERE / "README.md").write_text("\n".join([before + BEGIN, *tables(told), END]) + after)
