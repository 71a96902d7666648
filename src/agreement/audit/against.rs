//! Brings other judges' files beside the audited one.

use super::compared::{Judge, Panel};
use super::join::Joined;
use super::model::Audit;
use super::options::AuditOptions;
use super::provenance::{input, judge_name};
use super::sentence::thousands;
use super::{AuditError, clusters_of, load};
use crate::stats::resample::Plan;

/// Adds every judge on the shared items, and the audited judge against each baseline.
pub(super) fn compare(
    audit: &mut Audit,
    joined: Joined,
    options: &AuditOptions,
    plan: Plan,
) -> Result<(), AuditError> {
    // Every join lists the items that people rated in the order of the human file: places in the list are shared.
    let mut panel = Panel {
        judge: Judge {
            name: audit.judge.clone(),
            values: values(&joined, options),
        },
        baselines: Vec::new(),
        human: joined
            .items
            .iter()
            .map(|item| joined.human_value(item))
            .collect(),
        clusters: clusters_of(&joined, &joined.items),
    };
    let mut human = joined.human;
    for (at, place) in options.baselines.iter().enumerate() {
        let other = load::load_other(place, options, human)?;
        let named = options.baseline_judges.get(at).map(String::as_str);
        let name = distinct(&panel, judge_name(named, &other.judged, place.path()));
        audit.inputs.push(input("baseline", &other.judged));
        panel.baselines.push(Judge {
            name,
            values: values(&other, options),
        });
        human = other.human;
    }
    audit.comparisons = panel.comparisons(plan)?;
    audit.judges = Some(panel.judges(plan)?);
    for comparison in &audit.comparisons {
        if comparison.n < audit.n {
            audit.warnings.push(format!(
                "the comparison with `{}` rests on the {} items that both judges scored",
                comparison.baseline,
                thousands(comparison.n)
            ));
        }
    }
    Ok(())
}

/// The judge's value of every item, or what stands in for it; NaN where there is neither.
fn values(joined: &Joined, options: &AuditOptions) -> Vec<f64> {
    let stand_in = joined.stand_in(options.missing);
    let value = |item| joined.judged_value(item).or(stand_in).unwrap_or(f64::NAN);
    joined.items.iter().map(value).collect()
}

/// A name that no judge before has: two files of one name are told apart by a number.
fn distinct(panel: &Panel, name: String) -> String {
    let is_taken = |name: &str| {
        panel.judge.name == name || panel.baselines.iter().any(|judge| judge.name == name)
    };
    if !is_taken(&name) {
        return name;
    }
    let mut numbered = (2_u32..).map(|number| format!("{name} ({number})"));
    numbered
        .find(|numbered| !is_taken(numbered))
        .unwrap_or(name)
}
