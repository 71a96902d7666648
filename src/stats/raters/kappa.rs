//! Cohen's kappa of two raters.

use super::super::tails::{normal_interval, normal_two_sided};
use super::super::{Estimate, PairedSample, StatsError};
use super::ratings::levels;

/// How bad a disagreement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KappaWeights {
    /// Every disagreement is as bad as any other.
    Unweighted,
    /// By the number of levels apart (Cicchetti and Allison).
    Linear,
    /// By its square (Fleiss and Cohen).
    Quadratic,
}

impl KappaWeights {
    fn agreement(self, row: usize, column: usize, levels: usize) -> f64 {
        let apart = row.abs_diff(column) as f64 / (levels as f64 - 1.0);
        match self {
            KappaWeights::Unweighted => f64::from(u8::from(row == column)),
            KappaWeights::Linear => 1.0 - apart,
            KappaWeights::Quadratic => 1.0 - apart * apart,
        }
    }

    fn describe(self) -> &'static str {
        match self {
            KappaWeights::Unweighted => "unweighted",
            KappaWeights::Linear => "linear weights by position among the levels",
            KappaWeights::Quadratic => "quadratic weights by position among the levels",
        }
    }
}

/// Cohen's kappa with its two standard errors.
#[derive(Debug, Clone, PartialEq)]
pub struct CohenKappa {
    /// Kappa with a normal interval, and the p-value of the test against 0.
    pub estimate: Estimate,
    /// Asymptotic standard error, for the interval.
    pub standard_error: f64,
    /// Asymptotic standard error under the hypothesis that kappa is 0, for the test.
    pub null_standard_error: f64,
}

/// Cohen's kappa of two raters' ratings; the levels are the values that either of them used.
///
/// A level that nobody used is unknown here: weights then count one step less across its gap. Where the scale
/// is known, [`cohen_kappa_of_table`] takes it into account. Same as
/// `statsmodels.stats.inter_rater.cohens_kappa` on the table of both, with `wt` none, "linear" or "quadratic".
///
/// # Errors
/// As [`cohen_kappa_of_table`].
pub fn cohen_kappa(sample: &PairedSample, weights: KappaWeights) -> Result<CohenKappa, StatsError> {
    let scale = levels(
        sample
            .predicted()
            .iter()
            .chain(sample.human())
            .copied()
            .collect(),
    );
    let mut table = vec![vec![0_u64; scale.len()]; scale.len()];
    let position = |value: f64| scale.partition_point(|level| *level < value);
    for (predicted, human) in sample.predicted().iter().zip(sample.human()) {
        table[position(*predicted)][position(*human)] += 1;
    }
    cohen_kappa_of_table(&table, weights)
}

