//! `POST /v1/score`: one judge, one or more images, one result each.

use actix_web::{HttpRequest, HttpResponse, web};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::body::{Scalar, Structure};
use super::given::{self, GivenImage, Settings};
use super::panel::{self, PanelSettings, Who};
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
    panel: PanelSettings,
}

impl Settings for ScoreSettings {
    const NAMES: &'static [&'static str] = &[
        "calibrated",
        "explain",
        "judges",
        "jury",
        "weights",
        "quorum",
    ];
    const STRUCTURES: &'static [&'static str] = &["judges", "weights"];

    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        if self.panel.set(name, value)? {
            return Ok(());
        }
        match name {
            "explain" => self.explain = value.truth(name)?,
            _ => self.calibrated = value.truth(name)?,
        }
        Ok(())
    }

    fn structure(&mut self, name: &str, value: &Structure) -> Result<(), Problem> {
        self.panel.structure(name, value)
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
    let settings = &request.settings;
    let judge = match settings
        .panel
        .who(&request.judge, request.judge_given, &service)?
    {
        Who::Judge(judge) => *judge,
        Who::Panel(_) if settings.explain => {
            let detail = "an explanation is one judge's; a panel tells of its members";
            return Err(Problem::new(Code::InvalidValue, detail).at("/explain"));
        }
        Who::Panel(_) if settings.calibrated => {
            let detail = "a calibration map is one judge's; a panel's score has none";
            return Err(Problem::new(Code::InvalidValue, detail).at("/calibrated"));
        }
        Who::Panel(seated) => {
            return panel::score(&service, &seated, request.images, &limits).await;
        }
    };
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
    /// Maps to a human scale, where scores are calibrated.
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
