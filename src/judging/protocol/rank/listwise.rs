//! Many at once: the judge puts a list in order, again and again with its items shown in other orders.
//!
//! MLLM-as-a-Judge (arXiv 2402.04788) has four responses ranked in one answer, such as `BACD`, in an order of
//! showing drawn by lot. Here each repeat shows all items, so that what a place adds is measured and taken out.

use std::collections::VecDeque;
use std::sync::Arc;

use super::pairing::{RankStop, ends_the_run};
use super::plan::RANKED_ITEMS;
use super::{RankProgress, Watchable};
use crate::judging::protocol::{Answered, Protocol, Step};
use crate::judging::{
    Answer, MOST_LABELS, Order, OrderReading, Piece, Prompt, Question, Reason, Subject, Template,
    Unscored, Wanted, WordError, label,
};
use crate::stats::choosing::{ListRounds, Widths};
use crate::stats::strengths::{StrengthsError, TieredList, listed_strengths};

/// Where the items stand in the text of a card's prompt.
const ITEMS: &str = "<items>";

/// Where its label stands in the text of an item.
pub const LABEL: &str = "label";

/// What every list is asked and how the order is read.
#[derive(Debug, Clone, PartialEq)]
pub struct ListRecipe {
    /// What is asked; `<items>` stands where the items go.
    pub question: Question,
    /// How one item is shown: its label, and its image or its texts.
    pub item: Template,
    /// Where the order stands.
    pub reading: OrderReading,
    /// Most items of one list.
    pub most_items: usize,
}

impl ListRecipe {
    /// Checks that items have a place, a label, and something to be seen or read.
    ///
    /// # Errors
    /// No `<items>` or several, an item without `{label}`, with two images or with nothing to judge, pictures both
    /// as items and beside them, responses with no picture that they are about, or a number of items outside 2..=26.
    pub fn check(self) -> Result<Self, WordError> {
        let words = |piece: &Piece| match piece {
            Piece::Words(words) => words.matches(ITEMS).count(),
            Piece::Image(_) | Piece::Text(_) => 0,
        };
        let marks: usize = self.question.text.pieces().iter().map(words).sum();
        let shows = |piece: &Piece| matches!(piece, Piece::Image(_));
        let pictures = self
            .item
            .pieces()
            .iter()
            .filter(|piece| shows(piece))
            .count();
        let beside = self.question.text.images();
        let fault = if marks != 1 {
            "the prompt of a `rank` judge has `<items>` exactly once, where the items go".to_owned()
        } else if !self.item.texts().any(|name| name == LABEL) {
            "an item shows its `{label}`, which the order is given in".to_owned()
        } else if pictures > 1 || self.item.images() > 1 {
            "an item has `<image>` at most once".to_owned()
        } else if pictures == 0 && self.own_texts().is_empty() {
            "an item has an `<image>`, or quotes a text of its own".to_owned()
        } else if pictures == 1 && beside > 0 {
            "where the items are pictures no other `<image>` stands beside them".to_owned()
        } else if pictures == 0 && beside != 1 {
            "where the items are texts the prompt has `<image>` once, the picture that they are about"
                .to_owned()
        } else if !(2..=MOST_LABELS).contains(&self.most_items) {
            format!(
                "`most_items` is {}; a list has 2 to 26 items",
                self.most_items
            )
        } else {
            return Ok(self);
        };
        Err(WordError::new(fault))
    }

    /// Whether the items are pictures; else they are texts about one picture.
    pub fn shows_items(&self) -> bool {
        self.item.images() > 0
    }

    /// Names of the texts that each item has for itself, each once, in order of name.
    pub fn own_texts(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.item.texts().filter(|name| *name != LABEL).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The prompt that shows these items in this order; `shared` has the picture that texts are about.
    ///
    /// # Errors
    /// An image or text that is lacking, or one that is not shown.
    pub fn prompt(
        &self,
        shared: &Subject,
        items: &[&Subject],
        repeat: u32,
    ) -> Result<Prompt, WordError> {
        let mut images = shared.images().to_vec();
        let mut inner = Vec::new();
        for (place, item) in items.iter().enumerate() {
            if item.images().len() != self.item.images() {
                return Err(WordError::new(format!(
                    "an item shows {} images, this one has {}",
                    self.item.images(),
                    item.images().len()
                )));
            }
            for piece in self.item.pieces() {
                inner.push(match piece {
                    Piece::Words(words) => Piece::Words(words.clone()),
                    Piece::Image(_) => {
                        images.extend_from_slice(item.images());
                        Piece::Image(images.len() - 1)
                    }
                    Piece::Text(name) if name == LABEL => Piece::Words(label(place).to_string()),
                    Piece::Text(name) => Piece::Words(own_text(item, name)?.to_owned()),
                });
            }
        }
        let mut pieces = Vec::new();
        for piece in self.question.text.pieces() {
            match piece {
                Piece::Words(words) if words.contains(ITEMS) => {
                    let (before, after) = words.split_once(ITEMS).unwrap_or((words, ""));
                    pieces.push(Piece::Words(before.to_owned()));
                    pieces.append(&mut inner);
                    pieces.push(Piece::Words(after.to_owned()));
                }
                Piece::Words(_) | Piece::Image(_) | Piece::Text(_) => pieces.push(piece.clone()),
            }
        }
        let question = Question {
            text: Template::of(pieces),
            ..self.question.clone()
        };
        let prompt = question.prompt(&shared.with_images(images), Wanted::Text)?;
        Ok(prompt.with_repeat(repeat))
    }

    /// The order that an answer gives to so many items.
    ///
    /// # Errors
    /// As [`OrderReading::read`], and the failure of the question.
    pub fn read(&self, answered: Answered, shown: usize) -> Result<Order, Unscored> {
        match answered? {
            Answer::Text(text) => self.reading.read(&text, shown),
            Answer::Choice(_) | Answer::Value(_) => Err(Unscored::new(
                Reason::Unparsed,
                "the answer is of another kind than the card asks for",
            )),
        }
    }
}

fn own_text<'a>(item: &'a Subject, name: &str) -> Result<&'a str, WordError> {
    let text = item.text(name).filter(|text| !text.trim().is_empty());
    text.ok_or_else(|| {
        WordError::new(format!(
            "each item has a text `{name}` of its own; one has none, or an empty one"
        ))
    })
}

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
