//! From the scores of questions to those of aspects and of the whole, by named rules.

use super::extracted::{Aspect, AspectQuestion};

/// How scores become one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aggregation {
    /// The judge sums up each aspect and scores it, then merges the three: the authors' `separate_aspects`.
    Model,
    /// The judge writes four scores on one line.
    ModelJoint,
    /// Means of the questions, and the mean of the aspects.
    Mean,
    /// The least of the questions, and of the aspects.
    Minimum,
    /// Means of the questions, and the mean of the aspects by these weights: appearance, intrinsic, relationship.
    Weighted([f64; 3]),
}

impl Aggregation {
    /// The names, in the order of the rules.
    pub const NAMES: [&'static str; 5] = ["model", "model-joint", "mean", "min", "weighted"];

    /// Stable name.
    pub fn name(self) -> &'static str {
        let [model, joint, mean, minimum, weighted] = Self::NAMES;
        match self {
            Aggregation::Model => model,
            Aggregation::ModelJoint => joint,
            Aggregation::Mean => mean,
            Aggregation::Minimum => minimum,
            Aggregation::Weighted(_) => weighted,
        }
    }
}

/// A score for each aspect, in the order of [`Aspect::ALL`], and for the whole; nothing where nothing was asked.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct AspectScores {
    /// The aspects.
    pub aspects: [Option<f64>; 3],
    /// The whole.
    pub overall: Option<f64>,
}

/// Combines the scores of questions; one that is `N/A` is left out. Nothing for the rules that ask the judge.
pub fn aggregate(
    questions: &[AspectQuestion],
    scores: &[Option<f64>],
    rule: Aggregation,
) -> Option<AspectScores> {
    let weights = match rule {
        Aggregation::Model | Aggregation::ModelJoint => return None,
        Aggregation::Mean | Aggregation::Minimum => [1.0; 3],
        Aggregation::Weighted(weights) => weights,
    };
    let aspects = Aspect::ALL.map(|aspect| {
        let of = questions.iter().zip(scores);
        let of = of.filter(|(question, _)| question.aspect == aspect);
        let given: Vec<(f64, f64)> = of.filter_map(|(_, score)| Some((1.0, (*score)?))).collect();
        combined(&given, rule)
    });
    let of = weights.into_iter().zip(aspects);
    let given: Vec<(f64, f64)> = of
        .filter_map(|(weight, score)| Some((weight, score?)))
        .collect();
    Some(AspectScores {
        aspects,
        overall: combined(&given, rule),
    })
}

/// Scores with their weights as one; nothing of no score, or no weight.
pub fn combined(given: &[(f64, f64)], rule: Aggregation) -> Option<f64> {
    let total: f64 = given.iter().map(|(weight, _)| weight).sum();
    if given.is_empty() || total <= 0.0 {
        return None;
    }
    Some(match rule {
        Aggregation::Minimum => given
            .iter()
            .map(|(_, score)| *score)
            .fold(f64::INFINITY, f64::min),
        Aggregation::Model
        | Aggregation::ModelJoint
        | Aggregation::Mean
        | Aggregation::Weighted(_) => {
            given
                .iter()
                .map(|(weight, score)| weight * score)
                .sum::<f64>()
                / total
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::extracted::asked;
    use super::*;

    #[test]
    fn each_rule_by_a_worked_case() {
        let questions = [
            asked("1", Aspect::Appearance, "a"),
            asked("2", Aspect::Intrinsic, "a"),
            asked("3", Aspect::Intrinsic, "a"),
            asked("4", Aspect::Intrinsic, "a"),
        ];
        let scores = [Some(8.0), Some(2.0), Some(6.0), None];
        let by = |rule| aggregate(&questions, &scores, rule).unwrap();
        let mean = by(Aggregation::Mean);
        assert_eq!(mean.aspects, [Some(8.0), Some(4.0), None]);
        assert_eq!(mean.overall, Some(6.0));
        let least = by(Aggregation::Minimum);
        assert_eq!(least.aspects, [Some(8.0), Some(2.0), None]);
        assert_eq!(least.overall, Some(2.0));
        assert_eq!(
            by(Aggregation::Weighted([1.0, 3.0, 9.0])).overall,
            Some(5.0)
        );
        assert_eq!(by(Aggregation::Weighted([0.0, 0.0, 1.0])).overall, None);
        assert_eq!(aggregate(&questions, &scores, Aggregation::Model), None);
    }
}
