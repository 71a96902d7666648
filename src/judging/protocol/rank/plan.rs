//! How a ranking is asked for.

use crate::judging::{Disagreement, TieWidth, WordError};
use crate::stats::choosing::{Narrow, Repeats, Stopping};

/// Which pairs are asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pairs {
    /// Every pair, in the order of the items.
    All,
    /// Every pair, in an order drawn by lot.
    Random,
    /// Rounds in which neighbours in the standing meet.
    Swiss,
    /// The pairs whose answers are expected to tell most (ASAP, arXiv 2004.05691).
    Active,
}

impl Pairs {
    /// Every way.
    pub const ALL: [Pairs; 4] = [Pairs::All, Pairs::Random, Pairs::Swiss, Pairs::Active];

    /// Stable name in requests and results.
    pub fn name(self) -> &'static str {
        match self {
            Pairs::All => "all-pairs",
            Pairs::Random => "random",
            Pairs::Swiss => "swiss",
            Pairs::Active => "active",
        }
    }

    /// The way of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Pairs::ALL.into_iter().find(|pairs| pairs.name() == name)
    }
}

/// Which pairs are asked about, and until when.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankPlan {
    /// The pairs.
    pub pairs: Pairs,
    /// Most comparisons, and how narrow the intervals shall be.
    pub stopping: Stopping,
    /// Whether a pair may be asked about again.
    pub repeats: Repeats,
    /// Seed of every lot.
    pub seed: u64,
    /// Precision of the normal prior on strengths that choosing and stopping rest on, above 0.
    pub ridge: f64,
    /// Most comparisons that are asked for at once.
    pub at_once: usize,
    /// Within which margin a comparison counts as a tie.
    pub ties: TieWidth,
    /// What becomes of a comparison whose two orders prefer different items.
    pub on_disagreement: Disagreement,
}

/// Fewest and most items of a ranking.
pub const RANKED_ITEMS: std::ops::RangeInclusive<usize> = 2..=1_024;

impl RankPlan {
    /// A plan of `pairs` with at most `budget` comparisons.
    pub fn new(pairs: Pairs, budget: u64) -> Self {
        RankPlan {
            pairs,
            stopping: Stopping {
                narrow: None,
                budget,
            },
            repeats: Repeats::Never,
            seed: 0,
            ridge: 0.1,
            at_once: 64,
            ties: TieWidth::NONE,
            on_disagreement: Disagreement::Average,
        }
    }

    /// The same, stopping once every place spans `places` at most.
    #[must_use]
    pub fn until_places(mut self, places: u32) -> Self {
        self.stopping.narrow = Some(Narrow::EachPlace(places));
        self
    }

    /// Checks the plan for so many items.
    ///
    /// # Errors
    /// Fewer than 2 or more than 1,024 items, a budget of 0, a prior that is none.
    pub fn check(self, items: usize) -> Result<Self, WordError> {
        let fault = if !RANKED_ITEMS.contains(&items) {
            format!(
                "a ranking has {} to {} items, this one has {items}",
                RANKED_ITEMS.start(),
                RANKED_ITEMS.end()
            )
        } else if self.stopping.budget == 0 {
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
}
