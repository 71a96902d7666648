//! `POST /v1/rank`: one judge, 2 to 1,024 images, from the best to the worst.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::body::{Scalar, Structure};
use super::compare::{disagreement, no_tie_width, one_judges_width, rule};
use super::given::{self, GivenImage, Settings};
use super::model::ModelSettings;
use super::panel::{PanelSettings, Who};
use super::problem::{Code, Problem};
use super::service::{Bounds, Service};
use crate::engine::{ItemTexts, RankChoice, RankMethod};
use crate::judging::protocol::{Anchor, MOST_REPEATS, Prior, RANKED_ITEMS};
use crate::judging::{Image, Reason};
use crate::wire::{JudgeJson, NotRanked, PanelRankReply, ProvenanceJson, RankTies, Ranking};

/// What a ranking takes beside judge, texts and images.
#[derive(Debug, Default)]
struct RankSettings {
    choice: RankChoice,
    /// What is known of each anchor: nothing, its strength, or its strength and the deviation of that.
    anchors: BTreeMap<String, Vec<f64>>,
    panel: PanelSettings,
    model: ModelSettings,
    calibrated: bool,
}

impl Settings for RankSettings {
    const NAMES: &'static [&'static str] = &[
        "method",
        "budget",
        "places",
        "seed",
        "by",
        "repeats",
        "anchors",
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
        "calibrated",
        "on_disagreement",
    ];
    const STRUCTURES: &'static [&'static str] = &["judges", "weights", "covariates"];

    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        if self.panel.set(name, value)? || self.model.set(name, value)? {
            return Ok(());
        }
        let choice = &mut self.choice;
        match name {
            "method" => choice.method = Some(method(value.text(name)?)?),
            "budget" => choice.budget = Some(value.count(name)?),
            "places" => choice.places = Some(within(name, value, 0..=u32::MAX)?),
            "seed" => choice.seed = value.count(name)?,
            "repeats" => choice.repeats = Some(within(name, value, 1..=MOST_REPEATS)?),
            "anchors" => self.anchors = value.named(name)?,
            "calibrated" => self.calibrated = value.truth(name)?,
            "on_disagreement" => choice.on_disagreement = disagreement(value.text(name)?)?,
            _ => choice.by = rule(value.text(name)?)?,
        }
        Ok(())
    }

    fn structure(&mut self, name: &str, value: &Structure) -> Result<(), Problem> {
        if name == "covariates" {
            return self.model.structure(name, value);
        }
        self.panel.structure(name, value)
    }
}

/// A whole number within a range, which the fault names.
pub(super) fn within(
    name: &str,
    value: &Scalar,
    range: std::ops::RangeInclusive<u32>,
) -> Result<u32, Problem> {
    let given = value.count(name)?;
    let fits = u32::try_from(given)
        .ok()
        .filter(|count| range.contains(count));
    fits.ok_or_else(|| {
        let (least, most) = range.into_inner();
        let detail =
            format!("`{name}` is a whole number from {least} to {most}, this one is {given}");
        Problem::new(Code::InvalidValue, detail)
    })
}

fn method(name: &str) -> Result<RankMethod, Problem> {
    RankMethod::from_name(name).ok_or_else(|| {
        let known = RankMethod::ALL.map(RankMethod::name).join("`, `");
        Problem::new(Code::InvalidValue, format!("`method` is one of `{known}`"))
    })
}

