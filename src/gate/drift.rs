//! Drift: has the judge, or what it judges, moved since the gate was fitted?

use serde::Serialize;

use super::rows::Row;
use crate::stats::StatsError;
use crate::stats::comparing::{Correction, adjust_p_values};
use crate::stats::drift::{ks_two_sample, population_stability, share_difference};

/// When an alert is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriftSettings {
    /// Stability index from which on the distribution has moved; by custom 0.25, and 0.1 for "look at it".
    pub stability: f64,
    /// Level of the tests, shared among them by Holm's method.
    pub level: f64,
    /// By how much the score of an item that both files hold may differ.
    pub canary: f64,
}

impl Default for DriftSettings {
    fn default() -> Self {
        DriftSettings {
            stability: 0.25,
            level: 0.01,
            canary: 1e-6,
        }
    }
}

/// What moved, and by how much.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriftReport {
    /// Whether anything moved.
    pub moved: bool,
    /// What was looked at.
    pub checks: Vec<DriftCheck>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriftCheck {
    /// `score_stability`, `score_distribution`, `scored_rate` or `canaries`.
    pub name: &'static str,
    /// In the reference.
    pub reference: Option<f64>,
    /// Now.
    pub current: Option<f64>,
    /// The figure: index, distance, difference of shares, number of canaries that differ.
    pub value: f64,
    /// The figure from which on something has moved, where it is no test.
    pub limit: Option<f64>,
    /// P-value after Holm's method, where it is a test.
    pub p_value: Option<f64>,
    /// Observations.
    pub n: usize,
    /// Whether it moved.
    pub moved: bool,
    /// In words.
    pub detail: String,
}

/// Compares the scores of now with those of the reference; items that both hold are canaries.
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than ten reference scores or no score now.
pub fn drift(
    reference: &[Row],
    current: &[Row],
    settings: &DriftSettings,
) -> Result<DriftReport, StatsError> {
    let scores = |rows: &[Row]| -> Vec<f64> { rows.iter().filter_map(|row| row.score).collect() };
    let (before, now) = (scores(reference), scores(current));
    let index = population_stability(&before, &now)?;
    let distance = ks_two_sample(&before, &now)?;
    let (was_scored, is_scored) = (scored(reference), scored(current));
    let rates = share_difference(was_scored, is_scored)?;
    let raw = [&distance, &rates].map(|test| test.p_value.unwrap_or(1.0));
    let adjusted = adjust_p_values(&raw, Correction::Holm)?;
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let means = (mean(&before), mean(&now));
    let share = |(scored, n): (usize, usize)| scored as f64 / n as f64;
    let mut checks = vec![
        DriftCheck {
            name: "score_stability",
            reference: None,
            current: None,
            value: index.value,
            limit: Some(settings.stability),
            p_value: None,
            n: index.n,
            moved: index.value >= settings.stability,
            detail: format!("population stability index; {}", index.convention),
        },
        DriftCheck {
            name: "score_distribution",
            reference: Some(means.0),
            current: Some(means.1),
            value: distance.value,
            limit: None,
            p_value: Some(adjusted[0]),
            n: distance.n,
            moved: adjusted[0] < settings.level,
            detail: "Kolmogorov-Smirnov distance; reference and current are means".to_owned(),
        },
        DriftCheck {
            name: "scored_rate",
            reference: Some(share(was_scored)),
            current: Some(share(is_scored)),
            value: rates.value,
            limit: None,
            p_value: Some(adjusted[1]),
            n: rates.n,
            moved: adjusted[1] < settings.level,
            detail: "share of items that the judge scored; the rest was refused, unread or failed"
                .to_owned(),
        },
    ];
    checks.extend(canaries(reference, current, settings.canary));
    Ok(DriftReport {
        moved: checks.iter().any(|check| check.moved),
        checks,
    })
}

