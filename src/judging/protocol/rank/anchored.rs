//! Some images are anchors, and every other is compared with anchors only (Compare2Score, arXiv 2405.19298).
//!
//! Anchors of unknown strength are compared with each other first. The number of questions grows with the number
//! of images, not with its square, and what one image is worth does not depend on which others are ranked.

use std::collections::VecDeque;

use super::pairing::{Chooses, Next, RankRun, RankStop, ends_the_run};
use super::plan::RANKED_ITEMS;
use super::{ANCHORS, Prior};
use crate::judging::protocol::Compared;
use crate::judging::{Disagreement, TieWidth, Unscored, WordError};
use crate::stats::strengths::StrengthsError;

/// An item that others are compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Anchor {
    /// Its place among the items.
    pub item: u32,
    /// What is known of its strength, in normal deviates of a difference.
    pub prior: Prior,
}

/// Which items are anchors, and how much may be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct AnchorPlan {
    /// The anchors.
    pub anchors: Vec<Anchor>,
    /// Most comparisons; all unless given.
    pub budget: Option<u64>,
    /// Precision of the normal prior on the strength of what is not given. Compare2Score's is 1, which draws images
    /// towards the middle of anchors that are given and stay; so little is drawn by 0.1, the prior of pairs.
    pub ridge: f64,
    /// Most comparisons that are asked for at once.
    pub at_once: usize,
}

impl AnchorPlan {
    /// A plan with these anchors and no limit but its end.
    pub fn new(anchors: Vec<Anchor>) -> Self {
        AnchorPlan {
            anchors,
            budget: None,
            ridge: 0.1,
            at_once: 64,
        }
    }

    /// Comparisons that it takes in all.
    pub fn comparisons(&self, items: usize) -> u64 {
        let others = items.saturating_sub(self.anchors.len());
        (self.among().len() + others * self.anchors.len()) as u64
    }

    /// Whether that item is an anchor.
    pub fn is_anchor(&self, item: u32) -> bool {
        self.anchors.iter().any(|anchor| anchor.item == item)
    }

    /// Checks the plan for so many items.
    ///
    /// # Errors
    /// Fewer than 2 or more than 1,024 items, fewer than 2 or more than 64 anchors, one twice or among no items, a
    /// strength that is none, a budget of 0, or a prior that is none.
    pub fn check(self, items: usize) -> Result<Self, WordError> {
        let count = self.anchors.len();
        let mut places: Vec<u32> = self.anchors.iter().map(|anchor| anchor.item).collect();
        places.sort_unstable();
        let unsound = |anchor: &&Anchor| match anchor.prior {
            Prior::Exact(mean) => !mean.is_finite(),
            Prior::Around(mean, deviation) => {
                !(mean.is_finite() && deviation.is_finite() && deviation > 0.0)
            }
            Prior::Unknown => false,
        };
        let fault = if !RANKED_ITEMS.contains(&items) {
            format!(
                "a ranking has {} to {} items, this one has {items}",
                RANKED_ITEMS.start(),
                RANKED_ITEMS.end()
            )
        } else if !ANCHORS.contains(&count) {
            format!(
                "a ranking by anchors has {} to {} anchors, this one has {count}",
                ANCHORS.start(),
                ANCHORS.end()
            )
        } else if places.windows(2).any(|two| two[0] == two[1]) {
            "one image is an anchor twice".to_owned()
        } else if places.iter().any(|place| *place as usize >= items) {
            "an anchor is not among the images".to_owned()
        } else if let Some(anchor) = self.anchors.iter().find(unsound) {
            format!(
                "an anchor is {:?}; a strength is finite, and its standard deviation above 0",
                anchor.prior
            )
        } else if self.budget == Some(0) {
            "a budget of 0 comparisons ranks nothing; give at least 1".to_owned()
        } else if !(self.ridge > 0.0 && self.ridge.is_finite()) {
            format!(
                "the prior's precision is {}; it must be above 0",
                self.ridge
            )
        } else if self.at_once == 0 {
            "nothing is asked 0 at a time; give at least 1".to_owned()
        } else {
            return Ok(self);
        };
        Err(WordError::new(fault))
    }

    /// Pairs of anchors of which one at least is unknown.
    fn among(&self) -> Vec<(u32, u32)> {
        let mut pairs = Vec::new();
        for (at, one) in self.anchors.iter().enumerate() {
            for other in &self.anchors[at + 1..] {
                if [one, other]
                    .iter()
                    .any(|anchor| anchor.prior == Prior::Unknown)
                {
                    pairs.push((one.item, other.item));
                }
            }
        }
        pairs
    }

    /// Every other item with every anchor: first each with one, then each with a second, so that a budget that ends
    /// early leaves few without any.
    fn others(&self, items: u32) -> Vec<(u32, u32)> {
        let others: Vec<u32> = (0..items).filter(|item| !self.is_anchor(*item)).collect();
        let count = self.anchors.len();
        let round = |round: usize| {
            let anchor = move |at: usize| self.anchors[(at + round) % count].item;
            let pairs = others.iter().enumerate();
            pairs.map(move |(at, item)| (*item, anchor(at)))
        };
        (0..count).flat_map(round).collect()
    }
}

/// Compares anchors with each other where that is needed, and every other item with the anchors.
#[derive(Debug)]
pub struct Anchoring {
    plan: AnchorPlan,
    waiting: VecDeque<(u32, u32)>,
    asking: Vec<(u32, u32)>,
    run: RankRun,
}

