//! Which pairs to compare next, given what was found so far: pure, and blind to who compares.

use std::collections::{BTreeSet, VecDeque};

use super::plan::{Pairs, RankPlan};
use crate::judging::protocol::Compared;
use crate::judging::{Disagreement, Preference, Readout, Reason, TieWidth, Unscored, WordError};
use crate::stats::choosing::{
    Choice, Met, Repeats, Stop, Widths, all_pairs, informative_batch, random_order, swiss_round,
};
use crate::stats::strengths::{
    Model, Outcome, Posterior, StrengthSettings, StrengthsError, Vote, Votes, calibrated_posterior,
    posterior,
};
use crate::stats::{DEFAULT_LEVEL, StatsError};

/// Why the comparing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RankStop {
    /// The intervals are narrow enough.
    Narrow,
    /// The budget is spent.
    Budget,
    /// Every pair was compared, or every repeat asked for.
    Exhausted,
    /// The backend failed on a whole batch, or time ran out; what was found before stands.
    Failed,
}

impl RankStop {
    /// Stable name in results.
    pub fn name(self) -> &'static str {
        match self {
            RankStop::Narrow => "narrow",
            RankStop::Budget => "budget",
            RankStop::Exhausted => "exhausted",
            RankStop::Failed => "failed",
        }
    }
}

/// A comparison that came to nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct FailedPair {
    /// The items by place.
    pub pair: (u32, u32),
    /// Why.
    pub unscored: Unscored,
}

/// What all comparisons came to.
#[derive(Debug, Clone, PartialEq)]
pub struct RankRun {
    /// One vote for each comparison, soft, with the item shown first in the straight order first.
    pub votes: Vec<Vote>,
    /// Comparisons that came to nothing.
    pub failed: Vec<FailedPair>,
    /// Comparisons asked for, failed ones included.
    pub asked: u64,
    /// Why it ended.
    pub stop: RankStop,
    /// Widths of the intervals at the end, under the plan's prior.
    pub widths: Option<Widths>,
    /// Order effect of each vote in log-odds; none where nothing was shown side by side.
    pub order_effects: Vec<Option<f64>>,
    /// Comparisons whose two orders prefer different items.
    pub disagreements: u64,
    /// Order effects in log-odds of comparisons that are no votes: left out, or for a person.
    pub effects_left_out: Vec<f64>,
    /// Those of them that were left out, as the plan says.
    pub dropped: u64,
    /// Those of them that a person should look at; they are no votes either.
    pub review: Vec<(u32, u32)>,
    /// Comparisons that count as ties because their margin is within the plan's tie width.
    pub within_width: u64,
    /// Pairs of one and the same item: ties that nobody was asked about.
    pub twins: Vec<(u32, u32)>,
    /// How the comparisons were read.
    pub readouts: BTreeSet<Readout>,
}

impl RankRun {
    /// A run before its first comparison.
    pub(super) fn fresh() -> Self {
        RankRun {
            votes: Vec::new(),
            failed: Vec::new(),
            asked: 0,
            stop: RankStop::Exhausted,
            widths: None,
            order_effects: Vec::new(),
            disagreements: 0,
            effects_left_out: Vec::new(),
            dropped: 0,
            review: Vec::new(),
            within_width: 0,
            twins: Vec::new(),
            readouts: BTreeSet::new(),
        }
    }

    /// Takes the comparisons of the pairs that were asked about, with what the plan says of ties and of orders that
    /// disagree.
    pub(super) fn take(
        &mut self,
        asked: Vec<(u32, u32)>,
        compared: Vec<Result<Compared, Unscored>>,
        plan: (TieWidth, Disagreement),
    ) {
        for (pair, one) in asked.into_iter().zip(compared) {
            match one {
                Ok(compared) => self.count(pair, &compared, plan),
                Err(unscored) => self.failed.push(FailedPair { pair, unscored }),
            }
        }
    }

    /// Makes a comparison a vote, as the plan says of ties and of orders that disagree.
    fn count(&mut self, pair: (u32, u32), compared: &Compared, plan: (TieWidth, Disagreement)) {
        let comparison = &compared.comparison;
        self.disagreements += u64::from(compared.orders_disagree);
        self.readouts.insert(compared.readout);
        let (ties, on_disagreement) = plan;
        let within = ties.width() > 0.0 && comparison.margin(ties.margin()).abs() <= ties.width();
        let decided_tie = compared.orders_disagree && on_disagreement == Disagreement::Tie;
        let outcome = match compared.preference(ties, on_disagreement) {
            Preference::Dropped => {
                self.dropped += 1;
                self.effects_left_out.extend(comparison.order_effect());
                return;
            }
            Preference::Review => {
                self.review.push(pair);
                self.effects_left_out.extend(comparison.order_effect());
                return;
            }
            Preference::Tie if decided_tie => Outcome::Tie,
            Preference::Tie if within => {
                self.within_width += 1;
                Outcome::Tie
            }
            Preference::First | Preference::Second | Preference::Tie => Outcome::Soft {
                first: comparison.first(),
                second: comparison.second(),
            },
        };
        self.votes.push(Vote::new(pair.0, pair.1, outcome));
        self.order_effects.push(comparison.order_effect());
    }
}

