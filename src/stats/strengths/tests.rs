//! Golden rows.

use serde::Deserialize;

use super::*;
use crate::stats::resample::Plan;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    origin: String,
    tolerance: f64,
    tolerance_reason: String,
    case: Vec<Case>,
    lists: Vec<ListCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    model: String,
    items: usize,
    #[serde(default)]
    votes: Vec<(u32, u32, usize, usize, usize)>,
    #[serde(default)]
    soft: Vec<(u32, u32, f64, f64)>,
    #[serde(default)]
    weighted: Vec<(u32, u32, f64, f64)>,
    #[serde(default)]
    order_effect: bool,
    #[serde(default)]
    covariates: Vec<Vec<f64>>,
    #[serde(default)]
    ridge: f64,
    #[serde(default)]
    damping: f64,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListCase {
    items: usize,
    lists: Vec<Vec<u32>>,
    weights: Vec<f64>,
    ridge: f64,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    strengths: Vec<f64>,
    deviations: Vec<f64>,
    log_likelihood: f64,
    order_effect: Option<[f64; 2]>,
    #[serde(default)]
    covariates: Vec<[f64; 2]>,
    tie: Option<[f64; 2]>,
}

fn golden() -> Golden {
    let golden: Golden =
        toml::from_str(include_str!("../../../tests/golden/strengths.toml")).unwrap();
    assert!(!golden.origin.is_empty() && !golden.tolerance_reason.is_empty());
    golden
}

fn model(name: &str) -> Model {
    ALL.into_iter().find(|model| model.name() == name).unwrap()
}

pub(super) const ALL: [Model; 4] = [
    Model::BradleyTerry,
    Model::Davidson,
    Model::RaoKupper,
    Model::Thurstone,
];

impl Case {
    fn votes(&self) -> Votes {
        let mut votes = Vec::new();
        for &(first, second, wins, losses, ties) in &self.votes {
            let outcomes = [
                (Outcome::First, wins),
                (Outcome::Second, losses),
                (Outcome::Tie, ties),
            ];
            for (outcome, times) in outcomes {
                votes.extend(std::iter::repeat_n(
                    Vote::new(first, second, outcome),
                    times,
                ));
            }
        }
        for &(one, other, first, second) in &self.soft {
            votes.push(Vote::new(one, other, Outcome::Soft { first, second }));
        }
        for &(one, other, first, second) in &self.weighted {
            for (outcome, weight) in [(Outcome::First, first), (Outcome::Second, second)] {
                votes.push(Vote {
                    weight,
                    ..Vote::new(one, other, outcome)
                });
            }
        }
        let votes = Votes::new(self.items, votes).unwrap();
        let width = self.covariates.first().map_or(0, Vec::len);
        votes
            .with_covariates(width, self.covariates.concat())
            .unwrap()
    }
}

/// Compares a value and the interval around it, from which the deviation is read.
struct Near<'a> {
    name: &'a str,
    tolerance: f64,
}

impl Near<'_> {
    fn value(&self, what: &str, got: f64, expected: f64) {
        let allowed = self.tolerance * expected.abs().max(1.0);
        assert!(
            (got - expected).abs() <= allowed,
            "{}: {what} is {got:e}, expected {expected:e}",
            self.name
        );
    }

    fn around(&self, what: &str, interval: &crate::stats::Interval, deviation: f64) {
        const Z: f64 = 1.959963984540054;
        self.value(what, (interval.high - interval.low) / (2.0 * Z), deviation);
    }

    fn all(&self, got: &Strengths, intervals: &StrengthIntervals, expected: &Expected) {
        assert_eq!(got.values.len(), expected.strengths.len());
        self.value(
            "log-likelihood",
            got.log_likelihood,
            expected.log_likelihood,
        );
        for item in 0..got.values.len() {
            self.value("strength", got.values[item], expected.strengths[item]);
            self.around(
                "deviation",
                &intervals.values[item],
                expected.deviations[item],
            );
        }
        assert_eq!(got.order_effect.is_some(), expected.order_effect.is_some());
        if let (Some(effect), Some([value, deviation])) = (got.order_effect, expected.order_effect)
        {
            self.value("order effect", effect, value);
            self.around(
                "its deviation",
                intervals.order_effect.as_ref().unwrap(),
                deviation,
            );
        }
        assert_eq!(got.covariates.len(), expected.covariates.len());
        for (at, [value, deviation]) in expected.covariates.iter().enumerate() {
            self.value("covariate", got.covariates[at], *value);
            self.around("its deviation", &intervals.covariates[at], *deviation);
        }
        assert_eq!(got.tie_parameter.is_some(), expected.tie.is_some());
        if let (Some(tie), Some([value, deviation])) = (got.tie_parameter, expected.tie) {
            self.value("tie parameter", tie, value);
            let interval = intervals.tie_parameter.as_ref().unwrap();
            let logarithm = crate::stats::Interval {
                low: interval.low.ln(),
                high: interval.high.ln(),
                ..interval.clone()
            };
            self.around("its deviation", &logarithm, deviation);
        }
    }
}