impl Anchoring {
    /// A fresh ranking of `items` items.
    ///
    /// # Errors
    /// As [`AnchorPlan::check`].
    pub fn new(plan: AnchorPlan, items: usize) -> Result<Self, WordError> {
        let plan = plan.check(items)?;
        let count = u32::try_from(items).map_err(|_| WordError::new("too many items"))?;
        let mut waiting = VecDeque::from(plan.among());
        waiting.extend(plan.others(count));
        Ok(Anchoring {
            plan,
            waiting,
            asking: Vec::new(),
            run: RankRun::fresh(),
        })
    }
}

impl Chooses for Anchoring {
    fn step(&mut self, compared: Vec<Result<Compared, Unscored>>) -> Result<Next, StrengthsError> {
        let all_failed = !compared.is_empty()
            && compared
                .iter()
                .all(|one| matches!(one, Err(unscored) if ends_the_run(unscored.reason)));
        let asked = std::mem::take(&mut self.asking);
        self.run
            .take(asked, compared, (TieWidth::NONE, Disagreement::Average));
        let left = self
            .plan
            .budget
            .map_or(u64::MAX, |budget| budget - self.run.asked);
        let stop = if all_failed {
            Some(RankStop::Failed)
        } else if self.waiting.is_empty() {
            Some(RankStop::Exhausted)
        } else {
            (left == 0).then_some(RankStop::Budget)
        };
        if let Some(stop) = stop {
            self.run.stop = stop;
            return Ok(Next::Stop(stop));
        }
        let most =
            usize::try_from(left).map_or(self.plan.at_once, |left| left.min(self.plan.at_once));
        let count = most.min(self.waiting.len());
        self.asking = self.waiting.drain(..count).collect();
        self.run.asked += count as u64;
        Ok(Next::Compare(self.asking.clone()))
    }

    fn run(&self) -> &RankRun {
        &self.run
    }

    fn into_run(self) -> RankRun {
        self.run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::protocol::drive;
    use crate::judging::{Comparison, Readout, Reason};
    use crate::stats::strengths::Vote;

    fn anchors(priors: &[(u32, Prior)]) -> Vec<Anchor> {
        let anchor = |(item, prior): &(u32, Prior)| Anchor {
            item: *item,
            prior: *prior,
        };
        priors.iter().map(anchor).collect()
    }

    fn compared(first: f64) -> Compared {
        Compared {
            comparison: Comparison::from_probabilities(first, 1.0 - first, 0.0).unwrap(),
            coverage: None,
            readout: Readout::ClosedSet,
            orders_disagree: false,
            censored: false,
        }
    }

    fn pairs(votes: &[Vote]) -> Vec<(u32, u32)> {
        votes.iter().map(|vote| (vote.first, vote.second)).collect()
    }

    #[test]
    fn known_anchors_are_not_compared_and_unknown_ones_are_first() {
        let known = anchors(&[(1, Prior::Exact(-1.0)), (3, Prior::Around(1.0, 0.2))]);
        let plan = AnchorPlan::new(known);
        assert_eq!(plan.comparisons(5), 6);
        let run = drive(Anchoring::new(plan, 5).unwrap(), |_, _| Ok(compared(0.5))).unwrap();
        let expected = [(0, 1), (2, 3), (4, 1), (0, 3), (2, 1), (4, 3)];
        assert_eq!(pairs(&run.votes), expected);
        assert_eq!((run.asked, run.stop), (6, RankStop::Exhausted));
        let unknown = [
            (0, Prior::Exact(0.0)),
            (1, Prior::Unknown),
            (2, Prior::Exact(1.0)),
        ];
        let plan = AnchorPlan::new(anchors(&unknown));
        let run = drive(Anchoring::new(plan, 4).unwrap(), |_, _| Ok(compared(0.5))).unwrap();
        assert_eq!(pairs(&run.votes), [(0, 1), (1, 2), (3, 0), (3, 1), (3, 2)]);
    }

    #[test]
    fn a_budget_and_a_dead_backend_leave_what_is_known() {
        let known = anchors(&[(0, Prior::Exact(-1.0)), (1, Prior::Exact(1.0))]);
        let mut plan = AnchorPlan::new(known);
        plan.at_once = 2;
        plan.budget = Some(3);
        let run = drive(Anchoring::new(plan.clone(), 6).unwrap(), |_, _| {
            Ok(compared(0.5))
        });
        let run = run.unwrap();
        assert_eq!((run.asked, run.stop), (3, RankStop::Budget));
        plan.budget = None;
        let mut answered = 0;
        let run = drive(Anchoring::new(plan, 6).unwrap(), |_, _| {
            answered += 1;
            if answered > 4 {
                return Err(Unscored::new(Reason::Backend, "gone"));
            }
            Ok(compared(0.5))
        })
        .unwrap();
        assert_eq!((run.votes.len(), run.failed.len()), (4, 2));
        assert_eq!(run.stop, RankStop::Failed);
    }

    #[test]
    fn a_plan_that_ranks_nothing_is_refused_by_name() {
        let sound = [(0, Prior::Exact(0.0)), (1, Prior::Unknown)];
        let plan = |priors: &[(u32, Prior)]| AnchorPlan::new(anchors(priors));
        let broke = AnchorPlan {
            budget: Some(0),
            ..plan(&sound)
        };
        for (plan, items, part) in [
            (plan(&sound[..1]), 3, "2 to 64 anchors"),
            (plan(&[sound[0], sound[0]]), 3, "anchor twice"),
            (
                plan(&[sound[0], (7, Prior::Unknown)]),
                3,
                "not among the images",
            ),
            (
                plan(&[sound[0], (1, Prior::Exact(f64::NAN))]),
                3,
                "is finite",
            ),
            (
                plan(&[sound[0], (1, Prior::Around(0.0, -1.0))]),
                3,
                "above 0",
            ),
            (plan(&sound), 1_025, "2 to 1024 items"),
            (broke, 3, "budget of 0"),
        ] {
            let error = Anchoring::new(plan, items).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
