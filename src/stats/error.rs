//! What can be wrong with numbers before any statistic is taken of them.

use std::fmt;

/// Which column of a paired sample an error speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The judge's values.
    Predicted,
    /// People's values.
    Human,
}

impl Side {
    /// Whose values they are, in words.
    fn whose(self) -> &'static str {
        match self {
            Side::Predicted => "the judge",
            Side::Human => "people",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Side::Predicted => "predicted",
            Side::Human => "human",
        })
    }
}

/// Why a statistic does not exist for the given numbers.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatsError {
    /// Fewer observations than the statistic needs.
    #[error("`{statistic}` needs at least {needed} observations, got {got}")]
    TooFew {
        /// The statistic that was asked for.
        statistic: &'static str,
        /// The least number of observations for which it exists.
        needed: usize,
        /// How many there were.
        got: usize,
    },
    /// One column has the same value everywhere, so that no correlation exists.
    #[error("every value of {} is {value}: a constant column has no correlation", .side.whose())]
    Constant {
        /// The column.
        side: Side,
        /// Its only value.
        value: f64,
    },
    /// A value is NaN or infinite.
    #[error("the value of {} at index {index} is {value}: only finite numbers are allowed", .side.whose())]
    NonFinite {
        /// The column.
        side: Side,
        /// Position, from 0.
        index: usize,
        /// What stood there.
        value: f64,
    },
    /// Two columns that should be aligned are not of one length.
    #[error("`predicted` has {predicted} values and `human` has {human}: both must be aligned")]
    LengthMismatch {
        /// Length of the judge's column.
        predicted: usize,
        /// Length of the human column.
        human: usize,
    },
    /// An argument is outside the range in which the statistic is defined.
    #[error("`{argument}` is {value}; allowed is {allowed}")]
    Argument {
        /// The argument's name.
        argument: &'static str,
        /// What was given.
        value: String,
        /// What would have worked.
        allowed: &'static str,
    },
    /// The statistic is undefined for these numbers, for the reason given.
    #[error("`{statistic}` is undefined: {reason}")]
    Undefined {
        /// The statistic that was asked for.
        statistic: &'static str,
        /// Why it does not exist here.
        reason: String,
    },
    /// All outcomes are of one kind, so that nothing tells them apart.
    #[error("`{statistic}` needs outcomes of both kinds, all are {only}")]
    OneClass {
        /// The statistic that was asked for.
        statistic: &'static str,
        /// The only kind that there is.
        only: String,
    },
    /// An iterative method did not reach its tolerance.
    #[error("`{statistic}` did not converge after {iterations} iterations (last step {step:e})")]
    NotConverged {
        /// The statistic that was asked for.
        statistic: &'static str,
        /// How many iterations were made.
        iterations: usize,
        /// Size of the last step, in the method's own measure.
        step: f64,
    },
}
