//! Within which margin a judge's comparisons are ties: fitted on pairs that people judged, measured on pairs that were
//! held out, and applied to exactly the judge that it was fitted for.

mod fit;
mod judged;

use super::figures::Figured;
use super::maps::Mismatch;
use super::{Difference, JudgeKey, LabelSource};
use crate::judging::protocol::OpinionRule;
use crate::judging::{Margin, Provenance, Readout, TieWidth};
use crate::stats::Estimate;

pub use fit::{HumanPair, TieSettings, calibrate_ties};
pub use judged::{JudgedPairs, read_judged_pairs};

/// A tie width with what it is bound to and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedTies {
    /// Name of its file, for messages; empty before it is written.
    pub file: String,
    /// The judge for which it holds.
    pub key: JudgeKey,
    /// The rule by which a judge that rates compared; none for a judge of pairs.
    pub by: Option<OpinionRule>,
    /// The width.
    pub ties: TieWidth,
    /// What it was fitted on; `n` counts pairs.
    pub labels: LabelSource,
    /// Votes of people on those pairs.
    pub votes: u64,
    /// How many folds were held out.
    pub folds: usize,
    /// Seed of the folds.
    pub seed: u64,
    /// What it does on held-out pairs.
    pub held_out: TieFigures,
}

/// What tie widths do on pairs that they were not fitted on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TieFigures {
    /// Agreement with people, with the width.
    pub agreement: Figured,
    /// Agreement where no margin but 0 is a tie.
    pub never: Figured,
    /// Agreement of always saying what most people say.
    pub majority: Figured,
    /// What the width gains over no ties.
    pub over_never: Figured,
    /// What it gains over the majority.
    pub over_majority: Figured,
}

impl FittedTies {
    /// In what the width is measured.
    pub fn margin(&self) -> Margin {
        self.ties.margin()
    }

    /// Whether the held-out pairs show that the width agrees better with people than calling no tie.
    pub fn is_shown_to_help(&self) -> bool {
        let interval = self.held_out.over_never.interval;
        interval.is_some_and(|[low, _]| low > 0.0)
    }

    /// Whether the width was fitted for exactly this judge.
    ///
    /// # Errors
    /// [`Mismatch::Differs`] with every field that is another.
    pub fn check(
        &self,
        provenance: &Provenance,
        readout: Readout,
        by: Option<OpinionRule>,
    ) -> Result<(), Mismatch> {
        let differences = self.differences(&JudgeKey::of(provenance, readout), by);
        if differences.is_empty() {
            return Ok(());
        }
        Err(Mismatch::Differs {
            file: self.file.clone(),
            differences,
        })
    }

    /// The fields in which the judge at hand is another one.
    pub(super) fn differences(&self, here: &JudgeKey, by: Option<OpinionRule>) -> Vec<Difference> {
        let mut found = self.key.differences(here);
        if self.by != by {
            let name = |by: Option<OpinionRule>| by.map_or("the pair itself", OpinionRule::name);
            found.push(Difference {
                field: "comparison by",
                fitted: name(self.by).to_owned(),
                here: name(by).to_owned(),
            });
        }
        found
    }
}

impl From<&Estimate> for Figured {
    fn from(estimate: &Estimate) -> Self {
        Figured {
            value: estimate.value,
            interval: (estimate.interval.as_ref()).map(|interval| [interval.low, interval.high]),
        }
    }
}
