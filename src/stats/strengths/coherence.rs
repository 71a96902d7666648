//! How far votes agree with any ranking at all.

use super::fit::Strengths;
use super::table::Table;
use super::triads::{Triads, of_table};
use super::votes::{Outcome, Votes};
use crate::stats::tails::{LEVEL, binomial_even_two_sided, wilson};
use crate::stats::{Estimate, StatsError};

/// What votes say of themselves, beside the strengths that they give.
#[derive(Debug, Clone, PartialEq)]
pub struct Coherence {
    /// Pairs with a vote, whichever way round.
    pub pairs: usize,
    /// Circular triads; `None` beyond 16,384 items.
    pub triads: Option<Triads>,
    /// Pairs whose majority goes against the fitted strengths.
    pub against_strengths: usize,
    /// Pairs that were voted on in both orders and decided in each.
    pub in_both_orders: usize,
    /// Those of them in which the two orders prefer different items.
    pub order_reversals: usize,
    /// Share of decided votes that went to the item shown first; even when being first has no effect and
    /// orders were drawn by lot. Votes count once each here, whatever their weight; soft votes are left out.
    pub first_share: Option<Estimate>,
}

/// Measures how coherent votes are; the `most_cycles` surest circles are listed.
///
/// # Errors
/// [`StatsError::Argument`] when the strengths are not of these items.
pub fn coherence(
    votes: &Votes,
    strengths: &Strengths,
    most_cycles: usize,
) -> Result<Coherence, StatsError> {
    if strengths.values.len() != votes.items() {
        return Err(StatsError::Argument {
            argument: "strengths",
            value: format!("{} strengths", strengths.values.len()),
            allowed: "one strength for each item of the votes",
        });
    }
    let table = Table::by_pair(votes, false);
    let (in_both_orders, order_reversals) = orders(votes);
    let against = |(first, second, [wins, losses, _]): &(usize, usize, [f64; 3])| {
        let lead = strengths.values[*first] - strengths.values[*second];
        wins > losses && lead < -1e-9 || losses > wins && lead > 1e-9
    };
    Ok(Coherence {
        pairs: voted(&table).count(),
        against_strengths: voted(&table).filter(against).count(),
        triads: of_table(&table, votes.items(), most_cycles),
        in_both_orders,
        order_reversals,
        first_share: first_share(votes),
    })
}

fn voted(table: &Table) -> impl Iterator<Item = (usize, usize, [f64; 3])> {
    table
        .pairs()
        .filter(|(_, _, counts)| counts.iter().sum::<f64>() > 0.0)
}

/// Pairs decided in both orders, and how many of them the other way round.
fn orders(votes: &Votes) -> (usize, usize) {
    let table = Table::by_pair(votes, true);
    let winner = |(first, second, [wins, losses, _]): (usize, usize, [f64; 3])| {
        if wins > losses {
            Some(first)
        } else if losses > wins {
            Some(second)
        } else {
            None
        }
    };
    let mut decided: Vec<(usize, usize, usize)> = voted(&table)
        .filter_map(|pair| Some((pair.0.min(pair.1), pair.0.max(pair.1), winner(pair)?)))
        .collect();
    decided.sort_unstable();
    let both = decided
        .windows(2)
        .filter(|two| (two[0].0, two[0].1) == (two[1].0, two[1].1));
    let reversed = both.clone().filter(|two| two[0].2 != two[1].2).count();
    (both.count(), reversed)
}

fn first_share(votes: &Votes) -> Option<Estimate> {
    let number = |outcome| {
        let counting = votes.all().iter().filter(|vote| vote.weight > 0.0);
        counting.filter(|vote| vote.outcome == outcome).count()
    };
    let (first, second) = (number(Outcome::First), number(Outcome::Second));
    let decided = first + second;
    if decided == 0 {
        return None;
    }
    let estimate = Estimate::new(
        "first_share",
        first as f64 / decided as f64,
        decided,
        "votes for the item shown first among decided votes; ties and soft votes left out",
    );
    let p_value = binomial_even_two_sided(first as u64, decided as u64);
    Some(
        estimate
            .with_interval(wilson(first as f64, decided as f64, LEVEL))
            .with_p_value(p_value, "exact binomial against one half"),
    )
}
