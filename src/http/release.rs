//! `POST /v1/release`: may a new generator replace the old one, by judged scores of both on the same prompts?

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, HttpResponse, web};
use serde::de::MapAccess;

use super::body::{Body, MediaType, Object, Reader, Scalar, read_object};
use super::problem::{Code, Problem};
use super::rank::within;
use super::service::Service;
use crate::engine::Clock;
use crate::gate::Row;
use crate::gate::release::{
    ReleaseError, ReleaseReport, ReleaseSettings, Systems, release as judged,
};
use crate::stats::resample::Plan;

/// Most items of a request.
const MOST_ITEMS: usize = 20_000;
/// Most scores of an item.
const MOST_SCORES: usize = 16;
/// Most resamples that may be asked for.
const MOST_RESAMPLES: u32 = 10_000;
/// Most values that all resamples together may draw: a few seconds of one core.
const MOST_DRAWN: u64 = 1_000_000_000;

/// The JSON body.
#[derive(Debug)]
struct ReleaseBody<'a> {
    new: Option<Cow<'a, str>>,
    old: Option<Cow<'a, str>>,
    margin: f64,
    higher_is_better: bool,
    resamples: u32,
    seed: u64,
    items: Vec<ItemBody<'a>>,
}

/// One judged item.
#[derive(Debug, Default)]
struct ItemBody<'a> {
    prompt: Cow<'a, str>,
    system: Cow<'a, str>,
    scores: BTreeMap<String, Option<f64>>,
    human: Option<f64>,
}

impl Default for ReleaseBody<'_> {
    fn default() -> Self {
        ReleaseBody {
            new: None,
            old: None,
            margin: 0.0,
            higher_is_better: true,
            resamples: 2_000,
            seed: Plan::default().seed,
            items: Vec::new(),
        }
    }
}

impl<'de> Object<'de> for ReleaseBody<'de> {
    const FIELDS: &'static [&'static str] = &[
        "new",
        "old",
        "margin",
        "better",
        "resamples",
        "seed",
        "items",
    ];

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "new" => self.new = Some(value.text()?),
            "old" => self.old = Some(value.text()?),
            "items" => self.items = value.list(too_many)?,
            "margin" | "better" | "resamples" | "seed" => {
                value.scalar(|scalar| self.set(field, scalar))?;
            }
            _ => return value.unknown(Self::FIELDS),
        }
        Ok(())
    }
}

impl ReleaseBody<'_> {
    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        let refused = |detail: &str| Err(Problem::new(Code::InvalidValue, detail));
        match name {
            "margin" => {
                self.margin = value.number(name)?;
                if self.margin < 0.0 {
                    return refused(
                        "a margin is 0 or more: by how much the new system may be worse",
                    );
                }
            }
            "better" => {
                self.higher_is_better = match value.text(name)? {
                    "higher" => true,
                    "lower" => false,
                    _ => return refused("`better` is `higher` or `lower`"),
                };
            }
            "resamples" => self.resamples = within(name, value, 100..=MOST_RESAMPLES)?,
            _ => self.seed = value.count(name)?,
        }
        Ok(())
    }
}

impl<'de> Object<'de> for ItemBody<'de> {
    const FIELDS: &'static [&'static str] = &["prompt", "system", "scores", "human"];

    fn take<A: MapAccess<'de>>(
        &mut self,
        field: &str,
        value: Reader<'_, A>,
    ) -> Result<(), A::Error> {
        match field {
            "prompt" => self.prompt = value.text()?,
            "system" => self.system = value.text()?,
            "human" => value.scalar(|scalar| {
                self.human = Some(scalar.number(field)?);
                Ok(())
            })?,
            "scores" => value.scalar(|scalar| {
                self.scores = scores(scalar)?;
                Ok(())
            })?,
            _ => return value.unknown(Self::FIELDS),
        }
        Ok(())
    }
}

/// Scores by name; `null` where the judge gave none.
fn scores(given: &Scalar) -> Result<BTreeMap<String, Option<f64>>, Problem> {
    let named = given.named("scores")?;
    let number = |(name, numbers): (String, Vec<f64>)| match numbers[..] {
        [] => Ok((name, None)),
        [score] if score.is_finite() => Ok((name, Some(score))),
        _ => {
            let detail = "each of `scores` is a number, or `null` where the judge gave none";
            Err(Problem::new(Code::WrongType, detail))
        }
    };
    if named.len() > MOST_SCORES {
        let detail = format!("an item has {MOST_SCORES} scores at most");
        return Err(Problem::new(Code::InvalidValue, detail));
    }
    named.into_iter().map(number).collect()
}

fn too_many(most: usize) -> Problem {
    let detail = format!("a release has {most} items at most");
    Problem::new(Code::InvalidValue, detail).hint("`opine release` has no such bound")
}

