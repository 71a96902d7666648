//! Least-squares fits of the logistic families.
//!
//! Both families are straight in all coefficients but the sigmoid's centre and steepness. The straight
//! ones are solved exactly at every step (variable projection: Golub and Pereyra 1973, with Kaufman's
//! Jacobian), so that the search has two dimensions, no start needs a height, and the sign of the
//! step is the one that the data ask for.

use super::levenberg::{Local, Minimum, minimise};
use super::linear::dot;
use super::map::FittedMap;
use super::{Edge, Found};
use std::collections::BTreeSet;

/// Centres of the starting grid: this many quantiles of x, the ends included.
const CENTRES: usize = 17;
/// Steepnesses of the starting grid, per standard deviation of x.
const STEEPNESSES: [f64; 9] = [0.25, 0.7, 1.5, 3.0, 6.0, 12.0, 25.0, 50.0, 100.0];
/// Most hollows of the grid from which a search starts, the deepest first, beside the best of each steepness.
const MOST_HOLLOWS: usize = 8;

/// Natural logarithms of the steepness per standard deviation: from straight to a step.
const STEEPNESS_BOUNDS: (f64, f64) = (-7.0, 12.0);
/// With a straight part of its own, a nearly straight sigmoid leaves only rounding to fit.
const STEEPNESS_FLOOR_WITH_LINE: f64 = -2.0;
/// Positions of the centre, see [`centre_of`]; farther out the curve is an exponential.
const POSITION_BOUNDS: (f64, f64) = (-20.0, 20.0);

/// The centre, in standard deviations from the mean, of a point `[position, ln steepness]`.
///
/// `position * (1 + 1 / steepness)`: a steep curve has its centre among the data and a wide one many
/// widths away, and one range of positions serves both.
fn centre_of([position, ln_steepness]: [f64; 2]) -> f64 {
    position * (1.0 + (-ln_steepness).exp())
}

/// Fits `b2 + (b1 - b2) sigmoid((x - b3) / b4)`.
pub(super) fn fit_four(x: &[f64], y: &[f64]) -> Found {
    let mut problem = Projection::new(x, y, false);
    let (best, starts, iterations) = search(&mut problem, STEEPNESS_BOUNDS, None);
    let [base, _, height] = problem.coefficients(best.point);
    let (low, high) = ends(base, height, best.point[0]);
    let scale = problem.scale;
    let map = FittedMap::Logistic4 {
        b1: high,
        b2: low,
        b3: scale.x_mean + scale.x_sd * centre_of(best.point),
        b4: scale.x_sd / best.point[1].exp(),
    };
    found(map, &problem, best, starts, iterations)
}

/// Fits `b1 (1/2 - 1 / (1 + exp(b2 (x - b3)))) + b4 x + b5`.
///
/// The best curve of the four-parameter family is one of the starts, so the error is never above its.
pub(super) fn fit_five(x: &[f64], y: &[f64]) -> Found {
    let four = search(&mut Projection::new(x, y, false), STEEPNESS_BOUNDS, None).0;
    let mut problem = Projection::new(x, y, true);
    let bounds = (
        STEEPNESS_FLOOR_WITH_LINE.min(four.point[1]),
        STEEPNESS_BOUNDS.1,
    );
    let (best, starts, iterations) = search(&mut problem, bounds, Some(four.point));
    let [base, tilt, height] = problem.coefficients(best.point);
    let scale = problem.scale;
    let slope = tilt / scale.x_sd;
    let (low, high) = ends(base - slope * scale.x_mean, height, best.point[0]);
    let map = FittedMap::Logistic5 {
        low,
        high,
        centre: scale.x_mean + scale.x_sd * centre_of(best.point),
        width: scale.x_sd / best.point[1].exp(),
        slope,
    };
    found(map, &problem, best, starts, iterations)
}

/// Both ends of the step; the base is the upper one where the centre is on the left (see `fill`).
fn ends(base: f64, height: f64, centre: f64) -> (f64, f64) {
    if centre < 0.0 {
        (base - height, base)
    } else {
        (base, base + height)
    }
}

fn found(
    map: FittedMap,
    problem: &Projection,
    best: Minimum,
    starts: usize,
    iterations: usize,
) -> Found {
    Found {
        map,
        edge: edge(&problem.x, best.point),
        converged: best.converged,
        iterations,
        starts,
    }
}

/// Whether the data see one bend of the curve only, or none.
fn edge(x: &[f64], point: [f64; 2]) -> Option<Edge> {
    let (centre, steepness) = (centre_of(point), point[1].exp());
    if x.iter().all(|x| *x > centre) || x.iter().all(|x| *x < centre) {
        return Some(Edge::OneBend);
    }
    // Twenty widths from the centre the sigmoid is flat to nine digits.
    let is_flat = |x: &f64| (steepness * (x - centre)).abs() > 20.0;
    x.iter().all(is_flat).then_some(Edge::Step)
}

