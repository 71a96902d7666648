//! The release gate: is the new generator at least as good as the old one, on the same prompts?

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::rows::Row;
use crate::stats::comparing::{Correction, adjust_p_values};
use crate::stats::resample::{Plan, percentile_over_items, swap_test};
use crate::stats::{Alternative, StatsError, mean};

/// What is asked of a release.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReleaseSettings {
    /// By how much the new one may be worse, on the judge's scale; 0 or more.
    pub margin: f64,
    /// Whether higher scores are better.
    pub higher_is_better: bool,
    /// Resamples and their seed.
    pub plan: Plan,
}

/// What the prompts show of two systems. All signs are "new is better".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    /// The 95 % interval of the difference lies above 0.
    Better,
    /// It lies below 0.
    Worse,
    /// It holds 0.
    NoDifference,
}

/// Two systems compared by one figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Mean of new minus old over the prompts, turned so that positive is better.
    pub value: f64,
    /// Percentile bootstrap over prompts, 95 %.
    pub ci: [f64; 2],
    /// Two-sided, by swapping the two systems within prompts.
    pub p_value: f64,
    /// The same after Holm over the figures of this release.
    pub p_holm: Option<f64>,
    /// What is shown.
    pub shown: Shown,
    /// Whether the interval lies above minus the margin.
    pub non_inferior: bool,
    /// The least difference that so many prompts would show four times in five, two-sided at 5 %.
    pub minimum_detectable: f64,
    /// Prompts that both systems have.
    pub prompts: usize,
    /// Prompts that one of them lacks, or where a score is missing.
    pub left_out: usize,
}

/// Compares the new system with the old one on the prompts that both have, by the judge's scores or people's ratings.
///
/// Several items of one system and prompt are averaged: prompts are what is drawn, so that versions of one prompt are
/// not taken for independent.
///
/// # Errors
/// [`StatsError::TooFew`] below two common prompts.
pub fn difference(
    rows: &[Row],
    new: &str,
    old: &str,
    by: fn(&Row) -> Option<f64>,
    settings: &ReleaseSettings,
) -> Result<Difference, StatsError> {
    let (gains, left_out) = gains(rows, new, old, by, settings.higher_is_better);
    let n = gains.len();
    if n < 2 {
        return Err(StatsError::TooFew {
            statistic: "difference of two systems",
            needed: 2,
            got: n,
        });
    }
    let sum = |drawn: &[u32]| drawn.iter().map(|at| gains[*at as usize]).sum::<f64>();
    let interval = percentile_over_items(n, None, &settings.plan, |drawn| {
        sum(drawn) / drawn.len() as f64
    })?;
    let total = |swapped: &[bool]| -> f64 {
        let signed = gains.iter().zip(swapped);
        signed
            .map(|(gain, swapped)| if *swapped { -gain } else { *gain })
            .sum()
    };
    let p_value = swap_test(n, total, Alternative::TwoSided, &settings.plan);
    let found = mean(&gains)?;
    Ok(Difference {
        value: found.estimate.value,
        ci: [interval.low, interval.high],
        p_value,
        p_holm: None,
        shown: if interval.low > 0.0 {
            Shown::Better
        } else if interval.high < 0.0 {
            Shown::Worse
        } else {
            Shown::NoDifference
        },
        non_inferior: interval.low > -settings.margin,
        // Two-sided 5 % and a power of 80 %: z of .975 plus z of .8.
        minimum_detectable: (1.959_963_984_540_054 + 0.841_621_233_572_914) * deviation(&gains)
            / (n as f64).sqrt(),
        prompts: n,
        left_out,
    })
}

fn deviation(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    (squares.sum::<f64>() / (n - 1.0)).sqrt()
}

