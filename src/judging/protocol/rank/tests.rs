//! Rankings of items whose strengths are known, by a judge whose noise and bias are set.

use super::*;
use crate::judging::{Comparison, Disagreement, Margin, Readout, TieWidth};
use crate::stats::PairedSample;
use crate::stats::choosing::Repeats;
use crate::stats::kendall_tau_b;
use crate::stats::resample::CounterRng;
use crate::stats::strengths::{Model, StrengthSettings, Votes, fit_strengths};

/// A judge that prefers by strength with logistic noise and an advantage for what is shown first.
struct Simulated {
    strengths: Vec<f64>,
    bias: f64,
    noise: f64,
    rng: CounterRng,
}

impl Simulated {
    fn new(items: usize, bias: f64, noise: f64, seed: u64) -> Self {
        let mut rng = CounterRng::new(seed, 0);
        Simulated {
            strengths: (0..items).map(|_| 2.0 * rng.normal()).collect(),
            bias,
            noise,
            rng,
        }
    }

    fn compare(&mut self, first: u32, second: u32) -> Compared {
        let lead = self.strengths[first as usize] - self.strengths[second as usize];
        let lead = lead + self.noise * self.rng.normal();
        let (straight, turned) = (lead + self.bias, lead - self.bias);
        Compared {
            comparison: Comparison::from_both_orders(straight, turned, 0.0).unwrap(),
            coverage: None,
            readout: Readout::LabelTokens,
            orders_disagree: straight * turned < 0.0,
            censored: false,
        }
    }

    fn run(&mut self, plan: RankPlan) -> RankRun {
        let pairing = Pairing::new(plan, self.strengths.len()).unwrap();
        drive(pairing, |first, second| Ok(self.compare(first, second))).unwrap()
    }

    /// Kendall's tau of the fitted strengths with the true ones.
    fn tau(&self, run: &RankRun) -> f64 {
        let votes = Votes::new(self.strengths.len(), run.votes.clone()).unwrap();
        let settings = StrengthSettings {
            ridge: 0.1,
            ..StrengthSettings::new(Model::BradleyTerry)
        };
        let fitted = fit_strengths(&votes, &settings).unwrap();
        let sample = PairedSample::new(&fitted.values, &self.strengths).unwrap();
        kendall_tau_b(&sample).unwrap().value
    }
}

#[test]
fn every_way_recovers_the_order_within_its_budget() {
    for pairs in Pairs::ALL {
        let mut judge = Simulated::new(24, 0.7, 0.5, 11);
        let run = judge.run(RankPlan::new(pairs, 200));
        assert_eq!(run.asked, 200, "{pairs:?}");
        assert_eq!(run.stop, RankStop::Budget, "{pairs:?}");
        let least = if pairs == Pairs::All { 0.5 } else { 0.75 };
        assert!(judge.tau(&run) > least, "{pairs:?}: {}", judge.tau(&run));
    }
}

#[test]
fn the_position_bias_is_measured_and_does_not_move_the_order() {
    let run = Simulated::new(12, 1.5, 0.0, 5).run(RankPlan::new(Pairs::All, 1_000));
    assert_eq!((run.asked, run.stop), (66, RankStop::Exhausted));
    assert!(
        run.order_effects
            .iter()
            .all(|effect| (effect.unwrap() - 1.5).abs() < 1e-9)
    );
    let fair = Simulated::new(12, 0.0, 0.0, 5).run(RankPlan::new(Pairs::All, 1_000));
    for (biased, fair) in run.votes.iter().zip(&fair.votes) {
        let [biased, fair] = [biased, fair].map(|vote| vote.outcome.shares()[0]);
        assert!((biased - fair).abs() < 1e-12);
    }
}

#[test]
fn no_pair_is_asked_twice_and_a_run_repeats_for_its_seed() {
    for pairs in Pairs::ALL {
        let plan = RankPlan {
            at_once: 5,
            ..RankPlan::new(pairs, 1_000)
        };
        let run = Simulated::new(9, 0.0, 0.3, 2).run(plan);
        assert_eq!(
            (run.asked, run.stop),
            (36, RankStop::Exhausted),
            "{pairs:?}"
        );
        let mut met: Vec<(u32, u32)> = run
            .votes
            .iter()
            .map(|vote| (vote.first.min(vote.second), vote.first.max(vote.second)))
            .collect();
        met.sort_unstable();
        met.dedup();
        assert_eq!(met.len(), 36, "{pairs:?}");
        assert_eq!(run, Simulated::new(9, 0.0, 0.3, 2).run(plan), "{pairs:?}");
    }
}

