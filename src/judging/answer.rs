//! What a backend answers: probabilities of the allowed answers, a number, or text.

use super::{Readout, WordError};

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

/// What the masses of a choice rest on.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// Every mass was read.
    Exact,
    /// Some options were not listed: `Some(ceiling)` is the log of the most that such an option can have,
    /// and its log mass is that of half the ceiling. One entry for each option.
    Censored(Vec<Option<f64>>),
    /// Answers drawn at random: how many fell on each option. The log masses are those of the posterior
    /// mean under Jeffreys' prior, `(count + 1/2) / (n + K/2)`.
    Counts(Vec<u32>),
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
    evidence: Evidence,
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
            evidence: Evidence::Exact,
        })
    }

    /// A choice in which some options were not listed: `masses` has the log-probability of each listed
    /// option, and for the others the log of the most that it can be.
    ///
    /// # Errors
    /// As [`Choice::new`]; and when no option was listed, for then nothing was read.
    pub fn censored(
        masses: &[Listed],
        coverage: Option<Coverage>,
        readout: Readout,
    ) -> Result<Self, WordError> {
        if masses.iter().all(|mass| matches!(mass, Listed::Below(_))) {
            return Err(WordError::new("none of the options was listed"));
        }
        let log_mass = masses
            .iter()
            .map(|mass| match mass {
                Listed::At(log_mass) => *log_mass,
                Listed::Below(ceiling) => ceiling - std::f64::consts::LN_2,
            })
            .collect();
        let mut choice = Choice::new(log_mass, coverage, readout)?;
        if masses.iter().any(|mass| matches!(mass, Listed::Below(_))) {
            choice.evidence = Evidence::Censored(
                masses
                    .iter()
                    .map(|mass| match mass {
                        Listed::At(_) => None,
                        Listed::Below(ceiling) => Some(*ceiling),
                    })
                    .collect(),
            );
        }
        Ok(choice)
    }

    /// A choice from drawn answers: `counts` of them fell on each option, out of `drawn`.
    ///
    /// # Errors
    /// Fewer than two options, more answers counted than drawn, or none on any option: nothing was read then.
    pub fn sampled(counts: Vec<u32>, drawn: u32) -> Result<Self, WordError> {
        let counted: u32 = counts.iter().sum();
        if counted == 0 || counted > drawn {
            return Err(WordError::new(format!(
                "{counted} of {drawn} drawn answers fell on an option; there must be at least one, and no more than were drawn"
            )));
        }
        let half = 0.5 * counts.len() as f64;
        let log_mass = counts
            .iter()
            .map(|count| ((f64::from(*count) + 0.5) / (f64::from(counted) + half)).ln())
            .collect();
        let coverage = Coverage::new(f64::from(counted) / f64::from(drawn))?;
        let mut choice = Choice::new(log_mass, Some(coverage), Readout::Samples)?;
        choice.evidence = Evidence::Counts(counts);
        Ok(choice)
    }

    /// A choice from one written answer that settled on this option: it says nothing of the others, and its
    /// masses are those of one drawn answer. Its coverage is not known.
    ///
    /// # Errors
    /// Fewer than two options, or an option that is not among them.
    pub fn parsed(option: usize, options: usize) -> Result<Self, WordError> {
        let mut counts = vec![0; options];
        match counts.get_mut(option) {
            Some(count) => *count = 1,
            None => {
                return Err(WordError::new(format!(
                    "option {option} was chosen of {options}"
                )));
            }
        }
        let mut choice = Choice::sampled(counts, 1)?;
        choice.readout = Readout::ParsedText;
        choice.coverage = None;
        Ok(choice)
    }

    /// The same draw, counted over other options: the coverage and readout are those of `drawn`.
    ///
    /// # Errors
    /// As [`Choice::sampled`].
    pub fn recounted(counts: Vec<u32>, drawn: &Choice) -> Result<Self, WordError> {
        let counted = counts.iter().sum();
        let mut choice = Choice::sampled(counts, counted)?;
        choice.coverage = drawn.coverage;
        choice.readout = drawn.readout;
        Ok(choice)
    }

    /// The same masses, some of them only bounded: one entry for each option.
    pub(super) fn with_ceilings(mut self, ceilings: Vec<Option<f64>>) -> Self {
        if ceilings.iter().any(Option::is_some) {
            self.evidence = Evidence::Censored(ceilings);
        }
        self
    }

    /// What the masses rest on.
    pub fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// Whether some option was not listed, so that its mass is only bounded.
    pub fn is_censored(&self) -> bool {
        matches!(self.evidence, Evidence::Censored(_))
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

/// The mass of one option in a list of the most probable answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Listed {
    /// It was listed, with this log-probability.
    At(f64),
    /// It was not; the log of its probability is at most this.
    Below(f64),
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
    fn an_option_that_is_not_listed_has_half_its_ceiling() {
        let masses = [Listed::At(0.6f64.ln()), Listed::Below(0.1f64.ln())];
        let choice = Choice::censored(&masses, None, Readout::TopTokens).unwrap();
        assert!(choice.is_censored());
        assert!((choice.log_mass()[1].exp() - 0.05).abs() < 1e-15);
        let none = [Listed::Below(-1.0), Listed::Below(-1.0)];
        assert!(Choice::censored(&none, None, Readout::TopTokens).is_err());
        let all = [Listed::At(-1.0), Listed::At(-2.0)];
        let exact = Choice::censored(&all, None, Readout::TopTokens).unwrap();
        assert!(!exact.is_censored());
    }

    #[test]
    fn drawn_answers_are_counted_and_never_certain() {
        let choice = Choice::sampled(vec![8, 0], 10).unwrap();
        assert!((choice.log_mass()[0].exp() - 8.5 / 9.0).abs() < 1e-15);
        assert!((choice.coverage().unwrap().value() - 0.8).abs() < 1e-15);
        assert!(Choice::sampled(vec![0, 0], 10).is_err());
        assert!(Choice::sampled(vec![8, 8], 10).is_err());
    }

    #[test]
    fn one_written_answer_is_one_draw() {
        let choice = Choice::parsed(1, 2).unwrap();
        assert!((choice.log_mass()[1].exp() - 0.75).abs() < 1e-15);
        assert_eq!(choice.readout(), Readout::ParsedText);
        assert_eq!(choice.coverage(), None);
        assert_eq!(choice.evidence(), &Evidence::Counts(vec![0, 1]));
        assert!(Choice::parsed(2, 2).is_err());
        assert!(Choice::parsed(0, 1).is_err());
    }
}