/// New minus old for each prompt, and how many prompts have no such difference.
fn gains(
    rows: &[Row],
    new: &str,
    old: &str,
    by: fn(&Row) -> Option<f64>,
    higher_is_better: bool,
) -> (Vec<f64>, usize) {
    // For each prompt: sum and number of values of either system; a missing value spoils the prompt.
    let mut prompts: BTreeMap<&str, [Option<(f64, f64)>; 2]> = BTreeMap::new();
    for row in rows {
        let side = match row.system.as_deref() {
            Some(system) if system == new => 0,
            Some(system) if system == old => 1,
            _ => continue,
        };
        let sides = prompts
            .entry(&row.group)
            .or_insert([Some((0.0, 0.0)), Some((0.0, 0.0))]);
        sides[side] = match (sides[side], by(row)) {
            (Some((sum, n)), Some(value)) => Some((sum + value, n + 1.0)),
            _ => None,
        };
    }
    let sign = if higher_is_better { 1.0 } else { -1.0 };
    let gains: Vec<f64> = prompts
        .values()
        .filter_map(|[new, old]| {
            let mean =
                |side: &Option<(f64, f64)>| side.filter(|(_, n)| *n > 0.0).map(|(s, n)| s / n);
            Some(sign * (mean(new)? - mean(old)?))
        })
        .collect();
    let left_out = prompts.len() - gains.len();
    (gains, left_out)
}

/// A judge's verdicts over pairs of systems beside people's: whether a release gate on this judge can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Validity {
    /// Prompts that every system has whole.
    pub prompts: usize,
    /// Prompts that were left out: an item, a score or a rating is missing.
    pub left_out: usize,
    /// Pairs of systems.
    pub pairs: usize,
    /// Pairs with the same verdict: better, worse, or no difference shown.
    pub agree: usize,
    /// Pairs where both show a difference, and opposite ones.
    pub opposite: usize,
    /// Pairs where the judge shows a difference that people do not.
    pub invented: usize,
    /// Pairs where people show a difference that the judge does not.
    pub missed: usize,
    /// The pairs.
    pub verdicts: Vec<PairVerdict>,
}

/// One pair of systems.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairVerdict {
    /// The system taken as new.
    pub new: String,
    /// The system taken as old.
    pub old: String,
    /// By the judge.
    pub judge: Difference,
    /// By people.
    pub human: Difference,
}

/// The systems of a table, in the order of their names.
pub fn systems(rows: &[Row]) -> Vec<String> {
    let names: BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| row.system.as_deref())
        .collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Compares every pair of systems by the judge and by people, on the prompts of which every system has an item, scored
/// and rated: all pairs then speak of the same prompts, and a judge that fails on some cannot choose them pair by pair.
///
/// # Errors
/// As [`difference`].
pub fn validity(rows: &[Row], settings: &ReleaseSettings) -> Result<Validity, StatsError> {
    let systems = systems(rows);
    let (rows, left_out) = whole_prompts(rows, systems.len());
    let rows = &rows;
    let human = ReleaseSettings {
        higher_is_better: true,
        ..*settings
    };
    let mut verdicts = Vec::new();
    for (at, new) in systems.iter().enumerate() {
        for old in &systems[at + 1..] {
            verdicts.push(PairVerdict {
                judge: difference(rows, new, old, |row| row.score, settings)?,
                human: difference(rows, new, old, |row| row.human, &human)?,
                new: new.clone(),
                old: old.clone(),
            });
        }
    }
    let count = |wanted: fn(Shown, Shown) -> bool| {
        let met = verdicts
            .iter()
            .filter(|pair| wanted(pair.judge.shown, pair.human.shown));
        met.count()
    };
    Ok(Validity {
        prompts: verdicts.first().map_or(0, |pair| pair.judge.prompts),
        left_out,
        pairs: verdicts.len(),
        agree: count(|judge, human| judge == human),
        opposite: count(|judge, human| {
            judge != human && judge != Shown::NoDifference && human != Shown::NoDifference
        }),
        invented: count(|judge, human| judge != human && human == Shown::NoDifference),
        missed: count(|judge, human| judge != human && judge == Shown::NoDifference),
        verdicts,
    })
}

