//! How far the judge's verdicts are people's, with intervals: over pairs of systems, and prompt by prompt.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{PairVerdict, ReleaseSettings, Row, Shown};
use crate::stats::calibration::{BinomialInterval, binomial_interval};
use crate::stats::resample::{Plan, percentile_over_items};
use crate::stats::{Interval, StatsError, student_reach};

/// Share of the pairs of systems with the same verdict by the judge and by people.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    /// The share.
    pub value: f64,
    /// Where it lies for the same systems on other prompts, 95 %.
    pub ci: [f64; 2],
    /// How `ci` is found.
    pub ci_method: String,
    /// Where it lies for other pairs of systems, 95 %.
    pub pairs_ci: [f64; 2],
    /// How `pairs_ci` is found.
    pub pairs_ci_method: &'static str,
}

/// On single prompts: how often the judge prefers the system that people prefer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preferences {
    /// The share; the judge's ties count half, people's are left out.
    pub value: f64,
    /// Its 95 % interval.
    pub ci: [f64; 2],
    /// How `ci` is found.
    pub ci_method: String,
    /// Preferences of people, one for each prompt and pair of systems of which they rate one higher.
    pub n: usize,
}

/// Pairs share systems, so that Wilson's interval is rather too narrow than too wide.
const PAIRS: &str = "Wilson, pairs of systems taken as independent";

/// Means over the same ratings in another order differ by less than this, and are the same.
const NOISE: f64 = 1e-9;

/// New minus old for each prompt, by the judge and by people, of one pair of systems. Both are in the order of prompts.
struct Gains {
    judge: Vec<f64>,
    human: Vec<f64>,
}

/// How far the judge's verdicts over these pairs are people's; nothing where there is no pair.
///
/// Prompts are what is drawn, with all systems of a prompt together. A resample's verdicts are those of Student's
/// interval, for a bootstrap in every resample of a bootstrap would take hours.
///
/// # Errors
/// [`StatsError`] for fewer than two prompts.
pub(super) fn agreement(
    rows: &[Row],
    verdicts: &[PairVerdict],
    settings: &ReleaseSettings,
) -> Result<Option<(Agreement, Option<Preferences>)>, StatsError> {
    let gains = gains(rows, verdicts, settings.higher_is_better);
    let Some(prompts) = gains.first().map(|pair| pair.judge.len()) else {
        return Ok(None);
    };
    let same = verdicts
        .iter()
        .map(|pair| pair.judge.shown == pair.human.shown);
    let agree = same.filter(|same| *same).count();
    let reach = student_reach(prompts).unwrap_or(f64::INFINITY);
    let redrawn = |drawn: &[u32]| {
        let same =
            |pair: &&Gains| shown(&pair.judge, drawn, reach) == shown(&pair.human, drawn, reach);
        gains.iter().filter(same).count() as f64 / gains.len() as f64
    };
    let over_prompts = percentile_over_items(prompts, None, &settings.plan, redrawn)?;
    let over_pairs = binomial_interval(agree, verdicts.len(), 0.95, BinomialInterval::Wilson)?;
    let agreement = Agreement {
        value: agree as f64 / verdicts.len() as f64,
        ci: ends(&over_prompts),
        ci_method: format!(
            "{}; prompts are drawn, verdicts of a resample are by Student's interval",
            over_prompts.method
        ),
        pairs_ci: ends(&over_pairs),
        pairs_ci_method: PAIRS,
    };
    Ok(Some((
        agreement,
        preferences(&gains, prompts, &settings.plan)?,
    )))
}

/// How often the judge prefers on a prompt what people prefer; nothing where people prefer nothing.
fn preferences(
    gains: &[Gains],
    prompts: usize,
    plan: &Plan,
) -> Result<Option<Preferences>, StatsError> {
    // For each prompt: preferences of people, and the judge's that are the same.
    let mut tallies = vec![(0.0, 0.0); prompts];
    for pair in gains {
        let both = pair.judge.iter().zip(&pair.human);
        for ((of_people, same), (judge, human)) in tallies.iter_mut().zip(both) {
            if human.abs() > NOISE {
                *of_people += 1.0;
                *same += if judge.abs() <= NOISE {
                    0.5
                } else {
                    f64::from(u8::from(judge.signum() * human.signum() > 0.0))
                };
            }
        }
    }
    let (of_people, same) = total(tallies.iter());
    if of_people < 1.0 {
        return Ok(None);
    }
    let interval = percentile_over_items(prompts, None, plan, |drawn| {
        let (of_people, same) = total(drawn.iter().map(|at| &tallies[*at as usize]));
        same / of_people
    })?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count"
    )]
    let n = of_people as usize;
    Ok(Some(Preferences {
        value: same / of_people,
        ci: ends(&interval),
        ci_method: format!("{}; prompts are drawn", interval.method),
        n,
    }))
}

fn total<'a>(tallies: impl Iterator<Item = &'a (f64, f64)>) -> (f64, f64) {
    tallies.fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

/// What Student's interval of the mean over the drawn prompts shows.
fn shown(gains: &[f64], drawn: &[u32], reach: f64) -> Shown {
    let n = drawn.len() as f64;
    let values = || drawn.iter().map(|at| gains[*at as usize]);
    let mean = values().sum::<f64>() / n;
    let squares: f64 = values().map(|gain| (gain - mean).powi(2)).sum();
    let half = reach * (squares / (n - 1.0) / n).sqrt();
    Shown::of(mean - half, mean + half)
}

fn gains(rows: &[Row], verdicts: &[PairVerdict], higher_is_better: bool) -> Vec<Gains> {
    let sign = if higher_is_better { 1.0 } else { -1.0 };
    let judged = means(rows, |row| row.score.map(|score| sign * score));
    let rated = means(rows, |row| row.human);
    let of = |means: &BTreeMap<&str, Vec<f64>>, pair: &PairVerdict| {
        let (new, old) = (&means[pair.new.as_str()], &means[pair.old.as_str()]);
        new.iter().zip(old).map(|(new, old)| new - old).collect()
    };
    verdicts
        .iter()
        .map(|pair| Gains {
            judge: of(&judged, pair),
            human: of(&rated, pair),
        })
        .collect()
}

/// For each system its mean on each prompt, in the order of the prompts; of rows that lack nothing.
fn means(rows: &[Row], by: impl Fn(&Row) -> Option<f64>) -> BTreeMap<&str, Vec<f64>> {
    let mut sums: BTreeMap<&str, BTreeMap<&str, (f64, f64)>> = BTreeMap::new();
    for row in rows {
        if let (Some(system), Some(value)) = (row.system.as_deref(), by(row)) {
            let prompts = sums.entry(system).or_default();
            let (sum, n) = prompts.entry(&row.group).or_default();
            *sum += value;
            *n += 1.0;
        }
    }
    let mean = |prompts: BTreeMap<&str, (f64, f64)>| {
        prompts.into_values().map(|(sum, n)| sum / n).collect()
    };
    sums.into_iter()
        .map(|(system, prompts)| (system, mean(prompts)))
        .collect()
}

fn ends(interval: &Interval) -> [f64; 2] {
    [interval.low, interval.high]
}
