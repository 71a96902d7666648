//! Ordered answers and what they are worth, and the scale on which scores are reported.

use super::{AnswerOption, Options, WordError};

/// Which end of a scale is the good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Higher scores are better.
    Higher,
    /// Lower scores are better, as on difference scales (DMOS).
    Lower,
}

impl Better {
    /// Stable name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Better::Higher => "higher",
            Better::Lower => "lower",
        }
    }
}

/// The reported range and direction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    min: f64,
    max: f64,
    better: Better,
}

impl Scale {
    /// A finite range with `min < max`.
    ///
    /// # Errors
    /// Ends that are not finite or not in order.
    pub fn new(min: f64, max: f64, better: Better) -> Result<Self, WordError> {
        if min.is_finite() && max.is_finite() && min < max {
            Ok(Scale { min, max, better })
        } else {
            Err(WordError::new(format!(
                "scale runs from {min} to {max}; both must be finite and `min` below `max`"
            )))
        }
    }

    /// Lower end.
    pub fn min(&self) -> f64 {
        self.min
    }

    /// Upper end.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// The good end.
    pub fn better(&self) -> Better {
        self.better
    }
}

/// An answer that stands at a place in an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The answer.
    pub option: AnswerOption,
    /// Its worth on the card's scale.
    pub worth: f64,
}

/// Levels in order, their worths strictly monotone and within the scale.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelSet {
    options: Options,
    worths: Vec<f64>,
    scale: Scale,
}

impl LevelSet {
    /// Checks order, distinctness and range.
    ///
    /// # Errors
    /// Fewer than two levels, a shared spelling, worths that are not strictly monotone, or one outside the scale.
    pub fn new(levels: Vec<Level>, scale: Scale) -> Result<Self, WordError> {
        let worths: Vec<f64> = levels.iter().map(|level| level.worth).collect();
        check_monotone(&levels)?;
        if let Some(level) = levels
            .iter()
            .find(|level| !(scale.min..=scale.max).contains(&level.worth))
        {
            return Err(WordError::new(format!(
                "level `{}` is worth {}, outside the scale {}..={}",
                level.option.name(),
                level.worth,
                scale.min,
                scale.max
            )));
        }
        let options = Options::new(levels.into_iter().map(|level| level.option).collect())?;
        Ok(LevelSet {
            options,
            worths,
            scale,
        })
    }

    /// The levels as the allowed answers of a closed question.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Worth of each level, in order.
    pub fn worths(&self) -> &[f64] {
        &self.worths
    }

    /// The scale on which scores are reported.
    pub fn scale(&self) -> Scale {
        self.scale
    }
}

fn check_monotone(levels: &[Level]) -> Result<(), WordError> {
    let rising = levels.windows(2).all(|pair| pair[0].worth < pair[1].worth);
    let falling = levels.windows(2).all(|pair| pair[0].worth > pair[1].worth);
    if rising || falling {
        return Ok(());
    }
    let expected_falling = levels
        .first()
        .zip(levels.last())
        .is_some_and(|(first, last)| first.worth > last.worth);
    let offender = levels.windows(2).find(|pair| {
        if expected_falling {
            pair[0].worth <= pair[1].worth
        } else {
            pair[0].worth >= pair[1].worth
        }
    });
    let detail = match offender {
        Some([first, second]) => format!(
            ": `{}` ({}) follows `{}` ({})",
            second.option.name(),
            second.worth,
            first.option.name(),
            first.worth
        ),
        Some(_) | None => String::new(),
    };
    Err(WordError::new(format!(
        "level worths must be strictly increasing or decreasing{detail}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(rows: &[(&str, f64)]) -> Result<LevelSet, WordError> {
        let levels = rows
            .iter()
            .map(|(name, worth)| Level {
                option: AnswerOption::new(*name, vec![]).unwrap(),
                worth: *worth,
            })
            .collect();
        LevelSet::new(levels, Scale::new(1.0, 5.0, Better::Higher)?)
    }

    #[test]
    fn worths_are_strictly_monotone_and_inside_the_scale() {
        assert!(levels(&[("good", 5.0), ("fair", 3.0), ("bad", 1.0)]).is_ok());
        assert!(levels(&[("bad", 1.0), ("good", 5.0)]).is_ok());
        let error = levels(&[("good", 4.0), ("fair", 4.0), ("bad", 1.0)])
            .unwrap_err()
            .to_string();
        assert!(error.contains("`fair` (4) follows `good` (4)"), "{error}");
        assert!(levels(&[("good", 6.0), ("bad", 1.0)]).is_err());
        assert!(levels(&[("good", f64::NAN), ("bad", 1.0)]).is_err());
        assert!(levels(&[("good", 5.0)]).is_err());
    }

    #[test]
    fn a_scale_has_two_ends() {
        assert!(Scale::new(1.0, 1.0, Better::Higher).is_err());
        assert!(Scale::new(0.0, f64::INFINITY, Better::Lower).is_err());
    }
}
