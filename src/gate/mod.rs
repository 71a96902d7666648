//! Gates: from scores to accept, review or reject, with thresholds that mean something.
//!
//! Knows numbers, names and files of labels. Who is asked, and how, is its caller's business.

mod attempts;
mod best_of;
mod cascade;
mod decision;
pub mod drift;
mod fit;
mod labels;
mod policies;
mod policy;
pub mod release;
mod rows;

pub use attempts::{Attempt, Outlook, StopReason};
pub use best_of::{Picked, RankedCandidate, Uplift, pick, uplift};
pub use cascade::Saving;
pub use decision::{
    Decided, Decision, DimensionDecision, Grounds, ReasonGiven, Said, StageDecision, Tripped,
    decide, next_stage, tripped,
};
pub use fit::{Band, FitReport, FitSettings, PoweredReport, fit};
pub use labels::{
    GateLabels, GateLabelsError, Goods, LabelColumns, LabelSet, read_goods, read_labels,
    read_scores,
};
pub use policies::Policies;
pub use policy::{
    Bounds, Budget, Combine, Dimension, Fitted, Missing, NewPolicy, Policy, PolicyError, Stage,
    Tripwires,
};
pub use rows::{Row, RowColumns, read_rows};
