//! Which pairs were asked about already.

use std::collections::BTreeMap;

use crate::stats::strengths::Votes;

/// How often each two items have met, in whichever order.
///
/// Takes memory by the pairs that met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// Of each item, the items after it that it met, with how often.
    later: Vec<BTreeMap<u32, u32>>,
    questions: u64,
}

impl Met {
    /// None of `items` items have met.
    pub fn new(items: u32) -> Self {
        Met {
            later: vec![BTreeMap::new(); items as usize],
            questions: 0,
        }
    }

    /// The meetings that votes tell of, whatever their weight.
    pub fn of_votes(votes: &Votes) -> Self {
        let items = u32::try_from(votes.items()).expect("items are counted in 32 bits");
        let mut met = Met::new(items);
        for vote in votes.all() {
            met.add(vote.first, vote.second);
        }
        met
    }

    /// Notes that two items have met. An item with itself or one that does not exist is no meeting.
    pub fn add(&mut self, one: u32, other: u32) {
        let last = one.max(other);
        if one == other || last as usize >= self.later.len() {
            return;
        }
        *self.later[one.min(other) as usize].entry(last).or_insert(0) += 1;
        self.questions += 1;
    }

    /// How often two items have met.
    pub fn times(&self, one: u32, other: u32) -> u32 {
        let later = self.later.get(one.min(other) as usize);
        let times = later.and_then(|later| later.get(&one.max(other)));
        times.copied().unwrap_or(0)
    }

    /// Number of items.
    pub fn items(&self) -> u32 {
        u32::try_from(self.later.len()).expect("items are counted in 32 bits")
    }

    /// Number of meetings, repeated ones included.
    pub fn questions(&self) -> u64 {
        self.questions
    }

    /// Number of pairs that have not met.
    pub fn pairs_left(&self) -> u64 {
        let items = self.later.len() as u64;
        let met: usize = self.later.iter().map(BTreeMap::len).sum();
        items * items.saturating_sub(1) / 2 - met as u64
    }
}
