//! Scores with their units: raw on the card's scale, calibrated on a human scale.

use super::Scale;

/// Expected worth on the card's own scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RawScore {
    value: f64,
    scale: Scale,
}

impl RawScore {
    /// Only an opinion makes one: it is finite and lies within the scale up to rounding.
    pub(super) fn new(value: f64, scale: Scale) -> Self {
        RawScore {
            value: value.clamp(scale.min(), scale.max()),
            scale,
        }
    }

    /// The score.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The scale it stands on.
    pub fn scale(&self) -> Scale {
        self.scale
    }
}

/// A raw score mapped to a human scale; not interchangeable with a [`RawScore`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibratedScore {
    value: f64,
    scale: Scale,
}

impl CalibratedScore {
    /// Only a calibration map makes one; a curve may leave the human scale, a score may not.
    pub(super) fn new(value: f64, scale: Scale) -> Self {
        CalibratedScore {
            value: value.clamp(scale.min(), scale.max()),
            scale,
        }
    }

    /// The score.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The human scale it stands on.
    pub fn scale(&self) -> Scale {
        self.scale
    }
}
