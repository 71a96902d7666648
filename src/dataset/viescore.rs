//! Scores that VIEScore's judges gave: `judge_scores.tsv`, one line per judge, image and aspect.
//!
//! Columns `judge`, `setting`, `task`, `model`, `uid`, `dim` (SC or PQ) and `score_raw_json`, the score as the judge's
//! answer held it: a list of one or more numbers, or a bare number.

use std::collections::HashSet;
use std::path::Path;

use serde::Deserialize;

use super::DatasetError;
use super::delimited::{Delimited, Delimiter, Record};

/// What a judge was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// SC: does the image do what was asked?
    Consistency,
    /// PQ: does it look natural and free of artefacts?
    Quality,
}

/// A score as the judge gave it, from 0 to 10 if it followed the instruction.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Given {
    /// A bare number.
    One(f64),
    /// A list, never empty.
    Several(Vec<f64>),
}

/// One score.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The judge and how it was prompted, such as `gemini 0shot`.
    pub judge: String,
    /// The task.
    pub task: String,
    /// The model that made the image.
    pub model: String,
    /// The item, by its name in the human ratings.
    pub item: String,
    /// What was asked for.
    pub aspect: Aspect,
    /// What was given.
    pub given: Given,
}

/// Reads `judge_scores.tsv`.
///
/// # Errors
/// A file that cannot be read, is truncated or is not of this format; two scores for one question.
pub fn read(path: &Path) -> Result<Vec<Score>, DatasetError> {
    scores(&Delimited::read(path, Delimiter::Tab)?)
}

fn scores(file: &Delimited) -> Result<Vec<Score>, DatasetError> {
    let [judge, setting, task, model, uid, dim, given] = file.columns([
        "judge",
        "setting",
        "task",
        "model",
        "uid",
        "dim",
        "score_raw_json",
    ])?;
    let mut asked = HashSet::new();
    let mut scores = Vec::with_capacity(file.records.len());
    for record in &file.records {
        let cell = |column: usize| record.cells[column].clone();
        let question = [judge, setting, task, model, uid, dim].map(|column| &record.cells[column]);
        if !asked.insert(question) {
            return Err(file.at(record, "there is an earlier score for the same question"));
        }
        scores.push(Score {
            judge: format!("{} {}", cell(judge), cell(setting)),
            task: cell(task),
            model: cell(model),
            item: cell(uid),
            aspect: aspect(file, record, dim)?,
            given: read_given(file, record, given)?,
        });
    }
    Ok(scores)
}

fn aspect(file: &Delimited, record: &Record, column: usize) -> Result<Aspect, DatasetError> {
    match record.cells[column].as_str() {
        "SC" => Ok(Aspect::Consistency),
        "PQ" => Ok(Aspect::Quality),
        other => Err(file.at(record, format!("`dim` is `{other}`; expected `SC` or `PQ`"))),
    }
}

fn read_given(file: &Delimited, record: &Record, column: usize) -> Result<Given, DatasetError> {
    let text = &record.cells[column];
    serde_json::from_str::<Given>(text)
        .ok()
        .filter(|given| match given {
            Given::One(_) => true,
            Given::Several(values) => !values.is_empty(),
        })
        .ok_or_else(|| {
            file.at(
                record,
                format!(
                    "`score_raw_json` is `{text}`; expected a number or a list of numbers, such as `[7, 8]`"
                ),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "judge\tsetting\ttask\tmodel\tuid\tdim\tscore_raw_json\n";
    const ONE: &str = "llava\t0shot\tText-Guided_IG\tSD\ta.jpg\tSC\t[7, 8]\n";
    const TWO: &str = "llava\t0shot\tText-Guided_IG\tSD\ta.jpg\tPQ\t6.5\n";

    fn parse(text: &str) -> Result<Vec<Score>, DatasetError> {
        scores(&Delimited::parse(
            "judge_scores.tsv".into(),
            text.as_bytes(),
            Delimiter::Tab,
        )?)
    }

    #[test]
    fn lists_and_bare_numbers_are_read() {
        let scores = parse(&format!("{HEAD}{ONE}{TWO}")).unwrap();
        assert_eq!(scores[0].judge, "llava 0shot");
        assert_eq!(scores[0].given, Given::Several(vec![7.0, 8.0]));
        assert_eq!(
            (scores[1].aspect, &scores[1].given),
            (Aspect::Quality, &Given::One(6.5))
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let cases = [
            (
                format!("{HEAD}{ONE}{ONE}"),
                "line 3: there is an earlier score",
            ),
            (
                format!("{HEAD}{}", ONE.replace("[7, 8]", "[]")),
                "line 2: `score_raw_json` is `[]`",
            ),
            (
                format!("{HEAD}{TWO}{}", &ONE[..ONE.len() - 2]),
                "line 3: `score_raw_json` is `[7, 8`",
            ),
            (
                format!("{HEAD}{}", ONE.replace("[7, 8]", "\"I cannot\"")),
                "line 2",
            ),
            (format!("{HEAD}{}", ONE.replace("SC", "O")), "`dim` is `O`"),
            (format!("{HEAD}{}", ONE.replace("\tSC", "")), "6 cells"),
            (HEAD.replace("dim", "aspect") + ONE, "no column `dim`"),
        ];
        for (text, reason) in cases {
            let error = parse(&text).unwrap_err();
            assert!(error.reason.contains(reason), "{error}");
        }
    }
}
