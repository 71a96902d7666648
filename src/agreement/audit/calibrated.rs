//! Whether the judge's values come true.

use super::draws::Draws;
use super::model::{Bin, Calibration, Row};
use super::ranks::{mean_interval, moments};
use crate::stats::calibration::{
    BinaryForecast, Binning, BinomialInterval, brier_score, expected_calibration_error,
    maximum_calibration_error, negative_log_likelihood, reliability_table,
};
use crate::stats::fit::MapFit;
use crate::stats::resample::Plan;
use crate::stats::{Estimate, PairedSample, StatsError};

/// Bins of a reliability table.
const BINS: usize = 10;

/// Calibration of probabilities, of values on one scale, or of the fitted curve, whichever the values allow.
pub(super) fn calibration(
    sample: &PairedSample,
    same_scale: bool,
    fit: Option<&MapFit>,
    draws: Draws<'_>,
) -> Result<Option<Calibration>, StatsError> {
    let within = |values: &[f64]| values.iter().all(|value| (0.0..=1.0).contains(value));
    let is_event = |value: &f64| value.fract().abs() < f64::EPSILON;
    if within(sample.predicted()) && within(sample.human()) && sample.human().iter().all(is_event) {
        return of_events(sample, draws).map(Some);
    }
    if same_scale || (within(sample.predicted()) && within(sample.human())) {
        let meaning = "the judge's values against the mean of people's, on one scale";
        return Ok(Some(of_means(
            sample.predicted(),
            sample.human(),
            meaning,
            draws,
        )));
    }
    let Some(fit) = fit else { return Ok(None) };
    let fitted: Vec<f64> = sample
        .predicted()
        .iter()
        .map(|value| fit.map.evaluate(*value))
        .collect();
    let meaning = "fitted values (logistic_4, fitted on these same items) against the mean of people's: shows where the curve does not hold, not how it would do on new items";
    Ok(Some(of_means(&fitted, sample.human(), meaning, draws)))
}

fn of_events(sample: &PairedSample, draws: Draws<'_>) -> Result<Calibration, StatsError> {
    let outcomes: Vec<bool> = sample.human().iter().map(|value| *value > 0.5).collect();
    let forecast = BinaryForecast::new(sample.predicted(), &outcomes)?;
    let n = forecast.len();
    let of = |forecast: &BinaryForecast, name: &str| match name {
        "ece_equal_width" => {
            expected_calibration_error(forecast, Binning::EqualWidth(BINS), &Plan::NONE)
        }
        "ece_equal_mass" => {
            expected_calibration_error(forecast, Binning::EqualMass(BINS), &Plan::NONE)
        }
        "mce" => maximum_calibration_error(forecast, Binning::EqualWidth(BINS), &Plan::NONE),
        "brier" => brier_score(forecast, Binning::EqualWidth(BINS)).map(|parts| parts.brier),
        _ => negative_log_likelihood(forecast),
    };
    let names = [
        "ece_equal_width",
        "ece_equal_mass",
        "mce",
        "brier",
        "negative_log_likelihood",
    ];
    let estimates = names
        .into_iter()
        .map(|name| {
            let mut row = Row::from_result(name, n, &of(&forecast, name));
            if draws.clusters.is_some() || row.ci.is_none() {
                draws.over_items(&mut row, 10, |drawn| {
                    let stated: Vec<f64> = pick(sample.predicted(), drawn);
                    let seen: Vec<bool> = pick(&outcomes, drawn);
                    let drawn = BinaryForecast::new(&stated, &seen);
                    drawn
                        .and_then(|forecast| of(&forecast, name))
                        .map_or(f64::NAN, |found| found.value)
                });
            }
            if name.starts_with("ece") || name == "mce" {
                row.add_note(
                    "above 0 by chance alone, as every draw is: read it beside the table of bins",
                );
            }
            row
        })
        .collect();
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

fn pick<T: Copy>(values: &[T], drawn: &[u32]) -> Vec<T> {
    drawn.iter().map(|at| values[*at as usize]).collect()
}

/// Means of both in tenths of the items by stated value; equal values share a bin.
fn of_means(stated: &[f64], human: &[f64], meaning: &str, draws: Draws<'_>) -> Calibration {
    let mut order: Vec<usize> = (0..stated.len()).collect();
    order.sort_by(|a, b| stated[*a].total_cmp(&stated[*b]));
    let (mut bins, mut bin_of_item) = (Vec::new(), vec![0_usize; stated.len()]);
    let mut from = 0;
    while from < order.len() {
        let left = BINS - bins.len().min(BINS - 1);
        let mut to = from + (order.len() - from).div_ceil(left);
        while to < order.len() && stated[order[to]].total_cmp(&stated[order[to - 1]]).is_eq() {
            to += 1;
        }
        for item in &order[from..to] {
            bin_of_item[*item] = bins.len();
        }
        bins.push(bin_of(&order[from..to], stated, human));
        from = to;
    }
    Calibration {
        meaning: meaning.to_owned(),
        estimates: vec![gap_row(stated, human, &bin_of_item, bins.len(), draws)],
        bins,
    }
}

/// The mean distance of both means over bins; drawn with the bins held.
fn gap_row(
    stated: &[f64],
    human: &[f64],
    bin_of_item: &[usize],
    bins: usize,
    draws: Draws<'_>,
) -> Row {
    let gap = |items: &mut dyn Iterator<Item = usize>| {
        let (mut sums, mut count) = (vec![0.0; bins], 0.0);
        for item in items {
            sums[bin_of_item[item]] += human[item] - stated[item];
            count += 1.0;
        }
        sums.iter().map(|sum: &f64| sum.abs()).sum::<f64>() / count
    };
    let n = stated.len();
    let convention = format!(
        "mean of |mean human - mean stated| over {bins} bins of equal mass, weighted by items; above 0 by chance alone"
    );
    let estimate = Estimate::new("mean_calibration_gap", gap(&mut (0..n)), n, convention);
    let mut row = Row::of(&estimate);
    draws.over_items(&mut row, 2, |drawn| {
        gap(&mut drawn.iter().map(|at| *at as usize))
    });
    row
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

    const DRAWS: Draws<'static> = Draws {
        clusters: None,
        plan: Plan {
            resamples: 100,
            seed: 1,
            threads: 1,
        },
    };

    #[test]
    fn bins_hold_every_item_once_and_equal_values_together() {
        let stated: Vec<f64> = (0..103).map(|i| f64::from(i / 7)).collect();
        let calibration = of_means(&stated, &stated, "same", DRAWS);
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
        let calibration = of_means(&[2.0; 30], &[1.0; 30], "same", DRAWS);
        assert_eq!(calibration.bins.len(), 1);
        assert!((calibration.estimates[0].value.unwrap() - 1.0).abs() < 1e-12);
    }
}
