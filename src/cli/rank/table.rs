//! A ranking as a table.

use crate::cli::output;
use crate::ranking::{RankReport, RankedItem};

pub(super) fn print(report: &RankReport) -> std::io::Result<()> {
    match &report.groups {
        Some(groups) => print_groups(groups)?,
        None => print_items(&report.items)?,
    }
    output::say(format_args!("{} votes, {}", report.votes, report.model));
    for effect in &report.covariates {
        output::say(format_args!(
            "a unit of {}: {:+.4} {}",
            effect.name,
            effect.value,
            bounds(effect.ci)
        ));
    }
    for (name, effect) in [
        ("order effect", &report.order_effect),
        ("tie parameter", &report.tie_parameter),
    ] {
        if let Some(effect) = effect {
            output::say(format_args!(
                "{name}: {:.4} {}",
                effect.value,
                bounds(effect.ci)
            ));
        }
    }
    for circle in report.coherence.iter().flat_map(|found| &found.cycles) {
        let [one, other, third] = &circle.items;
        output::say(format_args!(
            "circle: {one} over {other} over {third} over {one}, by {:.2} at least",
            circle.least_share
        ));
    }
    if let Some(coherence) = &report.coherence {
        if let (Some(cyclic), Some(triads)) = (coherence.cyclic_triads, coherence.triads) {
            output::say(format_args!("{cyclic} of {triads} triads are circular"));
        }
        output::say(format_args!(
            "{} of {} pairs go against the ranking; {} of {} pairs seen in both orders change their winner",
            coherence.against_strengths,
            coherence.pairs,
            coherence.order_reversals,
            coherence.pairs_in_both_orders
        ));
    }
    for note in &report.notes {
        output::say(format_args!("note: {note}"));
    }
    Ok(())
}

pub(super) fn print_items(items: &[RankedItem]) -> std::io::Result<()> {
    let rows: Vec<Vec<String>> = (items.iter())
        .map(|item| {
            vec![
                item.rank.to_string(),
                item.rank_ci
                    .map_or_else(missing, |[best, worst]| format!("{best} to {worst}")),
                format!("{:.4}", item.strength),
                bounds(item.ci),
                item.item.clone(),
            ]
        })
        .collect();
    let header = ["rank", "95 %", "strength", "95 % interval", "item"];
    output::table(&header, &rows, &[0, 1, 2, 3])
}

fn print_groups(groups: &[Vec<String>]) -> std::io::Result<()> {
    let rows: Vec<Vec<String>> = (1..)
        .zip(groups)
        .flat_map(|(number, group)| {
            group
                .iter()
                .map(move |item| vec![number.to_string(), item.clone()])
        })
        .collect();
    output::table(&["group", "item"], &rows, &[0])
}

fn bounds(ci: Option<[f64; 2]>) -> String {
    ci.map_or_else(missing, |[low, high]| format!("{low:.4} to {high:.4}"))
}

fn missing() -> String {
    "-".to_owned()
}
