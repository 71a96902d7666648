//! A ranking of images: by comparing pairs, for as few questions as it takes, with anchors, or by whole lists.

mod anchored;
mod list_recipe;
mod listwise;
#[cfg(test)]
mod listwise_tests;
mod pairing;
mod plan;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use anchored::{Anchor, AnchorPlan, Anchoring};
pub use list_recipe::{LABEL, ListRecipe};
pub use listwise::{HeardList, ListDesign, ListPlan, ListRun, Listwise, MOST_REPEATS};
pub use pairing::{Chooses, FailedPair, Next, Pairing, RankRun, RankStop};
pub use plan::{Pairs, RANKED_ITEMS, RankPlan};

use super::{Answered, CompareRecipe, Compared, Protocol, Step};
use crate::judging::{Image, Prompt, Reason, Subject, Unscored, WordError};
use crate::stats::choosing::Widths;
use crate::stats::strengths::StrengthsError;
pub use crate::stats::strengths::{ANCHORS, Prior};

/// How far a ranking is, for whoever watches it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankProgress {
    /// Comparisons or lists asked for.
    pub asked: u64,
    /// Widths of the intervals so far, where they are known.
    pub widths: Option<Widths>,
}

/// A protocol that says how far it is.
pub trait Watchable: Protocol {
    /// How far it is.
    fn progress(&self) -> RankProgress;
}

/// Ranks images with a judge that compares, each pair in both orders.
#[derive(Debug)]
pub struct Rank<C = Pairing> {
    recipe: Arc<CompareRecipe>,
    images: Vec<Image>,
    texts: BTreeMap<String, String>,
    pairing: C,
}

impl Rank {
    /// A fresh ranking of these images.
    ///
    /// # Errors
    /// As [`RankPlan::check`].
    pub fn new(
        recipe: Arc<CompareRecipe>,
        images: Vec<Image>,
        texts: BTreeMap<String, String>,
        plan: RankPlan,
    ) -> Result<Self, WordError> {
        let digests: Vec<_> = images.iter().map(Image::digest).collect();
        let pairing = Pairing::new(plan, images.len())?.with_twins(&digests);
        Ok(Rank::by(recipe, images, texts, pairing))
    }
}

impl<C: Chooses> Rank<C> {
    /// A fresh ranking of these images, by the pairs that are chosen so.
    pub fn by(
        recipe: Arc<CompareRecipe>,
        images: Vec<Image>,
        texts: BTreeMap<String, String>,
        pairing: C,
    ) -> Self {
        Rank {
            recipe,
            images,
            texts,
            pairing,
        }
    }

    fn prompts(&self, pairs: &[(u32, u32)]) -> Result<Vec<Prompt>, WordError> {
        let mut prompts = Vec::with_capacity(self.recipe.prompts_of_a_pair() * pairs.len());
        for (first, second) in pairs {
            let images = [first, second].map(|item| self.images[*item as usize].clone());
            let pair = Subject::new(images.to_vec(), self.texts.clone());
            prompts.extend(self.recipe.prompts(&pair)?);
        }
        Ok(prompts)
    }

    fn read(&self, answers: Vec<Answered>) -> Vec<Result<Compared, Unscored>> {
        let of_a_pair = self.recipe.prompts_of_a_pair();
        let mut compared = Vec::with_capacity(answers.len() / of_a_pair);
        let mut answers = answers.into_iter().peekable();
        while answers.peek().is_some() {
            compared.push(self.recipe.read(answers.by_ref().take(of_a_pair).collect()));
        }
        compared
    }
}

impl<C: Chooses> Watchable for Rank<C> {
    fn progress(&self) -> RankProgress {
        let run = self.pairing.run();
        RankProgress {
            asked: run.asked,
            widths: run.widths,
        }
    }
}

impl<C: Chooses> Protocol for Rank<C> {
    type Outcome = Result<RankRun, Unscored>;

    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome> {
        let compared = self.read(answers);
        match self.pairing.step(compared) {
            Ok(Next::Compare(pairs)) => match self.prompts(&pairs) {
                Ok(prompts) => Step::Ask(prompts),
                Err(error) => unfit(&error),
            },
            Ok(Next::Stop(_)) => Step::Done(Ok(self.pairing.run().clone())),
            Err(error) => unfit(&error),
        }
    }
}

fn unfit(error: &dyn std::fmt::Display) -> Step<Result<RankRun, Unscored>> {
    Step::Done(Err(Unscored::new(Reason::NotApplicable, error.to_string())))
}

/// Drives a pairing with comparisons from anywhere, one batch after the other.
///
/// # Errors
/// As [`Chooses::step`].
pub fn drive(
    mut pairing: impl Chooses,
    mut compare: impl FnMut(u32, u32) -> Result<Compared, Unscored>,
) -> Result<RankRun, StrengthsError> {
    let mut compared = Vec::new();
    loop {
        match pairing.step(compared)? {
            Next::Stop(_) => return Ok(pairing.into_run()),
            Next::Compare(pairs) => {
                compared = pairs
                    .into_iter()
                    .map(|(first, second)| compare(first, second))
                    .collect();
            }
        }
    }
}
