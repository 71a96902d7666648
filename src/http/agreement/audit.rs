//! `POST /v1/agreement`: labels and judged values in, the report of `opine audit` out.

use actix_web::{HttpRequest, HttpResponse, web};

use super::failed::refused;
use super::format::Format;
use super::settings::AuditChoices;
use crate::agreement::audit::audit as run;
use crate::http::problem::Problem;
use crate::http::service::Service;
use crate::http::uploads::{self, worked_out};

/// Audits a judge by what was uploaded. Nothing of it is kept.
pub(in crate::http) async fn audit(
    http: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let uploaded = uploads::read::<AuditChoices>(&http, payload, service.bounds).await?;
    let (format, by_row) = (uploaded.choices.format, uploaded.by_row);
    let permit = uploaded.permit.clone();
    let options = AuditChoices::options(uploaded)?;
    // Not before the body is there: whoever sends slowly keeps nobody from an audit.
    let place = service.audits.enter(None)?;
    let work = move || {
        let found = run(&options).map_err(|error| refused(&error, by_row));
        drop((permit, place));
        found
    };
    let found = worked_out("audit", service.bounds.request_time, work).await?;
    let format = format.unwrap_or_else(|| Format::accepted(http.headers()));
    Ok(format.respond(&found))
}
