//! Best of N: which candidate to keep, and what picking by a judge is worth.

use std::collections::BTreeMap;

use serde::Serialize;

use super::rows::Row;
use crate::stats::resample::{Plan, percentile_over_items};
use crate::stats::{Interval, StatsError};

/// What a judge makes of the candidates of one prompt.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Picked {
    /// The prompt, or whatever the candidates have in common; empty and left out where there is one group only.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The candidate to keep; nothing where none has a score.
    pub pick: Option<String>,
    /// Whether others have the very same score, or strength: the pick is then the first of them in the order of the file.
    pub tied: bool,
    /// By how much the pick leads the best candidate with another score, or by how many log-odds the best one of another
    /// strength.
    pub margin: Option<f64>,
    /// Candidates with a score or a strength, the best first.
    pub ranked: Vec<RankedCandidate>,
    /// Candidates without either, which are never picked.
    pub unscored: Vec<String>,
}

/// A candidate with what it was ranked by.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RankedCandidate {
    /// Its id.
    pub id: String,
    /// Its score, where it was scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// Its strength in log-odds, where it was compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strength: Option<f64>,
}

/// Strengths that differ by less are the same: they are fitted, to about so many digits.
const SAME_STRENGTH: f64 = 1e-6;

impl Picked {
    /// The same after comparisons: those that were compared come first, by their strengths; the others follow by score.
    #[must_use]
    pub fn by_strengths(mut self, strengths: &[(String, f64)]) -> Self {
        if strengths.is_empty() {
            return self;
        }
        let mut compared: Vec<(&str, f64)> = strengths
            .iter()
            .map(|(id, strength)| (id.as_str(), *strength))
            .collect();
        compared.sort_by(|one, other| other.1.total_cmp(&one.1));
        let score = |id: &str| self.ranked.iter().find(|one| one.id == id)?.score;
        let mut ranked: Vec<RankedCandidate> = compared
            .iter()
            .map(|(id, strength)| RankedCandidate {
                id: (*id).to_owned(),
                score: score(id),
                strength: Some(*strength),
            })
            .collect();
        let is_compared = |id: &str| compared.iter().any(|(known, _)| *known == id);
        self.unscored.retain(|id| !is_compared(id));
        let rest = self.ranked.into_iter().filter(|one| !is_compared(&one.id));
        ranked.extend(rest);
        let best = compared[0].1;
        let mut others = compared[1..].iter().map(|(_, strength)| best - strength);
        self.pick = Some(compared[0].0.to_owned());
        self.tied = others.clone().any(|lead| lead < SAME_STRENGTH);
        self.margin = others.find(|lead| *lead >= SAME_STRENGTH);
        self.ranked = ranked;
        self
    }
}

/// What picking by the judge is worth, by people's ratings of all candidates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Uplift {
    /// Prompts whose candidates are all rated and of which one at least is scored.
    pub groups: usize,
    /// Prompts that were left out.
    pub left_out: usize,
    /// Mean rating of a candidate drawn by lot.
    pub random: f64,
    /// Mean rating of the picks; where several are tied for the pick, the mean of those.
    pub picked: f64,
    /// Mean rating of the best candidates.
    pub oracle: f64,
    /// `picked - random`.
    pub uplift: f64,
    /// Its 95 % interval, over prompts.
    pub uplift_ci: Option<[f64; 2]>,
    /// `(picked - random) / (oracle - random)`: the share of the attainable that the judge attains; nothing where
    /// nothing is attainable.
    pub share: Option<f64>,
    /// Its 95 % interval, over prompts.
    pub share_ci: Option<[f64; 2]>,
    /// How the intervals were made.
    pub interval_method: String,
}

/// Picks the best candidate of each group, groups in the order of their first candidate.
pub fn pick(rows: &[Row], higher_is_better: bool) -> Vec<Picked> {
    grouped(rows)
        .into_iter()
        .map(|(group, rows)| picked(group, &rows, higher_is_better))
        .collect()
}

fn grouped(rows: &[Row]) -> Vec<(&str, Vec<&Row>)> {
    let mut at: BTreeMap<&str, usize> = BTreeMap::new();
    let mut groups: Vec<(&str, Vec<&Row>)> = Vec::new();
    for row in rows {
        let place = *at.entry(&row.group).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, members)) => members.push(row),
            None => groups.push((&row.group, vec![row])),
        }
    }
    groups
}

