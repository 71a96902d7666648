#![expect(
    clippy::float_cmp,
    reason = "thresholds are scores of items, to the bit"
)]

use super::*;
use crate::stats::StatsError;
use crate::stats::resample::CounterRng;

fn labelled(rows: &[(f64, usize, usize)]) -> Labelled {
    let mut items = Vec::new();
    for (score, n, good) in rows {
        items.extend((0..*n).map(|at| (*score, at < *good)));
    }
    Labelled::new(&items, true).unwrap()
}

fn precision(rows: &[(f64, usize, usize)], target: f64) -> ThresholdFit {
    fit_threshold(&labelled(rows), Target::Precision(target), 0.95).unwrap()
}

#[test]
fn the_laxest_threshold_that_holds_is_chosen() {
    let fit = precision(&[(3.0, 100, 100), (2.0, 100, 99), (1.0, 100, 40)], 0.9);
    let chosen = fit.chosen.unwrap();
    assert_eq!((chosen.threshold, chosen.n), (2.0, 200));
    assert!(chosen.bound > 0.9 && chosen.value > 0.99);
    assert_eq!(fit.labels_needed, None);
}

#[test]
fn what_cannot_be_shown_is_infeasible_with_the_best_there_is() {
    let fit = precision(&[(10.0, 102, 72), (9.0, 122, 53), (8.0, 759, 132)], 0.95);
    assert_eq!(fit.chosen, None);
    assert_eq!((fit.best.threshold, fit.best.n), (10.0, 102));
    assert!((fit.best.value - 0.7059).abs() < 1e-4 && (fit.best.bound - 0.6229).abs() < 1e-4);
    assert_eq!(
        fit.labels_needed, None,
        "no threshold lies beyond the target"
    );
}

#[test]
fn three_labels_say_how_many_are_needed() {
    let fit = precision(&[(2.0, 2, 2), (1.0, 1, 0)], 0.95);
    assert_eq!(fit.chosen, None);
    // Two accepted items promise nothing, and all three miss the target.
    assert_eq!(fit.labels_needed, None);
    let fit = precision(&[(2.0, 40, 40), (1.0, 40, 10)], 0.95);
    assert_eq!(fit.chosen, None);
    assert_eq!(fit.labels_needed, Some(118), "59 good ones, which are half");
}

#[test]
fn equal_scores_are_never_parted() {
    let fit = precision(&[(1.0, 500, 400), (0.0, 10, 0)], 0.95);
    assert_eq!(fit.chosen, None);
}

#[test]
fn recall_is_held_by_the_strictest_threshold() {
    let rows = [(3.0, 50, 50), (2.0, 60, 48), (1.0, 90, 2)];
    let fit = fit_threshold(&labelled(&rows), Target::Recall(0.9), 0.95).unwrap();
    let chosen = fit.chosen.unwrap();
    assert_eq!(chosen.threshold, 2.0);
    assert_eq!(chosen.n, 100);
    let strict = fit_threshold(&labelled(&rows), Target::Recall(0.99), 0.95).unwrap();
    assert_eq!(strict.chosen, None);
    // 299 good ones would do, which are half of the items.
    assert_eq!(strict.labels_needed, Some(598));
}

#[test]
fn the_cheapest_threshold_within_the_cost_is_chosen() {
    let rows = [(3.0, 300, 294), (2.0, 300, 150), (1.0, 400, 8)];
    let target = |at_most| Target::Cost {
        false_accept: 1.0,
        false_reject: 0.5,
        at_most,
    };
    let fit = fit_threshold(&labelled(&rows), target(0.2), 0.95).unwrap();
    let chosen = fit.chosen.unwrap();
    // 6 false accepts and 158 false rejects at half the price.
    assert_eq!((chosen.threshold, chosen.value), (3.0, 0.085));
    assert!(chosen.bound > chosen.value && chosen.bound < 0.2);
    let fit = fit_threshold(&labelled(&rows), target(0.086), 0.95).unwrap();
    assert_eq!(fit.chosen, None);
    assert!(fit.labels_needed.unwrap() > 1_000);
}

#[test]
fn lower_scores_may_be_better() {
    let items: Vec<(f64, bool)> = (0..200).map(|at| (f64::from(at), at < 100)).collect();
    let labelled = Labelled::new(&items, false).unwrap();
    let fit = fit_threshold(&labelled, Target::Precision(0.9), 0.95).unwrap();
    let chosen = fit.chosen.unwrap();
    assert!((95.0..110.0).contains(&chosen.threshold), "{chosen:?}");
}

