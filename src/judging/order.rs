//! Reads an order of labels from written text: only from the places that the card names, never a guess.

use super::extract::{Place, between_last, shortened};
use super::{Reason, Unscored, WordError};

/// Most items that letters can label.
pub const MOST_LABELS: usize = 26;

/// The label of the item shown at that place: A, B, C ...
pub fn label(place: usize) -> char {
    let letter = u8::try_from(place).ok().filter(|place| *place < 26);
    char::from(b'A' + letter.expect("a list has at most 26 items"))
}

/// Places from 0 in tiers, the best first; those of one tier are tied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The tiers, none of them empty, each place once at most.
    pub tiers: Vec<Vec<usize>>,
}

/// What becomes of an order that leaves labels out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Partial {
    /// It is not read.
    #[default]
    Refuse,
    /// It is an order of those that it names, two at least, and says nothing of the others.
    Allow,
}

/// Where an order stands, and what becomes of one that is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderReading {
    places: Vec<Place>,
    partial: Partial,
}

impl OrderReading {
    /// Places in the order in which they are tried.
    ///
    /// # Errors
    /// No place, an empty tag, key or word, or the last run of letters in a text where partial orders are allowed:
    /// `A, B` in a sentence is none.
    pub fn new(places: Vec<Place>, partial: Partial) -> Result<Self, WordError> {
        if places.is_empty() {
            return Err(WordError::new("an order is read from at least one place"));
        }
        if places.iter().any(Place::is_blank) {
            return Err(WordError::new("a tag, key or word to look for is empty"));
        }
        if partial == Partial::Allow && places.contains(&Place::Last) {
            return Err(WordError::new(
                "partial orders are not read from the `last` letters of a text, where any sentence may hold some",
            ));
        }
        Ok(OrderReading { places, partial })
    }

    /// The order that a text gives to `shown` labels.
    ///
    /// # Errors
    /// [`Reason::Unparsed`]: no place holds an order, a label stands there twice, is left out or was not shown, the
    /// order is given twice and differently, or it is broken off by other words.
    pub fn read(&self, text: &str, shown: usize) -> Result<Order, Unscored> {
        let found = self
            .places
            .iter()
            .find_map(|place| self.at(place, text, shown))
            .unwrap_or_else(|| Err("no order where the card looks for one".to_owned()));
        found.map_err(|fault| {
            let detail = format!("{fault}, in `{}`", shortened(text));
            Unscored::new(Reason::Unparsed, detail)
        })
    }

    /// All that the reading depends on, as words for a digest.
    pub fn fingerprint(&self) -> String {
        format!("{:?} {:?}", self.places, self.partial)
    }

    fn at(&self, place: &Place, text: &str, shown: usize) -> Option<Result<Order, String>> {
        let orders = |text: &str| -> Vec<Run> {
            let runs = runs(text, shown);
            runs.into_iter().filter(Run::is_order).collect()
        };
        let run = match place {
            Place::Tag(tag) => {
                let inner = between_last(text, &format!("<{tag}>"), &format!("</{tag}>"))?;
                only(orders(inner))?
            }
            Place::Key(key) => {
                let value = after_key(text, key)?;
                match quoted(value) {
                    Some(inner) => only(orders(inner))?,
                    None => Ok(orders(value)
                        .into_iter()
                        .next()
                        .filter(|run| !run.after_words)?),
                }
            }
            Place::After(words) => {
                let start = text.rfind(words.as_str())? + words.len();
                let rest = text[start..].trim_start();
                only(orders(rest.split("\n\n").next().unwrap_or(rest)))?
            }
            Place::Brackets => Ok(orders(text).into_iter().rfind(|run| run.brackets)?),
            Place::Last => Ok(orders(text).pop()?),
        };
        Some(run.and_then(|run| self.order(&run, shown)))
    }

    fn order(&self, run: &Run, shown: usize) -> Result<Order, String> {
        let tiers = run.tiers()?;
        let mut named = vec![false; shown];
        for place in tiers.iter().flatten() {
            match named.get_mut(*place) {
                None => return Err(format!("`{}` was not shown", label(*place))),
                Some(true) => return Err(format!("`{}` stands twice", label(*place))),
                Some(new) => *new = true,
            }
        }
        let missing = named.iter().position(|named| !named);
        match (missing, self.partial) {
            (None, _) | (Some(_), Partial::Allow) => Ok(Order { tiers }),
            (Some(place), Partial::Refuse) => Err(format!("`{}` is left out", label(place))),
        }
    }
}

/// The one order of a region; two that differ are none.
fn only(mut orders: Vec<Run>) -> Option<Result<Run, String>> {
    let last = orders.pop()?;
    let differs = orders.iter().any(|run| run.tiers() != last.tiers());
    Some(if differs {
        Err("two different orders".to_owned())
    } else {
        Ok(last)
    })
}

