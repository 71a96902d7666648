//! The alternative-annotator test (ACL 2025) and prediction-powered means, on its authors' data sets.

mod coded;
mod few_labels;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use coded::Coded;

use super::published::{Published, half_a_digit};
use super::{Keys, ReproduceError, Reproduction, Row};
use crate::dataset::alt_test::{self, PEOPLE};
use crate::stats::comparing::{AltTestOptions, AltTestScoring, alt_test as test};
use crate::stats::pairs::{Preference, TieConvention, preference_accuracy};
use crate::stats::raters::{Measurement, krippendorff_alpha};
use crate::stats::{Estimate, PairedSample, StatsError, kendall_tau_b, pearson, spearman};

const NAME: &str = "alt-test";
/// The notebook prints two decimals.
const DECIMALS: i32 = 2;
const RESAMPLES: u32 = 1000;
/// The key of rows about people alone.
const EVERYONE: &str = "people";

/// The notebook's choices for each data set: how annotations are compared, and epsilon.
const SETUPS: [(&str, AltTestScoring, f64); 9] = [
    ("wax", AltTestScoring::Accuracy, 0.1),
    ("lgbteen", AltTestScoring::Accuracy, 0.2),
    ("mtbench", AltTestScoring::Accuracy, 0.2),
    ("framing", AltTestScoring::Accuracy, 0.15),
    ("cebab_aspects", AltTestScoring::Accuracy, 0.1),
    ("summeval", AltTestScoring::NegativeRmse, 0.2),
    ("10k_prompts", AltTestScoring::NegativeRmse, 0.15),
    ("cebab_stars", AltTestScoring::NegativeRmse, 0.1),
    ("lesion", AltTestScoring::NegativeRmse, 0.15),
];

/// Winning rate and advantage probability by data set and judge.
static PUBLISHED: LazyLock<Published> =
    LazyLock::new(|| Published::parse(include_str!("published.csv")));

/// Recomputes every data set of the notebook that is below `folder`, or the one in it.
pub(super) fn recompute(folder: &Path) -> Result<Reproduction, ReproduceError> {
    let mut rows = Vec::new();
    for (name, scoring, epsilon) in SETUPS {
        let Some(path) = found(folder, name) else {
            continue;
        };
        let annotations = alt_test::read(&path)?;
        let coded = Coded::new(&path, &annotations, scoring)?;
        let set = DataSet {
            name,
            scoring,
            epsilon,
            coded,
        };
        rows.extend(set.rows().map_err(|error| ReproduceError::Statistic {
            file: path.display().to_string(),
            error,
        })?);
    }
    if rows.is_empty() {
        return Err(ReproduceError::Nothing {
            folder: folder.to_owned(),
            expected: "folder such as `lesion` with `human_annotations.json` and `llm_annotations.json`",
        });
    }
    Ok(Reproduction { name: NAME, rows })
}

fn found(folder: &Path, name: &str) -> Option<PathBuf> {
    let itself = folder.file_name().is_some_and(|own| own == name);
    ["", "data", "mllm-judge/alt-test"]
        .map(|inner| folder.join(inner).join(name))
        .into_iter()
        .chain(itself.then(|| folder.to_owned()))
        .find(|path| path.join(PEOPLE).is_file())
}

struct DataSet {
    name: &'static str,
    scoring: AltTestScoring,
    epsilon: f64,
    coded: Coded,
}

impl DataSet {
    fn keys(&self, judge: &str) -> Keys {
        Keys::new([("dataset", self.name), ("judge", judge)])
    }

    fn rows(&self) -> Result<Vec<Row>, StatsError> {
        let mut rows = Vec::new();
        for (judge, judged) in &self.coded.judges {
            rows.extend(self.test_rows(judge, judged)?);
            match self.scoring {
                AltTestScoring::Accuracy => rows.extend(self.vote_rows(judge, judged)),
                AltTestScoring::NegativeRmse => {
                    rows.extend(self.correlation_rows(judge, judged)?);
                    let pairs = self.coded.judged_means(judged);
                    rows.extend(few_labels::rows(self.name, judge, &pairs)?);
                }
            }
        }
        rows.extend(self.alpha_rows());
        Ok(rows)
    }

    fn test_rows(&self, judge: &str, judged: &[Option<f64>]) -> Result<[Row; 2], StatsError> {
        let options = AltTestOptions {
            epsilon: self.epsilon,
            resamples: RESAMPLES,
            ..AltTestOptions::default()
        };
        let found = test(judged, &self.coded.people, self.scoring, &options)?;
        let closeness = match self.scoring {
            AltTestScoring::Accuracy => "accuracy",
            AltTestScoring::NegativeRmse => "negative RMSE",
        };
        let row = |statistic, estimate: Estimate| {
            let convention = format!("{closeness}; {}", estimate.convention);
            let n = estimate.n;
            let row = Row::found(self.keys(judge), statistic, n, Ok(estimate), convention);
            match PUBLISHED.get(&[self.name, judge, statistic]) {
                Some(published) => row.against(published, half_a_digit(DECIMALS)),
                None => row,
            }
        };
        let verdict = if found.passed { "passes" } else { "fails" };
        Ok([
            row("winning_rate", found.winning_rate).noting(format!(
                "{verdict} the test: at least one half of the annotators must be won over"
            )),
            row("advantage_probability", found.advantage_probability),
        ])
    }

