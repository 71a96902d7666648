//! What somebody other than the judge would reach: chance, a constant answer, and people themselves.

use super::coefficients::main;
use super::draws::Draws;
use super::join::{Item, Joined};
use super::model::{Baseline, ends};
use super::ranks::moments;
use super::sentence::thousands;
use crate::stats::raters::{Ratings, leave_one_out_ceiling};
use crate::stats::{PairedSample, Ranks, StatsError};

/// Baselines for the statistics that an audit reports, but for those that people set.
pub(super) fn baselines(
    sample: &PairedSample,
    preferences: bool,
    same_scale: bool,
) -> Vec<Baseline> {
    let mut found = correlations();
    found.extend(pairs(sample));
    if preferences {
        found.push(majority(sample.human()));
    }
    if same_scale {
        let (_, sd) = moments(sample.human());
        found.push(baseline(
            "constant",
            "rmse",
            Some(sd),
            "the mean of people's values for every item",
        ));
    }
    found
}

fn baseline(
    kind: &'static str,
    statistic: &str,
    value: Option<f64>,
    meaning: impl Into<String>,
) -> Baseline {
    Baseline {
        kind,
        statistic: statistic.to_owned(),
        value,
        ci: None,
        meaning: meaning.into(),
    }
}

fn correlations() -> Vec<Baseline> {
    let each = ["pearson", "spearman", "kendall_tau_b"];
    let chance = each.map(|name| {
        baseline(
            "chance",
            name,
            Some(0.0),
            "the judge's values in random order",
        )
    });
    let constant = each.map(|name| {
        baseline(
            "constant",
            name,
            None,
            "a constant answer has no correlation: it is undefined, not 0",
        )
    });
    chance.into_iter().chain(constant).collect()
}

/// Accuracy on pairs when the judge's values are shuffled, and when they are all the same.
///
/// ```text
/// chance:   t_h t_j + (1 - t_h) (1 - t_j) / 2        without pairs tied by people: (1 - t_j) / 2
/// constant: t_h                                       0: a tie is wrong there
/// ```
/// t: share of pairs that are tied.
fn pairs(sample: &PairedSample) -> Vec<Baseline> {
    let n = sample.len() as f64;
    let all = n * (n - 1.0) / 2.0;
    let tied = |values: &[f64]| Ranks::of(values).tied_pairs() as f64 / all;
    let (judged, human) = (tied(sample.predicted()), tied(sample.human()));
    let (ties, ordered) = ("pairwise_accuracy", "pairwise_accuracy_without_human_ties");
    let shuffled = "the judge's values in random order, with their ties";
    vec![
        baseline(
            "chance",
            ties,
            Some(human * judged + (1.0 - human) * (1.0 - judged) / 2.0),
            shuffled,
        ),
        baseline("chance", ordered, Some((1.0 - judged) / 2.0), shuffled),
        baseline(
            "constant",
            ties,
            Some(human),
            "a constant answer ties every pair: right where people tie",
        ),
        baseline(
            "constant",
            ordered,
            Some(0.0),
            "a constant answer ties every pair, which is wrong here",
        ),
    ]
}

fn majority(human: &[f64]) -> Baseline {
    let share = |want: fn(f64) -> bool| human.iter().filter(|value| want(**value)).count();
    let counts = [
        (share(|value| value > 0.5), "first"),
        (share(|value| value < 0.5), "second"),
        (share(|value| (value - 0.5).abs() < f64::EPSILON), "tie"),
    ];
    let (most, answer) = counts
        .into_iter()
        .max_by_key(|(count, _)| *count)
        .unwrap_or((0, "first"));
    let value = most as f64 / human.len() as f64;
    baseline(
        "constant",
        "preference_accuracy",
        Some(value),
        format!("`{answer}` for every pair"),
    )
}

/// What people themselves reach: from their single ratings, or else from the spread of them.
pub(super) fn ceilings(
    joined: &Joined,
    used: &[Item],
    ratings: Option<&Result<Ratings, StatsError>>,
    draws: Draws<'_>,
) -> Vec<Baseline> {
    match ratings {
        None => from_deviations(joined, used),
        Some(Ok(ratings)) => from_raters(ratings, draws),
        Some(Err(error)) => vec![baseline("ceiling", "spearman", None, error.to_string())],
    }
}

fn from_raters(ratings: &Ratings, draws: Draws<'_>) -> Vec<Baseline> {
    let plan = draws.plan_for(ratings.items(), 40 * ratings.raters());
    let mut found = Vec::new();
    for name in ["pearson", "spearman"] {
        match leave_one_out_ceiling(ratings, name, &plan, |sample| main(name, sample)) {
            Ok(ceiling) => found.extend(
                [
                    ceiling.against_all,
                    ceiling.best_possible,
                    ceiling.leave_one_out,
                ]
                .map(|estimate| Baseline {
                    ci: estimate.interval.as_ref().map(ends),
                    ..baseline(
                        "ceiling",
                        name,
                        Some(estimate.value),
                        estimate.convention.to_string(),
                    )
                }),
            ),
            Err(error) => found.push(baseline("ceiling", name, None, error.to_string())),
        }
    }
    found
}

/// The ceiling that the noise of mean opinions leaves, from their standard deviations and numbers of ratings.
///
/// ```text
/// noise = mean(sd^2 / ratings),   true = var(mean opinion) - noise
/// best possible = sqrt(true / var),   one person = true / sqrt((true + mean(sd^2)) var)
/// ```
/// sd: of the ratings of one item, with ratings - 1 in its denominator. Both are Pearson correlations with the
/// mean opinions at hand.
fn from_deviations(joined: &Joined, used: &[Item]) -> Vec<Baseline> {
    if !joined.has("human_sd") {
        let meaning = "unknown: the human file has neither rater columns nor a standard deviation with a number of ratings";
        return vec![baseline("ceiling", "pearson", None, meaning)];
    }
    let known: Vec<(f64, f64, f64)> = used
        .iter()
        .filter_map(|item| {
            let sd = joined.number("human_sd", item)?;
            let ratings = joined
                .number("human_ratings", item)
                .filter(|ratings| *ratings >= 1.0)?;
            Some((joined.human_value(item), sd * sd, ratings))
        })
        .collect();
    if known.len() < 3 {
        let meaning = "unknown: a standard deviation needs the number of ratings beside it; pass `--human-ratings` with a column or a number";
        return vec![baseline("ceiling", "pearson", None, meaning)];
    }
    let n = known.len() as f64;
    let means: Vec<f64> = known.iter().map(|(mean, ..)| *mean).collect();
    let (_, sd) = moments(&means);
    let observed = sd * sd;
    let noise = known
        .iter()
        .map(|(_, variance, ratings)| variance / ratings)
        .sum::<f64>()
        / n;
    let within = known.iter().map(|(_, variance, _)| variance).sum::<f64>() / n;
    let real = observed - noise;
    if real <= 0.0 {
        let meaning = "undefined: the ratings' noise explains all differences between the items";
        return vec![baseline("ceiling", "pearson", None, meaning)];
    }
    vec![
        baseline(
            "ceiling",
            "pearson",
            Some((real / observed).sqrt()),
            format!(
                "best possible: true means against the mean opinions, whose reliability is {:.3} by their standard deviations and numbers of ratings ({} items)",
                real / observed,
                thousands(known.len())
            ),
        ),
        baseline(
            "ceiling",
            "pearson",
            Some(real / ((real + within) * observed).sqrt()),
            "one person who is not among the raters against the mean opinions, from the same figures",
        ),
    ]
}
