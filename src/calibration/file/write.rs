//! Writes format 1: for a person first, with a comment over each part.

use super::lines::Lines;
use crate::calibration::FittedMap;
use crate::calibration::conformal::Measure;
use crate::judging::{Curve, Scale};
use crate::stats::fit::FittedMap as Logistic;

pub(super) fn text(map: &FittedMap) -> String {
    let mut out = Lines::default();
    out.comment("A calibration map: what one judge's scores are worth on a human scale.");
    out.comment("Written by `opine calibrate`; applied to exactly the judge below, and refused for any other.");
    out.number("format", super::FORMAT);
    out.text("kind", map.kind.name());
    out.judge(&map.key);
    scales(&mut out, map);
    curve(&mut out, map);
    source(&mut out, map);
    measured(&mut out, map);
    out.into_text()
}

fn scales(out: &mut Lines, map: &FittedMap) {
    let ends = |out: &mut Lines, scale: Scale| {
        out.float("min", scale.min());
        out.float("max", scale.max());
        out.text("better", scale.better().name());
    };
    out.section("raw", &["The scale of the judge's scores."]);
    ends(out, map.map.raw_scale());
    out.section(
        "human",
        &["The scale of people's labels, on which calibrated scores stand."],
    );
    ends(out, map.map.human_scale());
}

fn curve(out: &mut Lines, map: &FittedMap) {
    match map.map.curve() {
        Curve::Knots(knots) => {
            out.section("map", &[
                "Knots [raw, human]: straight between neighbours; beyond the outer knots their human value holds.",
                "Where two neighbours have one human value, scores between them were pooled.",
            ]);
            out.pairs("knots", knots);
        }
        Curve::Platt(platt) => {
            out.section(
                "map",
                &["Probability of label 1: 1 / (1 + exp(-(slope * raw + intercept)))."],
            );
            out.float("slope", platt.slope);
            out.float("intercept", platt.intercept);
        }
        Curve::Logistic { curve, from, to } => logistic(out, curve, *from, *to),
        Curve::Ordinal { odds, worths } => {
            out.section("map", &[
                "P(label <= worths[k]) = 1 / (1 + exp(-(cutpoints[k] - slope * raw))), levels lowest first;",
                "the calibrated score is the expected worth.",
            ]);
            out.float("slope", odds.slope);
            out.floats("cutpoints", &odds.cutpoints);
            out.floats("worths", worths);
        }
        Curve::Temperature { softmax, worths } => {
            out.section("map", &[
                "Softmax of the logarithms of the judge's opinion, divided by this temperature, on top of the card's own;",
                "the calibrated score is the expected worth of the judge's levels, in the order of its card.",
            ]);
            out.float("temperature", softmax.temperature);
            out.floats("worths", worths);
        }
    }
}

fn logistic(out: &mut Lines, curve: &Logistic, from: f64, to: f64) {
    const HELD: &str =
        "Below `from` and above `to`, where no score was seen, the value at that end holds.";
    match curve {
        Logistic::Logistic4 { b1, b2, b3, b4 } => {
            out.section("map", &[
                "human = b2 + (b1 - b2) / (1 + exp(-(raw - b3) / b4)), held to the human scale.",
                HELD,
            ]);
            for (name, value) in [("b1", b1), ("b2", b2), ("b3", b3), ("b4", b4)] {
                out.float(name, *value);
            }
        }
        Logistic::Logistic5 {
            low,
            high,
            centre,
            width,
            slope,
        } => {
            out.section("map", &[
                "human = slope * raw + low + (high - low) / (1 + exp(-(raw - centre) / width)), held to the human scale.",
                HELD,
            ]);
            let all = [
                ("low", low),
                ("high", high),
                ("centre", centre),
                ("width", width),
                ("slope", slope),
            ];
            for (name, value) in all {
                out.float(name, *value);
            }
        }
        Logistic::MonotoneCubic { .. } => unreachable!("no kind of map is a cubic"),
    }
    out.float("from", from);
    out.float("to", to);
}

fn source(out: &mut Lines, map: &FittedMap) {
    out.section(
        "labels",
        &["What it was fitted on: all items that were labelled and scored."],
    );
    out.text("source", &map.labels.source);
    out.text("digest", &map.labels.digest.to_string());
    out.number("n", map.labels.n);
    if let Some(group) = &map.labels.group {
        out.text("group", group);
    }
    out.section("relation", &[
        "Spearman's correlation of raw scores and labels; no map is fitted where its 95 % interval holds 0.",
    ]);
    out.text("direction", map.direction.name());
    out.figured("spearman", "interval", Some(&map.spearman));
}

fn measured(out: &mut Lines, map: &FittedMap) {
    match map.conformal.measure {
        Measure::HalfWidth(width) => {
            out.section("conformal", &[
                "A new label lies within half_width of the calibrated score with the probability `level`;",
                "`coverage` is the share that did, on folds for which neither map nor interval was made.",
            ]);
            out.float("level", map.conformal.level);
            out.float("half_width", width);
        }
        Measure::Shortfall(shortfall) => {
            out.section("conformal", &[
                "A new label is among the levels of probability 1 - shortfall or more with the probability `level`;",
                "`coverage` is the share that was, on folds for which neither map nor set was made.",
            ]);
            out.float("level", map.conformal.level);
            out.float("shortfall", shortfall);
        }
    }
    out.number("n", map.conformal.n);
    out.figured(
        "coverage",
        "coverage_interval",
        Some(&map.conformal.coverage),
    );
    out.section(
        "held_out",
        &["How it was measured: by maps of its kind that had not seen the fold they speak of."],
    );
    out.number("folds", map.folds);
    out.number("seed", map.seed);
    for figure in &map.figures {
        out.entry("figure");
        out.text("name", &figure.name);
        out.text("convention", &figure.convention);
        out.figured("before", "before_interval", figure.before.as_ref());
        out.figured("after", "after_interval", figure.after.as_ref());
        out.figured("change", "change_interval", figure.change.as_ref());
    }
}
