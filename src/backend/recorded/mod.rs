//! Replays answers from a JSON Lines file: a run can be repeated with no model at all.
//!
//! One object a line. `images` are the digests of the encoded images in order; `options` the names of
//! the allowed answers; then the answer:
//!
//! ```text
//! {"images": ["blake3:..."], "options": ["good", "poor"], "log_mass": [-0.1, -2.4], "coverage": 0.98, "readout": "closed_set"}
//! {"images": ["blake3:..."], "value": 3.5}
//! {"images": ["blake3:..."], "text": "sharp, but noisy"}
//! ```
//! `prompt`, the digest of the whole prompt, may be given to bind a line to one wording. Where a question is
//! asked several times, `repeat` counts its answers from 0. Counted samples have `counts` and `drawn`
//! instead of `log_mass`, an answer that was written out the one count of its option and the readout `parsed_text`;
//! an option that was not listed has its `ceiling`, with `null` for the others.

mod line;
mod writer;

use std::collections::HashMap;
use std::path::Path;

use async_trait::async_trait;

use super::{Abilities, Backend, BackendError, BackendId};
use crate::digest::Digest;
use crate::judging::{Answer, Image, Prompt, Readout, Wanted};
use line::Line;

pub use writer::Recorder;

/// A recording that cannot be read: where and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct RecordingError {
    /// The file.
    pub file: String,
    /// The line from 1; 0 for the file as a whole.
    pub line: usize,
    /// What was wrong.
    pub message: String,
}

/// A backend that only remembers.
#[derive(Debug)]
pub struct Recorded {
    id: BackendId,
    answers: HashMap<Question, Answer>,
    abilities: Abilities,
}

/// What a recorded line answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Question {
    prompt: Option<Digest>,
    images: Vec<Digest>,
    wanted: WantedKey,
    repeat: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum WantedKey {
    Options(Vec<String>),
    Value,
    Text,
}

impl Recorded {
    /// Reads a recording; its digest is the model revision.
    ///
    /// # Errors
    /// A file that cannot be read, or the first line that is not an answer.
    pub fn load(name: &str, path: &Path) -> Result<Self, RecordingError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| RecordingError {
            file: file.clone(),
            line: 0,
            message: format!("cannot be read: {error}"),
        })?;
        Self::parse(name, &file, &text)
    }

    /// Reads a recording from text; `file` names it in errors.
    ///
    /// # Errors
    /// The first line that is not an answer, or that answers a question again.
    pub fn parse(name: &str, file: &str, text: &str) -> Result<Self, RecordingError> {
        let mut answers = HashMap::new();
        for (index, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let error = |message| RecordingError {
                file: file.to_owned(),
                line: index + 1,
                message,
            };
            let typed: Line = serde_json::from_str(line).map_err(|e| error(e.to_string()))?;
            let (question, answer) = typed.check().map_err(error)?;
            if answers.insert(question, answer).is_some() {
                return Err(error(
                    "this question is already answered by an earlier line".into(),
                ));
            }
        }
        let id = BackendId {
            name: name.to_owned(),
            model_revision: Digest::of(text.as_bytes()).to_string(),
        };
        Ok(Recorded {
            id,
            abilities: abilities(&answers),
            answers,
        })
    }

    /// Digests of the prompts that lines are bound to.
    fn prompts(&self) -> impl Iterator<Item = Digest> {
        self.answers.keys().filter_map(|question| question.prompt)
    }

    fn recall(&self, prompt: &Prompt) -> Result<Answer, BackendError> {
        let wanted = match prompt.wanted() {
            Wanted::Options(options) => {
                WantedKey::Options(options.names().map(str::to_owned).collect())
            }
            Wanted::Value => WantedKey::Value,
            Wanted::Text => WantedKey::Text,
        };
        let images = prompt.images().map(Image::digest).collect();
        let mut question = Question {
            prompt: Some(prompt.digest()),
            images,
            wanted,
            repeat: prompt.repeat(),
        };
        let bound = self.answers.get(&question);
        question.prompt = None;
        bound
            .or_else(|| self.answers.get(&question))
            .cloned()
            .ok_or_else(|| BackendError::CannotAnswer {
                backend: self.id.name.clone(),
                message: format!(
                    "no line of the recording has these images and options (prompt {})",
                    prompt.digest()
                ),
            })
    }
}

/// What the lines show that can be asked.
fn abilities(answers: &HashMap<Question, Answer>) -> Abilities {
    let has = |wanted: fn(&WantedKey) -> bool| answers.keys().any(|asked| wanted(&asked.wanted));
    let options = has(|wanted| matches!(wanted, WantedKey::Options(_)));
    let read = |readout: &Readout| {
        answers
            .values()
            .any(|answer| matches!(answer, Answer::Choice(choice) if choice.readout() == *readout))
    };
    let images = answers.keys().map(|question| question.images.len());
    Abilities {
        images_per_prompt: images.max().unwrap_or(0),
        options,
        value: has(|wanted| matches!(wanted, WantedKey::Value)),
        text: has(|wanted| matches!(wanted, WantedKey::Text)),
        log_probabilities: options,
        readouts: Readout::ALL.into_iter().filter(read).collect(),
        answer_prefix: true,
        concurrency: 64,
    }
}

#[async_trait]
impl Backend for Recorded {
    fn id(&self) -> &BackendId {
        &self.id
    }

    fn abilities(&self) -> Abilities {
        self.abilities.clone()
    }

    async fn ask(&self, prompts: &[Prompt]) -> Vec<Result<Answer, BackendError>> {
        prompts.iter().map(|prompt| self.recall(prompt)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_is_named() {
        let zero = "blake3:0000000000000000000000000000000000000000000000000000000000000000";
        let cases = [
            ("{".to_owned(), "EOF"),
            (
                format!(r#"{{"images": ["{zero}"], "options": ["a", "b"], "log_mass": [0]}}"#),
                "2 options have 1",
            ),
            (format!(r#"{{"images": ["{zero}"]}}"#), "a line has"),
            (
                format!(r#"{{"images": ["{zero}"], "valeu": 1}}"#),
                "unknown field `valeu`",
            ),
            (
                r#"{"images": ["x"], "value": 1}"#.to_owned(),
                "is not `blake3:`",
            ),
            (
                r#"{"images": [], "options": ["a", "b"], "counts": [1, 1], "readout": "parsed_text"}"#.to_owned(),
                "counts one answer",
            ),
            (
                r#"{"images": [], "options": ["a", "b"], "counts": [1, 1], "readout": "closed_set"}"#.to_owned(),
                "counts no answers",
            ),
        ];
        for (line, message) in cases {
            let error = Recorded::parse("r", "answers.jsonl", &format!("\n{line}")).unwrap_err();
            assert_eq!(error.line, 2);
            assert!(error.to_string().contains(message), "{error}");
        }
    }

    #[test]
    fn a_second_answer_to_a_question_is_refused() {
        let line = r#"{"images": [], "value": 1}"#;
        let error = Recorded::parse("r", "answers.jsonl", &format!("{line}\n{line}")).unwrap_err();
        assert_eq!(error.line, 2);
    }
}
