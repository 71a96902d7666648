//! The inverse of second derivatives, written down.

use super::curved::Symmetric;

/// The inverse of `matrix + damping` on the strengths, row after row.
///
/// Where strengths float, their common movement is given a curvature of its own: the inverse is then right
/// for every vector that sums to zero over them, which is all that votes ever make. `None` where the matrix
/// is not positive.
pub(super) fn inverse(matrix: &impl Symmetric, damping: f64) -> Option<Vec<f64>> {
    let (size, items) = (matrix.unknowns(), matrix.items());
    let mut dense = vec![0.0; size * size];
    let mut unit = vec![0.0; size];
    for (at, row) in dense.chunks_mut(size).enumerate() {
        unit[at] = 1.0;
        matrix.product(&unit, row);
        unit[at] = 0.0;
    }
    let trace: f64 = (0..items).map(|item| dense[item * size + item]).sum();
    let lift = if matrix.floats() {
        trace / (items * items) as f64
    } else {
        0.0
    };
    for (at, row) in dense.chunks_mut(size).enumerate().take(items) {
        row[..items].iter_mut().for_each(|entry| *entry += lift);
        row[at] += damping;
    }
    invert(&mut dense, size).then_some(dense)
}

/// Gauss and Jordan's method in place. A positive matrix needs no exchange of rows; false for others.
pub(in crate::stats) fn invert(dense: &mut [f64], size: usize) -> bool {
    let mut pivot_row = vec![0.0; size];
    for at in 0..size {
        let pivot = dense[at * size + at];
        if pivot.is_nan() || pivot <= 0.0 || pivot.is_infinite() {
            return false;
        }
        let row = &mut dense[at * size..(at + 1) * size];
        row[at] = 1.0;
        row.iter_mut().for_each(|entry| *entry /= pivot);
        pivot_row.copy_from_slice(row);
        for (other, row) in dense.chunks_mut(size).enumerate() {
            if other == at {
                continue;
            }
            let factor = row[at];
            row[at] = 0.0;
            for (entry, above) in row.iter_mut().zip(&pivot_row) {
                *entry -= factor * above;
            }
        }
    }
    true
}
