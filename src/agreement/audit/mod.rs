//! The audit: how far one judge's values, read from a file, agree with people's, read from another.
//!
//! An item takes part when people rated it. What the judge did not answer is counted and shown, and what stands in
//! for it is a choice with a name. Files are read as streams, and ids are compared by digest and never held as text:
//! memory is about 100 bytes for an id in both files while they are read, whatever else their rows hold, and 270
//! bytes an item while coefficients are computed (measured: 271 MB for a million items, 2.5 GB for ten million).
//!
//! Columns that are found by their names, unless others are given:
//!
//! | what | names | in |
//! |---|---|---|
//! | id | `id`, `item`, `image`, `img_path`, `name`, `filename`, ... | both |
//! | the judge's value | `score`, `judged`, `predicted`, `value`, `verdict`, ... | judged |
//! | people's value | `human`, `mos`, `gt_score`, `label`, `mean`, ...; else the mean of `rater_1`, `rater_2`, ... | human |
//! | spread of human ratings | `sd`, `std`, `human_sd`, with `ratings`, `votes`, `n`, ... | human |
//! | place at which an item was shown | `position`, `order`: 1, 2, ... or `first`, `second` | judged |
//! | pair shown in swapped order | `swapped`: true or false, two rows an id; values are the first shown one's share | judged |
//! | length of what was judged | `length`, `chars`, `words`, `tokens` | either |
//! | who made what was judged | `author`, `generator`, `source_model` | either |

mod baselines;
mod bias;
mod calibrated;
mod check;
mod coefficients;
mod columns;
mod compared;
mod error;
mod figures;
mod groups;
mod join;
mod load;
mod model;
mod names;
mod options;
mod provenance;
mod ranks;
mod sentence;
mod side;
mod warnings;
mod word;

pub use error::{AuditError, NothingInCommon};
pub use model::{
    Audit, Baseline, Bin, Calibration, Comparison, Counts, Disagreement, Figures, Finding, Input,
    JudgeRow, Named, PolicyRow, ReasonCount, Row, SCHEMA, Spread, Unmatched,
};
pub use options::{AuditOptions, Better, Duplicates, Matching, Missing, NamedColumns};
pub use sentence::{percent, thousands};

use std::collections::BTreeMap;
use std::path::Path;

use check::{check, undefined};
use compared::Shared;
use join::{Item, Joined};
use provenance::{conventions, counts, input, judge_name};
use warnings::warnings;

use crate::stats::PairedSample;
use crate::stats::comparing::Resampling;
use crate::stats::resample::Plan;

/// Items in the list of disagreements.
const DISAGREEMENTS: usize = 10;

/// Audits a judge.
///
/// # Errors
/// What is wrong with a file, with line and column; ids that do not meet; values without any coefficient.
pub fn audit(options: &AuditOptions) -> Result<Audit, AuditError> {
    let joined = load::load(options)?;
    check(&joined, options)?;
    let used = joined.used(options.missing);
    let judged: Vec<f64> = used.iter().map(|(_, value)| *value).collect();
    let human: Vec<f64> = used
        .iter()
        .map(|(item, _)| joined.human_value(item))
        .collect();
    let sample = PairedSample::new(&judged, &human)?;
    let groups = names_of(&joined, &used, "group");
    let clusters = clusters_of(&joined, &used);
    let plan = Plan {
        resamples: options.resamples,
        seed: options.seed,
        threads: options.threads,
    };
    let preferences = joined.judged.words || joined.human.words;
    let same_scale = options.same_scale;

    let mut estimates = coefficients::main_rows(&sample, clusters.as_deref(), &plan);
    if estimates.iter().all(|row| row.value.is_none()) {
        return Err(undefined(&joined, &sample));
    }
    let fit = if preferences {
        estimates.extend(coefficients::preference_rows(&sample));
        None
    } else {
        let (rows, fit) = coefficients::fit_rows(&sample);
        estimates.extend(rows);
        estimates.extend(coefficients::pair_rows(&sample));
        fit
    };
    if same_scale {
        estimates.extend(coefficients::error_rows(&sample));
    }
    if let Some(groups) = &groups {
        let of_groups = groups::rows(&judged, &human, groups, clusters.as_deref(), &plan)?;
        estimates.extend(of_groups);
    }
    let judge = judge_name(options.judge.as_deref(), &joined.judged, &options.judged);
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
        conventions: conventions(options, clusters.as_deref()),
        estimates,
        missing_policies: missing_policies(&joined),
        baselines: baselines::baselines(&sample, &joined, &used, preferences, same_scale),
        bias: bias::findings(&sample, &joined, &used, &counts, &judge),
        calibration: calibrated::calibration(&sample, same_scale, fit.as_ref())?,
        comparison: None,
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
    drop((groups, used));
    if let Some(path) = &options.baseline {
        compare(&mut audit, path, joined, options)?;
    }
    Ok(audit)
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

fn names_of<'a>(joined: &'a Joined, used: &[(Item, f64)], role: &str) -> Option<Vec<&'a str>> {
    joined.has(role).then(|| {
        used.iter()
            .map(|(item, _)| joined.name(role, item).unwrap_or("(none)"))
            .collect()
    })
}

