//! A tie width in a file of format 1, as it was first written. Its `kind` is `tie-width`.

use std::path::Path;

use serde::Deserialize;

use super::lines::Lines;
use super::version_1::{Judge, digest, key};
use super::{MapFault, MapFileError};
use crate::calibration::LabelSource;
use crate::calibration::figures::Figured;
use crate::calibration::ties::{FittedTies, TieFigures};
use crate::judging::protocol::OpinionRule;
use crate::judging::{Margin, TieWidth};

/// What `kind` says of such a file.
pub(super) const KIND: &str = "tie-width";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "format")]
    _format: u32,
    #[serde(rename = "kind")]
    _kind: String,
    judge: Judge,
    ties: Ties,
    pairs: Pairs,
    held_out: HeldOut,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ties {
    by: Option<String>,
    margin: String,
    width: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pairs {
    source: String,
    digest: String,
    n: usize,
    votes: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldOut {
    folds: usize,
    seed: u64,
    agreement: f64,
    agreement_interval: Option<[f64; 2]>,
    never: f64,
    never_interval: Option<[f64; 2]>,
    majority: f64,
    majority_interval: Option<[f64; 2]>,
    over_never: f64,
    over_never_interval: Option<[f64; 2]>,
    over_majority: f64,
    over_majority_interval: Option<[f64; 2]>,
}

pub(super) fn read(text: &str, path: &Path) -> Result<FittedTies, MapFileError> {
    let file: File = toml::from_str(text)
        .map_err(|error| MapFileError::new(path, MapFault::Field, error.to_string()))?;
    let wrong = |detail: String| MapFileError::new(path, MapFault::Value, detail);
    let Ties { by, margin, width } = file.ties;
    let by = by
        .map(|name| {
            let rule = OpinionRule::from_name(&name);
            rule.ok_or_else(|| wrong(format!("`{name}` is no rule of comparing opinions")))
        })
        .transpose()?;
    let margin = Margin::from_name(&margin).ok_or_else(|| {
        wrong(format!(
            "`{margin}` is neither `log-odds` nor `probability`"
        ))
    })?;
    let name = path.file_name().map(|name| name.to_string_lossy());
    let held = file.held_out;
    let figured = |value, interval| Figured { value, interval };
    Ok(FittedTies {
        file: name.unwrap_or_default().into_owned(),
        key: key(file.judge, path)?,
        by,
        ties: TieWidth::new(margin, width).map_err(|error| wrong(error.to_string()))?,
        labels: LabelSource {
            digest: digest(&file.pairs.digest, path)?,
            source: file.pairs.source,
            n: file.pairs.n,
            group: None,
        },
        votes: file.pairs.votes,
        folds: held.folds,
        seed: held.seed,
        held_out: TieFigures {
            agreement: figured(held.agreement, held.agreement_interval),
            never: figured(held.never, held.never_interval),
            majority: figured(held.majority, held.majority_interval),
            over_never: figured(held.over_never, held.over_never_interval),
            over_majority: figured(held.over_majority, held.over_majority_interval),
        },
    })
}

pub(super) fn text(fitted: &FittedTies) -> String {
    let mut out = Lines::default();
    out.comment("A tie width: within which margin one judge's comparisons are ties.");
    out.comment("Written by `opine calibrate-ties`; applied to exactly the judge below, and refused for any other.");
    out.number("format", super::FORMAT);
    out.text("kind", KIND);
    out.judge(&fitted.key);
    out.section("ties", &[
        "Comparisons whose margin is of this size or less are ties. `by` is how a judge that rates compares;",
        "the margin is log-odds of the first over the second, or the difference of their probabilities.",
    ]);
    if let Some(by) = fitted.by {
        out.text("by", by.name());
    }
    out.text("margin", fitted.ties.margin().name());
    out.float("width", fitted.ties.width());
    out.section(
        "pairs",
        &["What it was fitted on: pairs that the judge and people compared."],
    );
    out.text("source", &fitted.labels.source);
    out.text("digest", &fitted.labels.digest.to_string());
    out.number("n", fitted.labels.n);
    out.number("votes", fitted.votes);
    out.section("held_out", &[
        "Mean share of people who say what the judge says, each pair by the width of the other folds; where no",
        "margin but 0 is a tie; of always saying what most people say; and what the width gains over both.",
    ]);
    out.number("folds", fitted.folds);
    out.number("seed", fitted.seed);
    let figures = &fitted.held_out;
    for (name, interval, figured) in [
        ("agreement", "agreement_interval", &figures.agreement),
        ("never", "never_interval", &figures.never),
        ("majority", "majority_interval", &figures.majority),
        ("over_never", "over_never_interval", &figures.over_never),
        (
            "over_majority",
            "over_majority_interval",
            &figures.over_majority,
        ),
    ] {
        out.figured(name, interval, Some(figured));
    }
    out.into_text()
}
