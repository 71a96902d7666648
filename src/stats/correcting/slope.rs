//! A regression slope of human values on a covariate, with a judge standing in where labels lack.

use super::few_labels::FewLabels;
use super::powered::{
    Corrected, Lambda, checked, least_variance, normal_interval, require_variance,
};
use crate::stats::fit::moments::{co_deviation, mean, normal_width};
use crate::stats::{Estimate, Side, StatsError};

/// How much the human value rises per unit of a covariate such as compression level or prompt length.
///
/// Both covariates are aligned with the parts of `items`. The slope is that of least squares with an
/// intercept; the interval is the sandwich one. Same as the second coefficient of `ppi_py.ppi_ols_ci` with
/// `X = [1, covariate]` and `coord=1`.
///
/// # Errors
/// [`StatsError::LengthMismatch`] where a covariate is not aligned; [`StatsError::NonFinite`];
/// [`StatsError::Undefined`] where it does not vary in a part, or the residuals do not; [`StatsError::Argument`] for level or lambda;
/// [`StatsError::TooFew`] below three labelled items.
pub fn corrected_slope(
    items: &FewLabels,
    labelled_covariate: &[f64],
    unlabelled_covariate: &[f64],
    lambda: Lambda,
    level: f64,
) -> Result<Corrected, StatsError> {
    let z = normal_width(level)?;
    if items.labelled().len() < 3 {
        return Err(StatsError::TooFew {
            statistic: "slope",
            needed: 3,
            got: items.labelled().len(),
        });
    }
    let labelled = Covariate::new(labelled_covariate, items.labelled().len())?;
    let unlabelled = Covariate::new(unlabelled_covariate, items.unlabelled().len())?;
    let problem = Problem {
        items,
        labelled,
        unlabelled,
    };
    let lambda = match lambda {
        Lambda::One => 1.0,
        Lambda::Fixed(lambda) => checked(lambda)?,
        // The influences depend on the coefficients, so lambda is tuned once more at the first result.
        Lambda::Tuned => problem.tuned(problem.tuned(1.0)),
    };
    let value = problem.line(lambda).slope;
    let variance = problem.variance(lambda);
    require_variance("slope", variance)?;
    let labels_only = problem.line(0.0).slope;
    let of_labels = problem.variance(0.0);
    let (n, others) = (items.labelled().len(), items.unlabelled().len());
    let judge_only = problem.unlabelled.line(items.unlabelled()).slope;
    Ok(Corrected {
        estimate: Estimate::new(
            "slope",
            value,
            n + others,
            format!("prediction-powered, lambda {lambda:.6}, {n} labelled and {others} unlabelled"),
        )
        .with_interval(normal_interval(
            value,
            variance,
            z,
            level,
            "prediction-powered, sandwich, normal",
        )),
        lambda,
        labels_only: Estimate::new("slope", labels_only, n, "human labels only").with_interval(
            normal_interval(labels_only, of_labels, z, level, "sandwich, normal"),
        ),
        judge_only: Estimate::new(
            "slope",
            judge_only,
            others,
            "judge only, unlabelled items, not corrected",
        ),
        effective_labels: n as f64 * of_labels / variance,
        check: items.check(),
    })
}

#[derive(Clone, Copy)]
struct Line {
    intercept: f64,
    slope: f64,
}

struct Covariate<'a>(&'a [f64]);

impl<'a> Covariate<'a> {
    fn new(values: &'a [f64], items: usize) -> Result<Self, StatsError> {
        if values.len() != items {
            return Err(StatsError::LengthMismatch {
                predicted: values.len(),
                human: items,
            });
        }
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(StatsError::NonFinite {
                side: Side::Predicted,
                index,
                value: values[index],
            });
        }
        let first = values[0].to_bits();
        if values.iter().all(|value| value.to_bits() == first) {
            return Err(StatsError::Undefined {
                statistic: "slope",
                reason: "the covariate has the same value everywhere".to_owned(),
            });
        }
        Ok(Covariate(values))
    }

    /// Least-squares line of `y` on the covariate.
    fn line(&self, y: &[f64]) -> Line {
        let slope = co_deviation(self.0, y) / co_deviation(self.0, self.0);
        Line {
            intercept: mean(y) - slope * mean(self.0),
            slope,
        }
    }
}

struct Problem<'a> {
    items: &'a FewLabels,
    labelled: Covariate<'a>,
    unlabelled: Covariate<'a>,
}

impl Problem<'_> {
    /// Line of the judge's values where labels lack, plus that of what the labels correct.
    fn line(&self, lambda: f64) -> Line {
        let rest: Vec<f64> = (self.items.labelled().human().iter())
            .zip(self.items.labelled().predicted())
            .map(|(human, judged)| human - lambda * judged)
            .collect();
        let judged = self.unlabelled.line(self.items.unlabelled());
        let correction = self.labelled.line(&rest);
        Line {
            intercept: lambda * judged.intercept + correction.intercept,
            slope: lambda * judged.slope + correction.slope,
        }
    }

    /// Influence of each item on the slope: human and judged of the labelled, judged of the unlabelled.
    ///
    /// It is `(x - m) / v` times the residual from the line, with mean and variance of the covariate over all
    /// items, or over the labelled ones where the judge has no part.
    fn influences(&self, line: Line, lambda: f64) -> [Vec<f64>; 3] {
        let mut covariate = self.labelled.0.to_vec();
        if lambda.abs() > 0.0 {
            covariate.extend(self.unlabelled.0);
        }
        let middle = mean(&covariate);
        let variance = co_deviation(&covariate, &covariate) / covariate.len() as f64;
        let of = |x: &[f64], y: &[f64]| -> Vec<f64> {
            let pairs = x.iter().zip(y);
            let influence = |(x, y): (&f64, &f64)| {
                (x - middle) / variance * (line.intercept + line.slope * x - y)
            };
            pairs.map(influence).collect()
        };
        let labelled = self.items.labelled();
        [
            of(self.labelled.0, labelled.human()),
            of(self.labelled.0, labelled.predicted()),
            of(self.unlabelled.0, self.items.unlabelled()),
        ]
    }

    /// Lambda with the least variance at the line that `lambda` gives.
    fn tuned(&self, lambda: f64) -> f64 {
        // With lambda 0 as a start the judge still has a part: it is being weighed.
        let [human, judged, unlabelled] = self.influences(self.line(lambda), 1.0);
        let all: Vec<f64> = judged.iter().chain(&unlabelled).copied().collect();
        least_variance(&human, &judged, &all, unlabelled.len())
    }

    fn variance(&self, lambda: f64) -> f64 {
        let [human, judged, unlabelled] = self.influences(self.line(lambda), lambda);
        let rest: Vec<f64> = (human.iter().zip(&judged))
            .map(|(human, judged)| human - lambda * judged)
            .collect();
        let of_mean = |values: &[f64]| {
            let n = values.len() as f64;
            co_deviation(values, values) / (n - 1.0) / n
        };
        lambda * lambda * of_mean(&unlabelled) + of_mean(&rest)
    }
}
