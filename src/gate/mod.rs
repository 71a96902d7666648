//! Gates: from scores to accept, review or reject, with thresholds that mean something.
//!
//! Knows numbers, names and files of labels. Who is asked, and how, is its caller's business.

mod fit;
mod labels;

pub use fit::{Band, FitReport, FitSettings, fit};
pub use labels::{GateLabels, GateLabelsError, LabelColumns, read_labels};
