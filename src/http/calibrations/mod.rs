//! The calibration maps and tie widths at hand.

mod fit;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::given::judge_name;
use super::problem::{Code, Problem};
use super::service::{Current, Service};
use crate::calibration::{JudgeKey, Listed};
pub(super) use fit::fit;

#[derive(Debug, Serialize)]
struct CalibrationsJson {
    calibrations: Vec<Listed>,
}

/// All of them, in order of file.
pub(super) async fn list(service: web::Data<Service>) -> HttpResponse {
    let calibrations = listed(&service.current());
    HttpResponse::Ok().json(CalibrationsJson { calibrations })
}

/// One of them, by the name of its file without the ending.
pub(super) async fn show(
    request: HttpRequest,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let id = judge_name(request.match_info().query("id"))?;
    let mut all = listed(&service.current()).into_iter();
    let found = all.find(|listed| listed.head().id == id);
    let found = found.ok_or_else(|| {
        Problem::new(Code::UnknownCalibration, "there is no map of this name")
            .hint("GET /v1/calibrations lists the maps")
    })?;
    Ok(HttpResponse::Ok().json(found))
}

fn listed(current: &Current) -> Vec<Listed> {
    current.maps.listed(|key| here(current, key))
}

/// The key of the judge at hand that would be asked under the name of this one, read as this one was.
fn here(current: &Current, key: &JudgeKey) -> Option<JudgeKey> {
    let provenance = |name: &str| {
        let judge = current.judges.find(name).ok()?;
        Some(judge.provenance(judge.backend().ok()?.as_ref(), None))
    };
    let own = provenance(&key.judge).filter(|own| own.backend == key.backend);
    let found = own.or_else(|| provenance(&format!("{}@{}", key.judge, key.backend)));
    found.map(|provenance| JudgeKey::of(&provenance, key.readout))
}
