//! How far a score may be off because its masses were not all read.

use super::{Choice, Evidence, LevelSet, Temperature};
use crate::stats::resample::{CounterRng, dirichlet};

/// Where the score lies, given what was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreInterval {
    /// Lower end, on the scale of the score.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// What it means.
    pub kind: IntervalKind,
}

/// What an interval means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntervalKind {
    /// Hard bounds: every mass that the unlisted options may have leads into it.
    Censored,
    /// The central 95 % of the posterior, given the answers that were drawn.
    Dirichlet,
    /// Student's 95 % interval of the mean of repeated ratings.
    Student,
}

impl IntervalKind {
    /// Stable name in results.
    pub fn name(self) -> &'static str {
        match self {
            IntervalKind::Censored => "censored",
            IntervalKind::Dirichlet => "dirichlet_95",
            IntervalKind::Student => "student_95",
        }
    }
}

/// Draws of the posterior; the ends are then good to about 1 % of the interval's width.
const DRAWS: usize = 4000;

impl ScoreInterval {
    /// The interval of the expected worth, where the choice leaves one; `choice` has a mass for each level.
    pub fn of(choice: &Choice, temperature: Temperature, levels: &LevelSet) -> Option<Self> {
        match choice.evidence() {
            Evidence::Exact => None,
            Evidence::Censored(ceilings) => {
                Some(censored(choice, ceilings, temperature, levels.worths()))
            }
            Evidence::Counts(counts) => {
                Some(central(&posterior(counts, temperature), levels.worths()))
            }
        }
    }

    /// Where the probability of each option lies, in their order; a probability is the score of which that option alone
    /// is worth 1.
    pub fn of_shares(choice: &Choice, temperature: Temperature) -> Option<Vec<Self>> {
        let options = choice.log_mass().len();
        let alone = |option: usize| -> Vec<f64> {
            let worth = |other: usize| f64::from(u8::from(other == option));
            (0..options).map(worth).collect()
        };
        let all = (0..options).map(alone);
        match choice.evidence() {
            Evidence::Exact => None,
            Evidence::Censored(ceilings) => Some(
                all.map(|worths| censored(choice, ceilings, temperature, &worths))
                    .collect(),
            ),
            Evidence::Counts(counts) => {
                let draws = posterior(counts, temperature);
                Some(all.map(|worths| central(&draws, &worths)).collect())
            }
        }
    }

    /// The mean of several: ends are averaged, which is exact for bounds and wide for posteriors.
    /// A score with no interval counts as known.
    pub fn mean(parts: &[(f64, Option<ScoreInterval>)]) -> Option<Self> {
        let kind = parts.iter().find_map(|(_, interval)| *interval)?.kind;
        let mean = |end: fn(&ScoreInterval) -> f64| {
            parts
                .iter()
                .map(|(score, interval)| interval.as_ref().map_or(*score, end))
                .sum::<f64>()
                / parts.len() as f64
        };
        Some(ScoreInterval {
            low: mean(|interval| interval.low),
            high: mean(|interval| interval.high),
            kind,
        })
    }
}

/// The least and the greatest expected worth when each unlisted mass may be anything up to its ceiling.
///
/// The expected worth is a weighted mean; adding mass at a worth above it raises it. Taking the unlisted
/// options from the best downwards while they raise the mean gives the maximum; the minimum is its mirror.
fn censored(
    choice: &Choice,
    ceilings: &[Option<f64>],
    temperature: Temperature,
    worths: &[f64],
) -> ScoreInterval {
    let scaled = |log_mass: f64| log_mass / temperature.value();
    let (mut listed, mut open) = (Vec::new(), Vec::new());
    for ((log_mass, ceiling), worth) in choice.log_mass().iter().zip(ceilings).zip(worths) {
        match ceiling {
            None => listed.push((scaled(*log_mass), *worth)),
            Some(ceiling) => open.push((scaled(*ceiling), *worth)),
        }
    }
    let highest = listed
        .iter()
        .chain(&open)
        .map(|(log_mass, _)| *log_mass)
        .fold(f64::NEG_INFINITY, f64::max);
    let mass = |(log_mass, worth): &(f64, f64)| ((log_mass - highest).exp(), *worth);
    let mut total = 0.0;
    let mut sum = 0.0;
    for (weight, worth) in listed.iter().map(mass) {
        total += weight;
        sum += weight * worth;
    }
    let extreme = |best_first: bool| {
        let mut open: Vec<(f64, f64)> = open.iter().map(mass).collect();
        open.sort_by(|a, b| {
            let order = b.1.total_cmp(&a.1);
            if best_first { order } else { order.reverse() }
        });
        let (mut total, mut sum) = (total, sum);
        for (weight, worth) in open {
            let helps = if best_first {
                worth * total > sum
            } else {
                worth * total < sum
            };
            if helps {
                total += weight;
                sum += weight * worth;
            }
        }
        sum / total
    };
    ScoreInterval {
        low: extreme(false),
        high: extreme(true),
        kind: IntervalKind::Censored,
    }
}

/// Draws of the options' weights from their posterior under Jeffreys' prior; each draw's are up to a common factor.
fn posterior(counts: &[u32], temperature: Temperature) -> Vec<Vec<f64>> {
    let concentrations: Vec<f64> = counts.iter().map(|count| f64::from(*count) + 0.5).collect();
    let mut rng = CounterRng::new(0, 0);
    let draw = |_| {
        let shares = dirichlet(&mut rng, &concentrations).into_iter();
        let tempered = shares.map(|share| share.powf(1.0 / temperature.value()));
        tempered.collect()
    };
    (0..DRAWS).map(draw).collect()
}

