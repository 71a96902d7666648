//! `POST /v1/best-of`: which of several images to keep, by scores, comparisons or both.

use actix_web::{HttpRequest, HttpResponse, web};

use super::body::Scalar;
use super::given::{self, Settings};
use super::problem::{Code, Problem};
use super::rank::{nothing_ranked, within};
use super::service::Service;
use crate::engine::{Candidate, PickPlan};
use crate::gate::Tripwires;
use crate::wire::{BestOfResult, NotPicked};

/// What a best of several takes beside judge, texts and images.
#[derive(Debug)]
struct BestOfSettings {
    by: By,
    pair_judge: Option<String>,
    shortlist: u32,
    tripwires: bool,
    calibrated: bool,
}

/// What the pick goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Scores,
    Pairs,
    Both,
}

impl Default for BestOfSettings {
    fn default() -> Self {
        BestOfSettings {
            by: By::Scores,
            pair_judge: None,
            shortlist: 4,
            tripwires: true,
            calibrated: false,
        }
    }
}

impl Settings for BestOfSettings {
    const NAMES: &'static [&'static str] =
        &["by", "pair_judge", "shortlist", "tripwires", "calibrated"];

    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        match name {
            "pair_judge" => self.pair_judge = Some(value.text(name)?.to_owned()),
            "shortlist" => self.shortlist = within(name, value, 2..=64)?,
            "tripwires" => self.tripwires = value.truth(name)?,
            "calibrated" => self.calibrated = value.truth(name)?,
            _ => {
                self.by = match value.text(name)? {
                    "scores" => By::Scores,
                    "pairs" => By::Pairs,
                    "both" => By::Both,
                    _ => {
                        let detail = "`by` is one of `scores`, `pairs`, `both`";
                        return Err(Problem::new(Code::InvalidValue, detail));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Picks the best image of one request; an image without a score is never picked.
pub(super) async fn best_of(
    http: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let limits = service.limits(&http);
    let body = given::open(&http, payload, service.bounds)?;
    let request = given::read::<BestOfSettings>(&http, body, service.bounds).await?;
    let settings = request.settings;
    let judge = service.judge(&request.judge)?;
    if settings.by != By::Pairs && judge.card.recipe.scale().is_none() {
        return Err(Problem::from(judge.wrong_protocol("score")).at("/judge"));
    }
    let refused = |detail: &str, pointer: &str| {
        Err(Problem::new(Code::InvalidValue, detail).at(pointer.to_owned()))
    };
    if settings.by == By::Scores && settings.pair_judge.is_some() {
        return refused(
            "by scores nobody compares: leave out `pair_judge`",
            "/pair_judge",
        );
    }
    if settings.by == By::Pairs && settings.calibrated {
        return refused("comparisons have no calibration map", "/calibrated");
    }
    // The judge that scores compares as well, unless another one is named.
    let pair_judge = match &settings.pair_judge {
        Some(name) => {
            let found = service.judge(name);
            found.map_err(|problem| problem.at("/pair_judge"))?
        }
        None => judge.clone(),
    };
    let plan = PickPlan {
        scores: (settings.by != By::Pairs).then_some(&judge),
        compares: (settings.by != By::Scores).then_some(&pair_judge),
        shortlist: settings.shortlist as usize,
        tripwires: match settings.tripwires {
            true => Tripwires::OF_CANDIDATES,
            false => Tripwires::NONE,
        },
    };
    let candidates = request.images.into_iter().map(|given| Candidate {
        name: given.name,
        image: given.image,
        texts: given.texts,
    });
    let candidates: Vec<Candidate> = candidates.collect();
    for (at, candidate) in candidates.iter().enumerate() {
        if candidates[..at]
            .iter()
            .any(|other| other.name == candidate.name)
        {
            let detail = format!("two images are named `{}`", candidate.name);
            return refused(&detail, &format!("/images/{at}"));
        }
    }
    let run = service.engine.pick(plan, &candidates, &limits).await?;
    let current = service.current();
    let maps = settings.calibrated.then_some(&*current.maps);
    let picked = BestOfResult::new(plan, &candidates, run, maps).map_err(|error| match error {
        NotPicked::Ranked(error) => nothing_ranked(&error),
        NotPicked::Apply(error) => {
            Problem::new(Code::NoCalibration, error.to_string()).at("/calibrated")
        }
    });
    Ok(HttpResponse::Ok().json(picked?))
}
