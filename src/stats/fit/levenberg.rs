//! Levenberg and Marquardt's method for two parameters.

/// What the method needs to know of a point: the squared error and its first derivatives.
pub(super) struct Local {
    /// Sum of squared residuals.
    pub(super) cost: f64,
    /// Jacobian transposed times residual.
    pub(super) gradient: [f64; 2],
    /// Jacobian transposed times Jacobian.
    pub(super) curvature: [[f64; 2]; 2],
}

/// Where a run ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Minimum {
    pub(super) point: [f64; 2],
    pub(super) cost: f64,
    pub(super) iterations: usize,
    pub(super) converged: bool,
}

const MOST_ITERATIONS: usize = 500;

/// Relative fall of the squared error below which a step is not worth predicting.
const SMALLEST_GAIN: f64 = 1e-14;
/// Relative fall below which a step that was made and predicted is the last one.
const LAST_GAIN: f64 = 1e-10;

/// Descends from `start` inside the box `bounds`.
///
/// Converged means that the undamped step predicts a relative fall of less than 1e-14, that a step was
/// predicted to bring less than 1e-10 and did, or that no step however short brings any.
pub(super) fn minimise(
    start: [f64; 2],
    bounds: [(f64, f64); 2],
    mut evaluate: impl FnMut([f64; 2]) -> Local,
) -> Minimum {
    let mut point = start;
    let mut here = evaluate(point);
    let mut damping = 1e-3;
    for iterations in 0..MOST_ITERATIONS {
        let end = |converged| Minimum {
            point,
            cost: here.cost,
            iterations,
            converged,
        };
        // A cost of zero, and one of NaN, end here.
        if here.cost.is_nan() || here.cost <= f64::MIN_POSITIVE {
            return end(!here.cost.is_nan());
        }
        let free = [0, 1].map(|k| is_free(point[k], here.gradient[k], bounds[k]));
        let full = step(&here, free, 0.0);
        if predicted_fall(&here, full) <= SMALLEST_GAIN * here.cost {
            return end(true);
        }
        let part = step(&here, free, damping);
        let next = [0, 1].map(|k| (point[k] + part[k]).clamp(bounds[k].0, bounds[k].1));
        let predicted = predicted_fall(&here, [next[0] - point[0], next[1] - point[1]]);
        let there = evaluate(next);
        if there.cost < here.cost {
            // A step cut short by a bound may have no predicted fall; it is then taken as a poor one.
            let fall = here.cost - there.cost;
            let last = fall.max(predicted) <= LAST_GAIN * here.cost;
            let agreement = fall / predicted;
            damping *= match agreement {
                good if good > 0.75 => 0.1,
                fair if fair > 0.25 => 0.5,
                _ => 4.0,
            };
            damping = damping.max(1e-12);
            point = next;
            here = there;
            if last {
                return Minimum {
                    point,
                    cost: here.cost,
                    iterations: iterations + 1,
                    converged: true,
                };
            }
        } else {
            damping *= 8.0;
            if damping > 1e16 {
                return end(true);
            }
        }
    }
    Minimum {
        point,
        cost: here.cost,
        iterations: MOST_ITERATIONS,
        converged: false,
    }
}

/// Whether a parameter may move: it is inside its bounds, or the descent leads inwards.
fn is_free(value: f64, gradient: f64, (low, high): (f64, f64)) -> bool {
    !(value <= low && gradient > 0.0 || value >= high && gradient < 0.0)
}

/// Marquardt's step: curvature with its diagonal enlarged by `damping`; zero where nothing can move.
fn step(local: &Local, free: [bool; 2], damping: f64) -> [f64; 2] {
    let [[a, b], [_, d]] = local.curvature;
    let floor = 1e-14 * a.max(d);
    let (a, d) = (a + damping * a + floor, d + damping * d + floor);
    let [g, h] = local.gradient;
    let step = match free {
        [true, true] => {
            let determinant = a * d - b * b;
            [(b * h - d * g) / determinant, (b * g - a * h) / determinant]
        }
        [true, false] => [-g / a, 0.0],
        [false, true] => [0.0, -h / d],
        [false, false] => [0.0, 0.0],
    };
    // Zero curvature is an error that is flat here: no step can be derived.
    step.map(|part| if part.is_finite() { part } else { 0.0 })
}

fn predicted_fall(local: &Local, step: [f64; 2]) -> f64 {
    let [[a, b], [_, d]] = local.curvature;
    let [g, h] = local.gradient;
    let [s, t] = step;
    -2.0 * (g * s + h * t) - (a * s * s + 2.0 * b * s * t + d * t * t)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley as two residuals, 10 (y - x^2) and 1 - x.
    fn valley([x, y]: [f64; 2]) -> Local {
        let residual = [10.0 * (y - x * x), 1.0 - x];
        let rows = [[-20.0 * x, 10.0], [-1.0, 0.0]];
        let product = |i: usize, j: usize| rows[0][i] * rows[0][j] + rows[1][i] * rows[1][j];
        Local {
            cost: residual[0] * residual[0] + residual[1] * residual[1],
            gradient: [0, 1].map(|i| rows[0][i] * residual[0] + rows[1][i] * residual[1]),
            curvature: [0, 1].map(|i| [product(i, 0), product(i, 1)]),
        }
    }

    #[test]
    fn finds_the_end_of_a_curved_valley() {
        let found = minimise([-1.2, 1.0], [(-5.0, 5.0); 2], valley);
        assert!(found.converged);
        assert!((found.point[0] - 1.0).abs() < 1e-7, "{found:?}");
    }

    #[test]
    fn stays_inside_its_bounds() {
        let found = minimise([-1.2, 1.0], [(-5.0, 0.5), (-5.0, 5.0)], valley);
        assert!(found.point[0] <= 0.5);
        assert!((found.cost - 0.25).abs() < 1e-6, "{found:?}");
    }
}