    /// The judge's choice between two answers or a tie against every vote.
    fn vote_rows(&self, judge: &str, judged: &[Option<f64>]) -> Vec<Row> {
        let Some((predicted, human)) = self.coded.votes(judged) else {
            return Vec::new();
        };
        let accuracy = |statistic, convention: TieConvention| {
            let estimate = preference_accuracy(&predicted, &human, convention);
            let n = estimate.as_ref().map_or(0, |estimate| estimate.n);
            let text = format!("{}; against every single vote", convention.describe());
            let mut row = Row::found(self.keys(judge), statistic, n, estimate, text);
            row.ci = None;
            row.noting("votes on one item are not independent, so that there is no interval")
        };
        vec![
            accuracy("accuracy_with_ties", TieConvention::WithTies),
            accuracy("accuracy_without_ties", TieConvention::WithoutHumanTies),
        ]
    }

    fn correlation_rows(
        &self,
        judge: &str,
        judged: &[Option<f64>],
    ) -> Result<[Row; 3], StatsError> {
        let pairs = self.coded.judged_means(judged);
        let (predicted, human): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let sample = PairedSample::new(&predicted, &human)?;
        let row = |statistic, estimate, convention: &str| {
            let convention = format!("{convention}; mean of the people who annotated the item");
            Row::found(
                self.keys(judge),
                statistic,
                sample.len(),
                estimate,
                convention,
            )
        };
        Ok([
            row("plcc", pearson(&sample), "no fit"),
            row("srcc", spearman(&sample), "midranks"),
            row("krcc", kendall_tau_b(&sample), "tau-b"),
        ])
    }

    /// How far people agree with each other.
    fn alpha_rows(&self) -> Vec<Row> {
        let measurements: &[(&'static str, Measurement)] = match self.scoring {
            AltTestScoring::Accuracy => &[("krippendorff_alpha_nominal", Measurement::Nominal)],
            AltTestScoring::NegativeRmse => &[
                ("krippendorff_alpha_ordinal", Measurement::Ordinal),
                ("krippendorff_alpha_interval", Measurement::Interval),
            ],
        };
        let people = &self.coded.people;
        let row = |(statistic, measurement): &(&'static str, Measurement)| {
            let alpha = krippendorff_alpha(people, *measurement, RESAMPLES, 0);
            let n = alpha.as_ref().map_or(people.items(), |alpha| alpha.n);
            let convention =
                format!("items with one annotation left out; {RESAMPLES} resamples of items");
            Row::found(self.keys(EVERYONE), statistic, n, alpha, convention)
        };
        measurements.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forty items; three people, the judge is one of them.
    fn annotations(annotation: impl Fn(usize, usize) -> String) -> [String; 2] {
        let one = |annotator: usize| {
            let items: Vec<String> = (0..40)
                .map(|item| format!("\"item_{item:02}\": {}", annotation(annotator, item)))
                .collect();
            format!("{{{}}}", items.join(", "))
        };
        let people: Vec<String> = (0..3)
            .map(|person| format!("\"p{person}\": {}", one(person)))
            .collect();
        [
            format!("{{{}}}", people.join(", ")),
            format!("{{\"gpt-4o\": {}}}", one(1)),
        ]
    }

    fn folder(name: &str, [people, judges]: [String; 2]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join(name);
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(inner.join(PEOPLE), people).unwrap();
        std::fs::write(inner.join("llm_annotations.json"), judges).unwrap();
        folder
    }

    fn one<'a>(rows: &'a [Row], statistic: &str) -> &'a Row {
        rows.iter().find(|row| row.statistic == statistic).unwrap()
    }

    #[test]
    fn numbers_have_test_correlations_and_corrected_means() {
        let rating = |annotator: usize, item: usize| ((item * (annotator + 2)) % 5).to_string();
        let folder = folder("lesion", annotations(rating));
        let rows = recompute(folder.path()).unwrap().rows;
        assert_eq!(one(&rows, "winning_rate").published, Some(0.0));
        let advantage = one(&rows, "advantage_probability");
        // The judge's annotations are those of one of the three, so that it is never behind that one.
        assert!(advantage.value.unwrap() >= 1.0 / 3.0 && advantage.ci.is_some());
        assert!(one(&rows, "srcc").value.is_some());
        let ppi = one(&rows, "ppi_mean");
        assert_eq!(ppi.n, 40);
        assert!(ppi.ci.is_some());
        assert!(one(&rows, "krippendorff_alpha_ordinal").value.is_some());
    }

    #[test]
    fn labels_have_test_and_accuracies() {
        let vote = |annotator: usize, item: usize| {
            let choices = ["\"model_a\"", "\"tie\"", "\"model_b\""];
            choices[(item * (annotator + 1)) % 3].to_owned()
        };
        let folder = folder("mtbench", annotations(vote));
        let inner = folder.path().join("mtbench");
        let rows = recompute(&inner).unwrap().rows;
        let with_ties = one(&rows, "accuracy_with_ties");
        assert_eq!(with_ties.n, 120);
        assert!(one(&rows, "accuracy_without_ties").n < 120);
        assert!(one(&rows, "krippendorff_alpha_nominal").value.is_some());
        assert!(rows.iter().all(|row| row.statistic != "ppi_mean"));
    }

    #[test]
    fn a_label_among_numbers_is_named() {
        let folder = folder(
            "lesion",
            annotations(|_, item| {
                if item == 7 {
                    "\"x\"".into()
                } else {
                    "1".into()
                }
            }),
        );
        let error = recompute(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("`item_07` of `p0` is `x`, not a number"),
            "{error}"
        );
    }

    #[test]
    fn the_published_table_is_whole() {
        assert_eq!(PUBLISHED.len(), 2 * (8 * 6 + 4));
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            recompute(folder.path()),
            Err(ReproduceError::Nothing { .. })
        ));
    }
}
