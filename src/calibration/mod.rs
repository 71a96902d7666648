//! Maps from a judge's raw scores to a human scale: fitted on labels, measured on items that were held out,
//! kept in files, and applied to exactly the judge that they were fitted for.
//!
//! Knows tables and numbers. Who is asked, and how, is its caller's business; so is the clock, of which a map
//! holds nothing.

mod columns;
mod conformal;
mod error;
mod figures;
mod file;
mod fit;
mod folds;
mod held_out;
mod items;
mod judged;
mod key;
mod kind;
mod labels;
mod listed;
mod maps;
mod problem;
mod relation;
mod reliability;
mod report;
mod ties;

pub use conformal::{Conformal, Measure};
pub use error::CalibrationError;
pub use figures::{Figure, Figured};
pub(crate) use file::Lines;
pub use file::{Fitted, MapFault, MapFileError};
pub use fit::{Calibration, CalibrationSettings, calibrate};
pub use items::{Item, Items, Joined, Matching, join};
pub use judged::{JudgeName, Judged, JudgedColumns, read_judged};
pub use key::{Difference, JudgeKey};
pub use kind::MapKind;
pub use labels::{LabelOptions, Labels, read_labels};
pub use listed::{Listed, ListedMap, ListedTies};
pub use maps::{ApplyError, Calibrated, FittedMap, LabelSource, Maps, Mismatch};
pub use relation::Relation;
pub use reliability::{ReliabilityError, Relied, weights_of};
pub use report::{
    CalibrationReport, ConformalReport, FigureReport, HeldOutReport, ItemsReport, JudgeReport,
    Value,
};
pub use ties::{
    FittedTies, HumanPair, JudgedPairs, TieFigures, TieSettings, calibrate_ties, read_judged_pairs,
};
