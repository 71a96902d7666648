//! The cheapest threshold whose expected cost is shown.

use super::candidates::{Candidate, Labelled};
use super::share::share_above_p_value;

/// Most candidates that are tested; each has an equal share of the level.
const TESTED: usize = 32;

/// What mistakes cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Costs {
    pub(super) false_accept: f64,
    pub(super) false_reject: f64,
}

impl Costs {
    fn dearest(self) -> f64 {
        self.false_accept.max(self.false_reject)
    }

    /// Mean cost of an item at this threshold.
    pub(super) fn mean(self, labelled: &Labelled, at: &Candidate) -> f64 {
        let false_accepts = at.accepted - at.good;
        let false_rejects = labelled.good() - at.good;
        (self.false_accept * false_accepts as f64 + self.false_reject * false_rejects as f64)
            / labelled.items() as f64
    }

    /// P-value of "the mean cost is at least `cost`", Hoeffding's and Bentkus's, whichever is smaller (Bates et al.
    /// 2021, arXiv 2101.02703, for a mean of values between 0 and 1).
    pub(super) fn p_value(self, labelled: &Labelled, at: &Candidate, cost: f64) -> f64 {
        let n = labelled.items();
        let mean = self.mean(labelled, at) / self.dearest();
        let most = cost / self.dearest();
        if mean >= most {
            return 1.0;
        }
        let hoeffding = (-(n as f64) * relative_entropy(mean, most)).exp();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and the number of items"
        )]
        let at_most = (n as f64 * mean).ceil() as usize;
        // P(Bin(n, most) <= at_most): as many failures as that or fewer.
        let below = share_above_p_value(n - at_most.min(n), n, 1.0 - most);
        hoeffding.min(std::f64::consts::E * below).min(1.0)
    }

    /// Upper bound of the mean cost at this level.
    pub(super) fn upper_bound(self, labelled: &Labelled, at: &Candidate, level: f64) -> f64 {
        let (mut low, mut high) = (self.mean(labelled, at), self.dearest());
        for _ in 0..100 {
            let middle = f64::midpoint(low, high);
            if self.p_value(labelled, at, middle) <= level {
                high = middle;
            } else {
                low = middle;
            }
        }
        high
    }
}

/// Kullback and Leibler's divergence of two coins.
fn relative_entropy(one: f64, other: f64) -> f64 {
    let part = |p: f64, q: f64| if p > 0.0 { p * (p / q).ln() } else { 0.0 };
    part(one, other) + part(1.0 - one, 1.0 - other)
}

/// Candidates that are tested: all, or evenly spaced ones by the number of items that they accept.
pub(super) fn tested(labelled: &Labelled) -> Vec<Candidate> {
    let all = labelled.candidates();
    if all.len() <= TESTED {
        return all;
    }
    let mut tested: Vec<Candidate> = Vec::with_capacity(TESTED);
    for candidate in all {
        let reached = candidate.accepted * TESTED / labelled.items();
        if reached > tested.len() {
            tested.push(candidate);
        }
    }
    tested
}
