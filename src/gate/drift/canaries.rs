//! Canaries: the same judge gives the same item the same score, or is another judge by now.

use std::collections::BTreeMap;

use super::{DriftCheck, Observations, Observed};

/// What the items of both files say, where there are some.
pub(super) fn canaries(
    reference: &Observations,
    current: &Observations,
    slack: f64,
) -> Option<DriftCheck> {
    let known: BTreeMap<&str, Option<f64>> = reference
        .items
        .iter()
        .map(|item| (item.id.as_str(), item.score))
        .collect();
    let pairs: Vec<(&Observed, Option<f64>)> = current
        .items
        .iter()
        .filter_map(|item| Some((item, *known.get(item.id.as_str())?)))
        .collect();
    if pairs.is_empty() {
        return None;
    }
    let differs = |(item, before): &&(&Observed, Option<f64>)| match (item.score, before) {
        (Some(now), Some(before)) => (now - before).abs() > slack,
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
    };
    let changed: Vec<&(&Observed, Option<f64>)> = pairs.iter().filter(differs).collect();
    let farthest = changed
        .iter()
        .filter_map(|(item, before)| Some((item, (item.score? - (*before)?).abs())))
        .max_by(|one, other| one.1.total_cmp(&other.1));
    let counts = format!("{} of {} items", changed.len(), pairs.len());
    Some(DriftCheck {
        name: "canaries",
        reference: None,
        current: None,
        value: changed.len() as f64,
        ci: None,
        limit: Some(0.0),
        p_value: None,
        test: None,
        n: pairs.len(),
        moved: !changed.is_empty(),
        detail: match farthest {
            Some((item, by)) => format!(
                "{counts} have another score; the farthest is `{}`, by {by:.6}",
                item.id
            ),
            None if changed.is_empty() => {
                format!("{} items have the score that they had", pairs.len())
            }
            None => format!("{counts} are scored in one file only"),
        },
    })
}
