//! How much the answer to a question on a pair would tell.

use crate::stats::StatsError;
use crate::stats::distributions::normal_log_below;
use crate::stats::strengths::Model;

/// How far from the mean the difference is looked at, in deviations; beyond lies 3e-12 of it.
const REACH: f64 = 7.0;
/// Steps between two looks, at most: in deviations, and in units of the difference.
const STEP: f64 = 0.4;
const UNIT_STEP: f64 = 1.0;
/// A deviation beyond this is taken as this: one more answer then tells one bit, less a part in a hundred.
const WIDEST: f64 = 50.0;

/// Expected information, in nats, that one answer on a pair gives about its difference in strength.
///
/// ```text
/// d ~ N(mean, variance),   gain = H(E p(d)) - E H(p(d)),   H(p) = -p ln p - (1 - p) ln(1 - p)
/// ```
/// p(d) is the model's probability that the first is better; ties count as half. This is the mutual
/// information of answer and difference, never above ln 2 (Lindley 1956; ASAP by Mikhailiuk et al. 2020 takes
/// the same gain under Thurstone's model).
///
/// The expectations are sums over equal steps. Both functions are smooth and die off on both sides, where such
/// sums are exact to 1e-6; Gauss and Hermite's rule with as many nodes is off by 2e-4 at a deviation of 3.
///
/// ```
/// use opine::stats::{choosing::information_gain, strengths::Model};
/// let unknown = information_gain(Model::BradleyTerry, 0.0, 2.0)?;
/// assert!(unknown > information_gain(Model::BradleyTerry, 3.0, 2.0)?);
/// assert!(unknown > information_gain(Model::BradleyTerry, 0.0, 1.0)?);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Argument`] for a mean that is not finite, a variance that is not or is negative, and a model
/// with a tie parameter, which has three answers.
pub fn information_gain(model: Model, mean: f64, variance: f64) -> Result<f64, StatsError> {
    let wrong = |argument, value: String, allowed| StatsError::Argument {
        argument,
        value,
        allowed,
    };
    if !mean.is_finite() {
        return Err(wrong("mean", mean.to_string(), "a finite number"));
    }
    if !(variance >= 0.0 && variance.is_finite()) {
        let allowed = "a finite number of zero or more";
        return Err(wrong("variance", variance.to_string(), allowed));
    }
    if model.has_tie_parameter() {
        let allowed = "bradley-terry or thurstone, where a tie is half a vote for each";
        return Err(wrong("model", model.name().to_owned(), allowed));
    }
    Ok(gain(model, mean, variance))
}

/// [`information_gain`] of numbers that are known to be sound.
pub(super) fn gain(model: Model, mean: f64, variance: f64) -> f64 {
    let deviation = variance.sqrt().min(WIDEST);
    let step = STEP.min(UNIT_STEP / deviation.max(f64::MIN_POSITIVE));
    let (mut weights, mut wins, mut doubt) = (0.0, 0.0, 0.0);
    let mut look = |at: f64, weight: f64| {
        let [win, entropy] = answer(model, mean + deviation * at);
        weights += weight;
        wins += weight * win;
        doubt += weight * entropy;
    };
    look(0.0, 1.0);
    let mut at = step;
    while at < REACH {
        let weight = (-0.5 * at * at).exp();
        look(at, weight);
        look(-at, weight);
        at += step;
    }
    // An answer never tells less than nothing; rounding may.
    (binary_entropy(wins / weights) - doubt / weights).max(0.0)
}

/// Probability that the first is better, and the entropy of the answer.
#[inline]
fn answer(model: Model, difference: f64) -> [f64; 2] {
    match model {
        // The models of ties were refused; without ties they are Bradley and Terry's.
        Model::BradleyTerry | Model::Davidson | Model::RaoKupper => {
            let far = difference.abs();
            let small = (-far).exp();
            let upset = small / (1.0 + small);
            let win = if difference >= 0.0 {
                1.0 - upset
            } else {
                upset
            };
            [win, small.ln_1p() + far * upset]
        }
        Model::Thurstone => {
            let (log_win, log_loss) = (
                normal_log_below(difference).0,
                normal_log_below(-difference).0,
            );
            let (win, loss) = (log_win.exp(), log_loss.exp());
            [win, -win * log_win - loss * log_loss]
        }
    }
}

fn binary_entropy(p: f64) -> f64 {
    let part = |p: f64| if p > 0.0 { -p * p.ln() } else { 0.0 };
    part(p) + part(1.0 - p)
}
