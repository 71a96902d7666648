//! Why an image cannot be used, said so that the sender can mend it.

use super::Format;

/// Why an image cannot be decoded or prepared.
///
/// Messages state sizes and limits and never repeat bytes of the image: what a stranger hid in a file
/// does not travel through our logs or replies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImageFault {
    /// There are no bytes at all.
    #[error("the image is empty (0 bytes)")]
    Empty,
    /// The encoded file is larger than allowed.
    #[error("the encoded image has {bytes} bytes, at most {allowed} are accepted")]
    TooManyBytes {
        /// Encoded size.
        bytes: usize,
        /// Largest accepted size.
        allowed: usize,
    },
    /// The content is not in a format that is read here.
    #[error("the bytes are {}; accepted are {}", looks_like.unwrap_or("in no known image format"), Format::accepted())]
    UnknownFormat {
        /// What the content seems to be, when it is a well-known kind.
        looks_like: Option<&'static str>,
    },
    /// The header states a width or height of zero.
    #[error("the {} header states {width}x{height}: an image needs at least one pixel", format.name())]
    ZeroSize {
        /// Format by content.
        format: Format,
        /// Stated width in pixels.
        width: u32,
        /// Stated height in pixels.
        height: u32,
    },
    /// One side is longer than allowed.
    #[error("the image is {width}x{height} pixels, no side may be longer than {allowed}")]
    SideTooLong {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Longest accepted side.
        allowed: u32,
    },
    /// More pixels than allowed.
    #[error("the image is {width}x{height} = {} pixels, at most {allowed} are accepted", u64::from(*width) * u64::from(*height))]
    TooManyPixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Largest accepted number of pixels.
        allowed: u64,
    },
    /// Few enough pixels, but stored in a way that needs too much memory to decode.
    #[error(
        "decoding this {} needs {needed} bytes of memory, at most {allowed} are given; \
         8-bit RGB, not progressive, at the same size needs less", format.name()
    )]
    TooMuchMemory {
        /// Format by content.
        format: Format,
        /// Bytes that decoding would take at its peak.
        needed: u64,
        /// Bytes that it may take.
        allowed: u64,
    },
    /// The data end before the image does.
    #[error("the {} data end before the image is complete; was the transfer cut short?", format.name())]
    Truncated {
        /// Format by content.
        format: Format,
    },
    /// The data break the rules of their format.
    #[error("the {} data are damaged: {reason}", format.name())]
    Malformed {
        /// Format by content.
        format: Format,
        /// Which rule is broken, as far as is known.
        reason: &'static str,
    },
    /// A lawful file that uses a part of its format which is not read here.
    #[error("this kind of {} is not read: {feature}; 8-bit RGB works", format.name())]
    Unsupported {
        /// Format by content.
        format: Format,
        /// What the file uses.
        feature: &'static str,
    },
    /// A progressive JPEG with more passes over the picture than any encoder makes.
    #[error("the JPEG has more than {allowed} scans: encoders write at most a few dozen")]
    TooManyScans {
        /// Largest accepted number of scans.
        allowed: u32,
    },
    /// A step needs a larger picture than it was given.
    #[error(
        "the picture is {width}x{height}, the step `{step}` needs at least {needed_width}x{needed_height}"
    )]
    TooSmall {
        /// The step, as it stands in the preprocessing id.
        step: String,
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Least width in pixels.
        needed_width: u32,
        /// Least height in pixels.
        needed_height: u32,
    },
    /// A step's own numbers make no sense, such as a size of zero.
    #[error("the step `{step}` cannot be carried out: {reason}")]
    BadStep {
        /// The step, as it stands in the preprocessing id.
        step: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Raw pixels whose number does not fit the stated size.
    #[error("{width}x{height} RGB pixels are {expected} bytes, got {got}")]
    WrongLength {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// Bytes that the size asks for.
        expected: u64,
        /// Bytes that were there.
        got: usize,
    },
}

impl ImageFault {
    /// A stable name for programs: it does not change when messages are reworded.
    pub fn code(&self) -> &'static str {
        match self {
            ImageFault::Empty => "image_empty",
            ImageFault::TooManyBytes { .. } => "image_too_many_bytes",
            ImageFault::UnknownFormat { .. } => "image_unsupported_format",
            ImageFault::ZeroSize { .. } => "image_zero_size",
            ImageFault::SideTooLong { .. }
            | ImageFault::TooManyPixels { .. }
            | ImageFault::TooMuchMemory { .. } => "image_too_large",
            ImageFault::Truncated { .. } => "image_truncated",
            ImageFault::Malformed { .. } => "image_malformed",
            ImageFault::Unsupported { .. } => "image_unsupported_feature",
            ImageFault::TooManyScans { .. } => "image_too_many_scans",
            ImageFault::TooSmall { .. } => "image_too_small",
            ImageFault::BadStep { .. } => "preparation_invalid",
            ImageFault::WrongLength { .. } => "image_wrong_length",
        }
    }
}
