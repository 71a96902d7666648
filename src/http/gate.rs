//! `POST /v1/gate`: one policy, one or more images, a decision each.

use actix_web::{HttpRequest, HttpResponse, web};
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;

use super::body::Scalar;
use super::given::{self, GivenImage, Settings};
use super::problem::{Code, Problem};
use super::rank::within;
use super::service::Service;
use crate::engine::GateError;
use crate::gate::{Attempt, Decided, Outlook, Policy};
use crate::wire::{GateResult, PolicyJson};

/// Images that are decided over at a time; their judges share the backends with other requests.
const AT_ONCE: usize = 4;

/// What a gate takes beside texts and images.
#[derive(Debug, Default)]
struct GateSettings {
    policy: Option<String>,
    attempt: Attempt,
}

impl Settings for GateSettings {
    const NAMES: &'static [&'static str] = &[
        "policy",
        "attempt",
        "questions_before",
        "best_before",
        "without_gain",
    ];
    const NAMES_JUDGE: bool = false;

    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        let attempt = &mut self.attempt;
        match name {
            "attempt" => attempt.number = within(name, value, 1..=u32::MAX)?,
            "questions_before" => attempt.questions = value.count(name)?,
            "best_before" => attempt.best = Some(share(name, value)?),
            "without_gain" => attempt.without_gain = within(name, value, 0..=u32::MAX)?,
            _ => self.policy = Some(value.text(name)?.to_owned()),
        }
        Ok(())
    }
}

/// A number from 0 to 1.
fn share(name: &str, value: &Scalar) -> Result<f64, Problem> {
    let given = value.number(name)?;
    if (0.0..=1.0).contains(&given) {
        return Ok(given);
    }
    let detail = format!("`{name}` is a number from 0 to 1, this one is {given}");
    Err(Problem::new(Code::InvalidValue, detail))
}

#[derive(Debug, Serialize)]
struct GateReply {
    policy: PolicyJson,
    attempt: Outlook,
    results: Vec<GateResult>,
}

/// Decides over the images of one request.
pub(super) async fn gate(
    http: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let limits = service.limits(&http);
    let body = given::open(&http, payload, service.bounds)?;
    let request = given::read::<GateSettings>(&http, body, service.bounds).await?;
    let policy = policy(&service, request.settings.policy.as_deref())?;
    let current = service.current();
    let name = PolicyJson::from(policy);
    let (mut given, mut images) = (Vec::new(), Vec::new());
    for GivenImage { name, image, texts } in request.images {
        images.push((name.clone(), image));
        given.push((name, texts));
    }
    let looked = service.engine.looked_in_order(images).await;
    let decided = stream::iter(given.into_iter().zip(&looked)).map(|((image, texts), looked)| {
        let (service, current, limits, name) = (&service, &current, &limits, &name);
        async move {
            let engine = &service.engine;
            let gated = engine.gate(policy, &current.maps, looked, &texts, limits);
            let gated = gated.await.map_err(|error| refused(&error))?;
            Ok::<_, Problem>(GateResult::new(image, name, &gated))
        }
    });
    let results: Vec<GateResult> = decided.buffered(AT_ONCE).try_collect().await?;
    let attempt = outlook(policy, request.settings.attempt, &results);
    Ok(HttpResponse::Ok().json(GateReply {
        policy: name,
        attempt,
        results,
    }))
}

/// What the caller's loop needs to know: the images of a request are one attempt, of which the best counts.
fn outlook(policy: &Policy, attempt: Attempt, results: &[GateResult]) -> Outlook {
    let decisions = || results.iter().map(|result| &result.decision);
    Outlook::after(
        &policy.budget,
        attempt,
        decisions().any(|decision| decision.verdict == Decided::Accept),
        decisions()
            .filter_map(|decision| decision.progress)
            .max_by(f64::total_cmp),
        results.iter().map(|result| result.questions).sum(),
    )
}

fn policy<'a>(service: &'a Service, id: Option<&str>) -> Result<&'a Policy, Problem> {
    let policies = &service.policies;
    let known: Vec<&str> = policies.ids().collect();
    let hint = if known.is_empty() {
        "`[gates] folder` names where the service finds policies".to_owned()
    } else {
        format!("there are `{}`", known.join("`, `"))
    };
    let refused = |detail: String| {
        Problem::new(Code::InvalidValue, detail)
            .at("/policy")
            .hint(hint.clone())
    };
    let id = id.ok_or_else(|| refused("a gate follows a policy, and none is named".to_owned()))?;
    policies
        .find(id)
        .ok_or_else(|| refused("there is no policy of this id".to_owned()))
}

fn refused(error: &GateError) -> Problem {
    match error {
        GateError::Judge { error: bind, .. } => Problem::from(bind.clone()).at("/policy"),
        GateError::AnotherJudge { .. } | GateError::Calibration { .. } => {
            Problem::new(Code::NoCalibration, error.to_string()).at("/policy")
        }
    }
}
