//! Two judges on the same items, by resampling: for any statistic.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::resample::{
    Clustered, CounterRng, Difference, Plan, Resampled, bootstrap_distribution,
};
use super::super::tails::{LEVEL, percentile_interval};
use super::super::{Estimate, PairedSample, Side, StatsError};

/// How often and from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resampling {
    /// Number of resamples.
    pub resamples: u32,
    /// Resample k draws from stream k under this seed.
    pub seed: u64,
}

/// Two judges' values and people's on the same items.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedJudges {
    first: PairedSample,
    second: PairedSample,
}

impl ComparedJudges {
    /// Checks and aligns the three columns.
    ///
    /// # Errors
    /// As [`PairedSample::new`], for either judge.
    pub fn new(first: &[f64], second: &[f64], human: &[f64]) -> Result<Self, StatsError> {
        Ok(ComparedJudges {
            first: PairedSample::new(first, human)?,
            second: PairedSample::new(second, human)?,
        })
    }

    /// Number of items.
    pub fn len(&self) -> usize {
        self.first.len()
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }

    fn difference(&self, statistic: &impl Fn(&PairedSample) -> Option<f64>) -> Option<f64> {
        Some(statistic(&self.first)? - statistic(&self.second)?)
    }

    fn of_items(&self, items: &[usize]) -> Option<Self> {
        let pick = |column: &[f64]| items.iter().map(|&item| column[item]).collect::<Vec<_>>();
        let human = pick(self.first.human());
        ComparedJudges::new(
            &pick(self.first.predicted()),
            &pick(self.second.predicted()),
            &human,
        )
        .ok()
    }

    fn standardised(&self) -> Result<Self, StatsError> {
        let first = standardise(self.first.predicted())?;
        let second = standardise(self.second.predicted())?;
        ComparedJudges::new(&first, &second, self.first.human())
    }

    fn swapped(&self, swap: &[bool]) -> Option<Self> {
        let (one, other) = (self.first.predicted(), self.second.predicted());
        let pick = |kept: &[f64], taken: &[f64]| -> Vec<f64> {
            let choose = |item: usize| if swap[item] { taken[item] } else { kept[item] };
            (0..swap.len()).map(choose).collect()
        };
        ComparedJudges::new(&pick(one, other), &pick(other, one), self.first.human()).ok()
    }
}

fn standardise(values: &[f64]) -> Result<Vec<f64>, StatsError> {
    let size = values.len() as f64;
    let mean = values.iter().sum::<f64>() / size;
    let spread = (values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / size)
        .sqrt();
    if spread > 0.0 {
        Ok(values.iter().map(|value| (value - mean) / spread).collect())
    } else {
        Err(StatsError::Constant {
            side: Side::Predicted,
            value: mean,
        })
    }
}

fn undefined(statistic: &'static str) -> StatsError {
    StatsError::Undefined {
        statistic,
        reason: "the compared statistic does not exist for both judges".to_owned(),
    }
}

fn require(judges: &ComparedJudges, statistic: &'static str) -> Result<(), StatsError> {
    if judges.len() < 2 {
        return Err(StatsError::TooFew {
            statistic,
            needed: 2,
            got: judges.len(),
        });
    }
    Ok(())
}