fn picked(group: &str, rows: &[&Row], higher_is_better: bool) -> Picked {
    let (scored, unscored): (Vec<&Row>, Vec<&Row>) =
        rows.iter().copied().partition(|row| row.score.is_some());
    let mut ranked: Vec<RankedCandidate> = scored
        .into_iter()
        .filter_map(|row| {
            Some(RankedCandidate {
                id: row.id.clone(),
                score: Some(row.score?),
                strength: None,
            })
        })
        .collect();
    let worth = |one: &RankedCandidate| one.score.unwrap_or(f64::NAN);
    ranked.sort_by(|one, other| {
        let rising = worth(one).total_cmp(&worth(other));
        if higher_is_better {
            rising.reverse()
        } else {
            rising
        }
    });
    let best = ranked.first().map(worth);
    let other = ranked
        .iter()
        .map(worth)
        .find(|score| best.is_some_and(|best| best.total_cmp(score).is_ne()));
    Picked {
        group: group.to_owned(),
        pick: ranked.first().map(|first| first.id.clone()),
        tied: ranked
            .get(1)
            .is_some_and(|second| best.is_some_and(|best| best.total_cmp(&worth(second)).is_eq())),
        margin: best.zip(other).map(|(best, other)| (best - other).abs()),
        ranked,
        unscored: unscored.into_iter().map(|row| row.id.clone()).collect(),
    }
}

/// What picking is worth where all candidates of a group are rated by people, higher being better.
///
/// # Errors
/// [`StatsError::TooFew`] where no group is whole.
pub fn uplift(rows: &[Row], higher_is_better: bool, plan: &Plan) -> Result<Uplift, StatsError> {
    let groups = grouped(rows);
    let all = groups.len();
    let known: Vec<[f64; 3]> = groups
        .into_iter()
        .filter_map(|(_, rows)| ratings(&rows, higher_is_better))
        .collect();
    if known.is_empty() {
        return Err(StatsError::TooFew {
            statistic: "uplift",
            needed: 1,
            got: 0,
        });
    }
    let mean = |at: usize| known.iter().map(|group| group[at]).sum::<f64>() / known.len() as f64;
    let [random, picked, oracle] = [0, 1, 2].map(mean);
    let attainable = oracle - random;
    let sums = |drawn: &[u32]| {
        drawn.iter().fold([0.0; 3], |mut sums, group| {
            for (sum, value) in sums.iter_mut().zip(known[*group as usize]) {
                *sum += value;
            }
            sums
        })
    };
    let uplift_interval = percentile_over_items(known.len(), None, plan, |drawn| {
        let [random, picked, _] = sums(drawn);
        (picked - random) / drawn.len() as f64
    });
    let share_interval = percentile_over_items(known.len(), None, plan, |drawn| {
        let [random, picked, oracle] = sums(drawn);
        (picked - random) / (oracle - random)
    });
    let ends = |interval: &Result<Interval, StatsError>| {
        interval
            .as_ref()
            .ok()
            .map(|interval| [interval.low, interval.high])
    };
    Ok(Uplift {
        groups: known.len(),
        left_out: all - known.len(),
        random,
        picked,
        oracle,
        uplift: picked - random,
        uplift_ci: ends(&uplift_interval),
        share: (attainable > 0.0).then(|| (picked - random) / attainable),
        share_ci: ends(&share_interval).filter(|_| attainable > 0.0),
        interval_method: uplift_interval.map_or_else(
            |_| "none".to_owned(),
            |interval| interval.method.into_owned(),
        ),
    })
}

