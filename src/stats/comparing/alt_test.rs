//! The alternative-annotator test: may a judge stand in for a human annotator?

use super::super::raters::Ratings;
use super::super::resample::CounterRng;
use super::super::tails::{LEVEL, percentile_interval};
use super::super::{Estimate, Interval, StatsError};
use super::multiple::{Correction, adjust_p_values};
use super::one_sample::{t_test_less, wilcoxon_less};

/// How close an annotation is to those of the remaining annotators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AltTestScoring {
    /// The share of them that it equals, for labels.
    Accuracy,
    /// Less the root of the mean squared difference to them, for numbers.
    NegativeRmse,
}

impl AltTestScoring {
    fn score(self, annotation: f64, others: &[f64]) -> f64 {
        let size = others.len() as f64;
        match self {
            #[expect(
                clippy::float_cmp,
                reason = "labels are codes, equal to the bit or not at all"
            )]
            AltTestScoring::Accuracy => {
                others.iter().filter(|other| **other == annotation).count() as f64 / size
            }
            AltTestScoring::NegativeRmse => {
                let squares: f64 = others
                    .iter()
                    .map(|other| (annotation - other).powi(2))
                    .sum();
                -(squares / size).sqrt()
            }
        }
    }
}

/// What becomes of annotators with too few items for the t-test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmallSample {
    /// They are left out, as in the authors' program.
    Skip,
    /// They are tested by Wilcoxon's signed ranks, as the authors' paper advises.
    Wilcoxon,
}

/// The choices of the test. The default is the authors': 0.2, 0.05, 2, 30, skip; no interval.
#[derive(Debug, Clone, PartialEq)]
pub struct AltTestOptions {
    /// What a judge's lower cost is worth: 0.2 against experts, 0.15 against skilled people, 0.1 against a crowd.
    pub epsilon: f64,
    /// False discovery rate over annotators.
    pub false_discovery_rate: f64,
    /// Items with fewer human annotations are left out.
    pub annotators_per_item: usize,
    /// Annotators with fewer items fall under `small_sample`.
    pub items_per_annotator: usize,
    /// What becomes of those.
    pub small_sample: SmallSample,
    /// Resamples of items for the interval of the advantage probability; 0 for none.
    pub resamples: u32,
    /// Seed of the resamples.
    pub seed: u64,
}

impl Default for AltTestOptions {
    fn default() -> Self {
        AltTestOptions {
            epsilon: 0.2,
            false_discovery_rate: 0.05,
            annotators_per_item: 2,
            items_per_annotator: 30,
            small_sample: SmallSample::Skip,
            resamples: 0,
            seed: 0,
        }
    }
}

/// The judge against one annotator.
#[derive(Debug, Clone, PartialEq)]
pub struct AltTestAnnotator {
    /// Row of the annotator among the ratings.
    pub annotator: usize,
    /// Items that entered.
    pub items: usize,
    /// Share of items on which the judge is at least as close to the remaining annotators.
    pub judge_advantage: f64,
    /// Share of items on which the annotator is.
    pub human_advantage: f64,
    /// Of the hypothesis that the annotator's advantage exceeds the judge's by epsilon or more.
    pub p_value: f64,
    /// The same after Benjamini and Yekutieli.
    pub adjusted_p_value: f64,
    /// Whether the judge wins over this annotator.
    pub rejected: bool,
}

/// The outcome of the alternative-annotator test.
#[derive(Debug, Clone, PartialEq)]
pub struct AltTest {
    /// Omega: share of tested annotators over whom the judge wins.
    pub winning_rate: Estimate,
    /// Rho: the judge's advantage, averaged over tested annotators; for ordering judges.
    pub advantage_probability: Estimate,
    /// Whether the winning rate is at least one half: the judge may stand in for an annotator.
    pub passed: bool,
    /// Each tested annotator.
    pub annotators: Vec<AltTestAnnotator>,
    /// Annotators left out for too few items.
    pub skipped: Vec<usize>,
    /// Items left out for too few annotations or no answer of the judge.
    pub dropped_items: usize,
}

