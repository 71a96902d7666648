//! The difference within which a judge's scores are best called ties.
//!
//! Every pair whose difference falls under the threshold becomes a tie, so the best threshold is found by
//! walking all differences in rising order. There are n (n - 1) / 2 of them, too many to hold for a few
//! ten thousand items. So the differences are counted in buckets first. A bucket can raise the accuracy by
//! its human ties at most; where that does not reach what some bucket's end is known to reach, the bucket
//! needs no look inside. Only the rest are collected and sorted, a bounded number at a time. The result is
//! that of sorting everything.

use super::super::{Estimate, Interval, PairedSample, StatsError, mean};
use super::accuracy::{TieConvention, pairwise_accuracy, tau_eq};
use super::counts::sorted;

/// Buckets in one pass.
const BUCKETS: usize = 1 << 16;
/// Differences held at a time: 64 MiB of them.
const HELD: u64 = 1 << 22;
/// Far below the weight of one pair, far above the rounding of their sums.
const SLACK: f64 = 1e-9;

/// The threshold that lets the judge agree best with people, and that agreement.
#[derive(Debug, Clone, PartialEq)]
pub struct TieCalibration {
    /// Differences of this size or less are ties.
    pub epsilon: f64,
    /// `acc_eq` at that threshold, the mean over groups.
    pub accuracy: Estimate,
    /// `tau_eq` at that threshold, the mean over groups.
    pub tau: Estimate,
    /// `acc_eq` without calibration: only equal scores are ties.
    pub uncalibrated: f64,
}

/// Tie calibration: chooses the threshold that maximises the mean `acc_eq` (and with it `tau_eq`) over groups.
///
/// One group pools all items; several are calibrated together, only pairs within a group count, and groups of
/// fewer than two items are left out. Of equal maxima the smallest threshold is taken. Deutsch, Foster and
/// Freitag (2023); same result as `mt_metrics_eval.tau_optimization` with `sample_rate=1`. The accuracy is an
/// optimistic one, for the threshold was chosen on the same pairs. Takes O(n^2) time and bounded memory. The
/// intervals take the threshold as given: for one group by leaving out one item at a time, for several Student's t
/// over groups, which are taken as a sample of groups (none where all groups have one value).
///
/// ```
/// use opine::stats::{PairedSample, pairs::calibrate_ties};
/// let sample = PairedSample::new(&[0.0, 2.0, 6.0, 8.0], &[1.0, 1.0, 1.0, 4.0])?;
/// let found = calibrate_ties(&[sample])?;
/// assert_eq!((found.epsilon, found.accuracy.value), (4.0, 4.0 / 6.0));
/// # Ok::<(), opine::stats::StatsError>(())
/// ```
///
/// # Errors
/// [`StatsError::TooFew`] when no group has two items.
pub fn calibrate_ties(groups: &[PairedSample]) -> Result<TieCalibration, StatsError> {
    let kept: Vec<&PairedSample> = groups.iter().filter(|group| group.len() >= 2).collect();
    if kept.is_empty() {
        return Err(StatsError::TooFew {
            statistic: "tie_calibration",
            needed: 2,
            got: groups.iter().map(PairedSample::len).max().unwrap_or(0),
        });
    }
    let epsilon = best_threshold(&kept, HELD);
    let (accuracy, tau) = (
        mean_over(&kept, (0.0, 1.0), |group| {
            pairwise_accuracy(group, TieConvention::WithTies, epsilon)
        })?,
        mean_over(&kept, (-1.0, 1.0), |group| tau_eq(group, epsilon))?,
    );
    let uncalibrated = mean_over(&kept, (0.0, 1.0), |group| {
        pairwise_accuracy(group, TieConvention::WithTies, 0.0)
    })?
    .value;
    Ok(TieCalibration {
        epsilon,
        accuracy,
        tau,
        uncalibrated,
    })
}

