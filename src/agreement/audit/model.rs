//! The audit as data: what the JSON report holds, and what the other reports are drawn from.

use serde::Serialize;

use crate::stats::{Estimate, Interval, StatsError};

/// Name and version of the report's form; it changes when a field changes its meaning or goes away.
pub const SCHEMA: &str = "opine.audit/1";

/// How far a judge agrees with people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Audit {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// Version of the program.
    pub opine: &'static str,
    /// Name of the judge.
    pub judge: String,
    /// Number of items that the estimates rest on.
    pub n: usize,
    /// Share of the items with a human value for which the judge gave one.
    pub coverage: f64,
    /// What a reader may quote.
    pub sentence: String,
    /// What a reader should know first.
    pub warnings: Vec<String>,
    /// The files and the columns taken from them.
    pub inputs: Vec<Input>,
    /// What came together and what did not.
    pub counts: Counts,
    /// Every choice that another audit might have made otherwise.
    pub conventions: Vec<Named>,
    /// Agreement over all items, then per group, then averaged over groups.
    pub estimates: Vec<Row>,
    /// The same coefficients under each way of treating missing values; empty where nothing is missing.
    pub missing_policies: Vec<PolicyRow>,
    /// What no judge, a constant judge and a person would reach.
    pub baselines: Vec<Baseline>,
    /// Agreement of the raters with each other; empty without columns of raters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub raters: Vec<Row>,
    /// What moves the judge besides what people see.
    pub bias: Vec<Finding>,
    /// Whether stated probabilities come true; absent where the values are no probabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// Every judge on the items that all of them scored; absent without a baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judges: Option<Judges>,
    /// The judge against each baseline, on the items that both scored.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub comparisons: Vec<Comparison>,
    /// Items on which judge and people rank farthest apart.
    pub disagreements: Vec<Disagreement>,
    /// What the figures are drawn from.
    pub figures: Figures,
}

/// A file and the columns taken from it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Input {
    /// `judged`, `human` or `baseline`.
    pub role: &'static str,
    /// Name of the file, without its folder.
    pub file: String,
    /// `csv`, `tsv`, `delimited`, `json` or `jsonl`.
    pub format: &'static str,
    /// Rows read.
    pub rows: usize,
    /// Digest of the bytes.
    pub digest: String,
    /// What was taken from which column.
    pub columns: Vec<Named>,
}

/// A name and a value, shown in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

impl Named {
    /// A name and a value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Named {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// What came together and what did not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Counts {
    /// Rows of the judged file.
    pub judged_rows: usize,
    /// Rows of the human file.
    pub human_rows: usize,
    /// Items with a human value.
    pub human_items: usize,
    /// Those of them with a value of the judge.
    pub scored: usize,
    /// Items that entered the estimates with something standing in for the judge's value.
    pub stood_in: usize,
    /// Items with a human value and none of the judge, by reason.
    pub unscored: Vec<ReasonCount>,
    /// Rows of the human file without a value, by reason.
    pub human_missing: Vec<ReasonCount>,
    /// Ids of the judged file that the human file does not have.
    pub only_judged: Unmatched,
    /// Ids of the human file that the judged file does not have.
    pub only_human: Unmatched,
    /// Rows left out because their id occurs on another row.
    pub duplicates_left_out: usize,
}

/// A reason and how often it was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReasonCount {
    /// The reason.
    pub reason: String,
    /// `refusal`, `parse_failure`, `low_coverage`, `not_applicable`, `missing`, `unmatched` or `other`.
    pub kind: &'static str,
    /// How many items.
    pub n: usize,
    /// Line of the first such row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_line: Option<u64>,
}

/// Ids that only one file has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmatched {
    /// How many.
    pub n: usize,
    /// The first few.
    pub first: Vec<String>,
}

/// A statistic.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Its name: `pearson`, `spearman`, `kendall_tau_b`, ...; an average over groups has the average in its name,
    /// as in `pearson_fisher_z_mean`.
    pub name: String,
    /// The group it is of; absent over all items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// How it is averaged over groups; absent where it is no average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<&'static str>,
    /// The value; `null` where it does not exist, and `note` says why.
    pub value: Option<f64>,
    /// 95 % interval.
    pub ci: Option<[f64; 2]>,
    /// How the interval was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ci_method: Option<String>,
    /// The interval that takes items as independent, beside that of whole clusters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ci_independent: Option<[f64; 2]>,
    /// Two-sided p-value of no association.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_value: Option<f64>,
    /// The p-value after Holm's correction over all tests that `note` counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p_value_holm: Option<f64>,
    /// Number of items; of groups for an average.
    pub n: usize,
    /// How the p-value was computed.
    pub method: String,
    /// The choices that another program might have made otherwise.
    pub convention: String,
    /// Why there is no value, or what to know of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether reports show it in the second table.
    #[serde(skip)]
    pub further: bool,
}

impl Row {
    /// The row of an estimate.
    pub fn of(estimate: &Estimate) -> Self {
        Row {
            name: estimate.name.to_owned(),
            group: None,
            average: None,
            value: Some(estimate.value),
            ci: estimate.interval.as_ref().map(ends),
            ci_method: estimate
                .interval
                .as_ref()
                .map(|interval| interval.method.to_string()),
            ci_independent: None,
            p_value: estimate.p_value,
            p_value_holm: None,
            n: estimate.n,
            method: estimate.method.to_string(),
            convention: estimate.convention.to_string(),
            note: None,
            further: false,
        }
    }

