//! Comparisons of several judges as one.

use super::PanelRule;
use super::scores::unfit;
use crate::judging::protocol::Compared;
use crate::judging::{Comparison, Coverage, Preference, Reason, Unscored};
use crate::stats::StatsError;
use crate::stats::jury::pooled_mean;

/// What the members' comparisons come to.
#[derive(Debug, Clone, PartialEq)]
pub struct PooledComparison {
    /// The panel's comparison; its coverage is the least of the members' and its readout that of the first who answered.
    pub compared: Compared,
    /// The share of each member, 0 for the missing.
    pub shares: Vec<f64>,
    /// Whether each member prefers the image that the panel prefers; none for the missing, and where either calls it even.
    pub agrees: Vec<Option<bool>>,
}

/// Pools the members' comparisons of a pair, in the order of the rule: the linear pool of their probabilities.
///
/// ```text
/// P(first) = sum_k share_k P_k(first), and so for the second and a tie
/// order effect = sum share_k effect_k / sum share_k, over the members that were shown the pair
/// ```
/// Probabilities and not log-odds: a member that is certain then outvotes nobody by being so. The two orders of a
/// panel disagree where the pool of what was said in the one prefers another image than that of the other.
///
/// # Errors
/// Fewer members than the quorum.
pub fn pool_comparisons(
    rule: &PanelRule,
    members: &[Result<Compared, Unscored>],
) -> Result<PooledComparison, Unscored> {
    let shares = rule.shares(members)?;
    let answered: Vec<(&Compared, f64)> = (members.iter().zip(&shares))
        .filter(|(_, share)| **share > 0.0)
        .filter_map(|(member, share)| Some((member.as_ref().ok()?, *share)))
        .collect();
    let weights: Vec<f64> = answered.iter().map(|(_, share)| *share).collect();
    let pool = |of: &dyn Fn(&Comparison) -> f64| -> Result<f64, StatsError> {
        let values: Vec<f64> = (answered.iter())
            .map(|(compared, _)| of(&compared.comparison))
            .collect();
        pooled_mean(&values, &weights)
    };
    let pooled = || -> Result<[f64; 5], StatsError> {
        let side = |comparison: &Comparison, order: usize| {
            let decided = 1.0 - comparison.tie();
            // Where a tie is certain there are no odds to ask for.
            if decided > 0.0 {
                decided * (comparison.by_order()[order] - 0.5)
            } else {
                0.0
            }
        };
        Ok([
            pool(&Comparison::first)?,
            pool(&Comparison::second)?,
            pool(&Comparison::tie)?,
            pool(&|comparison| side(comparison, 0))?,
            pool(&|comparison| side(comparison, 1))?,
        ])
    };
    let [first, second, tie, straight, turned] = pooled().map_err(|error| unfit(&error))?;
    let comparison = Comparison::from_probabilities(first, second, tie)
        .map_err(|error| Unscored::new(Reason::NotApplicable, error.to_string()))?
        .with_order_effect(order_effect(&answered));
    let coverages = answered
        .iter()
        .filter_map(|(compared, _)| compared.coverage);
    let compared = Compared {
        comparison,
        coverage: coverages.min_by(|a: &Coverage, b| a.value().total_cmp(&b.value())),
        readout: answered[0].0.readout,
        orders_disagree: straight * turned < 0.0,
        censored: answered.iter().any(|(compared, _)| compared.censored),
    };
    let preferred = lean(&compared);
    let agrees = |member: &Result<Compared, Unscored>| {
        let own = lean(member.as_ref().ok()?)?;
        Some(own == preferred?)
    };
    Ok(PooledComparison {
        agrees: members.iter().map(agrees).collect(),
        compared,
        shares,
    })
}

/// The image that is preferred, where one is.
fn lean(compared: &Compared) -> Option<Preference> {
    let comparison = &compared.comparison;
    if comparison.first() > comparison.second() {
        Some(Preference::First)
    } else {
        (comparison.second() > comparison.first()).then_some(Preference::Second)
    }
}

fn order_effect(answered: &[(&Compared, f64)]) -> Option<f64> {
    let shown = answered
        .iter()
        .filter_map(|(compared, share)| Some((compared.comparison.order_effect()?, *share)));
    let (effects, shares): (Vec<f64>, Vec<f64>) = shown.unzip();
    pooled_mean(&effects, &shares).ok()
}
