//! Closed questions about an item's images, in the caller's words: the same of every item, or the item's own.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Asked, Operation, Options, Pictured, Place};
use crate::engine::{BindError, Judge};
use crate::evaluation::{AskedQuestion, GivenQuestion, closed_questions, parse_closed_questions};
use crate::jobs::SettingFault;
use crate::judging::protocol::Chosen;
use crate::judging::{Reason, Unscored};
use crate::wire::ChooseResult;

pub(super) const OPTIONS: &[&str] = &["question", "answers", "questions"];

/// Most images of one item.
const MOST_IMAGES: usize = 16;

#[derive(Debug)]
struct Choose {
    /// The questions of every item; none where each item brings its own in its texts.
    questions: Option<Vec<AskedQuestion>>,
}

pub(super) fn make(options: &Options) -> Result<Arc<dyn Operation>, SettingFault> {
    let get = |name: &str| options.get(name).map(String::as_str);
    let questions = match (get("question"), get("questions")) {
        (Some(_), Some(_)) => {
            let message = "stands beside `question`; one of them says what is asked";
            return Err(SettingFault::new("questions", message));
        }
        (Some(question), None) => {
            let asked = one(question, get("answers"));
            Some(asked.map_err(|(field, detail)| SettingFault::new(field, detail))?)
        }
        (None, _) if get("answers").is_some() => {
            let message = "are those of `question`, which is not given";
            return Err(SettingFault::new("answers", message));
        }
        (None, Some(json)) => {
            let asked = parse_closed_questions(json);
            Some(asked.map_err(|detail| {
                SettingFault::new(
                    "questions",
                    format!("is a list of questions in JSON: {detail}"),
                )
            })?)
        }
        (None, None) => None,
    };
    Ok(Arc::new(Choose { questions }))
}

/// One question, whose answers are JSON; or which of the two is wrong, and how.
fn one(
    question: &str,
    answers: Option<&str>,
) -> Result<Vec<AskedQuestion>, (&'static str, String)> {
    let answers = answers.map(serde_json::from_str).transpose();
    let answers = answers.map_err(|error| ("answers", format!("is JSON: {error}")))?;
    let given = GivenQuestion {
        id: None,
        question: question.to_owned(),
        answers,
    };
    closed_questions(vec![given])
        .map_err(|fault| (fault.field, format!("is refused: {}", fault.detail)))
}

impl Choose {
    /// What an item is asked; its own question is taken out of its texts.
    fn asked(&self, texts: &mut BTreeMap<String, String>) -> Result<Vec<AskedQuestion>, String> {
        if let Some(questions) = &self.questions {
            return Ok(questions.clone());
        }
        let question = texts.remove("question");
        let question = question.ok_or("the item has no text `question`, and the job has none")?;
        let answers = texts.remove("answers");
        one(&question, answers.as_deref()).map_err(|(field, detail)| format!("`{field}` {detail}"))
    }
}

/// Why an item as a whole has no answer: what may pass first, and otherwise what each of its questions lacks.
fn unanswered(answers: &[Result<Chosen, Unscored>]) -> Option<&Unscored> {
    let mut missing = answers.iter().filter_map(|answer| answer.as_ref().err());
    let may_pass =
        |unscored: &&Unscored| matches!(unscored.reason, Reason::Backend | Reason::Deadline);
    let passing = missing.clone().find(may_pass);
    let all = answers.iter().all(Result::is_err);
    passing.or_else(|| missing.next().filter(|_| all))
}

#[async_trait]
impl Operation for Choose {
    fn images(&self) -> RangeInclusive<usize> {
        1..=MOST_IMAGES
    }

    fn texts(&self) -> &'static [&'static str] {
        match self.questions {
            Some(_) => &["question", "options"],
            None => &["options"],
        }
    }

    fn fits(&self, judge: &Judge) -> Result<(), BindError> {
        match judge.card.recipe.choose() {
            Some(_) => Ok(()),
            None => Err(judge.wrong_protocol("choose")),
        }
    }

    async fn ask(&self, at: &Place<'_>, item: Pictured) -> Result<Asked, BindError> {
        let mut texts = item.texts;
        let questions = match self.asked(&mut texts) {
            Ok(questions) => questions,
            Err(detail) => return Ok(Asked::failed("invalid_value", detail)),
        };
        let (names, images): (Vec<_>, Vec<_>) = item.images.into_iter().unzip();
        let images = images.into_iter().collect();
        let asked = questions.iter().map(|one| one.asked.clone()).collect();
        let chosen = at.engine.choose(at.judge, images, texts, asked, at.limits);
        let (provenance, answers) = chosen.await?;
        let result = ChooseResult::new(names, &questions, &provenance, &answers);
        Ok(Asked::of(&result, unanswered(&answers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(options: &[(&str, &str)]) -> Result<Arc<dyn Operation>, SettingFault> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        make(&options.iter().map(owned).collect())
    }

    #[test]
    fn wrong_questions_are_refused_by_name() {
        assert!(asked(&[]).is_ok());
        assert!(asked(&[("question", "a dog?"), ("answers", r#"["yes", "no"]"#)]).is_ok());
        assert!(asked(&[("questions", r#"[{"question": "a dog?"}]"#)]).is_ok());
        for (options, field) in [
            (&[("question", " ")][..], "question"),
            (&[("question", "?"), ("answers", "yes")], "answers"),
            (&[("question", "?"), ("answers", r#"["yes"]"#)], "answers"),
            (&[("answers", r#"["a", "b"]"#)], "answers"),
            (&[("questions", "[]")], "questions"),
            (&[("question", "?"), ("questions", "[]")], "questions"),
        ] {
            assert_eq!(asked(options).unwrap_err().name, field, "{options:?}");
        }
    }

    #[test]
    fn an_item_may_bring_its_own_question() {
        let choose = Choose { questions: None };
        let mut texts = BTreeMap::from([
            ("question".to_owned(), "which?".to_owned()),
            ("answers".to_owned(), r#"["a", "b"]"#.to_owned()),
            ("prompt".to_owned(), "a fox".to_owned()),
        ]);
        let questions = choose.asked(&mut texts).unwrap();
        assert_eq!(questions[0].asked.options.len(), 2);
        assert_eq!(texts.into_keys().collect::<Vec<_>>(), ["prompt"]);
        assert!(choose.asked(&mut BTreeMap::new()).is_err());
    }

    #[test]
    fn a_failing_backend_counts_before_what_cannot_be_answered() {
        let missing = |reason| Err(Unscored::new(reason, ""));
        let answers = [missing(Reason::LowCoverage), missing(Reason::Backend)];
        assert_eq!(unanswered(&answers).unwrap().reason, Reason::Backend);
        assert_eq!(
            unanswered(&answers[..1]).unwrap().reason,
            Reason::LowCoverage
        );
    }
}
