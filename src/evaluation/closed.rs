//! Closed questions in a caller's own words: what is asked, and which answers are allowed in which spellings.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use crate::judging::AnswerOption;
use crate::judging::protocol::ClosedQuestion;

/// Most questions at a time.
pub const MOST_QUESTIONS: usize = 64;
/// Most answers that a question may allow.
pub const MOST_ANSWERS: usize = 64;
/// Most spellings of an answer, its name among them.
const MOST_SPELLINGS: usize = 16;
/// Longest question, in characters.
const LONGEST_QUESTION: usize = 4_000;
/// Longest answer or spelling, and longest id.
const LONGEST_ANSWER: usize = 200;

/// A question as it was given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenQuestion {
    /// Its id; its place from 0 where none is given.
    pub id: Option<String>,
    /// What is asked.
    pub question: String,
    /// The allowed answers; yes and no where none are given.
    #[serde(default)]
    pub answers: Option<GivenAnswers>,
}

/// Allowed answers with their further spellings, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenAnswers(pub Vec<(String, Vec<String>)>);

/// A question that can be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct AskedQuestion {
    /// Its id.
    pub id: String,
    /// The question.
    pub asked: ClosedQuestion,
}

/// Why a question cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("question {at}: {detail}")]
pub struct QuestionFault {
    /// Its place from 0.
    pub at: usize,
    /// `id`, `question` or `answers`.
    pub field: &'static str,
    /// What is wrong with that.
    pub detail: String,
}

/// Checks questions: texts of a bounded length, ids that differ, and answers that can be told apart.
///
/// # Errors
/// The first fault. How many there may be is for whoever counts them: [`MOST_QUESTIONS`].
pub fn closed_questions(given: Vec<GivenQuestion>) -> Result<Vec<AskedQuestion>, QuestionFault> {
    let mut ids = BTreeSet::new();
    let mut asked = Vec::with_capacity(given.len());
    for (at, given) in given.into_iter().enumerate() {
        let wrong = |(field, detail): (&'static str, String)| QuestionFault { at, field, detail };
        let question = check(at, given).map_err(wrong)?;
        if !ids.insert(question.id.clone()) {
            let detail = format!("two questions have the id `{}`", question.id);
            return Err(wrong(("id", detail)));
        }
        asked.push(question);
    }
    Ok(asked)
}

/// Reads questions from JSON, a list of `{"id", "question", "answers"}`.
///
/// # Errors
/// What is wrong, for people.
pub fn parse_closed_questions(json: &str) -> Result<Vec<AskedQuestion>, String> {
    let given: Vec<GivenQuestion> = serde_json::from_str(json).map_err(|e| e.to_string())?;
    if !(1..=MOST_QUESTIONS).contains(&given.len()) {
        let count = given.len();
        return Err(format!(
            "there are 1 to {MOST_QUESTIONS} questions, not {count}"
        ));
    }
    closed_questions(given).map_err(|fault| fault.to_string())
}

fn check(at: usize, given: GivenQuestion) -> Result<AskedQuestion, (&'static str, String)> {
    let id = given.id.unwrap_or_else(|| at.to_string());
    bounded("an id", &id, LONGEST_ANSWER).map_err(|detail| ("id", detail))?;
    let text = given.question;
    bounded("a question", &text, LONGEST_QUESTION).map_err(|detail| ("question", detail))?;
    let asked = match given.answers {
        None => ClosedQuestion::yes_no(text).map_err(|error| error.to_string()),
        Some(answers) => with_answers(text, answers),
    };
    let asked = asked.map_err(|detail| ("answers", detail))?;
    Ok(AskedQuestion { id, asked })
}

fn with_answers(text: String, GivenAnswers(given): GivenAnswers) -> Result<ClosedQuestion, String> {
    if given.len() > MOST_ANSWERS {
        let count = given.len();
        return Err(format!(
            "a question allows at most {MOST_ANSWERS} answers, not {count}"
        ));
    }
    let mut answers = Vec::with_capacity(given.len());
    for (name, spellings) in given {
        if spellings.len() >= MOST_SPELLINGS {
            return Err(format!("an answer has at most {MOST_SPELLINGS} spellings"));
        }
        for spelling in [&name].into_iter().chain(&spellings) {
            bounded("an answer", spelling, LONGEST_ANSWER)?;
        }
        answers.push(AnswerOption::new(name, spellings).map_err(|error| error.to_string())?);
    }
    ClosedQuestion::with(text, answers).map_err(|error| error.to_string())
}

fn bounded(what: &str, text: &str, most: usize) -> Result<(), String> {
    let length = text.chars().count();
    match text.trim().is_empty() {
        false if length <= most => Ok(()),
        false => Err(format!(
            "{what} has at most {most} characters, this one has {length}"
        )),
        true => Err(format!("{what} is empty")),
    }
}

impl<'de> Deserialize<'de> for GivenAnswers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnswersVisitor)
    }
}

