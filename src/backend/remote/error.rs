//! What can go wrong between here and an engine, by name.

use std::fmt;
use std::time::Duration;

use crate::backend::BackendError;

/// Options that no client can be made of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("backend `{backend}`: {message}")]
pub struct OptionsError {
    /// Name of the backend.
    pub backend: String,
    /// What was wrong.
    pub message: String,
}

/// What was being waited for when the time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A connection.
    Connect,
    /// The head of an answer.
    FirstByte,
    /// The end of the request as a whole.
    Whole,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Stage::Connect => "no connection",
            Stage::FirstByte => "no answer began",
            Stage::Whole => "the answer was not complete",
        })
    }
}

/// Why a request to an engine gave nothing. Texts hold no key and only the first bytes of what came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// The engine failed too often and is left alone for a while.
    #[error("`{backend}` is resting after failures; it is tried again in {seconds} s ({message})")]
    Resting {
        /// Name of the backend.
        backend: String,
        /// Seconds until it is tried again, rounded up.
        seconds: u64,
        /// Its last failure.
        message: String,
    },
    /// No connection could be made: refused, no such host, no valid certificate.
    #[error("`{backend}` cannot be reached: {message}")]
    Unreachable {
        /// Name of the backend.
        backend: String,
        /// What the system said.
        message: String,
    },
    /// The time was over.
    #[error("`{backend}`: {stage} within {} s", limit.as_secs_f64())]
    Timeout {
        /// Name of the backend.
        backend: String,
        /// What was waited for.
        stage: Stage,
        /// How long.
        limit: Duration,
    },
    /// The connection ended, or what came over it was no HTTP.
    #[error("`{backend}` broke off: {message}")]
    BrokenOff {
        /// Name of the backend.
        backend: String,
        /// What the connection said.
        message: String,
        /// Whether an answer had begun.
        begun: bool,
    },
    /// A status other than 2xx.
    #[error("`{backend}` answered {status}: {message}")]
    Status {
        /// Name of the backend.
        backend: String,
        /// The status.
        status: u16,
        /// The engine's own message where its body has one, else the first bytes of its body.
        message: String,
        /// How long it asks to be left alone, in seconds.
        retry_after: Option<u64>,
    },
    /// The reply was longer than is held.
    #[error("`{backend}` sent more than {limit} bytes; raise `most_reply_bytes` if that is right")]
    TooLarge {
        /// Name of the backend.
        backend: String,
        /// Most bytes of a reply.
        limit: usize,
    },
    /// The reply is no text in UTF-8.
    #[error("`{backend}` sent bytes that are not UTF-8 (at byte {position}): {excerpt}")]
    NotUtf8 {
        /// Name of the backend.
        backend: String,
        /// Where the first wrong byte is.
        position: usize,
        /// The first bytes.
        excerpt: String,
    },
    /// The reply is text and no JSON: a web page, or half an answer.
    #[error("`{backend}` sent no JSON ({message}): {excerpt}")]
    NotJson {
        /// Name of the backend.
        backend: String,
        /// What the reader said.
        message: String,
        /// The first bytes.
        excerpt: String,
    },
    /// The request could not be made at all.
    #[error("`{backend}` cannot be asked: {message}")]
    NotSent {
        /// Name of the backend.
        backend: String,
        /// What was wrong with it.
        message: String,
    },
}

impl RemoteError {
    /// The status of the answer, where there was one other than 2xx.
    pub fn status(&self) -> Option<u16> {
        match self {
            RemoteError::Status { status, .. } => Some(*status),
            RemoteError::Resting { .. }
            | RemoteError::Unreachable { .. }
            | RemoteError::Timeout { .. }
            | RemoteError::BrokenOff { .. }
            | RemoteError::TooLarge { .. }
            | RemoteError::NotUtf8 { .. }
            | RemoteError::NotJson { .. }
            | RemoteError::NotSent { .. } => None,
        }
    }
}

impl From<RemoteError> for BackendError {
    fn from(error: RemoteError) -> Self {
        match error {
            RemoteError::Resting {
                backend,
                seconds,
                message,
            } => BackendError::Resting {
                backend,
                seconds,
                message,
            },
            failed @ (RemoteError::Unreachable { .. }
            | RemoteError::Timeout { .. }
            | RemoteError::BrokenOff { .. }
            | RemoteError::Status { .. }
            | RemoteError::TooLarge { .. }
            | RemoteError::NotUtf8 { .. }
            | RemoteError::NotJson { .. }
            | RemoteError::NotSent { .. }) => BackendError::Failed {
                message: failed.to_string(),
            },
        }
    }
}
