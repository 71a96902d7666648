//! What a threshold should hold.

use crate::stats::StatsError;

/// What a threshold should hold, with the confidence that is asked of its fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// Of the accepted items, at least this share is good.
    Precision(f64),
    /// Of the good items, at least this share is accepted.
    Recall(f64),
    /// An item costs at most this much in the mean: `false_accept` for each bad one that is accepted, `false_reject`
    /// for each good one that is not.
    Cost {
        /// Cost of accepting a bad item; not negative.
        false_accept: f64,
        /// Cost of not accepting a good item; not negative.
        false_reject: f64,
        /// The most that an item may cost in the mean.
        at_most: f64,
    },
}

impl Target {
    /// Name of the figure: `precision`, `recall` or `cost`.
    pub fn name(self) -> &'static str {
        match self {
            Target::Precision(_) => "precision",
            Target::Recall(_) => "recall",
            Target::Cost { .. } => "cost",
        }
    }

    /// The figure's bound: least precision, least recall, greatest cost.
    pub fn value(self) -> f64 {
        match self {
            Target::Precision(value) | Target::Recall(value) => value,
            Target::Cost { at_most, .. } => at_most,
        }
    }

    pub(super) fn check(self) -> Result<(), StatsError> {
        let share = |argument, value: f64| {
            if value > 0.0 && value < 1.0 {
                return Ok(());
            }
            Err(StatsError::Argument {
                argument,
                value: value.to_string(),
                allowed: "strictly between 0 and 1: no number of labels shows that a share is 1",
            })
        };
        match self {
            Target::Precision(value) => share("precision", value),
            Target::Recall(value) => share("recall", value),
            Target::Cost {
                false_accept,
                false_reject,
                at_most,
            } => {
                let dearest = false_accept.max(false_reject);
                let finite = [false_accept, false_reject, at_most]
                    .iter()
                    .all(|value| value.is_finite() && *value >= 0.0);
                if finite && at_most > 0.0 && at_most < dearest {
                    return Ok(());
                }
                Err(StatsError::Argument {
                    argument: "cost",
                    value: format!(
                        "{at_most} (false accept {false_accept}, false reject {false_reject})"
                    ),
                    allowed: "costs of 0 or more, and a bound above 0 and below the dearer of the two",
                })
            }
        }
    }
}
