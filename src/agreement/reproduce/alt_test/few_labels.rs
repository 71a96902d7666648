//! People's mean over all items from a fifth of their labels and a judge.

use std::sync::LazyLock;

use super::super::published::Published;
use super::super::{Keys, Row};
use crate::stats::correcting::{Corrected, FewLabels, Lambda, corrected_mean};
use crate::stats::{DEFAULT_LEVEL, Estimate, PairedSample, StatsError, mean};

/// Every so-manieth item, in the order of names, counts as labelled.
const EVERY: usize = 5;
/// Both are doubles from the same numbers.
const TOLERANCE: f64 = 1e-9;

/// What `ppi-python` gives: value and both ends by data set, judge and statistic.
static REFERENCE: LazyLock<Published> = LazyLock::new(|| Published::parse(include_str!("ppi.csv")));

/// Rows from the judge's value and people's mean of every item, in the order of the items' names.
pub(super) fn rows(
    dataset: &str,
    judge: &str,
    pairs: &[(f64, f64)],
) -> Result<Vec<Row>, StatsError> {
    let (labelled, rest): (Vec<_>, Vec<_>) = (0..pairs.len()).partition(|place| place % EVERY == 0);
    let judged = |places: &[usize]| {
        places
            .iter()
            .map(|place| pairs[*place].0)
            .collect::<Vec<_>>()
    };
    let human: Vec<f64> = labelled.iter().map(|place| pairs[*place].1).collect();
    let labelled = PairedSample::new(&judged(&labelled), &human)?;
    let few = FewLabels::new(labelled, &judged(&rest))?;
    let everyone: Vec<f64> = pairs.iter().map(|(_, human)| *human).collect();
    let truth = mean(&everyone)?.estimate;

    let plain = corrected_mean(&few, Lambda::One, DEFAULT_LEVEL);
    let tuned = corrected_mean(&few, Lambda::Tuned, DEFAULT_LEVEL);
    let labels_only = tuned.clone().map(|found| found.labels_only);
    let judge_only = tuned.clone().map(|found| found.judge_only);
    let row = |statistic, estimate: Result<Estimate, StatsError>| {
        let n = estimate.as_ref().map_or(0, |estimate| estimate.n);
        let convention = match &estimate {
            Ok(estimate) => format!(
                "{}; every fifth item counts as labelled",
                estimate.convention
            ),
            Err(_) => "every fifth item counts as labelled".to_owned(),
        };
        let keys = Keys::new([("dataset", dataset), ("judge", judge)]);
        let row = Row::found(keys, statistic, n, estimate, convention);
        beside(row, dataset, judge)
    };
    let excess =
        100.0 * (judge_only.as_ref().map_or(truth.value, |found| found.value) / truth.value - 1.0);
    Ok(vec![
        corrected_row(row("ppi_mean", estimate(&plain)), &plain),
        corrected_row(row("ppi_plus_plus_mean", estimate(&tuned)), &tuned),
        row("labels_only_mean", labels_only),
        row("judge_only_mean", judge_only)
            .noting(format!("{excess:+.1} % off people's mean over all items")),
        row("human_mean", Ok(truth)),
    ])
}

fn estimate(found: &Result<Corrected, StatsError>) -> Result<Estimate, StatsError> {
    found.clone().map(|found| found.estimate)
}

fn corrected_row(row: Row, found: &Result<Corrected, StatsError>) -> Row {
    match found
        .as_ref()
        .ok()
        .and_then(|found| found.check.warning.clone())
    {
        Some(warning) => row.noting(warning),
        None => row,
    }
}

/// The row beside what `ppi-python` gives, interval included.
fn beside(row: Row, dataset: &str, judge: &str) -> Row {
    let part = |part| REFERENCE.get(&[dataset, judge, row.statistic, part]);
    let (Some(value), Some(low), Some(high)) = (part("value"), part("low"), part("high")) else {
        return row;
    };
    let near = |ci: [f64; 2]| (ci[0] - low).abs() <= TOLERANCE && (ci[1] - high).abs() <= TOLERANCE;
    let same_interval = row.ci.is_some_and(near);
    let mut row = row.against(value, TOLERANCE).noting(format!(
        "`published` is ppi-python 0.2.3 on the same files: {value:.6} [{low:.6}, {high:.6}]"
    ));
    row.within_tolerance = row.within_tolerance.map(|within| within && same_interval);
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_judge_that_is_too_high_is_corrected() {
        let human = |item: u32| f64::from(item % 4);
        let pairs: Vec<(f64, f64)> = (0..60)
            .map(|item| (human(item) + 1.0, human(item)))
            .collect();
        let rows = rows("made up", "judge", &pairs).unwrap();
        let value = |index: usize| rows[index].value.unwrap();
        // The judge is one too high everywhere, which plain PPI takes off exactly.
        assert!((value(0) - 1.5).abs() < 1e-12);
        assert!((value(3) - 2.5).abs() < 1e-12);
        assert!(rows[3].note.as_ref().unwrap().contains("+66.7 %"));
        assert_eq!((value(4), rows[4].n), (1.5, 60));
        assert!(rows.iter().all(|row| row.published.is_none()));
    }

    #[test]
    fn labels_that_do_not_vary_have_no_interval_and_no_figure() {
        let pairs = vec![(1.0, 2.0); 30];
        let rows = rows("made up", "judge", &pairs).unwrap();
        assert_eq!(rows[0].value, None);
        assert!(rows[0].note.as_ref().unwrap().contains("do not vary"));
    }

    #[test]
    fn figures_of_the_other_program_are_whole() {
        assert_eq!(REFERENCE.len(), 4 * 3 * 3);
    }
}