#[test]
fn what_is_no_label_set_or_target_is_refused() {
    let kind = |items: &[(f64, bool)]| Labelled::new(items, true).unwrap_err();
    assert!(matches!(kind(&[]), StatsError::TooFew { .. }));
    assert!(matches!(
        kind(&[(1.0, true), (2.0, true)]),
        StatsError::OneClass { .. }
    ));
    assert!(matches!(
        kind(&[(1.0, false), (2.0, false)]),
        StatsError::OneClass { .. }
    ));
    assert!(matches!(
        kind(&[(f64::NAN, false), (2.0, true)]),
        StatsError::NonFinite { .. }
    ));
    let both = labelled(&[(1.0, 4, 2)]);
    for (target, confidence) in [
        (Target::Precision(1.0), 0.95),
        (Target::Precision(0.0), 0.95),
        (Target::Recall(f64::NAN), 0.95),
        (Target::Precision(0.9), 1.0),
        (Target::Precision(0.9), 0.2),
        (
            Target::Cost {
                false_accept: 1.0,
                false_reject: -1.0,
                at_most: 0.1,
            },
            0.95,
        ),
        (
            Target::Cost {
                false_accept: 1.0,
                false_reject: 1.0,
                at_most: 2.0,
            },
            0.95,
        ),
    ] {
        let refused = fit_threshold(&both, target, confidence);
        assert!(
            matches!(refused, Err(StatsError::Argument { .. })),
            "{target:?} at {confidence}"
        );
    }
}

/// A judge whose scores say the probability of good through a curve: true precision and recall are known by integrals
/// over a fine grid.
pub(super) struct Simulated {
    pub(super) steepness: f64,
    pub(super) centre: f64,
    /// Scores are rounded to this many steps a unit; 0 leaves them as they are.
    pub(super) steps: f64,
}

impl Simulated {
    fn good_at(&self, score: f64) -> f64 {
        1.0 / (1.0 + (-self.steepness * (score - self.centre)).exp())
    }

    fn rounded(&self, score: f64) -> f64 {
        if self.steps > 0.0 {
            (score * self.steps).floor() / self.steps
        } else {
            score
        }
    }

    pub(super) fn draw(&self, n: usize, seed: u64) -> Vec<(f64, bool)> {
        let mut rng = CounterRng::new(seed, 3);
        (0..n)
            .map(|_| {
                let score = rng.uniform();
                let good = rng.uniform() < self.good_at(score);
                (self.rounded(score), good)
            })
            .collect()
    }

    /// Whether a threshold holds a target for the whole population.
    pub(super) fn holds(&self, target: Target, threshold: f64) -> bool {
        let [accepted, good_accepted, good] = self.truth(threshold);
        match target {
            Target::Precision(share) => good_accepted / accepted >= share,
            Target::Recall(share) => good_accepted / good >= share,
            Target::Cost {
                false_accept,
                false_reject,
                at_most,
            } => {
                let false_rejects = good - good_accepted;
                false_accept * (accepted - good_accepted) + false_reject * false_rejects <= at_most
            }
        }
    }

    /// Shares of the whole population at a threshold: accepted, accepted and good, good.
    fn truth(&self, threshold: f64) -> [f64; 3] {
        const CELLS: u32 = 500;
        let (mut accepted, mut good_accepted, mut good) = (0.0, 0.0, 0.0);
        for cell in 0..CELLS {
            let score = (f64::from(cell) + 0.5) / f64::from(CELLS);
            let probability = self.good_at(score);
            good += probability;
            if self.rounded(score) >= threshold - 1e-9 {
                accepted += 1.0;
                good_accepted += probability;
            }
        }
        [accepted, good_accepted, good].map(|count| count / f64::from(CELLS))
    }
}

#[test]
fn a_fitted_threshold_misses_its_target_no_more_often_than_stated() {
    let judges = [
        Simulated {
            steepness: 12.0,
            centre: 0.5,
            steps: 0.0,
        },
        Simulated {
            steepness: 6.0,
            centre: 0.3,
            steps: 10.0,
        },
    ];
    for judge in &judges {
        for (target, floor) in [(Target::Precision(0.9), 0.3), (Target::Recall(0.9), 0.3)] {
            let sets = 2_000_u32;
            let (mut missed, mut found) = (0, 0);
            for set in 0..sets {
                let items = judge.draw(400, u64::from(set));
                let labelled = Labelled::new(&items, true).unwrap();
                let fit = fit_threshold(&labelled, target, 0.95).unwrap();
                let Some(chosen) = fit.chosen else { continue };
                found += 1;
                missed += u32::from(!judge.holds(target, chosen.threshold));
            }
            let share = f64::from(missed) / f64::from(sets);
            // 2,000 sets: three standard errors of the share are a percentage point and a half.
            assert!(share <= 0.05 + 0.015, "{target:?} missed in {share}");
            assert!(
                f64::from(found) / f64::from(sets) > floor,
                "{target:?} found in {found} of {sets}"
            );
        }
    }
}
