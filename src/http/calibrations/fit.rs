//! `POST /v1/calibrations`: labels and judged values in, a fitted map out, as the file that `opine calibrate` would
//! write. Nothing is installed: whoever runs the service puts the file into its folder of maps.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use crate::calibration::{
    CalibrationError, CalibrationReport, CalibrationSettings, FittedMap, JudgeName, JudgedColumns,
    LabelOptions, LabelSource, MapKind, Matching, calibrate, join, read_judged, read_labels,
};
use crate::engine::Judges;
use crate::http::body::{Scalar, Structure};
use crate::http::given::{self, DEFAULT_JUDGE};
use crate::http::problem::{Code, Problem};
use crate::http::service::Service;
use crate::http::uploads::{self, Uploaded, Uploads, as_fields, pointer, table, worked_out};
use crate::judging::Better;
use crate::near::quoted;
use crate::stats::resample::Plan;
use crate::table::TablePlace;

/// Most rows of one table.
const MOST_ROWS: usize = 100_000;
/// Most draws of a bootstrap.
const MOST_RESAMPLES: u64 = 10_000;

/// What a fit takes beside its tables.
struct FitChoices {
    judge: String,
    map: Option<MapKind>,
    scale: Option<(f64, f64)>,
    human_better: Better,
    levels: Vec<String>,
    judged_id: Option<String>,
    labels_id: Option<String>,
    judged_column: Option<String>,
    human_column: Option<String>,
    group: Option<String>,
    matching: Matching,
    folds: usize,
    coverage: f64,
    plan: Plan,
}

impl Default for FitChoices {
    fn default() -> Self {
        FitChoices {
            judge: DEFAULT_JUDGE.to_owned(),
            map: None,
            scale: None,
            human_better: Better::Higher,
            levels: Vec::new(),
            judged_id: None,
            labels_id: None,
            judged_column: None,
            human_column: None,
            group: None,
            matching: Matching::Exact,
            folds: 5,
            coverage: 0.9,
            plan: Plan::default(),
        }
    }
}

impl Uploads for FitChoices {
    const TABLES: &'static [&'static str] = &["judged", "labels"];
    const SCALARS: &'static [&'static str] = &[
        "judge",
        "map",
        "scale",
        "human_better",
        "on",
        "judged_column",
        "human_column",
        "group",
        "match",
        "folds",
        "coverage",
        "resamples",
        "seed",
    ];
    const LISTS: &'static [&'static str] = &["levels"];
    const MOST_ROWS: usize = MOST_ROWS;

    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        let column = || Ok::<_, Problem>(Some(value.text(name)?.to_owned()));
        match name {
            "judge" => given::judge_name(value.text(name)?)?.clone_into(&mut self.judge),
            "map" => self.map = Some(one_of(name, value, &MapKind::ALL, |kind| kind.name())?),
            "scale" => self.scale = Some(range(value.text(name)?)?),
            "human_better" => {
                let both = [Better::Higher, Better::Lower];
                self.human_better = one_of(name, value, &both, |better| better.name())?;
            }
            "on" => {
                let on = value.text(name)?;
                let (judged, labels) = on.split_once('=').unwrap_or((on, on));
                self.judged_id = Some(judged.to_owned());
                self.labels_id = Some(labels.to_owned());
            }
            "judged_column" => self.judged_column = column()?,
            "human_column" => self.human_column = column()?,
            "group" => self.group = column()?,
            "match" => {
                let all = [Matching::Exact, Matching::FileName, Matching::Stem];
                self.matching = one_of(name, value, &all, matching_name)?;
            }
            "folds" => {
                let folds = value.count(name)?;
                let fits = (3..=20).contains(&folds);
                let folds = usize::try_from(folds).ok().filter(|_| fits);
                self.folds = folds.ok_or_else(|| wrong("`folds` is 3 to 20".to_owned()))?;
            }
            "coverage" => {
                self.coverage = value.number(name)?;
                if !(self.coverage > 0.0 && self.coverage < 1.0) {
                    return Err(wrong("`coverage` lies between 0 and 1".to_owned()));
                }
            }
            "resamples" => {
                let resamples = value.count(name)?;
                let fits = (100..=MOST_RESAMPLES).contains(&resamples);
                let resamples = u32::try_from(resamples).ok().filter(|_| fits);
                let refused = || wrong(format!("`resamples` is 100 to {MOST_RESAMPLES}"));
                self.plan.resamples = resamples.ok_or_else(refused)?;
            }
            _ => self.plan.seed = value.count(name)?,
        }
        Ok(())
    }

    fn set_list(&mut self, name: &str, value: &Structure) -> Result<(), Problem> {
        self.levels = value.texts(name)?;
        Ok(())
    }
}

fn one_of<T: Copy>(
    field: &str,
    value: &Scalar,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Result<T, Problem> {
    let given = value.text(field)?;
    let found = all.iter().copied().find(|one| name(*one) == given);
    found.ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        wrong(format!("`{field}` is one of {}", quoted(&known)))
    })
}

fn matching_name(matching: Matching) -> &'static str {
    match matching {
        Matching::Exact => "exact",
        Matching::FileName => "file-name",
        Matching::Stem => "stem",
    }
}

