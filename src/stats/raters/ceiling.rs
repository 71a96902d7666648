//! How well could any judge agree with these people?

use super::super::resample::{CounterRng, Plan, run};
use super::super::tails::{LEVEL, percentile_interval};
use super::super::{Estimate, Interval, PairedSample, StatsError};
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
/// Intervals are those of the percentile bootstrap over items by `plan`, raters taken as fixed.
///
/// # Errors
/// [`StatsError::Undefined`] when the statistic exists for no rater.
pub fn leave_one_out_ceiling(
    ratings: &Ratings,
    name: &'static str,
    plan: &Plan,
    statistic: impl Fn(&PairedSample) -> Result<Estimate, StatsError> + Sync,
) -> Result<Ceiling, StatsError> {
    let every: Vec<usize> = (0..ratings.items()).collect();
    let per_rater: Vec<Option<Estimate>> = (0..ratings.raters())
        .map(|rater| statistic(&against_others(ratings, &every, rater).0).ok())
        .collect();
    let Some(levels) = levels(ratings, &every, &statistic) else {
        return Err(StatsError::Undefined {
            statistic: "leave_one_out_ceiling",
            reason: format!("`{name}` exists for no rater against the others"),
        });
    };
    let found = per_rater.iter().flatten().count();
    let corrected = |what: &str| {
        format!(
            "{name}, {what}, by Spearman-Brown from one against {:.3} others on average",
            levels.others
        )
    };
    let mut estimates = [
        (
            "leave_one_out_ceiling",
            format!(
                "{name} of each rater with the mean of the others, arithmetic mean over {found} of {} raters",
                ratings.raters()
            ),
        ),
        (
            "ceiling_against_all",
            corrected("one rater against the mean of all"),
        ),
        (
            "ceiling_best_possible",
            corrected("the true means against the mean of all"),
        ),
    ]
    .into_iter()
    .zip(levels.values)
    .zip(intervals(ratings, plan, &statistic))
    .map(|(((what, convention), value), interval)| Estimate {
        interval,
        ..Estimate::new(what, value, found, convention)
    });
    let mut next = || estimates.next().expect("three figures were listed");
    Ok(Ceiling {
        leave_one_out: next(),
        against_all: next(),
        best_possible: next(),
        per_rater,
    })
}

/// One against the others, one against all, and the best possible; with how many others there were on average.
struct Levels {
    values: [f64; 3],
    others: f64,
}

fn levels(
    ratings: &Ratings,
    items: &[usize],
    statistic: &impl Fn(&PairedSample) -> Result<Estimate, StatsError>,
) -> Option<Levels> {
    let (mut sum, mut found) = (0.0, 0.0);
    let (mut others, mut cells) = (0.0, 0.0);
    for rater in 0..ratings.raters() {
        let (sample, of_cells) = against_others(ratings, items, rater);
        others += of_cells;
        cells += sample.len() as f64;
        if let Ok(estimate) = statistic(&sample) {
            sum += estimate.value;
            found += 1.0;
        }
    }
    if found == 0.0 {
        return None;
    }
    let (mean, others) = (sum / found, others / cells);
    let single = single_reliability(mean, others);
    Some(Levels {
        values: [
            mean,
            against_mean(single, others + 1.0),
            reliability_of_mean(single, others + 1.0).max(0.0).sqrt(),
        ],
        others,
    })
}

/// A rater's ratings beside the mean of the others, and over how many others those means are, added up.
fn against_others(ratings: &Ratings, items: &[usize], rater: usize) -> (PairedSample, f64) {
    let (mut own, mut others, mut cells) = (Vec::new(), Vec::new(), 0.0);
    for item in items {
        let (mut sum, mut count) = (0.0, 0.0);
        for other in (0..ratings.raters()).filter(|other| *other != rater) {
            if let Some(rating) = ratings.cell(other, *item) {
                sum += rating;
                count += 1.0;
            }
        }
        if let (Some(rating), true) = (ratings.cell(rater, *item), count > 0.0) {
            own.push(rating);
            others.push(sum / count);
            cells += count;
        }
    }
    let sample = PairedSample::new(&own, &others).expect("ratings are finite and aligned");
    (sample, cells)
}

fn intervals(
    ratings: &Ratings,
    plan: &Plan,
    statistic: &(impl Fn(&PairedSample) -> Result<Estimate, StatsError> + Sync),
) -> [Option<Interval>; 3] {
    let items = u32::try_from(ratings.items()).expect("items are counted in 32 bits");
    let drawn: Vec<Option<[f64; 3]>> = run(
        plan,
        || (),
        |resample, ()| {
            let mut rng = CounterRng::new(plan.seed, resample);
            let chosen: Vec<usize> = (0..items).map(|_| rng.below(items) as usize).collect();
            levels(ratings, &chosen, statistic).map(|levels| levels.values)
        },
    );
    let found: Vec<[f64; 3]> = drawn.into_iter().flatten().collect();
    [0, 1, 2].map(|which| {
        let method = format!(
            "percentile bootstrap over items, {} of {} resamples, seed {}, raters fixed",
            found.len(),
            plan.resamples,
            plan.seed
        );
        let mut values: Vec<f64> = found.iter().map(|values| values[which]).collect();
        percentile_interval(&mut values, LEVEL, method)
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
