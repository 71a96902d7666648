//! The routes of jobs. Another caller's job is as unknown as one that never was.

mod columns;
mod events;
mod lines;
mod manifest;
mod records;
mod results;
mod shown;
mod submit;
#[cfg(test)]
mod tests;

pub(super) use events::events;
pub(super) use results::results;
pub(super) use shown::{cancel, delete, list, query, resume, show, whole};
pub(super) use submit::submit;

use actix_web::HttpRequest;
use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, web};

use super::caller::Caller;
use super::problem::{Code, Problem};
use super::service::Service;
use crate::jobs::Jobs;
use crate::store::JobRow;

/// The job that the path names, if it is this caller's.
async fn found<'a>(
    request: &HttpRequest,
    service: &'a Service,
    caller: &Caller,
) -> Result<(&'a Jobs, JobRow), Problem> {
    let jobs = service.lasting.jobs()?;
    let id = request.match_info().query("id");
    let row = jobs.find(caller.name(), id).await?;
    row.map(|row| (jobs, row)).ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::new(Code::UnknownJob, "there is no such job").hint("GET /v1/jobs lists yours")
}

/// Counts the requests for whose answer somebody waits: jobs leave them room.
pub(super) async fn make_room(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let asks = request.method() == Method::POST && !request.path().starts_with("/v1/jobs");
    let service = request.app_data::<web::Data<Service>>();
    let _visit = service
        .filter(|_| asks)
        .map(|service| service.lasting.interactive.enter());
    next.call(request).await
}
