//! Why an image is not accepted.

use super::{Decided, DimensionDecision, ReasonGiven};
use crate::gate::policy::Dimension;

/// The reason that a dimension gives.
pub(super) fn reason(dimension: &Dimension, decided: &DimensionDecision) -> ReasonGiven {
    let last = decided
        .stages
        .iter()
        .enumerate()
        .rfind(|(_, stage)| stage.score.is_some());
    let Some((at, stage)) = last else {
        let why = decided
            .stages
            .last()
            .and_then(|stage| stage.unscored.clone())
            .unwrap_or_else(|| "no judge was asked".to_owned());
        return ReasonGiven {
            code: dimension.reason.clone(),
            dimension: Some(dimension.name.clone()),
            judge: decided.stages.last().map(|stage| stage.judge.clone()),
            score: None,
            threshold: None,
            margin: None,
            detail: format!("`{}` was not evaluated: {why}", dimension.name),
        };
    };
    let rule = &dimension.stages[at];
    let threshold = match (decided.verdict, rule.reject) {
        (Decided::Reject, Some(reject)) => reject,
        _ => rule.accept,
    };
    ReasonGiven {
        code: dimension.reason.clone(),
        dimension: Some(dimension.name.clone()),
        judge: Some(stage.judge.clone()),
        score: stage.score,
        threshold: Some(threshold),
        margin: stage.score.map(|score| (score - threshold).abs()),
        detail: match decided.verdict {
            Decided::Reject => format!("`{}` is on the rejecting side", dimension.name),
            Decided::Accept | Decided::Review | Decided::NotEvaluated => {
                format!("`{}` is not shown to be good enough", dimension.name)
            }
        },
    }
}
