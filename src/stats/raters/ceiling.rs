//! How well could any judge agree with these people?

use super::super::{Estimate, PairedSample, StatsError};
use super::Ratings;

/// The agreement of each rater with the others, as a ceiling for judges.
#[derive(Debug, Clone, PartialEq)]
pub struct Ceiling {
    /// For each rater, the statistic against the mean of the others; nothing where it does not exist.
    pub per_rater: Vec<Option<Estimate>>,
    /// Their mean, over raters for whom it exists: one person against the mean of the others.
    pub leave_one_out: Estimate,
    /// What one person would reach against the mean of as many raters as a judge is held against, by the
    /// Spearman-Brown formula: a judge is compared with one rater more than [`Ceiling::leave_one_out`] is.
    pub against_all: Estimate,
    /// What a judge that knows each item's true mean would reach against that mean of raters.
    pub best_possible: Estimate,
}

/// Holds each rater against the mean of the others on the items that both have.
///
/// `statistic` is a correlation named `name`, for instance Spearman's. The two corrected figures assume
/// parallel raters (Spearman and Brown, 1910), exact for Pearson's correlation and near for others:
/// ```text
/// r(1, m) = rho sqrt(m / (1 + (m - 1) rho)),   best(m) = sqrt(m rho / (1 + (m - 1) rho))
/// ```
/// rho: correlation of two single raters; m: number of raters in the mean (on average, where ratings are missing).
///
/// # Errors
/// [`StatsError::Undefined`] when the statistic exists for no rater.
pub fn leave_one_out_ceiling(
    ratings: &Ratings,
    name: &'static str,
    statistic: impl Fn(&PairedSample) -> Result<Estimate, StatsError>,
) -> Result<Ceiling, StatsError> {
    let mut others_per_cell = Vec::new();
    let mut per_rater = Vec::with_capacity(ratings.raters());
    for rater in 0..ratings.raters() {
        let (mut own, mut others) = (Vec::new(), Vec::new());
        for cells in ratings.by_item() {
            let rest: Vec<f64> = (0..cells.len())
                .filter(|other| *other != rater)
                .filter_map(|other| cells[other])
                .collect();
            if let (Some(rating), false) = (cells[rater], rest.is_empty()) {
                own.push(rating);
                others.push(rest.iter().sum::<f64>() / rest.len() as f64);
                others_per_cell.push(rest.len() as f64);
            }
        }
        per_rater.push(statistic(&PairedSample::new(&own, &others)?).ok());
    }
    let found: Vec<f64> = per_rater
        .iter()
        .flatten()
        .map(|estimate| estimate.value)
        .collect();
    if found.is_empty() {
        return Err(StatsError::Undefined {
            statistic: "leave_one_out_ceiling",
            reason: format!("`{name}` exists for no rater against the others"),
        });
    }
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    let others = others_per_cell.iter().sum::<f64>() / others_per_cell.len() as f64;
    let single = single_reliability(mean, others);
    let estimate =
        |what, value, convention: String| Estimate::new(what, value, found.len(), convention);
    let corrected = |what: &str| {
        format!("{name}, {what}, by Spearman-Brown from one against {others:.3} others on average")
    };
    Ok(Ceiling {
        leave_one_out: estimate(
            "leave_one_out_ceiling",
            mean,
            format!(
                "{name} of each rater with the mean of the others, arithmetic mean over {} of {} raters",
                found.len(),
                ratings.raters()
            ),
        ),
        against_all: estimate(
            "ceiling_against_all",
            against_mean(single, others + 1.0),
            corrected("one rater against the mean of all"),
        ),
        best_possible: estimate(
            "ceiling_best_possible",
            reliability_of_mean(single, others + 1.0).max(0.0).sqrt(),
            corrected("the true means against the mean of all"),
        ),
        per_rater,
    })
}

/// Correlation of two single raters, from that of one with the mean of `others`; 0 where that is not positive.
fn single_reliability(correlation: f64, others: f64) -> f64 {
    if correlation <= 0.0 {
        return 0.0;
    }
    // r^2 (1 + (m - 1) rho) = m rho^2, solved for rho.
    let square = correlation * correlation;
    let linear = square * (others - 1.0);
    (linear + (linear * linear + 4.0 * others * square).sqrt()) / (2.0 * others)
}

fn reliability_of_mean(single: f64, raters: f64) -> f64 {
    raters * single / (1.0 + (raters - 1.0) * single)
}

fn against_mean(single: f64, raters: f64) -> f64 {
    (single * reliability_of_mean(single, raters))
        .max(0.0)
        .sqrt()
}