/// Paired permutation test of a difference of two judges, first less second.
///
/// Under the null hypothesis the two judges' standardised values of an item could be swapped (PERM-BOTH of
/// Deutsch, Dror and Roth, TACL 2021; as `mt_metrics_eval.stats.PermutationSigDiff` without early stopping).
/// The two-sided p-value is the share of swaps whose difference is at least as large, the observed one counted
/// among them; with at most log2(`resamples`) items all swaps are gone through. The estimate's value is the
/// difference on the values as given.
///
/// # Errors
/// [`StatsError::TooFew`] below two items; [`StatsError::Constant`] for a judge without spread;
/// [`StatsError::Undefined`] when the statistic does not exist.
pub fn paired_permutation(
    judges: &ComparedJudges,
    resampling: Resampling,
    statistic: impl Fn(&PairedSample) -> Option<f64>,
) -> Result<Estimate, StatsError> {
    let name = "paired_permutation";
    require(judges, name)?;
    let value = judges
        .difference(&statistic)
        .ok_or_else(|| undefined(name))?;
    let standardised = judges.standardised()?;
    let observed = standardised
        .difference(&statistic)
        .ok_or_else(|| undefined(name))?;
    let items = judges.len();
    let exact = items < 32 && 1_u64 << items <= u64::from(resampling.resamples);
    let swaps = if exact {
        1 << items
    } else {
        resampling.resamples
    };

    let (mut as_large, mut defined) = (0_u32, 0_u32);
    let mut swap = vec![false; items];
    for resample in 0..swaps {
        let mut rng = CounterRng::new(resampling.seed, u64::from(resample));
        for chunk in swap.chunks_mut(64) {
            let bits = if exact {
                u64::from(resample)
            } else {
                rng.next_u64()
            };
            for (bit, swap) in chunk.iter_mut().enumerate() {
                *swap = bits >> bit & 1 == 1;
            }
        }
        let found = standardised
            .swapped(&swap)
            .and_then(|judges| judges.difference(&statistic));
        if let Some(found) = found {
            defined += 1;
            // Sums in another order differ in their last digits.
            as_large += u32::from(found.abs() >= observed.abs() - 1e-12);
        }
    }
    let p_value = if exact {
        f64::from(as_large) / f64::from(defined)
    } else {
        (f64::from(as_large) + 1.0) / (f64::from(defined) + 1.0)
    };
    let method: Cow<'static, str> = if exact {
        format!("exact paired permutation, {swaps} swaps").into()
    } else {
        format!(
            "paired permutation, {defined} swaps, seed {}",
            resampling.seed
        )
        .into()
    };
    Ok(Estimate::new(
        name,
        value,
        items,
        "first less second; standardised values swapped per item, two-sided",
    )
    .with_p_value(p_value, method))
}

/// Paired bootstrap of a difference of two judges, first less second, with a percentile interval.
///
/// Whole clusters are drawn with replacement: items that share a source (a prompt, a reference image) say less
/// than as many independent ones. Without `clusters` each item is its own. The two-sided p-value is twice the
/// smaller share of resamples at or beyond 0, the observed sample counted among them. Resamples in which the
/// statistic does not exist are left out, and the interval's method says how many are left.
///
/// # Errors
/// [`StatsError::TooFew`] below two clusters or two usable resamples; [`StatsError::LengthMismatch`] for a
/// cluster column of another length; [`StatsError::Undefined`] when the statistic does not exist.
pub fn paired_bootstrap(
    judges: &ComparedJudges,
    clusters: Option<&[usize]>,
    resampling: Resampling,
    statistic: impl Fn(&PairedSample) -> Option<f64>,
) -> Result<Estimate, StatsError> {
    let name = "paired_bootstrap";
    require(judges, name)?;
    let members = members(judges.len(), clusters)?;
    let too_few = |got| StatsError::TooFew {
        statistic: name,
        needed: 2,
        got,
    };
    let drawn = u32::try_from(members.len()).map_err(|_| too_few(0))?;
    if drawn < 2 {
        return Err(too_few(members.len()));
    }
    let value = judges
        .difference(&statistic)
        .ok_or_else(|| undefined(name))?;
    let mut found: Vec<f64> = (0..u64::from(resampling.resamples))
        .filter_map(|stream| {
            let mut rng = CounterRng::new(resampling.seed, stream);
            let items: Vec<usize> = (0..drawn)
                .flat_map(|_| members[rng.below(drawn) as usize].iter().copied())
                .collect();
            judges.of_items(&items)?.difference(&statistic)
        })
        .collect();
    let p_value = two_sided(&found);
    let method = format!(
        "percentile bootstrap over {drawn} cluster(s), {} of {} resamples, seed {}",
        found.len(),
        resampling.resamples,
        resampling.seed
    );
    let usable = found.len();
    let interval =
        percentile_interval(&mut found, LEVEL, method.clone()).ok_or_else(|| too_few(usable))?;
    Ok(Estimate::new(
        name,
        value,
        judges.len(),
        "first less second, whole clusters drawn",
    )
    .with_p_value(p_value, method)
    .with_interval(interval))
}

