//! Intraclass correlations.

use super::super::tails::{LEVEL, f_quantile, f_upper};
use super::super::{Estimate, Interval, StatsError};
use super::Ratings;

/// Which intraclass correlation, in the notation of Shrout and Fleiss (1979).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntraclassForm {
    /// ICC(1,1): each item was rated by other raters; one rating.
    OneWaySingle,
    /// ICC(2,1): raters are a sample of many, their level counts; one rating. Also ICC(A,1).
    AgreementSingle,
    /// ICC(3,1): these raters only, their level does not count; one rating. Also ICC(C,1).
    ConsistencySingle,
    /// ICC(1,k): as ICC(1,1), for the mean of all raters.
    OneWayMean,
    /// ICC(2,k): as ICC(2,1), for the mean of all raters.
    AgreementMean,
    /// ICC(3,k): as ICC(3,1), for the mean of all raters.
    ConsistencyMean,
}

impl IntraclassForm {
    fn describe(self) -> &'static str {
        match self {
            IntraclassForm::OneWaySingle => "ICC(1,1), one-way random, single rating",
            IntraclassForm::AgreementSingle => "ICC(2,1), two-way random, agreement, single rating",
            IntraclassForm::ConsistencySingle => {
                "ICC(3,1), two-way mixed, consistency, single rating"
            }
            IntraclassForm::OneWayMean => "ICC(1,k), one-way random, mean of raters",
            IntraclassForm::AgreementMean => "ICC(2,k), two-way random, agreement, mean of raters",
            IntraclassForm::ConsistencyMean => {
                "ICC(3,k), two-way mixed, consistency, mean of raters"
            }
        }
    }
}

/// An intraclass correlation with its F-test.
#[derive(Debug, Clone, PartialEq)]
pub struct IntraclassCorrelation {
    /// The coefficient, its interval and the p-value of the F-test against 0.
    pub estimate: Estimate,
    /// Mean square between items over the mean square of error.
    pub f: f64,
    /// Degrees of freedom of the numerator and the denominator.
    pub freedom: (f64, f64),
}

/// An intraclass correlation over the items that every rater rated.
///
/// Same values, F-test and intervals as `pingouin.intraclass_corr(nan_policy="omit")`. `n` is the number of
/// complete items. Shrout and Fleiss (1979); McGraw and Wong (1996).
///
/// # Errors
/// [`StatsError::TooFew`] below two complete items; [`StatsError::Undefined`] without any spread.
pub fn intraclass_correlation(
    ratings: &Ratings,
    form: IntraclassForm,
) -> Result<IntraclassCorrelation, StatsError> {
    let items: Vec<Vec<f64>> = ratings
        .by_item()
        .filter_map(|cells| cells.iter().copied().collect())
        .collect();
    if items.len() < 2 {
        return Err(StatsError::TooFew {
            statistic: "intraclass_correlation",
            needed: 2,
            got: items.len(),
        });
    }
    let squares = MeanSquares::new(&items);
    if squares.items + squares.within <= 0.0 {
        return Err(StatsError::Undefined {
            statistic: "intraclass_correlation",
            reason: "all ratings are the same".to_owned(),
        });
    }
    let one_way = matches!(
        form,
        IntraclassForm::OneWaySingle | IntraclassForm::OneWayMean
    );
    let (f, freedom) = if one_way {
        (squares.items / squares.within, squares.freedom_within())
    } else {
        (squares.items / squares.error, squares.freedom_error())
    };
    let freedom = (squares.n - 1.0, freedom);
    let value = squares.coefficient(form);
    let (low, high) = squares.interval(form, f, freedom);
    let left_out = ratings.items() - items.len();
    let estimate = Estimate::new(
        "intraclass_correlation",
        value,
        items.len(),
        format!(
            "{}; {left_out} incomplete item(s) left out",
            form.describe()
        ),
    )
    .with_p_value(f_upper(f, freedom.0, freedom.1), "F-test");
    // Without any error there is nothing to make an interval of.
    let estimate = if low.is_finite() && high.is_finite() {
        estimate.with_interval(Interval {
            low,
            high,
            level: LEVEL,
            method: "F distribution".into(),
        })
    } else {
        estimate
    };
    Ok(IntraclassCorrelation {
        estimate,
        f,
        freedom,
    })
}

