//! The judges at hand.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::given::judge_name;
use super::problem::Problem;
use super::service::Service;
use crate::wire::{BackendJson, JudgeJson};

#[derive(Debug, Serialize)]
struct JudgesJson {
    judges: Vec<JudgeJson>,
    backends: Vec<BackendJson>,
}

/// All judges in order of id and all configured backends in order of name, ready or not.
pub(super) async fn list(service: web::Data<Service>) -> HttpResponse {
    let known = service.engine.judges();
    HttpResponse::Ok().json(JudgesJson {
        judges: known.iter().map(JudgeJson::new).collect(),
        backends: known
            .backends()
            .map(|(name, state)| BackendJson::new(name, state))
            .collect(),
    })
}

/// One judge, by `id` or `id@backend`.
pub(super) async fn show(
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let name = judge_name(request.match_info().query("id"))?;
    let judge = service.engine.judges().find(name)?;
    Ok(HttpResponse::Ok().json(JudgeJson::new(&judge)))
}