/// The same for two statistics that know how to be resampled: much faster, on any number of threads.
///
/// `clusters` numbers the cluster of each item from 0 without gaps.
///
/// ```
/// use opine::stats::PairedSample;
/// use opine::stats::comparing::paired_bootstrap_of;
/// use opine::stats::resample::{Difference, Plan, ResampledSpearman};
/// let human: Vec<f64> = (0..40).map(f64::from).collect();
/// let of = |judge: Vec<f64>| ResampledSpearman::new(&PairedSample::new(&judge, &human)?);
/// let (good, poor) = (of(human.clone())?, of((0..40).map(|i| f64::from(i * 17 % 40)).collect())?);
/// let found = paired_bootstrap_of(Difference::new(good, poor)?, None, &Plan::default())?;
/// assert!(found.value > 0.5 && found.p_value.is_some_and(|p| p < 0.01));
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// As [`paired_bootstrap`]; [`StatsError::Argument`] for wrong clusters.
pub fn paired_bootstrap_of<First: Resampled, Second: Resampled>(
    difference: Difference<First, Second>,
    clusters: Option<&[u32]>,
    plan: &Plan,
) -> Result<Estimate, StatsError> {
    let (items, value) = (difference.items(), difference.observed());
    let (mut found, drawn) = match clusters {
        None => (bootstrap_distribution(&difference, plan), items),
        Some(clusters) => {
            let clustered = Clustered::new(difference, clusters)?;
            (bootstrap_distribution(&clustered, plan), clustered.items())
        }
    };
    found.retain(|found| !found.is_nan());
    if drawn < 2 || found.len() < 2 {
        return Err(StatsError::TooFew {
            statistic: "paired_bootstrap",
            needed: 2,
            got: drawn.min(found.len()),
        });
    }
    let what = if clusters.is_some() {
        "clusters"
    } else {
        "items"
    };
    let method = format!(
        "paired percentile bootstrap over {drawn} {what}, {} of {} resamples, seed {}",
        found.len(),
        plan.resamples,
        plan.seed
    );
    let p_value = two_sided(&found);
    let interval = percentile_interval(&mut found, LEVEL, method.clone())
        .expect("two usable resamples were required");
    Ok(Estimate::new(
        "paired_bootstrap",
        value,
        items,
        format!("first less second, whole {what} drawn for both"),
    )
    .with_p_value(p_value, method)
    .with_interval(interval))
}

/// Twice the smaller share of resamples at or beyond 0, the observed sample counted among them.
fn two_sided(found: &[f64]) -> f64 {
    let beyond = |side: fn(&&f64) -> bool| (found.iter().filter(side).count() + 1) as f64;
    let smaller = beyond(|found| **found <= 0.0).min(beyond(|found| **found >= 0.0));
    (2.0 * smaller / (found.len() as f64 + 1.0)).min(1.0)
}

/// The items of each cluster.
fn members(items: usize, clusters: Option<&[usize]>) -> Result<Vec<Vec<usize>>, StatsError> {
    let Some(clusters) = clusters else {
        return Ok((0..items).map(|item| vec![item]).collect());
    };
    if clusters.len() != items {
        return Err(StatsError::LengthMismatch {
            predicted: clusters.len(),
            human: items,
        });
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (item, cluster) in clusters.iter().enumerate() {
        members.entry(*cluster).or_default().push(item);
    }
    Ok(members.into_values().collect())
}
