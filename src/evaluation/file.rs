//! A set of questions in JSON: our own form, TIFA's, or DSG's three texts.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::judging::checklist::{
    ChecklistError, ChecklistQuestion, QuestionSet, WantedAnswer, parse_dsg,
};
use crate::judging::t2i_eval::ShapeError;

/// Why questions could not be read.
#[derive(Debug, thiserror::Error)]
pub enum QuestionFileError {
    /// The file.
    #[error("`{file}` cannot be read: {error}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// JSON of another form.
    #[error(
        "{0}; expected {{\"questions\": [{{\"id\", \"question\", \"answer\", ...}}]}}, TIFA's list of questions, or \
         {{\"dsg\": {{\"tuples\", \"dependencies\", \"questions\"}}}}"
    )]
    Form(String),
    /// Questions that do not hold.
    #[error(transparent)]
    Set(#[from] ChecklistError),
    /// An extraction of another shape.
    #[error(transparent)]
    Extraction(#[from] ShapeError),
}

/// Most bytes of a file of questions.
const MOST_BYTES: u64 = 4 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnFile {
    questions: Vec<OwnQuestion>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnQuestion {
    id: Option<String>,
    question: String,
    #[serde(default = "yes")]
    answer: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    choices: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    element: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weight: Option<f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parents: Vec<String>,
}

fn yes() -> String {
    "yes".to_owned()
}

/// TIFA's file has more fields than are used here.
#[derive(Deserialize)]
struct TifaQuestion {
    question: String,
    choices: Vec<String>,
    answer: String,
    element_type: Option<String>,
    element: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DsgFile {
    dsg: DsgTexts,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DsgTexts {
    #[serde(default)]
    tuples: String,
    #[serde(default)]
    dependencies: String,
    questions: String,
}

/// Reads a file of questions.
///
/// # Errors
/// [`QuestionFileError`].
pub fn read_questions(path: &Path) -> Result<QuestionSet, QuestionFileError> {
    parse_questions(&read_text(path)?)
}

/// The text of a file of bounded length.
pub(super) fn read_text(path: &Path) -> Result<String, QuestionFileError> {
    let unreadable = |error| QuestionFileError::Unreadable {
        file: path.display().to_string(),
        error,
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MOST_BYTES {
        let detail = format!("the file has {size} bytes, and may have {MOST_BYTES}");
        return Err(QuestionFileError::Form(detail));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

/// Reads questions from JSON.
///
/// # Errors
/// [`QuestionFileError::Form`] and [`QuestionFileError::Set`].
pub fn parse_questions(json: &str) -> Result<QuestionSet, QuestionFileError> {
    let value: serde_json::Value =
        serde_json::from_str(json).map_err(|error| QuestionFileError::Form(error.to_string()))?;
    let form = |error: serde_json::Error| QuestionFileError::Form(error.to_string());
    if value.is_array() {
        let typed: Vec<TifaQuestion> = serde_json::from_value(value).map_err(form)?;
        return tifa(typed);
    }
    if value.get("dsg").is_some() {
        let DsgFile { dsg } = serde_json::from_value(value).map_err(form)?;
        return Ok(parse_dsg(&dsg.tuples, &dsg.dependencies, &dsg.questions)?);
    }
    let typed: OwnFile = serde_json::from_value(value).map_err(form)?;
    let questions = typed.questions.into_iter().enumerate().map(|(at, typed)| {
        let id = typed.id.unwrap_or_else(|| (at + 1).to_string());
        Ok(ChecklistQuestion {
            wanted: wanted(&id, &typed.answer, typed.choices)?,
            id,
            text: typed.question,
            kind: typed.kind,
            element: typed.element,
            weight: typed.weight.unwrap_or(1.0),
            parents: typed.parents,
        })
    });
    let questions = questions.collect::<Result<Vec<_>, ChecklistError>>()?;
    Ok(QuestionSet::new(questions)?)
}

/// A set in our own form, which [`parse_questions`] reads back.
pub fn questions_json(set: &QuestionSet) -> String {
    let own = |question: &ChecklistQuestion| {
        let (choices, answer) = match &question.wanted {
            WantedAnswer::Yes => (Vec::new(), yes()),
            WantedAnswer::No => (Vec::new(), "no".to_owned()),
            WantedAnswer::Choice { options, right } => (options.clone(), options[*right].clone()),
        };
        OwnQuestion {
            id: Some(question.id.clone()),
            question: question.text.clone(),
            answer,
            choices,
            kind: question.kind.clone(),
            element: question.element.clone(),
            weight: Some(question.weight),
            parents: question.parents.clone(),
        }
    };
    let file = OwnFile {
        questions: set.questions().iter().map(own).collect(),
    };
    serde_json::to_string_pretty(&file).expect("strings and finite numbers are always JSON")
}

fn tifa(typed: Vec<TifaQuestion>) -> Result<QuestionSet, QuestionFileError> {
    let questions = typed.into_iter().map(|typed| {
        Ok(ChecklistQuestion {
            wanted: wanted(&typed.question, &typed.answer, typed.choices)?,
            // A question of TIFA has no id of its own: its text tells it from the others.
            id: typed.question.clone(),
            text: typed.question,
            kind: typed.element_type,
            element: typed.element,
            weight: 1.0,
            parents: Vec::new(),
        })
    });
    let questions = questions.collect::<Result<Vec<_>, ChecklistError>>()?;
    Ok(QuestionSet::new(questions)?)
}

fn wanted(id: &str, answer: &str, choices: Vec<String>) -> Result<WantedAnswer, ChecklistError> {
    let is = |word: &str| answer.eq_ignore_ascii_case(word);
    let yes_no = choices.is_empty()
        || choices.len() == 2
            && choices.iter().all(|choice| {
                choice.eq_ignore_ascii_case("yes") || choice.eq_ignore_ascii_case("no")
            });
    if yes_no && is("yes") {
        return Ok(WantedAnswer::Yes);
    }
    if yes_no && is("no") {
        return Ok(WantedAnswer::No);
    }
    match choices.iter().position(|choice| choice == answer) {
        Some(right) => Ok(WantedAnswer::Choice {
            options: choices,
            right,
        }),
        None => Err(ChecklistError::Answers {
            id: id.to_owned(),
            detail: format!(
                "its answer `{answer}` is not one of its choices; a question without `choices` wants `yes` or `no`"
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_forms_are_read() {
        let own = parse_questions(
            r#"{"questions": [{"question": "Is there a dog?"},
                {"id": "c", "question": "What colour is it?", "choices": ["red", "blue"], "answer": "blue", "parents": ["1"], "kind": "color"}]}"#,
        )
        .unwrap();
        assert_eq!(own.parents(1), [0]);
        assert!(matches!(
            own.questions()[1].wanted,
            WantedAnswer::Choice { right: 1, .. }
        ));
        let tifa = parse_questions(
            r#"[{"id": "coco_1", "caption": "a dog", "question": "is this a dog?", "choices": ["yes", "no"], "answer": "yes",
                "element_type": "animal/human", "element": "dog"}]"#,
        )
        .unwrap();
        assert_eq!(tifa.questions()[0].wanted, WantedAnswer::Yes);
        assert_eq!(tifa.questions()[0].kind.as_deref(), Some("animal/human"));
        let dsg = parse_questions(
            r#"{"dsg": {"dependencies": "1 | 0\n2 | 1", "questions": "1 | Is there a dog?\n2 | Is it red?"}}"#,
        )
        .unwrap();
        assert_eq!(dsg.parents(1), [0]);
    }

    #[test]
    fn what_is_no_question_file_is_refused() {
        for (json, message) in [
            ("{", "expected {\"questions\""),
            ("{}", "missing field `questions`"),
            (r#"{"questions": []}"#, "no question"),
            (
                r#"{"questions": [{"question": "?", "answer": "blue"}]}"#,
                "not one of its choices",
            ),
            (
                r#"{"questions": [{"question": "a?", "id": "x"}, {"question": "b?", "id": "x"}]}"#,
                "the id `x`",
            ),
            (
                r#"{"questions": [{"question": "a?", "anser": "x"}]}"#,
                "unknown field `anser`",
            ),
        ] {
            let error = parse_questions(json).unwrap_err().to_string();
            assert!(error.contains(message), "{json}: {error}");
        }
    }
}
