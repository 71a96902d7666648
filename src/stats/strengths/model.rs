//! The probability models of a vote, as convex functions of the difference in strength.

use crate::stats::distributions::normal_log_below;

/// How the difference in strength d = s_first - s_second (and the order effect) becomes a probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// P(first) = 1 / (1 + exp(-d)); a tie is half a vote for each.
    BradleyTerry,
    /// P(first) : P(second) : P(tie) = exp(d / 2) : exp(-d / 2) : nu (Davidson 1970).
    Davidson,
    /// P(first) = 1 / (1 + theta exp(-d)), P(second) = 1 / (1 + theta exp(d)), the rest is a tie (Rao and Kupper 1967).
    RaoKupper,
    /// P(first) = Phi(d), Thurstone's case V in units of the deviation of a difference; a tie is half a vote for each.
    Thurstone,
}

/// Negative log-likelihood of the votes on a pair, with its derivatives by difference and tie parameter.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Local {
    pub(super) value: f64,
    pub(super) slope: f64,
    pub(super) tie_slope: f64,
    pub(super) bend: f64,
    pub(super) cross: f64,
    pub(super) tie_bend: f64,
}

impl Model {
    /// Name in reports and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Model::BradleyTerry => "bradley-terry",
            Model::Davidson => "davidson",
            Model::RaoKupper => "rao-kupper",
            Model::Thurstone => "thurstone",
        }
    }

    /// What a strength is under this model, and what becomes of ties.
    pub fn convention(self) -> &'static str {
        match self {
            Model::BradleyTerry => "log-odds with mean zero; a tie is half a vote for each",
            Model::Davidson => "log-odds with mean zero; ties by Davidson's nu",
            Model::RaoKupper => "log-odds with mean zero; ties by Rao and Kupper's theta",
            Model::Thurstone => {
                "normal deviates of a difference with mean zero; a tie is half a vote for each"
            }
        }
    }

    /// Whether ties have a parameter of their own.
    pub fn has_tie_parameter(self) -> bool {
        match self {
            Model::Davidson | Model::RaoKupper => true,
            Model::BradleyTerry | Model::Thurstone => false,
        }
    }

    /// The tie parameter as it is known, nu or theta, from the one that is fitted: its logarithm.
    pub(super) fn tie_parameter(fitted: f64) -> f64 {
        fitted.exp()
    }

    /// The function at difference `d` and fitted tie parameter `tie`; infinite outside of its domain.
    #[inline]
    pub(super) fn local(self, d: f64, tie: f64, counts: [f64; 3]) -> Local {
        match self {
            Model::BradleyTerry => bradley_terry(d, (-d.abs()).exp(), counts),
            Model::Davidson => davidson(d, tie, counts),
            Model::RaoKupper => rao_kupper(d, tie, counts),
            Model::Thurstone => thurstone(d, counts),
        }
    }
}

/// 1 / (1 + exp(-x)) and its logarithm.
#[inline]
fn logistic(x: f64) -> (f64, f64) {
    let small = (-x.abs()).exp();
    if x >= 0.0 {
        (1.0 / (1.0 + small), -small.ln_1p())
    } else {
        (small / (1.0 + small), x - small.ln_1p())
    }
}

/// Bradley and Terry's model at difference `d`, where `small` is exp(-|d|).
#[inline]
fn bradley_terry(d: f64, small: f64, [first, second, tie]: [f64; 3]) -> Local {
    let (first, second) = (first + 0.5 * tie, second + 0.5 * tie);
    let (worse, better) = if d >= 0.0 {
        (second, first)
    } else {
        (first, second)
    };
    let upset = small / (1.0 + small);
    let slope = worse * (1.0 - upset) - better * upset;
    Local {
        // To a sum, ln_1p would add digits below its last one only, and it takes thrice the time.
        value: (first + second) * (1.0 + small).ln() + worse * d.abs(),
        slope: if d >= 0.0 { slope } else { -slope },
        bend: (first + second) * upset * (1.0 - upset),
        ..Local::default()
    }
}

/// The three outcomes are a softmax of d / 2, -d / 2 and ln nu.
fn davidson(d: f64, log_nu: f64, [first, second, tie]: [f64; 3]) -> Local {
    let highest = (0.5 * d.abs()).max(log_nu);
    let parts = [0.5 * d, -0.5 * d, log_nu].map(|logit| (logit - highest).exp());
    let sum: f64 = parts.iter().sum();
    let [p_first, p_second, p_tie] = parts.map(|part| part / sum);
    let all = first + second + tie;
    let lead = p_first - p_second;
    Local {
        value: all * (highest + sum.ln()) - 0.5 * d * (first - second) - log_nu * tie,
        slope: 0.5 * (all * lead - (first - second)),
        tie_slope: all * p_tie - tie,
        bend: 0.25 * all * (p_first + p_second - lead * lead),
        cross: -0.5 * all * lead * p_tie,
        tie_bend: all * p_tie * (1.0 - p_tie),
    }
}

