//! Third-order polynomial held monotone over the range of the data, by least squares.
//!
//! The derivative is a quadratic that must not be negative on -1..=1. Such quadratics form a cone with
//! extreme rays `(t - r)^2` for r in -1..=1 and `1 - t^2`, and with two faces that are not rays, those of
//! `(1 + t)^2, 1 - t^2` and `(1 - t)^2, 1 - t^2`. The error is convex, so its least value over the
//! cone is the least over the faces, each of which is a plain least-squares problem.

use super::linear::Triangular;
use super::map::FittedMap;

/// Integrals, from 0 to t, of the generators of the faces; coefficients of 1, t, t^2, t^3.
const CONSTANT: [f64; 4] = [1.0, 0.0, 0.0, 0.0];
const RISING_ARC: [f64; 4] = [0.0, 1.0, 1.0, 1.0 / 3.0];
const FALLING_ARC: [f64; 4] = [0.0, 1.0, -1.0, 1.0 / 3.0];
const HUMP: [f64; 4] = [0.0, 1.0, 0.0, -1.0 / 3.0];

/// The best monotone cubic, increasing or decreasing, whichever errs less.
///
/// `None` where the values of x are so concentrated that a cubic is not determined.
pub(super) fn fit_monotone(x: &[f64], y: &[f64]) -> Option<FittedMap> {
    let low = x.iter().copied().fold(f64::INFINITY, f64::min);
    let high = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (centre, half_range) = (low + (high - low) / 2.0, (high - low) / 2.0);
    let t: Vec<f64> = x.iter().map(|x| (x - centre) / half_range).collect();
    let power = |k| t.iter().map(|t| t.powi(k)).collect::<Vec<f64>>();
    let columns = || (0..4).map(power).collect::<Vec<_>>();

    let (rising, error_of_rising) = increasing(&Triangular::reduce(columns(), y)?);
    let turned: Vec<f64> = y.iter().map(|y| -y).collect();
    let (falling, error_of_falling) = increasing(&Triangular::reduce(columns(), &turned)?);
    let c = if error_of_rising <= error_of_falling {
        rising
    } else {
        falling.map(|coefficient| -coefficient)
    };
    Some(FittedMap::MonotoneCubic {
        centre,
        half_range,
        c,
    })
}

/// The best cubic with a derivative that is nowhere negative on -1..=1, and its squared error.
fn increasing(problem: &Triangular) -> ([f64; 4], f64) {
    let (free, error) = problem.solve();
    let free = [free[0], free[1], free[2], free[3]];
    if least_slope(free) >= 0.0 {
        return (free, error);
    }
    let rays = (0..=GRID).map(|step| root_of(f64::from(step)));
    let nearest = rays
        .min_by(|a, b| error_at(problem, *a).total_cmp(&error_at(problem, *b)))
        .expect("the grid is not empty");
    let best_root = refine(problem, nearest);
    [
        vec![CONSTANT],
        vec![CONSTANT, HUMP],
        vec![CONSTANT, flat_at(best_root)],
        vec![CONSTANT, RISING_ARC, HUMP],
        vec![CONSTANT, FALLING_ARC, HUMP],
    ]
    .iter()
    .filter_map(|face| on_face(problem, face))
    .min_by(|a, b| a.1.total_cmp(&b.1))
    .expect("a constant is always allowed")
}

/// Least squares within a face; `None` where the best point lies outside of it.
fn on_face(problem: &Triangular, face: &[[f64; 4]]) -> Option<([f64; 4], f64)> {
    let (weights, error) = problem.solve_within(face)?;
    if weights[1..].iter().any(|weight| *weight < 0.0) {
        return None;
    }
    let mut cubic = [0.0; 4];
    for (generator, weight) in face.iter().zip(&weights) {
        for (sum, part) in cubic.iter_mut().zip(generator) {
            *sum += weight * part;
        }
    }
    Some((cubic, error))
}

/// Least value of the derivative on -1..=1: at an end, or at the vertex of its parabola.
fn least_slope([_, c1, c2, c3]: [f64; 4]) -> f64 {
    let slope = |t: f64| c1 + t * (2.0 * c2 + 3.0 * c3 * t);
    let ends = slope(-1.0).min(slope(1.0));
    let vertex = -c2 / (3.0 * c3);
    if vertex.abs() < 1.0 {
        ends.min(slope(vertex))
    } else {
        ends
    }
}

/// Integral of `(t - root)^2`: increasing, and flat at `root` only.
fn flat_at(root: f64) -> [f64; 4] {
    [0.0, root * root, -root, 1.0 / 3.0]
}

const GRID: u32 = 256;

fn root_of(step: f64) -> f64 {
    -1.0 + 2.0 * step / f64::from(GRID)
}

fn error_at(problem: &Triangular, root: f64) -> f64 {
    on_face(problem, &[CONSTANT, flat_at(root)]).map_or(f64::INFINITY, |found| found.1)
}

/// Golden-section search between the neighbours of the best root of the grid.
fn refine(problem: &Triangular, nearest: f64) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let width = 2.0 / f64::from(GRID);
    let (mut low, mut high) = ((nearest - width).max(-1.0), (nearest + width).min(1.0));
    for _ in 0..60 {
        let (left, right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        if error_at(problem, left) <= error_at(problem, right) {
            high = right;
        } else {
            low = left;
        }
    }
    f64::midpoint(low, high)
}
