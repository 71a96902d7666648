//! `POST /v1/score`: one judge, one or more images, one result each.

mod request;
mod typed;

use actix_web::{HttpRequest, HttpResponse, web};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::body::{Body, Form, MediaType, offload, read_object};
use super::problem::Problem;
use super::service::{Bounds, Service};
use crate::engine::{BindError, Clock, Engine, Judge, RunLimits};
use crate::judging::Subject;
use crate::wire::{JudgeJson, ScoreResult};

pub(super) use request::judge_name;
use request::{GivenImage, ScoreRequest};
use typed::{ScoreBody, ScoreForm};

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
    let media_type = MediaType::of(http.headers())?;
    let body = Body::open(&http, payload, service.bounds)?;
    let _place = service.admission.enter()?;
    let request = match media_type {
        MediaType::Json => from_json(body, service.bounds).await?,
        MediaType::Form => from_form(&http, body, service.bounds).await?,
    };
    let judge = find(&service.engine, &request.judge)?;
    let results = score_all(&service.engine, &judge, request.images, &limits).await?;
    Ok(HttpResponse::Ok().json(ScoreReply {
        judge: JudgeJson::new(&judge),
        results,
    }))
}

async fn from_json(body: Body, bounds: Bounds) -> Result<ScoreRequest, Problem> {
    let bytes = body.collect().await?;
    offload(bytes.len(), move || {
        read_object::<ScoreBody>(bounds.images, &bytes)?.check()
    })
    .await
}

async fn from_form(
    http: &HttpRequest,
    body: Body,
    bounds: Bounds,
) -> Result<ScoreRequest, Problem> {
    let form = Form::open(http, body, &ScoreForm::FIELDS);
    let form = ScoreForm::read(form, bounds.images).await?;
    offload(form.bytes(), move || form.check()).await
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
