//! `POST /v1/score`: one judge, one or more images, one result each.

use actix_web::{HttpRequest, HttpResponse, web};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::body::Scalar;
use super::given::{self, GivenImage, Settings};
use super::problem::Problem;
use super::service::Service;
use crate::engine::{BindError, Clock, Engine, Judge, RunLimits};
use crate::judging::Subject;
use crate::wire::{JudgeJson, ScoreResult};

/// A score has no settings.
#[derive(Debug, Default)]
struct ScoreSettings;

impl Settings for ScoreSettings {
    const JSON: &'static [&'static str] = &["judge", "texts", "images"];
    const FORM: &'static [&'static str] = &["judge", "texts", "image"];

    fn set(&mut self, _: &str, _: &Scalar) -> Result<(), Problem> {
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
    let judge = find(&service.engine, &request.judge)?;
    let results = score_all(&service.engine, &judge, request.images, &limits).await?;
    Ok(HttpResponse::Ok().json(ScoreReply {
        judge: JudgeJson::new(&judge),
        results,
    }))
}

fn find(engine: &Engine, name: &str) -> Result<Judge, Problem> {
    let scores = |judge: Judge| {
        judge.backend()?;
        match judge.card.recipe.scale() {
            Some(_) => Ok(judge),
            None => Err(judge.wrong_protocol("score")),
        }
    };
    let judge = engine.judges().find(name).and_then(scores);
    judge.map_err(|error| Problem::from(error).at("/judge"))
}

/// As many at a time as the backend works on, so that requests share it image by image.
async fn score_all(
    engine: &Engine,
    judge: &Judge,
    images: Vec<GivenImage>,
    limits: &RunLimits,
) -> Result<Vec<ScoreResult>, BindError> {
    let at_once = judge.backend()?.abilities().concurrency.max(1);
    stream::iter(images)
        .map(|given| score_one(engine, judge, given, limits))
        .buffered(at_once)
        .try_collect()
        .await
}

async fn score_one(
    engine: &Engine,
    judge: &Judge,
    given: GivenImage,
    limits: &RunLimits,
) -> Result<ScoreResult, BindError> {
    let judged = match given.image {
        Ok(image) => {
            let subject = Subject::new(vec![image], given.texts);
            engine.score(judge, subject, limits).await?
        }
        Err(unscored) => engine.unasked(judge, unscored)?,
    };
    ScoreResult::new(given.name, &judge.card.recipe, &judged)
        .ok_or_else(|| judge.wrong_protocol("score"))
}