/// The alternative-annotator test of a judge against the human annotators in `ratings`.
///
/// `judge` holds the judge's annotation of each item, where it has one. Each annotator is left out in turn: on
/// every item, who is closer to the remaining annotators, the judge or the one left out? The judge wins over
/// an annotator when a one-sided test rejects that the annotator's advantage is `epsilon` or more above the
/// judge's; the tests are corrected by Benjamini and Yekutieli. Calderon, Reichart and Dror, "The Alternative
/// Annotator Test for LLM-as-a-Judge" (ACL 2025); same winning rate and advantage probability as the authors'
/// program.
///
/// # Errors
/// [`StatsError::LengthMismatch`] when `judge` is not of the ratings' items; [`StatsError::Argument`] for an
/// annotation or an epsilon that is not finite; [`StatsError::TooFew`] when no annotator is left to test.
pub fn alt_test(
    judge: &[Option<f64>],
    ratings: &Ratings,
    scoring: AltTestScoring,
    options: &AltTestOptions,
) -> Result<AltTest, StatsError> {
    check(judge, ratings, options)?;
    let (duels, dropped_items) = duels(judge, ratings, scoring, options);
    let mut annotators = Vec::new();
    let mut skipped = Vec::new();
    for annotator in 0..ratings.raters() {
        let own: Vec<&Duel> = duels
            .iter()
            .filter(|duel| duel.annotator == annotator)
            .collect();
        match against(annotator, &own, options)? {
            Some(found) => annotators.push(found),
            None => skipped.push(annotator),
        }
    }
    if annotators.is_empty() {
        return Err(StatsError::TooFew {
            statistic: "alt_test",
            needed: options.items_per_annotator,
            got: most_items(&duels, ratings.raters()),
        });
    }
    let p_values: Vec<f64> = annotators.iter().map(|found| found.p_value).collect();
    let adjusted = adjust_p_values(&p_values, Correction::BenjaminiYekutieli)?;
    for (found, adjusted) in annotators.iter_mut().zip(adjusted) {
        found.adjusted_p_value = adjusted;
        found.rejected = adjusted <= options.false_discovery_rate;
    }

    let size = annotators.len() as f64;
    let winning_rate = annotators.iter().filter(|found| found.rejected).count() as f64 / size;
    let advantage = annotators
        .iter()
        .map(|found| found.judge_advantage)
        .sum::<f64>()
        / size;
    let convention = format!(
        "epsilon {}, false discovery rate {} (Benjamini-Yekutieli), {} annotator(s) skipped",
        options.epsilon,
        options.false_discovery_rate,
        skipped.len()
    );
    let mut advantage_probability = Estimate::new(
        "alt_test_advantage_probability",
        advantage,
        annotators.len(),
        convention.clone(),
    );
    advantage_probability.interval = interval(&duels, &annotators, options);
    Ok(AltTest {
        winning_rate: Estimate::new(
            "alt_test_winning_rate",
            winning_rate,
            annotators.len(),
            convention,
        ),
        advantage_probability,
        passed: winning_rate >= 0.5,
        annotators,
        skipped,
        dropped_items,
    })
}

fn check(
    judge: &[Option<f64>],
    ratings: &Ratings,
    options: &AltTestOptions,
) -> Result<(), StatsError> {
    if judge.len() != ratings.items() {
        return Err(StatsError::LengthMismatch {
            predicted: judge.len(),
            human: ratings.items(),
        });
    }
    let numbers = judge.iter().flatten().map(|value| ("judge", value));
    for (argument, value) in numbers.chain([("epsilon", &options.epsilon)]) {
        if !value.is_finite() {
            return Err(StatsError::Argument {
                argument,
                value: value.to_string(),
                allowed: "finite numbers",
            });
        }
    }
    Ok(())
}

/// One item on which the judge and an annotator are held against the remaining annotators.
struct Duel {
    item: usize,
    annotator: usize,
    judge_holds: bool,
    human_holds: bool,
}

