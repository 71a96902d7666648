//! The cheapest threshold whose expected cost is shown.

use super::candidates::{Candidate, Labelled};
use super::sequence::refused_in_sequence;
use super::share::share_above_p_value;

/// Most candidates that are tested; each has an equal share of the level.
const TESTED: usize = 32;
/// Places at which a sequence of tests begins, each with an equal share of the level.
const STARTS: usize = 8;

/// What mistakes cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Costs {
    pub(super) false_accept: f64,
    pub(super) false_reject: f64,
}

impl Costs {
    pub(super) fn dearest(self) -> f64 {
        self.false_accept.max(self.false_reject)
    }

    /// Variance of an item's cost if its mean were `mean`: of all such distributions of no cost and the two costs that
    /// of the greatest likelihood, where the labels show this many dear and cheap mistakes. 0 where they show as high
    /// a mean themselves.
    ///
    /// ```text
    /// p_k = n_k / (n + t (cost_k - mean)), and the dearest the rest; t < 0 so that the mean is `mean`
    /// ```
    pub(super) fn variance_at(
        self,
        false_accepts: f64,
        false_rejects: f64,
        n: f64,
        mean: f64,
    ) -> f64 {
        let (mut dear, mut cheap) = (
            (self.false_accept, false_accepts),
            (self.false_reject, false_rejects),
        );
        if dear.0 < cheap.0 {
            std::mem::swap(&mut dear, &mut cheap);
        }
        if dear.0 * dear.1 + cheap.0 * cheap.1 >= n * mean || mean >= dear.0 {
            return 0.0;
        }
        let none = (0.0, n - dear.1 - cheap.1);
        let t = multiplier(
            [none, cheap, dear].map(|(cost, count)| (cost - mean, count)),
            n,
        );
        let share = |(cost, count): (f64, f64)| {
            if count > 0.0 {
                count / (n + t * (cost - mean))
            } else {
                0.0
            }
        };
        let (nothing, cheap_share) = (share(none), share(cheap));
        let dear_share = (1.0 - nothing - cheap_share).max(0.0);
        cheap_share * cheap.0 * cheap.0 + dear_share * dear.0 * dear.0 - mean * mean
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

/// The t below 0 with `sum n_k a_k / (n + t a_k) = 0` over three kinds (a_k, n_k) of which the last has the greatest a_k:
/// a root of a square. Where none was seen of the last, all that is left may be of it, at the least t that there is.
fn multiplier(kinds: [(f64, f64); 3], n: f64) -> f64 {
    let least = -n / kinds[2].0;
    let all: f64 = kinds.iter().map(|(a, _)| a).sum();
    let over = |part: fn(f64, f64) -> f64| -> f64 {
        kinds.iter().map(|(a, count)| count * part(*a, all)).sum()
    };
    let square = n * kinds.iter().map(|(a, _)| a).product::<f64>();
    let linear = n * over(|a, all| a * (all - a));
    let constant = n * n * over(|a, _| a);
    let root = (linear * linear - 4.0 * square * constant).max(0.0).sqrt();
    // Both roots without the difference of two like numbers.
    let half = -0.5 * (linear + root.copysign(linear));
    let roots = [half / square, constant / half].into_iter();
    // Rounding alone may lift a root off the end.
    let within = roots.filter(|t| *t <= 0.0 && *t > least * (1.0 - 1e-7));
    within.fold(least, f64::max)
}

/// Kullback and Leibler's divergence of two coins.
fn relative_entropy(one: f64, other: f64) -> f64 {
    let part = |p: f64, q: f64| if p > 0.0 { p * (p / q).ln() } else { 0.0 };
    part(one, other) + part(1.0 - one, 1.0 - other)
}

/// Places of the candidates that are tested: all, or evenly spaced ones by how many of the `items` they accept.
pub(super) fn tested(candidates: &[Candidate], items: usize) -> Vec<usize> {
    if candidates.len() <= TESTED {
        return (0..candidates.len()).collect();
    }
    let mut tested: Vec<usize> = Vec::with_capacity(TESTED);
    for (at, candidate) in candidates.iter().enumerate() {
        let reached = candidate.accepted * TESTED / items;
        if reached > tested.len() {
            tested.push(at);
        }
    }
    tested
}

/// Those of the tested places that are shown, by tests from strict to lax. A cost falls and rises again, so that the
/// sequence begins at several places, evenly spaced; what passes hands its share of the level on to the next.
pub(super) fn scan(tested: &[usize], level: f64, p_value: impl Fn(usize) -> f64) -> Vec<usize> {
    let starts = tested.len().min(STARTS);
    let mut begins = vec![0.0; tested.len()];
    for start in 0..starts {
        begins[(2 * start + 1) * tested.len() / (2 * starts)] = level / starts as f64;
    }
    let shown = refused_in_sequence(&begins, |at| p_value(tested[at]));
    shown.into_iter().map(|at| tested[at]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variance_at_a_mean_is_that_of_the_likeliest_distribution() {
        let costs = Costs {
            false_accept: 1.0,
            false_reject: 0.2,
        };
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-9, "{found}");
        // No mistake was seen: the dearest is the likeliest way to such a mean, of which the share is the mean.
        near(costs.variance_at(0.0, 0.0, 50.0, 0.1), 0.1 * 0.9);
        // What was seen has such a mean already.
        near(costs.variance_at(10.0, 0.0, 50.0, 0.2), 0.0);
        near(costs.variance_at(10.0, 0.0, 50.0, 0.1), 0.0);
        // scipy 1.12.0, minimize of -(20 log p0 + 5 log p1 + 2 log p2) under a sum of 1 and a mean of 0.2, and brentq of
        // the equation above: shares 0.65185185, 0.18518519, 0.16296296.
        near(
            costs.variance_at(2.0, 5.0, 27.0, 0.2),
            0.130_370_370_370_370_36,
        );
        let turned = Costs {
            false_accept: 0.2,
            false_reject: 1.0,
        };
        near(
            turned.variance_at(5.0, 2.0, 27.0, 0.2),
            costs.variance_at(2.0, 5.0, 27.0, 0.2),
        );
    }
}
