//! Residuals by group: where the curve is wrong in one direction.

use super::axis::{Scale, bottom};
use super::canvas::{Anchor, Canvas};
use crate::agreement::audit::Spread;

const WIDTH: f64 = 580.0;
const ROW: f64 = 30.0;

/// Spreads one above the other: middle 90 % as a line, middle half as a box, median as a bar, mean as a dot.
pub(in super::super) fn residuals(spreads: &[Spread]) -> String {
    let description = "For each group the middle 90 % of residuals is a line, the middle half a box, the median a bar and the mean a dot. Right of zero people rate higher than the fitted value: the judge is harsh on the group.";
    let height = ROW * spreads.len() as f64 + 74.0;
    let mut canvas = Canvas::new(
        "residuals",
        (WIDTH, height),
        "Residuals by group",
        description,
    );
    let (wall, right, top) = (164.0, WIDTH - 20.0, 12.0);
    let floor = height - 52.0;
    let x = Scale::covering(
        spreads
            .iter()
            .flat_map(|spread| [spread.points[0], spread.points[4]])
            .chain([0.0]),
        wall,
        right,
    );
    bottom(
        &mut canvas,
        &x,
        top,
        floor,
        "People\u{2019}s value less the fitted one",
    );
    canvas.line("reference", (x.place(0.0), top), (x.place(0.0), floor));
    for (index, spread) in spreads.iter().enumerate() {
        let y = top + ROW * (index as f64 + 0.5);
        let name = spread.group.as_deref().unwrap_or("all items");
        let class = if spread.group.is_none() {
            "label strong"
        } else {
            "label"
        };
        canvas.text(class, (wall - 12.0, y + 4.0), Anchor::End, &short(name));
        let [low, quarter, median, three_quarters, high] = spread.points;
        canvas.line("whisker", (x.place(low), y), (x.place(high), y));
        canvas.rectangle(
            "box",
            (x.place(quarter), y - 7.0),
            (x.place(three_quarters) - x.place(quarter), 14.0),
        );
        canvas.line(
            "median",
            (x.place(median), y - 7.0),
            (x.place(median), y + 7.0),
        );
        canvas.circle("mark", (x.place(spread.mean), y), 3.5);
    }
    canvas.finish()
}

/// A name that fits beside a plot.
pub(super) fn short(name: &str) -> String {
    if name.chars().count() <= 20 {
        return name.to_owned();
    }
    let start: String = name.chars().take(19).collect();
    format!("{start}\u{2026}")
}
