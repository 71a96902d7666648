//! `POST /v1/rank`: one judge, 2 to 1,024 images, from the best to the worst.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::body::Scalar;
use super::compare::rule;
use super::given::{self, Settings};
use super::problem::{Code, Problem};
use super::service::Service;
use crate::engine::{Clock, Judge, RankWay, Ranked, RunLimits};
use crate::judging::protocol::{OpinionRule, Pairs, RankPlan};
use crate::judging::{Image, Reason, Unscored};
use crate::ranking::{ComparedRanking, ScoredRanking, by_comparisons, by_scores};
use crate::wire::{JudgeJson, ProvenanceJson};

/// What a ranking takes beside judge, texts and images.
#[derive(Debug, Default)]
struct RankingSettings {
    method: Option<Method>,
    budget: Option<u64>,
    places: Option<u32>,
    seed: u64,
    by: OpinionRule,
}

#[derive(Debug, Clone, Copy)]
enum Method {
    Scores,
    Pairs(Pairs),
}

impl Settings for RankingSettings {
    const JSON: &'static [&'static str] = &[
        "judge", "texts", "images", "method", "budget", "places", "seed", "by",
    ];
    const FORM: &'static [&'static str] = &[
        "judge", "texts", "image", "method", "budget", "places", "seed", "by",
    ];

    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        match name {
            "method" => self.method = Some(method(value.text(name)?)?),
            "budget" => self.budget = Some(value.count(name)?),
            "places" => self.places = u32::try_from(value.count(name)?).ok(),
            "seed" => self.seed = value.count(name)?,
            _ => self.by = rule(value.text(name)?)?,
        }
        Ok(())
    }
}

fn method(name: &str) -> Result<Method, Problem> {
    if name == "scores" {
        return Ok(Method::Scores);
    }
    Pairs::from_name(name).map(Method::Pairs).ok_or_else(|| {
        let known = Pairs::ALL.map(Pairs::name).join("`, `");
        Problem::new(
            Code::InvalidValue,
            format!("`method` is one of `scores`, `{known}`"),
        )
    })
}

impl RankingSettings {
    /// A judge of pairs is asked actively, one that rates is asked for scores, unless told otherwise.
    fn way(&self, judge: &Judge, items: usize) -> RankWay {
        let rates = judge.card.recipe.scale().is_some();
        let pairs = match (self.method, rates) {
            (Some(Method::Scores), _) | (None, true) => return RankWay::Scores,
            (Some(Method::Pairs(pairs)), _) => pairs,
            (None, false) => Pairs::Active,
        };
        let items = items as u64;
        let every_pair = items * items.saturating_sub(1) / 2;
        let mut plan = RankPlan::new(pairs, self.budget.unwrap_or(every_pair));
        plan.seed = self.seed;
        if let Some(places) = self.places {
            plan = plan.until_places(places);
        }
        RankWay::Pairs(plan, self.by)
    }
}

/// What is answered.
#[derive(Debug, Serialize)]
struct RankReply {
    judge: JudgeJson,
    #[serde(flatten)]
    ranking: RankingJson,
    provenance: ProvenanceJson,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum RankingJson {
    Scores(ScoredRanking),
    Compared(Box<ComparedRanking>),
}

/// Why nothing was ranked: the backend's fault, or the request's.
fn nothing_ranked(unscored: &Unscored) -> Problem {
    let code = match unscored.reason {
        Reason::Backend | Reason::Deadline => Code::JudgeUnavailable,
        Reason::Refused
        | Reason::LowCoverage
        | Reason::Unparsed
        | Reason::NotApplicable
        | Reason::Image(_)
        | Reason::NotFinite
        | Reason::Budget => Code::InvalidValue,
    };
    Problem::new(code, format!("nothing could be ranked: {unscored}"))
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
    let request = given::read::<RankingSettings>(&http, body, service.bounds).await?;
    let judge = service.engine.judges().find(&request.judge);
    let judge = judge.and_then(|judge| judge.backend().map(|_| ()).map(|()| judge.clone()));
    let judge = judge.map_err(|error| Problem::from(error).at("/judge"))?;
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
    let way = request.settings.way(&judge, images.len());
    if images.len() < 2 {
        let detail = "a ranking has 2 to 1024 images, this one has 1";
        return Err(Problem::new(Code::InvalidValue, detail).at("/images"));
    }
    let ranked = service
        .engine
        .rank(&judge, images, request.texts, way, &limits, &|_| {});
    let (provenance, ranked) = ranked.await?;
    let ranking = match (ranked, way) {
        (Ranked::Scores(judged), _) => {
            let outcomes: Vec<_> = judged.into_iter().map(|one| one.outcome).collect();
            RankingJson::Scores(by_scores(&names, &outcomes))
        }
        (Ranked::Pairs(run), RankWay::Pairs(plan, _)) => {
            let run = run.map_err(|unscored| nothing_ranked(&unscored))?;
            let ranking = by_comparisons(&names, &run, plan.pairs.name(), plan.ridge)
                .map_err(|error| Problem::new(Code::InvalidValue, error.to_string()))?;
            RankingJson::Compared(Box::new(ranking))
        }
        (Ranked::Pairs(_), RankWay::Scores) => return Err(Problem::internal()),
    };
    Ok(HttpResponse::Ok().json(RankReply {
        judge: JudgeJson::new(&judge),
        ranking,
        provenance: ProvenanceJson::from(&provenance),
    }))
}
