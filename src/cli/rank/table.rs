//! A ranking as a table.

use crate::cli::output;
use crate::ranking::{ListedRanking, RankReport, RankedItem};

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

/// A ranking by lists, or the groups that no list links.
pub(super) fn print_listed(ranking: &ListedRanking) -> std::io::Result<()> {
    match &ranking.groups {
        Some(groups) => print_groups(groups)?,
        None => print_items(&ranking.items)?,
    }
    output::say(format_args!(
        "{} of {} lists read, {} images in each; ended: {}",
        ranking.read, ranking.lists, ranking.design.items_per_list, ranking.stop
    ));
    if let Some(first) = &ranking.first_effect {
        output::say(format_args!(
            "being shown first adds {:+.4} in log-odds, {}",
            first.value,
            bounds(first.ci)
        ));
    }
    let consistency = &ranking.consistency;
    for (name, value) in [
        ("Kendall's W over the lists", consistency.kendall_w),
        ("Kendall's tau between two lists", consistency.mean_tau),
    ] {
        if let Some(value) = value {
            output::say(format_args!("{name}: {value:.4}"));
        }
    }
    for failed in &ranking.failed {
        output::say(format_args!(
            "failed  repeat {}: {}",
            failed.repeat, failed.detail
        ));
    }
    for note in &ranking.notes {
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
