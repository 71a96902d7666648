//! The kinds of map.

use std::fmt;

/// Which map is fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MapKind {
    /// Only monotone: straight between pooled values.
    Isotonic,
    /// A sigmoid of the score, to the probability of label 1.
    Platt,
    /// The judge's own opinion at another temperature.
    Temperature,
    /// A logistic step between two heights.
    Logistic4,
    /// A logistic step between two parallel lines.
    Logistic5,
    /// Cumulative odds of ordered levels.
    Ordinal,
}

impl MapKind {
    /// Every kind.
    pub const ALL: [MapKind; 6] = [
        MapKind::Isotonic,
        MapKind::Platt,
        MapKind::Temperature,
        MapKind::Logistic4,
        MapKind::Logistic5,
        MapKind::Ordinal,
    ];

    /// Stable name in files and options.
    pub fn name(self) -> &'static str {
        match self {
            MapKind::Isotonic => "isotonic",
            MapKind::Platt => "platt",
            MapKind::Temperature => "temperature",
            MapKind::Logistic4 => "logistic4",
            MapKind::Logistic5 => "logistic5",
            MapKind::Ordinal => "ordinal",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        MapKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for MapKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
