//! `POST /v1/score`: one judge, one or more images, one result each.

use actix_web::{HttpRequest, HttpResponse, web};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::body::Scalar;
use super::given::{self, GivenImage, Settings};
use super::problem::{Code, Problem};
use super::service::Service;
use crate::calibration::Maps;
use crate::engine::{Clock, Engine, Judge, RunLimits};
use crate::judging::Subject;
use crate::wire::{JudgeJson, ScoreResult};

/// What a score takes beside judge, texts and images.
#[derive(Debug, Default)]
struct ScoreSettings {
    calibrated: bool,
}

impl Settings for ScoreSettings {
    const JSON: &'static [&'static str] = &["judge", "texts", "images", "calibrated"];
    const FORM: &'static [&'static str] = &["judge", "texts", "image", "calibrated"];

    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        self.calibrated = value.truth(name)?;
        Ok(())
    }
}

/// What is answered.
#[derive(Debug, Serialize)]
struct ScoreReply {
    judge: JudgeJson,
    results: Vec<ScoreResult>,
}

/// Scores the images of one request; a fault of one image is its own result.
pub(super) async fn score(
    http: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let limits = RunLimits::within(Clock, service.bounds.request_time);
    let body = given::open(&http, payload, service.bounds)?;
    let _place = service.admission.enter()?;
    let request = given::read::<ScoreSettings>(&http, body, service.bounds).await?;
    let judge = service.judge(&request.judge)?;
    if judge.card.recipe.scale().is_none() {
        return Err(Problem::from(judge.wrong_protocol("score")).at("/judge"));
    }
    let maps = request.settings.calibrated.then_some(&*service.maps);
    let results = score_all(&service.engine, &judge, request.images, maps, &limits).await?;
    Ok(HttpResponse::Ok().json(ScoreReply {
        judge: JudgeJson::new(&judge),
        results,
    }))
}

/// As many at a time as the backend works on, so that requests share it image by image.
async fn score_all(
    engine: &Engine,
    judge: &Judge,
    images: Vec<GivenImage>,
    maps: Option<&Maps>,
    limits: &RunLimits,
) -> Result<Vec<ScoreResult>, Problem> {
    let at_once = judge.backend()?.abilities().concurrency.max(1);
    stream::iter(images)
        .map(|given| score_one(engine, judge, given, maps, limits))
        .buffered(at_once)
        .try_collect()
        .await
}

async fn score_one(
    engine: &Engine,
    judge: &Judge,
    given: GivenImage,
    maps: Option<&Maps>,
    limits: &RunLimits,
) -> Result<ScoreResult, Problem> {
    let judged = match given.image {
        Ok(image) => {
            let subject = Subject::new(vec![image], given.texts);
            engine.score(judge, subject, limits).await?
        }
        Err(unscored) => engine.unasked(judge, unscored)?,
    };
    let result = ScoreResult::new(given.name, &judge.card.recipe, &judged);
    let mut result = result.ok_or_else(|| judge.wrong_protocol("score"))?;
    if let Some(maps) = maps {
        result.calibrate(&judged, maps).map_err(|error| {
            Problem::new(Code::NoCalibration, error.to_string())
                .at("/calibrated")
                .hint("`opine calibrate` fits a map; `[calibration] folder` names where the service finds it")
        })?;
    }
    Ok(result)
}
