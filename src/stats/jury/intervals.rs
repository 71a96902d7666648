//! What a jury's votes leave open about its items and its members.

use std::borrow::Cow;

use super::crowd::{Crowd, CrowdSettings, Stated, stated};
use crate::stats::distributions::normal_quantile;
use crate::stats::fit::moments::check_level;
use crate::stats::strengths::dense::invert;
use crate::stats::strengths::{MOST_POSTERIOR_ITEMS, RankRange, Votes, rank_ranges};
use crate::stats::{Interval, StatsError};

const METHOD: &str = "laplace approximation of the joint posterior of strengths and reliabilities";

/// Credible intervals of all that [`crowd_strengths`](super::crowd_strengths) found.
#[derive(Debug, Clone, PartialEq)]
pub struct CrowdIntervals {
    /// Of the strengths, around their mean.
    pub values: Vec<Interval>,
    /// Of the places.
    pub ranks: Vec<RankRange>,
    /// Of the reliabilities, normal in their log-odds.
    pub reliabilities: Vec<Interval>,
}

/// Intervals from the curvature of the joint posterior at its mode: that a member's reliability is not known either
/// widens the intervals of the strengths.
///
/// ```text
/// covariance = inverse of -d^2 ln posterior / d(s, eta)^2
/// ```
/// # Errors
/// [`StatsError::Argument`] for more than [`MOST_POSTERIOR_ITEMS`] items or a level that is none;
/// [`StatsError::Undefined`] where the posterior is flat at the mode.
pub fn crowd_intervals(
    votes: &Votes,
    judge_of: &[u32],
    crowd: &Crowd,
    settings: &CrowdSettings,
    level: f64,
) -> Result<CrowdIntervals, StatsError> {
    check_level(level)?;
    let (items, judges) = (votes.items(), crowd.members.len());
    if items > MOST_POSTERIOR_ITEMS {
        return Err(StatsError::Argument {
            argument: "items",
            value: items.to_string(),
            allowed: "2 to 1024 for a posterior with its covariance",
        });
    }
    let size = items + judges;
    let mut dense = curvature(&stated(votes, judge_of), crowd, settings, size);
    if !invert(&mut dense, size) {
        return Err(StatsError::Undefined {
            statistic: "intervals of crowd strengths",
            reason: "the posterior is flat at the mode".to_owned(),
        });
    }
    let z = normal_quantile(0.5 + level / 2.0);
    let interval = |low, high| Interval {
        low,
        high,
        level,
        method: Cow::Borrowed(METHOD),
    };
    let values = strengths(&dense, size, crowd, |value, deviation| {
        interval(value - z * deviation, value + z * deviation)
    });
    let reliabilities = crowd.members.iter().enumerate().map(|(judge, member)| {
        let at = items + judge;
        let (eta, variance) = (member.reliability, dense[at * size + at].max(0.0));
        let (odds, half) = (
            (eta / (1.0 - eta)).ln(),
            z * variance.sqrt() / (eta * (1.0 - eta)),
        );
        let share = |odds: f64| 1.0 / (1.0 + (-odds).exp());
        interval(share(odds - half), share(odds + half))
    });
    Ok(CrowdIntervals {
        ranks: rank_ranges(&values),
        reliabilities: reliabilities.collect(),
        values,
    })
}

/// Intervals of strengths less their mean, whose common level the prior alone holds.
fn strengths(
    covariance: &[f64],
    size: usize,
    crowd: &Crowd,
    interval: impl Fn(f64, f64) -> Interval,
) -> Vec<Interval> {
    let values = &crowd.strengths.values;
    let items = values.len();
    let rows = covariance.chunks(size).take(items);
    let by_item: Vec<f64> = rows
        .map(|row| row[..items].iter().sum::<f64>() / items as f64)
        .collect();
    let all = by_item.iter().sum::<f64>() / items as f64;
    let around = |(item, value): (usize, &f64)| {
        let variance = covariance[item * size + item] - 2.0 * by_item[item] + all;
        interval(*value, variance.max(0.0).sqrt())
    };
    values.iter().enumerate().map(around).collect()
}

