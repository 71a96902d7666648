//! Why a picture was not fetched.

use crate::judging::{Reason, Unscored};

/// Why a picture was not fetched. The URL is never repeated: it may be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// No host is allowed here.
    #[error(
        "images are not fetched by URL here; send their bytes, or name hosts in `[images.urls]`"
    )]
    Off,
    /// No URL that could be read.
    #[error("{0}")]
    Invalid(&'static str),
    /// A URL that may not be read.
    #[error("{0}")]
    NotAllowed(&'static str),
    /// The host has no address, or none that may be dialled, or nobody answered there.
    ///
    /// One error for all of these, so that nobody learns from it what is inside the network.
    #[error("the host of the image could not be reached")]
    Unreachable,
    /// The host shows no certificate that is trusted: it is expired, of another name, or of an unknown authority. Only
    /// a host of the list is ever asked for one, at an address that may be dialled.
    #[error(
        "the host of the image shows no certificate that is trusted here; `[images.urls] authorities` names private authorities"
    )]
    Untrusted,
    /// It took too long.
    #[error("the image did not come in time")]
    Timeout,
    /// The host does not give it.
    #[error("the host of the image answered with status {0}")]
    Refused(u16),
    /// The host cannot give it now.
    #[error("the host of the image answered with status {0}; it may work later")]
    Failed(u16),
    /// Redirects that lead nowhere, or too often.
    #[error("the host of the image redirects more than {0} times, or to no place")]
    Redirects(usize),
    /// More bytes than an image, or the images of one request, may have.
    #[error("{what} may have {limit} bytes, and more came or were announced")]
    TooManyBytes {
        /// What has the limit.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A compressed body: what it holds may be of any size.
    #[error("the host of the image sent it compressed (`Content-Encoding`)")]
    Encoded,
    /// The connection ended early, or what came was no HTTP.
    #[error("the image did not come whole")]
    BrokenOff,
}

impl FetchError {
    /// Stable code in results.
    pub fn code(&self) -> &'static str {
        match self {
            FetchError::Off => "image_url_off",
            FetchError::Invalid(_) => "image_url_invalid",
            FetchError::NotAllowed(_) => "image_url_not_allowed",
            FetchError::Unreachable => "image_url_unreachable",
            FetchError::Untrusted => "image_url_untrusted",
            FetchError::Timeout => "image_url_timeout",
            FetchError::Refused(_) => "image_url_refused",
            FetchError::Failed(_) => "image_url_failed",
            FetchError::Redirects(_) => "image_url_redirects",
            FetchError::TooManyBytes { .. } => "image_too_many_bytes",
            FetchError::Encoded => "image_url_encoded",
            FetchError::BrokenOff => "image_url_broken_off",
        }
    }

    /// Whether another try may succeed. What cannot be reached counts as such whatever the cause: to tell the causes
    /// apart would tell what is inside the network.
    pub fn may_pass(&self) -> bool {
        match self {
            FetchError::Unreachable
            | FetchError::Timeout
            | FetchError::Failed(_)
            | FetchError::BrokenOff => true,
            FetchError::Off
            | FetchError::Invalid(_)
            | FetchError::NotAllowed(_)
            | FetchError::Untrusted
            | FetchError::Refused(_)
            | FetchError::Redirects(_)
            | FetchError::TooManyBytes { .. }
            | FetchError::Encoded => false,
        }
    }

    /// For a status that is neither success nor redirect.
    pub(super) fn of_status(status: u16) -> Self {
        match status {
            408 | 425 | 429 | 500..=599 => FetchError::Failed(status),
            _ => FetchError::Refused(status),
        }
    }
}

impl From<FetchError> for Unscored {
    fn from(error: FetchError) -> Self {
        Unscored::new(Reason::Image(error.code()), error.to_string())
    }
}
