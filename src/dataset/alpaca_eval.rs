//! AlpacaEval 2 preferences: the authors' `annotations.json` of one model, or a CSV with one row for each model
//! and instruction.
//!
//! A preference is 1 where the baseline's answer is better, 2 where the model's is, and between them the
//! annotator's probability; `null` where the annotator gave none. Columns of the CSV: `model`, `idx`,
//! `preference_1to2` and the lengths of both answers in characters.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use super::delimited::{Delimited, Delimiter};
use super::{DatasetError, json};

/// Everything the annotator said of one model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Name of the model.
    pub name: String,
    /// One answer for each instruction.
    pub answers: Vec<Answer>,
}

/// What the annotator said of one answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// From 1, the baseline's answer is better, to 2, the model's is.
    pub preference: f64,
    /// Characters of the model's answer.
    pub length: f64,
    /// Characters of the baseline's answer.
    pub baseline_length: f64,
}

#[derive(Deserialize)]
struct Annotation {
    output_1: String,
    output_2: String,
    preference: Option<f64>,
}

/// Reads the annotations of the model called `name`; instructions without a preference are left out.
///
/// # Errors
/// A file that cannot be read, is truncated or of another form; a preference outside of 1..=2; no preference at all.
pub fn read_annotations(path: &Path, name: &str) -> Result<Model, DatasetError> {
    let error = |reason| DatasetError {
        path: path.display().to_string(),
        byte: 0,
        reason,
    };
    let annotations: Vec<Annotation> = json::document(path)?;
    let mut answers = Vec::with_capacity(annotations.len());
    for (index, annotation) in annotations.iter().enumerate() {
        let Some(preference) = annotation.preference else {
            continue;
        };
        if !PREFERENCES.contains(&preference) {
            return Err(error(format!(
                "the preference of annotation {index} is {preference}; expected 1 to 2"
            )));
        }
        answers.push(Answer {
            preference,
            length: characters(&annotation.output_2),
            baseline_length: characters(&annotation.output_1),
        });
    }
    if answers.is_empty() {
        return Err(error("there is no preference".into()));
    }
    Ok(Model {
        name: name.to_owned(),
        answers,
    })
}

fn characters(text: &str) -> f64 {
    text.chars().map(|_| 1.0).sum()
}

const PREFERENCES: std::ops::RangeInclusive<f64> = 1.0..=2.0;

/// Reads the preferences of a CSV, models in the order in which they come.
///
/// # Errors
/// A file that cannot be read or is damaged; a preference outside of 1..=2; an instruction that a model has twice.
pub fn read(path: &Path) -> Result<Vec<Model>, DatasetError> {
    models(&Delimited::read(path, Delimiter::Comma)?)
}

fn models(file: &Delimited) -> Result<Vec<Model>, DatasetError> {
    let [model, index, preference, baseline_length, length] = file.columns([
        "model",
        "idx",
        "preference_1to2",
        "len_baseline_chars",
        "len_model_chars",
    ])?;
    let mut models: Vec<Model> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut seen = HashSet::new();
    for record in &file.records {
        let name = record.cells[model].as_str();
        let answer = Answer {
            preference: file.number(record, preference)?,
            length: file.number(record, length)?,
            baseline_length: file.number(record, baseline_length)?,
        };
        if !PREFERENCES.contains(&answer.preference) {
            return Err(file.at(
                record,
                format!("the preference is {}; expected 1 to 2", answer.preference),
            ));
        }
        if !seen.insert((name, &record.cells[index])) {
            let index = &record.cells[index];
            return Err(file.at(
                record,
                format!("`{name}` has instruction {index} a second time"),
            ));
        }
        let place = *places.entry(name).or_insert_with(|| {
            models.push(Model {
                name: name.to_owned(),
                answers: Vec::new(),
            });
            models.len() - 1
        });
        models[place].answers.push(answer);
    }
    Ok(models)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "model,idx,preference_1to2,len_baseline_chars,len_model_chars";

    fn parse(rows: &str) -> Result<Vec<Model>, DatasetError> {
        let text = format!("{HEADER}\n{rows}");
        models(&Delimited::parse(
            "preferences.csv".into(),
            text.as_bytes(),
            Delimiter::Comma,
        )?)
    }

    #[test]
    fn answers_are_gathered_by_model() {
        let models = parse("b,0,1.25,100,90\na,0,2,50,70\nb,1,1.5,10,20\n").unwrap();
        assert_eq!(
            (models[0].name.as_str(), models[1].name.as_str()),
            ("b", "a")
        );
        let preferences: Vec<f64> = models[0].answers.iter().map(|a| a.preference).collect();
        assert_eq!(preferences, [1.25, 1.5]);
        assert_eq!(
            (
                models[1].answers[0].baseline_length,
                models[1].answers[0].length
            ),
            (50.0, 70.0)
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (rows, reason) in [
            ("a,0,0.5,1,1\n", "line 2: the preference is 0.5"),
            (
                "a,0,1.5,1,1\na,0,1.5,1,1\n",
                "line 3: `a` has instruction 0 a second time",
            ),
            ("a,0,,1,1\n", "line 2: `preference_1to2` is ``"),
            ("a,0,1.5\n", "line 2: 3 cells"),
            ("", "no record"),
        ] {
            let error = parse(rows).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    fn annotations(text: &str) -> Result<Model, DatasetError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read_annotations(file.path(), "mine")
    }

    #[test]
    fn annotations_are_read_as_their_authors_write_them() {
        let model = annotations(
            r#"[{"instruction": "x", "output_1": "four", "generator_1": "base", "output_2": "\u00e9\n", "preference": 1.25, "raw_completion": {"index": 0}},
               {"instruction": "y", "output_1": "", "output_2": "", "preference": null},
               {"instruction": "z", "output_1": "", "output_2": "", "preference": NaN}]"#,
        );
        let expected = Answer {
            preference: 1.25,
            length: 2.0,
            baseline_length: 4.0,
        };
        assert_eq!(model.unwrap().answers, [expected]);
    }

    #[test]
    fn broken_annotations_are_said() {
        for (text, reason) in [
            (r#"[{"output_1": "", "output_2": "", "pref"#, "truncated"),
            (
                r#"[{"output_1": "", "output_2": "", "preference": 0}]"#,
                "annotation 0 is 0",
            ),
            (
                r#"[{"output_1": "", "preference": 1}]"#,
                "missing field `output_2`",
            ),
            ("[]", "no preference"),
        ] {
            let error = annotations(text).unwrap_err();
            assert!(error.reason.contains(reason), "{error}");
        }
    }
}
