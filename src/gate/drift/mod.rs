//! Drift: has the judge, or what it judges, moved since the gate was fitted?
//!
//! All tests share one level by Holm's method, so that an alert without any drift is as rare as the level says, whatever
//! the number of things that are looked at.

mod canaries;
mod observed;
#[cfg(test)]
mod tests;

use serde::Serialize;

use crate::judging::Reason;
use crate::stats::comparing::{Correction, adjust_p_values};
use crate::stats::drift::{ks_two_sample, population_stability, share_difference};
use crate::stats::{Estimate, StatsError};
use canaries::canaries;
pub use observed::{Observations, Observed, ObservedColumns, read_observations};

/// When an alert is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriftSettings {
    /// Stability index below which the distribution has not moved, whatever its test says; by custom 0.25, and 0.1 for
    /// "look at it".
    pub stability: f64,
    /// Level of all tests together.
    pub level: f64,
    /// By how much the score of an item that both files hold may differ.
    pub canary: f64,
}

impl Default for DriftSettings {
    fn default() -> Self {
        DriftSettings {
            stability: 0.25,
            level: 0.01,
            canary: 1e-6,
        }
    }
}

/// What moved, and by how much.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriftReport {
    /// Whether anything moved.
    pub moved: bool,
    /// Names of what moved.
    pub alerts: Vec<&'static str>,
    /// Level of all tests together: without any drift an alert is at most so likely.
    pub level: f64,
    /// How many tests share it.
    pub tests: usize,
    /// What was looked at.
    pub checks: Vec<DriftCheck>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriftCheck {
    /// `score_stability`, `score_distribution`, `scored_rate`, `refusal_rate`, `parse_failure_rate`, `coverage`,
    /// `order_effect`, `position_bias` or `canaries`.
    pub name: &'static str,
    /// In the reference: a share, or a mean.
    pub reference: Option<f64>,
    /// Now.
    pub current: Option<f64>,
    /// The figure: index, distance, difference of shares, number of canaries that differ.
    pub value: f64,
    /// Its 95 % interval, where it is a difference of shares.
    pub ci: Option<[f64; 2]>,
    /// The figure below which nothing has moved.
    pub limit: Option<f64>,
    /// P-value after Holm's method, where it is a test.
    pub p_value: Option<f64>,
    /// The test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<String>,
    /// Observations.
    pub n: usize,
    /// Whether it moved.
    pub moved: bool,
    /// In words.
    pub detail: String,
}

/// Compares what a judge says now with the reference; items that both hold are canaries.
///
/// Refusals and answers that could not be read are compared where both files have the reasons of failures; coverage,
/// order effect and position bias where both have ten or more.
///
/// # Errors
/// [`StatsError::TooFew`] for fewer than ten reference scores or no score now.
pub fn drift(
    reference: &Observations,
    current: &Observations,
    settings: &DriftSettings,
) -> Result<DriftReport, StatsError> {
    let pair = Pair { reference, current };
    let mut checks = vec![
        pair.stability(settings)?,
        pair.distribution(
            "score_distribution",
            |item| item.score,
            "of the scores; reference and current are means",
        )?,
        pair.rate(
            "scored_rate",
            |item| Some(item.score.is_some()),
            "share of items that the judge scored; the rest was refused, unread or failed",
        )?,
    ];
    if reference.has_reasons && current.has_reasons {
        checks.push(pair.rate(
            "refusal_rate",
            is_refused,
            "share of items that the judge declined",
        )?);
        checks.push(pair.rate(
            "parse_failure_rate",
            is_unread,
            "share of items whose answer could not be read, or did not answer the question",
        )?);
    }
    let mut further = |name, of: fn(&Observed) -> Option<f64>, detail| {
        if reference.values(of).len() >= LEAST && current.values(of).len() >= LEAST {
            checks.push(pair.distribution(name, of, detail)?);
        }
        Ok::<(), StatsError>(())
    };
    further(
        "coverage",
        |item| item.coverage,
        "of the mass on the allowed answers; reference and current are means",
    )?;
    further(
        "order_effect",
        |item| item.order_effect,
        "of the order effects of comparisons; reference and current are means",
    )?;
    checks.extend(pair.position_bias()?);
    let tests = judge(&mut checks, settings.level)?;
    checks.extend(canaries(reference, current, settings.canary));
    let moved = checks.iter().filter(|check| check.moved);
    let alerts: Vec<&str> = moved.map(|check| check.name).collect();
    Ok(DriftReport {
        moved: !alerts.is_empty(),
        alerts,
        level: settings.level,
        tests,
        checks,
    })
}

