//! What a fit found, for people.

use crate::cli::output;
use crate::gate::FitReport;

pub(super) fn print(report: &FitReport) -> std::io::Result<()> {
    let FitReport {
        target,
        target_value,
        confidence,
        best,
        band,
        ..
    } = report;
    let side = if *target == "cost" {
        "at most"
    } else {
        "at least"
    };
    match (report.threshold, report.value, report.bound, report.n) {
        (Some(threshold), Some(value), Some(bound), Some(n)) => {
            output::line(format_args!("accept at {threshold}"))?;
            output::line(format_args!(
                "{target} {value:.4}, {side} {bound:.4} with a confidence of {confidence} (n = {n}); the target is {target_value}"
            ))?;
        }
        _ => {
            output::line(format_args!(
                "infeasible: no threshold is shown to have a {target} of {side} {target_value} with a confidence of {confidence}"
            ))?;
            output::line(format_args!(
                "best attainable: {target} {:.4}, {side} {:.4}, accepting at {} (n = {})",
                best.value, best.bound, best.threshold, best.n
            ))?;
            match report.labels_needed {
                Some(labels) => output::line(format_args!(
                    "labels like these would show it from about {labels} on; these are {}",
                    report.items
                ))?,
                None => output::line(format_args!(
                    "no threshold of these labels lies beyond the target: more of the same will not show it"
                ))?,
            }
        }
    }
    if let Some(reject) = band.reject_at {
        output::line(format_args!(
            "reject at {reject}: bad in at least {:.4} with the same confidence",
            band.reject_bound.unwrap_or_default()
        ))?;
    }
    output::line(format_args!(
        "of {} labelled items, {} of them good: {:.1} % accepted, {:.1} % for review, {:.1} % rejected",
        report.items,
        report.good,
        100.0 * band.accepted,
        100.0 * band.review,
        100.0 * band.rejected
    ))?;
    if let Some(powered) = &report.powered {
        output::line(format_args!(
            "the scores of {} items without a label are worth {:.2} times the labels here ({:.0} instead of {}); the labels alone show {}",
            report.unlabelled,
            powered.gain,
            powered.effective_labels,
            report.items,
            powered
                .labels_alone
                .map_or_else(|| "no threshold".to_owned(), |alone| alone.to_string())
        ))?;
        if let Some(warning) = &powered.warning {
            output::say(format_args!("warning: {warning}"));
        }
    }
    if report.unscored > 0 {
        output::line(format_args!(
            "{} items have no score and are for review",
            report.unscored
        ))?;
    }
    Ok(())
}
