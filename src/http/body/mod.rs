//! Bodies: bounded in bytes and in time before anything is read from them.

mod arriving;
mod document;
mod form;
mod json;
mod rows;
mod scalar;
mod structure;
mod trail;

use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, web};
use futures::stream::{self, Stream, StreamExt};

use super::problem::{Code, Problem};
use super::service::{Bounds, Service};
use crate::engine::Permit;
use arriving::{Arriving, BodyFault};

pub(super) use form::{Form, malformed};
pub(super) use json::{Object, Reader, read_object};
pub(super) use rows::Rows;
pub(super) use scalar::Scalar;
pub(super) use structure::{MOST_LISTED, Structure, read_structure};
pub(super) use trail::{duplicate_field, unknown_field};

/// The media types that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`.
    Json,
    /// `multipart/form-data`.
    Form,
}

/// A body that has not been read yet.
///
/// It holds a place and the bytes that it says it has, or a first part of them where it does not say.
pub(super) struct Body {
    payload: Payload,
    bounds: Bounds,
    stated_bytes: Option<u64>,
    permit: Permit,
    /// Whether its pieces are worked on as they come, and none is kept.
    is_streamed: bool,
}

impl MediaType {
    /// The media type that the headers state.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let refused = |detail: &str| {
            Err(Problem::new(Code::UnsupportedMediaType, detail)
                .hint("send `application/json` or `multipart/form-data`, not compressed"))
        };
        if let Some(coding) = headers.get(header::CONTENT_ENCODING)
            && !coding.as_bytes().eq_ignore_ascii_case(b"identity")
        {
            return refused("the body is compressed (`Content-Encoding`)");
        }
        let stated = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let Some(stated) = stated else {
            return refused("`Content-Type` does not say what the body is");
        };
        let essence = stated.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("application/json") {
            Ok(MediaType::Json)
        } else if essence.eq_ignore_ascii_case("multipart/form-data") {
            Ok(MediaType::Form)
        } else {
            refused("`Content-Type` is neither JSON nor a form")
        }
    }
}

impl Body {
    /// A body within bounds that is let in; one that states too many bytes, or for which there is no room, is
    /// refused without reading any.
    pub(super) fn open(
        request: &HttpRequest,
        payload: Payload,
        bounds: Bounds,
    ) -> Result<Self, Problem> {
        let stated = stated_bytes(request, bounds)?;
        let service = request.app_data::<web::Data<Service>>();
        let admission = &service
            .expect("the application holds the service")
            .admission;
        Ok(Body {
            payload,
            bounds,
            stated_bytes: stated,
            permit: admission.enter(stated)?,
            is_streamed: false,
        })
    }

    /// A body within bounds that is worked on piece by piece: whatever its length, it costs no memory, and it keeps
    /// the place that it has until its end.
    pub(super) fn streamed(
        request: &HttpRequest,
        payload: Payload,
        bounds: Bounds,
        permit: Permit,
    ) -> Result<Self, Problem> {
        Ok(Body {
            payload,
            bounds,
            stated_bytes: stated_bytes(request, bounds)?,
            permit,
            is_streamed: true,
        })
    }

    /// The place and the bytes that it holds, for whoever works on it.
    pub(super) fn permit(&self) -> Permit {
        self.permit.clone()
    }

    /// All of it.
    pub(super) async fn collect(self) -> Result<Vec<u8>, Problem> {
        let bounds = self.bounds;
        let stated = self.stated_bytes.and_then(|bytes| bytes.try_into().ok());
        // Pages that never come stay untouched, and so cost nothing.
        let mut bytes = Vec::with_capacity(stated.unwrap_or(0));
        let mut chunks = std::pin::pin!(self.chunks());
        while let Some(chunk) = chunks.next().await {
            bytes.extend_from_slice(&chunk.map_err(|error| unreadable(&error, bounds))?);
        }
        Ok(bytes)
    }

    /// Its pieces, up to the first fault.
    pub(super) fn checked_chunks(self) -> impl Stream<Item = Result<Bytes, Problem>> {
        let bounds = self.bounds;
        self.chunks()
            .map(move |chunk| chunk.map_err(|error| unreadable(&error, bounds)))
    }

    /// Its pieces, up to the first that breaks a bound.
    pub(super) fn chunks(self) -> impl Stream<Item = Result<Bytes, PayloadError>> {
        stream::try_unfold(Arriving::new(self), |mut arriving| async move {
            let chunk = arriving.next().await?;
            Ok(chunk.map(|chunk| (chunk, arriving)))
        })
    }
}

/// The length that a body states, where it does, and where that is allowed.
fn stated_bytes(request: &HttpRequest, bounds: Bounds) -> Result<Option<u64>, Problem> {
    let stated = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<u64>().ok());
    let fits = |bytes| usize::try_from(bytes).is_ok_and(|bytes| bytes <= bounds.body_bytes);
    if stated.is_none_or(fits) {
        Ok(stated)
    } else {
        Err(too_large(bounds))
    }
}

fn too_large(bounds: Bounds) -> Problem {
    let most = bounds.body_bytes;
    Problem::new(
        Code::BodyTooLarge,
        format!("the body has more than {most} bytes"),
    )
    .hint("send fewer images at once, or smaller ones")
}

fn unreadable(error: &PayloadError, bounds: Bounds) -> Problem {
    match BodyFault::of(error) {
        Some(BodyFault::TooLarge) => too_large(bounds),
        Some(BodyFault::TooLate) => {
            let seconds = bounds.body_time.as_secs_f64();
            let detail = format!("the body did not arrive within {seconds} seconds");
            Problem::new(Code::BodyTimeout, detail)
                .hint("send fewer images at once, or smaller ones")
        }
        Some(BodyFault::TooSlow) => {
            let (rate, seconds) = (bounds.body_rate, bounds.body_grace.as_secs());
            let detail = format!(
                "the body paused: over {seconds} seconds it came with fewer than {rate} bytes per second"
            );
            Problem::new(Code::BodyTimeout, detail).hint("send the body without pauses")
        }
        Some(BodyFault::Overloaded(overloaded)) => Problem::from(overloaded),
        None => Problem::new(
            Code::UnreadableBody,
            "the body broke off, or was not sent as its headers say",
        ),
    }
}

/// Bodies up to this size are worked on where they are; it takes well under a millisecond.
const SMALL: usize = 32 << 10;

/// Does work on a body of `bytes` bytes, away from the threads that serve connections if it is large.
pub(super) async fn offload<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    if bytes <= SMALL {
        return work();
    }
    web::block(work)
        .await
        .unwrap_or_else(|_| Err(Problem::internal()))
}
