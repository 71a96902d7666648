//! The audit: how far one judge's values, read from a file, agree with people's, read from another.
//!
//! An item takes part when people rated it. What the judge did not answer is counted and shown, and what stands in
//! for it is a choice with a name. Files are read as streams, and ids are compared by digest and never held as text:
//! memory is about 130 bytes an item, whatever else the rows hold (measured: 1.3 GB for ten million items).
//!
//! Columns that are found by their names, unless others are given:
//!
//! | what | names | in |
//! |---|---|---|
//! | id | `id`, `item`, `image`, `img_path`, `name`, `filename`, ... | both |
//! | the judge's value | `score`, `judged`, `predicted`, `value`, `verdict`, ... | judged |
//! | people's value | `human`, `mos`, `gt_score`, `label`, `mean`, ...; else the mean of the raters | human |
//! | single raters | `rater_1`, `annotator2`, `human 3`, ..., two at least | human |
//! | spread of human ratings | `sd`, `std`, `human_sd`, with `ratings`, `votes`, `n`, ... | human |
//! | place at which an item was shown | `position`, `order`: 1, 2, ... or `first`, `second` | judged |
//! | pair shown in swapped order | `swapped`: true or false, two rows an id; values are the first shown one's share | judged |
//! | length of what was judged | `length`, `chars`, `words`, `tokens` | either |
//! | who made what was judged | `author`, `generator`, `source_model` | either |

mod against;
mod baselines;
mod bias;
mod calibrated;
mod check;
mod coefficients;
mod columns;
mod compared;
mod draws;
mod duplicates;
mod error;
mod figures;
mod further;
mod groups;
mod join;
mod load;
mod model;
mod names;
mod options;
mod people;
mod provenance;
mod ranks;
mod reliability;
mod sentence;
mod side;
mod warnings;
mod word;

pub use error::{AuditError, NothingInCommon};
pub use model::{
    Audit, Baseline, Bin, Calibration, Comparison, Counts, Disagreement, Figures, Finding, Input,
    JudgeRow, Judges, Named, PolicyRow, ReasonCount, Row, SCHEMA, Spread, Unmatched,
};
pub use options::{AuditOptions, Better, Duplicates, Matching, Missing, NamedColumns};
pub use reliability::{Audited, ReportError, read_report};
pub use sentence::{percent, thousands};

use std::collections::BTreeMap;

use check::{check, undefined};
use draws::Draws;
use join::{Item, Joined};
use provenance::{conventions, counts, input, judge_name};
use warnings::warnings;

use crate::stats::PairedSample;
use crate::stats::fit::MapFit;
use crate::stats::resample::Plan;

/// Items in the list of disagreements.
const DISAGREEMENTS: usize = 10;

/// Audits a judge.
///
/// # Errors
/// What is wrong with a file, with line and column; ids that do not meet; values without any coefficient.
pub fn audit(options: &AuditOptions) -> Result<Audit, AuditError> {
    let mut joined = load::load(options)?;
    check(&joined, options)?;
    if options.baselines.is_empty() {
        joined.human.keys = Vec::new();
    }
    let (used, sample) = joined.used(options.missing)?;
    let groups = names_of(&joined, &used, "group");
    let clusters = clusters_of(&joined, &used);
    let draws = Draws {
        clusters: clusters.as_deref(),
        plan: Plan {
            resamples: options.resamples,
            seed: options.seed,
            threads: options.threads,
        },
    };
    let preferences = joined.judged.words || joined.human.words;
    let mut estimates = coefficients::main_rows(&sample, draws);
    if estimates.iter().all(|row| row.value.is_none()) {
        return Err(undefined(&joined, &sample));
    }
    let (rows, fit) = beside_them(&sample, preferences, draws);
    estimates.extend(rows);
    if options.same_scale {
        estimates.extend(coefficients::error_rows(&sample, draws));
    }
    let is_short = sample.len() <= further::MOST_ITEMS || options.full;
    if is_short && !preferences {
        let spreads = further::Spreads::of(&joined, &used);
        let same_scale = options.same_scale;
        let rows = further::rows(&sample, fit.as_ref(), spreads.as_ref(), same_scale, draws);
        estimates.extend(rows);
    }
    if let Some(groups) = &groups {
        estimates.extend(groups::rows(&sample, groups, draws)?);
    }
    let ratings = people::ratings(&joined, &used);
    let mut baselines = baselines::baselines(&sample, preferences, options.same_scale);
    baselines.extend(baselines::ceilings(&joined, &used, ratings.as_ref(), draws));
    let raters = match &ratings {
        Some(Ok(ratings)) => people::rows(ratings, draws),
        Some(Err(_)) | None => Vec::new(),
    };
    let judge = judge_name(
        options.judge.as_deref(),
        &joined.judged,
        options.judged.path(),
    );
    let counts = counts(&joined, used.len());
    let mut audit = Audit {
        schema: SCHEMA,
        opine: env!("CARGO_PKG_VERSION"),
        n: used.len(),
        coverage: counts.scored as f64 / counts.human_items as f64,
        sentence: String::new(),
        warnings: Vec::new(),
        inputs: vec![
            input("judged", &joined.judged),
            input("human", &joined.human),
        ],
        conventions: conventions(options, clusters.as_deref(), is_short),
        estimates,
        missing_policies: missing_policies(&joined),
        baselines,
        raters,
        bias: bias::findings(&sample, &joined, &used, &counts, &judge),
        calibration: calibrated::calibration(&sample, options.same_scale, fit.as_ref(), draws)?,
        judges: None,
        comparisons: Vec::new(),
        disagreements: disagreements(&joined, &used, &sample, options)?,
        figures: figures::figures(&sample, groups.as_deref(), fit.as_ref(), options.seed),
        judge,
        counts,
    };
    audit.warnings = warnings(&audit, &sample, clusters.as_deref());
    if joined.judged.lower_is_better && options.judged_better == Better::Higher {
        let warning =
            "the judged file says that lower is better on its scale; pass `--judged-better lower`";
        audit.warnings.insert(0, warning.to_owned());
    }
    audit.sentence = sentence::sentence(&audit);
    drop((groups, used, sample));
    if !options.baselines.is_empty() {
        against::compare(&mut audit, joined, options, draws.plan)?;
    }
    Ok(audit)
}