fn scored(rows: &[Row]) -> (usize, usize) {
    let scored = rows.iter().filter(|row| row.score.is_some()).count();
    (scored, rows.len())
}

/// Items of both files: the same judge gives the same item the same score, or is another judge by now.
fn canaries(reference: &[Row], current: &[Row], slack: f64) -> Option<DriftCheck> {
    let known: std::collections::BTreeMap<(&str, &str), Option<f64>> = reference
        .iter()
        .map(|row| ((row.group.as_str(), row.id.as_str()), row.score))
        .collect();
    let pairs: Vec<(&Row, Option<f64>)> = current
        .iter()
        .filter_map(|row| {
            let before = known.get(&(row.group.as_str(), row.id.as_str()))?;
            Some((row, *before))
        })
        .collect();
    if pairs.is_empty() {
        return None;
    }
    let differs = |(row, before): &&(&Row, Option<f64>)| match (row.score, before) {
        (Some(now), Some(before)) => (now - before).abs() > slack,
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
    };
    let changed: Vec<&(&Row, Option<f64>)> = pairs.iter().filter(differs).collect();
    let farthest = changed
        .iter()
        .filter_map(|(row, before)| Some((row, (row.score? - (*before)?).abs())))
        .max_by(|one, other| one.1.total_cmp(&other.1));
    Some(DriftCheck {
        name: "canaries",
        reference: None,
        current: None,
        value: changed.len() as f64,
        limit: Some(0.0),
        p_value: None,
        n: pairs.len(),
        moved: !changed.is_empty(),
        detail: match farthest {
            Some((row, by)) => format!(
                "{} of {} items have another score; the farthest is `{}`, by {by:.6}",
                changed.len(),
                pairs.len(),
                row.id
            ),
            None if changed.is_empty() => {
                format!("{} items have the score that they had", pairs.len())
            }
            None => format!(
                "{} of {} items are scored in one file only",
                changed.len(),
                pairs.len()
            ),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::resample::CounterRng;

    fn rows(n: u32, shift: f64, unscored: u32, stream: u64) -> Vec<Row> {
        let mut rng = CounterRng::new(9, stream);
        (0..n)
            .map(|at| Row {
                group: "all".to_owned(),
                id: format!("{stream}-{at}"),
                system: None,
                score: (at >= unscored).then(|| rng.normal() + shift),
                human: None,
            })
            .collect()
    }

    fn moved(reference: &[Row], current: &[Row]) -> Vec<&'static str> {
        let report = drift(reference, current, &DriftSettings::default()).unwrap();
        let moved = report.checks.iter().filter(|check| check.moved);
        moved.map(|check| check.name).collect()
    }

    #[test]
    fn an_alert_names_what_moved() {
        let reference = rows(1_000, 0.0, 10, 0);
        assert!(moved(&reference, &rows(1_000, 0.0, 12, 1)).is_empty());
        assert_eq!(
            moved(&reference, &rows(1_000, 0.7, 12, 2)),
            ["score_stability", "score_distribution"]
        );
        assert_eq!(moved(&reference, &rows(1_000, 0.0, 90, 3)), ["scored_rate"]);
    }

    #[test]
    fn a_canary_that_differs_is_named() {
        let reference = rows(100, 0.0, 0, 0);
        let mut current = reference.clone();
        assert!(moved(&reference, &current).is_empty());
        current[7].score = Some(9.0);
        let report = drift(&reference, &current, &DriftSettings::default()).unwrap();
        let canaries = report.checks.last().unwrap();
        assert!(
            canaries.moved && canaries.detail.contains("0-7"),
            "{canaries:?}"
        );
        current[7].score = None;
        assert_eq!(moved(&reference, &current), ["canaries"]);
    }

    #[test]
    fn too_little_is_refused() {
        assert!(
            drift(
                &rows(5, 0.0, 0, 0),
                &rows(5, 0.0, 0, 1),
                &DriftSettings::default()
            )
            .is_err()
        );
    }
}