/// With a = logistic(t - d) and b = logistic(t + d), t = ln theta: P(first) = 1 - a, P(second) = 1 - b,
/// P(tie) = a b (1 - exp(-2 t)).
fn rao_kupper(d: f64, log_theta: f64, [first, second, tie]: [f64; 3]) -> Local {
    if log_theta <= 0.0 {
        return Local {
            value: f64::INFINITY,
            ..Local::default()
        };
    }
    let ((a, log_a), (b, log_b)) = (logistic(log_theta - d), logistic(log_theta + d));
    let (not_a, not_b) = (log_a - (log_theta - d), log_b - (log_theta + d));
    let grown = (2.0 * log_theta).exp_m1();
    let (by_a, by_b) = (
        (first + tie) * a * (1.0 - a),
        (second + tie) * b * (1.0 - b),
    );
    Local {
        value: -first * not_a
            - second * not_b
            - tie * (log_a + log_b + (-(-2.0 * log_theta).exp_m1()).ln()),
        slope: (second + tie) * b - (first + tie) * a,
        tie_slope: (first + tie) * a + (second + tie) * b - 2.0 * tie - 2.0 * tie / grown,
        bend: by_a + by_b,
        cross: by_b - by_a,
        tie_bend: by_a + by_b + 4.0 * tie * (grown + 1.0) / (grown * grown),
    }
}

fn thurstone(d: f64, [first, second, tie]: [f64; 3]) -> Local {
    let (first, second) = (first + 0.5 * tie, second + 0.5 * tie);
    let (log_win, win_hazard) = normal_log_below(d);
    let (log_lose, lose_hazard) = normal_log_below(-d);
    Local {
        value: -first * log_win - second * log_lose,
        slope: second * lose_hazard - first * win_hazard,
        bend: first * win_hazard * (win_hazard + d) + second * lose_hazard * (lose_hazard - d),
        ..Local::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_those_of_the_values() {
        let models = [
            Model::BradleyTerry,
            Model::Davidson,
            Model::RaoKupper,
            Model::Thurstone,
        ];
        let counts = [3.0, 1.5, 0.7];
        let step = 1e-5;
        for model in models {
            for d in [-7.0, -1.3, 0.0, 0.4, 2.0, 6.5] {
                for tie in [0.05, 0.8, 3.0] {
                    let here = model.local(d, tie, counts);
                    let around = |f: &dyn Fn(f64) -> f64| (f(step) - f(-step)) / (2.0 * step);
                    let by_d =
                        |of: fn(&Local) -> f64| around(&|e| of(&model.local(d + e, tie, counts)));
                    let by_tie =
                        |of: fn(&Local) -> f64| around(&|e| of(&model.local(d, tie + e, counts)));
                    for (got, expected) in [
                        (here.slope, by_d(|local| local.value)),
                        (here.bend, by_d(|local| local.slope)),
                        (here.cross, by_tie(|local| local.slope)),
                        (here.tie_slope, by_tie(|local| local.value)),
                        (here.tie_bend, by_tie(|local| local.tie_slope)),
                    ] {
                        // Central differences lose half the digits.
                        let allowed = 1e-5 * expected.abs().max(1.0);
                        assert!(
                            (got - expected).abs() < allowed,
                            "{model:?} {d} {tie}: {got} {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn probabilities_sum_to_one_and_far_differences_stay_finite() {
        for model in [
            Model::BradleyTerry,
            Model::Davidson,
            Model::RaoKupper,
            Model::Thurstone,
        ] {
            for d in [-40.0, -3.0, 0.0, 1.0, 40.0] {
                let chance = |counts| (-model.local(d, 0.5, counts).value).exp();
                let decided = chance([1.0, 0.0, 0.0]) + chance([0.0, 1.0, 0.0]);
                let tie = if model.has_tie_parameter() {
                    chance([0.0, 0.0, 1.0])
                } else {
                    0.0
                };
                assert!(
                    (decided + tie - 1.0).abs() < 1e-12,
                    "{model:?} {d}: {decided} {tie}"
                );
            }
            for d in [-2_000.0, 2_000.0] {
                let far = model.local(d, 0.5, [1.0, 1.0, 1.0]);
                assert!(
                    far.value.is_finite() && far.slope.is_finite() && far.bend >= 0.0,
                    "{model:?} {far:?}"
                );
            }
        }
    }
}
