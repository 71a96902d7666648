//! Labels of several tokens, each forced as the answer.

use super::position::{LOG_FLOOR, failed};
use crate::backend::BackendError;
use crate::judging::{Choice, Coverage, LengthCorrection, Readout, log_sum_exp};

/// One spelling of an option, forced: each token's log-probability after the ones before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Forced {
    /// The tokens.
    pub tokens: Vec<u32>,
    /// `ln p(token | prompt, tokens before it)`, one for each.
    pub log_probabilities: Vec<f64>,
    /// The same with no image in the prompt, for [`LengthCorrection::Prior`].
    pub without_image: Option<Vec<f64>>,
}

/// Compares options by their forced spellings.
///
/// ```text
/// sum    ln sum_s p(s),           ln p(s) = sum_i ln p(t_i | prompt, t_<i)
/// mean   max_s ln p(s) / |s|
/// prior  ln sum_s p(s | image) - ln sum_s p(s | no image)
/// ```
/// `s` runs over the spellings of an option. A spelling whose tokens begin another option's (`1` and `1 0`)
/// loses the mass of the longer one. Coverage is always that of `sum`.
///
/// # Errors
/// No tokens, a log-probability that is NaN or above 0, no prior where one is needed, no mass at all.
pub fn read_forced(
    options: &[Vec<Forced>],
    names: &[String],
    length: LengthCorrection,
) -> Result<Choice, BackendError> {
    for (spellings, name) in options.iter().zip(names) {
        check(spellings, name)?;
    }
    let sums = own_masses(options, |forced| &forced.log_probabilities);
    let total: f64 = sums.iter().map(|sum| sum.exp()).sum();
    if total <= 0.0 {
        return Err(BackendError::NoCoverage {
            message: format!(
                "none of the allowed answers (`{}`) has any probability when it is forced",
                names.join("`, `")
            ),
        });
    }
    let masses = match length {
        LengthCorrection::Sum => sums,
        LengthCorrection::Mean => options
            .iter()
            .map(|spellings| best_mean(spellings))
            .collect(),
        LengthCorrection::Prior => {
            let missing = options
                .iter()
                .flatten()
                .any(|forced| forced.without_image.is_none());
            if missing {
                return Err(failed("the prior of a label was not asked"));
            }
            let priors = own_masses(options, |forced| {
                forced
                    .without_image
                    .as_ref()
                    .unwrap_or(&forced.log_probabilities)
            });
            sums.iter()
                .zip(priors)
                .map(|(sum, prior)| sum - prior)
                .collect()
        }
    };
    let coverage = Coverage::new(total.min(1.0)).map_err(failed)?;
    Choice::new(masses, Some(coverage), Readout::ForcedSequence).map_err(failed)
}

fn check(spellings: &[Forced], name: &str) -> Result<(), BackendError> {
    if spellings.is_empty() {
        return Err(failed(format!("`{name}` was not forced in any spelling")));
    }
    for forced in spellings {
        let priors = forced.without_image.iter().flatten();
        for mass in forced.log_probabilities.iter().chain(priors) {
            if mass.is_nan() {
                return Err(BackendError::NotFinite {
                    label: name.to_owned(),
                    value: mass.to_string(),
                });
            }
            if *mass > 1e-6 {
                return Err(failed(format!(
                    "a token of `{name}` has the log-probability {mass}, which is a probability above 1"
                )));
            }
        }
        let steps = forced.log_probabilities.len();
        let prior = forced.without_image.as_ref().map_or(steps, Vec::len);
        if steps == 0 || steps != forced.tokens.len() || prior != steps {
            return Err(failed(format!(
                "`{name}` has {} tokens and {steps} log-probabilities",
                forced.tokens.len()
            )));
        }
    }
    Ok(())
}

/// Log mass of each option, less what belongs to longer spellings of other options.
fn own_masses(options: &[Vec<Forced>], steps: impl Fn(&Forced) -> &Vec<f64>) -> Vec<f64> {
    let whole = |forced: &Forced| steps(forced).iter().sum::<f64>().clamp(LOG_FLOOR, 0.0);
    let longer = |option: usize, forced: &Forced| -> f64 {
        options
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != option)
            .flat_map(|(_, spellings)| spellings)
            .filter(|other| {
                other.tokens.len() > forced.tokens.len() && other.tokens.starts_with(&forced.tokens)
            })
            .map(|other| whole(other).exp())
            .sum()
    };
    options
        .iter()
        .enumerate()
        .map(|(option, spellings)| {
            let own: Vec<f64> = spellings
                .iter()
                .map(|forced| {
                    let rest = whole(forced).exp() - longer(option, forced);
                    if longer(option, forced) > 0.0 {
                        rest.max(0.0).ln()
                    } else {
                        whole(forced)
                    }
                })
                .collect();
            log_sum_exp(own.iter().copied()).clamp(LOG_FLOOR, 0.0)
        })
        .collect()
}

fn best_mean(spellings: &[Forced]) -> f64 {
    spellings
        .iter()
        .map(|forced| {
            let steps = &forced.log_probabilities;
            steps.iter().sum::<f64>() / steps.len() as f64
        })
        .fold(LOG_FLOOR, f64::max)
}
