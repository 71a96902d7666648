//! The judges at hand.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::problem::Problem;
use super::score::judge_name;
use super::service::Service;
use crate::wire::JudgeJson;

#[derive(Debug, Serialize)]
struct JudgesJson {
    judges: Vec<JudgeJson>,
}

/// All judges in order of id, ready or not.
pub(super) async fn list(service: web::Data<Service>) -> HttpResponse {
    let judges = service.engine.judges().iter().map(JudgeJson::new).collect();
    HttpResponse::Ok().json(JudgesJson { judges })
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
