//! `POST /v1/agreement`: labels and judged values in, the report of `opine audit` out.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};

use super::failed::refused;
use super::format::Format;
use super::uploaded::{self, Uploaded};
use crate::agreement::audit::{Audit, audit as run};
use crate::engine::Permit;
use crate::http::problem::{Code, Problem};
use crate::http::service::Service;

/// Audits a judge by what was uploaded. Nothing of it is kept.
pub(in crate::http) async fn audit(
    http: HttpRequest,
    payload: web::Payload,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let place = service.audits.enter(None)?;
    let uploaded = uploaded::read(&http, payload, service.bounds).await?;
    let format = uploaded.format;
    let found = audited(uploaded, place, service.bounds.request_time).await?;
    let format = format.unwrap_or_else(|| Format::accepted(http.headers()));
    Ok(format.respond(&found))
}

/// Computes away from the threads that serve connections. Whoever waits too long is told so; the work goes on to its
/// end, which its bounds keep near, and holds its places until then.
async fn audited(uploaded: Uploaded, place: Permit, time: Duration) -> Result<Audit, Problem> {
    let work = move || {
        let Uploaded {
            options,
            by_row,
            permit,
            ..
        } = uploaded;
        let found = run(&options).map_err(|error| refused(&error, by_row));
        drop((permit, place));
        found
    };
    match tokio::time::timeout(time, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(found)) => found,
        Ok(Err(_)) => Err(Problem::internal()),
        Err(_) => {
            let detail = format!("the audit took more than {} seconds", time.as_secs_f64());
            Err(Problem::new(Code::TookTooLong, detail)
                .hint("send fewer rows or fewer `resamples`; `opine audit` has no such bound")
                .retry_after(Duration::from_secs(1)))
        }
    }
}