/// Ends of a scale, as in `1..5`.
fn range(text: &str) -> Result<(f64, f64), Problem> {
    let end = |text: &str| text.trim().parse().ok().filter(|end: &f64| end.is_finite());
    let ends = text.split_once("..");
    let ends = ends.and_then(|(low, high)| Some((end(low)?, end(high)?)));
    ends.filter(|(low, high)| low < high)
        .ok_or_else(|| wrong("`scale` has a lower and an upper end, as in `1..5`".to_owned()))
}

fn wrong(detail: String) -> Problem {
    Problem::new(Code::InvalidValue, detail)
}

/// What is answered.
#[derive(Debug, Serialize)]
struct FitReply {
    /// A name for the file.
    file: String,
    /// Its text.
    map: String,
    report: CalibrationReport,
}

/// Fits a map; nothing of it is kept.
pub(in crate::http) async fn fit(
    http: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let uploaded = uploads::read::<FitChoices>(&http, payload, service.bounds).await?;
    let (judged, labels) = (uploaded.table("judged")?, uploaded.table("labels")?);
    let Uploaded {
        choices,
        by_row,
        permit,
        ..
    } = uploaded;
    let kind = choices.map.ok_or_else(|| {
        let known = quoted(&MapKind::ALL.map(MapKind::name));
        Problem::new(Code::MissingField, "`map` is not given")
            .at("/map")
            .hint(format!("it is one of {known}"))
    })?;
    let judges = service.engine.judges();
    let place = service.audits.enter(None)?;
    let work = move || {
        let fitted = fitted(&choices, kind, judged, labels, &judges);
        drop((permit, place));
        fitted.map_err(|error| refused(&error, by_row))
    };
    let reply = worked_out("fit", service.bounds.request_time, work).await?;
    Ok(HttpResponse::Ok().json(reply))
}

fn fitted(
    choices: &FitChoices,
    kind: MapKind,
    judged: TablePlace,
    labels: TablePlace,
    judges: &Judges,
) -> Result<FitReply, CalibrationError> {
    let (id, backend) = match choices.judge.split_once('@') {
        Some((id, backend)) => (id, Some(backend)),
        None => (choices.judge.as_str(), None),
    };
    // Values may come from a judge that is not at hand here.
    let card = judges.find(id).ok().map(|judge| judge.card);
    let levels = card.as_ref().and_then(|card| card.recipe.levels());
    let labels = read_labels(
        labels,
        &LabelOptions {
            id: choices.labels_id.as_deref(),
            human: choices.human_column.as_deref(),
            group: choices.group.as_deref(),
            range: choices.scale,
            better: choices.human_better,
            levels: &choices.levels,
            kind,
            judge_levels: levels,
        },
    )?;
    let columns = JudgedColumns {
        id: choices.judged_id.as_deref(),
        score: choices.judged_column.as_deref(),
    };
    let name = JudgeName {
        judge: id,
        backend,
        card: card.as_ref().map(|card| card.digest),
        levels,
    };
    let judged = read_judged(judged, columns, name)?;
    let joined = join(&labels, &judged, choices.matching)?;
    let settings = CalibrationSettings {
        kind,
        folds: choices.folds,
        coverage: choices.coverage,
        plan: choices.plan,
    };
    let calibration = calibrate(&joined.items, levels, &settings)?;
    let source = LabelSource {
        source: labels.people.source().to_owned(),
        digest: labels.digest,
        n: joined.items.len(),
        group: choices.group.clone(),
    };
    let map = FittedMap::new(calibration, judged.key.clone(), source);
    Ok(FitReply {
        file: map.key.file_name(map.kind.name()),
        map: map.to_toml(),
        report: CalibrationReport::new(&map, &labels, &judged, &joined),
    })
}

/// A finding that the labels allow no map is told apart from a mistake in the tables.
fn refused(error: &CalibrationError, by_row: bool) -> Problem {
    let detail = as_fields(&error.to_string());
    if error.is_finding() {
        return Problem::new(Code::NoCalibration, detail)
            .hint("no map is fitted where the labels do not bear one");
    }
    let at = match error {
        CalibrationError::Table(error) => pointer(error, by_row),
        CalibrationError::OutOfScale { file, line, .. } if by_row => {
            format!("{}/{}", table(file), line.saturating_sub(1))
        }
        CalibrationError::OutOfScale { file, .. } => table(file),
        CalibrationError::NoScale { .. } => "/scale".to_owned(),
        CalibrationError::WrongLabels { .. } | CalibrationError::NoLevels => "/map".to_owned(),
        CalibrationError::NothingJoined { .. } | CalibrationError::NoPairJoined { .. } => {
            "/labels".to_owned()
        }
        CalibrationError::Mixed { .. }
        | CalibrationError::AnotherJudge { .. }
        | CalibrationError::NoOpinion { .. }
        | CalibrationError::Item { .. }
        | CalibrationError::Word(_)
        | CalibrationError::Stats(_)
        | CalibrationError::TooFew { .. }
        | CalibrationError::NothingScored { .. }
        | CalibrationError::ConstantScores { .. }
        | CalibrationError::OneClass { .. }
        | CalibrationError::NoRelation { .. }
        | CalibrationError::Against { .. }
        | CalibrationError::NotMonotone { .. }
        | CalibrationError::NoHumanTies { .. }
        | CalibrationError::NoPreference { .. }
        | CalibrationError::Fold { .. } => "/judged".to_owned(),
    };
    Problem::new(Code::InvalidValue, detail).at(at)
}