fn mean_over(
    groups: &[&PairedSample],
    (least, most): (f64, f64),
    statistic: impl Fn(&PairedSample) -> Result<Estimate, StatsError>,
) -> Result<Estimate, StatsError> {
    let estimates: Vec<Estimate> = groups
        .iter()
        .map(|group| statistic(group))
        .collect::<Result<_, _>>()?;
    let mut first = estimates[0].clone();
    let over = match groups.len() {
        1 => String::new(),
        several => format!("; mean over {several} groups"),
    };
    first.convention = format!(
        "{}, the threshold that is best on these very pairs{over}",
        first.convention
    )
    .into();
    if groups.len() > 1 {
        let values: Vec<f64> = estimates.iter().map(|found| found.value).collect();
        let over = mean(&values)?.estimate;
        first.value = over.value;
        first.n = estimates.iter().map(|found| found.n).sum();
        first.interval = over.interval.map(|interval| Interval {
            low: interval.low.max(least),
            high: interval.high.min(most),
            method: "Student's t over groups, the threshold taken as given".into(),
            ..interval
        });
    }
    Ok(first)
}

/// Items of one group by rising score.
struct Group {
    predicted: Vec<f64>,
    human: Vec<u32>,
    /// What one pair adds to the sum over groups.
    weight: f64,
}

/// The best threshold of [`calibrate_ties`], holding about `held` differences at a time.
pub(super) fn best_threshold(samples: &[&PairedSample], held: u64) -> f64 {
    let groups = samples
        .iter()
        .map(|sample| {
            let (predicted, human) = sorted(sample);
            let pairs = (predicted.len() * (predicted.len() - 1) / 2) as f64;
            // One group counts in whole pairs, which are exact.
            let weight = if samples.len() == 1 { 1.0 } else { 1.0 / pairs };
            Group {
                predicted,
                human,
                weight,
            }
        })
        .collect();
    let mut search = Search {
        groups,
        held,
        gain: 0.0,
        epsilon: 0.0,
    };
    search.look_within(1, f64::MAX.to_bits(), 0.0);
    search.epsilon
}

/// All differences, and the best threshold among those looked at so far.
struct Search {
    groups: Vec<Group>,
    held: u64,
    /// The most that was gained over no calibration, and the smallest threshold that gains it.
    gain: f64,
    epsilon: f64,
}

#[derive(Clone, Copy, Default)]
struct Bucket {
    pairs: u64,
    /// Weight of pairs that people tie: what the bucket could gain at most.
    gains: f64,
    /// Gains less losses: what it does gain as a whole.
    net: f64,
}

/// Differences with keys from `low` to `high` cut into buckets of 2^`shift` keys each, and the gain of all
/// thresholds below each bucket. A key is the bits of a positive difference, which are ordered as it is.
struct Cut {
    low: u64,
    high: u64,
    shift: u32,
    starts: Vec<f64>,
}

impl Cut {
    fn bucket_of(&self, key: u64) -> usize {
        usize::try_from((key - self.low) >> self.shift).expect("below BUCKETS")
    }

    fn first_key(&self, bucket: usize) -> u64 {
        self.low + ((bucket as u64) << self.shift)
    }

    fn last_key(&self, bucket: usize) -> u64 {
        (self.first_key(bucket) + ((1 << self.shift) - 1)).min(self.high)
    }
}

impl Search {
    fn offer(&mut self, gain: f64, key: u64) {
        if gain > self.gain + SLACK * 1e-3 {
            self.gain = gain;
            self.epsilon = f64::from_bits(key);
        }
    }

    /// Looks for a better threshold among differences with keys from `low` to `high`, where all smaller ones
    /// together have gained `before`.
    fn look_within(&mut self, low: u64, high: u64, before: f64) {
        let Some((cut, buckets)) = self.cut(low, high, before) else {
            return;
        };
        let ends = buckets.iter().zip(&cut.starts);
        let reached = ends.fold(self.gain, |most, (bucket, start)| {
            most.max(start + bucket.net)
        });
        let promising: Vec<usize> = (0..BUCKETS)
            .filter(|&index| {
                let gains = buckets[index].gains;
                gains > 0.0 && cut.starts[index] + gains >= reached - SLACK
            })
            .collect();

        let mut batch = Vec::new();
        let mut held = 0;
        for index in promising {
            let pairs = buckets[index].pairs;
            if held + pairs > self.held {
                self.walk(&cut, &batch, held);
                batch.clear();
                held = 0;
            }
            if cut.shift == 0 {
                // Every difference in the bucket is the same.
                self.walk(&cut, &batch, held);
                batch.clear();
                held = 0;
                self.offer(cut.starts[index] + buckets[index].net, cut.first_key(index));
            } else if pairs > self.held {
                self.look_within(cut.first_key(index), cut.last_key(index), cut.starts[index]);
            } else {
                batch.push(index);
                held += pairs;
            }
        }
        self.walk(&cut, &batch, held);
    }

