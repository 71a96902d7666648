//! Judged and human values of items, with the fitted curve and its band.

use super::axis::{Scale, bottom, left};
use super::canvas::Canvas;
use crate::agreement::audit::Audit;

const WIDTH: f64 = 540.0;
const HEIGHT: f64 = 400.0;

pub(in super::super) fn scatter(audit: &Audit) -> String {
    let figures = &audit.figures;
    let description = format!(
        "Each dot is an item: {} of {} items are drawn. The line is the {}; the band holds 95 % of items if errors are normal.",
        figures.points.len(),
        figures.points_of,
        figures.curve_name
    );
    let mut canvas = Canvas::new(
        "scatter",
        (WIDTH, HEIGHT),
        "People\u{2019}s values against the judge\u{2019}s",
        &description,
    );
    let (wall, right, top, floor) = (72.0, WIDTH - 16.0, 14.0, HEIGHT - 52.0);
    let x = Scale::covering(
        figures
            .points
            .iter()
            .map(|point| point[0])
            .chain(figures.curve.iter().map(|point| point[0])),
        wall,
        right,
    );
    let y = Scale::covering(
        figures
            .points
            .iter()
            .map(|point| point[1])
            .chain(figures.curve.iter().map(|point| point[1])),
        floor,
        top,
    );
    bottom(&mut canvas, &x, top, floor, "Judge");
    left(&mut canvas, &y, wall, right, "People");
    if !figures.curve.is_empty() {
        let upper = figures
            .curve
            .iter()
            .map(|[at, _, _, high]| (x.place(*at), y.inside(*high)));
        let lower = figures
            .curve
            .iter()
            .rev()
            .map(|[at, _, low, _]| (x.place(*at), y.inside(*low)));
        canvas.path("band", &upper.chain(lower).collect::<Vec<_>>(), true);
    }
    let dot = if figures.points.len() > 400 {
        "dot faint"
    } else {
        "dot"
    };
    for point in &figures.points {
        canvas.circle(dot, (x.place(point[0]), y.place(point[1])), 2.6);
    }
    let curve: Vec<(f64, f64)> = figures
        .curve
        .iter()
        .map(|[at, value, ..]| (x.place(*at), y.inside(*value)))
        .collect();
    canvas.path("curve halo", &curve, false);
    canvas.path("curve", &curve, false);
    canvas.finish()
}
