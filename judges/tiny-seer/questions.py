"""Asks about a scene: what the shapes are, how many, where; whether a caption holds; how damaged the picture is.

A question is a dictionary: kind, text, options, answer. `prefix` are words that the answer continues, mostly none.
`elements` lists the (colour, shape) phrases in the order of their nouns, None for any, and `nouns` the place of each noun's
last letter in the text. Training looks at both.

"There is a red circle" holds for one or more; a number, and an element of a caption, hold for exactly that many.
"""
import wordings as w
from damage import LEVELS
from drawing import COLOURS, SHAPES

NUMBERS = ["zero", "one", "two", "three", "four", "five"]
YES_NO = ["yes", "no"]
DIGITS = ["0", "1", "2", "3", "4", "5"]
LETTERS = ["A", "B", "C", "D"]
ANY = ["object", "shape"]
MARK = "\x01"  # Follows the noun of an element until `ask` has noted its place.
CLEARLY_ASIDE = 8.0  # Two centres are left and right of each other only if they lie this many pixels apart.


def plural(noun):
    return noun + ("es" if noun.endswith("s") else "s")


def phrase(element, number=None, article="a", any_noun="object"):
    """Words for an element: "a red circle", "two red circles", or with no number "red circles"."""
    colour, shape = element
    noun = shape or any_noun
    noun = noun if number == 1 else plural(noun)
    words = [colour, noun] if colour else [noun]
    if number == 1:
        words = [article if article != "a" or words[0][0] not in "aeiou" else "an"] + words
    elif number is not None:
        words = [NUMBERS[number]] + words
    return " ".join(word for word in words if word) + MARK


def unmarked(words):
    return words.replace(MARK, "")


