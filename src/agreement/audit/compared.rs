//! The judge against others on the same items.

use super::AuditError;
use super::coefficients::{MAIN, main, main_row};
use super::draws::Draws;
use super::groups::renumbered;
use super::model::{Comparison, JudgeRow, Judges, Row};
use crate::stats::comparing::{
    Correction, DependentCorrelations, adjust_p_values, paired_bootstrap_of,
};
use crate::stats::resample::{
    Difference, Plan, ResampledKendall, ResampledPearson, ResampledSpearman,
};
use crate::stats::{Estimate, PairedSample, StatsError};

/// A judge and its values by item, NaN where it has none.
pub(super) struct Judge {
    pub(super) name: String,
    pub(super) values: Vec<f64>,
}

/// Judges and people on one list of items.
pub(super) struct Panel {
    /// The audited judge.
    pub(super) judge: Judge,
    pub(super) baselines: Vec<Judge>,
    pub(super) human: Vec<f64>,
    pub(super) clusters: Option<Vec<u32>>,
}

impl Panel {
    /// Items that all of these judges have a value for.
    fn shared(&self, judges: &[&Judge]) -> Vec<usize> {
        (0..self.human.len())
            .filter(|item| judges.iter().all(|judge| !judge.values[*item].is_nan()))
            .collect()
    }

    fn sample(&self, judge: &Judge, items: &[usize]) -> Result<PairedSample, StatsError> {
        PairedSample::from_columns(picked(&judge.values, items), picked(&self.human, items))
    }

    fn clusters_of(&self, items: &[usize]) -> Option<Vec<u32>> {
        let clusters = self.clusters.as_ref()?;
        Some(renumbered(items.iter().map(|item| clusters[*item])))
    }

    /// Every judge's coefficients on the items that all judges have.
    pub(super) fn judges(&self, plan: Plan) -> Result<Judges, AuditError> {
        let every: Vec<&Judge> = std::iter::once(&self.judge)
            .chain(&self.baselines)
            .collect();
        let items = self.shared(&every);
        let clusters = self.clusters_of(&items);
        let draws = Draws {
            clusters: clusters.as_deref(),
            plan,
        };
        let mut rows = Vec::new();
        for name in MAIN {
            for judge in &every {
                rows.push(JudgeRow {
                    judge: judge.name.clone(),
                    row: main_row(name, &self.sample(judge, &items)?, draws),
                });
            }
        }
        Ok(Judges {
            n: items.len(),
            rows,
        })
    }

    /// The judge against each baseline, with Holm's correction over all bootstrap tests of all baselines.
    pub(super) fn comparisons(&self, plan: Plan) -> Result<Vec<Comparison>, AuditError> {
        let mut found = Vec::new();
        for baseline in &self.baselines {
            found.push(self.compare(baseline, plan)?);
        }
        correct(&mut found)?;
        for comparison in &mut found {
            comparison.verdict = verdict(&self.judge.name, comparison);
        }
        Ok(found)
    }

    fn compare(&self, baseline: &Judge, plan: Plan) -> Result<Comparison, AuditError> {
        let items = self.shared(&[&self.judge, baseline]);
        let first = self.sample(&self.judge, &items)?;
        let second = self.sample(baseline, &items)?;
        let between = PairedSample::new(first.predicted(), second.predicted())?;
        let clusters = self.clusters_of(&items);
        let mut differences = Vec::new();
        for name in ["pearson", "spearman"] {
            let mut rows = closed_forms(name, [&first, &second, &between]);
            for row in rows.iter_mut().filter(|_| clusters.is_some()) {
                row.add_note("treats items as independent");
            }
            differences.extend(rows);
        }
        let draws = Draws {
            clusters: clusters.as_deref(),
            plan,
        };
        differences.extend(MAIN.iter().map(|name| {
            let result = resampled(name, &first, &second, draws);
            Row::from_result(&format!("{name}_difference"), first.len(), &result)
        }));
        Ok(Comparison {
            baseline: baseline.name.clone(),
            n: first.len(),
            differences,
            verdict: String::new(),
        })
    }
}

fn picked(values: &[f64], items: &[usize]) -> Vec<f64> {
    items.iter().map(|item| values[*item]).collect()
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
            if name == "spearman" {
                row.add_note("made for Pearson's r; an approximation on ranks");
            }
            row
        })
        .collect(),
    }
}

fn resampled(
    name: &str,
    first: &PairedSample,
    second: &PairedSample,
    draws: Draws<'_>,
) -> Result<Estimate, StatsError> {
    let plan = draws.plan_for(first.len(), 8);
    let clusters = draws.clusters;
    match name {
        "pearson" => {
            let (first, second) = (
                ResampledPearson::new(first)?,
                ResampledPearson::new(second)?,
            );
            paired_bootstrap_of(Difference::new(first, second)?, clusters, &plan)
        }
        "spearman" => {
            let (first, second) = (
                ResampledSpearman::new(first)?,
                ResampledSpearman::new(second)?,
            );
            paired_bootstrap_of(Difference::new(first, second)?, clusters, &plan)
        }
        _ => {
            let (first, second) = (
                ResampledKendall::new(first)?,
                ResampledKendall::new(second)?,
            );
            paired_bootstrap_of(Difference::new(first, second)?, clusters, &plan)
        }
    }
}

/// Whether a row is one of the tests that are corrected together.
fn is_corrected(row: &Row) -> bool {
    row.p_value.is_some() && row.name.ends_with("_difference")
}

/// Holm's correction over the bootstrap tests of all baselines.
fn correct(comparisons: &mut [Comparison]) -> Result<(), AuditError> {
    let baselines = comparisons.len();
    let mut tests: Vec<&mut Row> = comparisons
        .iter_mut()
        .flat_map(|comparison| &mut comparison.differences)
        .filter(|row| is_corrected(row))
        .collect();
    let p_values: Vec<f64> = tests.iter().filter_map(|row| row.p_value).collect();
    let adjusted = adjust_p_values(&p_values, Correction::Holm)?;
    let family = match baselines {
        1 => format!("{} coefficients", p_values.len()),
        _ => format!("{} tests of {baselines} baselines", p_values.len()),
    };
    for (row, adjusted) in tests.iter_mut().zip(adjusted) {
        row.p_value_holm = Some(adjusted);
        row.add_note(&format!("corrected by Holm over {family}"));
    }
    Ok(())
}

/// What the corrected tests against one baseline say together.
fn verdict(judge: &str, comparison: &Comparison) -> String {
    let tested = || {
        comparison
            .differences
            .iter()
            .filter(|row| is_corrected(row))
    };
    let beyond = |sign: f64| {
        tested()
            .filter(|row| {
                row.p_value_holm.is_some_and(|p| p < 0.05)
                    && row.value.is_some_and(|value| value * sign > 0.0)
            })
            .count()
    };
    let (above, below, tests) = (beyond(1.0), beyond(-1.0), tested().count());
    let baseline = &comparison.baseline;
    match (above, below) {
        _ if tests == 0 => {
            format!("`{judge}` and `{baseline}` could not be compared: no coefficient has a test")
        }
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
    }
}
