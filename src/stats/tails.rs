//! Tails and quantiles of the distributions that tests and intervals need.

use std::borrow::Cow;

use statrs::distribution::{
    Binomial, ContinuousCDF, DiscreteCDF, FisherSnedecor, Normal, StudentsT,
};

use super::Interval;

/// P(|Z| >= |z|) for a standard normal Z.
pub(crate) fn normal_two_sided(z: f64) -> f64 {
    (2.0 * Normal::standard().sf(z.abs())).min(1.0)
}

/// The z with P(Z <= z) = `probability`, for a probability strictly between 0 and 1.
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    Normal::standard().inverse_cdf(probability)
}

/// P(T <= t) for Student's t with `freedom` degrees of freedom.
pub(crate) fn t_lower(t: f64, freedom: f64) -> f64 {
    if t.is_infinite() {
        return if t > 0.0 { 1.0 } else { 0.0 };
    }
    StudentsT::new(0.0, 1.0, freedom)
        .expect("callers pass at least one degree of freedom")
        .cdf(t)
}

/// P(|T| >= |t|) for Student's t with `freedom` degrees of freedom.
pub(crate) fn t_two_sided(t: f64, freedom: f64) -> f64 {
    (2.0 * t_lower(-t.abs(), freedom)).min(1.0)
}

/// The t with P(T <= t) = `probability`.
pub(crate) fn t_quantile(probability: f64, freedom: f64) -> f64 {
    if probability < 0.5 {
        return -t_quantile(1.0 - probability, freedom);
    }
    rising_root(|t| t_lower(t, freedom), probability)
}

/// P(F >= f) for the F distribution with `numerator` and `denominator` degrees of freedom.
pub(crate) fn f_upper(f: f64, numerator: f64, denominator: f64) -> f64 {
    if f.is_infinite() {
        return 0.0;
    }
    FisherSnedecor::new(numerator, denominator)
        .expect("callers pass positive degrees of freedom")
        .sf(f.max(0.0))
}

/// The f with P(F <= f) = `probability`.
pub(crate) fn f_quantile(probability: f64, numerator: f64, denominator: f64) -> f64 {
    let distribution = FisherSnedecor::new(numerator, denominator)
        .expect("callers pass positive degrees of freedom");
    rising_root(|f| distribution.cdf(f), probability)
}

/// Two-sided exact p-value of `successes` among `trials` at an even chance.
pub(crate) fn binomial_even_two_sided(successes: u64, trials: u64) -> f64 {
    if trials == 0 {
        return 1.0;
    }
    let fewer = successes.min(trials - successes);
    let distribution = Binomial::new(0.5, trials).expect("one half is a probability");
    (2.0 * distribution.cdf(fewer)).min(1.0)
}

/// Wilson's score interval of a proportion.
pub(crate) fn wilson(successes: f64, trials: f64, level: f64) -> Interval {
    let z = normal_quantile(0.5 + level / 2.0);
    let share = successes / trials;
    let shrink = 1.0 + z * z / trials;
    let centre = (share + z * z / (2.0 * trials)) / shrink;
    let half =
        z / shrink * (share * (1.0 - share) / trials + z * z / (4.0 * trials * trials)).sqrt();
    Interval {
        low: (centre - half).max(0.0),
        high: (centre + half).min(1.0),
        level,
        method: Cow::Borrowed("wilson score"),
    }
}

/// `value` plus and minus the normal quantile times `standard_error`, cut to `range`.
pub(crate) fn normal_interval(
    value: f64,
    standard_error: f64,
    range: (f64, f64),
    method: impl Into<Cow<'static, str>>,
) -> Interval {
    let half = normal_quantile(0.5 + LEVEL / 2.0) * standard_error;
    Interval {
        low: (value - half).max(range.0),
        high: (value + half).min(range.1),
        level: LEVEL,
        method: method.into(),
    }
}

/// The `share`-th percentile of rising `sorted` values, linearly interpolated as `numpy.percentile`.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len() - 1) as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a floor between 0 and the length"
    )]
    let below = position.floor() as usize;
    let next = sorted[(below + 1).min(sorted.len() - 1)];
    sorted[below] + (position - position.floor()) * (next - sorted[below])
}

/// The interval between two percentiles; nothing for fewer than two values.
pub(crate) fn percentile_interval(
    values: &mut [f64],
    level: f64,
    method: impl Into<Cow<'static, str>>,
) -> Option<Interval> {
    if values.len() < 2 {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    Some(Interval {
        low: percentile(values, 0.5 - level / 2.0),
        high: percentile(values, 0.5 + level / 2.0),
        level,
        method: method.into(),
    })
}

/// The coverage of every interval whose level the caller cannot choose.
pub(crate) const LEVEL: f64 = 0.95;

/// The positive root of `cumulative(x) = target` for a rising function, by doubling and halving.
///
/// `statrs` inverts the incomplete beta function to some eight digits only; halving reaches the last bit.
fn rising_root(cumulative: impl Fn(f64) -> f64, target: f64) -> f64 {
    let mut high = 1.0;
    while cumulative(high) < target && high < 1e300 {
        high *= 2.0;
    }
    let mut low = 0.0;
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return middle;
        }
        if cumulative(middle) < target {
            low = middle;
        } else {
            high = middle;
        }
    }
}