    /// Counts the differences within `low..=high` in buckets; nothing where there are none.
    fn cut(&self, low: u64, high: u64, before: f64) -> Option<(Cut, Vec<Bucket>)> {
        let (low, high) = self.occupied(low, high)?;
        let mut cut = Cut {
            low,
            high,
            shift: 0,
            starts: Vec::with_capacity(BUCKETS),
        };
        while (high - low) >> cut.shift >= BUCKETS as u64 {
            cut.shift += 1;
        }
        let mut buckets = vec![Bucket::default(); BUCKETS];
        self.for_each_pair(low, high, |key, change, weight| {
            let bucket = &mut buckets[cut.bucket_of(key)];
            bucket.pairs += 1;
            bucket.gains += change.max(0.0) * weight;
            bucket.net += change * weight;
        });
        let mut gain = before;
        for bucket in &buckets {
            cut.starts.push(gain);
            gain += bucket.net;
        }
        Some((cut, buckets))
    }

    /// Sorts the differences in the buckets of `batch`, some `pairs` of them, and offers each as a threshold.
    fn walk(&mut self, cut: &Cut, batch: &[usize], pairs: u64) {
        let (Some(&first), Some(&last)) = (batch.first(), batch.last()) else {
            return;
        };
        let mut wanted = vec![false; BUCKETS];
        for &index in batch {
            wanted[index] = true;
        }
        let mut steps = Vec::with_capacity(usize::try_from(pairs).expect("fits in memory"));
        self.for_each_pair(
            cut.first_key(first),
            cut.last_key(last),
            |key, change, weight| {
                if wanted[cut.bucket_of(key)] && change != 0.0 {
                    steps.push((key, change * weight));
                }
            },
        );
        steps.sort_unstable_by_key(|step| step.0);

        let mut bucket = usize::MAX;
        let mut gain = 0.0;
        for equal in steps.chunk_by(|left, right| left.0 == right.0) {
            let key = equal[0].0;
            if cut.bucket_of(key) != bucket {
                bucket = cut.bucket_of(key);
                gain = cut.starts[bucket];
            }
            gain += equal.iter().map(|step| step.1).sum::<f64>();
            self.offer(gain, key);
        }
    }

    /// The smallest and the largest key of a pair within `low..=high`.
    fn occupied(&self, low: u64, high: u64) -> Option<(u64, u64)> {
        let mut range = None;
        for group in &self.groups {
            for (item, &score) in group.predicted.iter().enumerate() {
                let above = &group.predicted[item + 1..];
                let inside = &above[within(above, score, low, high)];
                if let (Some(nearest), Some(farthest)) = (inside.first(), inside.last()) {
                    let (least, most) = range.unwrap_or((u64::MAX, 0));
                    range = Some((
                        least.min((nearest - score).to_bits()),
                        most.max((farthest - score).to_bits()),
                    ));
                }
            }
        }
        range
    }

    /// Calls `visit` with key, change and weight of every pair whose key is within `low..=high`. The change
    /// is what becoming a tie does to the pair: 1 where people tie it, -1 where it was concordant, else 0.
    fn for_each_pair(&self, low: u64, high: u64, mut visit: impl FnMut(u64, f64, f64)) {
        for group in &self.groups {
            for (item, &score) in group.predicted.iter().enumerate() {
                let human = group.human[item];
                let scores = &group.predicted[item + 1..];
                let levels = &group.human[item + 1..];
                let range = within(scores, score, low, high);
                for (other, &level) in scores[range.clone()].iter().zip(&levels[range]) {
                    let change =
                        f64::from(i8::from(level == human)) - f64::from(i8::from(level > human));
                    visit((other - score).to_bits(), change, group.weight);
                }
            }
        }
    }
}

/// Which of the rising `scores` differ from `score` by a key within `low..=high`.
fn within(scores: &[f64], score: f64, low: u64, high: u64) -> std::ops::Range<usize> {
    let start = scores.partition_point(|other| (other - score).to_bits() < low);
    let end = scores.partition_point(|other| (other - score).to_bits() <= high);
    start..end
}
