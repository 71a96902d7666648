//! What can be wrong with a request as a whole, and what is answered then (RFC 9457).
//!
//! The core names its faults without knowing HTTP; here is the one table that gives each a status.
//! A problem says what happened, where, and what would have worked. It never repeats what was sent
//! beyond a short name, and nothing of the inside of the service leaves with it.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::{Deserialize, Serialize};

use super::access::whole;
use crate::engine::{BindError, Overloaded};
use crate::jobs::{BadLine, SettingFault};
use crate::store::StoreError;

/// The media type of a problem.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// Every kind of fault that a request as a whole can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The body is not JSON.
    MalformedJson,
    /// The body is not a form as its media type says.
    MalformedMultipart,
    /// The body broke off or was not sent as its headers say.
    UnreadableBody,
    /// A field that is not known.
    UnknownField,
    /// A field that stands there twice.
    DuplicateField,
    /// A value of another kind than the field has.
    WrongType,
    /// A field that has to be there.
    MissingField,
    /// A value that the field cannot have.
    InvalidValue,
    /// No image at all.
    MissingImages,
    /// More images than one request may have.
    TooManyImages,
    /// The judge does something else than what is asked of it here.
    WrongProtocol,
    /// No calibration map was fitted for this very judge.
    NoCalibration,
    /// No key where one is needed.
    MissingKey,
    /// A key that is not known.
    WrongKey,
    /// A key that may not be used for this.
    Forbidden,
    /// A service without keys that was called by another machine's name.
    ForeignHost,
    /// A service without keys that a page of another site asks.
    ForeignOrigin,
    /// More requests of a key than it may send in a short time.
    RateLimited,
    /// More requests of a key than it may send in a day.
    QuotaSpent,
    /// More wrong keys of an address than are listened to.
    TooManyWrongKeys,
    /// A line of a manifest that cannot be an item.
    BadManifest,
    /// More items than one manifest may have.
    TooManyItems,
    /// The `Idempotency-Key` was sent before, with another request.
    IdempotencyKeyReused,
    /// No judge of that name.
    UnknownJudge,
    /// No backend of that name.
    UnknownBackend,
    /// No calibration map of that name.
    UnknownCalibration,
    /// No job of that name that is the caller's.
    UnknownJob,
    /// The service keeps no jobs.
    JobsOff,
    /// The service keeps no labels.
    LabelsOff,
    /// Nothing is served at that path.
    NotFound,
    /// The path does not have that method.
    MethodNotAllowed,
    /// Cards or maps on disk are wrong, and those in use stay.
    ReloadRefused,
    /// The body did not arrive in time.
    BodyTimeout,
    /// The job is finished and cannot be changed.
    JobFinished,
    /// The first request with this `Idempotency-Key` is being answered.
    IdempotencyInFlight,
    /// The body has more bytes than allowed.
    BodyTooLarge,
    /// The body is in a form that is not read here.
    UnsupportedMediaType,
    /// Too many requests are in work.
    Overloaded,
    /// A fault of ours.
    InternalError,
    /// The judge is known and cannot be asked now.
    JudgeUnavailable,
    /// What was asked for took more time than a request may.
    TookTooLong,
    /// There is no space left for data.
    StorageFull,
}

impl Code {
    /// All codes.
    pub const ALL: [Code; 42] = [
        Code::MalformedJson,
        Code::MalformedMultipart,
        Code::UnreadableBody,
        Code::UnknownField,
        Code::DuplicateField,
        Code::WrongType,
        Code::MissingField,
        Code::InvalidValue,
        Code::MissingImages,
        Code::TooManyImages,
        Code::WrongProtocol,
        Code::NoCalibration,
        Code::MissingKey,
        Code::WrongKey,
        Code::Forbidden,
        Code::ForeignHost,
        Code::ForeignOrigin,
        Code::RateLimited,
        Code::QuotaSpent,
        Code::TooManyWrongKeys,
        Code::BadManifest,
        Code::TooManyItems,
        Code::IdempotencyKeyReused,
        Code::UnknownJudge,
        Code::UnknownBackend,
        Code::UnknownCalibration,
        Code::UnknownJob,
        Code::JobsOff,
        Code::LabelsOff,
        Code::NotFound,
        Code::MethodNotAllowed,
        Code::BodyTimeout,
        Code::ReloadRefused,
        Code::JobFinished,
        Code::IdempotencyInFlight,
        Code::BodyTooLarge,
        Code::UnsupportedMediaType,
        Code::Overloaded,
        Code::InternalError,
        Code::JudgeUnavailable,
        Code::TookTooLong,
        Code::StorageFull,
    ];

