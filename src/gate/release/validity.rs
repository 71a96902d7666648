//! Whether a release gate on a judge can be trusted: its verdicts over pairs of systems beside people's.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::agreement::agreement;
use super::{Agreement, Difference, Preferences, ReleaseSettings, Row, Shown, difference};
use crate::stats::StatsError;

/// A judge's verdicts over pairs of systems beside people's: whether a release gate on this judge can be trusted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Validity {
    /// Prompts that every system has whole.
    pub prompts: usize,
    /// Prompts that were left out: an item, a score or a rating is missing.
    pub left_out: usize,
    /// Pairs of systems.
    pub pairs: usize,
    /// Pairs with the same verdict: better, worse, or no difference shown.
    pub agree: usize,
    /// Their share with its intervals; nothing where there is one system only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agreement: Option<Agreement>,
    /// How often the judge prefers on a single prompt what people prefer; nothing where people prefer nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferences: Option<Preferences>,
    /// Pairs where both show a difference, and opposite ones.
    pub opposite: usize,
    /// Pairs where the judge shows a difference that people do not.
    pub invented: usize,
    /// Pairs where people show a difference that the judge does not.
    pub missed: usize,
    /// The pairs.
    pub verdicts: Vec<PairVerdict>,
}

/// One pair of systems.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PairVerdict {
    /// The system taken as new.
    pub new: String,
    /// The system taken as old.
    pub old: String,
    /// By the judge.
    pub judge: Difference,
    /// By people.
    pub human: Difference,
}

/// The systems of a table, in the order of their names.
pub fn systems(rows: &[Row]) -> Vec<String> {
    let names: BTreeSet<&str> = rows
        .iter()
        .filter_map(|row| row.system.as_deref())
        .collect();
    names.into_iter().map(str::to_owned).collect()
}

/// Compares every pair of systems by the judge and by people, on the prompts of which every system has an item, scored
/// and rated: all pairs then speak of the same prompts, and a judge that fails on some cannot choose them pair by pair.
///
/// # Errors
/// As [`difference`].
pub fn validity(rows: &[Row], settings: &ReleaseSettings) -> Result<Validity, StatsError> {
    let systems = systems(rows);
    let (rows, left_out) = whole_prompts(rows, systems.len());
    let rows = &rows;
    let human = ReleaseSettings {
        higher_is_better: true,
        ..*settings
    };
    let mut verdicts = Vec::new();
    for (at, new) in systems.iter().enumerate() {
        for old in &systems[at + 1..] {
            verdicts.push(PairVerdict {
                judge: difference(rows, new, old, |row| row.score, settings)?,
                human: difference(rows, new, old, |row| row.human, &human)?,
                new: new.clone(),
                old: old.clone(),
            });
        }
    }
    let count = |wanted: fn(Shown, Shown) -> bool| {
        let met = verdicts
            .iter()
            .filter(|pair| wanted(pair.judge.shown, pair.human.shown));
        met.count()
    };
    let (agreement, preferences) = match agreement(rows, &verdicts, settings)? {
        Some((agreement, preferences)) => (Some(agreement), preferences),
        None => (None, None),
    };
    Ok(Validity {
        prompts: verdicts.first().map_or(0, |pair| pair.judge.prompts),
        left_out,
        pairs: verdicts.len(),
        agree: count(|judge, human| judge == human),
        agreement,
        preferences,
        opposite: count(|judge, human| {
            judge != human && judge != Shown::NoDifference && human != Shown::NoDifference
        }),
        invented: count(|judge, human| judge != human && human == Shown::NoDifference),
        missed: count(|judge, human| judge != human && judge == Shown::NoDifference),
        verdicts,
    })
}

/// The rows of prompts where all systems have an item and nothing is missing, and how many prompts are left out.
fn whole_prompts(rows: &[Row], systems: usize) -> (Vec<Row>, usize) {
    let mut prompts: BTreeMap<&str, (BTreeSet<&str>, bool)> = BTreeMap::new();
    for row in rows {
        let Some(system) = row.system.as_deref() else {
            continue;
        };
        let (seen, whole) = prompts
            .entry(&row.group)
            .or_insert_with(|| (BTreeSet::new(), true));
        seen.insert(system);
        *whole &= row.score.is_some() && row.human.is_some();
    }
    let is_whole = |prompt: &str| {
        prompts
            .get(prompt)
            .is_some_and(|(seen, whole)| *whole && seen.len() == systems)
    };
    let kept: Vec<Row> = rows
        .iter()
        .filter(|row| is_whole(&row.group))
        .cloned()
        .collect();
    let left_out = prompts.keys().filter(|prompt| !is_whole(prompt)).count();
    (kept, left_out)
}
