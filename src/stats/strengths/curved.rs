//! Newton's method for a convex function of very many unknowns, most pairs of which do not interact.

use crate::stats::StatsError;
use crate::stats::fit::linear::dot;

/// A symmetric matrix that is known by what it does to a vector.
///
/// The first `items` unknowns are strengths. Where nothing changes when all of them move together, vectors
/// are kept at mean zero over them.
pub(super) trait Symmetric {
    /// Number of strengths.
    fn items(&self) -> usize;

    /// Number of all unknowns.
    fn unknowns(&self) -> usize;

    /// Whether moving all strengths together changes nothing.
    fn floats(&self) -> bool;

    /// The matrix times `direction`.
    fn product(&self, direction: &[f64], image: &mut [f64]);

    /// Takes out what the matrix does not see.
    fn settle(&self, vector: &mut [f64]) {
        if self.floats() {
            let strengths = &mut vector[..self.items()];
            let mean = strengths.iter().sum::<f64>() / strengths.len() as f64;
            strengths.iter_mut().for_each(|value| *value -= mean);
        }
    }
}

/// What is done with the derivatives of one vote, each beside the unknown that it is by.
pub(super) type OnScore<'a> = dyn FnMut(&[(usize, f64)]) + 'a;

/// A convex function whose second derivatives are the matrix.
pub(super) trait Curved: Symmetric {
    /// The value and the first derivatives at a point, which the second derivatives are then of.
    fn curve(&mut self, point: &[f64], gradient: &mut [f64]) -> f64;

    /// The second derivatives by one unknown each.
    fn diagonal(&self) -> Vec<f64>;

