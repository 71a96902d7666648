//! Scores with their units: raw on the card's scale, calibrated on a human scale.

use super::{Scale, WordError};

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
    /// The score.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The human scale it stands on.
    pub fn scale(&self) -> Scale {
        self.scale
    }
}

/// The only bridge from raw to calibrated: a monotone, piecewise linear map given by its knots.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationMap {
    knots: Vec<(f64, f64)>,
    scale: Scale,
}

impl CalibrationMap {
    /// Knots (raw, human) with strictly rising raw values and monotone human values within `scale`.
    ///
    /// # Errors
    /// Fewer than two knots, or knots out of order or range.
    pub fn new(knots: Vec<(f64, f64)>, scale: Scale) -> Result<Self, WordError> {
        let rising = knots.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let monotone = knots.windows(2).all(|pair| pair[0].1 <= pair[1].1)
            || knots.windows(2).all(|pair| pair[0].1 >= pair[1].1);
        let inside = knots
            .iter()
            .all(|(raw, human)| raw.is_finite() && (scale.min()..=scale.max()).contains(human));
        if knots.len() < 2 || !rising || !monotone || !inside {
            return Err(WordError::new(
                "a calibration map needs two or more knots with rising raw values and monotone human values on its scale",
            ));
        }
        Ok(CalibrationMap { knots, scale })
    }

    /// The human-scale score; beyond the outer knots the outer value holds.
    pub fn apply(&self, raw: RawScore) -> CalibratedScore {
        let after = self.knots.partition_point(|(x, _)| *x < raw.value);
        let value = match (
            after.checked_sub(1).map(|index| self.knots[index]),
            self.knots.get(after),
        ) {
            (Some((x0, y0)), Some((x1, y1))) => y0 + (y1 - y0) * (raw.value - x0) / (x1 - x0),
            (Some((_, y)), None) => y,
            (None, Some((_, y))) => *y,
            (None, None) => unreachable!("a map has at least two knots"),
        };
        CalibratedScore {
            value,
            scale: self.scale,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::Better;

    #[test]
    fn maps_between_knots_and_holds_beyond_them() {
        let human = Scale::new(0.0, 100.0, Better::Higher).unwrap();
        let raw = Scale::new(1.0, 5.0, Better::Higher).unwrap();
        let map = CalibrationMap::new(vec![(2.0, 10.0), (4.0, 90.0)], human).unwrap();
        let mapped: Vec<f64> = [1.0, 3.0, 5.0]
            .map(|value| map.apply(RawScore::new(value, raw)).value())
            .to_vec();
        assert_eq!(mapped, [10.0, 50.0, 90.0]);
        assert!(CalibrationMap::new(vec![(2.0, 10.0), (2.0, 90.0)], human).is_err());
        assert!(CalibrationMap::new(vec![(2.0, 10.0), (4.0, 101.0)], human).is_err());
    }
}