/// Judges a release by the scores of one request.
pub(super) async fn release(
    http: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    if MediaType::of(http.headers())? != MediaType::Json {
        return Err(
            Problem::new(Code::UnsupportedMediaType, "a release is sent as JSON")
                .hint("send `application/json`"),
        );
    }
    let body = Body::open(&http, payload, service.bounds)?;
    let permit = body.permit();
    let deadline = Clock.now() + service.bounds.request_time;
    let bytes = body.collect().await?;
    permit.work(deadline).await?;
    let report = web::block(move || {
        let _permit = permit;
        read_object::<ReleaseBody<'_>>(MOST_ITEMS, &bytes)?.judge()
    });
    let report = report.await.map_err(|_| Problem::internal())??;
    Ok(HttpResponse::Ok().json(report))
}

impl ReleaseBody<'_> {
    fn judge(&self) -> Result<ReleaseReport, Problem> {
        let missing = |detail: &str, pointer: &str| {
            Problem::new(Code::MissingField, detail).at(pointer.to_owned())
        };
        if self.items.is_empty() {
            return Err(missing("a release has judged items", "/items"));
        }
        let between = match (&self.new, &self.old) {
            (Some(new), Some(old)) => Some(Systems { new, old }),
            (None, None) => None,
            (Some(_), None) => return Err(missing("`new` is compared with `old`", "/old")),
            (None, Some(_)) => return Err(missing("`old` is compared with `new`", "/new")),
        };
        let is_rated = self.items.iter().any(|item| item.human.is_some());
        if between.is_none() && !is_rated {
            let detail = "nothing to say: name `new` and `old`, or give people's ratings";
            return Err(missing(detail, "/new"));
        }
        let rows = self.rows()?;
        let settings = ReleaseSettings {
            margin: self.margin,
            higher_is_better: self.higher_is_better,
            plan: Plan {
                resamples: self.resamples,
                seed: self.seed,
                ..Plan::default()
            },
        };
        self.affordable(rows.len(), between.is_some(), is_rated)?;
        judged(&rows, between, is_rated, &settings).map_err(|error| refused(&error))
    }

    /// The items as rows, for each score that an item has; one that has not this score is unscored by it.
    fn rows(&self) -> Result<Vec<(String, Vec<Row>)>, Problem> {
        for (at, item) in self.items.iter().enumerate() {
            let missing = [("prompt", &item.prompt), ("system", &item.system)];
            if let Some((field, _)) = missing.into_iter().find(|(_, text)| text.is_empty()) {
                let detail = format!("an item has a `{field}`");
                let pointer = format!("/items/{at}/{field}");
                return Err(Problem::new(Code::MissingField, detail).at(pointer));
            }
        }
        let names: BTreeSet<&String> = self.items.iter().flat_map(|i| i.scores.keys()).collect();
        if names.is_empty() {
            let detail = "no item has a score";
            return Err(Problem::new(Code::MissingField, detail).at("/items/0/scores"));
        }
        let of = |name: &String| {
            let rows = self.items.iter().enumerate().map(|(at, item)| Row {
                group: item.prompt.clone().into_owned(),
                id: at.to_string(),
                system: Some(item.system.clone().into_owned()),
                score: item.scores.get(name).copied().flatten(),
                human: item.human,
            });
            (name.clone(), rows.collect())
        };
        Ok(names.into_iter().map(of).collect())
    }

    /// Refuses what would take a core for long: each comparison draws every prompt for every resample, twice.
    fn affordable(&self, scores: usize, is_compared: bool, is_rated: bool) -> Result<(), Problem> {
        let count = |names: BTreeSet<&Cow<'_, str>>| names.len() as u64;
        let prompts = count(self.items.iter().map(|item| &item.prompt).collect());
        let systems = count(self.items.iter().map(|item| &item.system).collect());
        let pairs = systems * systems.saturating_sub(1) / 2;
        // By the judge, by people, and once more for how far the two agree.
        let comparisons = u64::from(is_compared) + if is_rated { 3 * pairs } else { 0 };
        let drawn = 2 * prompts * u64::from(self.resamples) * comparisons * scores as u64;
        if drawn <= MOST_DRAWN {
            return Ok(());
        }
        let detail = format!(
            "{comparisons} comparisons of {prompts} prompts by {scores} scores are too many for {} resamples",
            self.resamples
        );
        Err(Problem::new(Code::InvalidValue, detail)
            .at("/resamples")
            .hint("ask for fewer resamples, or use `opine release`"))
    }
}

fn refused(error: &ReleaseError) -> Problem {
    let pointer = match error {
        ReleaseError::UnknownSystem { .. } => "/new",
        ReleaseError::Stats { .. } => "/items",
    };
    Problem::new(Code::InvalidValue, error.to_string()).at(pointer)
}
