//! `POST /v1/rank`: one judge, 2 to 1,024 images, from the best to the worst.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::body::Scalar;
use super::compare::{disagreement, no_tie_width, rule};
use super::given::{self, Settings};
use super::problem::{Code, Problem};
use super::service::Service;
use crate::engine::{Clock, RankChoice, RankMethod, RunLimits};
use crate::judging::protocol::Pairs;
use crate::judging::{Image, Reason};
use crate::wire::{JudgeJson, NotRanked, ProvenanceJson, RankTies, Ranking};

/// What a ranking takes beside judge, texts and images.
#[derive(Debug, Default)]
struct RankSettings {
    choice: RankChoice,
    calibrated: bool,
}

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
        "calibrated",
        "on_disagreement",
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
        "calibrated",
        "on_disagreement",
    ];

    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        match name {
            "method" => self.choice.method = Some(method(value.text(name)?)?),
            "budget" => self.choice.budget = Some(value.count(name)?),
            "places" => self.choice.places = u32::try_from(value.count(name)?).ok(),
            "seed" => self.choice.seed = value.count(name)?,
            "calibrated" => self.calibrated = value.truth(name)?,
            "on_disagreement" => self.choice.on_disagreement = disagreement(value.text(name)?)?,
            _ => self.choice.by = rule(value.text(name)?)?,
        }
        Ok(())
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
    let judge = service.judge(&request.judge)?;
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
    let mut way = request.settings.choice.way(&judge, images.len());
    if images.len() < 2 {
        let detail = "a ranking has 2 to 1024 images, this one has 1";
        return Err(Problem::new(Code::InvalidValue, detail).at("/images"));
    }
    let ties = match request.settings.calibrated {
        true => Some(
            RankTies::find(&service.maps, &judge, &mut way)
                .map_err(|error| no_tie_width(error.to_string()))?,
        ),
        false => None,
    };
    let ranked = service
        .engine
        .rank(&judge, images, request.texts, way, &limits, &|_| {});
    let (provenance, ranked) = ranked.await?;
    if let Some(ties) = &ties {
        ties.check(&provenance, &ranked)
            .map_err(|error| no_tie_width(error.to_string()))?;
    }
    let ranking = Ranking::new(&names, ranked)
        .map_err(|error| nothing_ranked(&error))?
        .with_map(ties.map(|ties| ties.fitted));
    Ok(HttpResponse::Ok().json(RankReply {
        judge: JudgeJson::new(&judge),
        ranking,
        provenance: ProvenanceJson::from(&provenance),
    }))
}
