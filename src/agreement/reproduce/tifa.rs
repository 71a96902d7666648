//! TIFA v1.0: ten automatic metrics, their correlation with the mean of two people's ratings.

use std::path::Path;
use std::sync::LazyLock;

use super::published::Published;
use super::{Keys, ReproduceError, Reproduction, Row};
use crate::dataset::tifa::{self, Item};
use crate::stats::{Estimate, PairedSample, StatsError, kendall_tau_b, pearson, spearman};

const NAME: &str = "tifa";
const FILE: &str = "human_annotations_with_scores.json";
/// The notebook prints every digit; sums of 800 products may differ in the last ones.
const TOLERANCE: f64 = 1e-12;
const MISNAMED: &str = "the authors' notebook prints this figure as \"Spearman's Correlation\" and computes it with np.corrcoef: it is Pearson's r, and Spearman's rho stands beside it";
const UNPUBLISHED: &str =
    "what the label \"Spearman's Correlation\" promises; the published figure is Pearson's r";

static PUBLISHED: LazyLock<Published> =
    LazyLock::new(|| Published::parse(include_str!("tifa.csv")));

type Correlation = fn(&PairedSample) -> Result<Estimate, StatsError>;
const CORRELATIONS: [(&str, Correlation, &str); 3] = [
    ("pearson", pearson, "no fit"),
    ("kendall_tau_b", kendall_tau_b, "tau-b"),
    ("spearman", spearman, "midranks"),
];

/// Reads the authors' annotations and recomputes each metric's correlations, all images pooled.
pub(super) fn recompute(folder: &Path) -> Result<Reproduction, ReproduceError> {
    let items = tifa::read(&folder.join(FILE))?;
    let metrics = items[0].scores.keys();
    let rows = metrics
        .map(|metric| one_metric(&items, metric))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Reproduction {
        name: NAME,
        rows: rows.into_iter().flatten().collect(),
    })
}

fn one_metric(items: &[Item], metric: &str) -> Result<[Row; 3], ReproduceError> {
    let scores: Vec<f64> = items.iter().map(|item| item.scores[metric]).collect();
    let human: Vec<f64> = items.iter().map(|item| item.mean_rating).collect();
    let sample = PairedSample::new(&scores, &human).map_err(|error| ReproduceError::Statistic {
        file: format!("`{metric}` of `{FILE}`"),
        error,
    })?;
    Ok(CORRELATIONS.map(|(statistic, correlate, convention)| {
        let row = Row::found(
            Keys::new([("metric", metric)]),
            statistic,
            sample.len(),
            correlate(&sample),
            format!("{convention}; all images pooled; mean of the ratings"),
        );
        let Some(published) = PUBLISHED.get(&[metric, statistic]) else {
            return match PUBLISHED.get(&[metric, "pearson"]) {
                Some(_) => row.noting(UNPUBLISHED),
                None => row,
            };
        };
        let row = row.against(published, TOLERANCE);
        if statistic == "pearson" {
            row.noting(MISNAMED)
        } else {
            row
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_table_is_whole() {
        assert_eq!(PUBLISHED.len(), 20);
    }

    #[test]
    fn the_figure_under_a_wrong_name_has_the_right_one_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let item = |name: &str, human: f64, bleu: f64| {
            format!(
                r#""{name}": {{"human_scores": [{human}], "human_avg": {human}, "bleu": {bleu}, "own": 1}}"#
            )
        };
        let text = format!(
            "{{{}, {}, {}, {}}}",
            item("a", 1.0, 0.0),
            item("b", 2.0, 0.1),
            item("c", 3.0, 0.2),
            item("d", 4.0, 9.0)
        );
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let rows = recompute(folder.path()).unwrap().rows;
        let [pearson, tau, spearman] = &rows[..3] else {
            panic!("three rows for each metric");
        };
        assert!((spearman.value.unwrap() - 1.0).abs() < 1e-12);
        assert!((tau.value.unwrap() - 1.0).abs() < 1e-12);
        assert!(pearson.value.unwrap() < 0.9);
        assert_eq!(pearson.note.as_deref(), Some(MISNAMED));
        assert_eq!(spearman.published, None);
        assert_eq!(spearman.note.as_deref(), Some(UNPUBLISHED));
        // A constant metric has no correlation.
        assert!(rows[3..].iter().all(|row| row.value.is_none()));
        assert!(rows[3].note.as_ref().unwrap().contains("constant"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = recompute(folder.path()).unwrap_err().to_string();
        assert!(error.contains(FILE), "{error}");
    }
}
