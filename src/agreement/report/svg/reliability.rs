//! Stated against observed, bin by bin, with the line on which both are the same.

use super::axis::{Scale, bottom, left};
use super::canvas::Canvas;
use crate::agreement::audit::Calibration;

const SIZE: f64 = 420.0;

pub(in super::super) fn reliability(calibration: &Calibration) -> String {
    let bins = &calibration.bins;
    let farthest = bins
        .iter()
        .map(|bin| (bin.observed - bin.stated).abs())
        .fold(0.0, f64::max);
    let description = format!(
        "{} bins of stated values with the mean that people gave and its 95 % interval. On the diagonal both are the same; the farthest bin is {farthest:.3} away.",
        bins.len()
    );
    let mut canvas = Canvas::new(
        "reliability",
        (SIZE, SIZE),
        "Reliability: do stated values come true?",
        &description,
    );
    let (wall, right, top, floor) = (72.0, SIZE - 16.0, 14.0, SIZE - 62.0);
    let every = || {
        bins.iter().flat_map(|bin| {
            let [low, high] = bin.ci.unwrap_or([bin.observed, bin.observed]);
            [bin.stated, bin.observed, low, high]
        })
    };
    let x = Scale::covering(every(), wall, right);
    let y = Scale::covering(every(), floor, top);
    bottom(&mut canvas, &x, top, floor, "Mean stated");
    left(&mut canvas, &y, wall, right, "Mean observed");
    let (low, high) = x.ends();
    canvas.line(
        "reference",
        (x.place(low), y.place(low)),
        (x.place(high), y.place(high)),
    );
    let largest = bins.iter().map(|bin| bin.n).max().unwrap_or(1) as f64;
    let places: Vec<(f64, f64)> = bins
        .iter()
        .map(|bin| (x.place(bin.stated), y.place(bin.observed)))
        .collect();
    canvas.path("thread", &places, false);
    for (bin, place) in bins.iter().zip(places) {
        if let Some([low, high]) = bin.ci {
            canvas.line("whisker", (place.0, y.place(low)), (place.0, y.place(high)));
        }
        let radius = 3.0 + 4.0 * (bin.n as f64 / largest).sqrt();
        canvas.circle("mark", place, radius);
    }
    canvas.finish()
}
