//! Least squares and symmetric systems of a few unknowns.

/// A least-squares problem turned into a triangular one: `min |R c - q|^2 + rest`.
pub(in crate::stats) struct Triangular {
    /// Upper triangle, by column: `r[j][i]` for `i <= j`.
    r: Vec<Vec<f64>>,
    /// Target in the basis of the columns.
    q: Vec<f64>,
    /// Squared length of the part of the target that no combination of the columns reaches.
    rest: f64,
}

impl Triangular {
    /// Gram and Schmidt's method, each column made orthogonal twice, which is as exact as reflections.
    ///
    /// `None` where a column is a combination of those before it.
    pub(in crate::stats) fn reduce(mut columns: Vec<Vec<f64>>, target: &[f64]) -> Option<Self> {
        let mut r: Vec<Vec<f64>> = Vec::with_capacity(columns.len());
        for last in 0..columns.len() {
            let (done, rest) = columns.split_at_mut(last);
            let column = &mut rest[0];
            let length = dot(column, column).sqrt();
            let mut above = take_out(done, column);
            let left = dot(column, column).sqrt();
            // Also true where `length` is zero.
            if left <= 1e-13 * length {
                return None;
            }
            column.iter_mut().for_each(|value| *value /= left);
            above.push(left);
            r.push(above);
        }
        let mut remainder = target.to_vec();
        let q = take_out(&columns, &mut remainder);
        Some(Triangular {
            r,
            q,
            rest: dot(&remainder, &remainder),
        })
    }

    /// The best coefficients and the squared error that they leave.
    pub(in crate::stats) fn solve(&self) -> (Vec<f64>, f64) {
        let mut coefficients = self.q.clone();
        for row in (0..coefficients.len()).rev() {
            coefficients[row] /= self.r[row][row];
            for above in 0..row {
                coefficients[above] -= coefficients[row] * self.r[row][above];
            }
        }
        (coefficients, self.rest)
    }

    /// The best coefficients within the span of `directions`, and the squared error that they leave.
    pub(in crate::stats) fn solve_within(
        &self,
        directions: &[[f64; 4]],
    ) -> Option<(Vec<f64>, f64)> {
        let columns = directions.iter().map(|one| self.apply(one)).collect();
        let (weights, rest) = Triangular::reduce(columns, &self.q)?.solve();
        Some((weights, rest + self.rest))
    }

    fn apply(&self, coefficients: &[f64]) -> Vec<f64> {
        let mut image = vec![0.0; self.q.len()];
        for (column, coefficient) in self.r.iter().zip(coefficients) {
            for (sum, entry) in image.iter_mut().zip(column) {
                *sum += entry * coefficient;
            }
        }
        image
    }
}

/// Takes the part along each orthonormal column out of `vector`, twice, and returns how much it was.
fn take_out(orthonormal: &[Vec<f64>], vector: &mut [f64]) -> Vec<f64> {
    let mut parts = vec![0.0; orthonormal.len()];
    for _ in 0..2 {
        for (part, column) in parts.iter_mut().zip(orthonormal) {
            let along = dot(column, vector);
            *part += along;
            for (value, direction) in vector.iter_mut().zip(column) {
                *value -= along * direction;
            }
        }
    }
    parts
}

/// Sum of products, in order.
pub(in crate::stats) fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

/// Solves `matrix * x = right` for a symmetric positive definite matrix given by rows (Cholesky).
///
/// `None` where the matrix is not positive definite.
pub(in crate::stats) fn solve_positive(matrix: &[Vec<f64>], right: &[f64]) -> Option<Vec<f64>> {
    let size = right.len();
    let mut lower = vec![vec![0.0; size]; size];
    for row in 0..size {
        for column in 0..=row {
            let known = dot(&lower[row][..column], &lower[column][..column]);
            let left = matrix[row][column] - known;
            if row == column {
                // A pivot at the level of rounding is a direction that the data do not see.
                if left.is_nan() || left <= 1e-15 * matrix[row][row] {
                    return None;
                }
                lower[row][row] = left.sqrt();
            } else {
                lower[row][column] = left / lower[column][column];
            }
        }
    }
    let mut solution = right.to_vec();
    for row in 0..size {
        let known = dot(&lower[row][..row], &solution[..row]);
        solution[row] = (solution[row] - known) / lower[row][row];
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|k| lower[k][row] * solution[k]).sum();
        solution[row] = (solution[row] - known) / lower[row][row];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_squares_reaches_an_exact_solution() {
        let columns = vec![vec![1.0, 1.0, 1.0, 1.0], vec![0.0, 1.0, 2.0, 3.0]];
        let (coefficients, rest) = Triangular::reduce(columns, &[1.0, 3.0, 5.0, 7.0])
            .unwrap()
            .solve();
        assert!((coefficients[0] - 1.0).abs() < 1e-14 && (coefficients[1] - 2.0).abs() < 1e-14);
        assert!(rest < 1e-26);
    }

    #[test]
    fn dependent_columns_are_refused() {
        let columns = vec![vec![1.0, 2.0, 3.0], vec![2.0, 4.0, 6.0]];
        assert!(Triangular::reduce(columns, &[1.0, 0.0, 0.0]).is_none());
    }

    #[test]
    fn positive_system_is_solved_and_an_indefinite_one_refused() {
        let matrix = vec![vec![4.0, 2.0], vec![2.0, 3.0]];
        let solution = solve_positive(&matrix, &[8.0, 7.0]).unwrap();
        assert!((solution[0] - 1.25).abs() < 1e-14 && (solution[1] - 1.5).abs() < 1e-14);
        assert!(solve_positive(&[vec![1.0, 2.0], vec![2.0, 1.0]], &[1.0, 1.0]).is_none());
    }
}
