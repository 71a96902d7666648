//! Scores of several judges as one.

use super::PanelRule;
use crate::judging::{
    Better, Level, LevelSet, Opinion, RawScore, Reason, Scale, Unscored, Verdict, WordError,
};
use crate::stats::StatsError;
use crate::stats::jury::{pooled_mean, pooled_opinion};

/// Worths this near on the panel's scale are the same.
const SAME_WORTH: f64 = 1e-9;

/// What of the members is averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PooledBy {
    /// Their probabilities of each level: all have as many levels, at the same places of the scale.
    Opinions,
    /// Their scores.
    Scores,
}

impl PooledBy {
    /// Stable name in results.
    pub fn name(self) -> &'static str {
        match self {
            PooledBy::Opinions => "opinions",
            PooledBy::Scores => "scores",
        }
    }
}

/// The scale on which members meet: their own where all have the same, else from 0 for the worst to 1 for the best.
#[derive(Debug, Clone, PartialEq)]
pub struct PanelScale {
    scale: Scale,
    levels: Option<LevelSet>,
    /// Of each member: whether its card lists the levels from the other end.
    turned: Vec<bool>,
}

impl PanelScale {
    /// The scale of members with these scales and levels. It follows from who sits on the panel and not from who
    /// answers, so that every result of a panel stands on one scale.
    ///
    /// # Errors
    /// No member.
    pub fn of(members: &[(Scale, Option<&LevelSet>)]) -> Result<Self, WordError> {
        let Some((first, levels)) = members.first() else {
            return Err(WordError::new("a panel has one judge or more"));
        };
        let scale = if members.iter().all(|(scale, _)| scale == first) {
            *first
        } else {
            Scale::new(0.0, 1.0, Better::Higher)?
        };
        let ladder = |from: Scale, levels: &LevelSet| -> Vec<f64> {
            let worths = levels.worths().iter();
            worths.map(|worth| placed(*worth, from, scale)).collect()
        };
        let ladders: Option<Vec<Vec<f64>>> = (members.iter())
            .map(|(from, levels)| levels.map(|levels| ladder(*from, levels)))
            .collect();
        let turned = ladders.as_deref().and_then(turned);
        let levels = match (levels, &turned) {
            (Some(levels), Some(_)) => Some(moved(levels, *first, scale)?),
            _ => None,
        };
        let turned = turned.unwrap_or_default();
        Ok(PanelScale {
            scale,
            levels,
            turned,
        })
    }

    /// The scale.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// The levels of the panel's opinion, named as the first member's; none where scores are averaged.
    pub fn levels(&self) -> Option<&LevelSet> {
        self.levels.as_ref()
    }

    /// What is averaged.
    pub fn pooled_by(&self) -> PooledBy {
        match self.levels {
            Some(_) => PooledBy::Opinions,
            None => PooledBy::Scores,
        }
    }

    /// A member's score at its place on this scale.
    pub fn place(&self, score: RawScore) -> f64 {
        placed(score.value(), score.scale(), self.scale)
    }
}

/// A place on one scale, on another; the good end comes to the good end.
fn placed(value: f64, from: Scale, to: Scale) -> f64 {
    if from == to {
        return value;
    }
    let share = (value - from.min()) / (from.max() - from.min());
    let share = if from.better() == to.better() {
        share
    } else {
        1.0 - share
    };
    to.min() + share * (to.max() - to.min())
}

/// Which members' worths run the other way than the first one's; `None` where worths are not the same.
fn turned(ladders: &[Vec<f64>]) -> Option<Vec<bool>> {
    let first = ladders.first()?;
    let same = |one: &mut dyn Iterator<Item = &f64>| {
        one.zip(first).all(|(a, b)| (a - b).abs() <= SAME_WORTH)
    };
    let turned = ladders.iter().map(|ladder| {
        if ladder.len() != first.len() {
            None
        } else if same(&mut ladder.iter()) {
            Some(false)
        } else {
            same(&mut ladder.iter().rev()).then_some(true)
        }
    });
    turned.collect()
}

/// The levels with their worths on another scale.
fn moved(levels: &LevelSet, from: Scale, to: Scale) -> Result<LevelSet, WordError> {
    if from == to {
        return Ok(levels.clone());
    }
    let options = levels.options().as_slice().iter().zip(levels.worths());
    let moved = options.map(|(option, worth)| Level {
        option: option.clone(),
        worth: placed(*worth, from, to),
    });
    LevelSet::new(moved.collect(), to)
}

