//! Agreement on unordered labels beyond chance, for any number of raters.

use super::super::tails::{LEVEL, t_quantile, t_two_sided};
use super::super::{Estimate, Interval, StatsError};
use super::Ratings;

/// What two raters would agree on by chance.
#[derive(Clone, Copy)]
enum ChanceModel {
    /// Both draw from the pooled shares of labels.
    PooledShares,
    /// They agree by chance on hard items only (Gwet).
    HardItems,
}

impl ChanceModel {
    /// Chance agreement from the pooled share of each label.
    fn expected(self, shares: &[f64]) -> f64 {
        match self {
            ChanceModel::PooledShares => shares.iter().map(|share| share * share).sum(),
            ChanceModel::HardItems => {
                let spread: f64 = shares.iter().map(|share| share * (1.0 - share)).sum();
                spread / (shares.len() as f64 - 1.0)
            }
        }
    }

    /// The part that one item with these label counts has in the chance agreement.
    fn of_item(self, counts: &[f64], shares: &[f64]) -> f64 {
        let raters: f64 = counts.iter().sum();
        let weigh = |weight: &dyn Fn(f64) -> f64| -> f64 {
            counts
                .iter()
                .zip(shares)
                .map(|(count, share)| count * weight(*share))
                .sum::<f64>()
                / raters
        };
        match self {
            ChanceModel::PooledShares => weigh(&|share| share),
            ChanceModel::HardItems => weigh(&|share| 1.0 - share) / (shares.len() as f64 - 1.0),
        }
    }
}

/// Fleiss' kappa: agreement of any two raters beyond that of labels drawn from their pooled shares.
///
/// ```text
/// kappa = (P_o - P_e) / (1 - P_e),  P_e = sum over labels of share^2
/// ```
/// Items may have different numbers of ratings: those with two or more enter P_o, all enter the shares. With
/// complete ratings the value is that of `statsmodels.stats.inter_rater.fleiss_kappa`; standard error (Gwet
/// 2008, linearised), t interval and p-value are those of `irrCAC.raw.CAC.fleiss`. `n` is the number of items.
///
/// # Errors
/// [`StatsError::TooFew`] without two rated items or any item with two ratings; [`StatsError::Undefined`]
/// when only one label occurs.
pub fn fleiss_kappa(ratings: &Ratings) -> Result<Estimate, StatsError> {
    let levels = ratings.levels();
    let counts = ratings.counts(&levels, |rated| rated > 0);
    coefficient("fleiss_kappa", &counts, ChanceModel::PooledShares)
}

/// Gwet's AC1: agreement beyond that on items hard enough to be answered by chance.
///
/// ```text
/// AC1 = (P_o - P_e) / (1 - P_e),  P_e = sum over labels of share (1 - share) / (labels - 1)
/// ```
/// It does not fall towards 0 when nearly all items have one label, as kappas do. Labels are those that occur.
/// Missing ratings as in [`fleiss_kappa`]; same as `irrCAC.raw.CAC.gwet`. Gwet, "Computing inter-rater
/// reliability and its variance in the presence of high agreement" (2008).
///
/// # Errors
/// As [`fleiss_kappa`].
pub fn gwet_ac1(ratings: &Ratings) -> Result<Estimate, StatsError> {
    let levels = ratings.levels();
    let counts = ratings.counts(&levels, |rated| rated > 0);
    coefficient("gwet_ac1", &counts, ChanceModel::HardItems)
}

/// Scott's pi: agreement of two raters beyond that of labels drawn from their pooled shares.
///
/// Fleiss' kappa of two raters, over items that both rated.
///
/// # Errors
/// [`StatsError::Argument`] unless there are exactly two raters, and as [`fleiss_kappa`].
pub fn scott_pi(ratings: &Ratings) -> Result<Estimate, StatsError> {
    if ratings.raters() != 2 {
        return Err(StatsError::Argument {
            argument: "ratings",
            value: format!("{} raters", ratings.raters()),
            allowed: "two raters",
        });
    }
    let levels = ratings.levels();
    let counts = ratings.counts(&levels, |rated| rated == 2);
    coefficient("scott_pi", &counts, ChanceModel::PooledShares)
}

fn coefficient(
    name: &'static str,
    items: &[Vec<f64>],
    model: ChanceModel,
) -> Result<Estimate, StatsError> {
    let raters_of = |counts: &Vec<f64>| counts.iter().sum::<f64>();
    let comparable = items
        .iter()
        .filter(|counts| raters_of(counts) >= 2.0)
        .count();
    if items.len() < 2 || comparable == 0 {
        return Err(StatsError::TooFew {
            statistic: name,
            needed: 2,
            got: comparable.min(items.len()),
        });
    }
    let size = items.len() as f64;
    let mut shares = vec![0.0; items[0].len()];
    for counts in items {
        for (share, count) in shares.iter_mut().zip(counts) {
            *share += count / raters_of(counts) / size;
        }
    }
    if shares.iter().filter(|share| **share > 0.0).count() < 2 {
        return Err(StatsError::Undefined {
            statistic: name,
            reason: "only one label occurs, so that agreement by chance is complete".to_owned(),
        });
    }

    let observed_of = |counts: &Vec<f64>| {
        let raters = raters_of(counts);
        let alike: f64 = counts.iter().map(|count| count * (count - 1.0)).sum();
        (raters >= 2.0).then(|| alike / (raters * (raters - 1.0)))
    };
    let observed = items.iter().filter_map(observed_of).sum::<f64>() / comparable as f64;
    let expected = model.expected(&shares);
    let value = (observed - expected) / (1.0 - expected);

    // Gwet's linearised variance: how far each item pulls the coefficient from its value.
    let squares: f64 = items
        .iter()
        .map(|counts| {
            let own = observed_of(counts).map_or(0.0, |own| {
                size / comparable as f64 * (own - expected) / (1.0 - expected)
            });
            let chance = model.of_item(counts, &shares) - expected;
            let pull = own - 2.0 * (1.0 - value) * chance / (1.0 - expected);
            (pull - value).powi(2)
        })
        .sum();
    let error = (squares / (size * (size - 1.0))).sqrt();
    Ok(with_t_interval(
        Estimate::new(
            name,
            value,
            items.len(),
            format!("unordered labels; {comparable} item(s) with two or more ratings"),
        ),
        error,
        size - 1.0,
    ))
}

fn with_t_interval(estimate: Estimate, error: f64, freedom: f64) -> Estimate {
    let half = t_quantile(0.5 + LEVEL / 2.0, freedom) * error;
    let value = estimate.value;
    let p_value = if error > 0.0 {
        t_two_sided(value / error, freedom)
    } else {
        0.0
    };
    estimate
        .with_p_value(p_value, "t distribution, Gwet's linearised standard error")
        .with_interval(Interval {
            low: value - half,
            high: (value + half).min(1.0),
            level: LEVEL,
            method: "t distribution, Gwet's linearised standard error".into(),
        })
}
