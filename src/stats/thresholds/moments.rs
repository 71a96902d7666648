//! What items that a threshold accepts say of a share or a cost, with a prediction beside the labels.

use super::cost::Costs;

/// Which figure is tested: with a(s) = 1 for an accepted item, y its label and g its predicted chance,
/// `h = a (y - share)` and `f = a (g - share)` for a precision, `h = y (a - share)` and `f = g (a - share)` for a recall,
/// and for a cost `h = cost - c(y)` and `f = cost - c(g)` with `c(y) = x a (1 - y) + z (1 - a) y`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Of {
    /// Of the accepted items, this share is good.
    Precision,
    /// Of the good items, this share is accepted.
    Recall,
    /// An item costs less than this in the mean.
    Cost(Costs),
}

/// Sums over some labelled items, and over some others.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Sums {
    labelled: f64,
    good: f64,
    /// Of the labelled: chances, their squares, chances of good ones.
    chance: f64,
    squares: f64,
    of_good: f64,
    others: f64,
    /// Of the others: chances and their squares.
    others_chance: f64,
    others_squares: f64,
}

/// Means and variances of h and f for one threshold and one share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Moments {
    n: f64,
    others: f64,
    h: f64,
    f: f64,
    f_others: f64,
    /// Variance of h: of the labels, or of labels whose figure is the one in question, whichever is larger.
    h_variance: f64,
    /// Variance of f over all items.
    f_variance: f64,
    /// Covariance of h and f over the labelled.
    covariance: f64,
}

impl Sums {
    pub(super) fn labelled(good: bool, chance: f64) -> Self {
        let good = f64::from(u8::from(good));
        Sums {
            labelled: 1.0,
            good,
            chance,
            squares: chance * chance,
            of_good: good * chance,
            ..Sums::default()
        }
    }

    pub(super) fn other(chance: f64) -> Self {
        Sums {
            others: 1.0,
            others_chance: chance,
            others_squares: chance * chance,
            ..Sums::default()
        }
    }

    pub(super) fn add(&mut self, other: &Sums) {
        self.labelled += other.labelled;
        self.good += other.good;
        self.chance += other.chance;
        self.squares += other.squares;
        self.of_good += other.of_good;
        self.others += other.others;
        self.others_chance += other.others_chance;
        self.others_squares += other.others_squares;
    }

    /// All items.
    pub(super) fn items(&self) -> f64 {
        self.labelled + self.others
    }

    /// Good labelled items.
    pub(super) fn good(&self) -> usize {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of items"
        )]
        let good = self.good as usize;
        good
    }
}

impl Costs {
    /// Sums of what so many mistakes of both kinds cost, and of the squares.
    fn sums(self, false_accepts: f64, false_rejects: f64) -> (f64, f64) {
        let of = |accept: f64, reject: f64| accept * false_accepts + reject * false_rejects;
        let (accept, reject) = (self.false_accept, self.false_reject);
        (of(accept, reject), of(accept * accept, reject * reject))
    }

    /// The same of what mistakes are predicted to cost: by number, chances and their squares of the accepted items,
    /// and chances and their squares of all.
    fn predicted(self, accepted: [f64; 3], all: [f64; 2]) -> (f64, f64) {
        let [n, chance, squares] = accepted;
        let (cost, _) = self.sums(n - chance, all[0] - chance);
        let (_, of_squares) = self.sums(n - 2.0 * chance + squares, all[1] - squares);
        (cost, of_squares)
    }
}

impl Moments {
    /// `accepted` of `all` items are accepted; the figure in question is `share`.
    pub(super) fn new(of: Of, accepted: &Sums, all: &Sums, share: f64) -> Self {
        let (n, others) = (all.labelled, all.others);
        let (a, p) = (accepted, share);
        // Sums of h, h^2, f, f^2 and h f over the labelled, of f and f^2 over the others.
        let [h, hh, f, ff, hf, g, gg] = match of {
            Of::Precision => [
                a.good - p * a.labelled,
                a.good - 2.0 * p * a.good + p * p * a.labelled,
                a.chance - p * a.labelled,
                a.squares - 2.0 * p * a.chance + p * p * a.labelled,
                a.of_good - p * (a.good + a.chance) + p * p * a.labelled,
                a.others_chance - p * a.others,
                a.others_squares - 2.0 * p * a.others_chance + p * p * a.others,
            ],
            Of::Recall => {
                let split =
                    |inside: f64, all: f64| inside * (1.0 - p).powi(2) + (all - inside) * p.powi(2);
                [
                    a.good - p * all.good,
                    split(a.good, all.good),
                    a.chance - p * all.chance,
                    split(a.squares, all.squares),
                    split(a.of_good, all.of_good),
                    a.others_chance - p * all.others_chance,
                    split(a.others_squares, all.others_squares),
                ]
            }
            Of::Cost(costs) => {
                let (c, cc) = costs.sums(a.labelled - a.good, all.good - a.good);
                let (d, dd) =
                    costs.predicted([a.labelled, a.chance, a.squares], [all.chance, all.squares]);
                let (e, ee) = costs.predicted(
                    [a.others, a.others_chance, a.others_squares],
                    [all.others_chance, all.others_squares],
                );
                let both = a.labelled - a.good - a.chance + a.of_good;
                let (_, cd) = costs.sums(both, all.of_good - a.of_good);
                [
                    p * n - c,
                    p * p * n - 2.0 * p * c + cc,
                    p * n - d,
                    p * p * n - 2.0 * p * d + dd,
                    p * p * n - p * (c + d) + cd,
                    p * others - e,
                    p * p * others - 2.0 * p * e + ee,
                ]
            }
        };
        let spread = |squares: f64, one: f64, other: f64, n: f64| {
            (squares - one * other / n) / (n - 1.0).max(1.0)
        };
        // Few labels of a rare kind may show no miss at all: their variance is then that of the figure in question.
        let least = match of {
            Of::Precision => p * (1.0 - p) * a.labelled / n,
            Of::Recall => p * (1.0 - p) * all.good / n,
            Of::Cost(costs) => costs.variance_at(a.labelled - a.good, all.good - a.good, n, p),
        };
        Moments {
            n,
            others,
            h: h / n,
            f: f / n,
            f_others: g / others,
            h_variance: spread(hh, h, h, n).max(least),
            f_variance: spread(ff + gg, f + g, f + g, n + others),
            covariance: spread(hf, h, f, n),
        }
    }

    /// How much of f enters: the amount with the least variance, held to 0..=1 (PPI++).
    pub(super) fn lambda(&self) -> f64 {
        let denominator = (1.0 + self.n / self.others) * self.f_variance;
        if denominator > 0.0 {
            (self.covariance / denominator).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }

    /// Variance of the corrected mean of h; never below that of labels for all items.
    fn variance(&self) -> f64 {
        let lambda = self.lambda();
        let corrected = self.h_variance / self.n - 2.0 * lambda * self.covariance / self.n
            + lambda * lambda * self.f_variance * (1.0 / self.n + 1.0 / self.others);
        corrected.max(self.h_variance / (self.n + self.others))
    }

    /// The corrected mean of h in standard errors: large where the share is exceeded, or the cost is not reached.
    pub(super) fn z(&self) -> f64 {
        let corrected = self.h + self.lambda() * (self.f_others - self.f);
        let error = self.variance().sqrt();
        if error > 0.0 { corrected / error } else { 0.0 }
    }

    /// How many labels alone would have this variance.
    pub(super) fn effective_labels(&self) -> f64 {
        let variance = self.variance();
        if variance > 0.0 {
            self.h_variance / variance
        } else {
            self.n
        }
    }
}