/// Mean rating of all, of those tied for the pick, and of the best; nothing where a rating is missing, or all scores.
fn ratings(rows: &[&Row], higher_is_better: bool) -> Option<[f64; 3]> {
    let human: Vec<f64> = rows.iter().map(|row| row.human).collect::<Option<_>>()?;
    let scores = rows.iter().filter_map(|row| row.score);
    let best = if higher_is_better {
        scores.max_by(f64::total_cmp)
    } else {
        scores.min_by(f64::total_cmp)
    }?;
    let tied: Vec<f64> = rows
        .iter()
        .zip(&human)
        .filter(|(row, _)| {
            row.score
                .is_some_and(|score| score.total_cmp(&best).is_eq())
        })
        .map(|(_, human)| *human)
        .collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let most = human.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Some([mean(&human), mean(&tied), most])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(group: &str, id: &str, score: Option<f64>, human: Option<f64>) -> Row {
        Row {
            group: group.to_owned(),
            id: id.to_owned(),
            system: None,
            score,
            human,
        }
    }

    fn rows() -> Vec<Row> {
        vec![
            row("p", "a", Some(0.5), Some(1.0)),
            row("q", "d", Some(0.9), Some(3.0)),
            row("p", "b", Some(0.8), Some(2.0)),
            row("p", "c", Some(0.8), Some(4.0)),
            row("q", "e", None, Some(5.0)),
            row("r", "f", None, Some(5.0)),
        ]
    }

    #[test]
    fn the_best_is_picked_and_ties_are_said() {
        let picked = pick(&rows(), true);
        assert_eq!(picked.len(), 3);
        assert_eq!(picked[0].pick.as_deref(), Some("b"));
        assert!(picked[0].tied && (picked[0].margin.unwrap() - 0.3).abs() < 1e-12);
        assert_eq!(
            (picked[1].pick.as_deref(), picked[1].margin),
            (Some("d"), None)
        );
        assert_eq!(picked[1].unscored, ["e"]);
        assert_eq!(picked[2].pick, None, "what has no score is never picked");
        assert_eq!(pick(&rows(), false)[0].pick.as_deref(), Some("a"));
    }

    #[test]
    fn comparisons_come_before_scores() {
        let by_score = pick(&rows(), true).into_iter().next().unwrap();
        let strengths = [("a", 0.5), ("c", 1.5), ("b", 0.5)];
        let strengths = strengths.map(|(id, strength)| (id.to_owned(), strength));
        let both = by_score.clone().by_strengths(&strengths[1..]);
        let order: Vec<&str> = both.ranked.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(
            order,
            ["c", "b", "a"],
            "what was not compared follows by score"
        );
        assert_eq!((both.margin, both.tied), (Some(1.0), false));
        assert_eq!(
            (both.ranked[0].score, both.ranked[2].strength),
            (Some(0.8), None)
        );
        let even = [("c".to_owned(), 0.5), ("b".to_owned(), 0.5)];
        let even = by_score.by_strengths(&even);
        assert_eq!(
            (even.pick.as_deref(), even.tied, even.margin),
            (Some("c"), true, None)
        );
        let unscored = vec![row("p", "x", None, None), row("p", "y", None, None)];
        let named = pick(&unscored, true).into_iter().next().unwrap();
        let pairs = named.by_strengths(&[("y".to_owned(), 1.0), ("x".to_owned(), -1.0)]);
        assert_eq!(
            (pairs.pick.as_deref(), pairs.unscored.len()),
            (Some("y"), 0)
        );
    }

    #[test]
    fn the_share_of_the_oracle_is_exact_in_a_worked_case() {
        let worth = uplift(&rows(), true, &Plan::default()).unwrap();
        assert_eq!((worth.groups, worth.left_out), (2, 1));
        // p: random 7/3, picked 3 (two tied), oracle 4; q: random 4, picked 3, oracle 5.
        let random = f64::midpoint(7.0 / 3.0, 4.0);
        assert!((worth.random - random).abs() < 1e-12);
        assert_eq!((worth.picked, worth.oracle), (3.0, 4.5));
        assert!((worth.share.unwrap() - (3.0 - random) / (4.5 - random)).abs() < 1e-12);
    }

    #[test]
    fn a_lot_is_worth_nothing_and_an_oracle_everything() {
        let humans = [1.0, 5.0, 3.0, 2.0];
        let rows = |score: fn(f64) -> f64| -> Vec<Row> {
            let groups = ["p", "q", "r"];
            let all = groups.iter().flat_map(|group| {
                humans
                    .iter()
                    .enumerate()
                    .map(move |(at, human)| (group, at, *human))
            });
            all.map(|(group, at, human)| {
                row(
                    group,
                    &format!("{group}{at}"),
                    Some(score(human)),
                    Some(human),
                )
            })
            .collect()
        };
        let oracle = uplift(&rows(|human| human), true, &Plan::default()).unwrap();
        assert_eq!(
            (oracle.share, oracle.share_ci),
            (Some(1.0), Some([1.0, 1.0]))
        );
        let lot = uplift(&rows(|_| 1.0), true, &Plan::default()).unwrap();
        assert!(lot.share.unwrap().abs() < 1e-12);
        assert!(uplift(&[], true, &Plan::default()).is_err());
    }
}
