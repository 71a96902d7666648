//! One item placed among anchors, whose comparisons with each other are known beforehand.

use super::fit::{StrengthSettings, fit_strengths};
use super::model::Model;
use super::separation::StrengthsError;
use super::votes::{Outcome, Vote, Votes};
use crate::stats::StatsError;

/// How far the two probabilities of a pair of anchors may be from summing to 1: published matrices are rounded.
const ROUNDED: f64 = 1e-6;

/// Anchors: how probably each is better than each other, and what each is worth on the scale of the score.
#[derive(Debug, Clone, PartialEq)]
pub struct Anchors {
    model: Model,
    /// Row after row: the probability that the row's anchor is better than the column's.
    better: Vec<f64>,
    worths: Vec<f64>,
}

/// Where a test item stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Anchored {
    /// Most probable strengths of the anchors, fitted together with the item.
    pub anchors: Vec<f64>,
    /// That of the item; all together have mean zero.
    pub strength: f64,
    /// The item's worth: the line through the anchors' worths by least squares, at the item's strength.
    ///
    /// It goes on beyond the outermost anchors, where a rescale to the range of all fitted strengths
    /// (Compare2Score's) gives every item its end.
    pub score: f64,
}

impl Anchors {
    /// Checks anchors; `better[i][j]` is the probability that anchor i is better than anchor j.
    ///
    /// # Errors
    /// [`StatsError::TooFew`] for fewer than two anchors; [`StatsError::Argument`] unless the matrix is square,
    /// of probabilities, each two of which sum to 1 across the diagonal, with a finite worth for each anchor,
    /// not all worths equal, and a model without tie parameter.
    pub fn new(model: Model, better: &[Vec<f64>], worths: &[f64]) -> Result<Self, StatsError> {
        let size = better.len();
        if size < 2 {
            return Err(StatsError::TooFew {
                statistic: "anchors",
                needed: 2,
                got: size,
            });
        }
        if model.has_tie_parameter() {
            let allowed = "bradley-terry or thurstone";
            return Err(wrong("model", model.name(), allowed));
        }
        check_matrix(better)?;
        let spread = worths.iter().any(|worth| (worth - worths[0]).abs() > 0.0);
        if worths.len() != size || !worths.iter().all(|worth| worth.is_finite()) || !spread {
            let allowed = "a finite number for each anchor, not all the same";
            return Err(wrong("worths", &format!("{worths:?}"), allowed));
        }
        Ok(Anchors {
            model,
            better: better.iter().flatten().copied().collect(),
            worths: worths.to_vec(),
        })
    }

    /// Number of anchors.
    pub fn len(&self) -> usize {
        self.worths.len()
    }

    /// Never: there are two anchors or more.
    pub fn is_empty(&self) -> bool {
        self.worths.is_empty()
    }

    /// Places an item that is better than each anchor with probability `better_than`.
    ///
    /// ```text
    /// maximise  sum over i, j of C_ij ln F(s_i - s_j) - sum of s^2 / 2,   F the model's distribution
    /// ```
    /// C is the anchors' matrix with the item as its last row and column. This is Compare2Score's estimate
    /// (Zhu et al. 2024, after Tsukida and Gupta 2011). It is strictly concave, and solved by Newton's method.
    ///
    /// ```
    /// use opine::stats::strengths::{Anchors, Model};
    /// let anchors = Anchors::new(Model::Thurstone, &[vec![0.5, 0.1], vec![0.9, 0.5]], &[1.0, 5.0])?;
    /// let between = anchors.place(&[0.9, 0.1]).unwrap();
    /// assert!((between.score - 3.0).abs() < 1e-12);
    /// assert!(anchors.place(&[1.0, 1.0]).unwrap().score > 5.0);
    /// # Ok::<(), opine::stats::StatsError>(())
    /// ```
    ///
    /// # Errors
    /// [`StatsError::Argument`] unless there is a probability for each anchor; [`StatsError::Undefined`] where
    /// the matrix gives all anchors one strength, so that no line goes through them.
    pub fn place(&self, better_than: &[f64]) -> Result<Anchored, StrengthsError> {
        let probable = better_than.iter().all(|p| (0.0..=1.0).contains(p));
        if better_than.len() != self.len() || !probable {
            let allowed = "a probability for each anchor";
            return Err(wrong("better_than", &format!("{better_than:?}"), allowed).into());
        }
        let mut anchors = self.fit(Some(better_than))?;
        let strength = anchors
            .pop()
            .expect("the item was fitted after the anchors");
        let score = self.worth_at(strength, &anchors)?;
        Ok(Anchored {
            anchors,
            strength,
            score,
        })
    }

    /// Most probable strengths of the anchors alone.
    ///
    /// # Errors
    /// As [`fit_strengths`]; with this prior, none is known.
    pub fn strengths(&self) -> Result<Vec<f64>, StrengthsError> {
        self.fit(None)
    }

    fn fit(&self, item: Option<&[f64]>) -> Result<Vec<f64>, StrengthsError> {
        let size = self.len();
        let place = |at: usize| u32::try_from(at).expect("anchors are few");
        let mut votes = Vec::new();
        let mut say = |first: usize, second: usize, weight: f64| {
            votes.push(Vote {
                weight,
                ..Vote::new(place(first), place(second), Outcome::First)
            });
        };
        for (at, better) in self.better.iter().enumerate() {
            let (first, second) = (at / size, at % size);
            if first != second {
                say(first, second, *better);
            }
        }
        for (anchor, better) in item.into_iter().flatten().enumerate() {
            say(size, anchor, *better);
            say(anchor, size, 1.0 - better);
        }
        let votes = Votes::new(size + usize::from(item.is_some()), votes)?;
        let settings = StrengthSettings {
            ridge: 1.0,
            ..StrengthSettings::new(self.model)
        };
        Ok(fit_strengths(&votes, &settings)?.values)
    }

    /// The least-squares line of worths on the anchors' strengths, at `strength`.
    fn worth_at(&self, strength: f64, anchors: &[f64]) -> Result<f64, StatsError> {
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let (centre, level) = (mean(anchors), mean(&self.worths));
        let (mut squares, mut products) = (0.0, 0.0);
        for (anchor, worth) in anchors.iter().zip(&self.worths) {
            squares += (anchor - centre).powi(2);
            products += (anchor - centre) * (worth - level);
        }
        if squares < 1e-18 {
            return Err(StatsError::Undefined {
                statistic: "anchored score",
                reason:
                    "all anchors have one strength, so that no line leads from strengths to worths"
                        .to_owned(),
            });
        }
        Ok(level + products / squares * (strength - centre))
    }
}

fn check_matrix(better: &[Vec<f64>]) -> Result<(), StatsError> {
    let allowed = "a square of probabilities of which each two across the diagonal sum to 1";
    for (at, row) in better.iter().enumerate() {
        if row.len() != better.len() {
            let got = format!("{} columns in row {at} of {}", row.len(), better.len());
            return Err(wrong("better", &got, allowed));
        }
    }
    for (at, row) in better.iter().enumerate() {
        for (other, p) in row.iter().enumerate() {
            let sound = (p + better[other][at] - 1.0).abs() <= ROUNDED;
            if !(0.0..=1.0).contains(p) || !sound {
                return Err(wrong(
                    "better",
                    &format!("{p} in row {at}, column {other}"),
                    allowed,
                ));
            }
        }
    }
    Ok(())
}

fn wrong(argument: &'static str, value: &str, allowed: &'static str) -> StatsError {
    StatsError::Argument {
        argument,
        value: value.to_owned(),
        allowed,
    }
}
