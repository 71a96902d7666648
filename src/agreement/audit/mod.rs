//! The audit: how far one judge's values, read from a file, agree with people's, read from another.
//!
//! An item takes part when people rated it. What the judge did not answer is counted and shown, and what stands in
//! for it is a choice with a name. Ids are compared by digest and never held as text, so that memory is about
//! 60 bytes a row of either file, with as much again while coefficients are computed.
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
mod coefficients;
mod columns;
mod compared;
mod error;
mod figures;
mod groups;
mod join;
mod load;
mod model;
mod options;
mod ranks;
mod sentence;
mod side;
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

use compared::Shared;
use join::{Item, Joined};
use side::Side;

use crate::stats::comparing::Resampling;
use crate::stats::resample::Plan;
use crate::stats::{PairedSample, Ranks, Side as SampleSide, StatsError};

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

/// Refuses files without a single item, and missing values where none are allowed.
fn check(joined: &Joined, options: &AuditOptions) -> Result<(), AuditError> {
    let nothing = |side: &Side, detail: String, remedy| AuditError::NothingScored {
        file: side.table.path().to_owned(),
        column: column_of(side),
        detail,
        remedy,
    };
    let listed = |reasons: &[(String, u64)]| {
        let shown = reasons
            .iter()
            .take(3)
            .map(|(reason, line)| format!("{reason}, first on line {line}"));
        shown.collect::<Vec<_>>().join("; ")
    };
    if joined.items.is_empty() {
        let detail = format!(
            "no matched row has a human value ({})",
            listed(&joined.human.reasons)
        );
        return Err(nothing(
            &joined.human,
            detail,
            "name another column with `--human-column`",
        ));
    }
    let scored = joined.scored();
    if scored == 0 {
        let detail = format!(
            "no matched row has a value of the judge ({})",
            listed(&joined.judged.reasons)
        );
        return Err(nothing(
            &joined.judged,
            detail,
            "name another column with `--judged-column`",
        ));
    }
    if options.missing == Missing::Refuse && scored < joined.items.len() {
        let reasons = joined.reasons();
        return Err(AuditError::Refused {
            n: joined.items.len() - scored,
            of: joined.items.len(),
            reasons: reasons
                .iter()
                .map(|(reason, n, line)| {
                    line.map_or_else(
                        || format!("{n} {reason}"),
                        |line| {
                            format!(
                                "{n} {reason}, first in {} on line {line}",
                                joined.judged.table.path().display()
                            )
                        },
                    )
                })
                .collect::<Vec<_>>()
                .join("; "),
        });
    }
    Ok(())
}

fn column_of(side: &Side) -> String {
    let value = side.taken.iter().find(|(role, _)| *role == "value");
    value.map_or_else(|| "mean of raters".to_owned(), |(_, column)| column.clone())
}