/// The cluster of every item, numbered from 0; an item without a cluster is its own.
fn clusters_of(joined: &Joined, used: &[(Item, f64)]) -> Option<Vec<u32>> {
    if !joined.has("cluster") {
        return None;
    }
    let mut known: BTreeMap<&str, u32> = BTreeMap::new();
    let mut next = 0;
    let mut numbers = Vec::with_capacity(used.len());
    for (item, _) in used {
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
            let judged: Vec<f64> = used.iter().map(|(_, value)| *value).collect();
            let human: Vec<f64> = used
                .iter()
                .map(|(item, _)| joined.human_value(item))
                .collect();
            let sample = PairedSample::new(&judged, &human);
            let value = |name| {
                let sample = sample.as_ref().ok()?;
                coefficients::main(name, sample)
                    .ok()
                    .map(|estimate| estimate.value)
            };
            PolicyRow {
                policy: policy.name(),
                meaning: policy.describe(),
                n: used.len(),
                pearson: value("pearson"),
                spearman: value("spearman"),
                kendall_tau_b: value("kendall_tau_b"),
            }
        })
        .collect()
}

fn disagreements(
    joined: &Joined,
    used: &[(Item, f64)],
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
    let rows: Vec<u32> = order.iter().map(|index| used[*index].0.human_row).collect();
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

/// Adds the comparison with the baseline judge.
fn compare(
    audit: &mut Audit,
    path: &Path,
    joined: Joined,
    options: &AuditOptions,
) -> Result<(), AuditError> {
    let stand_in = joined.stand_in(options.missing);
    let first: BTreeMap<u32, (Option<f64>, Item)> = joined
        .items
        .iter()
        .map(|item| (item.human_row, (item.judged.or(stand_in), *item)))
        .collect();
    let clusters = |shared: &[(Item, f64)]| clusters_of(&joined, shared);
    // The human side is needed by both joins; its clusters are numbered before it moves on.
    let all: Vec<(Item, f64)> = joined.items.iter().map(|item| (*item, 0.0)).collect();
    let cluster_of: Option<BTreeMap<u32, u32>> = clusters(&all).map(|numbers| {
        all.iter()
            .map(|(item, _)| item.human_row)
            .zip(numbers)
            .collect()
    });
    let other = load::load_other(path, options, joined.human)?;
    let other_stand_in = other.stand_in(options.missing);
    let mut shared = Shared {
        judge: audit.judge.clone(),
        baseline: judge_name(options.baseline_judge.as_deref(), &other.judged, path),
        judged: Vec::new(),
        other: Vec::new(),
        human: Vec::new(),
        clusters: cluster_of.as_ref().map(|_| Vec::new()),
    };
    for item in &other.items {
        let Some((Some(judged), _)) = first.get(&item.human_row) else {
            continue;
        };
        let Some(value) = item.judged.or(other_stand_in) else {
            continue;
        };
        shared.judged.push(*judged);
        shared.other.push(value);
        shared.human.push(other.human_value(item));
        if let (Some(clusters), Some(cluster_of)) = (&mut shared.clusters, &cluster_of) {
            clusters.push(cluster_of[&item.human_row]);
        }
    }
    audit.inputs.push(input("baseline", &other.judged));
    let resampling = Resampling {
        resamples: options.resamples,
        seed: options.seed,
    };
    let comparison = compared::compare(&shared, resampling)?;
    if comparison.n < audit.n {
        audit.warnings.push(format!(
            "the comparison rests on the {} items that both judges scored",
            thousands(comparison.n)
        ));
    }
    audit.comparison = Some(comparison);
    Ok(())
}
