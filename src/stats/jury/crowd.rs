//! Strengths of items and reliabilities of judges, found together from their votes.

use crate::stats::StatsError;
use crate::stats::strengths::{
    Model, Outcome, StrengthSettings, Strengths, StrengthsError, Vote, Votes, fit_strengths,
};

const STATISTIC: &str = "crowd strengths";
const MOST_ROUNDS: usize = 2_000;
/// A change of every reliability below this ends the search.
const LAST_CHANGE: f64 = 1e-11;

/// What is believed before the votes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CrowdSettings {
    /// Ridge on the strengths, above zero: as in [`StrengthSettings::ridge`].
    pub ridge: f64,
    /// Votes that each judge is taken to have given in earnest before these.
    pub earnest: f64,
    /// Votes that each judge is taken to have given the wrong way round before these; fewer than in earnest, for
    /// otherwise all judges might as well be reversed and the ranking with them.
    pub reversed: f64,
}

impl Default for CrowdSettings {
    /// A ridge of 0.1; nine votes in earnest to one reversed.
    fn default() -> Self {
        CrowdSettings {
            ridge: 0.1,
            earnest: 9.0,
            reversed: 1.0,
        }
    }
}

/// One judge of the jury.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Member {
    /// Probability that a vote is meant as it is given: 1 for a judge that votes by the strengths, one half for
    /// one that draws lots, 0 for one that votes against them.
    pub reliability: f64,
    /// What a vote on two equal items tells, beside one of a fully reliable judge: (2 reliability - 1)^2.
    pub weight: f64,
    /// Votes of positive weight.
    pub votes: usize,
}

/// What a jury's votes say.
#[derive(Debug, Clone, PartialEq)]
pub struct Crowd {
    /// Strengths of the items, under the votes as they were most probably meant.
    ///
    /// Its log-likelihood is that of these, not of the jury's votes.
    pub strengths: Strengths,
    /// The members, by position.
    pub members: Vec<Member>,
    /// The logarithm of the votes' probability and the prior's density, up to a constant.
    pub log_posterior: f64,
    /// Rounds of the search.
    pub rounds: usize,
}

/// Fits Crowd-BT (Chen, Bennett, Collins-Thompson, Horvitz: "Pairwise ranking aggregation in a crowdsourced
/// setting", WSDM 2013); `judge_of` names the judge of each vote by position.
///
/// ```text
/// P(judge k votes for i over j) = eta_k F(d) + (1 - eta_k) F(-d),   d = s_i - s_j,   F(d) = 1 / (1 + exp(-d))
/// prior: eta_k ~ Beta(earnest + 1, reversed + 1),   s_i ~ N(0, 1 / ridge)
/// ```
/// A tie is half a vote for each. The mode is climbed to by expectation and maximisation (Dempster, Laird,
/// Rubin 1977), from judges as the prior has them: each vote is taken in earnest by its probability, then
/// strengths are fitted to such soft votes and reliabilities are their means. No step goes down. The mode is
/// that of the hill on which it starts; a jury most of whose members are reversed may be read the wrong way round.
///
/// # Errors
/// [`StatsError::Argument`] unless each vote has one of the judges, and settings are as they say; otherwise as
/// [`fit_strengths`].
pub fn crowd_strengths(
    votes: &Votes,
    judge_of: &[u32],
    judges: usize,
    settings: &CrowdSettings,
) -> Result<Crowd, StrengthsError> {
    check(votes, judge_of, judges, settings)?;
    let stated = stated(votes, judge_of);
    let fitting = StrengthSettings {
        ridge: settings.ridge,
        ..StrengthSettings::new(Model::BradleyTerry)
    };
    let prior = settings.earnest / (settings.earnest + settings.reversed);
    let mut reliabilities = vec![prior; judges];
    // As if all votes were meant as often as the prior says.
    let mut earnest = vec![prior; stated.len()];
    for rounds in 1..=MOST_ROUNDS {
        let strengths = fit_strengths(&as_meant(votes.items(), &stated, &earnest)?, &fitting)?;
        let change = believe(
            &stated,
            &strengths.values,
            settings,
            &mut reliabilities,
            &mut earnest,
        );
        if change < LAST_CHANGE {
            return Ok(Crowd {
                log_posterior: log_posterior(&stated, &strengths.values, &reliabilities, settings),
                members: members(votes, judge_of, &reliabilities),
                strengths,
                rounds,
            });
        }
    }
    Err(StrengthsError::Stats(StatsError::NotConverged {
        statistic: STATISTIC,
        iterations: MOST_ROUNDS,
        step: LAST_CHANGE,
    }))
}

/// A vote, or the part of one, for one item over another.
pub(super) struct Stated {
    pub(super) better: u32,
    pub(super) worse: u32,
    pub(super) weight: f64,
    pub(super) judge: usize,
}

