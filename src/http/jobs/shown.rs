//! Jobs as they are, and what may be done with one.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::{found, unknown};
use crate::http::caller::Caller;
use crate::http::problem::{Code, Problem};
use crate::http::service::Service;
use crate::jobs::{JobJson, Jobs};
use crate::store::{JobRow, JobState};

/// Jobs of one page.
const PAGE: usize = 100;

#[derive(Debug, Serialize)]
struct JobsJson {
    jobs: Vec<JobJson>,
    /// What to give as `before` for the next page; `null` on the last one.
    next: Option<String>,
}

#[derive(Debug, Serialize)]
struct DeletedJson {
    id: String,
    deleted: bool,
}

/// `GET /v1/jobs`: the caller's, the latest first.
pub(in crate::http) async fn list(
    request: HttpRequest,
    caller: Caller,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let jobs = service.lasting.jobs()?;
    let before = match query(&request, &["before"])?.pop() {
        None => None,
        Some((_, id)) => {
            let row = jobs.find(caller.name(), &id).await?.ok_or_else(unknown)?;
            Some(row.number)
        }
    };
    let rows = jobs.list(caller.name(), before, PAGE + 1).await?;
    let is_full = jobs.is_full();
    let next = rows.get(PAGE).and_then(|_| rows.get(PAGE - 1));
    Ok(HttpResponse::Ok().json(JobsJson {
        next: next.map(|row| row.id.clone()),
        jobs: rows
            .iter()
            .take(PAGE)
            .map(|row| JobJson::new(row, is_full))
            .collect(),
    }))
}

/// `GET /v1/jobs/{id}`.
pub(in crate::http) async fn show(
    request: HttpRequest,
    caller: Caller,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let (jobs, row) = found(&request, &service, &caller).await?;
    Ok(shown(jobs, &row))
}

/// `POST /v1/jobs/{id}/cancel`.
pub(in crate::http) async fn cancel(
    request: HttpRequest,
    caller: Caller,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let (jobs, row) = found(&request, &service, &caller).await?;
    changed(jobs, jobs.cancel(row.number).await?)
}

/// `POST /v1/jobs/{id}/resume`.
pub(in crate::http) async fn resume(
    request: HttpRequest,
    caller: Caller,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let (jobs, row) = found(&request, &service, &caller).await?;
    changed(jobs, jobs.resume(row.number).await?)
}

/// `DELETE /v1/jobs/{id}`: the job with its results.
pub(in crate::http) async fn delete(
    request: HttpRequest,
    caller: Caller,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let (jobs, row) = found(&request, &service, &caller).await?;
    jobs.forget(row.number).await?;
    Ok(HttpResponse::Ok().json(DeletedJson {
        id: row.id,
        deleted: true,
    }))
}

fn changed(jobs: &Jobs, row: Option<JobRow>) -> Result<HttpResponse, Problem> {
    let row = row.ok_or_else(unknown)?;
    if row.state == JobState::Finished {
        let detail = "every item of the job has its result";
        return Err(
            Problem::new(Code::JobFinished, detail).hint("GET its results, or send a new job")
        );
    }
    Ok(shown(jobs, &row))
}

fn shown(jobs: &Jobs, row: &JobRow) -> HttpResponse {
    HttpResponse::Ok().json(JobJson::new(row, jobs.is_full()))
}

/// The settings in the address, each of a known name and given once.
pub(in crate::http) fn query(
    request: &HttpRequest,
    known: &[&str],
) -> Result<Vec<(String, String)>, Problem> {
    let pairs = url::form_urlencoded::parse(request.query_string().as_bytes());
    let mut found: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs {
        let is_text = known.contains(&"texts.*") && name.starts_with("texts.");
        if !is_text && !known.contains(&&*name) {
            return Err(crate::http::body::unknown_field(&name, known));
        }
        if found.iter().any(|(other, _)| *other == *name) {
            return Err(crate::http::body::duplicate_field(&name));
        }
        found.push((name.into_owned(), value.into_owned()));
    }
    Ok(found)
}

/// A whole number in the address.
pub(in crate::http) fn whole(name: &str, text: &str) -> Result<i64, Problem> {
    let number: Option<i64> = text.parse().ok().filter(|number| *number >= 0);
    number.ok_or_else(|| {
        let detail = format!("`{name}` must be a whole number, 0 or above");
        Problem::new(Code::InvalidValue, detail)
    })
}
