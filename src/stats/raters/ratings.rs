//! A table of raters and items, with gaps.

use super::super::StatsError;

/// Ratings of items by raters, where a rater may have left items out. Finite; at least two raters.
///
/// ```
/// use opine::stats::raters::Ratings;
/// let ratings = Ratings::new(&[vec![Some(1.0), Some(4.0)], vec![Some(2.0), None]])?;
/// assert_eq!((ratings.raters(), ratings.items()), (2, 2));
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Ratings {
    raters: usize,
    /// Item by item, so that the ratings of one item lie together.
    cells: Vec<Option<f64>>,
}

impl Ratings {
    /// Takes one row per rater, with one cell per item.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] below two raters or one item; [`StatsError::Argument`] for rows of unequal
    /// length or a value that is not finite.
    pub fn new(rows: &[Vec<Option<f64>>]) -> Result<Self, StatsError> {
        let items = rows.first().map_or(0, Vec::len);
        if rows.len() < 2 || items == 0 {
            return Err(StatsError::TooFew {
                statistic: "ratings",
                needed: if rows.len() < 2 { 2 } else { 1 },
                got: if rows.len() < 2 { rows.len() } else { 0 },
            });
        }
        if let Some(row) = rows.iter().find(|row| row.len() != items) {
            return Err(StatsError::Argument {
                argument: "rows",
                value: format!("rows of {items} and of {} items", row.len()),
                allowed: "rows of one length",
            });
        }
        if let Some(value) = rows
            .iter()
            .flatten()
            .flatten()
            .find(|value| !value.is_finite())
        {
            return Err(StatsError::Argument {
                argument: "rows",
                value: value.to_string(),
                allowed: "finite numbers",
            });
        }
        Ok(Ratings {
            raters: rows.len(),
            // Adding positive zero turns -0.0 into 0.0, so that both are one level.
            cells: (0..items)
                .flat_map(|item| {
                    rows.iter()
                        .map(move |row| row[item].map(|value| value + 0.0))
                })
                .collect(),
        })
    }

    /// Takes labels of any ordered kind; they become 0, 1, 2, ... in their order.
    ///
    /// # Errors
    /// As [`Ratings::new`].
    pub fn from_labels<T: Ord>(rows: &[Vec<Option<T>>]) -> Result<Self, StatsError> {
        let mut labels: Vec<&T> = rows.iter().flatten().flatten().collect();
        labels.sort();
        labels.dedup();
        let code = |label: &T| labels.partition_point(|other| *other < label) as f64;
        let rows: Vec<Vec<Option<f64>>> = rows
            .iter()
            .map(|row| row.iter().map(|label| label.as_ref().map(code)).collect())
            .collect();
        Ratings::new(&rows)
    }

    /// Number of raters.
    pub fn raters(&self) -> usize {
        self.raters
    }

    /// Number of items, rated or not.
    pub fn items(&self) -> usize {
        self.cells.len() / self.raters
    }

    /// The cells of each item, one per rater.
    pub fn by_item(&self) -> std::slice::ChunksExact<'_, Option<f64>> {
        self.cells.chunks_exact(self.raters)
    }

    /// The rating of `item` by `rater`.
    pub fn cell(&self, rater: usize, item: usize) -> Option<f64> {
        self.cells[item * self.raters + rater]
    }

    /// Every value that occurs, once, in rising order.
    pub fn levels(&self) -> Vec<f64> {
        levels(self.cells.iter().flatten().copied().collect())
    }

    /// For each item that `keep` wants, how often each of `levels` was given.
    pub(super) fn counts(&self, levels: &[f64], keep: impl Fn(usize) -> bool) -> Vec<Vec<f64>> {
        self.by_item()
            .filter(|cells| keep(cells.iter().flatten().count()))
            .map(|cells| {
                let mut counts = vec![0.0; levels.len()];
                for value in cells.iter().flatten() {
                    counts[levels.partition_point(|level| level < value)] += 1.0;
                }
                counts
            })
            .collect()
    }
}

/// `values` in rising order, each once.
#[expect(clippy::float_cmp, reason = "a level is a value to the bit")]
pub(super) fn levels(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values.dedup_by(|left, right| left == right);
    values
}
