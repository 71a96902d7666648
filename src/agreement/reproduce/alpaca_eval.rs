//! AlpacaEval 2: how often an annotator prefers each model's answers to the baseline's.

use std::path::Path;
use std::sync::LazyLock;

use super::published::Published;
use super::{Keys, ReproduceError, Reproduction, Row, located};
use crate::dataset::alpaca_eval::{self, Answer, Model};
use crate::stats::{Estimate, PairedSample, StatsError, mean, spearman};

const NAME: &str = "alpaca-eval";
const FILES: [&str; 2] = [
    "alpaca_eval_preferences.csv",
    "mllm-judge/alpaca_eval_preferences.csv",
];
/// The file has ten decimals of each preference, so that percentages are off by at most 5e-9.
const TOLERANCE: f64 = 1e-8;
/// The published length is cut to a whole number.
const LENGTH_TOLERANCE: f64 = 1.0;
const LENGTH: &str = "average_length";
/// Published, and out of reach of these files.
const LENGTH_CONTROLLED: &str = "length_controlled_win_rate";
/// The model that answers every instruction with the same text.
const CONSTANT: &str = "NullModel";

static PUBLISHED: LazyLock<Published> =
    LazyLock::new(|| Published::parse(include_str!("alpaca_eval.csv")));

/// Where the authors' repository has the annotations of each model.
const ANNOTATIONS: &str = "weighted_alpaca_eval_gpt4_turbo/annotations.json";

/// Recomputes the leaderboard from the annotator's preferences.
pub(super) fn recompute(folder: &Path) -> Result<Reproduction, ReproduceError> {
    let models = models(folder)?;
    let instructions = models.iter().map(|model| model.answers.len()).max();
    let rows = models
        .iter()
        .flat_map(|model| rows(model, instructions.unwrap_or_default()));
    Ok(Reproduction {
        name: NAME,
        rows: rows.collect(),
    })
}

/// From the authors' `MODEL/weighted_alpaca_eval_gpt4_turbo/annotations.json`, or else from the CSV.
fn models(folder: &Path) -> Result<Vec<Model>, ReproduceError> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| folder.join(name).join(ANNOTATIONS).is_file())
        .collect();
    names.sort_unstable();
    if names.is_empty() {
        let expected = "`MODEL/weighted_alpaca_eval_gpt4_turbo/annotations.json` or `alpaca_eval_preferences.csv`";
        return Ok(alpaca_eval::read(&located(folder, &FILES, expected)?)?);
    }
    let read = |name: &String| {
        let path = folder.join(name).join(ANNOTATIONS);
        Ok(alpaca_eval::read_annotations(&path, name)?)
    };
    names.iter().map(read).collect()
}

/// Rows of one model; `instructions` is how many there are, whether it has an answer to each or not.
fn rows(model: &Model, instructions: usize) -> Vec<Row> {
    let n = model.answers.len();
    let row = |statistic, estimate, convention: &str| {
        let keys = Keys::new([("model", &model.name)]);
        let row = Row::found(keys, statistic, n, estimate, convention);
        let tolerance = if statistic == LENGTH {
            LENGTH_TOLERANCE
        } else {
            TOLERANCE
        };
        match PUBLISHED.get(&[&model.name, statistic]) {
            Some(published) => row.against(published, tolerance),
            None => row,
        }
    };
    let of_answers =
        |value: fn(&Answer) -> f64| mean(&model.answers.iter().map(value).collect::<Vec<_>>());

    let win = of_answers(|answer| 100.0 * (answer.preference - 1.0));
    let error = win
        .clone()
        .map(|win| Estimate::new("standard_error", win.standard_error, n, ""));
    let win_rate = row(
        "win_rate",
        win.map(|win| win.estimate),
        "percent, mean of preference - 1; Student's interval over instructions",
    );
    vec![
        with_remarks(win_rate, model),
        row(
            "standard_error",
            error,
            "percent, s / sqrt(n) with n - 1 in s",
        ),
        row(
            "discrete_win_rate",
            of_answers(|answer| 100.0 * credit(answer.preference)).map(|found| found.estimate),
            "percent, a preference above 1.5 wins, 1.5 earns one half; Student's interval",
        ),
        with_missing_answers(
            row(
                LENGTH,
                average_length(&model.answers, instructions),
                "characters; over all instructions, one without a preference counts as an empty answer; \
                 the published figure is cut to a whole number",
            ),
            instructions - n,
        ),
        row(
            "average_length_of_answers",
            of_answers(|answer| answer.length).map(|found| found.estimate),
            "characters; over answers with a preference; Student's interval",
        ),
        row(
            "srcc_length",
            length_bias(&model.answers),
            "midranks; preference against the model's length less the baseline's",
        ),
    ]
}

/// What a preference earns when only its side of 1.5 counts.
fn credit(preference: f64) -> f64 {
    if preference > 1.5 {
        1.0
    } else if preference < 1.5 {
        0.0
    } else {
        0.5
    }
}

