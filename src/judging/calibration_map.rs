//! The only bridge from a raw score to a calibrated one.
//!
//! Curves are fitted elsewhere; here they are checked once and applied.

use super::{CalibratedScore, Opinion, RawScore, Scale, WordError};
use crate::stats::calibration::{OrdinalMap, PlattMap, TemperatureMap};
use crate::stats::fit::{Direction, FittedMap};

/// How a raw score, or the opinion behind it, becomes a value on a human scale.
#[derive(Debug, Clone, PartialEq)]
pub enum Curve {
    /// Knots (raw, human): straight between neighbours, the outer human value beyond them.
    Knots(Vec<(f64, f64)>),
    /// The probability of an event, as a place between the ends of the human scale.
    Platt(PlattMap),
    /// A logistic curve; below `from` and above `to`, where nothing was seen, the value at that end holds.
    Logistic {
        /// The curve.
        curve: FittedMap,
        /// Lowest raw score of the fit.
        from: f64,
        /// Highest raw score of the fit.
        to: f64,
    },
    /// A probability for each human level from the raw score, and what each level is worth, lowest first.
    Ordinal {
        /// Cumulative odds of the levels.
        odds: OrdinalMap,
        /// Worth of each human level, rising.
        worths: Vec<f64>,
    },
    /// The judge's own opinion at another temperature, and what each of its levels is worth to people.
    Temperature {
        /// Divides the logarithms of the opinion, on top of the card's own temperature.
        softmax: TemperatureMap,
        /// Worth of each level of the judge on the human scale, in the order of the card.
        worths: Vec<f64>,
    },
}

/// A monotone map from one raw scale to one human scale.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationMap {
    curve: Curve,
    raw: Scale,
    human: Scale,
}

/// What a map says of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapped {
    /// The score on the human scale.
    pub score: CalibratedScore,
    /// Probability of each level of [`CalibrationMap::worths`], where the curve knows levels; sums to 1.
    pub levels: Option<Vec<f64>>,
}

impl CalibrationMap {
    /// Checks that the curve is finite, monotone and made for the human scale.
    ///
    /// # Errors
    /// Fewer than two knots or levels, knots or levels out of order or range, a slope of 0, a curve that turns.
    pub fn new(curve: Curve, raw: Scale, human: Scale) -> Result<Self, WordError> {
        match fault(&curve, human) {
            None => Ok(CalibrationMap { curve, raw, human }),
            Some(fault) => Err(WordError::new(fault)),
        }
    }

    /// The curve.
    pub fn curve(&self) -> &Curve {
        &self.curve
    }

    /// The scale of the raw scores that it takes.
    pub fn raw_scale(&self) -> Scale {
        self.raw
    }

    /// The human scale.
    pub fn human_scale(&self) -> Scale {
        self.human
    }

    /// Worth on the human scale of each level whose probability the map gives.
    pub fn worths(&self) -> Option<Vec<f64>> {
        match &self.curve {
            Curve::Knots(_) | Curve::Logistic { .. } => None,
            Curve::Platt(_) => Some(vec![self.human.min(), self.human.max()]),
            Curve::Ordinal { worths, .. } | Curve::Temperature { worths, .. } => {
                Some(worths.clone())
            }
        }
    }

    /// Which way the map leads; `None` for a temperature, which leads the way that its levels do.
    pub fn direction(&self) -> Option<Direction> {
        match &self.curve {
            Curve::Knots(knots) => Some(rising(knots[0].1 <= knots[knots.len() - 1].1)),
            Curve::Platt(map) => Some(rising(map.slope > 0.0)),
            Curve::Logistic { curve, from, to } => Some(curve.direction(*from, *to)),
            Curve::Ordinal { odds, .. } => Some(rising(odds.slope > 0.0)),
            Curve::Temperature { .. } => None,
        }
    }

    /// Whether the map reads the opinion and not only the score.
    pub fn needs_opinion(&self) -> bool {
        matches!(self.curve, Curve::Temperature { .. })
    }