/// The rows of prompts where all systems have an item and nothing is missing, and how many prompts are left out.
fn whole_prompts(rows: &[Row], systems: usize) -> (Vec<Row>, usize) {
    let mut prompts: BTreeMap<&str, (BTreeSet<&str>, bool)> = BTreeMap::new();
    for row in rows {
        let Some(system) = row.system.as_deref() else {
            continue;
        };
        let (seen, whole) = prompts
            .entry(&row.group)
            .or_insert_with(|| (BTreeSet::new(), true));
        seen.insert(system);
        *whole &= row.score.is_some() && row.human.is_some();
    }
    let is_whole = |prompt: &str| {
        prompts
            .get(prompt)
            .is_some_and(|(seen, whole)| *whole && seen.len() == systems)
    };
    let kept: Vec<Row> = rows
        .iter()
        .filter(|row| is_whole(&row.group))
        .cloned()
        .collect();
    let left_out = prompts.keys().filter(|prompt| !is_whole(prompt)).count();
    (kept, left_out)
}

/// Corrects the p-values of several figures of one release by Holm's method.
///
/// # Errors
/// None for p-values from [`difference`].
pub fn correct(differences: &mut [&mut Difference]) -> Result<(), StatsError> {
    let p_values: Vec<f64> = differences.iter().map(|found| found.p_value).collect();
    for (found, p_holm) in differences
        .iter_mut()
        .zip(adjust_p_values(&p_values, Correction::Holm)?)
    {
        found.p_holm = Some(p_holm);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(gain: f64, noise: f64) -> Vec<Row> {
        let mut rng = crate::stats::resample::CounterRng::new(3, 0);
        let mut rows = Vec::new();
        for prompt in 0..80 {
            let base = rng.normal();
            for (system, extra) in [("old", 0.0), ("new", gain)] {
                let value = base + extra + noise * rng.normal();
                rows.push(Row {
                    group: format!("p{prompt}"),
                    id: format!("p{prompt}-{system}"),
                    system: Some(system.to_owned()),
                    score: Some(value),
                    human: Some(-value),
                });
            }
        }
        rows
    }

    fn settings() -> ReleaseSettings {
        ReleaseSettings {
            margin: 0.1,
            higher_is_better: true,
            plan: Plan::default(),
        }
    }

    fn by_score(rows: &[Row]) -> Difference {
        difference(rows, "new", "old", |row| row.score, &settings()).unwrap()
    }

    #[test]
    fn a_gain_a_loss_and_neither_are_told_apart() {
        let better = by_score(&rows(0.5, 0.3));
        assert_eq!((better.shown, better.non_inferior), (Shown::Better, true));
        assert!(better.p_value < 0.01 && better.ci[0] < 0.5 && 0.5 < better.ci[1]);
        let worse = by_score(&rows(-0.5, 0.3));
        assert_eq!((worse.shown, worse.non_inferior), (Shown::Worse, false));
        let same = by_score(&rows(0.0, 0.1));
        assert_eq!((same.shown, same.non_inferior), (Shown::NoDifference, true));
        let vague = by_score(&rows(0.0, 2.0));
        assert_eq!(
            (vague.shown, vague.non_inferior),
            (Shown::NoDifference, false)
        );
        assert!(vague.minimum_detectable > same.minimum_detectable);
    }

    #[test]
    fn a_missing_score_leaves_its_prompt_out() {
        let mut rows = rows(0.5, 0.3);
        rows[0].score = None;
        let found = by_score(&rows);
        assert_eq!((found.prompts, found.left_out), (79, 1));
    }

    #[test]
    fn a_judge_that_says_the_opposite_is_found_out() {
        let validity = validity(&rows(0.5, 0.3), &settings()).unwrap();
        assert_eq!(
            (validity.pairs, validity.agree, validity.opposite),
            (1, 0, 1)
        );
    }

    #[test]
    fn pairs_are_compared_on_the_prompts_that_all_systems_have() {
        let mut rows = rows(0.5, 0.3);
        rows[0].score = None;
        rows[3].human = None;
        let validity = validity(&rows, &settings()).unwrap();
        assert_eq!((validity.prompts, validity.left_out), (78, 2));
    }

    #[test]
    fn one_prompt_is_refused() {
        let rows = &rows(0.5, 0.3)[..2];
        assert!(difference(rows, "new", "old", |row| row.score, &settings()).is_err());
        assert!(difference(rows, "new", "none", |row| row.score, &settings()).is_err());
    }
}
