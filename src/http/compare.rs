//! `POST /v1/compare`: one judge, two images, which is better.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::body::{Scalar, Structure};
use super::given::{self, GivenImage, Settings};
use super::panel::{self, PanelSettings, Who};
use super::problem::{Code, Problem};
use super::service::Service;
use crate::engine::JudgedPair;
use crate::judging::protocol::OpinionRule;
use crate::judging::{Disagreement, Margin, Subject, TieWidth};
use crate::wire::{CompareResult, JudgeJson, PairReading};

/// What a comparison takes beside judge, texts and images.
#[derive(Debug, Default)]
struct CompareSettings {
    reading: PairReading,
    calibrated: bool,
    panel: PanelSettings,
}

impl Settings for CompareSettings {
    const NAMES: &'static [&'static str] = &[
        "by",
        "tie_width",
        "calibrated",
        "on_disagreement",
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
            "by" => self.reading.by = rule(value.text(name)?)?,
            "tie_width" => {
                let width = TieWidth::new(Margin::LogOdds, value.number(name)?);
                self.reading.ties = width.map_err(|_| {
                    let detail = "`tie_width` is in log-odds, 0 or above";
                    Problem::new(Code::InvalidValue, detail)
                })?;
            }
            "calibrated" => self.calibrated = value.truth(name)?,
            _ => self.reading.on_disagreement = disagreement(value.text(name)?)?,
        }
        Ok(())
    }

    fn structure(&mut self, name: &str, value: &Structure) -> Result<(), Problem> {
        self.panel.structure(name, value)
    }
}

pub(super) fn rule(name: &str) -> Result<OpinionRule, Problem> {
    OpinionRule::from_name(name).ok_or_else(|| {
        let known = OpinionRule::ALL.map(OpinionRule::name).join("`, `");
        Problem::new(Code::InvalidValue, format!("`by` is one of `{known}`"))
    })
}

pub(super) fn disagreement(name: &str) -> Result<Disagreement, Problem> {
    Disagreement::from_name(name).ok_or_else(|| {
        let known = Disagreement::ALL.map(Disagreement::name).join("`, `");
        Problem::new(
            Code::InvalidValue,
            format!("`on_disagreement` is one of `{known}`"),
        )
    })
}

/// The fault of a panel that is asked to take a tie width, which is fitted for one judge.
pub(super) fn one_judges_width() -> Problem {
    let detail = "a tie width is fitted for one judge; `calibrated` is not for a panel";
    Problem::new(Code::InvalidValue, detail).at("/calibrated")
}

/// No tie width was fitted for this very judge.
pub(super) fn no_tie_width(detail: String) -> Problem {
    Problem::new(Code::NoCalibration, detail)
        .at("/calibrated")
        .hint("`opine calibrate-ties` fits a width; `[calibration] folder` names where the service finds it")
}

/// What is answered.
#[derive(Debug, Serialize)]
struct CompareReply {
    judge: JudgeJson,
    result: CompareResult,
}

/// Compares the two images of one request.
pub(super) async fn compare(
    http: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let limits = service.limits(&http);
    let body = given::open(&http, payload, service.bounds)?;
    let request = given::read::<CompareSettings>(&http, body, service.bounds).await?;
    let settings = &request.settings;
    let who = settings
        .panel
        .who(&request.judge, request.judge_given, &service)?;
    let count = request.images.len();
    let Ok([first, second]) = <[GivenImage; 2]>::try_from(request.images) else {
        let detail = format!("a comparison has two images, this one has {count}");
        return Err(Problem::new(Code::InvalidValue, detail).at("/images"));
    };
    let CompareSettings {
        reading,
        calibrated,
        ..
    } = request.settings;
    if calibrated && reading.ties.width() > 0.0 {
        let detail =
            "`tie_width` gives a width and `calibrated` takes a fitted one; send one of them";
        return Err(Problem::new(Code::InvalidValue, detail).at("/tie_width"));
    }
    let judge = match who {
        Who::Judge(judge) => *judge,
        Who::Panel(_) if calibrated => return Err(one_judges_width()),
        Who::Panel(seated) => {
            let pair = [first, second];
            let texts = request.texts;
            return panel::compare(&service, &seated, pair, texts, reading, &limits).await;
        }
    };
    let names = (first.name, second.name);
    let judged = match (first.image, second.image) {
        (Ok(one), Ok(other)) => {
            let pair = Subject::new(vec![one, other], request.texts);
            service
                .engine
                .compare(&judge, pair, reading.by, &limits)
                .await?
        }
        (Err(unscored), _) | (_, Err(unscored)) => {
            let unasked = service.engine.unasked(&judge, unscored)?;
            JudgedPair::unasked(unasked)
        }
    };
    let current = service.current();
    let (reading, fitted) = match calibrated {
        true => reading
            .calibrated(&judged, &current.maps)
            .map_err(|error| no_tie_width(error.to_string()))?,
        false => (reading, None),
    };
    Ok(HttpResponse::Ok().json(CompareReply {
        judge: JudgeJson::new(&judge),
        result: CompareResult::new(names.0, names.1, &judged, reading).with_map(fitted),
    }))
}
