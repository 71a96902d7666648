//! Agreement as labels arrive: over the newest of them, how it went before, and whether it fell.
//!
//! Pure: labels come in order of time, and nothing here reads a clock.

use serde::Serialize;

use super::audit::{Row, main_rows};
use crate::stats::comparing::{Correlated, spearman_fell};
use crate::stats::resample::Plan;
use crate::stats::{PairedSample, spearman};

/// Fewest judged labels of a window that is told of or compared.
pub const LEAST: usize = 20;
/// Chance of a false alarm at each look, over all comparisons of it.
pub const LEVEL: f64 = 0.01;
/// Most windows of the trend.
const MOST_WINDOWS: usize = 24;
/// Draws of an interval where human values tie.
const RESAMPLES: u32 = 500;

/// A label, and what the judge said of the same item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RollingLabel {
    /// The judge's value, with higher as better; none where it gave none.
    pub judged: Option<f64>,
    /// People's value, with higher as better.
    pub human: f64,
    /// When, in milliseconds since 1970.
    pub time: i64,
}

/// What is one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// So many labels.
    Labels(usize),
    /// So many milliseconds.
    Time(i64),
}

/// A correlation to hold the newest window against, from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reference<'a> {
    /// Where it is from.
    pub source: &'a str,
    /// Spearman's rho.
    pub spearman: f64,
    /// Items that it rests on.
    pub n: usize,
}

/// Agreement of one judge as labels arrive.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rolling {
    /// All labels.
    pub n: usize,
    /// Those that the judge gave no value for.
    pub unscored: usize,
    /// The newest window; `null` without labels.
    pub newest: Option<WindowFigures>,
    /// Consecutive windows, the newest last.
    pub trend: Vec<WindowFigures>,
    /// Whether agreement fell.
    pub alert: Alert,
}

/// One window.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WindowFigures {
    /// Time of its first label, in milliseconds since 1970.
    pub first_time: i64,
    /// Of its last.
    pub last_time: i64,
    /// Labels with a value of the judge.
    pub n: usize,
    /// Labels without.
    pub unscored: usize,
    /// Pearson's, Spearman's and Kendall's coefficients; empty below [`LEAST`].
    pub estimates: Vec<Row>,
}

/// Whether the newest window agrees less than before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alert {
    /// Whether it does.
    pub fell: bool,
    /// How that is decided.
    pub test: &'static str,
    /// Chance of a false alarm at each look, over all comparisons.
    pub level: f64,
    /// The newest window against each of these; empty where there are too few labels.
    pub comparisons: Vec<Fall>,
}

/// The newest window against something earlier.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fall {
    /// `earlier` for all labels before the newest window, or the map that the reference is from.
    pub against: String,
    /// Spearman's rho there.
    pub reference: f64,
    /// Items that it rests on.
    pub reference_n: usize,
    /// Newest less reference.
    pub difference: f64,
    /// 95 % interval of the difference.
    pub ci: Option<[f64; 2]>,
    /// One-sided: small where the newest is lower.
    pub p_value: Option<f64>,
    /// Whether the p-value lies below the level, shared over the comparisons.
    pub fell: bool,
}

const TEST: &str = "Spearman's rho of the newest window against that of all earlier labels, and against the calibration's where \
    there is one; Fisher's z of independent samples with Bonett and Wright's variance, one-sided; the level is shared over the \
    comparisons (Bonferroni) and holds for each look";

/// Agreement over windows of labels that are in order of time.
///
/// Windows are counted back from the newest label, so that the newest is whole; the oldest of the trend may be short.
pub fn rolling(
    labels: &[RollingLabel],
    window: Window,
    reference: Option<Reference<'_>>,
) -> Rolling {
    let windows = windows(labels, window);
    let newest = windows.last().copied();
    let shown = &windows[windows.len().saturating_sub(MOST_WINDOWS)..];
    let trend: Vec<WindowFigures> = shown.iter().map(|window| figures(window)).collect();
    let earlier = &labels[..labels.len() - newest.map_or(0, <[_]>::len)];
    Rolling {
        n: labels.len(),
        unscored: unscored(labels),
        newest: trend.last().cloned(),
        trend,
        alert: alert(newest.unwrap_or_default(), earlier, reference),
    }
}