    /// The row of a statistic that does not exist.
    pub fn undefined(name: &str, n: usize, error: &StatsError) -> Self {
        Row {
            name: name.to_owned(),
            group: None,
            average: None,
            value: None,
            ci: None,
            ci_method: None,
            ci_independent: None,
            p_value: None,
            p_value_holm: None,
            n,
            method: "undefined".to_owned(),
            convention: String::new(),
            note: Some(error.to_string()),
            further: false,
        }
    }

    /// The row of either.
    pub fn from_result(name: &str, n: usize, result: &Result<Estimate, StatsError>) -> Self {
        match result {
            Ok(estimate) => Row {
                name: name.to_owned(),
                ..Row::of(estimate)
            },
            Err(error) => Row::undefined(name, n, error),
        }
    }

    /// The same of a group.
    #[must_use]
    pub fn in_group(mut self, group: &str) -> Self {
        self.group = Some(group.to_owned());
        self
    }

    /// Adds to what is to be known of the row.
    pub(super) fn add_note(&mut self, more: &str) {
        self.note = Some(match self.note.take() {
            Some(note) => format!("{note}; {more}"),
            None => more.to_owned(),
        });
    }

    /// An interval without width is no certainty, and the row says so.
    pub(super) fn warn_of_no_width(&mut self) {
        if self.ci.is_some_and(|[low, high]| high - low < 1e-12) {
            self.add_note(
                "the interval has no width: these items repeat one value in every draw, which more items need not; take it as unknown",
            );
        }
    }

    /// Whether the row is of all items together.
    pub fn is_overall(&self) -> bool {
        self.group.is_none() && self.average.is_none()
    }
}

/// Both ends of an interval.
pub(super) fn ends(interval: &Interval) -> [f64; 2] {
    [interval.low, interval.high]
}

/// Coefficients under one way of treating missing values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PolicyRow {
    /// Name of the policy.
    pub policy: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// Items that enter.
    pub n: usize,
    /// Pearson's r; `null` where it does not exist.
    pub pearson: Option<f64>,
    /// Spearman's rho.
    pub spearman: Option<f64>,
    /// Kendall's tau-b.
    pub kendall_tau_b: Option<f64>,
}

/// What somebody other than the judge would reach.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baseline {
    /// `chance`, `constant` or `ceiling`.
    pub kind: &'static str,
    /// The statistic that it is to be held against.
    pub statistic: String,
    /// Its value; `null` where it does not exist.
    pub value: Option<f64>,
    /// 95 % interval, where the figure is an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ci: Option<[f64; 2]>,
    /// How it was found, or why it does not exist.
    pub meaning: String,
}

/// One thing that moves a judge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// `scale_use`, `position`, `swap`, `length`, `self_preference` or `unscored`.
    pub topic: &'static str,
    /// What was measured.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// 95 % interval.
    pub ci: Option<[f64; 2]>,
    /// Observations.
    pub n: usize,
    /// How to read it.
    pub meaning: String,
}

/// Whether stated probabilities come true.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// What was taken for the probability and for the event.
    pub meaning: String,
    /// Calibration errors and proper scores.
    pub estimates: Vec<Row>,
    /// Reliability, brought down to what it is made of: bins in ascending order.
    pub bins: Vec<Bin>,
}

/// One bin of a reliability table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    /// Lower and upper edge.
    pub edges: [f64; 2],
    /// Number of items.
    pub n: usize,
    /// Mean of the judge's values.
    pub stated: f64,
    /// Mean of people's values: for events, the share that happened.
    pub observed: f64,
    /// 95 % interval of `observed`.
    pub ci: Option<[f64; 2]>,
}

/// Every judge on the items that all of them scored.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judges {
    /// How many items.
    pub n: usize,
    /// Coefficients of the judge and of each baseline.
    pub rows: Vec<JudgeRow>,
}

/// The judge against another on the same items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Name of the other judge.
    pub baseline: String,
    /// Items that both scored.
    pub n: usize,
    /// Differences, the judge less the baseline, with their tests.
    pub differences: Vec<Row>,
    /// What they say together.
    pub verdict: String,
}

/// One judge's coefficient on the shared items.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct JudgeRow {
    /// The judge.
    pub judge: String,
    /// The coefficient.
    #[serde(flatten)]
    pub row: Row,
}

/// An item on which judge and people differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Disagreement {
    /// Its id.
    pub id: String,
    /// The judge's value, as in the file.
    pub judged: f64,
    /// People's value, as in the file.
    pub human: f64,
    /// Rank by the judge as a share, 0 for the worst and 1 for the best.
    pub judged_rank: f64,
    /// Rank by people as a share.
    pub human_rank: f64,
}

/// What the figures are drawn from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// Judged and human values of items: all, or a seeded sample of them.
    pub points: Vec<[f64; 2]>,
    /// Items that `points` was drawn from.
    pub points_of: usize,
    /// The fitted curve, with the interval of its mean where known: x, y, low, high.
    pub curve: Vec<[f64; 4]>,
    /// Name and state of the curve.
    pub curve_name: String,
    /// Share of items in each cell of judged rank (columns) and human rank (rows), both in tenths.
    pub rank_cells: Vec<Vec<f64>>,
    /// Residuals by group: people's value less the fitted one.
    pub residuals: Vec<Spread>,
}

/// How values are spread: five points of the distribution.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// The group; absent for all items.
    pub group: Option<String>,
    /// Items.
    pub n: usize,
    /// Mean.
    pub mean: f64,
    /// 95 % interval of the mean.
    pub ci: Option<[f64; 2]>,
    /// 5, 25, 50, 75 and 95 % points.
    pub points: [f64; 5],
}
