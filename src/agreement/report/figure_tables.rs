//! The tables that stand beside figures and hold their numbers.

use super::number::{figure, interval};
use super::tables::{Table, table};
use crate::agreement::audit::{Audit, percent, thousands};

/// The bins of a reliability figure.
pub(super) fn bins(audit: &Audit) -> Option<Table> {
    let calibration = audit.calibration.as_ref()?;
    let rows = calibration.bins.iter().map(|bin| {
        [
            format!("{} to {}", figure(bin.edges[0]), figure(bin.edges[1])),
            thousands(bin.n),
            figure(bin.stated),
            figure(bin.observed),
            interval(bin.ci),
        ]
    });
    Some(table(
        "Bins of the reliability figure",
        [
            "Stated between",
            "n",
            "Mean stated",
            "Mean observed",
            "95 % interval of observed",
        ],
        &[1, 2, 3, 4],
        rows.collect(),
    ))
}

/// Where judge and people rank farthest apart.
pub(super) fn disagreements(audit: &Audit) -> Table {
    let place = |share: f64| format!("{:.0} %", 100.0 * share);
    let rows = audit.disagreements.iter().map(|row| {
        [
            row.id.clone(),
            figure(row.judged),
            figure(row.human),
            place(row.judged_rank),
            place(row.human_rank),
        ]
    });
    table(
        "Items on which judge and people rank farthest apart",
        ["Item", "Judge", "People", "Rank by judge", "Rank by people"],
        &[1, 2, 3, 4],
        rows.collect(),
    )
}

/// Residuals by group.
pub(super) fn residuals(audit: &Audit) -> Option<Table> {
    let rows: Vec<[String; 6]> = audit
        .figures
        .residuals
        .iter()
        .map(|spread| {
            [
                spread
                    .group
                    .clone()
                    .unwrap_or_else(|| "all items".to_owned()),
                thousands(spread.n),
                figure(spread.mean),
                interval(spread.ci),
                figure(spread.points[2]),
                interval(Some([spread.points[0], spread.points[4]])),
            ]
        })
        .collect();
    (!rows.is_empty()).then(|| {
        table(
            "Residuals: people\u{2019}s value less the fitted one",
            [
                "Group",
                "n",
                "Mean",
                "95 % interval of the mean",
                "Median",
                "Middle 90 % of items",
            ],
            &[1, 2, 3, 4, 5],
            rows,
        )
    })
}

/// Share of items by how many tenths of rank lie between judge and people.
pub(super) fn ranks(audit: &Audit) -> Table {
    let cells = &audit.figures.rank_cells;
    let mut apart = vec![0.0; cells.len()];
    for (human, row) in cells.iter().enumerate() {
        for (judged, share) in row.iter().enumerate() {
            apart[human.abs_diff(judged)] += share;
        }
    }
    let rows = apart
        .iter()
        .enumerate()
        .map(|(tenths, share)| [tenths.to_string(), format!("{} %", percent(*share))]);
    table(
        "How far apart judge and people rank items",
        ["Tenths of rank apart", "Share of items"],
        &[0, 1],
        rows.collect(),
    )
}
