//! The judge against another on the same items.

use super::AuditError;
use super::coefficients::{MAIN, main};
use super::model::{Comparison, JudgeRow, Row};
use crate::stats::comparing::{
    ComparedJudges, Correction, DependentCorrelations, Resampling, adjust_p_values,
    paired_bootstrap,
};
use crate::stats::{PairedSample, StatsError};

/// Most items times resamples of a paired bootstrap; more items get fewer resamples.
const MOST_WORK: usize = 100_000_000;

/// Values of two judges and of people on the items that all three have.
pub(super) struct Shared {
    pub(super) judge: String,
    pub(super) baseline: String,
    pub(super) judged: Vec<f64>,
    pub(super) other: Vec<f64>,
    pub(super) human: Vec<f64>,
    pub(super) clusters: Option<Vec<u32>>,
}

/// Coefficients of both judges, their differences, and tests of the differences.
pub(super) fn compare(shared: &Shared, resampling: Resampling) -> Result<Comparison, AuditError> {
    let first = PairedSample::new(&shared.judged, &shared.human)?;
    let second = PairedSample::new(&shared.other, &shared.human)?;
    let between = PairedSample::new(&shared.judged, &shared.other)?;
    let n = first.len();
    let row = |judge: &str, sample: &PairedSample, name: &str| JudgeRow {
        judge: judge.to_owned(),
        row: Row::from_result(name, n, &main(name, sample)),
    };
    let judges: Vec<JudgeRow> = MAIN
        .iter()
        .flat_map(|name| {
            [
                row(&shared.judge, &first, name),
                row(&shared.baseline, &second, name),
            ]
        })
        .collect();
    let mut differences = Vec::new();
    for name in ["pearson", "spearman"] {
        differences.extend(closed_forms(name, [&first, &second, &between]));
    }
    let judges_of_items = ComparedJudges::new(&shared.judged, &shared.other, &shared.human)?;
    let mut resampled = bootstrap_rows(&judges_of_items, shared.clusters.as_deref(), resampling);
    let verdict = verdict(shared, &mut resampled)?;
    differences.extend(resampled);
    Ok(Comparison {
        baseline: shared.baseline.clone(),
        n,
        judges,
        differences,
        verdict,
    })
}

/// Williams' t and Steiger's Z; for Spearman's rho both are approximations.
fn closed_forms(name: &str, samples: [&PairedSample; 3]) -> Vec<Row> {
    let found: Result<Vec<f64>, StatsError> = samples
        .iter()
        .map(|sample| main(name, sample).map(|estimate| estimate.value))
        .collect();
    let n = samples[0].len();
    let correlations =
        found.and_then(|found| DependentCorrelations::new(found[0], found[1], found[2], n));
    let label = |test: &str| format!("{name}_difference_{test}");
    match correlations {
        Err(error) => vec![Row::undefined(&label("williams"), n, &error)],
        Ok(correlations) => [
            ("williams", correlations.williams()),
            ("steiger", correlations.steiger()),
        ]
        .into_iter()
        .map(|(test, found)| {
            let mut row = Row::of(&found.estimate);
            row.name = label(test);
            row.note = (name == "spearman")
                .then(|| "made for Pearson's r; an approximation on ranks".to_owned());
            row
        })
        .collect(),
    }
}

fn bootstrap_rows(
    judges: &ComparedJudges,
    clusters: Option<&[u32]>,
    resampling: Resampling,
) -> Vec<Row> {
    let n = judges.len();
    let affordable = u32::try_from(MOST_WORK / n.max(1)).unwrap_or(u32::MAX);
    let resampling = Resampling {
        resamples: resampling.resamples.min(affordable.max(200)),
        ..resampling
    };
    let clusters: Option<Vec<usize>> =
        clusters.map(|clusters| clusters.iter().map(|cluster| *cluster as usize).collect());
    MAIN.iter()
        .map(|name| {
            let statistic =
                |sample: &PairedSample| main(name, sample).ok().map(|estimate| estimate.value);
            let result = paired_bootstrap(judges, clusters.as_deref(), resampling, statistic);
            Row::from_result(&format!("{name}_difference"), n, &result)
        })
        .collect()
}

/// Holm's correction over the bootstrap tests, and what they say together.
fn verdict(shared: &Shared, rows: &mut [Row]) -> Result<String, AuditError> {
    let p_values: Vec<f64> = rows.iter().filter_map(|row| row.p_value).collect();
    let adjusted = adjust_p_values(&p_values, Correction::Holm)?;
    let tested = rows.iter_mut().filter(|row| row.p_value.is_some());
    for (row, adjusted) in tested.zip(&adjusted) {
        row.note = Some(format!(
            "p after Holm's correction over {} coefficients: {adjusted:.4}",
            p_values.len()
        ));
    }
    let better = |sign: f64| {
        let significant = rows
            .iter()
            .filter(|row| row.p_value.is_some())
            .zip(&adjusted);
        significant
            .filter(|(row, adjusted)| {
                **adjusted < 0.05 && row.value.is_some_and(|value| value * sign > 0.0)
            })
            .count()
    };
    let (above, below) = (better(1.0), better(-1.0));
    let (judge, baseline, tests) = (&shared.judge, &shared.baseline, adjusted.len());
    Ok(match (above, below) {
        (0, 0) => format!(
            "no difference between `{judge}` and `{baseline}` is significant after Holm's correction (0 of {tests} coefficients at 0.05); this does not show that they are equal"
        ),
        (above, 0) => format!(
            "`{judge}` agrees with people better than `{baseline}` by {above} of {tests} coefficients (paired bootstrap, Holm, 0.05)"
        ),
        (0, below) => format!(
            "`{judge}` agrees with people less than `{baseline}` by {below} of {tests} coefficients (paired bootstrap, Holm, 0.05)"
        ),
        (above, below) => format!(
            "`{judge}` is better than `{baseline}` by {above} and worse by {below} of {tests} coefficients (paired bootstrap, Holm, 0.05)"
        ),
    })
}
