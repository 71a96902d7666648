//! What the figures are drawn from.

use std::collections::BTreeMap;

use super::model::{Figures, Spread};
use super::ranks::{mean_interval, moments, rank_shares};
use crate::stats::PairedSample;
use crate::stats::fit::MapFit;
use crate::stats::resample::CounterRng;

/// Most points in a scatter plot.
const POINTS: usize = 1_500;
/// Steps of the fitted curve.
const STEPS: u32 = 64;
/// Cells along either side of the rank figure.
const CELLS: usize = 10;

pub(super) fn figures(
    sample: &PairedSample,
    groups: Option<&[&str]>,
    fit: Option<&MapFit>,
    seed: u64,
) -> Figures {
    Figures {
        points: points(sample, seed),
        points_of: sample.len(),
        curve: fit.map_or_else(Vec::new, |fit| curve(sample, fit)),
        curve_name: fit.map_or_else(
            || "no curve could be fitted".to_owned(),
            |fit| format!("four-parameter logistic, {}", fit.direction.name()),
        ),
        rank_cells: rank_cells(sample),
        residuals: fit.map_or_else(Vec::new, |fit| residuals(sample, groups, fit)),
    }
}

/// One item of each of up to 1,500 equal runs of the items, chosen by a seeded draw.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the number of items lies between 0 and it"
)]
fn points(sample: &PairedSample, seed: u64) -> Vec<[f64; 2]> {
    let n = sample.len();
    let at = |index: usize| [sample.predicted()[index], sample.human()[index]];
    if n <= POINTS {
        return (0..n).map(at).collect();
    }
    let mut rng = CounterRng::new(seed, u64::MAX);
    let run = n as f64 / POINTS as f64;
    (0..POINTS)
        .map(|point| at(((point as f64 + rng.uniform()) * run) as usize))
        .collect()
}

/// The curve and the band in which 95 % of the items should lie if errors are normal.
fn curve(sample: &PairedSample, fit: &MapFit) -> Vec<[f64; 4]> {
    let ends = sample
        .predicted()
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
            (low.min(*x), high.max(*x))
        });
    let half = 1.959_963_984_540_054 * fit.rmse.value;
    (0..=STEPS)
        .map(|step| {
            let x = ends.0 + (ends.1 - ends.0) * f64::from(step) / f64::from(STEPS);
            let y = fit.map.evaluate(x);
            [x, y, y - half, y + half]
        })
        .collect()
}

/// Share of all items in each tenth of human rank (rows, lowest first) and judged rank (columns).
fn rank_cells(sample: &PairedSample) -> Vec<Vec<f64>> {
    let (judged, human) = (rank_shares(sample.predicted()), rank_shares(sample.human()));
    let mut cells = vec![vec![0.0; CELLS]; CELLS];
    let unit = 1.0 / sample.len() as f64;
    for (judged, human) in judged.iter().zip(&human) {
        cells[cell(*human)][cell(*judged)] += unit;
    }
    cells
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rank shares lie in 0..=1"
)]
fn cell(share: f64) -> usize {
    ((share * CELLS as f64) as usize).min(CELLS - 1)
}

fn residuals(sample: &PairedSample, groups: Option<&[&str]>, fit: &MapFit) -> Vec<Spread> {
    let pairs = sample.human().iter().zip(sample.predicted());
    let left: Vec<f64> = pairs
        .map(|(human, judged)| human - fit.map.evaluate(*judged))
        .collect();
    let mut by_group: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (group, residual) in groups.into_iter().flatten().zip(&left) {
        by_group.entry(group).or_default().push(*residual);
    }
    let all = std::iter::once(spread(None, left));
    all.chain(
        by_group
            .into_iter()
            .map(|(group, residuals)| spread(Some(group), residuals)),
    )
    .collect()
}

fn spread(group: Option<&str>, mut residuals: Vec<f64>) -> Spread {
    let (mean, _) = moments(&residuals);
    let ci = mean_interval(&residuals);
    residuals.sort_unstable_by(f64::total_cmp);
    Spread {
        group: group.map(str::to_owned),
        n: residuals.len(),
        mean,
        ci,
        points: [0.05, 0.25, 0.5, 0.75, 0.95].map(|share| quantile(&residuals, share)),
    }
}

/// The quantile of sorted values, interpolated linearly between neighbours.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the last index lies between 0 and it"
)]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_all_items_and_the_diagonal_holds_agreement() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let sample = PairedSample::new(&values, &values).unwrap();
        let cells = rank_cells(&sample);
        let total: f64 = cells.iter().flatten().sum();
        let diagonal: f64 = (0..CELLS).map(|at| cells[at][at]).sum();
        assert!((total - 1.0).abs() < 1e-12 && (diagonal - 1.0).abs() < 1e-12);
    }

    #[test]
    fn few_points_are_all_shown_and_many_are_drawn_from_every_part() {
        let values: Vec<f64> = (0..6_000).map(f64::from).collect();
        let sample = PairedSample::new(&values, &values).unwrap();
        let points = points(&sample, 7);
        assert_eq!(points.len(), POINTS);
        assert!(points.windows(2).all(|pair| pair[0][0] < pair[1][0]));
        assert_eq!(points, super::points(&sample, 7));
    }
}
