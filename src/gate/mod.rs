//! Gates: from scores to accept, review or reject, with thresholds that mean something.
//!
//! Knows numbers, names and files of labels. Who is asked, and how, is its caller's business.

mod best_of;
mod decision;
pub mod drift;
mod fit;
mod labels;
mod policy;
pub mod release;
mod rows;

pub use best_of::{Picked, RankedCandidate, Uplift, pick, uplift};
pub use decision::{
    Decided, Decision, DimensionDecision, ReasonGiven, Said, StageDecision, Tripped, decide,
    next_stage, tripped,
};
pub use fit::{Band, FitReport, FitSettings, fit};
pub use labels::{GateLabels, GateLabelsError, LabelColumns, read_labels};
pub use policy::{
    Bounds, Budget, Combine, Dimension, Fitted, Missing, Policy, PolicyError, Stage, Tripwires,
};
pub use rows::{Row, RowColumns, read_rows};