#[test]
fn strengths_effects_and_intervals_are_those_of_the_golden_table() {
    let golden = golden();
    for case in &golden.case {
        let votes = case.votes();
        let settings = StrengthSettings {
            model: model(&case.model),
            order_effect: case.order_effect,
            ridge: case.ridge,
        };
        let strengths = fit_strengths(&votes, &settings).unwrap();
        let sandwich = Sandwich {
            damping: case.damping,
            ..Sandwich::default()
        };
        let intervals = sandwich_intervals(&votes, &settings, &strengths, &sandwich).unwrap();
        let near = Near {
            name: &case.name,
            tolerance: golden.tolerance,
        };
        near.all(&strengths, &intervals, &case.expected);
    }
}

#[test]
fn lists_give_the_strengths_of_the_golden_table() {
    let golden = golden();
    for case in &golden.lists {
        let lists = Lists::weighted(case.items, case.lists.clone(), case.weights.clone()).unwrap();
        let strengths = plackett_luce(&lists, case.ridge).unwrap();
        let intervals =
            plackett_luce_intervals(&lists, case.ridge, &strengths, &Sandwich::default()).unwrap();
        let near = Near {
            name: "lists",
            tolerance: golden.tolerance,
        };
        near.all(&strengths, &intervals, &case.expected);
    }
}

#[test]
fn bootstrap_intervals_repeat_on_any_number_of_threads_and_resemble_the_sandwich() {
    let golden = golden();
    let case = golden
        .case
        .iter()
        .find(|case| case.name == "davidson, order effect")
        .unwrap();
    // Each vote five times, so that hardly a resample is without finite strengths.
    let five = case.votes().all().repeat(5);
    let votes = Votes::new(case.items, five).unwrap();
    let settings = StrengthSettings {
        order_effect: true,
        ..StrengthSettings::new(Model::Davidson)
    };
    let strengths = fit_strengths(&votes, &settings).unwrap();
    let sandwich = sandwich_intervals(&votes, &settings, &strengths, &Sandwich::default()).unwrap();
    let plan = Plan {
        resamples: 400,
        ..Plan::default()
    };
    let bootstrap = bootstrap_intervals(&votes, &settings, &strengths, 0.95, &plan).unwrap();
    let threads = Plan { threads: 2, ..plan };
    let again = bootstrap_intervals(&votes, &settings, &strengths, 0.95, &threads).unwrap();
    assert_eq!(bootstrap, again);
    let pairs = bootstrap.values.iter().zip(&sandwich.values);
    let order = (bootstrap.order_effect.iter()).zip(&sandwich.order_effect);
    let tie = (bootstrap.tie_parameter.iter()).zip(&sandwich.tie_parameter);
    for (ours, other) in pairs.chain(order).chain(tie) {
        let ratio = (ours.high - ours.low) / (other.high - other.low);
        // The width of 400 resamples is known to some 8 %.
        assert!((ratio - 1.0).abs() < 0.25, "{ours:?} {other:?}");
    }
    for (ours, other) in bootstrap.ranks.iter().zip(&sandwich.ranks) {
        assert!(
            ours.best >= other.best && ours.worst <= other.worst,
            "{ours:?} {other:?}"
        );
    }
}
