//! Runs of labels in a text, with what stands between them.

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
pub(super) struct Run {
    /// Whether other words stand before it.
    pub(super) after_words: bool,
    marks: Vec<Mark>,
    /// Whether `[[` stood in it.
    pub(super) brackets: bool,
    /// The next number that an entry of a numbered list must have.
    ordinal: u32,
    misnumbered: bool,
}

impl Run {
    pub(super) fn is_order(&self) -> bool {
        self.marks.len() >= 2
    }

    pub(super) fn tiers(&self) -> Result<Vec<Vec<usize>>, String> {
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
pub(super) fn runs(text: &str, shown: usize) -> Vec<Run> {
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
