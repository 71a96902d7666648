//! One place in an answer: the tokens that could stand there, and what they say of the options.

use std::collections::BTreeSet;

use super::Labels;
use crate::backend::BackendError;
use crate::judging::{Choice, Coverage, Listed, Readout, log_sum_exp};

/// Log-probability that counts as none: what vLLM and OpenAI send in place of minus infinity.
///
/// A log mass must be finite, so that any temperature can be applied to it later.
pub const LOG_FLOOR: f64 = -9999.0;
/// Excess over 1 of one probability that rounding explains.
const EXCESS: f64 = 1e-6;
/// Excess over 1 of many probabilities together, each rounded to single precision or fewer digits.
const EXCESS_OF_SUM: f64 = 1e-3;
/// How many tokens an error names.
const NAMED: usize = 5;

/// A token and its log-probability.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenMass {
    /// Its number in the vocabulary, where the engine says it.
    pub id: Option<u32>,
    /// Its bytes, which need not be whole characters.
    pub bytes: Vec<u8>,
    /// Natural logarithm of its probability.
    pub log_probability: f64,
}

impl TokenMass {
    /// A token known by its text alone.
    pub fn of_text(text: &str, log_probability: f64) -> Self {
        TokenMass {
            id: None,
            bytes: text.as_bytes().to_vec(),
            log_probability,
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// Equal for the same token only: ids where both have one, else bytes.
    fn key(&self) -> (Option<u32>, &[u8]) {
        match self.id {
            Some(id) => (Some(id), &[]),
            None => (None, &self.bytes),
        }
    }
}

/// Which tokens are listed at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// The whole vocabulary, or at least every token that was asked for by id.
    Asked,
    /// The most probable ones only.
    Top,
}

/// One place in an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    candidates: Vec<TokenMass>,
    extent: Extent,
    generated: Option<TokenMass>,
}

impl Position {
    /// Checks what an engine listed; a token that is listed twice counts once.
    ///
    /// # Errors
    /// A log-probability that is NaN or plus infinity, a probability above 1, probabilities that add up to more than 1.
    pub fn new(
        candidates: Vec<TokenMass>,
        extent: Extent,
        generated: Option<TokenMass>,
    ) -> Result<Self, BackendError> {
        for candidate in &candidates {
            check(candidate)?;
        }
        let mut seen = BTreeSet::new();
        let kept = candidates
            .into_iter()
            .filter(|candidate| {
                let (id, bytes) = candidate.key();
                seen.insert((id, bytes.to_vec()))
            })
            .collect();
        if let Some(generated) = &generated {
            check(generated)?;
        }
        let position = Position {
            candidates: kept,
            extent,
            generated,
        };
        let listed = position.listed();
        if listed > 1.0 + EXCESS_OF_SUM {
            return Err(BackendError::Failed {
                message: format!(
                    "the listed tokens have probability {listed} together, which is more than 1"
                ),
            });
        }
        Ok(position)
    }

    /// The listed tokens, each once.
    pub fn candidates(&self) -> &[TokenMass] {
        &self.candidates
    }

    /// The token that was written.
    pub fn generated(&self) -> Option<&TokenMass> {
        self.generated.as_ref()
    }

    /// The same position of an engine that was asked for these very tokens.
    #[must_use]
    pub fn with_extent(mut self, extent: Extent) -> Self {
        self.extent = extent;
        self
    }

    /// Whether every one of these ids is listed.
    pub fn lists(&self, mut ids: impl Iterator<Item = u32>) -> bool {
        ids.all(|id| self.candidates.iter().any(|token| token.id == Some(id)))
    }

    /// The same position without what stands before the label in each of its tokens, such as a quotation mark.
    #[must_use]
    pub(super) fn without_lead(mut self, lead: &[u8]) -> Self {
        if !lead.is_empty() {
            for token in &mut self.candidates {
                if let Some(rest) = token.bytes.strip_prefix(lead) {
                    token.bytes = rest.to_vec();
                    token.id = None;
                }
            }
        }
        self
    }

    /// Probability of all listed tokens.
    fn listed(&self) -> f64 {
        let masses = self
            .candidates
            .iter()
            .map(|token| token.log_probability.exp());
        masses.sum()
    }

    /// Log of the most that one token can have that is not listed: no more than the least listed one, and no
    /// more than what is left.
    ///
    /// Engines add the token that was drawn to the list even if it is not among the most probable; so the
    /// least one is sought among the others.
    fn log_ceiling(&self) -> f64 {
        let drawn = self.generated.as_ref().map(TokenMass::key);
        let others = self
            .candidates
            .iter()
            .filter(|token| Some(token.key()) != drawn);
        let least = others
            .map(|token| token.log_probability)
            .fold(f64::INFINITY, f64::min);
        // Rounded probabilities may add up to 1 and leave room nonetheless.
        let left = (1.0 - self.listed()).max(EXCESS).ln();
        least.min(left).max(LOG_FLOOR)
    }