/// Descends from each start and from `extra`; the lowest end wins.
///
/// Many items show where the best curve is long before all are looked at: the starts then descend on a part of
/// them, and only the winner and `extra` on all.
fn search(
    problem: &mut Projection,
    steepness: (f64, f64),
    extra: Option<[f64; 2]>,
) -> (Minimum, usize, usize) {
    let found = problem
        .thinned()
        .map(|mut part| search(&mut part, steepness, extra));
    let (mut starts, searched, steps) = match found {
        Some((best, searched, steps)) => (vec![best.point], searched, steps),
        None => (problem.starts(), 0, 0),
    };
    starts.extend(extra);
    let ends: Vec<Minimum> = starts
        .iter()
        .map(|start| {
            minimise(*start, [POSITION_BOUNDS, steepness], |point| {
                problem.local(point)
            })
        })
        .collect();
    let iterations = steps + ends.iter().map(|end| end.iterations).sum::<usize>();
    let best = ends
        .iter()
        .copied()
        .min_by(|a, b| a.cost.total_cmp(&b.cost))
        .expect("each steepness has a start");
    (best, searched + starts.len(), iterations)
}

#[derive(Clone, Copy)]
struct Scale {
    x_mean: f64,
    x_sd: f64,
    y_mean: f64,
    y_sd: f64,
}

/// The two-dimensional problem that is left when the straight coefficients are solved for.
struct Projection {
    scale: Scale,
    x: Vec<f64>,
    y: Vec<f64>,
    /// `y` without what the constant (and the line) explain.
    target: Vec<f64>,
    with_line: bool,
    column: Vec<f64>,
    by_position: Vec<f64>,
    by_steepness: Vec<f64>,
}

/// Items on which starts descend where there are more than twice as many.
const PART: usize = 50_000;

impl Projection {
    /// Items at an even distance; nothing where there are few, or where they do not vary.
    fn thinned(&self) -> Option<Projection> {
        let stride = self.x.len() / PART;
        if stride < 2 {
            return None;
        }
        let pick = |column: &[f64]| column.iter().copied().step_by(stride).collect::<Vec<f64>>();
        let part = Projection::new(&pick(&self.x), &pick(&self.y), self.with_line);
        let varies = |spread: f64| spread.is_normal();
        (varies(part.scale.x_sd) && varies(part.scale.y_sd)).then_some(part)
    }

    fn new(x: &[f64], y: &[f64], with_line: bool) -> Self {
        let (x, x_mean, x_sd) = standardised(x);
        let (y, y_mean, y_sd) = standardised(y);
        let mut target = y.clone();
        take_out_line(&x, &mut target, with_line);
        Projection {
            scale: Scale {
                x_mean,
                x_sd,
                y_mean,
                y_sd,
            },
            column: vec![0.0; x.len()],
            by_position: vec![0.0; x.len()],
            by_steepness: vec![0.0; x.len()],
            x,
            y,
            target,
            with_line,
        }
    }

    /// Starts as `[position, ln steepness]`: the best point of the grid for each steepness, and the deepest
    /// hollows, points with an error no greater than at their neighbours.
    fn starts(&mut self) -> Vec<[f64; 2]> {
        let grid = self.grid();
        let by_error = |a: &usize, b: &usize| grid[*a].0.total_cmp(&grid[*b].0);
        let best_of_rows = (0..STEEPNESSES.len()).filter_map(|row| {
            let places = row * CENTRES..(row + 1) * CENTRES;
            places.min_by(by_error)
        });
        let is_hollow =
            |here: &usize| neighbours(*here).all(|there| grid[*here].0 <= grid[there].0);
        let mut hollows: Vec<usize> = (0..grid.len()).filter(is_hollow).collect();
        hollows.sort_by(by_error);
        hollows.truncate(MOST_HOLLOWS);
        let chosen: BTreeSet<usize> = best_of_rows.chain(hollows).collect();
        chosen.into_iter().map(|place| grid[place].1).collect()
    }

    /// Error and point of each place of the starting grid, one row per steepness.
    fn grid(&mut self) -> Vec<(f64, [f64; 2])> {
        let mut sorted = self.x.clone();
        sorted.sort_by(f64::total_cmp);
        let centres: Vec<f64> = (0..CENTRES)
            .map(|k| sorted[k * (sorted.len() - 1) / (CENTRES - 1)])
            .collect();
        let mut grid = Vec::with_capacity(CENTRES * STEEPNESSES.len());
        for steepness in STEEPNESSES {
            for centre in &centres {
                let point = [centre / (1.0 + 1.0 / steepness), steepness.ln()];
                grid.push((self.local(point).cost, point));
            }
        }
        grid
    }