    /// The table: stable name, status and title of each code.
    const fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Code::MalformedJson => ("malformed_json", 400, "The body is not JSON"),
            Code::MalformedMultipart => ("malformed_multipart", 400, "The body is not a form"),
            Code::UnreadableBody => ("unreadable_body", 400, "The body cannot be read"),
            Code::UnknownField => ("unknown_field", 422, "A field is not known"),
            Code::DuplicateField => ("duplicate_field", 422, "A field is given twice"),
            Code::WrongType => ("wrong_type", 422, "A value is of the wrong type"),
            Code::MissingField => ("missing_field", 422, "A field is missing"),
            Code::InvalidValue => ("invalid_value", 422, "A value is not allowed"),
            Code::MissingImages => ("missing_images", 422, "There is no image"),
            Code::TooManyImages => ("too_many_images", 422, "There are too many images"),
            Code::WrongProtocol => ("wrong_protocol", 422, "The judge does something else"),
            Code::NoCalibration => ("no_calibration", 422, "No calibration map fits"),
            Code::MissingKey => ("missing_key", 401, "A key is needed"),
            Code::WrongKey => ("wrong_key", 401, "The key is not known"),
            Code::Forbidden => ("forbidden", 403, "The key may not be used for this"),
            Code::ForeignHost => ("foreign_host", 403, "The service has another name"),
            Code::ForeignOrigin => ("foreign_origin", 403, "Another site's page asks"),
            Code::RateLimited => ("rate_limited", 429, "The key sends too many requests"),
            Code::QuotaSpent => ("quota_spent", 429, "The key has used up its day"),
            Code::TooManyWrongKeys => ("too_many_wrong_keys", 429, "Too many wrong keys came"),
            Code::BadManifest => ("bad_manifest", 422, "A line of the manifest is wrong"),
            Code::TooManyItems => ("too_many_items", 422, "The manifest has too many items"),
            Code::IdempotencyKeyReused => (
                "idempotency_key_reused",
                422,
                "The key belongs to another request",
            ),
            Code::UnknownJudge => ("unknown_judge", 404, "There is no such judge"),
            Code::UnknownBackend => ("unknown_backend", 404, "There is no such backend"),
            Code::UnknownCalibration => {
                ("unknown_calibration", 404, "There is no such calibration")
            }
            Code::UnknownJob => ("unknown_job", 404, "There is no such job"),
            Code::JobsOff => ("jobs_off", 404, "The service keeps no jobs"),
            Code::LabelsOff => ("labels_off", 404, "The service keeps no labels"),
            Code::NotFound => ("not_found", 404, "There is nothing at this path"),
            Code::MethodNotAllowed => ("method_not_allowed", 405, "The method is not allowed here"),
            Code::BodyTimeout => ("body_timeout", 408, "The body took too long"),
            Code::ReloadRefused => ("reload_refused", 409, "Cards and maps stay as they were"),
            Code::JobFinished => ("job_finished", 409, "The job is finished"),
            Code::IdempotencyInFlight => (
                "idempotency_in_flight",
                409,
                "The first request is being answered",
            ),
            Code::BodyTooLarge => ("body_too_large", 413, "The body is too large"),
            Code::UnsupportedMediaType => (
                "unsupported_media_type",
                415,
                "The body is in a form that is not read",
            ),
            Code::Overloaded => ("overloaded", 429, "Too many requests are in work"),
            Code::InternalError => ("internal_error", 500, "The service failed"),
            Code::JudgeUnavailable => ("judge_unavailable", 503, "The judge cannot be asked now"),
            Code::TookTooLong => ("took_too_long", 503, "The work took too long"),
            Code::StorageFull => ("storage_full", 507, "There is no space left for data"),
        }
    }

    /// Stable name, for programs.
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// HTTP status.
    pub const fn status(self) -> u16 {
        self.row().1
    }

    /// One line for people, the same for every problem of this code.
    pub const fn title(self) -> &'static str {
        self.row().2
    }
}

/// A fault of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    code: Code,
    detail: String,
    pointer: Option<String>,
    hint: Option<String>,
    retry_after_seconds: Option<u32>,
    allow: Option<Box<str>>,
    challenge: Option<&'static str>,
    is_replayed: bool,
}

/// The header of a reply that was stored before.
pub(super) const REPLAYED: &str = "Idempotency-Replayed";

/// A problem as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct StoredProblem<'a> {
    code: Cow<'a, str>,
    detail: Cow<'a, str>,
    pointer: Option<Cow<'a, str>>,
    hint: Option<Cow<'a, str>>,
}

/// A problem as it is sent.
#[derive(Debug, Serialize)]
struct ProblemJson<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    request_id: &'a str,
}

impl Problem {
    pub(super) fn new(code: Code, detail: impl Into<String>) -> Self {
        Problem {
            code,
            detail: detail.into(),
            pointer: None,
            hint: None,
            retry_after_seconds: None,
            allow: None,
            challenge: None,
            is_replayed: false,
        }
    }

    /// A fault of ours: the request id leads to the log, and nothing else is told.
    pub(super) fn internal() -> Self {
        Problem::new(
            Code::InternalError,
            "the service failed on this request; its log has more under the request id",
        )
    }