/// Chooses pairs and takes their comparisons until enough is known.
#[derive(Debug)]
pub struct Pairing {
    plan: RankPlan,
    items: u32,
    met: Met,
    byes: Vec<u32>,
    schedule: Option<VecDeque<(u32, u32)>>,
    /// Items with one number are the same item.
    kinds: Vec<u32>,
    asking: Vec<(u32, u32)>,
    run: RankRun,
    posterior: Option<Posterior>,
}

/// Whatever chooses which pairs to compare next.
pub trait Chooses {
    /// Takes the comparisons of the last batch (none at first) and says what is next.
    ///
    /// # Errors
    /// Strengths that cannot be fitted, which the prior rules out for sound comparisons.
    fn step(&mut self, compared: Vec<Result<Compared, Unscored>>) -> Result<Next, StrengthsError>;

    /// The run so far.
    fn run(&self) -> &RankRun;

    /// The run, at its end.
    fn into_run(self) -> RankRun;
}

/// What is next.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// These pairs compared, the first item shown first in the straight order.
    Compare(Vec<(u32, u32)>),
    /// Nothing more.
    Stop(RankStop),
}

impl Pairing {
    /// A fresh ranking of `items` items.
    ///
    /// # Errors
    /// As [`RankPlan::check`].
    pub fn new(plan: RankPlan, items: usize) -> Result<Self, WordError> {
        let plan = plan.check(items)?;
        let count = u32::try_from(items).map_err(|_| WordError::new("too many items"))?;
        let schedule = match plan.pairs {
            Pairs::All => Some(all_pairs(count).collect()),
            Pairs::Random => Some(random_order(count, plan.seed).into()),
            Pairs::Swiss | Pairs::Active => None,
        };
        Ok(Pairing {
            plan,
            items: count,
            met: Met::new(count),
            byes: vec![0; items],
            schedule,
            kinds: (0..count).collect(),
            asking: Vec::new(),
            run: RankRun::fresh(),
            posterior: None,
        })
    }

    /// The same, where items of equal keys are the same item: they tie by construction, and nobody is asked.
    #[must_use]
    pub fn with_twins<K: PartialEq>(mut self, keys: &[K]) -> Self {
        let first = |key: &K| keys.iter().position(|other| other == key);
        let kinds = keys
            .iter()
            .filter_map(|key| first(key).and_then(|place| u32::try_from(place).ok()));
        for (own, kind) in self.kinds.iter_mut().zip(kinds) {
            *own = kind;
        }
        self
    }

    /// Why nothing more is asked, if enough was.
    fn enough(&self) -> Option<RankStop> {
        let left = match self.plan.repeats {
            Repeats::Never => self.met.pairs_left(),
            Repeats::Allowed => u64::MAX,
        };
        let widths = self.run.widths.as_ref();
        let stop = self.plan.stopping.now(self.run.asked, left, widths)?;
        Some(match stop {
            Stop::Narrow => RankStop::Narrow,
            // A budget that was just enough for every pair was no limit.
            Stop::Budget if left == 0 => RankStop::Exhausted,
            Stop::Budget => RankStop::Budget,
            Stop::Exhausted => RankStop::Exhausted,
        })
    }

    /// The pairs that must be asked about; those of one and the same item tie at once.
    fn without_twins(&mut self, chosen: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
        for (first, second) in &chosen {
            self.met.add(*first, *second);
        }
        let is_same =
            |pair: &(u32, u32)| self.kinds[pair.0 as usize] == self.kinds[pair.1 as usize];
        let (twins, asked): (Vec<_>, Vec<_>) = chosen.into_iter().partition(is_same);
        let ties = twins
            .iter()
            .map(|pair| Vote::new(pair.0, pair.1, Outcome::Tie));
        self.run.votes.extend(ties);
        self.run.order_effects.extend(twins.iter().map(|_| None));
        self.run.twins.extend(twins);
        asked
    }

    fn end(&mut self, stop: RankStop) -> Next {
        self.run.stop = stop;
        Next::Stop(stop)
    }

