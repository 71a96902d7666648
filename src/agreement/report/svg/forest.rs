//! Values with their intervals, one above the other.

use super::axis::{Scale, bottom};
use super::canvas::{Anchor, Canvas};
use super::residuals::short;

const WIDTH: f64 = 580.0;
const ROW: f64 = 26.0;

/// One row of a forest plot.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Mark {
    pub(in super::super) label: String,
    pub(in super::super) value: f64,
    pub(in super::super) ci: Option<[f64; 2]>,
    /// Drawn as a diamond: a figure over all items or an average.
    pub(in super::super) summary: bool,
    /// Drawn in the second colour: another judge.
    pub(in super::super) other: bool,
}

pub(in super::super) fn forest(
    id: &'static str,
    title: &str,
    axis: &str,
    marks: &[Mark],
) -> String {
    let description = format!(
        "{} rows with value and 95 % interval; the dashed line at 0 is chance. {}",
        marks.len(),
        marks.first().map_or_else(String::new, |mark| format!(
            "{}: {:.3}.",
            mark.label, mark.value
        ))
    );
    let height = ROW * marks.len() as f64 + 74.0;
    let mut canvas = Canvas::new(id, (WIDTH, height), title, &description);
    let (wall, right, top) = (164.0, WIDTH - 146.0, 12.0);
    let floor = height - 52.0;
    let every = marks.iter().flat_map(|mark| {
        let [low, high] = mark.ci.unwrap_or([mark.value, mark.value]);
        [low, high, mark.value]
    });
    let x = Scale::covering(every.chain([0.0]), wall, right);
    bottom(&mut canvas, &x, top, floor, axis);
    canvas.line("reference", (x.place(0.0), top), (x.place(0.0), floor));
    for (index, mark) in marks.iter().enumerate() {
        let y = top + ROW * (index as f64 + 0.5);
        row(&mut canvas, &x, mark, y, (wall, right));
    }
    canvas.finish()
}

fn row(canvas: &mut Canvas, x: &Scale, mark: &Mark, y: f64, (wall, right): (f64, f64)) {
    let second = if mark.other { " other" } else { "" };
    let strong = if mark.summary { " strong" } else { "" };
    canvas.text(
        &format!("label{strong}"),
        (wall - 12.0, y + 4.0),
        Anchor::End,
        &short(&mark.label),
    );
    let at = x.place(mark.value);
    let ends = mark.ci.map(|[low, high]| (x.place(low), x.place(high)));
    if mark.summary {
        let (low, high) = ends.unwrap_or((at - 5.0, at + 5.0));
        // An interval narrower than a dot is drawn as wide as one.
        let (low, high) = (low.min(at - 5.0), high.max(at + 5.0));
        canvas.path(
            &format!("diamond{second}"),
            &[(low, y), (at, y - 7.0), (high, y), (at, y + 7.0)],
            true,
        );
    } else {
        if let Some((low, high)) = ends {
            canvas.line(&format!("whisker{second}"), (low, y), (high, y));
        }
        canvas.circle(&format!("mark{second}"), (at, y), 4.0);
    }
    let figures = match mark.ci {
        Some([low, high]) => format!("{:.3} [{low:.3}, {high:.3}]", mark.value),
        None => format!("{:.3}", mark.value),
    };
    canvas.text(
        "figures",
        (right + 8.0, y + 4.0),
        Anchor::Start,
        &figures.replace('-', "\u{2212}"),
    );
}
