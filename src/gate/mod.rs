//! Gates: from scores to accept, review or reject, with thresholds that mean something.
//!
//! Knows numbers, names and files of labels. Who is asked, and how, is its caller's business.

mod best_of;
pub mod drift;
mod fit;
mod labels;
pub mod release;
mod rows;

pub use best_of::{Picked, RankedCandidate, Uplift, pick, uplift};
pub use fit::{Band, FitReport, FitSettings, fit};
pub use labels::{GateLabels, GateLabelsError, LabelColumns, read_labels};
pub use rows::{Row, RowColumns, read_rows};
