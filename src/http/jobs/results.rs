//! `GET /v1/jobs/{id}/results`: one line for each item that has its result, in the order of the items.

use actix_web::http::Method;
use actix_web::web::{self, Bytes};
use actix_web::{HttpRequest, HttpResponse};
use futures::stream;

use super::found;
use super::shown::{query, whole};
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::http::service::Service;
use crate::jobs::{FROM_THE_START, Jobs};
use crate::store::StoreError;

/// The media type of lines of JSON.
pub(super) const JSON_LINES: &str = "application/jsonl";

/// Results that are read from the store at once, and about how many bytes of them.
const PIECE: usize = 512;
const PIECE_BYTES: usize = 256 << 10;

/// Where the reading is.
struct Reading {
    jobs: Jobs,
    job: i64,
    after: i64,
    left: usize,
}

/// All that are there after the item `after`, and none twice: while the job goes on, they end before the first item
/// that waits, so that whoever reads on from the last line misses none.
pub(in crate::http) async fn results(
    request: HttpRequest,
    caller: Caller,
    service: web::Data<Service>,
) -> Result<HttpResponse, Problem> {
    let (jobs, row) = found(&request, &service, &caller).await?;
    let mut reading = Reading {
        jobs: jobs.clone(),
        job: row.number,
        after: FROM_THE_START,
        left: usize::MAX,
    };
    for (name, value) in query(&request, &["after", "limit"])? {
        let number = whole(&name, &value)?;
        match name.as_str() {
            "after" => reading.after = number,
            _ => reading.left = usize::try_from(number).unwrap_or(usize::MAX),
        }
    }
    // The first piece is read before the status is sent, so that a store that fails is a problem and not half a reply.
    let first = if request.method() == Method::HEAD {
        None
    } else {
        piece(reading).await?
    };
    let pieces = stream::unfold(first, |next| async move {
        let (bytes, reading) = next?;
        let Some(reading) = reading else {
            return Some((Ok(bytes), None));
        };
        match piece(reading).await {
            Ok(next) => Some((Ok(bytes), next)),
            Err(error) => {
                tracing::error!(%error, "results cannot be read");
                Some((Err(std::io::Error::other("results cannot be read")), None))
            }
        }
    });
    Ok(HttpResponse::Ok()
        .content_type(JSON_LINES)
        .streaming(pieces))
}

/// The next lines, and where to read on; nothing at the end.
async fn piece(mut reading: Reading) -> Result<Option<(Bytes, Option<Reading>)>, StoreError> {
    let most = reading.left.min(PIECE);
    if most == 0 {
        return Ok(None);
    }
    let page = reading
        .jobs
        .results(reading.job, reading.after, most, PIECE_BYTES);
    let page = page.await?;
    let Some(last) = page.rows.last() else {
        return Ok(None);
    };
    reading.after = last.item;
    reading.left -= page.rows.len();
    let mut lines = String::new();
    for row in page.rows {
        lines.push_str(&row.content);
        lines.push('\n');
    }
    let next = (page.more && reading.left > 0).then_some(reading);
    Ok(Some((Bytes::from(lines), next)))
}