/// What follows the last `key:`, whatever follows the value too; quotes around the key may be missing.
fn after_key<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let value = text.match_indices(key).filter_map(|(at, _)| {
        let before = text[..at].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) {
            return None;
        }
        let rest = text[at + key.len()..].trim_start_matches(['"', '\'']);
        rest.trim_start().strip_prefix(':')
    });
    value.last().map(str::trim_start)
}

/// The inside of a quoted value; one that does not end is cut, and its order a fragment.
fn quoted(value: &str) -> Option<&str> {
    let quote = value
        .chars()
        .next()
        .filter(|sign| matches!(sign, '"' | '\''))?;
    let inner = &value[1..];
    let end = inner
        .match_indices(quote)
        .find(|(at, _)| !inner[..*at].ends_with('\\'));
    Some(end.map_or("", |(at, _)| &inner[..at]))
}

/// What stands between two labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    /// `>`: the former is better.
    Better,
    /// `<`: the latter is better.
    Worse,
    /// `=` or `~`.
    Tie,
    /// A comma or the like.
    Then,
    /// Nothing but a bracket, a quote or the next letter of one word.
    Joined,
    /// Blanks.
    Blank,
}

/// A label, and what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    link: Link,
    place: usize,
    /// The innermost bracket that it stands in.
    group: usize,
}

/// Labels one after the other, with nothing but marks of order between them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Run {
    /// Whether other words stand before it.
    after_words: bool,
    marks: Vec<Mark>,
    /// Whether `[[` stood in it.
    brackets: bool,
    /// The next number that an entry of a numbered list must have.
    ordinal: u32,
    misnumbered: bool,
}

impl Run {
    fn is_order(&self) -> bool {
        self.marks.len() >= 2
    }

    fn tiers(&self) -> Result<Vec<Vec<usize>>, String> {
        if self.misnumbered {
            return Err("the entries are not numbered from 1 on".to_owned());
        }
        let links = || self.marks[1..].iter().map(|mark| mark.link);
        let worse = links().any(|link| link == Link::Worse);
        if worse && links().any(|link| !matches!(link, Link::Worse | Link::Tie)) {
            return Err("`<` and other marks of order stand together".to_owned());
        }
        let mut neighbours = self
            .marks
            .windows(2)
            .map(|two| two[0].group == two[1].group);
        let first = neighbours.next();
        let lists_within = neighbours.any(|alike| Some(alike) != first);
        if lists_within {
            return Err("a list within a list".to_owned());
        }
        let mut tiers: Vec<Vec<usize>> = Vec::new();
        for (at, mark) in self.marks.iter().enumerate() {
            match tiers.last_mut() {
                Some(tier) if at > 0 && mark.link == Link::Tie => tier.push(mark.place),
                _ => tiers.push(vec![mark.place]),
            }
        }
        if worse {
            tiers.reverse();
        }
        Ok(tiers)
    }
}

/// Words that may stand before a label.
const NOUNS: [&str; 8] = [
    "image",
    "picture",
    "photo",
    "response",
    "assistant",
    "answer",
    "candidate",
    "option",
];

/// Every run of labels in a text.
fn runs(text: &str, shown: usize) -> Vec<Run> {
    let mut reader = Reader {
        shown,
        found: Vec::new(),
        run: Run::default(),
        link: None,
        open: vec![0],
        groups: 0,
        words: false,
    };
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        let length = if sign.is_alphanumeric() {
            let inside = |sign: char| sign.is_alphanumeric() || sign == '_';
            let length = rest.find(|sign| !inside(sign)).unwrap_or(rest.len());
            reader.word(&rest[..length], &rest[length..]);
            length
        } else {
            reader.sign(sign, rest);
            sign.len_utf8()
        };
        rest = &rest[length..];
    }
    reader.end(true);
    reader.found
}

struct Reader {
    shown: usize,
    found: Vec<Run>,
    run: Run,
    /// What was seen since the last label.
    link: Option<Link>,
    open: Vec<usize>,
    groups: usize,
    /// Whether any word was no part of a run.
    words: bool,
}

