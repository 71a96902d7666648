//! The pairs of a batch: a tree of greatest weight.

/// What an edge is worth; of two, the greater is the better. `None` is no edge.
pub(super) type Worth = Option<(f64, u64)>;

fn better(one: Worth, than: Worth) -> bool {
    match (one, than) {
        (Some((gain, lot)), Some((other, other_lot))) => {
            gain.total_cmp(&other).then(lot.cmp(&other_lot)).is_gt()
        }
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// Edges of a spanning tree of greatest sum over `size` points; a forest where edges are missing.
///
/// Prim's method, in the square of the points. A tree depends on the order of weights only, so that it is also
/// the tree of least sum of their inverses.
pub(super) fn greatest_forest(
    size: usize,
    worth: impl Fn(usize, usize) -> Worth,
) -> Vec<(usize, usize)> {
    let mut edges = Vec::with_capacity(size.saturating_sub(1));
    let mut outside: Vec<usize> = (0..size).collect();
    let mut nearest: Vec<(Worth, usize)> = vec![(None, 0); size];
    while let Some(next) = best_outside(&outside, &nearest) {
        let point = outside.swap_remove(next);
        let (reached, from) = nearest[point];
        if reached.is_some() {
            edges.push((from, point));
        }
        for other in &outside {
            let here = worth(point, *other);
            if better(here, nearest[*other].0) {
                nearest[*other] = (here, point);
            }
        }
    }
    edges
}

/// Position in `outside` of the point with the best edge to the tree; without any edge, of the lowest point.
fn best_outside(outside: &[usize], nearest: &[(Worth, usize)]) -> Option<usize> {
    let mut positions = 0..outside.len();
    let first = positions.next()?;
    Some(positions.fold(first, |best, position| {
        let (point, leader) = (outside[position], outside[best]);
        let (here, there) = (nearest[point].0, nearest[leader].0);
        if better(here, there) || !better(there, here) && point < leader {
            position
        } else {
            best
        }
    }))
}
