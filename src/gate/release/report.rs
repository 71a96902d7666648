//! A release over several scores, as both faces print it.

use serde::Serialize;

use super::{Difference, ReleaseSettings, Row, Validity, difference, systems, validity};
use crate::stats::StatsError;
use crate::stats::comparing::{Correction, adjust_p_values};

/// What is found of a release.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReleaseReport {
    /// Whether the new system passes on every score; nothing where no two systems were named.
    pub passed: Option<bool>,
    /// By how much it may be worse, on the scale of the scores.
    pub margin: f64,
    /// Each score.
    pub dimensions: Vec<DimensionRelease>,
}

/// What one score says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DimensionRelease {
    /// Its name.
    pub score: String,
    /// The new system against the old one, where two were named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// How often the judge's verdict over two systems is people's, where people rated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validity: Option<Validity>,
}

/// The two systems of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Systems<'a> {
    /// The one that is to be released.
    pub new: &'a str,
    /// The one that it should replace.
    pub old: &'a str,
}

/// Why a release cannot be judged.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReleaseError {
    /// A system of which there is no item.
    #[error("no item is of the system `{system}`; there are {}", known.join(", "))]
    UnknownSystem {
        /// The system.
        system: String,
        /// Those of which there are items.
        known: Vec<String>,
    },
    /// Too few prompts, or none that all systems have.
    #[error("score `{score}`: {error}")]
    Stats {
        /// The score.
        score: String,
        /// What is wrong.
        error: StatsError,
    },
}

/// Judges a release by each of several scores, each with its rows; people's ratings, where there are any, are in each.
///
/// # Errors
/// [`ReleaseError`].
pub fn release(
    scores: &[(String, Vec<Row>)],
    between: Option<Systems<'_>>,
    is_rated: bool,
    settings: &ReleaseSettings,
) -> Result<ReleaseReport, ReleaseError> {
    let mut dimensions = Vec::with_capacity(scores.len());
    for (score, rows) in scores {
        let failed = |error: StatsError| ReleaseError::Stats {
            score: score.clone(),
            error,
        };
        let compared = match between {
            None => None,
            Some(between) => {
                known(rows, between)?;
                let found = difference(rows, between.new, between.old, |row| row.score, settings);
                Some(found.map_err(failed)?)
            }
        };
        let validity = is_rated.then(|| validity(rows, settings)).transpose();
        dimensions.push(DimensionRelease {
            score: score.clone(),
            difference: compared,
            validity: validity.map_err(failed)?,
        });
    }
    let found = dimensions.iter_mut();
    let mut found: Vec<&mut Difference> = found
        .filter_map(|dimension| dimension.difference.as_mut())
        .collect();
    correct(&mut found).map_err(|error| ReleaseError::Stats {
        score: "all".to_owned(),
        error,
    })?;
    let all_pass = found.iter().all(|difference| difference.non_inferior);
    Ok(ReleaseReport {
        passed: between.map(|_| all_pass),
        margin: settings.margin,
        dimensions,
    })
}

fn known(rows: &[Row], between: Systems<'_>) -> Result<(), ReleaseError> {
    let known = systems(rows);
    let unknown = [between.new, between.old]
        .into_iter()
        .find(|system| !known.iter().any(|name| name == system));
    match unknown {
        None => Ok(()),
        Some(system) => Err(ReleaseError::UnknownSystem {
            system: system.to_owned(),
            known,
        }),
    }
}

/// Corrects the p-values of several figures of one release by Holm's method.
///
/// # Errors
/// None for p-values from [`difference`].
fn correct(differences: &mut [&mut Difference]) -> Result<(), StatsError> {
    let p_values: Vec<f64> = differences.iter().map(|found| found.p_value).collect();
    for (found, p_holm) in differences
        .iter_mut()
        .zip(adjust_p_values(&p_values, Correction::Holm)?)
    {
        found.p_holm = Some(p_holm);
    }
    Ok(())
}
