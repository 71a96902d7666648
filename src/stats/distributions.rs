//! The few distributions that p-values and intervals need, accurate far into their tails.

use std::f64::consts::{LN_2, PI};

use statrs::distribution::{ContinuousCDF, Normal};

use super::Alternative;

/// P(Z > z) for a standard normal Z, with all its digits where it is tiny.
///
/// The error function of statrs is right to eleven digits only, so that this is our own: a series of
/// positive terms around zero, a continued fraction beyond (DLMF 7.6.2 and 7.9.2).
pub(super) fn normal_above(z: f64) -> f64 {
    let x = z.abs();
    let density = (-x * x / 2.0).exp() / (2.0 * PI).sqrt();
    let beyond = if x < 2.0 {
        0.5 - density * normal_series(x)
    } else {
        density / mills_fraction(x)
    };
    if z < 0.0 { 1.0 - beyond } else { beyond }
}

/// P(0 < Z < x) / density(x) = x + x^3 / 3 + x^5 / (3 * 5) + ...
fn normal_series(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    let mut odd = 3.0;
    while term > sum * f64::EPSILON / 4.0 {
        term *= x * x / odd;
        sum += term;
        odd += 2.0;
    }
    sum
}

/// density(x) / P(Z > x) = x + 1 / (x + 2 / (x + 3 / (x + ...))), from the inside out.
fn mills_fraction(x: f64) -> f64 {
    // From x = 2 on, a hundred levels are exact to the last bit.
    (1..=100_u8)
        .rev()
        .fold(x, |inner, level| x + f64::from(level) / inner)
}

/// P(Z <= z) for a standard normal Z.
pub(super) fn normal_below(z: f64) -> f64 {
    normal_above(-z)
}

/// ln P(Z <= z) and its derivative, the density over that probability; both finite wherever z is moderate or far.
pub(super) fn normal_log_below(z: f64) -> (f64, f64) {
    let log_density = -z * z / 2.0 - 0.5 * (2.0 * PI).ln();
    if z < -2.0 {
        // Here the probability may underflow, and its logarithm does not.
        let hazard = mills_fraction(-z);
        return (log_density - hazard.ln(), hazard);
    }
    let above = normal_above(z);
    ((-above).ln_1p(), log_density.exp() / (1.0 - above))
}

/// The z with P(Z <= z) = `probability`; infinite at 0 and 1.
pub(super) fn normal_quantile(probability: f64) -> f64 {
    if probability <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if probability >= 1.0 {
        return f64::INFINITY;
    }
    let near = Normal::standard().inverse_cdf(probability);
    // One Newton step takes statrs' eleven digits to all of them.
    let density = (-near * near / 2.0).exp() / (2.0 * PI).sqrt();
    let step = if near < 0.0 {
        (normal_below(near) - probability) / density
    } else {
        ((1.0 - probability) - normal_above(near)) / density
    };
    near - step
}

/// The p-value of a z statistic.
pub(super) fn normal_p_value(z: f64, alternative: Alternative) -> f64 {
    alternative.p_value(normal_below(z), normal_above(z))
}

/// The p-value of a correlation of `n` pairs against zero, by Student's t with n - 2 degrees of freedom.
///
/// ```text
/// t = r sqrt((n - 2) / (1 - r^2)),   P(|T| >= |t|) = I_{1 - r^2}((n - 2) / 2, 1/2)
/// ```
/// I is the regularised incomplete beta function. Nothing for fewer than three pairs.
pub(super) fn correlation_p_value(r: f64, n: usize, alternative: Alternative) -> Option<f64> {
    if n < 3 {
        return None;
    }
    let half_freedom = (n - 2) as f64 / 2.0;
    let both_tails = both_tails(r, half_freedom);
    let (at_most, at_least) = if r >= 0.0 {
        (1.0 - both_tails / 2.0, both_tails / 2.0)
    } else {
        (both_tails / 2.0, 1.0 - both_tails / 2.0)
    };
    Some(alternative.p_value(at_most, at_least))
}

/// I_{1 - r^2}(a, 1/2), by whichever of two expansions converges fast and without cancellation.
///
/// A general incomplete beta function loses digits here: its log-gamma terms reach a ln a, which for a
/// million pairs leaves eight digits, and its continued fraction is usually cut off too early.
fn both_tails(r: f64, a: f64) -> f64 {
    let square = r * r;
    let rest = (1.0 - r) * (1.0 + r);
    if rest <= 0.0 {
        return 0.0;
    }
    // r (1 - r^2)^a / B(a, 1/2), in logarithms because it may underflow.
    let log_rest = if square < 0.5 {
        (-square).ln_1p()
    } else {
        rest.ln()
    };
    let scale = (a * log_rest - log_beta_half(a)).exp() * r.abs();
    if square * (a + 2.5) < 2.0 && square < 0.5 {
        1.0 - (2.0 * scale * centre_series(square, a)).min(1.0)
    } else {
        scale * tail_fraction(square, a)
    }
}

/// Sum of (a + 1/2)_k / (3/2)_k y^k over k: all terms are positive.
fn centre_series(y: f64, a: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut k = 0.0;
    while term > sum * f64::EPSILON / 4.0 {
        term *= (a + 0.5 + k) / (1.5 + k) * y;
        sum += term;
        k += 1.0;
    }
    sum
}

