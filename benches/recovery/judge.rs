//! Judges of whom the truth is known, and what is recovered of it from their votes.

use opine::stats::choosing::{Choice, Met, Repeats, informative_batch, random_order, swiss_round};
use opine::stats::resample::CounterRng;
use opine::stats::strengths::{
    Calibrated, Model, Outcome, Posterior, Sandwich, StrengthSettings, StrengthsError, Vote, Votes,
    calibrated_posterior, fit_strengths, posterior, sandwich_intervals,
};
use opine::stats::{PairedSample, StatsError, kendall_tau_b, mean};

/// What being shown first adds, in log-odds.
pub(super) const ORDER_EFFECT: f64 = 0.5;
/// Deviation of the true strengths, in log-odds.
const SPREAD: f64 = 2.0;
/// Precision of the prior that pairs are chosen by, as rankings of images have it: a deviation of 3.2.
const RIDGE: f64 = 0.1;
const LEVEL: f64 = 0.95;

/// How a judge answers on a pair whose strengths differ by d.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Answers {
    /// One order, drawn by lot, and one vote, drawn with probability 1 / (1 + exp(-d - order effect)): people.
    Drawn,
    /// Both orders, one vote drawn in each; a comparison is their mean: a judge that writes a letter.
    DrawnTwice,
    /// Both orders, log-odds d + noise + order effect and -d + noise' + order effect, averaged: a judge whose
    /// probabilities are read. The noise of each answer is normal with this deviation.
    Stated(f64),
}

/// Which pairs are asked about; no pair is asked about twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Random,
    Swiss,
    Active,
}

/// One judge, one way, one number of comparisons.
#[derive(Debug, Clone, Copy)]
pub(super) struct Simulation {
    pub(super) items: u32,
    /// Comparisons that an item takes part in, in the mean.
    pub(super) each: usize,
    pub(super) answers: Answers,
    pub(super) way: Way,
    /// Comparisons that are asked for at once.
    pub(super) at_once: usize,
}

/// What was recovered in one run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Share of true strengths within their intervals.
    pub(super) covered: f64,
    /// The same of the sandwich at the greatest likelihood under the ridge, which knows nothing of the choice of pairs.
    pub(super) by_sandwich: f64,
    /// Kendall's tau of strengths with the truth, and the slope of the strengths by it.
    pub(super) tau: f64,
    pub(super) slope: f64,
    /// Sum of squared errors, and what the intervals' widths say it is.
    pub(super) error: f64,
    pub(super) claimed: f64,
    /// The order effect, and whether its interval holds it; nothing where only means of both orders are kept.
    pub(super) effect: Option<(f64, bool)>,
}

pub(super) type Failure = Box<dyn std::error::Error>;

impl Simulation {
    /// One run with its own truth, noise and lots.
    pub(super) fn run(&self, seed: u64) -> Result<Run, Failure> {
        let mut rng = CounterRng::new(seed, 1 << 62);
        let drawn: Vec<f64> = (0..self.items).map(|_| SPREAD * rng.normal()).collect();
        let centre = drawn.iter().sum::<f64>() / f64::from(self.items);
        let strengths: Vec<f64> = drawn.iter().map(|strength| strength - centre).collect();
        let mut judge = Judge {
            strengths,
            answers: self.answers,
            rng,
            effects: Vec::new(),
        };
        let votes = self.ask(&mut judge, seed)?;
        let settings = self.settings();
        let known = calibrated_posterior(&votes, &settings)?;
        self.compare(&judge, &votes, &known)
    }

    fn settings(&self) -> StrengthSettings {
        StrengthSettings {
            ridge: RIDGE,
            order_effect: self.answers == Answers::Drawn,
            ..StrengthSettings::new(Model::BradleyTerry)
        }
    }

    fn ask(&self, judge: &mut Judge, seed: u64) -> Result<Votes, StrengthsError> {
        let items = self.items as usize;
        let number = self.each * items / 2;
        let mut met = Met::new(self.items);
        let mut votes: Vec<Vote> = Vec::with_capacity(number);
        let mut known = Posterior::prior(items, Model::BradleyTerry, 1.0 / RIDGE)?;
        let choice = Choice {
            repeats: Repeats::Never,
            seed,
        };
        while votes.len() < number {
            let left = number - votes.len();
            let pairs: Vec<(u32, u32)> = match self.way {
                Way::Random => random_order(self.items, seed)
                    .into_iter()
                    .take(left)
                    .collect(),
                Way::Swiss => {
                    let round = swiss_round(known.means(), &met, &vec![0; items], seed)?;
                    round.pairs.into_iter().take(left).collect()
                }
                Way::Active => {
                    let batch = informative_batch(&known, &met, &choice, self.at_once.min(left))?;
                    batch
                        .iter()
                        .map(|asked| (asked.first, asked.second))
                        .collect()
                }
            };
            for pair in pairs {
                met.add(pair.0, pair.1);
                votes.push(judge.vote(pair));
            }
            if votes.len() < number {
                known = posterior(&Votes::new(items, votes.clone())?, &self.settings())?;
            }
        }
        Ok(Votes::new(items, votes)?)
    }

