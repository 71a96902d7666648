//! When enough was asked.

use crate::stats::strengths::RankRange;
use crate::stats::{Interval, StatsError};

/// How wide the intervals of a ranking are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Widths {
    /// Of the strengths, upper less lower end: the widest, in the unit of the strengths.
    pub widest: f64,
    /// Their mean.
    pub mean: f64,
    /// Of the places, worst less best: the widest. 0 where each item has one place only.
    pub widest_places: u32,
    /// Their mean.
    pub mean_places: f64,
}

impl Widths {
    /// Widths of intervals of strengths and of places.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] without an item; [`StatsError::Argument`] unless both are of as many items.
    pub fn new(strengths: &[Interval], places: &[RankRange]) -> Result<Self, StatsError> {
        if strengths.is_empty() {
            return Err(StatsError::TooFew {
                statistic: "widths of intervals",
                needed: 1,
                got: 0,
            });
        }
        if places.len() != strengths.len() {
            return Err(StatsError::Argument {
                argument: "places",
                value: format!("{} items", places.len()),
                allowed: "as many items as strengths",
            });
        }
        let widths = strengths
            .iter()
            .map(|interval| interval.high - interval.low);
        let spans = places
            .iter()
            .map(|place| place.worst.saturating_sub(place.best));
        let items = strengths.len() as f64;
        Ok(Widths {
            widest: widths.clone().fold(0.0, f64::max),
            mean: widths.sum::<f64>() / items,
            widest_places: spans.clone().max().unwrap_or(0),
            mean_places: spans.map(f64::from).sum::<f64>() / items,
        })
    }
}

/// What is narrow enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Narrow {
    /// Every interval of a strength is as wide as this at most.
    EachStrength(f64),
    /// Intervals of strengths are as wide as this at most in the mean.
    MeanStrength(f64),
    /// Every interval of a place spans this many places at most, 0 for a strict order.
    EachPlace(u32),
    /// Intervals of places span this many places at most in the mean.
    MeanPlace(f64),
}

impl Narrow {
    /// Whether the intervals are narrow enough.
    pub fn is_met(self, widths: &Widths) -> bool {
        match self {
            Narrow::EachStrength(most) => widths.widest <= most,
            Narrow::MeanStrength(most) => widths.mean <= most,
            Narrow::EachPlace(most) => widths.widest_places <= most,
            Narrow::MeanPlace(most) => widths.mean_places <= most,
        }
    }
}

/// When to stop.
///
/// Intervals that are looked at after each batch are narrow by luck a little more often than their level says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stopping {
    /// Stop once the intervals are this narrow; nothing to go on for as long as the budget lasts.
    pub narrow: Option<Narrow>,
    /// Most questions.
    pub budget: u64,
}

/// Why asking ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The intervals are narrow enough.
    Narrow,
    /// The budget is spent, and the intervals are wider than was asked for, or nothing was.
    Budget,
    /// No pair is left that may be asked about.
    Exhausted,
}

impl Stopping {
    /// Why to stop now, or nothing to go on, after `asked` questions with `left` that may still be asked.
    ///
    /// `widths` is nothing where no interval exists yet. Narrow intervals are named before a spent budget, and
    /// a spent budget before a lack of questions, where several are true.
    ///
    /// ```
    /// use opine::stats::choosing::{Stop, Stopping};
    /// let stopping = Stopping { narrow: None, budget: 400 };
    /// assert_eq!(stopping.now(399, 10, None), None);
    /// assert_eq!(stopping.now(400, 10, None), Some(Stop::Budget));
    /// ```
    pub fn now(&self, asked: u64, left: u64, widths: Option<&Widths>) -> Option<Stop> {
        let narrow = self.narrow.zip(widths);
        if narrow.is_some_and(|(narrow, widths)| narrow.is_met(widths)) {
            Some(Stop::Narrow)
        } else if asked >= self.budget {
            Some(Stop::Budget)
        } else if left == 0 {
            Some(Stop::Exhausted)
        } else {
            None
        }
    }
}