    /// The same, at a place in the body.
    #[must_use]
    pub(super) fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// The same, with what would have worked.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same, with the methods that the path has.
    #[must_use]
    pub(super) fn allow(mut self, methods: impl Into<Box<str>>) -> Self {
        self.allow = Some(methods.into());
        self
    }

    /// The same, with the time after which to try again.
    #[must_use]
    pub(super) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after_seconds = Some(u32::try_from(whole(wait).max(1)).unwrap_or(u32::MAX));
        self
    }

    /// The same, with what must be shown (RFC 9110, section 11.6.1).
    #[must_use]
    pub(super) fn challenge(mut self, challenge: &'static str) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// All of it that is worth storing: it does not depend on the request that it answers first.
    pub(super) fn to_stored(&self) -> Vec<u8> {
        let stored = StoredProblem {
            code: Cow::Borrowed(self.code.name()),
            detail: Cow::Borrowed(&self.detail),
            pointer: self.pointer.as_deref().map(Cow::Borrowed),
            hint: self.hint.as_deref().map(Cow::Borrowed),
        };
        serde_json::to_vec(&stored).expect("strings are always JSON")
    }

    /// A problem that was stored; `None` where it is not one.
    pub(super) fn from_stored(bytes: &[u8]) -> Option<Self> {
        let stored: StoredProblem<'_> = serde_json::from_slice(bytes).ok()?;
        let code = Code::ALL.into_iter().find(|c| c.name() == stored.code)?;
        Some(Problem {
            pointer: stored.pointer.map(Cow::into_owned),
            hint: stored.hint.map(Cow::into_owned),
            is_replayed: true,
            ..Problem::new(code, stored.detail)
        })
    }

    /// The same as the fault of a line of a manifest.
    pub(super) fn in_line(&self, line: u64) -> BadLine {
        let detail = match self.pointer.as_deref() {
            Some(pointer) if !pointer.is_empty() && !self.detail.contains(pointer) => {
                format!("{} (at `{pointer}`)", self.detail)
            }
            _ => self.detail.clone(),
        };
        BadLine {
            line,
            detail,
            hint: self.hint.clone(),
        }
    }

    pub(super) fn code(&self) -> Code {
        self.code
    }

    /// The response to the request of that id.
    pub(super) fn respond(&self, request_id: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type(MEDIA_TYPE);
        if let Some(seconds) = self.retry_after_seconds {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        if let Some(challenge) = self.challenge {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if let Some(methods) = &self.allow {
            response.insert_header((header::ALLOW, methods.as_ref()));
        }
        if self.is_replayed {
            response.insert_header((REPLAYED, "true"));
        }
        let body = ProblemJson {
            r#type: format!("urn:opine:problem:{}", self.code.name()),
            title: self.code.title(),
            status: self.code.status(),
            code: self.code.name(),
            detail: &self.detail,
            pointer: self.pointer.as_deref(),
            hint: self.hint.as_deref(),
            request_id,
        };
        let text = serde_json::to_vec(&body).expect("strings and a number are always JSON");
        response.body(text)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code.name(), self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Never sent as it is: the envelope answers every problem anew, with its request id.
    fn error_response(&self) -> HttpResponse {
        self.respond("")
    }
}

impl From<BindError> for Problem {
    fn from(error: BindError) -> Self {
        let detail = error.to_string();
        match error {
            BindError::UnknownJudge { .. } => {
                Problem::new(Code::UnknownJudge, detail).hint("GET /v1/judges lists the judges")
            }
            BindError::UnknownBackend { known, .. } => Problem::new(Code::UnknownBackend, detail)
                .hint(if known.is_empty() {
                    "leave out `@` and the name: a judge then has the backend of its card"
                } else {
                    "name a backend of the service's configuration"
                }),
            BindError::WrongProtocol { .. } => Problem::new(Code::WrongProtocol, detail)
                .hint("GET /v1/judges names the protocol of each judge"),
            BindError::Unfit { .. } => Problem::new(Code::InvalidValue, detail),
            BindError::Unavailable { remedy, .. } => {
                Problem::new(Code::JudgeUnavailable, detail).hint(remedy)
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error == StoreError::Full {
            return Problem::new(Code::StorageFull, error.to_string())
                .hint("what was stored is safe; send it again when there is space")
                .retry_after(Duration::from_secs(60));
        }
        tracing::error!(%error, "the store failed");
        Problem::internal()
    }
}

impl From<SettingFault> for Problem {
    fn from(fault: SettingFault) -> Self {
        Problem::new(Code::InvalidValue, fault.to_string())
    }
}

impl From<Overloaded> for Problem {
    fn from(overloaded: Overloaded) -> Self {
        Problem {
            retry_after_seconds: Some(1),
            ..Problem::new(Code::Overloaded, overloaded.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_statuses_are_faults() {
        for (index, code) in Code::ALL.iter().enumerate() {
            assert!((400..600).contains(&code.status()));
            assert!(!Code::ALL[..index].iter().any(|c| c.name() == code.name()));
        }
    }
}
