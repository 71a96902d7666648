//! TIFA v1.0: ten automatic metrics, their correlation with the mean of two people's ratings.

use std::path::Path;
use std::sync::LazyLock;

use super::published::Published;
use super::{Keys, ReproduceError, Reproduction, Row};
use crate::dataset::tifa::{self, Item};
use crate::stats::{PairedSample, Ranks, kendall_tau_b, pearson, spearman};

const NAME: &str = "tifa";
const FILE: &str = "human_annotations_with_scores.json";
/// The notebook prints every digit; sums of 800 products may differ in the last ones.
const TOLERANCE: f64 = 1e-12;
const MISNAMED: &str = "the authors' notebook prints this figure as \"Spearman's Correlation\" and computes it with np.corrcoef: it is Pearson's r, and Spearman's rho stands beside it";
const UNPUBLISHED: &str =
    "what the label \"Spearman's Correlation\" promises; the published figure is Pearson's r";

static PUBLISHED: LazyLock<Published> =
    LazyLock::new(|| Published::parse(include_str!("tifa.csv")));

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

fn one_metric(items: &[Item], metric: &str) -> Result<Vec<Row>, ReproduceError> {
    let statistic = |error| ReproduceError::Statistic {
        file: format!("`{metric}` of `{FILE}`"),
        error,
    };
    let scores: Vec<f64> = items.iter().map(|item| item.scores[metric]).collect();
    let human: Vec<f64> = items.iter().map(|item| item.mean_rating).collect();
    let sample = PairedSample::new(&scores, &human).map_err(statistic)?;
    let rounded = PairedSample::new(&twelve_digits(&scores), &human).map_err(statistic)?;
    let row = |statistic, found, how| {
        let convention = format!("{how}; all images pooled; mean of the ratings");
        let keys = Keys::new([("metric", metric)]);
        let row = Row::found(keys, statistic, sample.len(), found, convention);
        match PUBLISHED.get(&[metric, statistic]) {
            Some(published) => row.against(published, TOLERANCE),
            None => row,
        }
    };
    let mut linear = row("pearson", pearson(&sample), "no fit");
    let mut ranked = row("spearman", spearman(&sample), "midranks");
    if linear.published.is_some() {
        linear = linear.noting(MISNAMED);
        ranked = ranked.noting(UNPUBLISHED);
    }
    let mut rows = vec![
        linear,
        row("kendall_tau_b", kendall_tau_b(&sample), "tau-b"),
        ranked,
    ];
    let [levels, fewer] = [&sample, &rounded].map(|sample| Ranks::of(sample.predicted()).levels());
    if fewer < levels {
        for row in &mut rows[1..] {
            *row = row.clone().noting(format!(
                "of {levels} distinct scores {} differ from another by rounding errors only, which break ties; beside it is the figure of scores rounded to 12 digits",
                levels - fewer
            ));
        }
        rows.push(row(
            "kendall_tau_b_rounded",
            kendall_tau_b(&rounded),
            "tau-b; scores rounded to 12 digits",
        ));
        rows.push(row(
            "spearman_rounded",
            spearman(&rounded),
            "midranks; scores rounded to 12 digits",
        ));
    }
    Ok(rows)
}

/// Values to twelve significant digits: rounding errors are in the last of sixteen. A fixed step would not do,
/// for BLEU of short texts goes down to 1e-100 and differs there in earnest.
fn twelve_digits(values: &[f64]) -> Vec<f64> {
    let rounded = |value: &f64| format!("{value:.11e}").parse();
    values
        .iter()
        .map(|value| rounded(value).expect("a number that was printed can be read"))
        .collect()
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
    fn ties_that_rounding_errors_break_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"{
            "a": {"human_scores": [1], "human_avg": 1, "spice": 0.2222222222222222},
            "b": {"human_scores": [2], "human_avg": 2, "spice": 0.22222222222222224},
            "c": {"human_scores": [3], "human_avg": 3, "spice": 0.5},
            "d": {"human_scores": [4], "human_avg": 4, "spice": 1e-30},
            "e": {"human_scores": [5], "human_avg": 5, "spice": 2e-30}
        }"#;
        std::fs::write(folder.path().join(FILE), text).unwrap();
        let rows = recompute(folder.path()).unwrap().rows;
        assert_eq!(rows.len(), 5);
        // Ranks 3, 4, 5, 1, 2 beside 1 to 5: four pairs agree and six do not; then one of the four is a tie.
        assert!((rows[1].value.unwrap() + 0.2).abs() < 1e-12);
        let note = rows[1].note.as_ref().unwrap();
        assert!(note.contains("of 5 distinct scores 1"), "{note}");
        assert_eq!(rows[3].statistic, "kendall_tau_b_rounded");
        assert!((rows[3].value.unwrap() + 3.0 / 90.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn a_missing_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = recompute(folder.path()).unwrap_err().to_string();
        assert!(error.contains(FILE), "{error}");
    }
}