/// What is usual beside the three coefficients, and the fitted curve where one exists.
fn beside_them(
    sample: &PairedSample,
    preferences: bool,
    draws: Draws<'_>,
) -> (Vec<Row>, Option<MapFit>) {
    if preferences {
        return (coefficients::preference_rows(sample, draws), None);
    }
    let (mut rows, fit) = coefficients::fit_rows(sample, draws);
    rows.extend(coefficients::pair_rows(sample, draws));
    (rows, fit)
}

/// Pearson's, Spearman's and Kendall's coefficients of one set of items, with their intervals.
pub fn main_rows(sample: &PairedSample, plan: Plan) -> Vec<Row> {
    let draws = Draws {
        clusters: None,
        plan,
    };
    coefficients::main_rows(sample, draws)
}

impl Audit {
    /// Whether every item that people rated was scored, and every row of either file had its counterpart.
    pub fn is_complete(&self) -> bool {
        self.counts.scored == self.counts.human_items
            && self.counts.human_missing.is_empty()
            && self.counts.only_judged.n == 0
            && self.counts.duplicates_left_out == 0
    }
}

fn names_of<'a>(joined: &'a Joined, used: &[Item], role: &str) -> Option<Vec<&'a str>> {
    joined.has(role).then(|| {
        used.iter()
            .map(|item| joined.name(role, item).unwrap_or("(none)"))
            .collect()
    })
}

/// The cluster of every item, numbered from 0; an item without a cluster is its own.
fn clusters_of(joined: &Joined, used: &[Item]) -> Option<Vec<u32>> {
    if !joined.has("cluster") {
        return None;
    }
    let mut known: BTreeMap<&str, u32> = BTreeMap::new();
    let mut next = 0;
    let mut numbers = Vec::with_capacity(used.len());
    for item in used {
        let number = match joined.name("cluster", item) {
            Some(name) => *known.entry(name).or_insert(next),
            None => next,
        };
        if number == next {
            next += 1;
        }
        numbers.push(number);
    }
    Some(numbers)
}

/// The main coefficients under every policy, where a policy makes a difference.
fn missing_policies(joined: &Joined) -> Vec<PolicyRow> {
    if joined.scored() == joined.items.len() {
        return Vec::new();
    }
    [Missing::Drop, Missing::Worst, Missing::Mean, Missing::Zero]
        .into_iter()
        .map(|policy| {
            let used = joined.used(policy);
            let value = |name| {
                let (_, sample) = used.as_ref().ok()?;
                coefficients::main(name, sample)
                    .ok()
                    .map(|estimate| estimate.value)
            };
            PolicyRow {
                policy: policy.name(),
                meaning: policy.describe(),
                n: used.as_ref().map_or(0, |(items, _)| items.len()),
                pearson: value("pearson"),
                spearman: value("spearman"),
                kendall_tau_b: value("kendall_tau_b"),
            }
        })
        .collect()
}

fn disagreements(
    joined: &Joined,
    used: &[Item],
    sample: &PairedSample,
    options: &AuditOptions,
) -> Result<Vec<Disagreement>, AuditError> {
    let (judged, human) = (
        ranks::rank_shares(sample.predicted()),
        ranks::rank_shares(sample.human()),
    );
    let apart = |index: &usize| (judged[*index] - human[*index]).abs();
    let mut order: Vec<usize> = (0..used.len()).collect();
    order.sort_by(|a, b| apart(b).total_cmp(&apart(a)).then(a.cmp(b)));
    order.truncate(DISAGREEMENTS);
    let rows: Vec<u32> = order.iter().map(|index| used[*index].human_row).collect();
    let ids = side::ids_of_rows(&joined.human.table, &joined.human.taken[0].1, &rows)?;
    Ok(order
        .into_iter()
        .zip(ids)
        .map(|(index, id)| Disagreement {
            id,
            judged: options.judged_better.upward(sample.predicted()[index]),
            human: options.human_better.upward(sample.human()[index]),
            judged_rank: judged[index],
            human_rank: human[index],
        })
        .collect())
}