/// Two-way analysis of variance without replication.
struct MeanSquares {
    n: f64,
    k: f64,
    items: f64,
    raters: f64,
    error: f64,
    within: f64,
}

impl MeanSquares {
    fn new(ratings: &[Vec<f64>]) -> Self {
        let (n, k) = (ratings.len() as f64, ratings[0].len() as f64);
        let grand = ratings.iter().flatten().sum::<f64>() / (n * k);
        let item_means: Vec<f64> = ratings
            .iter()
            .map(|row| row.iter().sum::<f64>() / k)
            .collect();
        let rater_means: Vec<f64> = (0..ratings[0].len())
            .map(|rater| ratings.iter().map(|row| row[rater]).sum::<f64>() / n)
            .collect();
        let spread = |means: &[f64]| means.iter().map(|mean| (mean - grand).powi(2)).sum::<f64>();
        let residual: f64 = ratings
            .iter()
            .zip(&item_means)
            .flat_map(|(row, item)| {
                row.iter()
                    .zip(&rater_means)
                    .map(move |(rating, rater)| (rating - item - rater + grand).powi(2))
            })
            .sum();
        let between_raters = n * spread(&rater_means);
        MeanSquares {
            n,
            k,
            items: k * spread(&item_means) / (n - 1.0),
            raters: between_raters / (k - 1.0),
            error: residual / ((n - 1.0) * (k - 1.0)),
            within: (between_raters + residual) / (n * (k - 1.0)),
        }
    }

    fn freedom_within(&self) -> f64 {
        self.n * (self.k - 1.0)
    }

    fn freedom_error(&self) -> f64 {
        (self.n - 1.0) * (self.k - 1.0)
    }

    fn coefficient(&self, form: IntraclassForm) -> f64 {
        let MeanSquares {
            n,
            k,
            items,
            raters,
            error,
            within,
        } = self;
        match form {
            IntraclassForm::OneWaySingle => (items - within) / (items + (k - 1.0) * within),
            IntraclassForm::AgreementSingle => {
                (items - error) / (items + (k - 1.0) * error + k * (raters - error) / n)
            }
            IntraclassForm::ConsistencySingle => (items - error) / (items + (k - 1.0) * error),
            IntraclassForm::OneWayMean => (items - within) / items,
            IntraclassForm::AgreementMean => (items - error) / (items + (raters - error) / n),
            IntraclassForm::ConsistencyMean => (items - error) / items,
        }
    }

    fn interval(&self, form: IntraclassForm, f: f64, freedom: (f64, f64)) -> (f64, f64) {
        let upper_tail = 0.5 + LEVEL / 2.0;
        let low = f / f_quantile(upper_tail, freedom.0, freedom.1);
        let high = f * f_quantile(upper_tail, freedom.1, freedom.0);
        match form {
            IntraclassForm::OneWaySingle | IntraclassForm::ConsistencySingle => {
                let single = |f: f64| (f - 1.0) / (f + self.k - 1.0);
                (single(low), single(high))
            }
            IntraclassForm::OneWayMean | IntraclassForm::ConsistencyMean => {
                (1.0 - 1.0 / low, 1.0 - 1.0 / high)
            }
            IntraclassForm::AgreementSingle => self.agreement_interval(upper_tail),
            IntraclassForm::AgreementMean => {
                let (low, high) = self.agreement_interval(upper_tail);
                let mean = |single: f64| self.k * single / (1.0 + (self.k - 1.0) * single);
                (mean(low), mean(high))
            }
        }
    }

    /// Satterthwaite's approximation of the degrees of freedom (McGraw and Wong, table 7).
    fn agreement_interval(&self, upper_tail: f64) -> (f64, f64) {
        let MeanSquares {
            n,
            k,
            items,
            raters,
            error,
            ..
        } = self;
        let value = self.coefficient(IntraclassForm::AgreementSingle);
        let ratio = raters / error;
        let rest = n * (1.0 + (k - 1.0) * value) - k * value;
        let freedom = self.freedom_error() * (k * value * ratio + rest).powi(2)
            / ((n - 1.0) * (k * value * ratio).powi(2) + rest * rest);
        let above = f_quantile(upper_tail, n - 1.0, freedom);
        let below = f_quantile(upper_tail, freedom, n - 1.0);
        let spread = k * raters + (k * n - k - n) * error;
        (
            n * (items - above * error) / (above * spread + n * items),
            n * (below * items - error) / (spread + n * below * items),
        )
    }
}
