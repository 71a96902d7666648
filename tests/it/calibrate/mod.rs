//! Calibration: fits against other programs, laws, measured coverage, refusals, files, and the command.

mod applied;
mod command_line;
mod coverage;
mod files;
mod golden;
mod laws;
mod refusals;

use opine::calibration::{
    Calibration, CalibrationError, CalibrationSettings, FittedMap, Item, Items, JudgeKey,
    LabelSource, MapKind, calibrate,
};
use opine::digest::Digest;
use opine::judging::{
    AnswerOption, Better, Choice, Level, LevelSet, Opinion, RawScore, Readout, Scale, Temperature,
};
use opine::stats::resample::Plan;

fn scale(min: f64, max: f64, better: Better) -> Scale {
    Scale::new(min, max, better).unwrap()
}

fn unit() -> Scale {
    scale(0.0, 1.0, Better::Higher)
}

/// Few resamples: intervals are tested where they are made.
fn settings(kind: MapKind) -> CalibrationSettings {
    CalibrationSettings {
        kind,
        folds: 5,
        coverage: 0.9,
        plan: Plan {
            resamples: 100,
            seed: 7,
            threads: 2,
        },
    }
}

/// Items named in the order of the rows.
fn items(raw: &[f64], human: &[f64], raw_scale: Scale, human_scale: Scale) -> Items {
    let rows = raw.iter().zip(human).enumerate();
    let rows = rows
        .map(|(at, (raw, human))| item(at, *raw, *human))
        .collect();
    Items::new(rows, raw_scale, human_scale, None).unwrap()
}

fn item(at: usize, raw: f64, human: f64) -> Item {
    Item {
        id: format!("item-{at:05}"),
        raw,
        shares: None,
        human,
        group: None,
    }
}

fn fit(items: &Items, kind: MapKind) -> Result<Calibration, CalibrationError> {
    calibrate(items, None, &settings(kind))
}

/// Levels worth 0 to 1 in even steps, the best first.
fn levels(count: usize) -> LevelSet {
    let level = |at: usize| Level {
        option: AnswerOption::new(format!("level {at}"), vec![]).unwrap(),
        worth: 1.0 - at as f64 / (count - 1) as f64,
    };
    LevelSet::new((0..count).map(level).collect(), unit()).unwrap()
}

/// An opinion over levels.
fn opinion(shares: &[f64]) -> Opinion {
    let logs = shares.iter().map(|share| share.ln()).collect();
    let choice = Choice::new(logs, None, Readout::LabelLogits).unwrap();
    Opinion::from_choice(&choice, Temperature::ONE)
}

/// A raw score between 0 and 1, as a judge of two levels gives it.
fn raw(value: f64) -> RawScore {
    opinion(&[value, 1.0 - value]).score(&levels(2))
}

fn key() -> JudgeKey {
    JudgeKey {
        judge: "example".into(),
        version: "1.0.0".into(),
        card: Digest::of(b"card"),
        backend: "engine".into(),
        model_revision: "r1".into(),
        readout: Readout::LabelLogits,
        preprocessing: "as-given".into(),
        temperature: Some(1.0),
    }
}

fn fitted(calibration: Calibration) -> FittedMap {
    let source = LabelSource {
        source: "labels.csv".into(),
        digest: Digest::of(b"labels"),
        n: calibration.n,
        group: None,
    };
    FittedMap::new(calibration, key(), source)
}
