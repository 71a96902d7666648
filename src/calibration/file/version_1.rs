//! Format 1, as it was first written.

use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{MapFault, MapFileError};
use crate::calibration::conformal::{Conformal, Measure};
use crate::calibration::figures::{Figure, Figured};
use crate::calibration::{FittedMap, JudgeKey, LabelSource, MapKind};
use crate::digest::Digest;
use crate::judging::{Better, CalibrationMap, Curve, Readout, Scale};
use crate::stats::calibration::{OrdinalMap, PlattMap, TemperatureMap};
use crate::stats::fit::{Direction, FittedMap as Logistic};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "format")]
    _format: u32,
    kind: String,
    judge: Judge,
    raw: Ends,
    human: Ends,
    map: toml::Table,
    labels: Labels,
    relation: Relation,
    conformal: ConformalRow,
    held_out: HeldOut,
    #[serde(default)]
    figure: Vec<FigureRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Judge {
    id: String,
    version: String,
    card: String,
    backend: String,
    model_revision: String,
    readout: String,
    preprocessing: String,
    temperature: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ends {
    min: f64,
    max: f64,
    better: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    source: String,
    digest: String,
    n: usize,
    group: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Relation {
    direction: String,
    spearman: f64,
    interval: [f64; 2],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConformalRow {
    level: f64,
    half_width: Option<f64>,
    shortfall: Option<f64>,
    n: usize,
    coverage: f64,
    coverage_interval: Option<[f64; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeldOut {
    folds: usize,
    seed: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FigureRow {
    name: String,
    convention: String,
    before: Option<f64>,
    before_interval: Option<[f64; 2]>,
    after: Option<f64>,
    after_interval: Option<[f64; 2]>,
    change: Option<f64>,
    change_interval: Option<[f64; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Knots {
    knots: Vec<(f64, f64)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Platt {
    slope: f64,
    intercept: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Temperature {
    temperature: f64,
    worths: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ordinal {
    slope: f64,
    cutpoints: Vec<f64>,
    worths: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Logistic4 {
    b1: f64,
    b2: f64,
    b3: f64,
    b4: f64,
    from: f64,
    to: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Logistic5 {
    low: f64,
    high: f64,
    centre: f64,
    width: f64,
    slope: f64,
    from: f64,
    to: f64,
}

pub(super) fn read(text: &str, path: &Path) -> Result<FittedMap, MapFileError> {
    let file: File = toml::from_str(text)
        .map_err(|error| MapFileError::new(path, MapFault::Field, error.to_string()))?;
    let wrong = |detail: String| MapFileError::new(path, MapFault::Value, detail);
    let kind = MapKind::from_name(&file.kind)
        .ok_or_else(|| wrong(format!("`{}` is no kind of map", file.kind)))?;
    let curve = curve(kind, file.map, path)?;
    let map = CalibrationMap::new(curve, scale(&file.raw, path)?, scale(&file.human, path)?)
        .map_err(|error| wrong(error.to_string()))?;
    let direction = [Direction::Increasing, Direction::Decreasing]
        .into_iter()
        .find(|direction| direction.name() == file.relation.direction)
        .filter(|stated| map.direction().is_none_or(|direction| direction == *stated))
        .ok_or_else(|| {
            wrong(format!(
                "the direction is `{}`, and not that of the map",
                file.relation.direction
            ))
        })?;
    let name = path.file_name().map(|name| name.to_string_lossy());
    Ok(FittedMap {
        file: name.unwrap_or_default().into_owned(),
        kind,
        key: key(file.judge, path)?,
        map,
        direction,
        spearman: Figured {
            value: file.relation.spearman,
            interval: Some(file.relation.interval),
        },
        labels: LabelSource {
            digest: digest(&file.labels.digest, path)?,
            source: file.labels.source,
            n: file.labels.n,
            group: file.labels.group,
        },
        folds: file.held_out.folds,
        seed: file.held_out.seed,
        figures: file.figure.into_iter().map(figure).collect(),
        conformal: conformal(&file.conformal, path)?,
    })
}

fn curve(kind: MapKind, map: toml::Table, path: &Path) -> Result<Curve, MapFileError> {
    Ok(match kind {
        MapKind::Isotonic => Curve::Knots(fields::<Knots>(map, path)?.knots),
        MapKind::Platt => {
            let Platt { slope, intercept } = fields(map, path)?;
            Curve::Platt(PlattMap { slope, intercept })
        }
        MapKind::Temperature => {
            let Temperature {
                temperature,
                worths,
            } = fields(map, path)?;
            Curve::Temperature {
                softmax: TemperatureMap { temperature },
                worths,
            }
        }
        MapKind::Ordinal => {
            let Ordinal {
                slope,
                cutpoints,
                worths,
            } = fields(map, path)?;
            Curve::Ordinal {
                odds: OrdinalMap { slope, cutpoints },
                worths,
            }
        }
        MapKind::Logistic4 => {
            let f: Logistic4 = fields(map, path)?;
            let (b1, b2, b3, b4) = (f.b1, f.b2, f.b3, f.b4);
            logistic(
                Logistic::Logistic4 { b1, b2, b3, b4 },
                b4,
                f.from,
                f.to,
                path,
            )?
        }
        MapKind::Logistic5 => {
            let f: Logistic5 = fields(map, path)?;
            let curve = Logistic::Logistic5 {
                low: f.low,
                high: f.high,
                centre: f.centre,
                width: f.width,
                slope: f.slope,
            };
            logistic(curve, f.width, f.from, f.to, path)?
        }
    })
}

fn logistic(
    curve: Logistic,
    width: f64,
    from: f64,
    to: f64,
    path: &Path,
) -> Result<Curve, MapFileError> {
    if width > 0.0 {
        return Ok(Curve::Logistic { curve, from, to });
    }
    let detail = format!("the width of the curve is {width}; it must be above 0");
    Err(MapFileError::new(path, MapFault::Value, detail))
}

fn fields<T: DeserializeOwned>(map: toml::Table, path: &Path) -> Result<T, MapFileError> {
    map.try_into().map_err(|error: toml::de::Error| {
        let detail = format!("[map]: {}", error.message());
        MapFileError::new(path, MapFault::Field, detail)
    })
}

fn scale(ends: &Ends, path: &Path) -> Result<Scale, MapFileError> {
    let wrong = |detail: String| MapFileError::new(path, MapFault::Value, detail);
    let better = [Better::Higher, Better::Lower]
        .into_iter()
        .find(|better| better.name() == ends.better)
        .ok_or_else(|| wrong(format!("`{}` is neither `higher` nor `lower`", ends.better)))?;
    Scale::new(ends.min, ends.max, better).map_err(|error| wrong(error.to_string()))
}

pub(super) fn key(judge: Judge, path: &Path) -> Result<JudgeKey, MapFileError> {
    let readout = Readout::from_name(&judge.readout).ok_or_else(|| {
        let detail = format!("`{}` is no known readout", judge.readout);
        MapFileError::new(path, MapFault::Value, detail)
    })?;
    Ok(JudgeKey {
        card: digest(&judge.card, path)?,
        judge: judge.id,
        version: judge.version,
        backend: judge.backend,
        model_revision: judge.model_revision,
        readout,
        preprocessing: judge.preprocessing,
        temperature: judge.temperature,
    })
}

pub(super) fn digest(text: &str, path: &Path) -> Result<Digest, MapFileError> {
    Digest::parse(text).ok_or_else(|| {
        let detail = format!("`{text}` is no digest such as `blake3:...`");
        MapFileError::new(path, MapFault::Value, detail)
    })
}

fn conformal(row: &ConformalRow, path: &Path) -> Result<Conformal, MapFileError> {
    let allowed = |value: &f64| *value >= 0.0 && value.is_finite();
    let measure = match (row.half_width, row.shortfall) {
        (Some(width), None) if allowed(&width) => Measure::HalfWidth(width),
        (None, Some(shortfall)) if allowed(&shortfall) => Measure::Shortfall(shortfall),
        (_, _) => {
            let detail = "[conformal] has either a `half_width` or a `shortfall`, of 0 or more";
            return Err(MapFileError::new(path, MapFault::Value, detail));
        }
    };
    if !(row.level > 0.0 && row.level < 1.0) {
        let detail = format!(
            "[conformal] level is {}; it lies between 0 and 1",
            row.level
        );
        return Err(MapFileError::new(path, MapFault::Value, detail));
    }
    Ok(Conformal {
        level: row.level,
        measure,
        n: row.n,
        coverage: Figured {
            value: row.coverage,
            interval: row.coverage_interval,
        },
    })
}

fn figure(row: FigureRow) -> Figure {
    let figured = |value: Option<f64>, interval| value.map(|value| Figured { value, interval });
    Figure {
        name: row.name,
        convention: row.convention,
        before: figured(row.before, row.before_interval),
        after: figured(row.after, row.after_interval),
        change: figured(row.change, row.change_interval),
    }
}
