//! Protocols: pure state machines that say what they want asked, and read the answers.

mod choose;
mod compare;
mod opinions;
mod rank;
mod rating;
mod score;
mod staged;
mod t2i_eval;
mod writing;

pub use choose::{Choose, ChooseRecipe, Chosen, ClosedQuestion};
pub use compare::{Compare, CompareRecipe, Compared, GivenVerdict, Says};
pub use opinions::{OpinionRule, compare_opinions};
pub use rank::{
    ANCHORS, Anchor, AnchorPlan, Anchoring, Chooses, FailedPair, HeardList, LABEL, ListDesign,
    ListPlan, ListRecipe, ListRun, Listwise, MOST_REPEATS, Next, Pairing, Pairs, Prior,
    RANKED_ITEMS, Rank, RankPlan, RankProgress, RankRun, RankStop, Watchable, drive,
};
pub use rating::{Given, Rating, RatingRecipe};
pub use score::{Asked, Derived, Score, ScoreRecipe, Variant};
pub use staged::{StageReport, Staged, Watched};
pub use t2i_eval::{AspectRecord, QuestionRecord, StageSettings, StagedEvaluation, T2iEval};
pub use writing::{Draft, Writing};

use super::{Answer, Choice, Coverage, Prompt, Reason, Unscored};

/// An answer, or why there is none; one for each prompt, in order.
pub type Answered = Result<Answer, Unscored>;

/// What a protocol wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step<Outcome> {
    /// These prompts answered, in this order.
    Ask(Vec<Prompt>),
    /// Nothing: this is the outcome.
    Done(Outcome),
}

/// A way of judging. Does no I/O: whoever runs it moves prompts to a backend and answers back.
pub trait Protocol {
    /// What it ends with.
    type Outcome;

    /// Takes the answers to the prompts of the last [`Step::Ask`] (none at first) and says what is next.
    ///
    /// A protocol is not stepped again after [`Step::Done`].
    fn step(&mut self, answers: Vec<Answered>) -> Step<Self::Outcome>;
}

/// Refuses a choice on whose options too little probability fell; one whose coverage is unknown passes.
///
/// # Errors
/// [`Reason::LowCoverage`].
fn covered(choice: &Choice, least: Coverage) -> Result<(), Unscored> {
    match choice.coverage().filter(|coverage| *coverage < least) {
        None => Ok(()),
        Some(coverage) => Err(Unscored::new(
            Reason::LowCoverage,
            format!(
                "only {:.4} of the probability fell on the allowed answers; the card asks for {}",
                coverage.value(),
                least.value()
            ),
        )),
    }
}
