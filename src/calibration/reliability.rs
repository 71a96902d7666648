//! How far judges can be relied on, by what their maps' files say of them, and the weights that follow.

use super::maps::{FittedMap, Maps};
use crate::judging::{Provenance, Readout};
use crate::stats::jury::weights_by_correlation;

/// What a weight rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Relied {
    /// The file.
    pub file: String,
    /// Pearson's correlation of the judge's raw scores with people's, on the labels of the fit.
    pub correlation: f64,
    /// Labels that it rests on.
    pub n: usize,
    /// How the scores were read; it holds for no other reading.
    pub readout: Readout,
}

/// Why weights cannot be had from maps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReliabilityError {
    /// A member for which there is no map.
    #[error("no calibration map says how far `{judge}` can be relied on: {detail}")]
    NoMap {
        /// The member.
        judge: String,
        /// What there is instead.
        detail: String,
    },
    /// The correlations give no weights.
    #[error("{0}")]
    NoWeights(String),
}

impl Maps {
    /// How far the judge of this provenance can be relied on; `judge` names it in errors.
    ///
    /// Of the judge it asks for all that a map is bound to but the readout, which shows only when it answers.
    ///
    /// # Errors
    /// No map that was fitted for this very judge, more than one, or one without the figure.
    pub fn reliability(
        &self,
        judge: &str,
        provenance: Option<&Provenance>,
    ) -> Result<Relied, ReliabilityError> {
        let no_map = |detail: String| ReliabilityError::NoMap {
            judge: judge.to_owned(),
            detail,
        };
        let provenance = provenance.ok_or_else(|| {
            no_map("it cannot be asked now, so that it is not known which map is its".to_owned())
        })?;
        let fits = |map: &&FittedMap| map.check(provenance, map.key.readout).is_ok();
        let mut fitting = self.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(map), None) => relied(map).ok_or_else(|| {
                no_map(format!("`{}` has no figure `plcc` of raw scores", map.file))
            }),
            (Some(one), Some(other)) => Err(no_map(format!(
                "`{}` and `{}` both do; name one",
                one.file, other.file
            ))),
            (None, _) => {
                let nearest = self.iter().find(|map| map.key.judge == provenance.judge);
                let readout = nearest.map_or(Readout::ClosedSet, |map| map.key.readout);
                let why = self.for_provenance(provenance, readout);
                Err(no_map(why.err().map_or_else(
                    || "none was fitted for it".to_owned(),
                    |mismatch| mismatch.to_string(),
                )))
            }
        }
    }
}

fn relied(map: &FittedMap) -> Option<Relied> {
    let figure = map.figures.iter().find(|figure| figure.name == "plcc")?;
    Some(Relied {
        file: map.file.clone(),
        correlation: figure.before?.value,
        n: map.labels.n,
        readout: map.key.readout,
    })
}

/// Weights of members by their correlations with people, r^2 / (1 - r^2); see
/// [`weights_by_correlation`](crate::stats::jury::weights_by_correlation).
///
/// # Errors
/// A correlation that is none, or no member that agrees with people.
pub fn weights_of(correlations: &[f64]) -> Result<Vec<f64>, ReliabilityError> {
    weights_by_correlation(correlations)
        .map_err(|error| ReliabilityError::NoWeights(error.to_string()))
}
