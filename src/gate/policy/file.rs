//! A policy as typed. Every field is known by name; anything else is refused.

use serde::Deserialize;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyFile {
    pub format: Spanned<u32>,
    pub id: Spanned<String>,
    pub version: Spanned<String>,
    #[serde(default)]
    pub combine: CombineFile,
    #[serde(default)]
    pub missing: MissingFile,
    /// Of combinations of scores: accept from here on, 0 to 1.
    pub accept: Option<Spanned<f64>>,
    /// Of combinations of scores: reject from here down, 0 to 1.
    pub reject: Option<Spanned<f64>>,
    #[serde(default)]
    pub tripwires: TripwiresFile,
    #[serde(default)]
    pub budget: BudgetFile,
    #[serde(default)]
    pub dimension: Vec<Spanned<DimensionFile>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CombineFile {
    #[default]
    All,
    Any,
    Weighted,
    Geometric,
    Min,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MissingFile {
    #[default]
    Review,
    Reject,
    Ignore,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BudgetFile {
    pub questions: Option<Spanned<u64>>,
    pub attempts: Option<Spanned<u32>>,
    pub loop_questions: Option<Spanned<u64>>,
    pub no_gain: Option<Spanned<u32>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TripwiresFile {
    pub constant: bool,
    pub black: bool,
    pub white: bool,
    pub noise: bool,
    pub least_side: Option<u32>,
    pub longest_side: Option<u32>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub near_duplicate: bool,
}

impl Default for TripwiresFile {
    fn default() -> Self {
        TripwiresFile {
            constant: true,
            black: true,
            white: true,
            noise: true,
            least_side: None,
            longest_side: None,
            width: None,
            height: None,
            // The images of a request need not be candidates for one place.
            near_duplicate: false,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DimensionFile {
    pub name: Spanned<String>,
    #[serde(default = "yes")]
    pub required: bool,
    #[serde(default)]
    pub safety: bool,
    pub weight: Option<Spanned<f64>>,
    pub reason: Option<Spanned<String>>,
    /// Texts of the request that the judge is shown; those of its card unless said.
    #[serde(default)]
    pub stage: Vec<Spanned<StageFile>>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StageFile {
    pub judge: String,
    #[serde(default)]
    pub calibrated: bool,
    #[serde(default)]
    pub better: BetterFile,
    pub accept: Spanned<f64>,
    pub reject: Option<Spanned<f64>>,
    pub price: Option<Spanned<f64>>,
    pub fitted: Option<Spanned<FittedFile>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum BetterFile {
    #[default]
    Higher,
    Lower,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FittedFile {
    pub target: String,
    pub value: f64,
    pub confidence: f64,
    pub achieved: Option<f64>,
    pub bound: f64,
    pub n: usize,
    pub method: Option<String>,
    pub reject_bound: Option<f64>,
    pub labels: String,
    pub set: Option<String>,
    pub items: Option<usize>,
    pub yields: Option<YieldsFile>,
    pub judge: String,
    pub version: String,
    pub card: String,
    pub backend: String,
    pub model_revision: String,
    pub readout: String,
    pub preprocessing: String,
    pub temperature: Option<f64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct YieldsFile {
    pub accepted: f64,
    pub review: f64,
    pub rejected: f64,
}
