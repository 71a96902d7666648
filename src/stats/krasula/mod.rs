//! Krasula's analysis: can a judge tell different from similar, and better from worse?
//!
//! A pair of items whose human scores do not differ significantly is "similar", any other "different", with
//! one of the two better. Two questions follow, each an area under the ROC curve: are differences of the
//! judge's scores larger in different pairs (`auc_ds`), and do they point the right way (`auc_bw`)? Unlike a
//! correlation this asks nothing of pairs that people themselves cannot order.
//!
//! Krasula, Fliegel, Le Callet, Klíma, "On the accuracy of objective image and video quality models: New
//! methodology for performance evaluation" (QoMEX 2016). Values follow the authors' published program; where
//! its significance tests assume more than holds, the estimate's `convention` says so.

mod analysis;
mod comparison;
mod delong;
mod outcomes;
#[cfg(test)]
mod tests;

pub use analysis::{Krasula, krasula, krasula_of_items};
pub use comparison::{KrasulaComparison, compare_krasula};
pub use delong::{compare_roc_auc, roc_auc};
pub use outcomes::{ItemOpinion, Outcome, differences, outcomes};
