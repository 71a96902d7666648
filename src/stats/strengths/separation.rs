//! Votes that do not say how far apart items are.

use std::fmt;

use super::graph::{Links, components, islands, joined};
use super::table::Table;
use crate::stats::StatsError;

/// Items in groups whose distances no vote bounds.
///
/// Within a group every item can be reached from every other by wins and ties, so strengths exist there.
/// Of two groups either one never lost nor tied against the other, or they never met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Separation {
    /// The groups, items by position in increasing order. Where two groups met, the better one stands first.
    pub groups: Vec<Vec<usize>>,
    /// Number of sets of items between which there is no vote at all; 1 when all hang together.
    pub islands: usize,
}

impl fmt::Display for Separation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "the votes leave {} groups of items at no finite distance from each other",
            self.groups.len()
        )?;
        if self.islands > 1 {
            write!(formatter, ", {} of them sets that never met", self.islands)?;
        }
        Ok(())
    }
}

/// Why there are no strengths.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StrengthsError {
    /// The votes bound no distance between these groups; a ridge (a prior) would.
    #[error("{0}")]
    Separated(Separation),
    /// Anything else that is wrong with the numbers.
    #[error(transparent)]
    Stats(#[from] StatsError),
}

/// The groups of a table of votes, if there is more than one.
pub(super) fn separation(table: &Table, items: usize) -> Option<Separation> {
    // Pairs that went both ways or tied join their items, and mostly all of them at once.
    let both_ways = table
        .pairs()
        .filter(|(_, _, [wins, losses, ties])| *ties > 0.0 || *wins > 0.0 && *losses > 0.0);
    if joined(items, both_ways.map(|(first, second, _)| (first, second))) == 1 {
        return None;
    }
    let mut links = Vec::with_capacity(table.len());
    for (first, second, [wins, losses, ties]) in table.pairs() {
        // A link leads from an item to one that it did not always beat.
        if losses + ties > 0.0 {
            links.push((first, second));
        }
        if wins + ties > 0.0 {
            links.push((second, first));
        }
    }
    separated(&Links::new(items, &links))
}

/// The groups of a graph whose links lead from an item to one that was better at least once.
pub(super) fn separated(links: &Links) -> Option<Separation> {
    let groups = components(links);
    (groups.len() > 1).then(|| Separation {
        groups,
        islands: islands(links),
    })
}
