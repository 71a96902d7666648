//! What a key may be used for.

use std::fmt;

use serde::Deserialize;

/// One kind of use. No scope holds another: a key may do what its scopes name and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// See judges and the contract.
    Read,
    /// Score images, decide over them, and ask questions about them.
    Score,
    /// Compare images.
    Compare,
    /// Rank images.
    Rank,
    /// Start, follow and cancel jobs of one's own.
    Jobs,
    /// Fit and read calibration maps.
    Calibrations,
    /// Give labels and read audits.
    Agreement,
    /// Read the service's metrics.
    Metrics,
    /// Change the service as it runs.
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Scope; 9] = [
        Scope::Read,
        Scope::Score,
        Scope::Compare,
        Scope::Rank,
        Scope::Jobs,
        Scope::Calibrations,
        Scope::Agreement,
        Scope::Metrics,
        Scope::Admin,
    ];

    /// Its name in configurations and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Score => "score",
            Scope::Compare => "compare",
            Scope::Rank => "rank",
            Scope::Jobs => "jobs",
            Scope::Calibrations => "calibrations",
            Scope::Agreement => "agreement",
            Scope::Metrics => "metrics",
            Scope::Admin => "admin",
        }
    }

    /// The scope of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Scope::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
