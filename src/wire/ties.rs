//! Tie widths of rankings: found before anything is asked, and checked against what was asked.

use crate::calibration::{FittedTies, Maps, Mismatch};
use crate::card::Recipe;
use crate::engine::{BindError, Judge, RankWay, Ranked};
use crate::judging::Provenance;
use crate::judging::protocol::OpinionRule;

/// Why a ranking has no calibrated tie width.
#[derive(Debug, thiserror::Error)]
pub enum NoTieWidth {
    /// It compares nothing.
    #[error(
        "scores are ordered as they are: a tie width is for comparisons, so choose a method of pairs"
    )]
    ByScores,
    /// The judge cannot be asked.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// No width was fitted for this very judge.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
}

/// The calibrated tie width of a ranking.
#[derive(Debug, Clone, Copy)]
pub struct RankTies<'a> {
    /// The width and what it is bound to.
    pub fitted: &'a FittedTies,
    by: Option<OpinionRule>,
}

impl<'a> RankTies<'a> {
    /// Finds the width for this judge and gives it to the plan of `way`. How answers are read is not known yet.
    ///
    /// # Errors
    /// [`NoTieWidth`], with what differs.
    pub fn find(maps: &'a Maps, judge: &Judge, way: &mut RankWay) -> Result<Self, NoTieWidth> {
        let RankWay::Pairs(plan, rule) = way else {
            return Err(NoTieWidth::ByScores);
        };
        let by = match judge.card.recipe {
            Recipe::Compare(_) => None,
            Recipe::Score(_) | Recipe::Rating(_) | Recipe::Choose(_) | Recipe::List(_) => {
                Some(*rule)
            }
        };
        let provenance = judge.provenance(judge.backend()?.as_ref(), None);
        let fitted = maps.ties_for(&provenance, None, by)?;
        plan.ties = fitted.ties;
        Ok(RankTies { fitted, by })
    }

    /// Refuses a ranking whose answers were read otherwise than those that the width was fitted on.
    ///
    /// # Errors
    /// [`Mismatch::Differs`].
    pub fn check(&self, provenance: &Provenance, ranked: &Ranked) -> Result<(), Mismatch> {
        let Ranked::Pairs(_, Ok(run)) = ranked else {
            return Ok(());
        };
        let mut readouts = run.readouts.iter();
        readouts.try_for_each(|readout| self.fitted.check(provenance, *readout, self.by))
    }
}
