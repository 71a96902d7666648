//! Reads `multipart/form-data` part by part.

use std::borrow::Cow;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use futures::TryStreamExt;

use super::trail::unknown_field;
use super::{Body, unreadable};
use crate::http::problem::{Code, Problem};
use crate::http::service::Bounds;

/// A form that is being read.
pub(in crate::http) struct Form {
    parts: Multipart,
    bounds: Bounds,
    known: Cow<'static, [&'static str]>,
}

/// One part that has been read.
#[derive(Debug)]
pub(in crate::http) struct Part {
    /// One of the known names.
    pub(in crate::http) name: String,
    /// Name of the file, where there is one.
    pub(in crate::http) file_name: Option<String>,
    /// The content.
    pub(in crate::http) bytes: Vec<u8>,
}

impl Form {
    /// A form whose parts have these names.
    pub(in crate::http) fn open(
        request: &HttpRequest,
        body: Body,
        known: impl Into<Cow<'static, [&'static str]>>,
    ) -> Self {
        let bounds = body.bounds;
        Form {
            parts: Multipart::new(request.headers(), body.chunks()),
            bounds,
            known: known.into(),
        }
    }

    /// The next part; its name is known before its content is read.
    pub(in crate::http) async fn next(&mut self) -> Result<Option<Part>, Problem> {
        let bounds = self.bounds;
        let fault = |error: MultipartError| malformed(&error, bounds);
        let Some(mut field) = self.parts.try_next().await.map_err(fault)? else {
            return Ok(None);
        };
        let name = field.name().unwrap_or_default().to_owned();
        if !self.known.contains(&name.as_str()) {
            return Err(unknown_field(&name, &self.known));
        }
        let file_name = file_name(&field);
        let mut bytes = Vec::new();
        while let Some(chunk) = field.try_next().await.map_err(fault)? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(Some(Part {
            name,
            file_name,
            bytes,
        }))
    }
}

fn file_name(field: &Field) -> Option<String> {
    let name = field.content_disposition()?.get_filename()?;
    (!name.is_empty()).then(|| name.to_owned())
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enum is open, and the rest are faults of form that need no name of their own"
)]
pub(in crate::http) fn malformed(error: &MultipartError, bounds: Bounds) -> Problem {
    let detail = match error {
        // The parser's own buffer holds 64 KiB, and only the headers of a part can fill it.
        MultipartError::Payload(PayloadError::Overflow) => "the headers of a part are too long",
        MultipartError::Payload(error) => return unreadable(error, bounds),
        MultipartError::BoundaryMissing => "`Content-Type` has no `boundary`",
        MultipartError::ContentDispositionMissing => "a part has no `Content-Disposition`",
        MultipartError::ContentDispositionNameMissing => "a part has no name",
        MultipartError::Incomplete => "the form ends in the middle of a part",
        MultipartError::Nested => "a part is a form itself",
        _ => "a part cannot be read",
    };
    Problem::new(Code::MalformedMultipart, detail)
        .hint("`curl -F image=@FILE` makes a form that works")
}
