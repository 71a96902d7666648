//! Judges of whom the truth is known: how many questions a ranking takes, and whether its intervals hold.

use super::*;
use crate::stats::resample::CounterRng;
use crate::stats::strengths::{
    Model, Outcome, Posterior, Sandwich, StrengthSettings, Vote, Votes, fit_strengths, posterior,
    sandwich_intervals,
};
use crate::stats::{PairedSample, kendall_tau_b};

const ITEMS: u32 = 100;
/// Deviation of the strengths in log-odds: a judge that tells far items apart surely and near ones hardly.
const SPREAD: f64 = 3.0;
/// What being shown first adds.
const ORDER_EFFECT: f64 = 0.5;
/// Most questions at once.
const BATCH: usize = 50;

/// A judge that votes by Bradley and Terry's model.
struct Judge {
    truth: Vec<f64>,
    order_effect: f64,
    lots: CounterRng,
}

impl Judge {
    fn new(order_effect: f64, seed: u64) -> Self {
        let mut lots = CounterRng::new(seed, 1 << 63);
        let mut truth: Vec<f64> = (0..ITEMS).map(|_| SPREAD * lots.normal()).collect();
        let mean = truth.iter().sum::<f64>() / f64::from(ITEMS);
        truth.iter_mut().for_each(|strength| *strength -= mean);
        Judge {
            truth,
            order_effect,
            lots,
        }
    }

    fn vote(&mut self, (first, second): (u32, u32)) -> Vote {
        let d = self.truth[first as usize] - self.truth[second as usize] + self.order_effect;
        let wins = self.lots.uniform() < 1.0 / (1.0 + (-d).exp());
        Vote::new(
            first,
            second,
            if wins {
                Outcome::First
            } else {
                Outcome::Second
            },
        )
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Method {
    Active,
    Swiss,
    Random,
}

/// What was asked, and what is known by it.
struct Asked {
    votes: Votes,
    posterior: Posterior,
}

/// Asks batch after batch until `enough`.
fn ask(
    judge: &mut Judge,
    method: Method,
    seed: u64,
    enough: impl Fn(&Asked, &[f64]) -> bool,
) -> Asked {
    let settings = StrengthSettings {
        order_effect: judge.order_effect > 0.0,
        ridge: 1.0 / (SPREAD * SPREAD),
        ..StrengthSettings::new(Model::BradleyTerry)
    };
    let mut known = Posterior::prior(ITEMS as usize, Model::BradleyTerry, SPREAD * SPREAD).unwrap();
    let mut met = Met::new(ITEMS);
    let choice = Choice {
        repeats: Repeats::Never,
        seed,
    };
    let random = random_order(ITEMS, seed);
    let mut votes = Vec::new();
    loop {
        let pairs: Vec<(u32, u32)> = match method {
            Method::Active => (informative_batch(&known, &met, &choice, BATCH)
                .unwrap()
                .iter())
            .map(|question| (question.first, question.second))
            .collect(),
            Method::Swiss => {
                swiss_round(known.means(), &met, &[0; ITEMS as usize], seed)
                    .unwrap()
                    .pairs
            }
            Method::Random => (random.iter().skip(votes.len()).take(BATCH))
                .copied()
                .collect(),
        };
        for pair in pairs {
            met.add(pair.0, pair.1);
            votes.push(judge.vote(pair));
        }
        let gathered = Votes::new(ITEMS as usize, votes.clone()).unwrap();
        known = posterior(&gathered, &settings).unwrap();
        let asked = Asked {
            votes: gathered,
            posterior: known,
        };
        if enough(&asked, &judge.truth) || met.pairs_left() == 0 {
            return asked;
        }
        known = asked.posterior;
    }
}

/// Mean number of questions until the ranking has Kendall's tau 0.9 with the truth.
fn questions(method: Method, seeds: u64) -> f64 {
    let ranked = |asked: &Asked, truth: &[f64]| {
        let sample = PairedSample::new(asked.posterior.means(), truth).unwrap();
        kendall_tau_b(&sample).unwrap().value >= 0.9
    };
    let needed = (0..seeds).map(|seed| {
        let mut judge = Judge::new(0.0, seed);
        ask(&mut judge, method, seed, ranked).votes.all().len() as f64
    });
    needed.sum::<f64>() / seeds as f64
}

#[test]
fn chosen_pairs_rank_a_hundred_items_with_far_fewer_questions_than_random_ones() {
    let [active, swiss, random] =
        [Method::Active, Method::Swiss, Method::Random].map(|method| questions(method, 3));
    let figures = format!("active {active}, swiss {swiss}, random {random}");
    assert!(active <= 0.6 * random, "{figures}");
    assert!(swiss <= 0.75 * random, "{figures}");
}

#[test]
fn intervals_hold_though_pairs_were_chosen_by_the_answers_before() {
    let (mut covered, seeds) = (0, 10);
    let (mut effects, mut variances) = (0.0, 0.0);
    for seed in 0..seeds {
        let mut judge = Judge::new(ORDER_EFFECT, 100 + seed);
        let enough = |asked: &Asked, _: &[f64]| asked.votes.all().len() >= 1_400;
        let Asked { votes, posterior } = ask(&mut judge, Method::Active, seed, enough);
        let intervals = posterior.intervals(0.95).unwrap();
        let held = intervals.iter().zip(&judge.truth);
        covered += held
            .filter(|(interval, truth)| interval.low <= **truth && **truth <= interval.high)
            .count();
        let settings = StrengthSettings {
            order_effect: true,
            ridge: 1.0 / (SPREAD * SPREAD),
            ..StrengthSettings::new(Model::BradleyTerry)
        };
        let strengths = fit_strengths(&votes, &settings).unwrap();
        let found =
            sandwich_intervals(&votes, &settings, &strengths, &Sandwich::default()).unwrap();
        let effect = found.order_effect.unwrap();
        effects += strengths.order_effect.unwrap() / seeds as f64;
        variances += ((effect.high - effect.low) / (2.0 * 1.96)).powi(2);
    }
    let share = covered as f64 / (f64::from(ITEMS) * seeds as f64);
    assert!((share - 0.95).abs() < 0.02, "{share}");
    // A mean of as many effects, within three of its standard errors.
    let error = variances.sqrt() / seeds as f64;
    assert!(
        (effects - ORDER_EFFECT).abs() < 3.0 * error,
        "{effects} {error}"
    );
}