    /// The calibrated score of a raw one.
    ///
    /// # Errors
    /// A raw score on another scale; a map that needs the opinion, without one or with one of other levels.
    pub fn apply(&self, raw: RawScore, opinion: Option<&Opinion>) -> Result<Mapped, WordError> {
        if raw.scale() != self.raw {
            return Err(WordError::new(format!(
                "the map takes scores from {} to {}, this one stands on {} to {}",
                self.raw.min(),
                self.raw.max(),
                raw.scale().min(),
                raw.scale().max()
            )));
        }
        self.evaluate(raw.value(), opinion.map(Opinion::probabilities))
    }

    /// The same for numbers of the raw scale, as files hold them when a map is fitted or measured.
    ///
    /// # Errors
    /// As [`CalibrationMap::apply`].
    pub fn evaluate(&self, raw: f64, shares: Option<&[f64]>) -> Result<Mapped, WordError> {
        let (value, levels) = match &self.curve {
            Curve::Knots(knots) => (between(knots, raw), None),
            Curve::Logistic { curve, from, to } => (curve.evaluate(raw.clamp(*from, *to)), None),
            Curve::Platt(map) => {
                let probability = map.probability(raw);
                let span = self.human.max() - self.human.min();
                let levels = vec![1.0 - probability, probability];
                (self.human.min() + probability * span, Some(levels))
            }
            Curve::Ordinal { odds, worths } => expected(odds.probabilities(raw), worths),
            Curve::Temperature { softmax, worths } => {
                let shares = shares.filter(|shares| shares.len() == worths.len());
                let shares = shares.ok_or_else(|| {
                    WordError::new(format!(
                        "a temperature map needs the opinion over its {} levels",
                        worths.len()
                    ))
                })?;
                let logs: Vec<f64> = shares.iter().map(|share| share.ln()).collect();
                expected(softmax.probabilities(&logs), worths)
            }
        };
        Ok(Mapped {
            score: CalibratedScore::new(value, self.human),
            levels,
        })
    }
}

fn rising(rising: bool) -> Direction {
    if rising {
        Direction::Increasing
    } else {
        Direction::Decreasing
    }
}

fn expected(levels: Vec<f64>, worths: &[f64]) -> (f64, Option<Vec<f64>>) {
    let value = levels.iter().zip(worths).map(|(p, worth)| p * worth).sum();
    (value, Some(levels))
}

fn between(knots: &[(f64, f64)], raw: f64) -> f64 {
    let after = knots.partition_point(|(x, _)| *x < raw);
    match (
        after.checked_sub(1).map(|index| knots[index]),
        knots.get(after),
    ) {
        (Some((x0, y0)), Some((x1, y1))) => {
            // A flat piece must not be lost to rounding, or the map would not be monotone.
            (y0 + (y1 - y0) * ((raw - x0) / (x1 - x0))).clamp(y0.min(*y1), y0.max(*y1))
        }
        (Some((_, y)), None) => y,
        (None, Some((_, y))) => *y,
        (None, None) => unreachable!("a map has at least two knots"),
    }
}

/// Why a curve is no calibration map.
fn fault(curve: &Curve, human: Scale) -> Option<String> {
    let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
    let inside = |values: &[f64]| {
        values
            .iter()
            .all(|value| (human.min()..=human.max()).contains(value))
    };
    let (holds, wanted) = match curve {
        Curve::Knots(knots) => {
            let (raw, values): (Vec<f64>, Vec<f64>) = knots.iter().copied().unzip();
            (
                knots.len() >= 2
                    && finite(&raw)
                    && is_strict(&raw, f64::lt)
                    && (is_strict(&values, f64::le) || is_strict(&values, f64::ge))
                    && inside(&values),
                "a map by knots needs two or more, with rising raw values and monotone human values on its scale",
            )
        }
        Curve::Platt(map) => (
            finite(&[map.slope, map.intercept]) && map.slope != 0.0,
            "a Platt map needs a finite intercept and a finite slope other than 0",
        ),
        Curve::Logistic { curve, from, to } => (
            !matches!(curve, FittedMap::MonotoneCubic { .. })
                && finite(&curve.parameters())
                && finite(&[*from, *to])
                && from < to
                && curve.direction(*from, *to) != Direction::Mixed,
            "a logistic map has four or five finite parameters and must not turn between the ends of its range",
        ),
        Curve::Ordinal { odds, worths } => (
            worths.len() >= 2
                && odds.cutpoints.len() + 1 == worths.len()
                && finite(&odds.cutpoints)
                && odds.slope.is_finite()
                && odds.slope != 0.0
                && is_strict(&odds.cutpoints, f64::lt)
                && is_strict(worths, f64::lt)
                && inside(worths),
            "an ordinal map needs two or more levels with rising worths on the human scale, one rising cutpoint less, and a slope other than 0",
        ),
        Curve::Temperature { softmax, worths } => (
            softmax.temperature.is_finite()
                && softmax.temperature > 0.0
                && worths.len() >= 2
                && (is_strict(worths, f64::lt) || is_strict(worths, f64::gt))
                && inside(worths),
            "a temperature map needs a temperature above 0 and two or more levels with monotone worths on the human scale",
        ),
    };
    (!holds).then(|| wanted.to_owned())
}

