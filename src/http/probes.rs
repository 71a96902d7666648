//! Health, readiness, and the contract itself.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::routes::CONTRACT;
use super::service::Service;
use crate::assemble::BEING_OPENED;
use crate::backend::CircuitState;
use crate::engine::BackendState;
use crate::metrics::{MEDIA_TYPE, Now};
use crate::wire::JudgeJson;

#[derive(Debug, Serialize)]
struct HealthJson {
    status: &'static str,
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct ReadinessJson {
    /// `ready`, `draining`, `opening` or `no_judge_ready`.
    status: &'static str,
    judges: Vec<JudgeReadinessJson>,
    backends: Vec<BackendReadinessJson>,
}

#[derive(Debug, Serialize)]
struct JudgeReadinessJson {
    id: String,
    /// `ready`, `opening`, `unavailable` or `unbound`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

#[derive(Debug, Serialize)]
struct BackendReadinessJson {
    name: String,
    /// `ready`, `opening`, `resting` or `unavailable`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// The process lives and answers.
pub(super) async fn health() -> HttpResponse {
    HttpResponse::Ok().json(HealthJson {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// Whether requests should be sent here, and of each judge and backend why not.
pub(super) async fn readiness(service: web::Data<Service>) -> HttpResponse {
    let known = service.engine.judges();
    let judges = known.iter().map(JudgeJson::new);
    let judges: Vec<JudgeReadinessJson> = judges.map(JudgeReadinessJson::new).collect();
    let backends = known.backends();
    let backends: Vec<BackendReadinessJson> = backends
        .map(|(name, state)| BackendReadinessJson::new(name, state))
        .collect();
    // A judge with no backend of its own can be asked of any that is configured.
    let any_ready = judges.iter().any(|judge| judge.state == "ready")
        || backends.iter().any(|backend| backend.state == "ready");
    let opening = service.is_opening();
    let (mut response, status) = match (service.is_draining(), opening, any_ready) {
        (true, _, _) => (HttpResponse::ServiceUnavailable(), "draining"),
        (false, true, _) => (HttpResponse::ServiceUnavailable(), "opening"),
        (false, false, false) => (HttpResponse::ServiceUnavailable(), "no_judge_ready"),
        (false, false, true) => (HttpResponse::Ok(), "ready"),
    };
    response.json(ReadinessJson {
        status,
        judges,
        backends,
    })
}

/// What was counted so far.
pub(super) async fn metrics(service: web::Data<Service>) -> HttpResponse {
    let text = service.metrics.text(&Now::of(&service.engine));
    HttpResponse::Ok().content_type(MEDIA_TYPE).body(text)
}

/// The contract.
pub(super) async fn contract() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/yaml")
        .body(CONTRACT)
}

impl JudgeReadinessJson {
    fn new(judge: JudgeJson) -> Self {
        let state = opening_or(judge.state, judge.remedy.as_deref());
        JudgeReadinessJson {
            id: judge.id,
            state,
            remedy: judge.remedy,
        }
    }
}

impl BackendReadinessJson {
    fn new(name: &str, state: &BackendState) -> Self {
        let (state, remedy) = match state {
            BackendState::Ready(backend) => match backend.circuit().map(|circuit| circuit.state) {
                None | Some(CircuitState::Closed) => ("ready", None),
                Some(CircuitState::Open { seconds, message }) => {
                    let remedy = format!("it failed, and is tried again in {seconds} s: {message}");
                    ("resting", Some(remedy))
                }
                Some(CircuitState::HalfOpen { message }) => {
                    let remedy =
                        format!("it failed, and the next question tries it again: {message}");
                    ("resting", Some(remedy))
                }
            },
            BackendState::Unavailable { remedy } => (
                opening_or("unavailable", Some(remedy)),
                Some(remedy.clone()),
            ),
            BackendState::Unbound => ("unavailable", None),
        };
        BackendReadinessJson {
            name: name.to_owned(),
            state,
            remedy,
        }
    }
}

fn opening_or(state: &'static str, remedy: Option<&str>) -> &'static str {
    match remedy {
        Some(BEING_OPENED) => "opening",
        _ => state,
    }
}