    /// The most probable tokens for an error.
    pub(super) fn most_probable(&self) -> String {
        let mut tokens: Vec<&TokenMass> = self.candidates.iter().collect();
        tokens.sort_by(|a, b| b.log_probability.total_cmp(&a.log_probability));
        let named: Vec<String> = tokens
            .iter()
            .take(NAMED)
            .map(|token| format!("{:?} ({:.4})", token.text(), token.log_probability.exp()))
            .collect();
        named.join(", ")
    }
}

fn check(token: &TokenMass) -> Result<(), BackendError> {
    let mass = token.log_probability;
    if mass.is_nan() {
        return Err(BackendError::NotFinite {
            label: token.text(),
            value: mass.to_string(),
        });
    }
    if mass > EXCESS {
        return Err(BackendError::Failed {
            message: format!(
                "the engine gave {:?} the log-probability {mass}, which is a probability above 1",
                token.text()
            ),
        });
    }
    Ok(())
}

/// Reads the probability of each option at one position; coverage is the mass on the options that are listed.
///
/// # Errors
/// [`BackendError::NoCoverage`] when no option is listed, or none has any mass; [`BackendError::Unreadable`]
/// when a token may belong to two options; [`BackendError::Failed`] when a token that was asked for is missing.
pub fn read_position(
    position: &Position,
    labels: &Labels,
    readout: Readout,
) -> Result<Choice, BackendError> {
    let mut masses: Vec<Vec<f64>> = vec![Vec::new(); labels.len()];
    for token in &position.candidates {
        if let Some(option) = labels.option_of(token) {
            masses[option].push(token.log_probability);
        }
    }
    if masses.iter().all(Vec::is_empty) {
        return Err(no_coverage(position, labels, "is listed"));
    }
    let mut listed = Vec::with_capacity(masses.len());
    for (option, found) in masses.iter().enumerate() {
        listed.push(if found.is_empty() {
            unlisted(position, labels, option)?
        } else {
            Listed::At(log_sum_exp(found.iter().copied()).clamp(LOG_FLOOR, 0.0))
        });
    }
    let total: f64 = listed
        .iter()
        .map(|mass| match mass {
            Listed::At(mass) => mass.exp(),
            Listed::Below(_) => 0.0,
        })
        .sum();
    if total <= 0.0 {
        return Err(no_coverage(position, labels, "has any probability"));
    }
    let coverage = Coverage::new(total.min(1.0)).map_err(failed)?;
    Choice::censored(&listed, Some(coverage), readout).map_err(failed)
}

/// What can be said of an option that is not listed.
fn unlisted(position: &Position, labels: &Labels, option: usize) -> Result<Listed, BackendError> {
    let name = &labels.names()[option];
    match position.extent {
        Extent::Asked => Err(BackendError::Failed {
            message: format!(
                "the tokens of `{name}` were asked for and are not in the answer; listed are {}",
                position.most_probable()
            ),
        }),
        Extent::Top if labels.is_tokenised() => Ok(Listed::Below(position.log_ceiling())),
        Extent::Top => {
            // Nobody said how the label is cut into tokens: it may begin with any listed token that it begins with.
            let mut ceiling = vec![position.log_ceiling()];
            for token in &position.candidates {
                if !labels.begun_by(token).contains(&option) {
                    continue;
                }
                if let Some(other) = labels.option_of(token) {
                    return Err(BackendError::Unreadable {
                        message: format!(
                            "the token {:?} may be `{}` or the beginning of `{name}`, and the engine has no tokenizer to ask",
                            token.text(),
                            labels.names()[other]
                        ),
                    });
                }
                ceiling.push(token.log_probability);
            }
            let ceiling = log_sum_exp(ceiling.iter().copied());
            Ok(Listed::Below(ceiling.clamp(LOG_FLOOR, 0.0)))
        }
    }
}

fn no_coverage(position: &Position, labels: &Labels, what: &str) -> BackendError {
    let probable = if position.candidates.is_empty() {
        "no token at all was listed".to_owned()
    } else {
        format!("the most probable tokens are {}", position.most_probable())
    };
    BackendError::NoCoverage {
        message: format!(
            "none of the allowed answers (`{}`) {what} among {} tokens; {probable}",
            labels.names().join("`, `"),
            position.candidates.len()
        ),
    }
}

pub(super) fn failed(error: impl std::fmt::Display) -> BackendError {
    BackendError::Failed {
        message: error.to_string(),
    }
}
