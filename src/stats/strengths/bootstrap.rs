//! Intervals from votes drawn again.

use super::comparisons::Comparisons;
use super::fit::{StrengthSettings, Strengths, ranks, solve};
use super::sandwich::{RankRange, StrengthIntervals};
use super::table::Table;
use super::votes::Votes;
use crate::stats::fit::moments::check_level;
use crate::stats::resample::{CounterRng, Plan, run};
use crate::stats::tails::percentile_interval;
use crate::stats::{Interval, StatsError};

/// Percentile bootstrap intervals of fitted strengths: votes are drawn with replacement and fitted again.
///
/// Resamples without finite strengths are left out, and the intervals' `method` says how many were. Where
/// those are more than half, the votes are too few for this and a ridge is the way. Places are those of the
/// resamples. Results do not depend on the number of threads.
///
/// # Errors
/// [`StatsError::Undefined`] when more than half of the resamples have no strengths, or there are none;
/// [`StatsError::Argument`] for a level that is none.
pub fn bootstrap_intervals(
    votes: &Votes,
    settings: &StrengthSettings,
    strengths: &Strengths,
    level: f64,
    plan: &Plan,
) -> Result<StrengthIntervals, StatsError> {
    check_level(level)?;
    let number = u32::try_from(votes.all().len()).expect("votes are counted in 32 bits");
    let gathered = Table::placed(votes, settings.order_effect);
    let scratch = || (gathered.clone(), vec![0_u32; number as usize]);
    let fits = run(plan, scratch, |resample, (table, times)| {
        let mut rng = CounterRng::new(plan.seed, resample);
        times.fill(0);
        for _ in 0..number {
            times[rng.below(number) as usize] += 1;
        }
        table.count(votes, |vote| f64::from(times[vote]));
        let taken = std::mem::take(table);
        let mut problem = Comparisons::new(votes, taken, settings);
        let fit = solve(&mut problem, settings, Some(&strengths.point));
        *table = problem.table;
        fit.ok()
    });
    let fits: Vec<Strengths> = fits.into_iter().flatten().collect();
    let missing = plan.resamples as usize - fits.len();
    if fits.len() < 2 || missing > fits.len() {
        return Err(StatsError::Undefined {
            statistic: "bootstrap intervals of strengths",
            reason: format!(
                "{missing} of {} resamples have no finite strengths; a ridge gives them",
                plan.resamples
            ),
        });
    }
    Ok(Distribution {
        fits,
        level,
        plan,
        missing,
    }
    .intervals(strengths))
}

struct Distribution<'a> {
    fits: Vec<Strengths>,
    level: f64,
    plan: &'a Plan,
    missing: usize,
}

impl Distribution<'_> {
    fn intervals(&self, strengths: &Strengths) -> StrengthIntervals {
        let each = |number: usize, of: &dyn Fn(&Strengths, usize) -> f64| -> Vec<Interval> {
            (0..number)
                .map(|at| self.interval(|fit| Some(of(fit, at))))
                .collect()
        };
        StrengthIntervals {
            values: each(strengths.values.len(), &|fit, item| fit.values[item]),
            covariates: each(strengths.covariates.len(), &|fit, at| fit.covariates[at]),
            order_effect: strengths
                .order_effect
                .map(|_| self.interval(|fit| fit.order_effect)),
            tie_parameter: strengths
                .tie_parameter
                .map(|_| self.interval(|fit| fit.tie_parameter)),
            ranks: self.ranks(strengths.values.len()),
        }
    }

    fn interval(&self, of: impl Fn(&Strengths) -> Option<f64>) -> Interval {
        let mut values: Vec<f64> = self.fits.iter().filter_map(of).collect();
        let mut method = format!(
            "percentile bootstrap over votes, {} resamples, seed {}",
            self.plan.resamples, self.plan.seed
        );
        if self.missing > 0 {
            method.push_str(&format!(
                ", {} without finite strengths left out",
                self.missing
            ));
        }
        percentile_interval(&mut values, self.level, method)
            .expect("there are two fits, each with this value")
    }

    /// The places between which the level's share of the resamples lies.
    fn ranks(&self, items: usize) -> Vec<RankRange> {
        let places: Vec<Vec<u32>> = self.fits.iter().map(|fit| ranks(&fit.values)).collect();
        let tail = (1.0 - self.level) / 2.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count lies between 0 and it"
        )]
        let cut = (tail * (places.len() - 1) as f64).floor() as usize;
        (0..items)
            .map(|item| {
                let mut of_item: Vec<u32> = places.iter().map(|places| places[item]).collect();
                of_item.sort_unstable();
                RankRange {
                    best: of_item[cut],
                    worst: of_item[of_item.len() - 1 - cut],
                }
            })
            .collect()
    }
}