/// Values from which on two distributions are compared.
const LEAST: usize = 10;

fn is_refused(item: &Observed) -> Option<bool> {
    Some(item.reason.as_deref() == Some(Reason::Refused.code()))
}

fn is_unread(item: &Observed) -> Option<bool> {
    let unread = [
        Reason::Unparsed,
        Reason::Ambiguous,
        Reason::LowCoverage,
        Reason::NotFinite,
    ];
    let mut unread = unread.iter();
    Some(unread.any(|reason| item.reason.as_deref() == Some(reason.code())))
}

/// Of a verdict that follows the place: whether it goes to the first one.
fn goes_to_the_first(item: &Observed) -> Option<bool> {
    item.follows_place.filter(|follows| *follows)?;
    Some(item.order_effect? > 0.0)
}

struct Pair<'a> {
    reference: &'a Observations,
    current: &'a Observations,
}

impl Pair<'_> {
    fn stability(&self, settings: &DriftSettings) -> Result<DriftCheck, StatsError> {
        let [before, now] = self.values(|item| item.score);
        let index = population_stability(&before, &now)?;
        let detail = format!("population stability index; {}", index.convention);
        Ok(DriftCheck {
            limit: Some(settings.stability),
            ..check("score_stability", &index, detail)
        })
    }

    /// Kolmogorov and Smirnov's distance of two distributions.
    fn distribution(
        &self,
        name: &'static str,
        of: fn(&Observed) -> Option<f64>,
        detail: &str,
    ) -> Result<DriftCheck, StatsError> {
        let [before, now] = self.values(of);
        let distance = ks_two_sample(&before, &now)?;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        Ok(DriftCheck {
            reference: Some(mean(&before)),
            current: Some(mean(&now)),
            ..check(
                name,
                &distance,
                format!("Kolmogorov-Smirnov distance {detail}"),
            )
        })
    }

    fn rate(
        &self,
        name: &'static str,
        like: fn(&Observed) -> Option<bool>,
        detail: &str,
    ) -> Result<DriftCheck, StatsError> {
        let (before, now) = (self.reference.count(like), self.current.count(like));
        let difference = share_difference(before, now)?;
        let share = |(hits, n): (usize, usize)| hits as f64 / n as f64;
        Ok(DriftCheck {
            reference: Some(share(before)),
            current: Some(share(now)),
            ..check(name, &difference, detail.to_owned())
        })
    }

    /// Share of the pairs asked in both orders whose verdict follows the place, which is all but the two-order
    /// consistency; nothing below ten pairs on either side.
    fn position_bias(&self) -> Result<Option<DriftCheck>, StatsError> {
        let sides = [self.reference, self.current];
        let asked = sides.map(|side| side.count(|item| item.follows_place).1);
        if asked.iter().any(|pairs| *pairs < LEAST) {
            return Ok(None);
        }
        let check = self.rate("position_bias", |item| item.follows_place, "")?;
        let [before, now] = sides.map(|side| {
            let (first, all) = side.count(goes_to_the_first);
            format!("{first} of {all}")
        });
        let detail = format!(
            "share of pairs whose verdict follows the place, the two orders disagreeing; of those {before} went to the first place in the reference, and {now} do now"
        );
        Ok(Some(DriftCheck { detail, ..check }))
    }

    fn values(&self, of: fn(&Observed) -> Option<f64>) -> [Vec<f64>; 2] {
        [self.reference, self.current].map(|observed| observed.values(of))
    }
}

fn check(name: &'static str, found: &Estimate, detail: String) -> DriftCheck {
    DriftCheck {
        name,
        reference: None,
        current: None,
        value: found.value,
        ci: found
            .interval
            .as_ref()
            .map(|interval| [interval.low, interval.high]),
        limit: None,
        p_value: found.p_value,
        test: found.p_value.map(|_| found.method.to_string()),
        n: found.n,
        moved: false,
        detail,
    }
}

/// Shares the level among the tests by Holm's method and says what moved; how many tests there are.
fn judge(checks: &mut [DriftCheck], level: f64) -> Result<usize, StatsError> {
    let raw: Vec<f64> = checks.iter().filter_map(|check| check.p_value).collect();
    let mut adjusted = adjust_p_values(&raw, Correction::Holm)?.into_iter();
    for check in checks {
        check.p_value = check.p_value.and_then(|_| adjusted.next());
        let is_shown = check.p_value.is_some_and(|p_value| p_value < level);
        check.moved = is_shown && check.limit.is_none_or(|limit| check.value >= limit);
    }
    Ok(raw.len())
}