struct AnswersVisitor;

impl<'de> Visitor<'de> for AnswersVisitor {
    type Value = GivenAnswers;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of answers, or an object of lists of further spellings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<GivenAnswers, A::Error> {
        let mut answers = Vec::new();
        while let Some(name) = items.next_element()? {
            answers.push((name, Vec::new()));
        }
        Ok(GivenAnswers(answers))
    }

    /// In the order in which they are given; a name that stands twice is found when they are checked.
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<GivenAnswers, A::Error> {
        let mut answers = Vec::new();
        while let Some(answer) = fields.next_entry()? {
            answers.push(answer);
        }
        Ok(GivenAnswers(answers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_a_list_or_spellings_by_name_or_yes_and_no() {
        let json = r#"[
            {"question": "Is it a dog?"},
            {"id": "colour", "question": "Which colour?", "answers": ["red", "blue"]},
            {"question": "Where?", "answers": {"left": ["to the left"], "centre": [], "right": []}}
        ]"#;
        let asked = parse_closed_questions(json).unwrap();
        let ids: Vec<&str> = asked.iter().map(|question| question.id.as_str()).collect();
        assert_eq!(ids, ["0", "colour", "2"]);
        let names = |at: usize| -> Vec<&str> { asked[at].asked.options.names().collect() };
        assert_eq!(names(0), ["yes", "no"]);
        assert_eq!(names(1), ["red", "blue"]);
        assert_eq!(names(2), ["left", "centre", "right"]);
        let left = &asked[2].asked.options.as_slice()[0];
        assert_eq!(left.spellings(), ["left", "to the left"]);
    }

    #[test]
    fn what_cannot_be_asked_is_named_with_its_place() {
        let question = |question: &str, answers: Option<&[&str]>| GivenQuestion {
            id: None,
            question: question.to_owned(),
            answers: answers.map(|answers| {
                let answers = answers.iter().map(|name| ((*name).to_owned(), vec![]));
                GivenAnswers(answers.collect())
            }),
        };
        let many: Vec<String> = (0..=MOST_ANSWERS).map(|n| n.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let long = "x".repeat(LONGEST_QUESTION + 1);
        for (given, field) in [
            (question(" ", None), "question"),
            (question(&long, None), "question"),
            (question("?", Some(&["one"])), "answers"),
            (question("?", Some(&[])), "answers"),
            (question("?", Some(&["a", "a"])), "answers"),
            (question("?", Some(&["a", ""])), "answers"),
            (question("?", Some(&many)), "answers"),
        ] {
            let fault = closed_questions(vec![question("fine?", None), given]).unwrap_err();
            assert_eq!((fault.at, fault.field), (1, field), "{fault}");
        }
        let named = |id: &str| GivenQuestion {
            id: Some(id.to_owned()),
            ..question("?", None)
        };
        let twice = closed_questions(vec![named("1"), question("?", None)]).unwrap_err();
        assert_eq!((twice.at, twice.field), (1, "id"));
        assert!(parse_closed_questions("[]").is_err());
    }
}