impl Reader {
    fn word(&mut self, word: &str, rest: &str) {
        if NOUNS.contains(&word.to_lowercase().as_str()) && starts_label(rest) {
            return;
        }
        if let Ok(number) = word.parse::<u32>() {
            // The number of an entry, as in `1. B`; any other number ends the run.
            if rest.starts_with(['.', ')', ':']) && (number == 1 || self.run.ordinal > 0) {
                if number == 1 {
                    self.end(true);
                }
                self.run.misnumbered |= number != self.run.ordinal + 1;
                self.run.ordinal = number;
                self.link = Some(Link::Then);
            } else {
                self.end(false);
                self.words = true;
            }
            return;
        }
        let is_label = |sign: char| {
            let known = u8::try_from(sign).is_ok_and(|letter| {
                letter.is_ascii_uppercase() && usize::from(letter - b'A') < self.shown
            });
            known || word.len() == 1 && sign.is_ascii_uppercase()
        };
        if !word.chars().all(is_label) {
            self.end(false);
            self.words = true;
            return;
        }
        for (at, sign) in word.bytes().enumerate() {
            let link = if at > 0 {
                Link::Joined
            } else {
                self.link.unwrap_or(Link::Joined)
            };
            if self.run.marks.is_empty() {
                self.run.after_words = self.words;
            }
            self.run.marks.push(Mark {
                link,
                place: usize::from(sign - b'A'),
                group: self.open.last().copied().unwrap_or(0),
            });
        }
        self.link = None;
    }

    fn sign(&mut self, sign: char, rest: &str) {
        let link = match sign {
            '>' | '≻' | '→' => Link::Better,
            '<' if rest.starts_with("</") => return self.end(true),
            '<' | '≺' => Link::Worse,
            '=' | '~' | '≈' => Link::Tie,
            ',' | ';' | '|' | '-' | '–' => Link::Then,
            '[' => {
                self.run.brackets |= rest.starts_with("[[");
                self.groups += 1;
                self.open.push(self.groups);
                Link::Joined
            }
            ']' => {
                if self.open.len() > 1 {
                    self.open.pop();
                }
                Link::Joined
            }
            '"' | '\'' | '`' | '*' | '(' | ')' | '\\' => Link::Joined,
            // The point after the number of an entry.
            '.' | ':' if self.link == Some(Link::Then) && self.run.ordinal > 0 => return,
            sign if sign.is_whitespace() => Link::Blank,
            _ => return self.end(true),
        };
        self.link = Some(match (self.link, link) {
            // A mark of order outweighs brackets and blanks around it.
            (
                Some(before @ (Link::Better | Link::Worse | Link::Tie)),
                Link::Then | Link::Joined | Link::Blank,
            )
            | (Some(before @ Link::Then), Link::Joined | Link::Blank)
            | (Some(before @ Link::Blank), Link::Joined) => before,
            (Some(Link::Joined), Link::Blank) if sign != '\n' => Link::Joined,
            (_, link) => link,
        });
    }

    /// Ends the run; `cleanly` where no other word comes right after it.
    fn end(&mut self, cleanly: bool) {
        let mut run = std::mem::take(&mut self.run);
        let link = self.link.take();
        self.open.truncate(1);
        // `B > C` and, on the next line, `A photo`: what begins a sentence is no label.
        let begins_words = run.marks.last().is_some_and(|mark| match mark.link {
            Link::Blank => true,
            Link::Then => mark.place == 0,
            Link::Better | Link::Worse | Link::Tie | Link::Joined => false,
        });
        if !cleanly && begins_words && link == Some(Link::Blank) {
            run.marks.pop();
        }
        if !run.marks.is_empty() {
            self.found.push(run);
        }
    }
}