/// Blames the file whose values have no coefficient.
fn undefined(joined: &Joined, sample: &PairedSample) -> AuditError {
    let error = sample
        .require_varied("correlation", 3)
        .err()
        .unwrap_or_else(|| StatsError::Undefined {
            statistic: "correlation",
            reason: "no coefficient exists for these values".to_owned(),
        });
    let constant = |of| matches!(&error, StatsError::Constant { side, .. } if *side == of);
    let (side, remedy) = if constant(SampleSide::Human) {
        (&joined.human, "name another column with `--human-column`")
    } else if constant(SampleSide::Predicted) {
        (
            &joined.judged,
            "check the judge: it gave every item the same value; or name another column with `--judged-column`",
        )
    } else {
        (
            &joined.human,
            "give at least three items that both files have",
        )
    };
    AuditError::Undefined {
        file: side.table.path().to_owned(),
        column: column_of(side),
        error: Box::new(error),
        remedy,
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

fn judge_name(named: Option<&str>, side: &Side, path: &Path) -> String {
    named
        .map(str::to_owned)
        .or_else(|| side.judge.clone())
        .unwrap_or_else(|| {
            path.file_stem().map_or_else(
                || "judge".to_owned(),
                |stem| stem.to_string_lossy().into_owned(),
            )
        })
}

fn input(role: &'static str, side: &Side) -> Input {
    let path = side.table.path();
    Input {
        role,
        file: path.file_name().map_or_else(
            || path.display().to_string(),
            |name| name.to_string_lossy().into_owned(),
        ),
        format: side.table.format().name(),
        rows: side.values.len(),
        digest: side.digest.to_string(),
        columns: side
            .taken
            .iter()
            .map(|(role, column)| Named::new(*role, column))
            .collect(),
    }
}

fn counts(joined: &Joined, used: usize) -> Counts {
    let scored = joined.scored();
    let human_missing = joined
        .human
        .reasons
        .iter()
        .enumerate()
        .map(|(place, (reason, line))| {
            let n = joined
                .human
                .state
                .iter()
                .filter(|state| usize::from(**state) == place + 1)
                .count();
            ReasonCount {
                reason: reason.clone(),
                kind: "missing",
                n,
                first_line: Some(*line),
            }
        });
    Counts {
        judged_rows: joined.judged.values.len(),
        human_rows: joined.human.values.len(),
        human_items: joined.items.len(),
        scored,
        stood_in: used - scored,
        unscored: joined
            .reasons()
            .into_iter()
            .map(|(reason, n, first_line)| ReasonCount {
                kind: bias::kind_of(&reason),
                reason,
                n,
                first_line,
            })
            .collect(),
        human_missing: human_missing.collect(),
        only_judged: joined.only_judged.clone(),
        only_human: joined.only_human.clone(),
        duplicates_left_out: joined.judged.duplicates + joined.human.duplicates,
    }
}

fn conventions(options: &AuditOptions, clusters: Option<&[u32]>) -> Vec<Named> {
    let better = format!(
        "judged: {} is better; human: {} is better{}",
        options.judged_better.name(),
        options.human_better.name(),
        if (options.judged_better, options.human_better) == (Better::Higher, Better::Higher) {
            ""
        } else {
            "; values where lower is better are negated when read"
        }
    );
    let mut found = vec![
        Named::new(
            "missing values",
            format!("{}: {}", options.missing.name(), options.missing.describe()),
        ),
        Named::new(
            "ids",
            format!(
                "matched {}; on several rows: {}",
                options.matching.name(),
                options.duplicates.name()
            ),
        ),
        Named::new("direction", better),
        Named::new(
            "ties",
            "values as given; equal values share their midrank and are tied",
        ),
        Named::new("intervals", "95 %; method with each figure"),
        Named::new(
            "resampling",
            format!("{} resamples, seed {}", options.resamples, options.seed),
        ),
    ];
    if let (Some(clusters), Some(column)) = (clusters, &options.columns.cluster) {
        let count = clusters.iter().max().map_or(0, |last| *last as usize + 1);
        found.push(Named::new(
            "clusters",
            format!("{count} by `{column}`, drawn as a whole"),
        ));
    }
    if let Some(column) = &options.columns.group {
        found.push(Named::new(
            "groups",
            format!("by `{column}`; averaged as named"),
        ));
    }
    found
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

fn warnings(audit: &Audit, sample: &PairedSample, clusters: Option<&[u32]>) -> Vec<String> {
    let mut found = Vec::new();
    let counts = &audit.counts;
    let unscored = counts.human_items - counts.scored;
    if unscored > 0 {
        found.push(format!(
            "{} of {} items that people rated have no value of the judge; the figures under every policy are shown",
            thousands(unscored),
            thousands(counts.human_items)
        ));
    }
    for (n, what) in [
        (
            counts.human_missing.iter().map(|reason| reason.n).sum(),
            "row(s) of the human file have no value",
        ),
        (
            counts.only_judged.n,
            "id(s) of the judged file are not in the human file",
        ),
        (
            counts.duplicates_left_out,
            "row(s) were left out because their id occurs on another row",
        ),
    ] {
        if n > 0 {
            found.push(format!("{} {what}", thousands(n)));
        }
    }
    if audit.n < 30 {
        found.push(format!(
            "{} items are few: intervals are wide and their methods approximate",
            audit.n
        ));
    }
    let tied = Ranks::of(sample.predicted()).tie_share();
    if tied > 0.5 {
        found.push(format!(
            "{} % of the judge's values repeat another: rank statistics rest on ties, and their convention matters",
            percent(tied)
        ));
    }
    let nearly = nearly_tied(sample.predicted());
    if nearly > 0 {
        found.push(format!(
            "{} of the judge's values differ from a neighbour by less than a billionth of their range; if that is float noise, their order is arbitrary",
            thousands(nearly)
        ));
    }
    let overall = |name: &str| {
        audit
            .estimates
            .iter()
            .find(|row| row.name == name && row.is_overall())
            .and_then(|row| row.value)
    };
    if overall("spearman").is_some_and(|value| value < 0.0) {
        found.push("the correlation is negative: if lower values are better in one file, say so with `--judged-better lower` or `--human-better lower`".to_owned());
    }
    if let Some(clusters) = clusters {
        let count = clusters.iter().max().map_or(0, |last| last + 1);
        if count < 20 {
            found.push(format!(
                "{count} clusters are few: intervals over clusters are too narrow below about 20"
            ));
        }
    }
    if let (Some(pooled), Some(within)) = (
        overall("spearman"),
        audit
            .estimates
            .iter()
            .find(|row| row.name == "spearman" && row.average == Some("arithmetic"))
            .and_then(|row| row.value),
    ) && (pooled - within).abs() > 0.1
    {
        found.push(format!(
            "Spearman is {pooled:.3} over all items but {within:.3} on average within groups: part of the agreement is about groups, not items"
        ));
    }
    found
}

/// Neighbours in order that differ, but by less than 1e-9 of the range.
fn nearly_tied(values: &[f64]) -> usize {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let range = sorted.last().unwrap_or(&0.0) - sorted.first().unwrap_or(&0.0);
    let near = |pair: &&[f64]| pair[1] > pair[0] && pair[1] - pair[0] < 1e-9 * range;
    sorted.windows(2).filter(near).count()
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