/// Consecutive windows, the oldest first.
fn windows(labels: &[RollingLabel], window: Window) -> Vec<&[RollingLabel]> {
    let mut windows = Vec::new();
    let mut left = labels;
    while let Some(last) = left.last() {
        let from = match window {
            Window::Labels(count) => left.len().saturating_sub(count.max(1)),
            Window::Time(length) => {
                let begin = last.time.saturating_sub(length.max(1));
                left.partition_point(|label| label.time <= begin)
            }
        };
        let (before, inside) = left.split_at(from);
        windows.push(inside);
        left = before;
    }
    windows.reverse();
    windows
}

fn unscored(labels: &[RollingLabel]) -> usize {
    labels.iter().filter(|label| label.judged.is_none()).count()
}

/// The judged labels as columns; none where they are too few or constant.
fn sample(labels: &[RollingLabel]) -> Option<PairedSample> {
    let judged = labels
        .iter()
        .filter_map(|label| Some((label.judged?, label.human)));
    let (judged, human): (Vec<f64>, Vec<f64>) = judged.unzip();
    if judged.len() < LEAST {
        return None;
    }
    PairedSample::from_columns(judged, human).ok()
}

fn figures(labels: &[RollingLabel]) -> WindowFigures {
    let plan = Plan {
        resamples: RESAMPLES,
        ..Plan::default()
    };
    let time = |label: Option<&RollingLabel>| label.map_or(0, |label| label.time);
    let unscored = unscored(labels);
    WindowFigures {
        first_time: time(labels.first()),
        last_time: time(labels.last()),
        n: labels.len() - unscored,
        unscored,
        estimates: sample(labels).map_or_else(Vec::new, |sample| main_rows(&sample, plan)),
    }
}

fn correlated(labels: &[RollingLabel]) -> Option<Correlated> {
    let sample = sample(labels)?;
    let value = spearman(&sample).ok()?.value;
    let n = sample.len();
    Some(Correlated { value, n })
}

fn alert(
    newest: &[RollingLabel],
    earlier: &[RollingLabel],
    reference: Option<Reference<'_>>,
) -> Alert {
    let before = correlated(earlier).map(|earlier| ("earlier", earlier));
    let fitted = reference.filter(|reference| reference.n >= LEAST);
    let fitted = fitted.map(|reference| {
        let Reference {
            source,
            spearman,
            n,
        } = reference;
        (source, Correlated { value: spearman, n })
    });
    let references: Vec<(&str, Correlated)> = before.into_iter().chain(fitted).collect();
    let level = LEVEL / references.len().max(1) as f64;
    let comparisons: Vec<Fall> = match correlated(newest) {
        None => Vec::new(),
        Some(newest) => (references.iter())
            .filter_map(|(against, reference)| fall(against, *reference, newest, level))
            .collect(),
    };
    Alert {
        fell: comparisons.iter().any(|comparison| comparison.fell),
        test: TEST,
        level: LEVEL,
        comparisons,
    }
}