    /// Strengths and widths under the prior, where they are needed to choose or to stop.
    fn refit(&mut self) -> Result<(), StrengthsError> {
        let is_needed = self.plan.pairs == Pairs::Active
            || self.plan.pairs == Pairs::Swiss
            || self.plan.stopping.narrow.is_some();
        if !is_needed || self.run.votes.is_empty() {
            return Ok(());
        }
        let votes = Votes::new(self.items as usize, self.run.votes.clone())?;
        let settings = StrengthSettings {
            ridge: self.plan.ridge,
            ..StrengthSettings::new(Model::BradleyTerry)
        };
        let found = posterior(&votes, &settings)?;
        // Stopping looks at the intervals that will be reported. They take thirty times as long, so that without
        // such a stop progress shows those of the prior.
        let (intervals, places) = if self.plan.stopping.narrow.is_some() {
            let known = calibrated_posterior(&votes, &settings)?;
            (
                known.intervals(DEFAULT_LEVEL)?,
                known.places(DEFAULT_LEVEL)?,
            )
        } else {
            (
                found.intervals(DEFAULT_LEVEL)?,
                found.places(DEFAULT_LEVEL)?,
            )
        };
        self.run.widths = Some(Widths::new(&intervals, &places)?);
        self.posterior = Some(found);
        Ok(())
    }

    fn choose(&mut self) -> Result<Vec<(u32, u32)>, StatsError> {
        let budget = self.plan.stopping.budget - self.run.asked;
        let most =
            usize::try_from(budget).map_or(self.plan.at_once, |left| left.min(self.plan.at_once));
        if let Some(schedule) = &mut self.schedule {
            let count = most.min(schedule.len());
            return Ok(schedule.drain(..count).collect());
        }
        match self.plan.pairs {
            Pairs::Swiss => self.swiss(most),
            Pairs::All | Pairs::Random | Pairs::Active => self.active(most),
        }
    }

    fn swiss(&mut self, most: usize) -> Result<Vec<(u32, u32)>, StatsError> {
        let even = vec![0.0; self.items as usize];
        let standing = self.posterior.as_ref().map_or(&even[..], Posterior::means);
        let round = swiss_round(standing, &self.met, &self.byes, self.plan.seed)?;
        if let Some(bye) = round.bye {
            self.byes[bye as usize] += 1;
        }
        let mut pairs = round.pairs;
        if self.plan.repeats == Repeats::Never {
            pairs.retain(|(first, second)| self.met.times(*first, *second) == 0);
        }
        if pairs.is_empty() {
            // Every neighbour was met; what is left are strangers further apart.
            pairs = all_pairs(self.items)
                .filter(|(first, second)| self.met.times(*first, *second) == 0)
                .take(most)
                .collect();
        }
        pairs.truncate(most);
        Ok(pairs)
    }

    fn active(&self, most: usize) -> Result<Vec<(u32, u32)>, StatsError> {
        let choice = Choice {
            repeats: self.plan.repeats,
            seed: self.plan.seed,
        };
        let before;
        let posterior = match &self.posterior {
            Some(posterior) => posterior,
            None => {
                let variance = 1.0 / self.plan.ridge;
                before = Posterior::prior(self.items as usize, Model::BradleyTerry, variance)?;
                &before
            }
        };
        let questions = informative_batch(posterior, &self.met, &choice, most)?;
        Ok(questions
            .into_iter()
            .map(|question| (question.first, question.second))
            .collect())
    }
}

impl Chooses for Pairing {
    fn run(&self) -> &RankRun {
        &self.run
    }

    fn into_run(self) -> RankRun {
        self.run
    }

    fn step(&mut self, compared: Vec<Result<Compared, Unscored>>) -> Result<Next, StrengthsError> {
        let all_failed = !compared.is_empty()
            && compared
                .iter()
                .all(|one| matches!(one, Err(unscored) if ends_the_run(unscored.reason)));
        let asked = std::mem::take(&mut self.asking);
        let plan = (self.plan.ties, self.plan.on_disagreement);
        self.run.take(asked, compared, plan);
        loop {
            self.refit()?;
            if all_failed {
                return Ok(self.end(RankStop::Failed));
            }
            if let Some(stop) = self.enough() {
                return Ok(self.end(stop));
            }
            let chosen = self.choose()?;
            if chosen.is_empty() {
                return Ok(self.end(RankStop::Exhausted));
            }
            self.asking = self.without_twins(chosen);
            if !self.asking.is_empty() {
                self.run.asked += self.asking.len() as u64;
                return Ok(Next::Compare(self.asking.clone()));
            }
        }
    }
}

/// Whether asking on would be in vain.
pub(super) fn ends_the_run(reason: Reason) -> bool {
    matches!(reason, Reason::Backend | Reason::Budget | Reason::Deadline)
}