/// Cohen's kappa of a square table that counts items by the first rater's level (row) and the second's (column).
///
/// ```text
/// kappa = (p_o - p_e) / (1 - p_e)
/// ```
/// with weighted observed and expected agreement. Standard errors: Fleiss, Cohen and Everitt (1969).
///
/// ```
/// use opine::stats::raters::{KappaWeights, cohen_kappa_of_table};
/// let found = cohen_kappa_of_table(&[vec![20, 5], vec![10, 15]], KappaWeights::Unweighted)?;
/// assert!((found.estimate.value - 0.4).abs() < 1e-15);
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::Argument`] for a table that is not square; [`StatsError::TooFew`] below two items;
/// [`StatsError::Undefined`] when agreement by chance is complete.
pub fn cohen_kappa_of_table(
    table: &[Vec<u64>],
    weights: KappaWeights,
) -> Result<CohenKappa, StatsError> {
    let size = table.len();
    if let Some(row) = table.iter().find(|row| row.len() != size) {
        return Err(StatsError::Argument {
            argument: "table",
            value: format!("{size} rows and a row of {} columns", row.len()),
            allowed: "a square table",
        });
    }
    let items: u64 = table.iter().flatten().sum();
    if items < 2 {
        return Err(StatsError::TooFew {
            statistic: "cohen_kappa",
            needed: 2,
            got: usize::from(items == 1),
        });
    }
    let margins = Margins::new(table, weights);
    if margins.expected >= 1.0 || size < 2 {
        return Err(StatsError::Undefined {
            statistic: "cohen_kappa",
            reason: "both raters used one level only, so that agreement by chance is complete"
                .to_owned(),
        });
    }
    let value = (margins.observed - margins.expected) / (1.0 - margins.expected);
    let standard_error = margins.variance(value).max(0.0).sqrt();
    let null_standard_error = margins.null_variance().max(0.0).sqrt();
    let n = usize::try_from(items).map_err(|_| StatsError::Argument {
        argument: "table",
        value: items.to_string(),
        allowed: "fewer items",
    })?;
    let estimate = Estimate::new("cohen_kappa", value, n, weights.describe())
        .with_p_value(
            normal_two_sided(value / null_standard_error),
            "asymptotic normal, standard error at kappa 0",
        )
        .with_interval(normal_interval(
            value,
            standard_error,
            (f64::MIN, f64::MAX),
            "asymptotic normal",
        ));
    Ok(CohenKappa {
        estimate,
        standard_error,
        null_standard_error,
    })
}

/// Shares of the table, and the weighted agreement they give.
struct Margins {
    items: f64,
    cells: Vec<Vec<f64>>,
    rows: Vec<f64>,
    columns: Vec<f64>,
    weights: Vec<Vec<f64>>,
    /// Mean agreement of each row's level with what the second rater gives, and of each column's with the first's.
    row_agreement: Vec<f64>,
    column_agreement: Vec<f64>,
    observed: f64,
    expected: f64,
}

impl Margins {
    fn new(table: &[Vec<u64>], weights: KappaWeights) -> Self {
        let size = table.len();
        let items = table.iter().flatten().sum::<u64>() as f64;
        let cells: Vec<Vec<f64>> = table
            .iter()
            .map(|row| row.iter().map(|count| *count as f64 / items).collect())
            .collect();
        let rows: Vec<f64> = cells.iter().map(|row| row.iter().sum()).collect();
        let columns: Vec<f64> = (0..size)
            .map(|column| cells.iter().map(|row| row[column]).sum())
            .collect();
        let weights: Vec<Vec<f64>> = (0..size)
            .map(|row| {
                (0..size)
                    .map(|column| weights.agreement(row, column, size))
                    .collect()
            })
            .collect();
        let over = |shares: &[f64], weight: &dyn Fn(usize) -> f64| -> f64 {
            shares
                .iter()
                .enumerate()
                .map(|(level, share)| share * weight(level))
                .sum()
        };
        let row_agreement: Vec<f64> = (0..size)
            .map(|row| over(&columns, &|level| weights[row][level]))
            .collect();
        let column_agreement: Vec<f64> = (0..size)
            .map(|column| over(&rows, &|level| weights[level][column]))
            .collect();
        let observed = cells
            .iter()
            .flatten()
            .zip(weights.iter().flatten())
            .map(|(share, weight)| share * weight)
            .sum();
        let expected = over(&rows, &|level| row_agreement[level]);
        Margins {
            items,
            cells,
            rows,
            columns,
            weights,
            row_agreement,
            column_agreement,
            observed,
            expected,
        }
    }

    /// Sum over cells of `share(row, column) * term(row, column)^2`.
    fn sum_of_squares(
        &self,
        share: impl Fn(usize, usize) -> f64,
        term: impl Fn(usize, usize) -> f64,
    ) -> f64 {
        let size = self.rows.len();
        (0..size)
            .flat_map(|row| (0..size).map(move |column| (row, column)))
            .map(|(row, column)| share(row, column) * term(row, column).powi(2))
            .sum()
    }

    fn variance(&self, kappa: f64) -> f64 {
        let squares = self.sum_of_squares(
            |row, column| self.cells[row][column],
            |row, column| {
                let chance = self.row_agreement[row] + self.column_agreement[column];
                self.weights[row][column] - chance * (1.0 - kappa)
            },
        );
        let centre = kappa - self.expected * (1.0 - kappa);
        (squares - centre * centre) / ((1.0 - self.expected).powi(2) * self.items)
    }

    fn null_variance(&self) -> f64 {
        let squares = self.sum_of_squares(
            |row, column| self.rows[row] * self.columns[column],
            |row, column| {
                self.weights[row][column] - self.row_agreement[row] - self.column_agreement[column]
            },
        );
        (squares - self.expected * self.expected) / ((1.0 - self.expected).powi(2) * self.items)
    }
}
