//! Many at once: the judge puts a list in order, again and again with its items shown in other orders.
//!
//! MLLM-as-a-Judge (arXiv 2402.04788) has four responses ranked in one answer, such as `BACD`, in an order of
//! showing drawn by lot. Here each repeat shows all items, so that what a place adds is measured and taken out.

use std::collections::VecDeque;
use std::sync::Arc;

use super::list_recipe::ListRecipe;
use super::pairing::{RankStop, ends_the_run};
use super::plan::RANKED_ITEMS;
use super::{RankProgress, Watchable};
use crate::judging::protocol::{Answered, Protocol, Step};
use crate::judging::{MOST_LABELS, Order, Prompt, Reason, Subject, Unscored, WordError};
use crate::stats::choosing::{ListRounds, Widths};
use crate::stats::strengths::{StrengthsError, TieredList, listed_strengths};

/// How many lists are asked about, and until when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ListPlan {
    /// How often all items are shown.
    pub repeats: u32,
    /// Most lists; those of all repeats unless given.
    pub budget: Option<u64>,
    /// Stop once the interval of every place spans so many places at most.
    pub places: Option<u32>,
    /// Seed of every lot.
    pub seed: u64,
    /// Most items of a list, where whoever answers takes fewer than the card allows.
    pub most_items: usize,
    /// Precision of the normal prior on strengths and on what places add, above 0.
    pub ridge: f64,
    /// Most lists that are asked about at once.
    pub at_once: usize,
}

/// Most repeats.
pub const MOST_REPEATS: u32 = 1_000;

impl Default for ListPlan {
    fn default() -> Self {
        ListPlan {
            repeats: 5,
            budget: None,
            places: None,
            seed: 0,
            most_items: MOST_LABELS,
            ridge: 0.1,
            at_once: 64,
        }
    }
}

impl ListPlan {
    fn check(self, items: usize, rounds: &ListRounds) -> Result<Self, WordError> {
        let a_round = rounds.lists() as u64;
        let fault = if !RANKED_ITEMS.contains(&items) {
            format!(
                "a ranking has {} to {} items, this one has {items}",
                RANKED_ITEMS.start(),
                RANKED_ITEMS.end()
            )
        } else if self.most_items < 2 {
            format!(
                "whoever answers takes {} items of a list at a time; give 2 at least",
                self.most_items
            )
        } else if self.budget == Some(0) {
            "a budget of 0 lists ranks nothing; give at least 1".to_owned()
        } else if self.budget.is_some_and(|budget| budget < a_round) {
            format!(
                "{items} items are shown in {a_round} lists of {}; a budget of {} does not show all",
                rounds.size(),
                self.budget.unwrap_or_default()
            )
        } else if !(1..=MOST_REPEATS).contains(&self.repeats) {
            format!(
                "repeats is {}; it must lie in 1..={MOST_REPEATS}",
                self.repeats
            )
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
}

/// How items were dealt into lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListDesign {
    /// Items in each list.
    pub size: usize,
    /// Lists of one repeat, which links all items.
    pub lists: usize,
    /// Items that neighbouring lists share at least; 0 where one list bears all.
    pub overlap: usize,
}

/// A list that was asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct HeardList {
    /// The repeat that it is of, from 0.
    pub repeat: u32,
    /// The items in the order in which they were shown.
    pub shown: Vec<u32>,
    /// The order that the judge gave, in places of `shown`, or why there is none.
    pub order: Result<Order, Unscored>,
}

/// What all lists came to.
#[derive(Debug, Clone, PartialEq)]
pub struct ListRun {
    /// The lists, in the order in which they were asked about.
    pub lists: Vec<HeardList>,
    /// Lists asked about, unreadable ones included.
    pub asked: u64,
    /// Why it ended.
    pub stop: RankStop,
    /// How items were dealt.
    pub design: ListDesign,
    /// Widths of the intervals at the end, where they were to be narrow.
    pub widths: Option<Widths>,
}

impl ListRun {
    /// The lists that were read.
    pub fn read(&self) -> Vec<TieredList> {
        let read = self.lists.iter().filter_map(|list| {
            let order = list.order.as_ref().ok()?;
            Some(TieredList {
                shown: list.shown.clone(),
                tiers: order.tiers.clone(),
            })
        });
        read.collect()
    }
}

/// Ranks items with a judge that puts lists in order.
#[derive(Debug)]
pub struct Listwise {
    recipe: Arc<ListRecipe>,
    shared: Subject,
    items: Vec<Subject>,
    plan: ListPlan,
    rounds: ListRounds,
    dealt: u32,
    waiting: VecDeque<(u32, Vec<u32>)>,
    asking: Vec<(u32, Vec<u32>)>,
    run: ListRun,
}