fn starts_label(rest: &str) -> bool {
    let rest = rest.trim_start_matches([' ', '*', '[', '(', '"']);
    let mut signs = rest.chars();
    let label = signs.next().is_some_and(|sign| sign.is_ascii_uppercase());
    label && !signs.next().is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Place {
        Place::Key("Judgement".into())
    }

    fn tag() -> Place {
        Place::Tag("order".into())
    }

    fn after() -> Place {
        Place::After("Final ranking:".into())
    }

    /// Tiers as words: `B A CD` has a tie of C and D.
    fn read(place: Place, partial: Partial, text: &str, shown: usize) -> Result<String, String> {
        let reading = OrderReading::new(vec![place], partial).unwrap();
        let order = reading.read(text, shown).map_err(|unscored| {
            assert_eq!(unscored.reason, Reason::Unparsed);
            unscored.detail
        })?;
        let tier = |tier: &Vec<usize>| tier.iter().map(|place| label(*place)).collect::<String>();
        Ok(order.tiers.iter().map(tier).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_table_of_texts_and_their_orders() {
        let cases = [
            // As judges of MLLM-as-a-Judge wrote them.
            (key(), "{Judgement: [B,A,C,D]}", "B A C D"),
            (key(), "{Judgement: CDAB", "C D A B"),
            (key(), "Judgement: CDAB</s>", "C D A B"),
            (Place::Brackets, "[[C]], [[A]], [[B]], [[D]]", "C A B D"),
            (Place::Brackets, "Rank: [[D], [C], [B], [A]] }}", "D C B A"),
            (Place::Last, "BACD", "B A C D"),
            // JSON, whole and broken.
            (
                key(),
                r#"{"Analysis": "A, B", "Judgement": "[[B]], [[A]], [[D]], [[C]]"}"#,
                "B A D C",
            ),
            (
                key(),
                r#"{"Judgement": ["D", "B", "A", "C"], "sure": 0.5}"#,
                "D B A C",
            ),
            (
                key(),
                r#"{"Judgement": "B > A > C = D", "best": "B"}"#,
                "B A CD",
            ),
            (key(), "```json\n{'Judgement': 'BACD'}\n```", "B A C D"),
            (
                key(),
                r#"{"Judgement": "[\"B\", \"A\", \"C\", \"D\"]"}"#,
                "B A C D",
            ),
            // Ties, and the other direction.
            (tag(), "<order>A = B > C ~ D</order>", "AB CD"),
            (tag(), "<order>D < C < B < A</order>", "A B C D"),
            (tag(), "<order>A=B=C=D</order>", "ABCD"),
            // Prose with a verdict, and lists.
            (
                after(),
                "A > B? Final ranking: B > A > D > C, since B is sharp.",
                "B A D C",
            ),
            (
                after(),
                "Final ranking:\n1. Image C\n2. Image A\n3. **Image B**\n4. Image D\n\nA is odd.",
                "C A B D",
            ),
            (after(), "Final ranking:\n- B\n- D\n- A\n- C", "B D A C"),
            (
                Place::Last,
                "A is dull. So I rank them C > B > D > A.",
                "C B D A",
            ),
            (
                Place::Last,
                "First A > B > C > D; looking again, B > A > C > D.\nI am sure.",
                "B A C D",
            ),
            (
                Place::Last,
                "My order: Image D, Image B, Image A, Image C.",
                "D B A C",
            ),
        ];
        for (place, text, expected) in cases {
            let found = read(place, Partial::Refuse, text, 4);
            assert_eq!(found.as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_order_of_all_is_not_read() {
        let cases = [
            (key(), "{Judgement: BAC}", "`D` is left out"),
            (key(), "{Judgement: BABC}", "`B` stands twice"),
            (key(), "{Judgement: BACE}", "no order"),
            (key(), "{Judgement: [B, A, C, D, E]}", "`E` was not shown"),
            (
                key(),
                r#"{"Judgement": "B > A > C > D or D > A > B > C"}"#,
                "two different orders",
            ),
            (key(), r#"{"Judgement": "B > A > C > D"#, "no order"),
            (
                key(),
                r#"{"Judgement": "the first", "x": "BACD"}"#,
                "no order",
            ),
            (
                key(),
                r#"{"Judgement": [["A", "B"], "C", "D"]}"#,
                "a list within a list",
            ),
            (tag(), "BACD", "no order"),
            (
                tag(),
                "<order>A > B < C > D</order>",
                "other marks of order",
            ),
            (after(), "Final ranking: 2. B\n1. A", "no order"),
            (after(), "Final ranking: 1. B\n3. A\n4. C\n5. D", "numbered"),
            (Place::Brackets, "I rank [[B]] best.", "no order"),
            (Place::Last, "I prefer A, B over C and D.", "is left out"),
            (
                Place::Last,
                "B > C > D\nA photo of a cat.",
                "`A` is left out",
            ),
            (Place::Last, "All four are good.", "no order"),
            (
                Place::Last,
                "I'm sorry, but I can't rank these.",
                "no order",
            ),
            (Place::Last, "", "no order"),
        ];
        for (place, text, part) in cases {
            let fault = read(place, Partial::Refuse, text, 4).expect_err(text);
            assert!(fault.contains(part), "{text}: {fault}");
        }
    }

    #[test]
    fn a_partial_order_is_read_where_the_card_allows_it() {
        let allow = |text| read(key(), Partial::Allow, text, 4);
        assert_eq!(allow("{Judgement: BD}").as_deref(), Ok("B D"));
        assert_eq!(allow("{Judgement: C = A > D}").as_deref(), Ok("CA D"));
        assert!(allow("{Judgement: BB}").is_err() && allow("{Judgement: B}").is_err());
        let loose = OrderReading::new(vec![Place::Last], Partial::Allow);
        assert!(loose.unwrap_err().to_string().contains("any sentence"));
        assert!(OrderReading::new(vec![], Partial::Refuse).is_err());
        assert!(OrderReading::new(vec![Place::Tag(" ".into())], Partial::Refuse).is_err());
    }

    #[test]
    fn places_are_tried_in_their_order() {
        let reading =
            OrderReading::new(vec![key(), Place::Brackets, Place::Last], Partial::Refuse).unwrap();
        let text = r#"{"Judgement": "B is best, so [[B]], [[A]]"}"#;
        assert_eq!(reading.read(text, 2).unwrap().tiers, [[1], [0]]);
        assert_eq!(reading.read("B then A: BA", 2).unwrap().tiers, [[1], [0]]);
    }
}