pub(super) fn stated(votes: &Votes, judge_of: &[u32]) -> Vec<Stated> {
    let mut stated = Vec::with_capacity(votes.all().len());
    for (vote, judge) in votes.all().iter().zip(judge_of) {
        let [first, second, tie] = vote.outcome.shares();
        let mut say = |better, worse, share: f64| {
            if share * vote.weight > 0.0 {
                stated.push(Stated {
                    better,
                    worse,
                    weight: share * vote.weight,
                    judge: *judge as usize,
                });
            }
        };
        say(vote.first, vote.second, first + 0.5 * tie);
        say(vote.second, vote.first, second + 0.5 * tie);
    }
    stated
}

/// The votes with the probability that they were meant as given.
fn as_meant(items: usize, stated: &[Stated], earnest: &[f64]) -> Result<Votes, StatsError> {
    let soft = stated.iter().zip(earnest).map(|(vote, earnest)| Vote {
        first: vote.better,
        second: vote.worse,
        outcome: Outcome::Soft {
            first: *earnest,
            second: 1.0 - earnest,
        },
        weight: vote.weight,
    });
    Votes::new(items, soft.collect())
}

/// Probability that the better one of a stated vote wins, by the strengths.
fn likely(vote: &Stated, strengths: &[f64]) -> f64 {
    let d = strengths[vote.better as usize] - strengths[vote.worse as usize];
    1.0 / (1.0 + (-d).exp())
}

/// Renews what is believed of each vote, then the reliabilities by it, and returns how far these moved.
fn believe(
    stated: &[Stated],
    strengths: &[f64],
    settings: &CrowdSettings,
    reliabilities: &mut [f64],
    earnest: &mut [f64],
) -> f64 {
    let before = reliabilities.to_vec();
    let mut given = vec![0.0; reliabilities.len()];
    let mut meant = vec![0.0; reliabilities.len()];
    for (vote, earnest) in stated.iter().zip(earnest.iter_mut()) {
        let (eta, p) = (reliabilities[vote.judge], likely(vote, strengths));
        *earnest = eta * p / (eta * p + (1.0 - eta) * (1.0 - p));
        given[vote.judge] += vote.weight;
        meant[vote.judge] += vote.weight * *earnest;
    }
    let pseudo = settings.earnest + settings.reversed;
    for (judge, reliability) in reliabilities.iter_mut().enumerate() {
        *reliability = (meant[judge] + settings.earnest) / (given[judge] + pseudo);
    }
    let moves = before.iter().zip(&*reliabilities);
    moves
        .map(|(old, new)| (old - new).abs())
        .fold(0.0, f64::max)
}

fn log_posterior(
    stated: &[Stated],
    strengths: &[f64],
    reliabilities: &[f64],
    settings: &CrowdSettings,
) -> f64 {
    let votes = stated.iter().map(|vote| {
        let (eta, p) = (reliabilities[vote.judge], likely(vote, strengths));
        vote.weight * (eta * p + (1.0 - eta) * (1.0 - p)).ln()
    });
    let judges = reliabilities
        .iter()
        .map(|eta| settings.earnest * eta.ln() + settings.reversed * (1.0 - eta).ln());
    let squares: f64 = strengths.iter().map(|strength| strength * strength).sum();
    votes.sum::<f64>() + judges.sum::<f64>() - 0.5 * settings.ridge * squares
}

fn members(votes: &Votes, judge_of: &[u32], reliabilities: &[f64]) -> Vec<Member> {
    let mut members: Vec<Member> = reliabilities
        .iter()
        .map(|reliability| Member {
            reliability: *reliability,
            weight: (2.0 * reliability - 1.0).powi(2),
            votes: 0,
        })
        .collect();
    for (vote, judge) in votes.all().iter().zip(judge_of) {
        members[*judge as usize].votes += usize::from(vote.weight > 0.0);
    }
    members
}

fn check(
    votes: &Votes,
    judge_of: &[u32],
    judges: usize,
    settings: &CrowdSettings,
) -> Result<(), StatsError> {
    let wrong = |argument, value: String, allowed| {
        Err(StatsError::Argument {
            argument,
            value,
            allowed,
        })
    };
    if judge_of.len() != votes.all().len() {
        return wrong(
            "judge_of",
            judge_of.len().to_string(),
            "one judge for each vote",
        );
    }
    if let Some(judge) = judge_of.iter().find(|judge| **judge as usize >= judges) {
        let allowed = "judges from 0 to one less than their number";
        return wrong("judge_of", judge.to_string(), allowed);
    }
    if !(settings.ridge > 0.0 && settings.ridge.is_finite()) {
        return wrong(
            "ridge",
            settings.ridge.to_string(),
            "a finite number above zero",
        );
    }
    let sound = settings.reversed > 0.0 && settings.earnest > settings.reversed;
    if !(sound && settings.earnest.is_finite()) {
        let value = format!("{} and {}", settings.earnest, settings.reversed);
        let allowed = "more votes in earnest than reversed, both above zero";
        return wrong("earnest and reversed", value, allowed);
    }
    Ok(())
}
