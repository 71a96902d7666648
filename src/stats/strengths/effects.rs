//! Whether what is fitted beside the strengths can be told from them.

use super::comparisons::Comparisons;
use super::curved::{Curved, Symmetric, solve};
use crate::stats::StatsError;

/// Share of an effect's curvature that must be left once the strengths may take its place.
const LEAST_OWN_SHARE: f64 = 1e-9;

/// Refuses effects that the strengths (and the effects before them) explain just as well.
///
/// An item that is always shown first, say, may be strong or merely first. The second derivatives at the
/// fit are reduced to those of the effects alone (Schur complement), and each must keep a share of its own.
pub(super) fn check_effects(problem: &Comparisons<'_>) -> Result<(), StatsError> {
    let (items, others) = (problem.items(), problem.others());
    if others == 0 {
        return Ok(());
    }
    let diagonal = problem.diagonal();
    let mut reduced = vec![vec![0.0; others]; others];
    for at in 0..others {
        let mut unit = vec![0.0; problem.unknowns()];
        unit[items + at] = 1.0;
        let mut column = vec![0.0; problem.unknowns()];
        problem.product(&unit, &mut column);
        let explained = StrengthsOnly(problem);
        let solution = solve(&explained, &diagonal[..items], &column[..items], 1e-12);
        let solution = solution.ok_or_else(|| confounded(problem, at))?;
        let mut inner = vec![0.0; problem.unknowns()];
        let mut padded = solution;
        padded.resize(problem.unknowns(), 0.0);
        problem.product(&padded, &mut inner);
        for (row, reduced) in reduced.iter_mut().enumerate() {
            reduced[at] = column[items + row] - inner[items + row];
        }
    }
    own_shares(reduced, &diagonal[items..]).map_err(|at| confounded(problem, at))
}

/// Cholesky's pivots, each against the effect's whole curvature; the first that is too small is the error.
fn own_shares(mut reduced: Vec<Vec<f64>>, whole: &[f64]) -> Result<(), usize> {
    for at in 0..whole.len() {
        let pivot = reduced[at][at];
        // A curvature of zero (a covariate that is always zero) fails here too.
        if pivot.is_nan() || pivot <= LEAST_OWN_SHARE * whole[at] {
            return Err(at);
        }
        let (done, below) = reduced.split_at_mut(at + 1);
        for row in below {
            let factor = row[at] / pivot;
            for (entry, above) in row.iter_mut().zip(&done[at]) {
                *entry -= factor * above;
            }
        }
    }
    Ok(())
}

fn confounded(problem: &Comparisons<'_>, at: usize) -> StatsError {
    let order = usize::from(problem.order_effect);
    let reason = if at < order {
        "the order effect cannot be told from the strengths: no pair was shown in enough orders"
            .to_owned()
    } else if at < order + problem.votes.covariates() {
        format!(
            "covariate {} cannot be told from the strengths and the effects before it",
            at - order
        )
    } else {
        "the tie parameter cannot be told from the strengths".to_owned()
    };
    StatsError::Undefined {
        statistic: "strengths",
        reason,
    }
}

/// The second derivatives by strengths, the effects held.
struct StrengthsOnly<'a, 'v>(&'a Comparisons<'v>);

impl Symmetric for StrengthsOnly<'_, '_> {
    fn items(&self) -> usize {
        self.0.items()
    }

    fn unknowns(&self) -> usize {
        self.0.items()
    }

    fn floats(&self) -> bool {
        self.0.floats()
    }

    fn product(&self, direction: &[f64], image: &mut [f64]) {
        self.0.strengths_product(direction, image);
    }
}
