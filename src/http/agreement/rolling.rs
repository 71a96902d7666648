//! `GET /v1/agreement/{id}`: how far a judge agrees with the labels that arrived, over windows, and whether that fell.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::kept;
use crate::agreement::rolling::{LEAST, Reference, Rolling, RollingLabel, Window, rolling};
use crate::calibration::{FittedMap, JudgeKey};
use crate::http::caller::Caller;
use crate::http::jobs::{query, whole};
use crate::http::problem::{Code, Problem};
use crate::http::service::{Current, Service};
use crate::judging::Better;

/// Labels of a window unless the request says otherwise.
const WINDOW: i64 = 200;
/// Most labels of a window.
const MOST: i64 = 10_000;
/// Longest window in time: ten years of seconds.
const LONGEST: i64 = 315_360_000;

#[derive(Debug, Serialize)]
struct RollingJson {
    judge: String,
    window: WindowJson,
    #[serde(flatten)]
    rolling: Rolling,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum WindowJson {
    Labels(i64),
    Seconds(i64),
}

/// Computes anew from all labels of the caller for this judge.
pub(in crate::http) async fn show(
    http: HttpRequest,
    caller: Caller,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let store = kept::store(&service)?;
    let judge = kept::judge_name(&http)?;
    let (mut window, mut human_better) = (WindowJson::Labels(WINDOW), Better::Higher);
    let mut is_given = false;
    for (name, value) in query(&http, &["window", "window_seconds", "human_better"])? {
        match name.as_str() {
            "human_better" => human_better = better(&value)?,
            _ if is_given => {
                let detail = "`window` and `window_seconds` are both given; one of them says what a window is";
                return Err(Problem::new(Code::InvalidValue, detail));
            }
            name => {
                window = window_of(name, whole(name, &value)?)?;
                is_given = true;
            }
        }
    }
    let place = service.audits.enter(None)?;
    let rows = store.labels(caller.name(), &judge).await?;
    let current = service.current();
    let known = current.judges.find(&judge);
    // A judge that is gone still has its labels.
    if rows.is_empty() {
        known
            .as_ref()
            .map_err(|error| Problem::from(error.clone()))?;
    }
    let scale = known.ok().and_then(|judge| judge.card.recipe.scale());
    let judged_better = scale.map_or(Better::Higher, |scale| scale.better());
    let labels: Vec<RollingLabel> = rows
        .into_iter()
        .map(|row| RollingLabel {
            judged: row.judged.map(|judged| upward(judged_better) * judged),
            human: upward(human_better) * row.human,
            time: row.time,
        })
        .collect();
    let name = judge.clone();
    let of = match window {
        WindowJson::Labels(labels) => Window::Labels(usize::try_from(labels).unwrap_or(LEAST)),
        WindowJson::Seconds(seconds) => Window::Time(1_000 * seconds),
    };
    let work = move || {
        let map = fitted(&current, &name);
        let found = rolling(&labels, of, map.map(reference));
        drop(place);
        found
    };
    let found = tokio::task::spawn_blocking(work).await;
    Ok(HttpResponse::Ok().json(RollingJson {
        judge,
        window,
        rolling: found.map_err(|_| Problem::internal())?,
    }))
}

fn window_of(name: &str, given: i64) -> Result<WindowJson, Problem> {
    let least = i64::try_from(LEAST).unwrap_or(i64::MAX);
    let (range, window) = match name {
        "window" => (least..=MOST, WindowJson::Labels(given)),
        _ => (1..=LONGEST, WindowJson::Seconds(given)),
    };
    if range.contains(&given) {
        return Ok(window);
    }
    let (least, most) = range.into_inner();
    let detail = format!("`{name}` is {least} to {most}");
    Err(Problem::new(Code::InvalidValue, detail))
}

fn better(name: &str) -> Result<Better, Problem> {
    let known = [Better::Higher, Better::Lower];
    let found = known.into_iter().find(|better| better.name() == name);
    found.ok_or_else(|| {
        let detail = "`human_better` is `higher` or `lower`";
        Problem::new(Code::InvalidValue, detail)
    })
}

/// What turns a value so that higher is better.
fn upward(better: Better) -> f64 {
    match better {
        Better::Higher => 1.0,
        Better::Lower => -1.0,
    }
}

/// The map that was fitted for the judge of this name as it is at hand; none where several were.
fn fitted<'a>(current: &'a Current, name: &str) -> Option<&'a FittedMap> {
    let judge = current.judges.find(name).ok()?;
    let provenance = judge.provenance(judge.backend().ok()?.as_ref(), None);
    let mut maps = current.maps.iter().filter(|map| {
        let here = JudgeKey::of(&provenance, map.key.readout);
        map.key.differences(&here).is_empty()
    });
    maps.next().filter(|_| maps.next().is_none())
}

/// The correlation that the map was fitted at, with higher as better on both scales.
fn reference(map: &FittedMap) -> Reference<'_> {
    let (raw, human) = (map.map.raw_scale(), map.map.human_scale());
    Reference {
        source: &map.file,
        spearman: upward(raw.better()) * upward(human.better()) * map.spearman.value,
        n: map.labels.n,
    }
}