/// The anchors by place among the images of these names.
fn anchors(given: &BTreeMap<String, Vec<f64>>, names: &[String]) -> Result<Vec<Anchor>, Problem> {
    let refused = |detail: String| Problem::new(Code::InvalidValue, detail).at("/anchors");
    let mut anchors = Vec::with_capacity(given.len());
    for (name, known) in given {
        let place = (0u32..).zip(names).find(|(_, image)| *image == name);
        let Some((item, _)) = place else {
            return Err(refused(format!("anchor `{name}` is not among the images")));
        };
        let prior = match known[..] {
            [] => Prior::Unknown,
            [strength] => Prior::Exact(strength),
            [strength, deviation] => Prior::Around(strength, deviation),
            _ => {
                return Err(refused(format!(
                    "anchor `{name}` is `null`, a strength, or a strength and its standard deviation"
                )));
            }
        };
        anchors.push(Anchor { item, prior });
    }
    Ok(anchors)
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
pub(super) fn nothing_ranked(error: &NotRanked) -> Problem {
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

/// The fault of a ranking of too few or too many images.
fn wrong_number(code: Code, images: &str) -> Problem {
    let (least, most) = (RANKED_ITEMS.start(), RANKED_ITEMS.end());
    let detail = format!("a ranking has {least} to {most} images, this one has {images}");
    Problem::new(code, detail).at("/images")
}

/// The images with their names and texts; each name stands once.
fn images(given: Vec<GivenImage>) -> Result<(Vec<String>, Vec<Image>, ItemTexts), Problem> {
    if given.len() < *RANKED_ITEMS.start() {
        return Err(wrong_number(Code::InvalidValue, &given.len().to_string()));
    }
    let mut names = Vec::with_capacity(given.len());
    let mut images = Vec::with_capacity(given.len());
    let mut texts = ItemTexts::default();
    for (index, given) in given.into_iter().enumerate() {
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
        texts.own.push(given.texts);
    }
    Ok((names, images, texts))
}

/// Ranks the images of one request.
pub(super) async fn rank(
    http: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let limits = service.limits(&http);
    // A ranking has a bound of its own: it is one question about all of its images.
    let bounds = Bounds {
        images: *RANKED_ITEMS.end(),
        ..service.bounds
    };
    let body = given::open(&http, payload, bounds)?;
    let request = given::read::<RankSettings>(&http, body, bounds).await;
    let request = request.map_err(|problem| {
        if problem.code() == Code::TooManyImages {
            wrong_number(Code::TooManyImages, "more")
        } else {
            problem
        }
    })?;
    let RankSettings {
        mut choice,
        anchors: given,
        panel,
        model,
        calibrated,
    } = request.settings;
    let who = panel.who(&request.judge, request.judge_given, &service)?;
    let (names, images, mut texts) = images(request.images)?;
    texts.shared = request.texts;
    choice.anchors = anchors(&given, &names)?;
    let settings = model.judged(&names, choice.seed)?;
    let judge = match who {
        Who::Judge(judge) => *judge,
        Who::Panel(_) if calibrated => return Err(one_judges_width()),
        Who::Panel(seated) => {
            let (panel, weighing) = *seated;
            let way = choice.way_of(&panel, weighing.jury, images.len())?;
            let engine = &service.engine;
            let ranked = engine.panel_rank(&panel, &images, &texts, way, &limits, &|_| {});
            let reply = PanelRankReply::new(&names, &panel, &weighing, ranked.await?, &settings);
            return Ok(HttpResponse::Ok().json(reply.map_err(|error| nothing_ranked(&error))?));
        }
    };
    let mut way = choice.way(&judge, images.len())?;
    let current = service.current();
    let ties = match calibrated {
        true => Some(
            RankTies::find(&current.maps, &judge, &mut way)
                .map_err(|error| no_tie_width(error.to_string()))?,
        ),
        false => None,
    };
    let ranked = service
        .engine
        .rank(&judge, images, texts, way, &limits, &|_| {});
    let (provenance, ranked) = ranked.await?;
    if let Some(ties) = &ties {
        ties.check(&provenance, &ranked)
            .map_err(|error| no_tie_width(error.to_string()))?;
    }
    let ranking = Ranking::with(&names, ranked, &settings)
        .map_err(|error| nothing_ranked(&error))?
        .with_map(ties.map(|ties| ties.fitted));
    Ok(HttpResponse::Ok().json(RankReply {
        judge: JudgeJson::new(&judge),
        ranking,
        provenance: ProvenanceJson::from(&provenance),
    }))
}
