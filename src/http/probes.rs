//! Health, readiness, and the contract itself.

use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::routes::CONTRACT;
use super::service::Service;
use crate::engine::{BackendState, Judge};
use crate::wire::JudgeJson;

#[derive(Debug, Serialize)]
struct HealthJson {
    status: &'static str,
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct ReadinessJson {
    /// `ready`, `draining` or `no_judge_ready`.
    status: &'static str,
    judges: Vec<JudgeReadinessJson>,
}

#[derive(Debug, Serialize)]
struct JudgeReadinessJson {
    id: String,
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

/// Whether requests should be sent here, and of each judge why not.
pub(super) async fn readiness(service: web::Data<Service>) -> HttpResponse {
    let judges: Vec<JudgeReadinessJson> = service
        .engine
        .judges()
        .iter()
        .map(JudgeReadinessJson::new)
        .collect();
    let mut backends = service.engine.judges().backends();
    // A judge with no backend of its own can be asked of any that is configured.
    let any_ready = judges.iter().any(|judge| judge.remedy.is_none())
        || backends.any(|(_, state)| matches!(state, BackendState::Ready(_)));
    let (mut response, status) = match (service.is_draining(), any_ready) {
        (true, _) => (HttpResponse::ServiceUnavailable(), "draining"),
        (false, false) => (HttpResponse::ServiceUnavailable(), "no_judge_ready"),
        (false, true) => (HttpResponse::Ok(), "ready"),
    };
    response.json(ReadinessJson { status, judges })
}

/// The contract.
pub(super) async fn contract() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/yaml")
        .body(CONTRACT)
}

impl JudgeReadinessJson {
    fn new(judge: &Judge) -> Self {
        let JudgeJson {
            id, state, remedy, ..
        } = JudgeJson::new(judge);
        JudgeReadinessJson { id, state, remedy }
    }
}