fn average_length(answers: &[Answer], instructions: usize) -> Result<Estimate, StatsError> {
    let mut lengths: Vec<f64> = answers.iter().map(|answer| answer.length).collect();
    lengths.resize(instructions, 0.0);
    mean(&lengths).map(|found| found.estimate)
}

fn with_missing_answers(row: Row, missing: usize) -> Row {
    if missing == 0 {
        return row;
    }
    row.noting(format!(
        "{missing} instructions have no preference; the published length is an average with zeros for \
         them, `average_length_of_answers` is without"
    ))
}

fn length_bias(answers: &[Answer]) -> Result<Estimate, StatsError> {
    let preferences: Vec<f64> = answers.iter().map(|answer| answer.preference).collect();
    let lengths: Vec<f64> = answers
        .iter()
        .map(|answer| answer.length - answer.baseline_length)
        .collect();
    spearman(&PairedSample::new(&preferences, &lengths)?)
}

fn with_remarks(mut row: Row, model: &Model) -> Row {
    if model.name == CONSTANT {
        row = row.noting(
            "an artefact: this model answers every instruction with one constant text, written to \
             mislead the annotator; the rate measures the annotator, not answers",
        );
    }
    if row.value.is_some() && row.ci.is_none() {
        row = row.noting("every preference is the same, so that there is no interval");
    }
    match PUBLISHED.get(&[&model.name, LENGTH_CONTROLLED]) {
        Some(published) => row.noting(format!(
            "published with its length controlled: {published}, a regression that needs every \
             instruction's difficulty and cannot be recomputed from these files"
        )),
        None => row,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "model,idx,preference_1to2,len_baseline_chars,len_model_chars\n\
        NullModel,0,1.5,10,5\nNullModel,1,2.0,10,9\nNullModel,2,1.25,12,2\nNullModel,3,1.25,1,1\n\
        mine,0,1.5,3,4\nmine,1,1.5,3,3\nonce,0,1.5,3,3\n";

    fn table() -> Reproduction {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILES[0]), FILE).unwrap();
        recompute(folder.path()).unwrap()
    }

    fn one<'a>(rows: &'a [Row], model: &str, statistic: &str) -> &'a Row {
        let wanted = |row: &&Row| row.keys.0[0].1 == model && row.statistic == statistic;
        rows.iter().find(wanted).unwrap()
    }

    #[test]
    fn rates_are_percent_of_preference_above_one() {
        let rows = table().rows;
        let value = |statistic| one(&rows, "NullModel", statistic).value.unwrap();
        assert_eq!(
            (value("win_rate"), value("discrete_win_rate")),
            (50.0, 37.5)
        );
        assert!((value("standard_error") - 17.677_669_529_663_69).abs() < 1e-12);
        let rate = one(&rows, "NullModel", "win_rate");
        assert_eq!(rate.published, Some(76.919_791_803_865_11));
        assert_eq!(rate.within_tolerance, Some(false));
        assert!(rate.note.as_ref().unwrap().contains("artefact"));
    }

    #[test]
    fn instructions_without_a_preference_are_empty_answers_only_in_the_published_length() {
        let rows = table().rows;
        let length = one(&rows, "mine", "average_length");
        assert_eq!(length.value, Some(7.0 / 4.0));
        assert!(length.note.as_ref().unwrap().starts_with("2 instructions"));
        assert_eq!(
            one(&rows, "mine", "average_length_of_answers").value,
            Some(3.5)
        );
        assert_eq!(one(&rows, "NullModel", "average_length").note, None);
    }

    #[test]
    fn what_does_not_exist_is_null_and_says_why() {
        let rows = table().rows;
        let rate = one(&rows, "mine", "win_rate");
        assert_eq!(
            (rate.value, rate.ci, rate.published),
            (Some(50.0), None, None)
        );
        for (model, statistic, reason) in [
            ("mine", "srcc_length", "constant"),
            ("once", "win_rate", "at least 2"),
            ("once", "standard_error", "at least 2"),
        ] {
            let row = one(&rows, model, statistic);
            assert_eq!(row.value, None);
            assert!(row.note.as_ref().unwrap().contains(reason), "{row:?}");
        }
    }

    #[test]
    fn the_published_table_is_whole() {
        assert_eq!(PUBLISHED.len(), 14 * 5);
    }

    #[test]
    fn the_authors_own_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        for (model, preference) in [("b", 1.25), ("a", 1.75)] {
            let path = folder.path().join(model).join(ANNOTATIONS);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            let one =
                format!(r#"{{"output_1": "x", "output_2": "yy", "preference": {preference}}}"#);
            std::fs::write(path, format!("[{one}, {one}]")).unwrap();
        }
        let rows = recompute(folder.path()).unwrap().rows;
        assert_eq!(one(&rows, "a", "win_rate").value, Some(75.0));
        assert_eq!(one(&rows, "b", "average_length").value, Some(2.0));
        assert_eq!(rows[0].keys.0[0].1, "a");
    }

    #[test]
    fn a_folder_without_the_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = recompute(folder.path()).unwrap_err();
        assert!(matches!(error, ReproduceError::Nothing { .. }));
    }
}