/// Second derivatives of the negative log posterior by strengths and reliabilities, row after row.
///
/// ```text
/// p = eta F + (1 - eta)(1 - F),  f = F (1 - F),  a = 2 eta - 1
/// (ln p)_dd = a f (1 - 2F) / p - (a f / p)^2,  (ln p)_de = 2 f / p - a f (2F - 1) / p^2,  (ln p)_ee = -((2F - 1) / p)^2
/// ```
fn curvature(stated: &[Stated], crowd: &Crowd, settings: &CrowdSettings, size: usize) -> Vec<f64> {
    let values = &crowd.strengths.values;
    let items = values.len();
    let mut dense = vec![0.0; size * size];
    for vote in stated {
        let (better, worse) = (vote.better as usize, vote.worse as usize);
        let eta = crowd.members[vote.judge].reliability;
        let win = 1.0 / (1.0 + (values[worse] - values[better]).exp());
        let (f, a, lead) = (win * (1.0 - win), 2.0 * eta - 1.0, 2.0 * win - 1.0);
        let p = eta * win + (1.0 - eta) * (1.0 - win);
        let by_d = -vote.weight * (-a * f * lead / p - (a * f / p).powi(2));
        let cross = -vote.weight * (2.0 * f / p - a * f * lead / (p * p));
        let judge = items + vote.judge;
        for (one, other, entry) in [
            (better, better, by_d),
            (worse, worse, by_d),
            (better, worse, -by_d),
            (worse, better, -by_d),
            (better, judge, cross),
            (judge, better, cross),
            (worse, judge, -cross),
            (judge, worse, -cross),
            (judge, judge, vote.weight * (lead / p).powi(2)),
        ] {
            dense[one * size + other] += entry;
        }
    }
    for item in 0..items {
        dense[item * size + item] += settings.ridge;
    }
    for (judge, member) in crowd.members.iter().enumerate() {
        let (at, eta) = (items + judge, member.reliability);
        dense[at * size + at] +=
            settings.earnest / (eta * eta) + settings.reversed / ((1.0 - eta) * (1.0 - eta));
    }
    dense
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::jury::crowd_strengths;
    use crate::stats::resample::CounterRng;
    use crate::stats::strengths::{Outcome, Vote};

    const ITEMS: u32 = 8;
    const TRUE: [f64; 4] = [0.97, 0.9, 0.8, 0.5];

    /// Strengths, votes by simulated judges, and whose each vote is.
    fn simulated(seed: u64) -> (Vec<f64>, Votes, Vec<u32>) {
        let mut rng = CounterRng::new(seed, 0);
        let truth: Vec<f64> = (0..ITEMS).map(|_| 1.5 * rng.normal()).collect();
        let (mut votes, mut judge_of) = (Vec::new(), Vec::new());
        for (judge, reliability) in (0_u32..).zip(TRUE) {
            for _ in 0..120 {
                let first = rng.below(ITEMS);
                let second = (first + 1 + rng.below(ITEMS - 1)) % ITEMS;
                let d = truth[first as usize] - truth[second as usize];
                let wins = rng.uniform() < 1.0 / (1.0 + (-d).exp());
                let meant = rng.uniform() < reliability;
                let outcome = if wins == meant {
                    Outcome::First
                } else {
                    Outcome::Second
                };
                votes.push(Vote::new(first, second, outcome));
                judge_of.push(judge);
            }
        }
        (truth, Votes::new(ITEMS as usize, votes).unwrap(), judge_of)
    }

    /// The log posterior, written out, at strengths followed by reliabilities.
    fn log_posterior(stated: &[Stated], point: &[f64], settings: &CrowdSettings) -> f64 {
        let (strengths, etas) = point.split_at(ITEMS as usize);
        let votes = stated.iter().map(|vote| {
            let d = strengths[vote.better as usize] - strengths[vote.worse as usize];
            let (win, eta) = (1.0 / (1.0 + (-d).exp()), etas[vote.judge]);
            vote.weight * (eta * win + (1.0 - eta) * (1.0 - win)).ln()
        });
        let squares: f64 = strengths.iter().map(|strength| strength * strength).sum();
        let judges = etas
            .iter()
            .map(|eta| settings.earnest * eta.ln() + settings.reversed * (1.0 - eta).ln());
        votes.sum::<f64>() + judges.sum::<f64>() - 0.5 * settings.ridge * squares
    }

    #[test]
    fn the_curvature_is_that_of_the_log_posterior() {
        let (_, votes, judge_of) = simulated(3);
        let settings = CrowdSettings::default();
        let crowd = crowd_strengths(&votes, &judge_of, TRUE.len(), &settings).unwrap();
        let stated = stated(&votes, &judge_of);
        let etas = crowd.members.iter().map(|member| member.reliability);
        let mode: Vec<f64> = crowd.strengths.values.iter().copied().chain(etas).collect();
        let size = mode.len();
        let dense = curvature(&stated, &crowd, &settings, size);
        let step = 1e-4;
        for one in 0..size {
            for other in 0..size {
                let at = |first: f64, second: f64| {
                    let mut point = mode.clone();
                    point[one] += first * step;
                    point[other] += second * step;
                    log_posterior(&stated, &point, &settings)
                };
                let mixed = at(1.0, 1.0) - at(1.0, -1.0) - at(-1.0, 1.0) + at(-1.0, -1.0);
                let (got, expected) = (dense[one * size + other], -mixed / (4.0 * step * step));
                // Second differences keep some five digits of the greatest entry.
                assert!(
                    (got - expected).abs() < 0.02 + 1e-4 * expected.abs(),
                    "{one} {other}: {got} {expected}"
                );
            }
        }
    }

    #[test]
    fn intervals_hold_what_they_should() {
        let settings = CrowdSettings::default();
        let (mut held, mut all) = (0, 0);
        for seed in 0..60 {
            let (truth, votes, judge_of) = simulated(seed);
            let crowd = crowd_strengths(&votes, &judge_of, TRUE.len(), &settings).unwrap();
            let found = crowd_intervals(&votes, &judge_of, &crowd, &settings, 0.95).unwrap();
            let mean = truth.iter().sum::<f64>() / f64::from(ITEMS);
            let strengths = found.values.iter().zip(truth.iter().map(|one| one - mean));
            for (interval, truth) in strengths {
                all += 1;
                held += usize::from(interval.low <= truth && truth <= interval.high);
            }
            assert!(
                found
                    .reliabilities
                    .iter()
                    .all(|one| 0.0 < one.low && one.high < 1.0)
            );
        }
        // 480 intervals of 95 %: a share of 0.95 with a standard error of 0.01, dependence within a run aside.
        let share = held as f64 / f64::from(all);
        assert!((0.91..=0.985).contains(&share), "{share}");
    }
}