    /// Fills the sigmoid and its derivatives by position and by logarithm of the steepness.
    ///
    /// For a centre on the left the column is `sigmoid - 1`, which keeps its digits where the sigmoid
    /// is close to one; the constant takes up the difference.
    fn fill(&mut self, [position, ln_steepness]: [f64; 2]) {
        let steepness = ln_steepness.exp();
        for (i, x) in self.x.iter().enumerate() {
            let u = steepness * (x - position) - position;
            let (rising, falling) = both_sides(u);
            let slope = rising * falling;
            self.column[i] = if position < 0.0 { -falling } else { rising };
            self.by_position[i] = -(steepness + 1.0) * slope;
            self.by_steepness[i] = steepness * (x - position) * slope;
        }
    }

    fn local(&mut self, point: [f64; 2]) -> Local {
        self.fill(point);
        for column in [
            &mut self.column,
            &mut self.by_position,
            &mut self.by_steepness,
        ] {
            take_out_line(&self.x, column, self.with_line);
        }
        let length = dot(&self.column, &self.column);
        let height = if length > 0.0 {
            dot(&self.column, &self.target) / length
        } else {
            0.0
        };
        for column in [&mut self.by_position, &mut self.by_steepness] {
            let along = if length > 0.0 {
                dot(&self.column, column) / length
            } else {
                0.0
            };
            for (value, part) in column.iter_mut().zip(&self.column) {
                *value = height * (*value - along * part);
            }
        }
        // The column becomes the residual, which nothing else needs the column for.
        for (part, target) in self.column.iter_mut().zip(&self.target) {
            *part = height * *part - target;
        }
        let residual = &self.column;
        let mixed = dot(&self.by_position, &self.by_steepness);
        Local {
            cost: dot(residual, residual),
            gradient: [
                dot(&self.by_position, residual),
                dot(&self.by_steepness, residual),
            ],
            curvature: [
                [dot(&self.by_position, &self.by_position), mixed],
                [mixed, dot(&self.by_steepness, &self.by_steepness)],
            ],
        }
    }

    /// `[constant, slope per standard deviation of x, height]` in units of y; the column is that of `fill`.
    fn coefficients(&mut self, point: [f64; 2]) -> [f64; 3] {
        self.fill(point);
        let raw = self.column.clone();
        take_out_line(&self.x, &mut self.column, self.with_line);
        let length = dot(&self.column, &self.column);
        let height = if length > 0.0 {
            dot(&self.column, &self.target) / length
        } else {
            0.0
        };
        let n = self.x.len() as f64;
        let left: Vec<f64> = self
            .y
            .iter()
            .zip(&raw)
            .map(|(y, c)| y - height * c)
            .collect();
        let base = left.iter().sum::<f64>() / n;
        let tilt = if self.with_line {
            dot(&left, &self.x) / n
        } else {
            0.0
        };
        let Scale { y_mean, y_sd, .. } = self.scale;
        [y_mean + y_sd * base, y_sd * tilt, y_sd * height]
    }
}

/// `sigmoid(u)` and `sigmoid(-u)` from one exponential, each with all its digits.
fn both_sides(u: f64) -> (f64, f64) {
    let small = (-u.abs()).exp();
    let (near, far) = (1.0 / (1.0 + small), small / (1.0 + small));
    if u >= 0.0 { (near, far) } else { (far, near) }
}

/// Neighbours, straight and diagonal, of a place in the starting grid.
fn neighbours(place: usize) -> impl Iterator<Item = usize> {
    let (row, column) = (place / CENTRES, place % CENTRES);
    let rows = row.saturating_sub(1)..=(row + 1).min(STEEPNESSES.len() - 1);
    let columns = column.saturating_sub(1)..=(column + 1).min(CENTRES - 1);
    rows.flat_map(move |row| columns.clone().map(move |column| row * CENTRES + column))
}

/// Values with mean 0 and mean square 1, and the mean and deviation that they had.
fn standardised(values: &[f64]) -> (Vec<f64>, f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let mut scaled: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let sd = (dot(&scaled, &scaled) / n).sqrt();
    scaled.iter_mut().for_each(|value| *value /= sd);
    (scaled, mean, sd)
}

/// Takes the mean out of `column` and, with `line`, the part along the standardised `x`.
fn take_out_line(x: &[f64], column: &mut [f64], line: bool) {
    let n = x.len() as f64;
    let mean = column.iter().sum::<f64>() / n;
    column.iter_mut().for_each(|value| *value -= mean);
    if line {
        let tilt = dot(column, x) / n;
        for (value, x) in column.iter_mut().zip(x) {
            *value -= tilt * x;
        }
    }
}