fn is_strict(values: &[f64], holds: fn(&f64, &f64) -> bool) -> bool {
    values.windows(2).all(|pair| holds(&pair[0], &pair[1]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judging::Better;

    fn scale(min: f64, max: f64) -> Scale {
        Scale::new(min, max, Better::Higher).unwrap()
    }

    fn map(curve: Curve) -> Result<CalibrationMap, WordError> {
        CalibrationMap::new(curve, scale(1.0, 5.0), scale(0.0, 100.0))
    }

    #[test]
    fn maps_between_knots_and_holds_beyond_them() {
        let knots = map(Curve::Knots(vec![(2.0, 10.0), (4.0, 90.0)])).unwrap();
        let mapped = [1.0, 3.0, 5.0].map(|raw| {
            knots
                .apply(RawScore::new(raw, scale(1.0, 5.0)), None)
                .unwrap()
        });
        assert_eq!(
            mapped.map(|mapped| mapped.score.value()).to_vec(),
            [10.0, 50.0, 90.0]
        );
        let elsewhere = RawScore::new(0.5, scale(0.0, 1.0));
        assert!(knots.apply(elsewhere, None).is_err());
    }

    #[test]
    fn curves_that_are_no_map_are_refused() {
        let odds = |slope, cutpoints: &[f64]| OrdinalMap {
            slope,
            cutpoints: cutpoints.to_vec(),
        };
        let turning = FittedMap::Logistic5 {
            low: 0.0,
            high: 50.0,
            centre: 3.0,
            width: 0.1,
            slope: -5.0,
        };
        let wrong = [
            Curve::Knots(vec![(2.0, 10.0)]),
            Curve::Knots(vec![(2.0, 10.0), (2.0, 90.0)]),
            Curve::Knots(vec![(2.0, 10.0), (4.0, 101.0)]),
            Curve::Knots(vec![(2.0, 10.0), (3.0, 90.0), (4.0, 50.0)]),
            Curve::Platt(PlattMap {
                slope: 0.0,
                intercept: 1.0,
            }),
            Curve::Logistic {
                curve: turning,
                from: 1.0,
                to: 5.0,
            },
            Curve::Ordinal {
                odds: odds(1.0, &[2.0, 1.0]),
                worths: vec![0.0, 50.0, 100.0],
            },
            Curve::Ordinal {
                odds: odds(1.0, &[2.0]),
                worths: vec![0.0, 50.0, 100.0],
            },
            Curve::Temperature {
                softmax: TemperatureMap { temperature: 0.0 },
                worths: vec![0.0, 100.0],
            },
        ];
        for curve in wrong {
            assert!(map(curve.clone()).is_err(), "{curve:?}");
        }
    }

    #[test]
    fn a_temperature_reads_the_opinion() {
        let curve = Curve::Temperature {
            softmax: TemperatureMap { temperature: 2.0 },
            worths: vec![100.0, 0.0],
        };
        let softer = map(curve).unwrap();
        // The odds 16 to 1 have a square root of 4 to 1.
        let opinion = [16.0 / 17.0, 1.0 / 17.0];
        let mapped = softer.evaluate(4.8, Some(&opinion)).unwrap();
        assert!((mapped.score.value() - 80.0).abs() < 1e-12);
        assert!(softer.evaluate(4.8, None).is_err());
        assert!(softer.evaluate(4.8, Some(&[0.2, 0.3, 0.5])).is_err());
        let certain = softer.evaluate(5.0, Some(&[1.0, 0.0])).unwrap();
        assert_eq!(certain.levels, Some(vec![1.0, 0.0]));
    }
}
