//! `POST /v1/rank`: one judge, 2 to 1,024 images, from the best to the worst.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::body::{Scalar, Structure};
use super::compare::rule;
use super::given::{self, Settings};
use super::model::ModelSettings;
use super::panel::{PanelSettings, Who};
use super::problem::{Code, Problem};
use super::service::Service;
use crate::engine::{Clock, RankChoice, RankMethod, RunLimits};
use crate::judging::protocol::Pairs;
use crate::judging::{Image, Reason};
use crate::wire::{JudgeJson, NotRanked, PanelRankReply, ProvenanceJson, Ranking};

/// What a ranking takes beside judge, texts and images.
#[derive(Debug, Default)]
struct RankSettings(RankChoice, PanelSettings, ModelSettings);

impl Settings for RankSettings {
    const JSON: &'static [&'static str] = &[
        "judge",
        "texts",
        "images",
        "method",
        "budget",
        "places",
        "seed",
        "by",
        "judges",
        "jury",
        "weights",
        "quorum",
        "model",
        "ridge",
        "order_effect",
        "covariates",
        "interval",
        "resamples",
    ];
    const FORM: &'static [&'static str] = &[
        "judge",
        "texts",
        "image",
        "method",
        "budget",
        "places",
        "seed",
        "by",
        "judges",
        "jury",
        "weights",
        "quorum",
        "model",
        "ridge",
        "order_effect",
        "covariates",
        "interval",
        "resamples",
    ];
    const STRUCTURES: &'static [&'static str] = &["judges", "weights", "covariates"];

    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        if self.1.set(name, value)? || self.2.set(name, value)? {
            return Ok(());
        }
        match name {
            "method" => self.0.method = Some(method(value.text(name)?)?),
            "budget" => self.0.budget = Some(value.count(name)?),
            "places" => self.0.places = u32::try_from(value.count(name)?).ok(),
            "seed" => self.0.seed = value.count(name)?,
            _ => self.0.by = rule(value.text(name)?)?,
        }
        Ok(())
    }

    fn structure(&mut self, name: &str, value: &Structure) -> Result<(), Problem> {
        if name == "covariates" {
            return self.2.structure(name, value);
        }
        self.1.structure(name, value)
    }
}

fn method(name: &str) -> Result<RankMethod, Problem> {
    if name == "scores" {
        return Ok(RankMethod::Scores);
    }
    Pairs::from_name(name)
        .map(RankMethod::Pairs)
        .ok_or_else(|| {
            let known = Pairs::ALL.map(Pairs::name).join("`, `");
            Problem::new(
                Code::InvalidValue,
                format!("`method` is one of `scores`, `{known}`"),
            )
        })
}

/// What is answered.
#[derive(Debug, Serialize)]
struct RankReply {
    judge: JudgeJson,
    #[serde(flatten)]
    ranking: Ranking,
    provenance: ProvenanceJson,
}

/// Why nothing was ranked: the backend's fault, or the request's.
fn nothing_ranked(error: &NotRanked) -> Problem {
    let backend_failed = match error {
        NotRanked::Unscored(unscored) => {
            matches!(unscored.reason, Reason::Backend | Reason::Deadline)
        }
        NotRanked::NoStrengths(_) => false,
    };
    let code = if backend_failed {
        Code::JudgeUnavailable
    } else {
        Code::InvalidValue
    };
    Problem::new(code, error.to_string())
}

/// Ranks the images of one request.
pub(super) async fn rank(
    http: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let limits = RunLimits::within(Clock, service.bounds.request_time);
    let body = given::open(&http, payload, service.bounds)?;
    let _place = service.admission.enter()?;
    let request = given::read::<RankSettings>(&http, body, service.bounds).await?;
    let RankSettings(choice, panel, model) = request.settings;
    let who = panel.who(&request.judge, request.judge_given, &service)?;
    let mut names = Vec::with_capacity(request.images.len());
    let mut images: Vec<Image> = Vec::with_capacity(request.images.len());
    for (index, given) in request.images.into_iter().enumerate() {
        let pointer = format!("/images/{index}");
        if names.contains(&given.name) {
            let detail = format!("two images are named `{}`", given.name);
            return Err(Problem::new(Code::InvalidValue, detail).at(pointer));
        }
        let image = given.image.map_err(|unscored| {
            Problem::new(Code::InvalidValue, unscored.to_string()).at(pointer)
        })?;
        names.push(given.name);
        images.push(image);
    }
    if images.len() < 2 {
        let detail = "a ranking has 2 to 1024 images, this one has 1";
        return Err(Problem::new(Code::InvalidValue, detail).at("/images"));
    }
    let settings = model.judged(&names, choice.seed)?;
    let judge = match who {
        Who::Judge(judge) => *judge,
        Who::Panel(seated) => {
            let (panel, weighing) = *seated;
            let way = choice.way_of(&panel, weighing.jury, images.len());
            let (engine, texts) = (&service.engine, &request.texts);
            let ranked = engine.panel_rank(&panel, &images, texts, way, &limits, &|_| {});
            let reply = PanelRankReply::new(&names, &panel, &weighing, ranked.await?, &settings);
            return Ok(HttpResponse::Ok().json(reply.map_err(|error| nothing_ranked(&error))?));
        }
    };
    let way = choice.way(&judge, images.len());
    let ranked = service
        .engine
        .rank(&judge, images, request.texts, way, &limits, &|_| {});
    let (provenance, ranked) = ranked.await?;
    let ranking =
        Ranking::with(&names, ranked, &settings).map_err(|error| nothing_ranked(&error))?;
    Ok(HttpResponse::Ok().json(RankReply {
        judge: JudgeJson::new(&judge),
        ranking,
        provenance: ProvenanceJson::from(&provenance),
    }))
}
