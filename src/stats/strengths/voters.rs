//! How consistent each voter is.

use std::collections::BTreeMap;

use super::fit::Strengths;
use super::triads::triads;
use super::votes::{Outcome, Vote, Votes};
use crate::stats::StatsError;

/// What one voter's votes say of the voter.
#[derive(Debug, Clone, PartialEq)]
pub struct VoterConsistency {
    /// Votes of positive weight.
    pub votes: usize,
    /// Share of the voter's ties.
    pub ties: f64,
    /// Share of the decided votes that go with the fitted strengths. The voter's own votes are in them, so
    /// with few voters this flatters.
    pub agreement: Option<f64>,
    /// Votes on a pair that the voter had voted on before, in either order.
    pub repeats: usize,
    /// Those of them with the same outcome as the vote before.
    pub repeated_alike: usize,
    /// Triads that the voter decided, and those of them that are circular.
    pub triads: u64,
    /// Circular ones among them.
    pub cyclic: u64,
    /// Share of the decided votes that went to the item shown first.
    pub first_share: Option<f64>,
}

/// Measures each of `voters` voters; `voter_of` names the voter of each vote by position.
///
/// # Errors
/// [`StatsError::Argument`] unless each vote has one of the voters, and each item a strength.
pub fn voter_consistency(
    votes: &Votes,
    voter_of: &[u32],
    voters: usize,
    strengths: &Strengths,
) -> Result<Vec<VoterConsistency>, StatsError> {
    let wrong = |argument, value: String, allowed| StatsError::Argument {
        argument,
        value,
        allowed,
    };
    if strengths.values.len() != votes.items() {
        let got = strengths.values.len().to_string();
        return Err(wrong("strengths", got, "one for each item of the votes"));
    }
    if voter_of.len() != votes.all().len() {
        let got = voter_of.len().to_string();
        return Err(wrong("voter_of", got, "one voter for each vote"));
    }
    if let Some(voter) = voter_of.iter().find(|voter| **voter as usize >= voters) {
        let allowed = "voters from 0 to one less than their number";
        return Err(wrong("voter_of", voter.to_string(), allowed));
    }
    let mut of_voter: Vec<Vec<Vote>> = vec![Vec::new(); voters];
    for (vote, voter) in votes.all().iter().zip(voter_of) {
        if vote.weight > 0.0 {
            of_voter[*voter as usize].push(*vote);
        }
    }
    let consistencies = of_voter.iter().map(|votes| of_one(votes, strengths));
    Ok(consistencies.collect())
}

fn of_one(votes: &[Vote], strengths: &Strengths) -> VoterConsistency {
    let number = |wanted: &dyn Fn(&Vote) -> bool| votes.iter().filter(|vote| wanted(vote)).count();
    let decided = number(&|vote| winner(vote).is_some());
    let share = |part: usize, whole: usize| (whole > 0).then(|| part as f64 / whole as f64);
    let with_strengths = number(&|vote| {
        winner(vote).is_some_and(|(better, worse)| {
            strengths.values[better as usize] > strengths.values[worse as usize]
        })
    });
    let (repeats, repeated_alike) = repeated(votes);
    let (triads, cyclic) = circles(votes);
    VoterConsistency {
        votes: votes.len(),
        ties: share(number(&|vote| vote.outcome == Outcome::Tie), votes.len()).unwrap_or(0.0),
        agreement: share(with_strengths, decided),
        repeats,
        repeated_alike,
        triads,
        cyclic,
        first_share: share(
            number(&|vote| winner(vote).is_some_and(|(better, _)| better == vote.first)),
            decided,
        ),
    }
}

/// The better and the worse item of a decided vote; a soft vote is decided by its larger share.
fn winner(vote: &Vote) -> Option<(u32, u32)> {
    let [first, second, _] = vote.outcome.shares();
    if first > second {
        Some((vote.first, vote.second))
    } else if second > first {
        Some((vote.second, vote.first))
    } else {
        None
    }
}

fn repeated(votes: &[Vote]) -> (usize, usize) {
    let mut last: BTreeMap<(u32, u32), Option<(u32, u32)>> = BTreeMap::new();
    let (mut repeats, mut alike) = (0, 0);
    for vote in votes {
        let pair = (vote.first.min(vote.second), vote.first.max(vote.second));
        if let Some(before) = last.insert(pair, winner(vote)) {
            repeats += 1;
            alike += usize::from(before == winner(vote));
        }
    }
    (repeats, alike)
}

/// Decided triads and circles of one voter, over the items that the voter met only.
fn circles(votes: &[Vote]) -> (u64, u64) {
    let mut items: Vec<u32> = votes
        .iter()
        .flat_map(|vote| [vote.first, vote.second])
        .collect();
    items.sort_unstable();
    items.dedup();
    let place = |item: u32| {
        let place = items.partition_point(|known| *known < item);
        u32::try_from(place).expect("items are counted in 32 bits")
    };
    let own = votes.iter().map(|vote| Vote {
        first: place(vote.first),
        second: place(vote.second),
        ..*vote
    });
    let counted = Votes::new(items.len(), own.collect())
        .ok()
        .and_then(|votes| triads(&votes, 0));
    counted.map_or((0, 0), |triads| (triads.decided, triads.cyclic))
}
