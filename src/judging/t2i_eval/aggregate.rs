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

/// What becomes of an image where a stage of a question failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingScore {
    /// There is no score: a failed stage stays failed.
    #[default]
    Unscored,
    /// The mean of the other questions of its aspect stands for the question, and the result says of how many it does.
    Mean,
}

impl MissingScore {
    /// Stable name.
    pub fn name(self) -> &'static str {
        match self {
            MissingScore::Unscored => "unscored",
            MissingScore::Mean => "mean",
        }
    }
}

/// The scores with the mean of its aspect for each question that failed; nothing where an aspect has no other score.
pub fn with_means(
    questions: &[AspectQuestion],
    scores: &[Option<f64>],
    failed: &[bool],
) -> Option<Vec<Option<f64>>> {
    let mean = |aspect: Aspect| {
        let of = questions.iter().zip(scores);
        let given = of.filter(|(question, _)| question.aspect == aspect);
        let (sum, n) = given
            .filter_map(|(_, score)| *score)
            .fold((0.0, 0.0), |(sum, n), score| (sum + score, n + 1.0));
        (n > 0.0).then(|| sum / n)
    };
    let each = questions.iter().zip(scores).zip(failed);
    each.map(|((question, score), failed)| {
        if *failed {
            mean(question.aspect).map(Some)
        } else {
            Some(*score)
        }
    })
    .collect()
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
    fn a_question_that_failed_takes_the_mean_of_its_aspect() {
        let questions = [
            asked("1", Aspect::Appearance, "a"),
            asked("2", Aspect::Intrinsic, "a"),
            asked("3", Aspect::Intrinsic, "a"),
            asked("4", Aspect::Intrinsic, "a"),
            asked("5", Aspect::Intrinsic, "a"),
        ];
        // The fourth does not apply, which is no failure.
        let scores = [Some(8.0), Some(2.0), Some(5.0), None, None];
        let failed = [false, false, false, false, true];
        let found = with_means(&questions, &scores, &failed).unwrap();
        assert_eq!(found, [Some(8.0), Some(2.0), Some(5.0), None, Some(3.5)]);
        // Nothing is left of the first aspect that a mean could be of.
        let scores = [None, Some(2.0), Some(5.0), None, Some(1.0)];
        let failed = [true, false, false, false, false];
        assert_eq!(with_means(&questions, &scores, &failed), None);
    }

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
