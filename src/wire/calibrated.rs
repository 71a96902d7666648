//! A calibrated score in JSON.

use serde::Serialize;

use super::{ScaleJson, ScoreResult};
use crate::calibration::{ApplyError, Calibrated, Maps};
use crate::engine::Judged;

/// A score mapped to a human scale.
#[derive(Debug, Clone, Serialize)]
pub struct CalibratedJson {
    /// The score on the human scale.
    pub score: f64,
    /// That scale.
    pub scale: ScaleJson,
    /// Where a label of such an image lies, with the coverage `level`; `null` where none is likely.
    pub ci: Option<[f64; 2]>,
    /// Nominal coverage of `ci`.
    pub level: Option<f64>,
    /// How `ci` was made.
    pub method: Option<String>,
    /// File of the map.
    pub map: String,
}

impl CalibratedJson {
    fn new(map: &str, calibrated: &Calibrated) -> Self {
        let interval = calibrated.interval.as_ref();
        CalibratedJson {
            score: calibrated.score.value(),
            scale: ScaleJson::from(calibrated.score.scale()),
            ci: interval.map(|interval| [interval.low, interval.high]),
            level: interval.map(|interval| interval.level),
            method: interval.map(|interval| interval.method.to_string()),
            map: map.to_owned(),
        }
    }
}

impl ScoreResult {
    /// Adds the calibrated score, by the map that was fitted for exactly this judge; an unscored image stays so.
    ///
    /// # Errors
    /// No map for this very judge, with what differs.
    pub fn calibrate(&mut self, judged: &Judged, maps: &Maps) -> Result<(), ApplyError> {
        if let Ok(verdict) = &judged.outcome {
            let map = maps.for_provenance(&judged.provenance, verdict.readout)?;
            let calibrated = map.apply_to(&judged.provenance, verdict)?;
            self.calibrated = Some(CalibratedJson::new(&map.file, &calibrated));
        }
        Ok(())
    }
}