fn fall(against: &str, reference: Correlated, newest: Correlated, level: f64) -> Option<Fall> {
    let found = spearman_fell(reference, newest).ok()?;
    Some(Fall {
        against: against.to_owned(),
        reference: reference.value,
        reference_n: reference.n,
        difference: found.value,
        ci: found.interval.map(|interval| [interval.low, interval.high]),
        p_value: found.p_value,
        fell: found.p_value.is_some_and(|p_value| p_value < level),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::resample::CounterRng;

    /// Labels a second apart, of a judge that correlates at `before` and, from `change` on, at `after`.
    fn labels(
        seed: u64,
        count: usize,
        change: usize,
        before: f64,
        after: f64,
    ) -> Vec<RollingLabel> {
        let mut rng = CounterRng::new(seed, 0);
        let label = |at: usize| {
            let rho: f64 = if at < change { before } else { after };
            let (seen, unseen) = (rng.normal(), rng.normal());
            RollingLabel {
                judged: Some(seen),
                // People rate on levels of half a deviation.
                human: ((rho * seen + (1.0 - rho * rho).sqrt() * unseen) * 2.0).round() / 2.0,
                time: 1_000 * i64::try_from(at).unwrap(),
            }
        };
        (0..count).map(label).collect()
    }

    #[test]
    fn windows_are_counted_back_from_the_newest_label() {
        let all = labels(1, 450, 450, 0.8, 0.8);
        let found = rolling(&all, Window::Labels(200), None);
        let sizes: Vec<usize> = found.trend.iter().map(|window| window.n).collect();
        assert_eq!(sizes, [50, 200, 200]);
        assert_eq!(found.newest.as_ref(), found.trend.last());
        assert_eq!(
            (found.trend[2].first_time, found.trend[2].last_time),
            (250_000, 449_000)
        );
        // A window of a hundred seconds has a hundred labels.
        let by_time = rolling(&all, Window::Time(100_000), None);
        let sizes: Vec<usize> = by_time.trend.iter().map(|window| window.n).collect();
        assert_eq!(sizes, [50, 100, 100, 100, 100]);
        let names: Vec<&str> = by_time.trend[4]
            .estimates
            .iter()
            .map(|row| row.name.as_str())
            .collect();
        assert_eq!(names, ["pearson", "spearman", "kendall_tau_b"]);
        assert!(
            by_time.trend[4]
                .estimates
                .iter()
                .all(|row| row.ci.is_some())
        );
        let long = rolling(&labels(1, 600, 600, 0.8, 0.8), Window::Labels(20), None);
        assert_eq!(long.trend.len(), MOST_WINDOWS);
    }

    #[test]
    fn few_labels_and_constant_ones_have_no_figures_and_no_alert() {
        let none = rolling(&[], Window::Labels(200), None);
        assert_eq!((none.n, none.newest), (0, None));
        let few = rolling(
            &labels(2, LEAST - 1, LEAST, 0.9, 0.9),
            Window::Labels(200),
            None,
        );
        assert!(few.newest.unwrap().estimates.is_empty());
        assert!(!few.alert.fell && few.alert.comparisons.is_empty());
        let mut same = labels(2, 400, 400, 0.9, 0.9);
        same.iter_mut().for_each(|label| label.human = 3.0);
        let same = rolling(&same, Window::Labels(200), None);
        assert!(
            same.newest
                .unwrap()
                .estimates
                .iter()
                .all(|row| row.value.is_none())
        );
        assert!(!same.alert.fell);
        let mut silent = labels(2, 400, 400, 0.9, 0.9);
        silent
            .iter_mut()
            .skip(200)
            .for_each(|label| label.judged = None);
        let silent = rolling(&silent, Window::Labels(200), None);
        assert_eq!(
            (silent.unscored, silent.newest.unwrap().unscored),
            (200, 200)
        );
    }

    #[test]
    fn the_newest_window_is_held_against_the_calibration_as_well() {
        let all = labels(3, 200, 200, 0.5, 0.5);
        assert!(
            rolling(&all, Window::Labels(200), None)
                .alert
                .comparisons
                .is_empty()
        );
        let reference = |spearman| Reference {
            source: "map.toml",
            spearman,
            n: 300,
        };
        let held = |spearman| rolling(&all, Window::Labels(200), Some(reference(spearman))).alert;
        assert!(held(0.8).fell);
        assert_eq!(held(0.8).comparisons[0].against, "map.toml");
        assert!(!held(0.5).fell);
    }

    /// Share of runs that raise an alert.
    fn alerts(before: f64, after: f64, with_map: bool, seed: u64) -> f64 {
        const RUNS: u64 = 300;
        let raised = (0..RUNS).filter(|run| {
            let all = labels(seed * RUNS + run, 800, 600, before, after);
            let (newest, earlier) = (&all[600..], &all[..600]);
            // The map was fitted on labels of the same judge.
            let fitted = labels(seed * RUNS + run + (1 << 40), 300, 300, before, before);
            let fitted = correlated(&fitted).unwrap();
            let reference = Reference {
                source: "map",
                spearman: fitted.value,
                n: fitted.n,
            };
            alert(newest, earlier, with_map.then_some(reference)).fell
        });
        raised.count() as f64 / RUNS as f64
    }

    /// Three hundred runs know a share of 0.01 to 0.0115 (two standard errors).
    #[test]
    fn alerts_are_rare_without_a_change_and_likely_after_a_drop() {
        for (with_map, seed) in [(false, 1), (true, 2)] {
            let false_alarms = alerts(0.75, 0.75, with_map, seed);
            assert!(false_alarms <= 0.025, "{with_map}: {false_alarms}");
            let seen = alerts(0.75, 0.5, with_map, seed + 10);
            assert!(seen >= 0.95, "{with_map}: {seen}");
        }
    }
}
