//! Whether the judge's values come true.

use super::model::{Bin, Calibration, Row};
use super::ranks::{mean_interval, moments};
use crate::stats::calibration::{
    BinaryForecast, Binning, BinomialInterval, brier_score, expected_calibration_error,
    maximum_calibration_error, negative_log_likelihood, reliability_table,
};
use crate::stats::fit::MapFit;
use crate::stats::{PairedSample, StatsError};

/// Bins of a reliability table.
const BINS: usize = 10;

/// Calibration of probabilities, of values on one scale, or of the fitted curve, whichever the values allow.
pub(super) fn calibration(
    sample: &PairedSample,
    same_scale: bool,
    fit: Option<&MapFit>,
) -> Result<Option<Calibration>, StatsError> {
    let within = |values: &[f64]| values.iter().all(|value| (0.0..=1.0).contains(value));
    let is_event = |value: &f64| value.fract().abs() < f64::EPSILON;
    if within(sample.predicted()) && within(sample.human()) && sample.human().iter().all(is_event) {
        return of_events(sample).map(Some);
    }
    if same_scale || (within(sample.predicted()) && within(sample.human())) {
        let meaning = "the judge's values against the mean of people's, on one scale";
        return Ok(Some(of_means(sample.predicted(), sample.human(), meaning)));
    }
    let Some(fit) = fit else { return Ok(None) };
    let fitted: Vec<f64> = sample
        .predicted()
        .iter()
        .map(|value| fit.map.evaluate(*value))
        .collect();
    let meaning = "fitted values (logistic_4, fitted on these same items) against the mean of people's: shows where the curve does not hold, not how it would do on new items";
    Ok(Some(of_means(&fitted, sample.human(), meaning)))
}

fn of_events(sample: &PairedSample) -> Result<Calibration, StatsError> {
    let outcomes: Vec<bool> = sample.human().iter().map(|value| *value > 0.5).collect();
    let forecast = BinaryForecast::new(sample.predicted(), &outcomes)?;
    let n = forecast.len();
    let row = |name: &str, result| Row::from_result(name, n, &result);
    let brier = brier_score(&forecast, Binning::EqualWidth(BINS));
    let estimates = vec![
        row(
            "ece_equal_width",
            expected_calibration_error(&forecast, Binning::EqualWidth(BINS)),
        ),
        row(
            "ece_equal_mass",
            expected_calibration_error(&forecast, Binning::EqualMass(BINS)),
        ),
        row(
            "mce",
            maximum_calibration_error(&forecast, Binning::EqualWidth(BINS)),
        ),
        row("brier", brier.map(|parts| parts.brier)),
        row(
            "negative_log_likelihood",
            negative_log_likelihood(&forecast),
        ),
    ];
    let table = reliability_table(
        &forecast,
        Binning::EqualWidth(BINS),
        BinomialInterval::Wilson,
        0.95,
    )?;
    let bins = table
        .into_iter()
        .map(|bin| Bin {
            edges: [bin.low, bin.high],
            n: bin.n,
            stated: bin.stated,
            observed: bin.observed,
            ci: Some([bin.interval.low, bin.interval.high]),
        })
        .collect();
    Ok(Calibration {
        meaning: "the judge's values as probabilities that people say 1".to_owned(),
        estimates,
        bins,
    })
}

/// Means of both in tenths of the items by stated value; equal values share a bin.
fn of_means(stated: &[f64], human: &[f64], meaning: &str) -> Calibration {
    let mut order: Vec<usize> = (0..stated.len()).collect();
    order.sort_by(|a, b| stated[*a].total_cmp(&stated[*b]));
    let mut bins = Vec::new();
    let mut from = 0;
    while from < order.len() {
        let left = BINS - bins.len().min(BINS - 1);
        let mut to = from + (order.len() - from).div_ceil(left);
        while to < order.len() && stated[order[to]].total_cmp(&stated[order[to - 1]]).is_eq() {
            to += 1;
        }
        bins.push(bin_of(&order[from..to], stated, human));
        from = to;
    }
    let n = stated.len();
    let gap: f64 = bins
        .iter()
        .map(|bin| bin.n as f64 * (bin.observed - bin.stated).abs())
        .sum::<f64>()
        / n as f64;
    let mut row = Row::undefined(
        "mean_calibration_gap",
        n,
        &StatsError::TooFew {
            statistic: "",
            needed: 0,
            got: 0,
        },
    );
    row.value = Some(gap);
    row.note = None;
    "point estimate".clone_into(&mut row.method);
    row.convention = format!(
        "mean of |mean human - mean stated| over {} bins of equal mass, weighted by items; above 0 by chance alone",
        bins.len()
    );
    Calibration {
        meaning: meaning.to_owned(),
        estimates: vec![row],
        bins,
    }
}

fn bin_of(members: &[usize], stated: &[f64], human: &[f64]) -> Bin {
    let pick = |values: &[f64]| {
        members
            .iter()
            .map(|index| values[*index])
            .collect::<Vec<f64>>()
    };
    let (x, y) = (pick(stated), pick(human));
    Bin {
        edges: [x[0], x[x.len() - 1]],
        n: members.len(),
        stated: moments(&x).0,
        observed: moments(&y).0,
        ci: mean_interval(&y),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_every_item_once_and_equal_values_together() {
        let stated: Vec<f64> = (0..103).map(|i| f64::from(i / 7)).collect();
        let calibration = of_means(&stated, &stated, "same");
        assert_eq!(calibration.bins.iter().map(|bin| bin.n).sum::<usize>(), 103);
        assert!(
            calibration
                .bins
                .windows(2)
                .all(|pair| pair[0].edges[1] < pair[1].edges[0])
        );
        assert!(calibration.estimates[0].value.unwrap() < 1e-12);
    }

    #[test]
    fn a_constant_column_is_one_bin() {
        let calibration = of_means(&[2.0; 30], &[1.0; 30], "same");
        assert_eq!(calibration.bins.len(), 1);
        assert!((calibration.estimates[0].value.unwrap() - 1.0).abs() < 1e-12);
    }
}