/// Percentiles of the expected worth over draws of a posterior.
fn central(draws: &[Vec<f64>], worths: &[f64]) -> ScoreInterval {
    let mut scores: Vec<f64> = draws
        .iter()
        .map(|weights| {
            let (mut total, mut sum) = (0.0, 0.0);
            for (weight, worth) in weights.iter().zip(worths) {
                total += weight;
                sum += weight * worth;
            }
            sum / total
        })
        .collect();
    scores.sort_by(f64::total_cmp);
    ScoreInterval {
        low: scores[DRAWS / 40],
        high: scores[DRAWS - 1 - DRAWS / 40],
        kind: IntervalKind::Dirichlet,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::judging::{AnswerOption, Better, Level, Listed, Readout, Scale};

    fn levels(count: usize) -> LevelSet {
        let top = (count - 1) as f64;
        let level = |index: usize| Level {
            option: AnswerOption::new(index.to_string(), vec![]).unwrap(),
            worth: index as f64,
        };
        let scale = Scale::new(0.0, top, Better::Higher).unwrap();
        LevelSet::new((0..count).map(level).collect(), scale).unwrap()
    }

    #[test]
    fn two_levels_of_which_one_is_unlisted() {
        let masses = [Listed::Below(0.1f64.ln()), Listed::At(0.6f64.ln())];
        let choice = Choice::censored(&masses, None, Readout::TopTokens).unwrap();
        let interval = ScoreInterval::of(&choice, Temperature::ONE, &levels(2)).unwrap();
        assert!((interval.low - 0.6 / 0.7).abs() < 1e-15);
        assert!((interval.high - 1.0).abs() < 1e-15);
        assert_eq!(interval.kind, IntervalKind::Censored);
    }

    /// With two levels the posterior is Beta(8.5, 2.5): scipy.stats.beta(8.5, 2.5).ppf([.025, .975]) of
    /// scipy 1.17.1 is [0.4972, 0.9559]; 4,000 draws place the ends to about .01.
    #[test]
    fn drawn_answers_have_the_beta_interval() {
        let choice = Choice::sampled(vec![2, 8], 10).unwrap();
        let interval = ScoreInterval::of(&choice, Temperature::ONE, &levels(2)).unwrap();
        assert!((interval.low - 0.4972).abs() < 0.015, "{interval:?}");
        assert!((interval.high - 0.9559).abs() < 0.01, "{interval:?}");
    }

    /// One option of three is unlisted below 0.1: its own share lies in 0..0.1/0.9, and the others shrink by as much.
    #[test]
    fn shares_of_unlisted_options_are_bounded() {
        let masses = [0.6, 0.2].map(|mass: f64| Listed::At(mass.ln()));
        let masses = [masses[0], masses[1], Listed::Below(0.1f64.ln())];
        let choice = Choice::censored(&masses, None, Readout::TopTokens).unwrap();
        let shares = ScoreInterval::of_shares(&choice, Temperature::ONE).unwrap();
        let expected = [(0.6 / 0.9, 0.75), (0.2 / 0.9, 0.25), (0.0, 0.1 / 0.9)];
        for (found, (low, high)) in shares.iter().zip(expected) {
            assert!((found.low - low).abs() < 1e-15, "{found:?}");
            assert!((found.high - high).abs() < 1e-15, "{found:?}");
        }
    }

    #[test]
    fn shares_of_drawn_answers_have_the_interval_of_a_score_of_two_levels() {
        let choice = Choice::sampled(vec![2, 8], 10).unwrap();
        let score = ScoreInterval::of(&choice, Temperature::ONE, &levels(2));
        let shares = ScoreInterval::of_shares(&choice, Temperature::ONE).unwrap();
        assert_eq!(Some(shares[1]), score);
        assert!((shares[0].low - (1.0 - shares[1].high)).abs() < 1e-12);
    }

    #[test]
    fn what_was_read_whole_has_no_interval() {
        let choice = Choice::new(vec![0.0, -1.0], None, Readout::LabelTokens).unwrap();
        assert_eq!(
            ScoreInterval::of(&choice, Temperature::ONE, &levels(2)),
            None
        );
        assert_eq!(ScoreInterval::of_shares(&choice, Temperature::ONE), None);
        assert_eq!(ScoreInterval::mean(&[(0.3, None), (0.5, None)]), None);
    }

    proptest! {
        /// Whatever the unlisted masses are below their ceilings, the score lies inside.
        #[test]
        fn bounds_hold_for_every_truth(
            masses in prop::collection::vec((0.01..1.0f64, any::<bool>(), 0.0..1.0f64), 3..7),
            temperature in 0.5..3.0f64,
        ) {
            prop_assume!(masses.iter().any(|(_, listed, _)| *listed));
            let levels = levels(masses.len());
            let temperature = Temperature::new(temperature).unwrap();
            let listed: Vec<Listed> = masses
                .iter()
                .map(|(mass, listed, _)| if *listed { Listed::At(mass.ln()) } else { Listed::Below(mass.ln()) })
                .collect();
            let choice = Choice::censored(&listed, None, Readout::TopTokens).unwrap();
            let weights: Vec<f64> = masses
                .iter()
                .map(|(mass, listed, share)| if *listed { *mass } else { mass * share })
                .map(|mass| mass.powf(1.0 / temperature.value()))
                .collect();
            let truth = weights.iter().zip(levels.worths()).map(|(w, worth)| w * worth).sum::<f64>()
                / weights.iter().sum::<f64>();
            if let Some(interval) = ScoreInterval::of(&choice, temperature, &levels) {
                prop_assert!(interval.low - 1e-12 <= truth && truth <= interval.high + 1e-12, "{interval:?} {truth}");
            }
        }
    }
}
