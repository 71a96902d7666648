//! `POST /v1/score`: one judge, one or more images, one result each.

use actix_web::{HttpRequest, HttpResponse, web};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::body::Scalar;
use super::given::{self, GivenImage, Settings};
use super::problem::{Code, Problem};
use super::service::Service;
use crate::calibration::{ApplyError, Maps};
use crate::engine::{Engine, Judge, RunLimits};
use crate::judging::Subject;
use crate::wire::{JudgeJson, ScoreResult};

/// What a score takes beside judge, texts and images.
#[derive(Debug, Default)]
struct ScoreSettings {
    calibrated: bool,
    explain: bool,
}

impl Settings for ScoreSettings {
    const JSON: &'static [&'static str] = &["judge", "texts", "images", "calibrated", "explain"];
    const FORM: &'static [&'static str] = &[
        "judge",
        "texts",
        "image",
        "image_url",
        "calibrated",
        "explain",
    ];

    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        match name {
            "explain" => self.explain = value.truth(name)?,
            _ => self.calibrated = value.truth(name)?,
        }
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
    let limits = service.limits(&http);
    let body = given::open(&http, payload, service.bounds)?;
    let request = given::read::<ScoreSettings>(&http, body, service.bounds).await?;
    let current = service.current();
    let judge = current.judge(&request.judge)?;
    if judge.card.recipe.scale().is_none() {
        return Err(Problem::from(judge.wrong_protocol("score")).at("/judge"));
    }
    let how = How {
        engine: &service.engine,
        judge: &judge,
        maps: request.settings.calibrated.then_some(&*current.maps),
        explain: request.settings.explain,
        limits: &limits,
    };
    let results = how.score_all(request.images).await?;
    Ok(HttpResponse::Ok().json(ScoreReply {
        judge: JudgeJson::new(&judge),
        results,
    }))
}

/// How each image of a request is scored.
struct How<'a> {
    engine: &'a Engine,
    judge: &'a Judge,
    maps: Option<&'a Maps>,
    explain: bool,
    limits: &'a RunLimits,
}

impl How<'_> {
    /// As many at a time as the backend works on, so that requests share it image by image.
    async fn score_all(&self, images: Vec<GivenImage>) -> Result<Vec<ScoreResult>, Problem> {
        let at_once = self.judge.backend()?.abilities().concurrency.max(1);
        stream::iter(images)
            .map(|given| self.score_one(given))
            .buffered(at_once)
            .try_collect()
            .await
    }

    async fn score_one(&self, given: GivenImage) -> Result<ScoreResult, Problem> {
        let (engine, judge) = (self.engine, self.judge);
        let recipe = &judge.card.recipe;
        let mut answers = Vec::new();
        let judged = match given.image {
            Ok(image) => {
                let subject = Subject::new(vec![image], given.texts);
                if self.explain {
                    let scored = engine.score_with_answers(judge, subject, self.limits);
                    let (judged, seen) = scored.await?;
                    answers = seen;
                    judged
                } else {
                    engine.score(judge, subject, self.limits).await?
                }
            }
            Err(unscored) => engine.unasked(judge, unscored)?,
        };
        let result = ScoreResult::new(given.name, recipe, &judged);
        let mut result = result.ok_or_else(|| judge.wrong_protocol("score"))?;
        if let Some(maps) = self.maps {
            result.calibrate(&judged, maps).map_err(no_calibration)?;
        }
        if self.explain {
            let explained = result.explain(recipe, &judged, &answers, self.maps);
            explained.map_err(no_calibration)?;
        }
        Ok(result)
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "a mapper of errors takes them"
)]
fn no_calibration(error: ApplyError) -> Problem {
    Problem::new(Code::NoCalibration, error.to_string())
        .at("/calibrated")
        .hint(
            "`opine calibrate` fits a map; `[calibration] folder` names where the service finds it",
        )
}
