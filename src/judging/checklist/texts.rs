//! Questions as language models write them.

use std::collections::BTreeSet;

use super::set::{ChecklistError, ChecklistQuestion, QuestionSet, WantedAnswer};

/// Reads the three texts of DSG: `id | tuple`, `id | dependencies`, `id | question`, one a line.
///
/// Dependencies are ids with commas between them; words after an id are its name ("5, background" is 5), `0` stands for
/// none and is dropped beside others, `-` likewise (as the authors' repository reads them). The kind of a question is
/// the word before the tuple's bracket: `attribute - color (bike, blue)` is of kind `attribute - color`.
///
/// # Errors
/// [`ChecklistError`]: a line that has no `|` or no id, an id without a question, and all that [`QuestionSet::new`] refuses.
pub fn parse_dsg(
    tuples: &str,
    dependencies: &str,
    questions: &str,
) -> Result<QuestionSet, ChecklistError> {
    let tuples = lines(tuples)?;
    let dependencies = lines(dependencies)?;
    let mut set = Vec::new();
    for (line, id, text) in lines(questions)? {
        let parents = match dependencies.iter().find(|(_, of, _)| *of == id) {
            None => Vec::new(),
            Some((_, _, parents)) => parents_of(parents),
        };
        let tuple = tuples.iter().find(|(_, of, _)| *of == id);
        let (kind, element) = match tuple.map(|(_, _, tuple)| tuple.split_once('(')) {
            Some(Some((kind, rest))) => (
                Some(kind.trim().to_owned()),
                Some(rest.trim_end().trim_end_matches(')').trim().to_owned()),
            ),
            Some(None) | None => (None, None),
        };
        if text.is_empty() {
            return Err(ChecklistError::Line {
                line,
                detail: format!("question `{id}` has no text; expected `{id} | question`"),
            });
        }
        set.push(ChecklistQuestion {
            id: id.to_owned(),
            text: text.to_owned(),
            wanted: WantedAnswer::Yes,
            kind,
            element,
            weight: 1.0,
            parents,
        });
    }
    QuestionSet::new(set)
}

/// Line number, id and the rest of every line that is not blank; each id stands once.
fn lines(text: &str) -> Result<Vec<(usize, &str, &str)>, ChecklistError> {
    let lines = split(text)?;
    let mut ids = BTreeSet::new();
    match lines.iter().find(|(_, id, _)| !ids.insert(*id)) {
        None => Ok(lines),
        Some((_, id, _)) => Err(ChecklistError::SameId {
            id: (*id).to_owned(),
        }),
    }
}

fn split(text: &str) -> Result<Vec<(usize, &str, &str)>, ChecklistError> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(at, line)| match line.split_once('|') {
            Some((id, rest)) if !id.trim().is_empty() => Ok((at + 1, id.trim(), rest.trim())),
            Some(_) | None => Err(ChecklistError::Line {
                line: at + 1,
                detail: format!("`{}` is not `id | text`", line.trim()),
            }),
        })
        .collect()
}

fn parents_of(text: &str) -> Vec<String> {
    let ids: Vec<String> = text
        .split(',')
        .map(str::trim)
        .filter(|part| part.chars().all(|c| c.is_ascii_digit()) && !part.is_empty())
        .filter(|id| *id != "0")
        .map(str::to_owned)
        .collect();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_texts_become_a_graph() {
        let set = parse_dsg(
            "1 | entity - whole (motorcycle)\n2 | attribute - color (motorcycle, blue)\n3 | entity - whole (door)\n4 | relation - spatial (motorcycle, door, next to)\n",
            "1 | 0\n2 | 1\n3 | 0\n4 | 1, 3\n",
            "1 | Is there a motorcycle?\n2 | Is the motorcycle blue?\n\n3 | Is there a door?\n4 | Is the motorcycle next to the door?\n",
        )
        .unwrap();
        assert_eq!(set.questions().len(), 4);
        assert_eq!(set.parents(3), [0, 2]);
        assert_eq!(
            set.questions()[1].kind.as_deref(),
            Some("attribute - color")
        );
        assert_eq!(
            set.questions()[1].element.as_deref(),
            Some("motorcycle, blue")
        );
        assert!(set.parents(0).is_empty());
    }

    #[test]
    fn odd_dependencies_are_read_as_the_authors_read_them() {
        assert_eq!(parents_of("5, background"), ["5"]);
        assert_eq!(parents_of("0, 2"), ["2"]);
        assert!(parents_of("-").is_empty());
        assert!(parents_of("0").is_empty());
    }

    #[test]
    fn what_is_no_such_text_is_refused_with_its_line() {
        let refused = |questions: &str| parse_dsg("", "", questions).unwrap_err().to_string();
        assert_eq!(
            refused("Is there a door?"),
            "line 1: `Is there a door?` is not `id | text`"
        );
        assert!(refused("1 | \n").contains("no text"));
        assert!(refused("1 | a?\n1 | b?").contains("two questions have the id `1`"));
        assert!(refused("").contains("no question"));
        let circle = parse_dsg("", "1 | 2\n2 | 1", "1 | a?\n2 | b?").unwrap_err();
        assert!(matches!(circle, ChecklistError::Circle { .. }));
    }
}
