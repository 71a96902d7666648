//! What every request passes through: its id, its log line, and a net below everything.

use std::fmt;
use std::panic::AssertUnwindSafe;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError, web};
use futures::FutureExt;

use super::caller::Caller;
use super::problem::Problem;
use super::service::Service;
use crate::engine::Clock;

/// The header that names a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Wraps every request. The log line has no content, no query and no address: route, status and time.
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
    let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    let milliseconds = started.elapsed().as_secs_f64() * 1e3;
    let line = |route: Option<String>, status: StatusCode| {
        log(&request_id, &method, route.as_deref(), status, milliseconds);
    };
    match outcome {
        Ok(Ok(response)) => {
            let mut response = seal(response, &request_id);
            if service.is_draining() {
                // Whoever keeps connections open goes elsewhere with the next request, and loses none.
                let head = response.response_mut().head_mut();
                head.set_connection_type(ConnectionType::Close);
            }
            let caller = Caller::of(response.request());
            tracing::debug!(request_id, caller = caller.name(), "asked by");
            line(response.request().match_pattern(), response.status());
            Ok(response)
        }
        Ok(Err(error)) => {
            tracing::error!(request_id, %error, "a request ended in an unforeseen error");
            line(None, StatusCode::INTERNAL_SERVER_ERROR);
            Err(Unforeseen { request_id }.into())
        }
        // The panic hook has said where; the worker lives on.
        Err(_) => {
            tracing::error!(request_id, "a request ended in a panic");
            line(None, StatusCode::INTERNAL_SERVER_ERROR);
            Err(Unforeseen { request_id }.into())
        }
    }
}

/// Gives the response its id; a fault is answered anew as a problem that names the request.
fn seal(response: ServiceResponse<BoxBody>, request_id: &str) -> ServiceResponse<BoxBody> {
    let (request, response) = response.into_parts();
    let response = match response.error() {
        None => response,
        Some(error) => match error.as_error::<Problem>() {
            Some(problem) => {
                tracing::debug!(request_id, code = problem.code().name(), %problem, "refused");
                problem.respond(request_id)
            }
            None => {
                tracing::error!(request_id, %error, "a handler ended in an unforeseen error");
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

fn log(
    request_id: &str,
    method: &Method,
    route: Option<&str>,
    status: StatusCode,
    milliseconds: f64,
) {
    tracing::info!(
        request_id,
        method = method.as_str(),
        route = route.unwrap_or("-"),
        status = status.as_u16(),
        milliseconds = format_args!("{milliseconds:.1}"),
        "request"
    );
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