/// The continued fraction of I_{1 - y}(a, 1/2) without its leading factor, by Lentz's method.
///
/// This is the even part of DLMF 8.17.22, written in y = r^2 (as Didonato and Morris do, TOMS 708):
/// in 1 - y a weak correlation of many pairs would lose the digits that its p-value is made of.
fn tail_fraction(y: f64, a: f64) -> f64 {
    let (b, x) = (0.5, 1.0 - y);
    let lambda = (a + b) * y - b;
    let denominator = |n: f64| {
        // At n = 0 the middle term is zero, although for a = 1 it reads 0 / 0.
        let middle = if n > 0.0 {
            n * (b - n) * x / (a + 2.0 * n - 1.0)
        } else {
            0.0
        };
        n + middle + (a + n) * (lambda + 1.0 + n * (1.0 + y)) / (a + 2.0 * n + 1.0)
    };
    let mut fraction = denominator(0.0);
    let (mut c, mut d) = (fraction, 0.0);
    for step in 1..10_000 {
        let n = f64::from(step);
        let root = (a + n - 1.0) * (a + b + n - 1.0) * n * (b - n) * x * x;
        let numerator = root / (a + 2.0 * n - 1.0).powi(2);
        d = 1.0 / (denominator(n) + numerator * d);
        c = denominator(n) + numerator / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    1.0 / fraction
}

/// ln B(a, 1/2) = ln sqrt(pi) - ln(Gamma(a + 1/2) / Gamma(a)).
fn log_beta_half(mut a: f64) -> f64 {
    // Step up to where the expansion holds, by Gamma(a + 3/2) / Gamma(a + 1) = (a + 1/2) / a Gamma(a + 1/2) / Gamma(a).
    let mut log_ratio = 0.0;
    while a < 20.0 {
        log_ratio -= (0.5 / a).ln_1p();
        a += 1.0;
    }
    // Gamma(a + 1/2) / Gamma(a) = sqrt(a) exp(-1/(8a) + 1/(192 a^3) - 1/(640 a^5) + 17/(14336 a^7) - ...).
    let inverse = 1.0 / a;
    let square = inverse * inverse;
    log_ratio += 0.5 * a.ln()
        + inverse
            * (-1.0 / 8.0
                + square * (1.0 / 192.0 + square * (-1.0 / 640.0 + square * 17.0 / 14336.0)));
    0.5 * PI.ln() - log_ratio
}

/// ln(n!) for whole n, as a sum: exact enough for a p-value that is not zero.
pub(super) fn log_factorial(n: usize) -> f64 {
    if n < 2 {
        return 0.0;
    }
    // ln 2 stands apart so that n = 2 is exact.
    LN_2 + (3..=n).map(|factor| (factor as f64).ln()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (z, P(Z > z)) by mpmath 1.3.0 with 50 digits: `erfc(z / sqrt(2)) / 2`.
    const NORMAL: [(f64, f64); 8] = [
        (-2.0, 0.9772498680518208),
        (0.0, 0.5),
        (0.5, 0.3085375387259869),
        (1.5, 0.06680720126885807),
        (2.9, 0.0018658133003840384),
        (3.1, 0.0009676032132183566),
        (8.5, 9.479534822203318e-18),
        (30.0, 4.906713927148187e-198),
    ];
    /// (r, n, two-sided p) by mpmath 1.3.0 with 50 digits: `betainc((n - 2) / 2, 1 / 2, 0, 1 - r^2, regularized=True)`.
    const CORRELATION: [(f64, usize, f64); 16] = [
        (0.0, 3, 1.0),
        (0.5, 3, 0.6666666666666666),
        (0.999, 3, 0.028472874812479322),
        (0.1, 4, 0.9),
        (0.95, 7, 0.0010450705922466436),
        (0.3, 10, 0.39969146875),
        (0.6, 25, 0.001521657048326975),
        (0.05, 1000, 0.11407259555107295),
        (0.08, 1000, 0.011383026644662298),
        (0.5, 1000, 2.278101929537929e-64),
        (0.001, 1000000, 0.31731099180502853),
        (0.0021, 1000000, 0.03572886837336357),
        (0.003, 1000000, 0.0026997694720866197),
        (0.02, 1000000, 5.293376032855628e-89),
        (0.001, 3000000, 0.08326456805701936),
        (1e-09, 100, 0.9999999921214694),
    ];

    #[test]
    fn normal_tails_have_all_their_digits() {
        for (z, above) in NORMAL {
            let relative = normal_above(z) / above - 1.0;
            // exp(-z^2 / 2) alone loses z^2 / 2 units in the last place.
            assert!(relative.abs() < 1e-14 + z * z * 2e-16, "{z}: {relative:e}");
            assert!((normal_below(-z) / above - 1.0).abs() < 1e-14 + z * z * 2e-16);
            if z.abs() < 8.0 {
                let back = normal_quantile(normal_below(-z));
                assert!((back + z).abs() < 1e-13, "{z}: {back}");
            }
        }
        assert!(normal_quantile(0.0) < f64::MIN && normal_quantile(1.0) > f64::MAX);
    }

    #[test]
    fn correlation_tails_hold_from_three_pairs_to_millions() {
        for (r, n, expected) in CORRELATION {
            for r in [r, -r] {
                let got = correlation_p_value(r, n, Alternative::TwoSided).unwrap();
                // The logarithm of a p-value has 53 bits: of a large one fewer stand behind the point.
                let tolerance = 1e-13 + 4.0 * f64::EPSILON * expected.ln().abs();
                assert!((got / expected - 1.0).abs() < tolerance, "{r} {n}: {got:e}");
            }
        }
        assert_eq!(correlation_p_value(0.5, 2, Alternative::TwoSided), None);
    }
}