    /// Hands the derivatives of each vote's log-likelihood at `point`, as (unknown, derivative), to `each`.
    fn scores(&self, point: &[f64], each: &mut OnScore<'_>);
}

/// The lowest point.
#[derive(Debug, Clone)]
pub(super) struct Lowest {
    pub(super) point: Vec<f64>,
    pub(super) value: f64,
}

const STATISTIC: &str = "strengths";
const MOST_ITERATIONS: usize = 200;
const MOST_HALVINGS: usize = 50;
/// A step this small, relative to the largest unknown, is the last one: Newton's next would be its square.
const LAST_STEP: f64 = 1e-7;
/// The most that the last step may let the value fall, relative to it: where the function bends sharply, a
/// small step may still be a long way.
const LAST_FALL: f64 = 1e-14;
/// A predicted fall this small, relative to the value, is below what the value can show.
const NO_FALL: f64 = 1e-13;
/// Steps that stay above this, relative to the largest unknown, while the value no longer falls lead away
/// and not to a minimum.
const RUNAWAY_STEP: f64 = 1e-4;

/// Descends from `start`.
///
/// Each Newton step is solved for by conjugate gradients, ever more exactly as the minimum comes near
/// (Dembo, Eisenstat, Steihaug 1982), and halved until the value falls.
///
/// # Errors
/// [`StatsError::Undefined`] where the function falls forever, however far the unknowns go;
/// [`StatsError::NotConverged`] when neither a minimum nor that is found.
pub(super) fn least(problem: &mut impl Curved, start: Vec<f64>) -> Result<Lowest, StatsError> {
    let mut point = start;
    let mut gradient = vec![0.0; problem.unknowns()];
    let mut trial = gradient.clone();
    let mut value = problem.curve(&point, &mut gradient);
    let mut last_step = f64::INFINITY;
    for iteration in 0..MOST_ITERATIONS {
        let failed = |step| StatsError::NotConverged {
            statistic: STATISTIC,
            iterations: iteration,
            step,
        };
        let diagonal = problem.diagonal();
        // The square of a step is what Newton's method leaves for the next: to be more exact is no use.
        let exactness = (last_step * last_step).clamp(1e-10, 0.05);
        let step =
            solve(problem, &diagonal, &gradient, exactness).ok_or_else(|| failed(last_step))?;
        let fall = dot(&gradient, &step);
        let largest = step
            .iter()
            .fold(0.0, |most: f64, part| most.max(part.abs()));
        let extent = point
            .iter()
            .fold(1.0, |most: f64, part| most.max(part.abs()));
        let flat = fall <= NO_FALL * (1.0 + value.abs());
        // Newton's steps soon shrink to their squares. Those that do not lead away for ever, or are so small
        // that rounding decides them: that is as near as numbers get.
        let stuck = flat && largest > 0.5 * last_step;
        if stuck && largest > RUNAWAY_STEP * extent {
            return Err(runaway());
        }
        last_step = largest;
        let last = largest <= LAST_STEP * extent && fall <= LAST_FALL * (1.0 + value.abs());
        if last || stuck {
            for (at, part) in point.iter_mut().zip(&step) {
                *at -= part;
            }
            problem.settle(&mut point);
            // So near to the minimum the function is the parabola that Newton's method takes it for.
            value -= 0.5 * fall;
            return Ok(Lowest { point, value });
        }
        let mut length = 1.0;
        let mut halvings = 0;
        loop {
            for ((next, from), part) in trial.iter_mut().zip(&point).zip(&step) {
                *next = from - length * part;
            }
            problem.settle(&mut trial);
            let there = problem.curve(&trial, &mut gradient);
            if there <= value - 1e-4 * length * fall || flat && there.is_finite() {
                value = there;
                break;
            }
            halvings += 1;
            if halvings > MOST_HALVINGS {
                return Err(failed(largest));
            }
            length *= 0.5;
        }
        std::mem::swap(&mut point, &mut trial);
    }
    Err(StatsError::NotConverged {
        statistic: STATISTIC,
        iterations: MOST_ITERATIONS,
        step: last_step,
    })
}

fn runaway() -> StatsError {
    StatsError::Undefined {
        statistic: STATISTIC,
        reason: "the votes fit the better the farther apart the parameters are (they separate the \
                 outcomes perfectly); a ridge gives finite strengths"
            .to_owned(),
    }
}

/// Solves `matrix * x = right` by preconditioned conjugate gradients, to a residual of `exactness` relative to `right`.
///
/// `None` where the matrix is not positive.
pub(super) fn solve(
    matrix: &impl Symmetric,
    diagonal: &[f64],
    right: &[f64],
    exactness: f64,
) -> Option<Vec<f64>> {
    let inverse: Vec<f64> = diagonal.iter().map(|bend| 1.0 / floor(*bend)).collect();
    let mut solution = vec![0.0; right.len()];
    let mut residual = right.to_vec();
    matrix.settle(&mut residual);
    let scaled = |residual: &[f64]| -> Vec<f64> {
        let mut scaled: Vec<f64> = residual.iter().zip(&inverse).map(|(r, i)| r * i).collect();
        matrix.settle(&mut scaled);
        scaled
    };
    let mut direction = scaled(&residual);
    let mut size = dot(&residual, &direction);
    let enough = exactness * exactness * size;
    let mut image = vec![0.0; right.len()];
    for _ in 0..10 * right.len() + 100 {
        if size <= enough || size <= f64::MIN_POSITIVE {
            break;
        }
        matrix.product(&direction, &mut image);
        let bend = dot(&direction, &image);
        if bend.is_nan() || bend <= 0.0 {
            return None;
        }
        let length = size / bend;
        for at in 0..right.len() {
            solution[at] += length * direction[at];
            residual[at] -= length * image[at];
        }
        let next = scaled(&residual);
        let next_size = dot(&residual, &next);
        let keep = next_size / size;
        for (along, part) in direction.iter_mut().zip(&next) {
            *along = part + keep * *along;
        }
        size = next_size;
    }
    matrix.settle(&mut solution);
    Some(solution)
}

fn floor(bend: f64) -> f64 {
    bend.max(f64::MIN_POSITIVE / f64::EPSILON)
}