    fn compare(&self, judge: &Judge, votes: &Votes, known: &Calibrated) -> Result<Run, Failure> {
        let truth = judge.truth()?;
        let intervals = known.intervals(LEVEL)?;
        let held = |low: f64, high: f64, truth: f64| low <= truth && truth <= high;
        let share = |held: usize| held as f64 / truth.len() as f64;
        let (mut covered, mut error, mut claimed) = (0, 0.0, 0.0);
        for ((strength, interval), truth) in known.strengths.iter().zip(&intervals).zip(&truth) {
            covered += usize::from(held(interval.low, interval.high, *truth));
            error += (strength - truth).powi(2);
            claimed += ((interval.high - interval.low) / 3.92).powi(2);
        }
        let fitted = fit_strengths(votes, &self.settings())?;
        let sandwich = sandwich_intervals(votes, &self.settings(), &fitted, &Sandwich::default())?;
        let by_sandwich = (sandwich.values.iter().zip(&truth))
            .filter(|(interval, truth)| held(interval.low, interval.high, **truth))
            .count();
        let effect = match self.answers {
            Answers::Drawn => known.order_effect(LEVEL)?,
            Answers::DrawnTwice => None,
            Answers::Stated(_) => {
                let found = mean(&judge.effects)?.estimate;
                found.interval.map(|interval| (found.value, interval))
            }
        };
        let along: f64 = known.strengths.iter().zip(&truth).map(|(s, t)| s * t).sum();
        Ok(Run {
            covered: share(covered),
            by_sandwich: share(by_sandwich),
            tau: kendall_tau_b(&PairedSample::new(&known.strengths, &truth)?)?.value,
            slope: along / truth.iter().map(|t| t * t).sum::<f64>(),
            error,
            claimed,
            effect: effect.map(|(value, of)| (value, held(of.low, of.high, ORDER_EFFECT))),
        })
    }
}

struct Judge {
    strengths: Vec<f64>,
    answers: Answers,
    rng: CounterRng,
    /// Half the difference of both orders' log-odds, where those are stated.
    effects: Vec<f64>,
}

impl Judge {
    fn vote(&mut self, (first, second): (u32, u32)) -> Vote {
        let d = self.strengths[first as usize] - self.strengths[second as usize];
        let mut toss = |lead: f64| f64::from(u8::from(self.rng.uniform() < logistic(lead)));
        let share = match self.answers {
            Answers::Drawn => toss(d + ORDER_EFFECT),
            Answers::DrawnTwice => 0.5 * (toss(d + ORDER_EFFECT) + toss(d - ORDER_EFFECT)),
            Answers::Stated(noise) => {
                let [straight, turned] = [ORDER_EFFECT, -ORDER_EFFECT]
                    .map(|effect| d + effect + noise * self.rng.normal());
                self.effects.push(0.5 * (straight - turned));
                logistic(0.5 * (straight + turned))
            }
        };
        let outcome = Outcome::Soft {
            first: share,
            second: 1.0 - share,
        };
        Vote::new(first, second, outcome)
    }

    /// What the votes are of: the strengths that fit the expected vote on every pair. With noise or an order effect
    /// that is averaged out, an expected vote is a little more even than the strengths' own.
    fn truth(&self) -> Result<Vec<f64>, StrengthsError> {
        if self.answers == Answers::Drawn {
            return Ok(self.strengths.clone());
        }
        let items = u32::try_from(self.strengths.len()).map_err(|_| too_many())?;
        let mut votes = Vec::new();
        for second in 1..items {
            for first in 0..second {
                let d = self.strengths[first as usize] - self.strengths[second as usize];
                let expected = self.expected(d);
                let outcome = Outcome::Soft {
                    first: expected,
                    second: 1.0 - expected,
                };
                votes.push(Vote::new(first, second, outcome));
            }
        }
        let votes = Votes::new(self.strengths.len(), votes)?;
        let settings = StrengthSettings::new(Model::BradleyTerry);
        Ok(fit_strengths(&votes, &settings)?.values)
    }

    fn expected(&self, d: f64) -> f64 {
        match self.answers {
            Answers::Drawn => logistic(d),
            Answers::DrawnTwice => 0.5 * (logistic(d + ORDER_EFFECT) + logistic(d - ORDER_EFFECT)),
            Answers::Stated(noise) => {
                // Two answers' noise averaged, over steps of 0.2 deviations.
                let (mut sum, mut weights) = (0.0, 0.0);
                for step in -30..=30 {
                    let z = 0.2 * f64::from(step);
                    let weight = (-0.5 * z * z).exp();
                    sum += weight * logistic(d + noise * 0.5_f64.sqrt() * z);
                    weights += weight;
                }
                sum / weights
            }
        }
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn too_many() -> StatsError {
    StatsError::Argument {
        argument: "items",
        value: "more than 32 bits count".to_owned(),
        allowed: "fewer",
    }
}
