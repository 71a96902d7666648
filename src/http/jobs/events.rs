//! `GET /v1/jobs/{id}/events`: how far a job is, as server-sent events.

use std::time::Duration;

use actix_web::http::{Method, header};
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures::stream;
use tokio::sync::watch;

use super::found;
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::http::service::Service;
use crate::jobs::{JobJson, Jobs};
use crate::store::{JobRow, JobState};

/// No two events are nearer than this.
const PAUSE: Duration = Duration::from_millis(250);

/// A line without meaning, so that nobody on the way takes the silence for an end.
const BEAT: Duration = Duration::from_secs(15);

/// What a reader has seen, and what it waits for.
struct Watching {
    jobs: Jobs,
    caller: String,
    id: String,
    seen: Option<i64>,
    changes: watch::Receiver<u64>,
    parked: watch::Receiver<bool>,
    is_over: bool,
}

/// An event for each change, at most four in a second; the last one says that the job is at rest. The id of an event
/// is the revision of the job: a reader that comes back with `Last-Event-ID` hears of what it has not seen.
pub(in crate::http) async fn events(
    request: HttpRequest,
    caller: Caller,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let (jobs, row) = found(&request, &service, &caller).await?;
    let seen = request.headers().get("last-event-id");
    let watching = Watching {
        jobs: jobs.clone(),
        caller: row.caller,
        id: row.id,
        seen: seen
            .and_then(|id| id.to_str().ok())
            .and_then(|id| id.parse().ok()),
        changes: jobs.changes(),
        parked: jobs.parked(),
        is_over: request.method() == Method::HEAD,
    };
    let events = stream::unfold(watching, next);
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(events))
}

async fn next(mut watching: Watching) -> Option<(Result<Bytes, std::io::Error>, Watching)> {
    loop {
        if watching.is_over || *watching.parked.borrow() {
            return None;
        }
        watching.changes.borrow_and_update();
        // A job that is gone, or a store that fails, ends the stream; the reader comes back and is told so.
        let row = watching.jobs.find(&watching.caller, &watching.id).await;
        let row = row.ok().flatten()?;
        if watching.seen != Some(row.revision) {
            watching.seen = Some(row.revision);
            watching.is_over = is_at_rest(row.state);
            let event = event(&row, watching.jobs.is_full());
            return Some((Ok(event), watching));
        }
        if is_at_rest(row.state) {
            return None;
        }
        tokio::select! {
            changed = watching.changes.changed() => {
                if changed.is_err() {
                    return None;
                }
                tokio::time::sleep(PAUSE).await;
            }
            _ = watching.parked.changed() => {}
            () = tokio::time::sleep(BEAT) => {
                return Some((Ok(Bytes::from_static(b": still here\n\n")), watching));
            }
        }
    }
}

fn is_at_rest(state: JobState) -> bool {
    match state {
        JobState::Queued | JobState::Running => false,
        JobState::Paused | JobState::Cancelled | JobState::Finished => true,
    }
}

fn event(row: &JobRow, is_full: bool) -> Bytes {
    let data = serde_json::to_string(&JobJson::new(row, is_full));
    let data = data.expect("a job is always JSON");
    Bytes::from(format!(
        "id: {}\nevent: {}\ndata: {data}\n\n",
        row.revision,
        row.state.name()
    ))
}