class Asker:
    """Asks about one scene.

    `plain` keeps to the first wording of each list; `begun` lets some answers be begun by a prefix; `broad` adds the wordings
    that the second half of training adds, and `wordy` puts long ones around them.
    """

    wordy = False

    def __init__(self, scene, rng, plain=False, begun=True, broad=False):
        self.scene, self.rng, self.plain, self.begun, self.broad = scene, rng, plain, begun, broad
        self.shapes = scene["shapes"]
        self.pairs = [(item["colour"], item["shape"]) for item in self.shapes]

    # Drawing lots.
    def pick(self, options):
        return options[int(self.rng.integers(len(options)))]

    def wording(self, options):
        if self.plain:
            return options[0]
        return self.pick(options + w.MORE.get(options[0], []) if self.broad else options)

    def chance(self, share):
        return self.rng.random() < share

    # Looking at the scene.
    def matching(self, element):
        return [item for item in self.shapes if element[0] in (None, item["colour"]) and element[1] in (None, item["shape"])]

    def count(self, element):
        return len(self.matching(element))

    def known(self, with_any=False):
        """Every element that the scene holds, general and particular."""
        found = set(self.pairs) | {(colour, None) for colour, _ in self.pairs} | {(None, shape) for _, shape in self.pairs}
        return sorted(found | ({(None, None)} if with_any else set()), key=str)

    def missing(self):
        """An element that the scene lacks, mostly one that shares a colour or a shape with a shape in it."""
        for _ in range(50):
            colour, shape = self.pick(self.pairs)
            lot = self.rng.random()
            if lot < 0.4:
                element = (colour, self.pick(SHAPES))
            elif lot < 0.8:
                element = (self.pick(list(COLOURS)), shape)
            elif lot < 0.9:
                element = (self.pick(list(COLOURS)), None)
            else:
                element = (None, self.pick(SHAPES))
            if not self.count(element):
                return element
        return None

    # Putting a question together.
    def ask(self, kind, text, options, answer, elements=(), endings=w.CHOICE, prefixes=w.PREFIX):
        if self.broad and self.chance(0.12):
            text = self.pick(w.BEFORE) + text
        nouns = [place - i - 1 for i, place in enumerate(place for place, letter in enumerate(text) if letter == MARK)]
        text, prefix = unmarked(text), ""
        if self.wordy:
            text = self.surround(text, kind, options, endings)
        elif not self.plain:
            shown = [options[i] for i in self.rng.permutation(len(options))] if self.chance(0.5) else list(options)
            text += self.pick(endings).format(options=", ".join(shown[:-1]) + self.pick([" or ", ", "]) + shown[-1])
            if self.begun and self.chance(0.4 if prefixes is w.QUALITY_PREFIX else 0.06):
                prefix = self.pick(prefixes)
        return {"kind": kind, "text": text, "prefix": prefix, "options": list(options), "answer": answer,
                "elements": list(elements), "nouns": nouns}

    def surround(self, text, kind, options, endings):
        if self.chance(0.3):
            text = " ".join(self.pick(w.FILLER) for _ in range(int(self.rng.integers(2, 12)))).capitalize() + self.pick([". ", ", ", ": "]) + text
        if kind == "digit_level":
            return text
        if kind == "lettered":
            return text + self.pick(w.WORDY_LETTERED)
        if endings == [""]:
            return text.replace("yes or no.", "Yes or No.")
        return self.pick(w.WORDY_YES_NO if options == YES_NO else w.WORDY_CHOICE).format(x=text, options=", ".join(options))

    def yes_no(self, kind, text, truth, elements):
        endings = [""] if "yes or no" in text else w.YES_NO
        return self.ask(kind, text, YES_NO, "yes" if truth else "no", elements, endings)

    # The kinds. Each returns None where the scene has nothing to ask about.
    def shape(self):
        colours = sorted({colour for colour, _ in self.pairs})
        element = (self.pick(colours), None) if len(self.shapes) > 1 or self.chance(0.8) else (None, None)
        found = self.matching(element)
        if len({item["shape"] for item in found}) != 1:
            return None
        noun = phrase(element, len(found), "", self.wording(ANY)) if len(found) == 1 else phrase(element, None, any_noun=self.wording(ANY))
        text = self.wording(w.SHAPE_ONE if len(found) == 1 else w.SHAPE_MANY).format(x=noun)
        return self.ask("shape", text, SHAPES, found[0]["shape"], [element])

    def colour(self):
        shapes = sorted({shape for _, shape in self.pairs})
        element = (None, self.pick(shapes)) if len(self.shapes) > 1 or self.chance(0.8) else (None, None)
        found = self.matching(element)
        if len({item["colour"] for item in found}) != 1:
            return None
        noun = phrase(element, 1, "", self.wording(ANY)) if len(found) == 1 else phrase(element, None, any_noun=self.wording(ANY))
        text = self.wording(w.COLOUR_ONE if len(found) == 1 else w.COLOUR_MANY).format(x=noun)
        return self.ask("colour", text, list(COLOURS), found[0]["colour"], [element])

    def how_many(self):
        known = self.known(with_any=True)
        wanted = self.pick(sorted({self.count(element) for element in known}))
        element = self.pick([element for element in known if self.count(element) == wanted])
        if self.chance(0.1):
            element = self.missing() or element
        found = self.count(element)
        text = self.wording(w.COUNT).format(x=phrase(element, any_noun=self.wording(["shape", "object"])))
        if self.chance(0.3):
            return self.ask("count", text + self.wording(w.DIGITS), DIGITS, DIGITS[found], [element], [""])
        return self.ask("count", text, NUMBERS, NUMBERS[found], [element], w.NUMBER_WORDS)

    def presence(self):
        truth = self.chance(0.5)
        element = self.pick(self.known()) if truth else self.missing()
        if element is None:
            return None
        noun = self.wording(ANY)
        if self.chance(0.8):
            text = self.wording(w.PRESENT_ONE).format(x=phrase(element, 1, any_noun=noun))
        else:
            text = self.wording(w.PRESENT_MANY).format(x="any " + phrase(element, any_noun=noun))
        return self.yes_no("presence", text, truth, [element])

    def exact(self):
        """Is it this many? Half of the wrong numbers name something that is there in another number."""
        truth = self.chance(0.5)
        element = self.pick(self.known(with_any=True))
        if not truth and self.chance(0.3):
            element = self.missing() or element
        found = self.count(element)
        number = found if truth else self.pick([n for n in range(1, 6) if n != found and (abs(n - found) <= 2 or found == 0)])
        noun = self.wording(ANY)
        words = dict(x=phrase(element, number, "one", noun), plural=phrase(element, any_noun=noun), number=NUMBERS[number])
        text = self.wording(w.EXACT_ONE if number == 1 else w.EXACT_MANY).format(**words)
        return self.yes_no("presence", text, truth, [element])

    def property(self):
        """Is the square blue? Asked only where all squares have one colour, and sometimes where there is none."""
        truth = self.chance(0.5)
        if not truth and self.chance(0.15):
            absent = [shape for shape in SHAPES if not self.count((None, shape))]
            shape = self.pick(absent)
            found, colours, many = [], set(), self.chance(0.3)
            claimed = self.pick(list(COLOURS))
        else:
            shape = self.pick(sorted({shape for _, shape in self.pairs}))
            found = self.matching((None, shape))
            colours = {item["colour"] for item in found}
            many = (len(found) > 1) != (not self.plain and self.chance(0.15))
            if len(colours) != 1:
                return None
            elsewhere = sorted({colour for colour, _ in self.pairs} - colours)
            wrong = self.pick(elsewhere) if elsewhere and self.chance(0.6) else self.pick(sorted(set(COLOURS) - colours))
            claimed = found[0]["colour"] if truth else wrong
        noun = (plural(shape) if many else shape) + MARK
        text = self.wording(w.PROPERTY_MANY if many else w.PROPERTY_ONE).format(x=noun, y=claimed)
        return self.yes_no("presence", text, truth, [(None, shape)])

    def form(self):
        """Is the blue object a square?"""
        truth = self.chance(0.5)
        colour = self.pick(sorted({colour for colour, _ in self.pairs}))
        found = self.matching((colour, None))
        if len({item["shape"] for item in found}) != 1:
            return None
        claimed = found[0]["shape"] if truth else self.pick([shape for shape in SHAPES if shape != found[0]["shape"]])
        noun = phrase((colour, None), len(found), "", self.wording(ANY)) if len(found) == 1 else phrase((colour, None), any_noun=self.wording(ANY))
        text = self.wording(w.FORM_ONE if len(found) == 1 else w.FORM_MANY).format(x=noun, y=claimed, ys=plural(claimed))
        return self.yes_no("presence", text, truth, [(colour, None)])

    def relation(self):
        """Left or right, between two elements that the scene holds once each."""
        single = [element for element in self.known() if self.count(element) == 1]
        for _ in range(12 if self.broad and len(single) > 1 else len(single) > 1):
            first, second = (single[i] for i in self.rng.permutation(len(single))[:2])
            gap = self.matching(second)[0]["x"] - self.matching(first)[0]["x"]
            if abs(gap) >= CLEARLY_ASIDE:
                break
        else:
            return None
        noun = self.wording(ANY)
        words = dict(x=phrase(first, 1, "", noun), y=phrase(second, 1, "", noun))
        side = "left" if gap > 0 else "right"
        if self.chance(0.3):
            return self.ask("relation", self.wording(w.WHICH_SIDE).format(**words), ["left", "right"], side, (first, second), [""])
        truth = self.chance(0.5)
        claimed = side if truth else {"left": "right", "right": "left"}[side]
        return self.yes_no("relation", self.wording(w.SIDE_OF).format(side=claimed, **words), truth, (first, second))

    def level(self):
        return self.ask("level", self.wording(w.LEVEL), LEVELS, LEVELS[self.scene["damage"]["level"] - 1], prefixes=w.QUALITY_PREFIX)

    def good_poor(self):
        """Good is above fair, poor below; to a fair picture both answers are taught alike, and no test asks."""
        level = self.scene["damage"]["level"]
        if level == 3 and self.plain:
            return None
        good = level > 3 or (level == 3 and self.chance(0.5))
        return self.ask("good_poor", self.wording(w.GOOD_POOR), ["good", "poor"], "good" if good else "poor",
                        endings=[""], prefixes=w.QUALITY_PREFIX)

    def digit_level(self):
        """The level as a digit, on a scale that now and then runs the other way."""
        level = self.scene["damage"]["level"]
        if not self.plain and self.chance(0.35):
            wordings, level = w.WORDY_DIGIT_REVERSED if self.wordy else w.DIGIT_LEVEL_REVERSED, 6 - level
        else:
            wordings = w.WORDY_DIGIT if self.wordy else w.DIGIT_LEVEL
        return self.ask("digit_level", self.wording(wordings), DIGITS[1:], DIGITS[level], endings=w.DIGIT_ONLY)

    def lettered(self):
        """A question about shape, colour or quality whose options have letters."""
        inner = Asker(self.scene, self.rng, plain=True)
        question = getattr(inner, self.pick(["shape", "colour", "colour", "level"]))()
        if question is None:
            return None
        others = [option for option in question["options"] if option != question["answer"]]
        shown = [others[i] for i in self.rng.permutation(len(others))[:self.pick([1, 2, 3])]]
        shown.insert(int(self.rng.integers(len(shown) + 1)), question["answer"])
        style = self.wording(w.LETTERED)
        text = question["text"] + "".join(style.format(letter=letter, option=option) for letter, option in zip(LETTERS, shown))
        return self.ask("lettered", text, LETTERS[:len(shown)], LETTERS[shown.index(question["answer"])], endings=w.LETTER_ENDINGS)
