//! What an audit rests on: the files, the rows, and the choices.

use std::path::Path;

use super::bias;
use super::further::MOST_ITEMS;
use super::join::Joined;
use super::model::{Counts, Input, Named, ReasonCount};
use super::options::{AuditOptions, Better};
use super::sentence::thousands;
use super::side::Side;

pub(super) fn judge_name(named: Option<&str>, side: &Side, path: &Path) -> String {
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

pub(super) fn input(role: &'static str, side: &Side) -> Input {
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

pub(super) fn counts(joined: &Joined, used: usize) -> Counts {
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

pub(super) fn conventions(
    options: &AuditOptions,
    clusters: Option<&[u32]>,
    with_further: bool,
) -> Vec<Named> {
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
            format!(
                "{} resamples, fewer where items are many, seed {}",
                options.resamples, options.seed
            ),
        ),
    ];
    if let (Some(clusters), Some(column)) = (clusters, &options.columns.cluster) {
        let count = clusters.iter().max().map_or(0, |last| *last as usize + 1);
        found.push(Named::new(
            "clusters",
            format!(
                "{count} by `{column}`, drawn as a whole; closed-form p-values, calibrated ties, agreement of raters and their ceiling, and intervals of the bias panel take items as independent"
            ),
        ));
    }
    if let Some(column) = &options.columns.group {
        found.push(Named::new(
            "groups",
            format!("by `{column}`; averaged as named"),
        ));
    }
    if !with_further {
        found.push(Named::new(
            "left out",
            format!(
                "coefficients that take long, above {} items; pass `--full`",
                thousands(MOST_ITEMS)
            ),
        ));
    }
    found
}
