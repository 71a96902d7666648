//! Bodies: bounded in bytes and in time before anything is read from them.

mod form;
mod json;
mod trail;

use std::io::ErrorKind;

use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, web};
use futures::stream::{self, Stream, StreamExt, TryStreamExt};

use super::problem::{Code, Problem};
use super::service::Bounds;
use crate::engine::Clock;

pub(super) use form::{Form, malformed};
pub(super) use json::{Object, Reader, Scalar, read_object};
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
pub(super) struct Body {
    payload: Payload,
    bounds: Bounds,
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
    /// A body within bounds; one that states too many bytes is refused without reading any.
    pub(super) fn open(
        request: &HttpRequest,
        payload: Payload,
        bounds: Bounds,
    ) -> Result<Self, Problem> {
        let stated = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse::<u64>().ok());
        if stated.is_some_and(|bytes| usize::try_from(bytes).is_ok_and(|b| b <= bounds.body_bytes))
            || stated.is_none()
        {
            Ok(Body { payload, bounds })
        } else {
            Err(too_large(bounds))
        }
    }

    /// All of it.
    pub(super) async fn collect(self) -> Result<Vec<u8>, Problem> {
        let bounds = self.bounds;
        let mut bytes = Vec::new();
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
        let Body { payload, bounds } = self;
        let deadline = Clock.now() + bounds.body_time;
        stream::try_unfold((payload, 0), move |(mut payload, read)| async move {
            let next = tokio::time::timeout_at(deadline, payload.try_next()).await;
            let chunk: Bytes = match next {
                Err(_) => return Err(PayloadError::Io(ErrorKind::TimedOut.into())),
                Ok(Err(error)) => return Err(error),
                Ok(Ok(None)) => return Ok(None),
                Ok(Ok(Some(chunk))) => chunk,
            };
            let read = read + chunk.len();
            if read > bounds.body_bytes {
                return Err(PayloadError::Io(ErrorKind::FileTooLarge.into()));
            }
            Ok(Some((chunk, (payload, read))))
        })
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
    let kind = if let PayloadError::Io(error) = error {
        Some(error.kind())
    } else {
        None
    };
    if kind == Some(ErrorKind::FileTooLarge) {
        too_large(bounds)
    } else if kind == Some(ErrorKind::TimedOut) {
        let seconds = bounds.body_time.as_secs_f64();
        Problem::new(
            Code::BodyTimeout,
            format!("the body did not arrive within {seconds} seconds"),
        )
        .hint("send fewer images at once, or smaller ones")
    } else {
        Problem::new(
            Code::UnreadableBody,
            "the body broke off, or was not sent as its headers say",
        )
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