fn duels(
    judge: &[Option<f64>],
    ratings: &Ratings,
    scoring: AltTestScoring,
    options: &AltTestOptions,
) -> (Vec<Duel>, usize) {
    let mut duels = Vec::new();
    let mut dropped = 0;
    for (item, (cells, judged)) in ratings.by_item().zip(judge).enumerate() {
        let annotations = cells.iter().flatten().count();
        let (Some(judged), true) = (judged, annotations >= options.annotators_per_item.max(2))
        else {
            dropped += usize::from(annotations > 0);
            continue;
        };
        for (annotator, annotation) in cells.iter().enumerate() {
            let Some(annotation) = annotation else {
                continue;
            };
            let others: Vec<f64> = (0..cells.len())
                .filter(|other| *other != annotator)
                .filter_map(|other| cells[other])
                .collect();
            let judge_score = scoring.score(*judged, &others);
            let human_score = scoring.score(*annotation, &others);
            duels.push(Duel {
                item,
                annotator,
                judge_holds: judge_score >= human_score,
                human_holds: human_score >= judge_score,
            });
        }
    }
    (duels, dropped)
}

fn against(
    annotator: usize,
    duels: &[&Duel],
    options: &AltTestOptions,
) -> Result<Option<AltTestAnnotator>, StatsError> {
    let small = duels.len() < options.items_per_annotator;
    if duels.len() < 2 || small && options.small_sample == SmallSample::Skip {
        return Ok(None);
    }
    let one = |holds: bool| f64::from(u8::from(holds));
    let differences: Vec<f64> = duels
        .iter()
        .map(|duel| one(duel.human_holds) - one(duel.judge_holds))
        .collect();
    let test = if small {
        wilcoxon_less(&differences, options.epsilon)?
    } else {
        t_test_less(&differences, options.epsilon)?
    };
    let share =
        |holds: fn(&&&Duel) -> bool| duels.iter().filter(holds).count() as f64 / duels.len() as f64;
    let p_value = test.p_value.expect("both tests have a p-value");
    Ok(Some(AltTestAnnotator {
        annotator,
        items: duels.len(),
        judge_advantage: share(|duel| duel.judge_holds),
        human_advantage: share(|duel| duel.human_holds),
        p_value,
        adjusted_p_value: p_value,
        rejected: false,
    }))
}

fn most_items(duels: &[Duel], annotators: usize) -> usize {
    let items = |annotator| {
        duels
            .iter()
            .filter(|duel| duel.annotator == annotator)
            .count()
    };
    (0..annotators).map(items).max().unwrap_or(0)
}

/// Percentile interval of the advantage probability from drawing whole items.
fn interval(
    duels: &[Duel],
    annotators: &[AltTestAnnotator],
    options: &AltTestOptions,
) -> Option<Interval> {
    let tested = |annotator: usize| {
        annotators
            .iter()
            .position(|found| found.annotator == annotator)
    };
    let by_item: Vec<Vec<(usize, bool)>> = duels
        .chunk_by(|left, right| left.item == right.item)
        .map(|duels| {
            let own = duels
                .iter()
                .filter_map(|duel| Some((tested(duel.annotator)?, duel.judge_holds)));
            own.collect()
        })
        .collect();
    let size = u32::try_from(by_item.len()).ok()?;
    let mut found: Vec<f64> = (0..u64::from(options.resamples))
        .map(|stream| {
            let mut rng = CounterRng::new(options.seed, stream);
            let mut tally = vec![(0.0, 0.0); annotators.len()];
            for _ in 0..size {
                for &(annotator, holds) in &by_item[rng.below(size) as usize] {
                    tally[annotator].0 += f64::from(u8::from(holds));
                    tally[annotator].1 += 1.0;
                }
            }
            let shares: Vec<f64> = tally
                .iter()
                .filter(|(_, items)| *items > 0.0)
                .map(|(held, items)| held / items)
                .collect();
            shares.iter().sum::<f64>() / shares.len().max(1) as f64
        })
        .collect();
    let method = format!(
        "percentile bootstrap over items, {} resamples, seed {}",
        options.resamples, options.seed
    );
    percentile_interval(&mut found, LEVEL, method)
}
