//! What of a ranking's model a request may choose.

use super::body::{Scalar, Structure};
use super::problem::{Code, Problem};
use crate::ranking::{Covariates, IntervalKind, JudgedSettings};

/// Most resamples of one request.
const MOST_RESAMPLES: u64 = 2_000;

/// The model of a comparison, as a request has it.
#[derive(Debug, Default)]
pub(super) struct ModelSettings {
    judged: JudgedSettings,
    interval: Option<String>,
    resamples: Option<u64>,
    covariates: Vec<(String, Vec<f64>)>,
}

impl ModelSettings {
    /// Takes one of the fields that are strings or numbers; `false` for one that is none of a model's.
    pub(super) fn set(&mut self, name: &str, value: &Scalar) -> Result<bool, Problem> {
        let fault = |detail: String| Problem::new(Code::InvalidValue, detail);
        match name {
            "model" => {
                let known = JudgedSettings::MODELS.join("`, `");
                self.judged.model = JudgedSettings::model_named(value.text(name)?)
                    .ok_or_else(|| fault(format!("`model` is one of `{known}`")))?;
            }
            "ridge" => {
                let ridge = value.number(name)?;
                if ridge < 0.0 {
                    return Err(fault("`ridge` is 0 or above".to_owned()));
                }
                self.judged.ridge = Some(ridge);
            }
            "order_effect" => self.judged.order_effect = value.truth(name)?,
            "interval" => {
                let kind = value.text(name)?;
                if !IntervalKind::NAMES.contains(&kind) {
                    let known = IntervalKind::NAMES.join("`, `");
                    return Err(fault(format!("`interval` is one of `{known}`")));
                }
                self.interval = Some(kind.to_owned());
            }
            "resamples" => {
                let resamples = value.count(name)?;
                if !(2..=MOST_RESAMPLES).contains(&resamples) {
                    return Err(fault(format!("`resamples` is 2 to {MOST_RESAMPLES}")));
                }
                self.resamples = Some(resamples);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Takes the covariates.
    pub(super) fn structure(&mut self, name: &str, value: &Structure) -> Result<(), Problem> {
        self.covariates = value.number_lists(name)?;
        Ok(())
    }

    /// The settings for images of these names.
    pub(super) fn judged(self, names: &[String], seed: u64) -> Result<JudgedSettings, Problem> {
        let mut judged = self.judged;
        if self.resamples.is_some() && self.interval.as_deref() != Some("bootstrap") {
            let detail = "`resamples` are those of the interval `bootstrap`";
            return Err(Problem::new(Code::InvalidValue, detail).at("/resamples"));
        }
        judged.interval =
            (self.interval).and_then(|kind| IntervalKind::named(&kind, self.resamples, seed));
        if !self.covariates.is_empty() {
            let covariates = Covariates::new(names, self.covariates);
            judged.covariates = Some(covariates.map_err(|error| {
                Problem::new(Code::InvalidValue, error.to_string()).at("/covariates")
            })?);
        }
        Ok(judged)
    }
}
