//! What every request passes through: its id, its log line, and a net below everything.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError, web};
use futures::FutureExt;
use tracing::{Instrument, Span, field};

use super::access::tell_limits;
use super::caller::Caller;
use super::connection::{Held, Watch};
use super::problem::Problem;
use super::service::Service;
use crate::engine::Clock;
use crate::metrics::Metrics;

/// The header that names a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps every request. Its line in the log has no content, no query and no address: id, caller, judge, route, status,
/// time. Everything that is logged on its way stands in the same span.
pub(super) async fn envelope(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let started = Clock.now();
    let given = request.headers().get(&REQUEST_ID);
    let service = request
        .app_data::<web::Data<Service>>()
        .expect("the application holds the service")
        .clone();
    let request_id = service
        .request_ids
        .name(given.and_then(|id| id.to_str().ok()));
    let method = request.method().clone();
    let span = span(&request, &request_id);
    let in_work = request.conn_data::<Rc<Watch>>().map(Watch::begin);
    let _in_flight = service.metrics.entered(stated_bytes(&request));
    let called = next.call(request).instrument(span.clone());
    let outcome = AssertUnwindSafe(called).catch_unwind().await;
    let line = |route: Option<String>, status: StatusCode| {
        let entry = Entry {
            method: &method,
            route: route.as_deref().unwrap_or("-"),
            status,
            time: started.elapsed(),
        };
        entry.note(&span, &service.metrics);
    };
    match outcome {
        Ok(Ok(response)) => {
            let caller = Caller::of(response.request());
            span.record("caller", caller.name());
            let mut response = span.in_scope(|| seal(response, &request_id, &service.metrics));
            tell_limits(&mut response);
            if service.is_draining() {
                // Whoever keeps connections open goes elsewhere with the next request, and loses none.
                let head = response.response_mut().head_mut();
                head.set_connection_type(ConnectionType::Close);
            }
            line(response.request().match_pattern(), response.status());
            Ok(match in_work {
                Some(in_work) => response.map_body(|_, body| Held::new(body, in_work).boxed()),
                None => response,
            })
        }
        Ok(Err(error)) => {
            span.in_scope(|| tracing::error!(%error, "a request ended in an unforeseen error"));
            line(None, StatusCode::INTERNAL_SERVER_ERROR);
            Err(Unforeseen { request_id }.into())
        }
        // The panic hook has said where; the worker lives on.
        Err(_) => {
            span.in_scope(|| tracing::error!("a request ended in a panic"));
            line(None, StatusCode::INTERNAL_SERVER_ERROR);
            Err(Unforeseen { request_id }.into())
        }
    }
}

/// The span of a request. What is known only later is filled in then.
fn span(request: &ServiceRequest, request_id: &str) -> Span {
    let span = tracing::info_span!(
        "request",
        request_id,
        caller = field::Empty,
        judge = field::Empty,
        traceparent = field::Empty,
    );
    let traceparent = request.headers().get("traceparent");
    if let Some(parent) = traceparent.and_then(|given| given.to_str().ok())
        && is_traceparent(parent)
    {
        span.record("traceparent", parent);
    }
    span
}

/// Whether a header is what the W3C's trace context says: a version, two ids that are not 0, and flags.
fn is_traceparent(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let hexadecimal = |part: &str, length: usize| {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        part.len() == length && part.bytes().all(digit)
    };
    let is_id = |part: &str, length| hexadecimal(part, length) && part.bytes().any(|b| b != b'0');
    match parts.as_slice() {
        ["00", trace, span, flags] => is_id(trace, 32) && is_id(span, 16) && hexadecimal(flags, 2),
        _ => false,
    }
}

fn stated_bytes(request: &ServiceRequest) -> u64 {
    let stated = request.headers().get(header::CONTENT_LENGTH);
    let stated = stated.and_then(|bytes| bytes.to_str().ok()?.parse().ok());
    stated.unwrap_or(0)
}

/// Gives the response its id; a fault is answered anew as a problem that names the request.
fn seal(
    response: ServiceResponse<BoxBody>,
    request_id: &str,
    metrics: &Metrics,
) -> ServiceResponse<BoxBody> {
    let (request, response) = response.into_parts();
    let response = match response.error() {
        None => response,
        Some(error) => match error.as_error::<Problem>() {
            Some(problem) => {
                metrics.refused(problem.code().name());
                tracing::debug!(code = problem.code().name(), %problem, "refused");
                problem.respond(request_id)
            }
            None => {
                tracing::error!(%error, "a handler ended in an unforeseen error");
                Problem::internal().respond(request_id)
            }
        },
    };
    ServiceResponse::new(request, named(response, request_id))
}

fn named(mut response: HttpResponse, request_id: &str) -> HttpResponse {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// What is noted of a request when it ends.
struct Entry<'a> {
    method: &'a Method,
    /// One of the table, or `-`.
    route: &'a str,
    status: StatusCode,
    time: Duration,
}

impl Entry<'_> {
    fn note(&self, span: &Span, metrics: &Metrics) {
        let method = known(self.method);
        let status = self.status.as_u16();
        metrics.responded(self.route, method, status, self.time);
        let milliseconds = self.time.as_secs_f64() * 1e3;
        span.in_scope(|| {
            tracing::info!(
                method,
                route = self.route,
                status,
                milliseconds = format_args!("{milliseconds:.1}"),
                "request"
            );
        });
    }
}

/// A method by its name, of those that there are: whatever else is sent is one of a kind.
fn known(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    let mut names = KNOWN.into_iter();
    names
        .find(|name| *name == method.as_str())
        .unwrap_or("other")
}

/// A request that ended in a way nobody foresaw. Nothing of it is told but its id.
#[derive(Debug)]
struct Unforeseen {
    request_id: String,
}

impl fmt::Display for Unforeseen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("unforeseen")
    }
}

impl ResponseError for Unforeseen {
    fn error_response(&self) -> HttpResponse {
        named(
            Problem::internal().respond(&self.request_id),
            &self.request_id,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::is_traceparent;

    /// The examples of the W3C's Trace Context, section 3.2, and what it calls invalid.
    #[test]
    fn a_traceparent_is_taken_as_the_w3c_says() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let span = "00f067aa0ba902b7";
        let zeros = "0".repeat(32);
        for (text, holds) in [
            (format!("00-{trace}-{span}-01"), true),
            (format!("00-{trace}-{span}-00"), true),
            (format!("01-{trace}-{span}-01"), false),
            (format!("00-{zeros}-{span}-01"), false),
            (format!("00-{trace}-0000000000000000-01"), false),
            (format!("00-{}-{span}-01", trace.to_uppercase()), false),
            (format!("00-{trace}-{span}-01-x"), false),
            (format!("00-{trace}-{span}"), false),
            ("secret words".to_owned(), false),
        ] {
            assert_eq!(is_traceparent(&text), holds, "{text}");
        }
    }
}