/// What the members' scores come to.
#[derive(Debug, Clone, PartialEq)]
pub struct PooledScore {
    /// On the panel's scale.
    pub score: RawScore,
    /// Probability of each level, where opinions are averaged.
    pub opinion: Option<Opinion>,
    /// Standard deviation of the worth under the panel's opinion, or of the members' distributions taken together;
    /// `None` where a member gives no spread.
    pub spread: Option<f64>,
    /// Standard deviation of the members' scores around the panel's, by their shares: how far they disagree.
    pub disagreement: f64,
    /// The share of each member, 0 for the missing.
    pub shares: Vec<f64>,
    /// The score of each member on the panel's scale; none for the missing.
    pub placed: Vec<Option<f64>>,
}

/// Pools the members' verdicts, in the order of the rule.
///
/// ```text
/// opinions: p(level) = sum_k share_k p_k(level)      scores: m = sum_k share_k m_k
/// spread^2 = sum_k share_k (spread_k^2 + (m_k - m)^2)
/// ```
/// # Errors
/// Fewer members than the quorum.
pub fn pool_scores(
    rule: &PanelRule,
    scale: &PanelScale,
    members: &[Result<Verdict, Unscored>],
) -> Result<PooledScore, Unscored> {
    let shares = rule.shares(members)?;
    let present = || {
        let answered = members
            .iter()
            .zip(&shares)
            .filter(|(_, share)| **share > 0.0);
        answered.filter_map(|(member, share)| Some((member.as_ref().ok()?, *share)))
    };
    let weights: Vec<f64> = present().map(|(_, share)| share).collect();
    let means: Vec<f64> = present()
        .map(|(verdict, _)| scale.place(verdict.score))
        .collect();
    let (opinion, mean) = match &scale.levels {
        Some(levels) => {
            let opinions = (members.iter().zip(&scale.turned).zip(&shares))
                .filter(|(_, share)| **share > 0.0)
                .filter_map(|((member, turned), _)| Some(ordered(member.as_ref().ok()?, *turned)))
                .collect::<Result<Vec<_>, _>>()?;
            let slices: Vec<&[f64]> = opinions.iter().map(Vec::as_slice).collect();
            let pooled =
                Opinion::pooled(pooled_opinion(&slices, &weights).map_err(|error| unfit(&error))?);
            let mean = pooled.score(levels).value();
            (Some(pooled), mean)
        }
        None => (
            None,
            pooled_mean(&means, &weights).map_err(|error| unfit(&error))?,
        ),
    };
    let around = |of: &dyn Fn(usize) -> f64| -> f64 {
        let parts = weights
            .iter()
            .enumerate()
            .map(|(at, weight)| weight * of(at));
        parts.sum()
    };
    let between = around(&|at| (means[at] - mean).powi(2));
    let spreads: Option<Vec<f64>> = present()
        .map(|(verdict, _)| Some(verdict.spread? * stretch(verdict.score.scale(), scale.scale)))
        .collect();
    let within = spreads.map(|spreads| around(&|at| spreads[at].powi(2)));
    Ok(PooledScore {
        score: RawScore::new(mean, scale.scale),
        opinion,
        spread: within.map(|within| (within + between).sqrt()),
        disagreement: between.sqrt(),
        placed: (members.iter())
            .map(|member| member.as_ref().ok().map(|one| scale.place(one.score)))
            .collect(),
        shares,
    })
}

fn stretch(from: Scale, to: Scale) -> f64 {
    (to.max() - to.min()) / (from.max() - from.min())
}

/// A member's probabilities in the order of the panel's levels.
fn ordered(verdict: &Verdict, turned: bool) -> Result<Vec<f64>, Unscored> {
    let Some(opinion) = &verdict.opinion else {
        let detail = "a member gave no probability of its levels";
        return Err(Unscored::new(Reason::NotApplicable, detail));
    };
    let mut shares = opinion.probabilities().to_vec();
    if turned {
        shares.reverse();
    }
    Ok(shares)
}

pub(super) fn unfit(error: &StatsError) -> Unscored {
    Unscored::new(Reason::NotApplicable, error.to_string())
}