#[test]
fn narrow_places_end_the_asking_before_the_budget() {
    let plan = RankPlan {
        repeats: Repeats::Allowed,
        ..RankPlan::new(Pairs::Active, 5_000)
    };
    let run = Simulated::new(5, 0.0, 0.0, 8).run(plan.until_places(2));
    assert_eq!(run.stop, RankStop::Narrow);
    assert!(run.asked < 5_000 && run.widths.unwrap().widest_places <= 2);
}

#[test]
fn a_backend_that_dies_midway_leaves_what_is_known() {
    let mut judge = Simulated::new(10, 0.0, 0.1, 4);
    let plan = RankPlan {
        at_once: 6,
        ..RankPlan::new(Pairs::Active, 1_000)
    };
    let mut answered = 0;
    let run = drive(Pairing::new(plan, 10).unwrap(), |first, second| {
        answered += 1;
        if answered > 15 {
            return Err(Unscored::new(Reason::Backend, "gone"));
        }
        Ok(judge.compare(first, second))
    })
    .unwrap();
    assert_eq!(run.stop, RankStop::Failed);
    assert_eq!(run.votes.len(), 15);
    assert!(
        run.failed
            .iter()
            .all(|failed| failed.unscored.reason == Reason::Backend)
    );
}

#[test]
fn a_plan_that_ranks_nothing_is_refused() {
    for (items, budget, part) in [
        (1, 10, "2 to 1024 items"),
        (1_025, 10, "2 to 1024 items"),
        (3, 0, "budget of 0"),
    ] {
        let error = Pairing::new(RankPlan::new(Pairs::Active, budget), items).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn items_that_are_the_same_tie_and_nobody_is_asked() {
    for pairs in Pairs::ALL {
        let mut judge = Simulated::new(6, 0.4, 0.0, 3);
        judge.strengths[4] = judge.strengths[1];
        let keys = ["a", "b", "c", "d", "b", "e"];
        let pairing = Pairing::new(RankPlan::new(pairs, 1_000), 6).unwrap();
        let run = drive(pairing.with_twins(&keys), |first, second| {
            assert_ne!((first.min(second), first.max(second)), (1, 4));
            Ok(judge.compare(first, second))
        })
        .unwrap();
        let [(one, other)] = run.twins[..] else {
            panic!("{pairs:?}: {:?}", run.twins)
        };
        assert_eq!((one.min(other), one.max(other)), (1, 4), "{pairs:?}");
        assert_eq!((run.asked, run.votes.len()), (14, 15), "{pairs:?}");
    }
    let copies = Pairing::new(RankPlan::new(Pairs::Active, 5), 4).unwrap();
    let run = drive(copies.with_twins(&[0; 4]), |_, _| {
        Err(Unscored::new(Reason::Backend, "was asked"))
    })
    .unwrap();
    assert_eq!((run.asked, run.votes.len()), (0, 6));
    assert_eq!(run.stop, RankStop::Exhausted);
}

#[test]
fn orders_that_disagree_are_averaged_tied_dropped_or_reviewed() {
    // So strong a liking for the first place that close items change their winner with it.
    let run = |on_disagreement| {
        let plan = RankPlan {
            on_disagreement,
            ..RankPlan::new(Pairs::All, 1_000)
        };
        Simulated::new(10, 1.5, 0.0, 5).run(plan)
    };
    let average = run(Disagreement::Average);
    let disagreed = average.disagreements;
    assert!(disagreed > 3 && disagreed < 40, "{disagreed}");
    assert_eq!((average.votes.len(), average.dropped), (45, 0));
    let kept = 45 - usize::try_from(disagreed).unwrap();
    let tied = run(Disagreement::Tie);
    let ties = |run: &RankRun| {
        let is_tie = |vote: &&crate::stats::strengths::Vote| {
            vote.outcome == crate::stats::strengths::Outcome::Tie
        };
        run.votes.iter().filter(is_tie).count()
    };
    assert_eq!((tied.votes.len(), ties(&tied)), (45, 45 - kept));
    let dropped = run(Disagreement::Drop);
    assert_eq!((dropped.votes.len(), dropped.dropped), (kept, disagreed));
    let review = run(Disagreement::Review);
    assert_eq!((review.votes.len(), review.review.len()), (kept, 45 - kept));
    assert_eq!(review.disagreements, disagreed);
}

#[test]
fn a_tie_width_makes_close_comparisons_ties() {
    let run = |width| {
        let plan = RankPlan {
            ties: TieWidth::new(Margin::LogOdds, width).unwrap(),
            ..RankPlan::new(Pairs::All, 1_000)
        };
        Simulated::new(8, 0.0, 0.0, 5).run(plan).within_width
    };
    assert_eq!((run(0.0), run(1e6)), (0, 28));
    let some = run(1.0);
    assert!(some > 0 && some < 28, "{some}");
}