impl Listwise {
    /// A fresh ranking of these items; `shared` has what all lists have in common.
    ///
    /// # Errors
    /// Fewer than 2 or more than 1,024 items, a plan that ranks nothing, or items that lack what the question shows.
    pub fn new(
        recipe: Arc<ListRecipe>,
        shared: Subject,
        items: Vec<Subject>,
        plan: ListPlan,
    ) -> Result<Self, WordError> {
        let count = u32::try_from(items.len()).map_err(|_| WordError::new("too many items"))?;
        let most = plan.most_items.min(recipe.most_items);
        let rounds = ListRounds::new(count, most.max(2), plan.seed);
        let plan = plan.check(items.len(), &rounds)?;
        for item in &items {
            // What one list lacks is known before any is asked about.
            recipe.prompt(&shared, &[item], 0)?;
        }
        let design = ListDesign {
            size: rounds.size(),
            lists: rounds.lists(),
            overlap: rounds.overlap(),
        };
        Ok(Listwise {
            recipe,
            shared,
            items,
            plan,
            rounds,
            dealt: 0,
            waiting: VecDeque::new(),
            asking: Vec::new(),
            run: ListRun {
                lists: Vec::new(),
                asked: 0,
                stop: RankStop::Exhausted,
                design,
                widths: None,
            },
        })
    }

    fn take(&mut self, answers: Vec<Answered>) {
        for ((repeat, shown), answered) in std::mem::take(&mut self.asking).into_iter().zip(answers)
        {
            let order = self.recipe.read(answered, shown.len());
            self.run.lists.push(HeardList {
                repeat,
                shown,
                order,
            });
        }
    }

    /// Why to stop now, if anything says so.
    fn stop(&mut self, failed: bool) -> Result<Option<RankStop>, StrengthsError> {
        if failed {
            return Ok(Some(RankStop::Failed));
        }
        if let Some(places) = self.plan.places
            && self.waiting.is_empty()
            && self
                .widths()?
                .is_some_and(|widths| widths.widest_places <= places)
        {
            return Ok(Some(RankStop::Narrow));
        }
        let all_asked = self.waiting.is_empty() && self.dealt == self.plan.repeats;
        let spent = self
            .plan
            .budget
            .is_some_and(|budget| self.run.asked >= budget);
        Ok(if all_asked {
            Some(RankStop::Exhausted)
        } else {
            spent.then_some(RankStop::Budget)
        })
    }

    /// Widths of the intervals; none while an item is in no list that was read.
    fn widths(&mut self) -> Result<Option<Widths>, StrengthsError> {
        let read = self.run.read();
        let mut ranked = vec![false; self.items.len()];
        for list in &read {
            for place in list.tiers.iter().flatten() {
                ranked[list.shown[*place] as usize] = true;
            }
        }
        if ranked.contains(&false) {
            return Ok(None);
        }
        let found = listed_strengths(self.items.len(), &read, self.plan.ridge)?;
        self.run.widths = Some(Widths::new(&found.intervals, &found.rank_ranges)?);
        Ok(self.run.widths)
    }

    /// The next lists: a repeat at a time where intervals decide, else as many as are asked at once.
    fn deal(&mut self) {
        let enough = if self.plan.places.is_some() {
            1
        } else {
            self.plan.at_once
        };
        while self.waiting.len() < enough && self.dealt < self.plan.repeats {
            let repeat = self.dealt;
            let round = self.rounds.next_round().into_iter();
            self.waiting.extend(round.map(|shown| (repeat, shown)));
            self.dealt += 1;
        }
        let left = self
            .plan
            .budget
            .map_or(u64::MAX, |budget| budget - self.run.asked);
        let most =
            usize::try_from(left).map_or(self.plan.at_once, |left| left.min(self.plan.at_once));
        let count = most.min(self.waiting.len());
        self.asking = self.waiting.drain(..count).collect();
        self.run.asked += count as u64;
    }

    fn prompts(&self) -> Result<Vec<Prompt>, WordError> {
        let prompt = |(repeat, shown): &(u32, Vec<u32>)| {
            let items: Vec<&Subject> = shown.iter().map(|at| &self.items[*at as usize]).collect();
            self.recipe.prompt(&self.shared, &items, *repeat)
        };
        self.asking.iter().map(prompt).collect()
    }

    fn next(&mut self, answers: Vec<Answered>) -> Result<Option<Vec<Prompt>>, String> {
        let failed = !answers.is_empty()
            && answers
                .iter()
                .all(|one| matches!(one, Err(unscored) if ends_the_run(unscored.reason)));
        let asked_before = !self.asking.is_empty();
        self.take(answers);
        if asked_before {
            let stop = self.stop(failed).map_err(|error| error.to_string())?;
            if let Some(stop) = stop {
                self.run.stop = stop;
                return Ok(None);
            }
        }
        self.deal();
        self.prompts().map(Some).map_err(|error| error.to_string())
    }
}

impl Watchable for Listwise {
    fn progress(&self) -> RankProgress {
        RankProgress {
            asked: self.run.asked,
            widths: self.run.widths,
        }
    }
}

impl Protocol for Listwise {
    type Outcome = Result<ListRun, Unscored>;

    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome> {
        match self.next(answers) {
            Ok(Some(prompts)) => Step::Ask(prompts),
            Ok(None) => Step::Done(Ok(self.run.clone())),
            Err(detail) => Step::Done(Err(Unscored::new(Reason::NotApplicable, detail))),
        }
    }
}
