//! Where items stand by judge and by people, in tenths of rank.

use super::canvas::{Anchor, Canvas};
use crate::agreement::audit::Audit;

const CELL: f64 = 32.0;
/// Opacity of the fullest cell: text stays readable on it, in light and in dark.
const STRONGEST: f64 = 0.55;

pub(in super::super) fn ranks(audit: &Audit) -> String {
    let cells = &audit.figures.rank_cells;
    let size = CELL * cells.len() as f64;
    let (wall, top) = (72.0, 14.0);
    let near: f64 = cells
        .iter()
        .enumerate()
        .flat_map(|(human, row)| {
            row.iter()
                .enumerate()
                .map(move |(judged, share)| (human.abs_diff(judged), share))
        })
        .filter(|(apart, _)| *apart <= 1)
        .map(|(_, share)| share)
        .sum();
    let description = format!(
        "Items by tenth of rank, by the judge from left to right and by people from below to above; the darker, the more items. {:.0} % lie on the diagonal or one tenth beside it; by chance it would be 28 %.",
        100.0 * near
    );
    let mut canvas = Canvas::new(
        "ranks",
        (wall + size + 16.0, top + size + 62.0),
        "Ranks by judge and by people",
        &description,
    );
    let most = cells
        .iter()
        .flatten()
        .copied()
        .fold(f64::MIN_POSITIVE, f64::max);
    for (human, row) in cells.iter().enumerate() {
        let y = top + size - CELL * (human as f64 + 1.0);
        for (judged, share) in row.iter().enumerate() {
            let x = wall + CELL * judged as f64;
            canvas.cell(
                "heat",
                (x + 0.5, y + 0.5),
                (CELL - 1.0, CELL - 1.0),
                STRONGEST * (share / most).sqrt(),
            );
            if *share >= 0.001 {
                let text = format!("{:.1}", 100.0 * share);
                canvas.text(
                    "count",
                    (x + CELL / 2.0, y + CELL / 2.0 + 3.5),
                    Anchor::Middle,
                    &text,
                );
            }
        }
    }
    canvas.path(
        "reference",
        &[(wall, top + size), (wall + size, top)],
        false,
    );
    for (at, name) in [(0.0, "worst"), (1.0, "best")] {
        let anchor = if at == 0.0 {
            Anchor::Start
        } else {
            Anchor::End
        };
        canvas.text("tick", (wall + at * size, top + size + 18.0), anchor, name);
        canvas.text(
            "tick",
            (wall - 8.0, top + size - at * (size - 10.0)),
            Anchor::End,
            name,
        );
    }
    canvas.text(
        "axis",
        (wall + size / 2.0, top + size + 40.0),
        Anchor::Middle,
        "Rank by judge (% of items in each cell)",
    );
    canvas.text_upwards("axis", (wall - 48.0, top + size / 2.0), "Rank by people");
    canvas.finish()
}
