//! Weights of members whose reliability is known, and opinions pooled by them.

use crate::stats::StatsError;

/// How far probabilities of one opinion may be from summing to 1.
const ROUNDED: f64 = 1e-9;

/// Each of `members` counts alike; weights sum to 1.
///
/// # Errors
/// [`StatsError::TooFew`] without a member.
pub fn equal_weights(members: usize) -> Result<Vec<f64>, StatsError> {
    shares(vec![1.0; members])
}

/// Weights by audited error variances: those of the most exact mean of unbiased members.
///
/// ```text
/// w_k = (1 / e_k) / sum of 1 / e
/// ```
/// e is the mean squared error against people, on one calibrated scale. Best where errors are independent;
/// where members err alike, their mean is less exact than the weights suggest (Bates and Granger 1969).
///
/// ```
/// use opine::stats::jury::weights_by_error;
/// assert_eq!(weights_by_error(&[0.25, 0.75])?, [0.75, 0.25]);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] without a member; [`StatsError::Argument`] for an error that is not above zero.
pub fn weights_by_error(errors: &[f64]) -> Result<Vec<f64>, StatsError> {
    if let Some(error) = errors
        .iter()
        .find(|error| !(**error > 0.0 && error.is_finite()))
    {
        let allowed = "finite mean squared errors above zero";
        return Err(wrong("errors", error.to_string(), allowed));
    }
    // Relative to the least, so that no inverse overflows.
    let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
    shares(errors.iter().map(|error| least / error).collect())
}

/// Weights by audited correlations with people, for members brought to one scale.
///
/// ```text
/// w_k = (r_k^2 / (1 - r_k^2)) / sum,   0 for r_k <= 0
/// ```
/// A member that is the truth plus independent noise, and correlates with it by r, has the error variance
/// (1 - r^2) / r^2 in units of the truth's own: these are [`weights_by_error`] of such members (as in
/// Bartlett's factor scores, 1937). A member that goes against people is left out, not turned round.
///
/// # Errors
/// [`StatsError::TooFew`] without a member; [`StatsError::Argument`] for a correlation outside of -1..1 or at
/// its ends; [`StatsError::Undefined`] where no member correlates positively.
pub fn weights_by_correlation(correlations: &[f64]) -> Result<Vec<f64>, StatsError> {
    if let Some(r) = correlations.iter().find(|r| r.is_nan() || r.abs() >= 1.0) {
        return Err(wrong("correlations", r.to_string(), "above -1 and below 1"));
    }
    let signal = |r: &f64| if *r > 0.0 { r * r / (1.0 - r * r) } else { 0.0 };
    let signals: Vec<f64> = correlations.iter().map(signal).collect();
    if !signals.is_empty() && signals.iter().sum::<f64>() <= 0.0 {
        return Err(StatsError::Undefined {
            statistic: "weights of a jury",
            reason: "no member agrees with people more than by chance".to_owned(),
        });
    }
    shares(signals)
}

/// The weighted mean of one number from each member.
///
/// # Errors
/// [`StatsError::TooFew`] without a member; [`StatsError::Argument`] unless there is a finite number and a weight
/// of zero or more for each, not all zero.
pub fn pooled_mean(values: &[f64], weights: &[f64]) -> Result<f64, StatsError> {
    if values.len() != weights.len() || !values.iter().all(|value| value.is_finite()) {
        let allowed = "a finite number for each weight";
        return Err(wrong("values", format!("{values:?}"), allowed));
    }
    let weights = checked(weights)?;
    Ok(values
        .iter()
        .zip(weights)
        .map(|(value, weight)| weight * value)
        .sum())
}

/// The linear pool of opinions: of each level, the weighted mean of the members' probabilities (Stone 1961).
///
/// ```
/// use opine::stats::jury::pooled_opinion;
/// let pooled = pooled_opinion(&[&[1.0, 0.0], &[0.5, 0.5]], &[0.5, 0.5])?;
/// assert_eq!(pooled, [0.75, 0.25]);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] without a member; [`StatsError::Argument`] unless each opinion has as many
/// probabilities as the first, summing to 1, and a weight as in [`pooled_mean`].
pub fn pooled_opinion(opinions: &[&[f64]], weights: &[f64]) -> Result<Vec<f64>, StatsError> {
    let levels = opinions.first().map_or(0, |opinion| opinion.len());
    let sound = |opinion: &[f64]| {
        opinion.len() == levels
            && opinion.iter().all(|p| *p >= 0.0)
            && (opinion.iter().sum::<f64>() - 1.0).abs() <= ROUNDED
    };
    if let Some(opinion) = opinions.iter().find(|opinion| !sound(opinion)) {
        let allowed = "probabilities of the same levels for each member, summing to 1";
        return Err(wrong("opinions", format!("{opinion:?}"), allowed));
    }
    let level = |at: usize| {
        let of_members: Vec<f64> = opinions.iter().map(|opinion| opinion[at]).collect();
        pooled_mean(&of_members, weights)
    };
    if opinions.is_empty() {
        return Err(nobody());
    }
    (0..levels).map(level).collect()
}

/// Weights that sum to 1.
fn checked(weights: &[f64]) -> Result<Vec<f64>, StatsError> {
    let sound = |weight: &f64| *weight >= 0.0 && weight.is_finite();
    let some = weights.iter().any(|weight| *weight > 0.0);
    if !(weights.is_empty() || some && weights.iter().all(sound)) {
        let allowed = "finite weights of zero or more, not all zero";
        return Err(wrong("weights", format!("{weights:?}"), allowed));
    }
    shares(weights.to_vec())
}

fn shares(mut weights: Vec<f64>) -> Result<Vec<f64>, StatsError> {
    if weights.is_empty() {
        return Err(nobody());
    }
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    Ok(weights)
}

fn nobody() -> StatsError {
    StatsError::TooFew {
        statistic: "jury",
        needed: 1,
        got: 0,
    }
}

fn wrong(argument: &'static str, value: String, allowed: &'static str) -> StatsError {
    StatsError::Argument {
        argument,
        value,
        allowed,
    }
}
