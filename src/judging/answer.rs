//! What a backend answers: probabilities of the allowed answers, a number, or text.

use super::WordError;

/// Probability mass that fell on the allowed answers at all, in 0..=1.
///
/// Low coverage means that the judge did not answer the question, whatever the shares are.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Coverage(f64);

impl Coverage {
    /// A judge that can answer nothing else, such as a classifier over exactly the options.
    pub const FULL: Coverage = Coverage(1.0);

    /// Takes a mass in 0..=1; an excess of up to 1e-6 from rounded log-probabilities counts as 1.
    ///
    /// # Errors
    /// A mass that is not finite, negative or above 1.
    pub fn new(mass: f64) -> Result<Self, WordError> {
        if (0.0..=1.0 + 1e-6).contains(&mass) {
            Ok(Coverage(mass.min(1.0)))
        } else {
            Err(WordError::new(format!(
                "coverage is {mass}; it must lie in 0..=1"
            )))
        }
    }

    /// The mass.
    pub fn value(self) -> f64 {
        self.0
    }
}

/// How the mass of each answer was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readout {
    /// A model whose outputs are exactly the allowed answers.
    ClosedSet,
    /// Logits of the label tokens alone, as benchmark authors release them; coverage is unknown.
    LabelLogits,
}

impl Readout {
    /// Stable name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Readout::ClosedSet => "closed_set",
            Readout::LabelLogits => "label_logits",
        }
    }

    /// The readout of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Readout::ClosedSet, Readout::LabelLogits]
            .into_iter()
            .find(|readout| readout.name() == name)
    }
}

/// The answer to a closed question: a log mass for each option, in the order of the options.
///
/// Log masses are natural logarithms up to one common constant; they are finite, so that any
/// temperature and weighting can be applied later without asking again.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    log_mass: Vec<f64>,
    coverage: Option<Coverage>,
    readout: Readout,
}

impl Choice {
    /// Checks the masses; `coverage` is `None` where the readout cannot know it.
    ///
    /// # Errors
    /// Fewer than two masses, or one that is not finite.
    pub fn new(
        log_mass: Vec<f64>,
        coverage: Option<Coverage>,
        readout: Readout,
    ) -> Result<Self, WordError> {
        if log_mass.len() < 2 {
            return Err(WordError::new(format!(
                "a choice needs at least two log masses, got {}",
                log_mass.len()
            )));
        }
        if let Some(index) = log_mass.iter().position(|mass| !mass.is_finite()) {
            return Err(WordError::new(format!(
                "log mass {index} is {}; it must be finite",
                log_mass[index]
            )));
        }
        Ok(Choice {
            log_mass,
            coverage,
            readout,
        })
    }

    /// Log mass of each option, up to a common constant.
    pub fn log_mass(&self) -> &[f64] {
        &self.log_mass
    }

    /// Mass on the allowed answers, where the readout knows it.
    pub fn coverage(&self) -> Option<Coverage> {
        self.coverage
    }

    /// How it was read.
    pub fn readout(&self) -> Readout {
        self.readout
    }
}

/// One answer of a backend.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To a closed question.
    Choice(Choice),
    /// A finite number, on the judge's own scale.
    Value(f64),
    /// Free text.
    Text(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mass_that_is_not_finite_is_refused() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Choice::new(vec![0.0, bad], None, Readout::ClosedSet).is_err());
        }
        assert!(Choice::new(vec![0.0], None, Readout::ClosedSet).is_err());
    }

    #[test]
    fn coverage_is_a_probability() {
        assert!(Coverage::new(-0.1).is_err());
        assert!(Coverage::new(1.1).is_err());
        assert!(Coverage::new(f64::NAN).is_err());
        assert_eq!(Coverage::new(1.0 + 1e-9).unwrap(), Coverage::FULL);
    }

    #[test]
    fn readout_names_are_read_back() {
        for readout in [Readout::ClosedSet, Readout::LabelLogits] {
            assert_eq!(Readout::from_name(readout.name()), Some(readout));
        }
    }
}
