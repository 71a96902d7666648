//! How intervals are drawn: by item, or by whole cluster, with fewer draws where items are many.

use super::model::{Row, ends};
use crate::stats::resample::{
    Plan, Resampled, ResampledKendall, jackknife_error, percentile_over, percentile_over_items,
};
use crate::stats::{Interval, PairedSample, Ranks, StatsError, fisher_z};

/// Most items times draws of one interval: some seconds of work.
const MOST_WORK: usize = 200_000_000;
/// Fewest draws that a percentile is read from.
const FEWEST: u32 = 200;
/// Above so many items, leaving out one at a time gives the interval of a tied tau that drawing would give.
const MANY: usize = 50_000;

/// Items, or whole clusters of them, drawn by a plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draws<'a> {
    pub(super) clusters: Option<&'a [u32]>,
    pub(super) plan: Plan,
}

impl Draws<'_> {
    /// The plan for a statistic of so many items, each of which costs `cost` times what a sum costs.
    pub(super) fn plan_for(&self, items: usize, cost: usize) -> Plan {
        let affordable = MOST_WORK / cost.max(1) / items.max(1);
        let affordable = u32::try_from(affordable).unwrap_or(u32::MAX).max(FEWEST);
        Plan {
            resamples: self.plan.resamples.min(affordable),
            ..self.plan
        }
    }

    /// Sets the interval of whole clusters beside the one that takes items as independent; nothing without clusters.
    pub(super) fn by_cluster<S: Resampled>(&self, row: &mut Row, statistic: Result<S, StatsError>) {
        if self.clusters.is_none() || row.value.is_none() {
            return;
        }
        let interval = statistic.and_then(|statistic| {
            let plan = self.plan_for(row.n, 4);
            percentile_over(statistic, self.clusters, &plan)
        });
        row.ci_independent = row.ci.take();
        row.ci_method = None;
        match interval {
            Ok(interval) => take(row, &interval),
            Err(error) => row.add_note(&format!("no interval over clusters: {error}")),
        }
        if row.p_value.is_some() {
            row.add_note("the p-value takes items as independent");
        }
    }

    /// The interval of any function of the drawn items, of whole clusters where there are any.
    pub(super) fn over_items(
        &self,
        row: &mut Row,
        cost: usize,
        function: impl Fn(&[u32]) -> f64 + Sync,
    ) {
        if row.value.is_none() {
            return;
        }
        let plan = self.plan_for(row.n, cost);
        let interval = percentile_over_items(row.n, self.clusters, &plan, function);
        if self.clusters.is_some() {
            row.ci_independent = row.ci.take();
        }
        match interval {
            Ok(interval) => take(row, &interval),
            Err(error) => {
                row.ci = None;
                row.ci_method = None;
                row.add_note(&format!("no interval: {error}"));
            }
        }
    }

    /// Fieller's variance assumes that nothing ties; with few levels its interval covers 79 to 90 % instead of 95.
    pub(super) fn of_tied_tau(&self, row: &mut Row, sample: &PairedSample) {
        let (Some(value), None) = (row.value, self.clusters) else {
            return;
        };
        if !has_ties(sample) {
            return;
        }
        let interval = ResampledKendall::new(sample).and_then(|kendall| {
            if sample.len() > MANY {
                return Ok(left_out(value, &kendall));
            }
            percentile_over(kendall, None, &self.plan_for(sample.len(), 4))
        });
        match interval {
            Ok(interval) => take(row, &interval),
            Err(error) => row.add_note(&format!(
                "the interval assumes that nothing ties: the bootstrap gave none ({error})"
            )),
        }
    }
}

/// A normal interval on Fisher's z, whose standard error comes from leaving out one item at a time.
fn left_out(value: f64, statistic: &ResampledKendall) -> Interval {
    let error = jackknife_error(statistic) / (1.0 - value * value);
    let (centre, reach) = (fisher_z(value), 1.959_963_984_540_054 * error);
    Interval {
        low: (centre - reach).tanh(),
        high: (centre + reach).tanh(),
        level: 0.95,
        method: "fisher-z, standard error by leaving out one item at a time".into(),
    }
}

fn has_ties(sample: &PairedSample) -> bool {
    [sample.predicted(), sample.human()]
        .iter()
        .any(|values| Ranks::of(values).levels() < values.len())
}

fn take(row: &mut Row, interval: &Interval) {
    row.ci = Some(ends(interval));
    row.ci_method = Some(interval.method.to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::kendall_tau_b;
    use crate::stats::resample::CounterRng;

    /// The short cut for many items gives what drawing them gives, to a tenth of the interval's width.
    #[test]
    fn leaving_out_gives_the_interval_that_drawing_gives() {
        let mut rng = CounterRng::new(4, 0);
        let (x, y): (Vec<f64>, Vec<f64>) = (0..900)
            .map(|_| {
                let x = rng.normal();
                ((2.0 * x).round(), (x + rng.normal()).round())
            })
            .unzip();
        let sample = PairedSample::new(&x, &y).unwrap();
        let value = kendall_tau_b(&sample).unwrap().value;
        let kendall = ResampledKendall::new(&sample).unwrap();
        let short = left_out(value, &kendall);
        let drawn = percentile_over(kendall, None, &Plan::default()).unwrap();
        let width = drawn.high - drawn.low;
        assert!(
            (short.low - drawn.low).abs() < 0.1 * width,
            "{short:?} {drawn:?}"
        );
        assert!(
            (short.high - drawn.high).abs() < 0.1 * width,
            "{short:?} {drawn:?}"
        );
    }

    #[test]
    fn many_items_get_fewer_draws_but_never_too_few() {
        let draws = Draws {
            clusters: None,
            plan: Plan::default(),
        };
        assert_eq!(draws.plan_for(3_000, 1).resamples, 1_000);
        assert_eq!(draws.plan_for(400_000, 1).resamples, 500);
        assert_eq!(draws.plan_for(10_000_000, 9).resamples, FEWEST);
    }
}
