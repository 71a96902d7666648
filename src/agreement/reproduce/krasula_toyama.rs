//! Krasula's analysis (QoMEX 2016) of five metrics on the pairs of the Toyama data set.

use std::cmp::Ordering;
use std::path::Path;

use super::{Keys, ReproduceError, Reproduction, Row, located};
use crate::dataset::krasula::{self as pairs, Pairs};
use crate::stats::krasula::{Krasula, Outcome, krasula};
use crate::stats::{Estimate, StatsError, mean};

const NAME: &str = "krasula-toyama";
const FILES: [&str; 6] = [
    "data_Toyama.mat",
    "toyama_pairs.csv",
    "krasula_toyama/data_Toyama.mat",
    "krasula_toyama/toyama_pairs.csv",
    "iqa/krasula_toyama/data_Toyama.mat",
    "iqa/krasula_toyama/toyama_pairs.csv",
];
/// The published means are whole doubles from the same data: only the order of sums may differ.
const TOLERANCE: f64 = 1e-10;

/// Means over the five metrics in Netflix's `vmaf` (python/test/perf_metric_test.py, BSD+Patent), which compares six
/// decimals.
const PUBLISHED: [(&str, f64); 4] = [
    ("auc_ds", 0.697_670_039_609_020_5),
    ("auc_bw", 0.944_547_003_018_945_3),
    ("cc0", 0.881_053_862_062_764_2),
    ("threshold", 3.899_105_581_509_778),
];
/// The threshold that the same test held before its correction.
const THRESHOLD_OF_DIFFERENT: f64 = 6.239_284_960_645_056;

const MEAN: &str = "mean";

/// Recomputes the analysis of every metric and its means.
pub(super) fn recompute(folder: &Path) -> Result<Reproduction, ReproduceError> {
    let path = located(folder, &FILES, "`data_Toyama.mat` or `toyama_pairs.csv`")?;
    let pairs = pairs::read(&path)?;
    let rows = rows(&pairs).map_err(|error| ReproduceError::Statistic {
        file: path.display().to_string(),
        error,
    })?;
    Ok(Reproduction { name: NAME, rows })
}

/// One figure of an analysis: its name and where it is.
type Figure = (&'static str, fn(&Krasula) -> &Estimate);

const FIGURES: [Figure; 5] = [
    ("auc_ds", |found| &found.auc_ds),
    ("auc_bw", |found| &found.auc_bw),
    ("cc0", |found| &found.cc0),
    ("cc0_half_ties", |found| &found.cc0_half_ties),
    ("threshold", |found| &found.threshold),
];

fn rows(pairs: &Pairs) -> Result<Vec<Row>, StatsError> {
    let outcomes: Vec<Outcome> = pairs.outcomes.iter().map(outcome).collect();
    let exchanged: Vec<Outcome> = outcomes.iter().map(exchanged).collect();
    let (mut found, mut found_exchanged) = (Vec::new(), Vec::new());
    for (_, differences) in &pairs.metrics {
        found.push(krasula(differences, &outcomes)?);
        found_exchanged.push(krasula(differences, &exchanged)?);
    }
    let mut rows = Vec::new();
    for ((name, _), found) in pairs.metrics.iter().zip(&found) {
        for (statistic, figure) in FIGURES {
            let estimate = figure(found).clone();
            let convention = estimate.convention.clone().into_owned();
            let keys = Keys::new([("metric", name)]);
            let row = Row::found(keys, statistic, estimate.n, Ok(estimate), convention);
            rows.push(match statistic {
                "auc_bw" => row.noting(
                    "mirrored pairs count twice, so that the interval, as that of the published program, is too \
                     narrow by a factor of sqrt(2)",
                ),
                _ => row,
            });
        }
    }
    for (statistic, figure) in FIGURES {
        let row = mean_row(statistic, &found, figure);
        let published = PUBLISHED.iter().find(|(name, _)| *name == statistic);
        rows.push(match published {
            Some((_, published)) => row.against(*published, TOLERANCE),
            None => row,
        });
    }
    rows.push(
        mean_row("threshold_of_different_pairs", &found_exchanged, |found| &found.threshold)
            .against(THRESHOLD_OF_DIFFERENT, TOLERANCE)
            .noting(
                "an artefact: earlier versions of `vmaf`, and the program they follow, took the percentile \
                 over different pairs; a difference that similar pairs rarely reach is `threshold`",
            ),
    );
    Ok(rows)
}

fn outcome(sign: &Ordering) -> Outcome {
    match sign {
        Ordering::Less => Outcome::SecondBetter,
        Ordering::Equal => Outcome::Similar,
        Ordering::Greater => Outcome::FirstBetter,
    }
}

/// Different pairs as similar ones and the other way round, to take the threshold of the wrong kind.
fn exchanged(outcome: &Outcome) -> Outcome {
    match outcome {
        Outcome::Similar => Outcome::FirstBetter,
        Outcome::FirstBetter | Outcome::SecondBetter => Outcome::Similar,
    }
}

fn mean_row(statistic: &'static str, found: &[Krasula], figure: fn(&Krasula) -> &Estimate) -> Row {
    let values: Vec<f64> = found.iter().map(|found| figure(found).value).collect();
    // The metrics are not drawn from anything, so that their mean has no interval.
    let estimate = mean(&values).map(|found| Estimate {
        interval: None,
        ..found.estimate
    });
    let keys = Keys::new([("metric", MEAN)]);
    let convention = "arithmetic mean over metrics";
    Row::found(keys, statistic, values.len(), estimate, convention)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_both_thresholds_stand_beside_the_published() {
        let folder = tempfile::tempdir().unwrap();
        let pairs = "signif,a,b\n1,2,1\n-1,-3,0\n1,-1,4\n0,0.5,0.5\n0,-1.5,0.5\n-1,-4,-4\n";
        std::fs::write(folder.path().join(FILES[1]), pairs).unwrap();
        let rows = recompute(folder.path()).unwrap().rows;
        assert_eq!(rows.len(), 2 * FIGURES.len() + FIGURES.len() + 1);
        let value = |metric: &str, statistic: &str| {
            let wanted = |row: &&Row| row.keys.0[0].1 == metric && row.statistic == statistic;
            rows.iter().find(wanted).unwrap().value.unwrap()
        };
        for (metric, statistic, expected) in [
            ("a", "cc0", 0.75),
            ("b", "cc0", 0.75),
            ("b", "cc0_half_ties", 0.875),
            (MEAN, "cc0", 0.75),
            // Differences of `a`: 0.5 and 1.5 on similar pairs, 1 to 4 on different ones.
            ("a", "threshold", 1.45),
            (MEAN, "threshold_of_different_pairs", 3.925),
        ] {
            let found = value(metric, statistic);
            assert!(
                (found - expected).abs() < 1e-12,
                "{metric} {statistic}: {found}"
            );
        }
    }

    #[test]
    fn pairs_of_one_kind_have_no_analysis() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILES[1]), "signif,a\n1,2\n-1,1\n").unwrap();
        let error = recompute(folder.path()).unwrap_err();
        assert!(matches!(error, ReproduceError::Statistic { .. }));
    }
}
