//! Pictures in, numbers out: decode with limits, orient, prepare, digest.
//!
//! Encoded bytes are judged by what they are, never by a name or a media type that came with them.
//! Every limit is checked on the header, before anything is allocated for pixels; what cannot be
//! decoded whole is refused by name ([`ImageFault`]) and never padded or guessed.
//! Knows nothing of judges or scores. No other part of the crate sees the decoder crates.
//!
//! ```
//! use opine::pixels::{Decoding, Filter, Limits, Preparation, Step};
//! # let bytes = include_bytes!("../../tests/images/good/base.png");
//! let preparation = Preparation {
//!     decoding: Decoding::Full,
//!     background: [255, 255, 255],
//!     steps: vec![Step::LongestSide { at_most: 32, filter: Filter::Lanczos3 }],
//!     mean: [127.0; 3],
//!     scale: [128.0; 3],
//! };
//! assert_eq!(preparation.id(), "rgb8|bg=ffffff|longest<=32:lanczos3|(v-127)/128");
//! let tensors = preparation.read(bytes, &Limits::default())?;
//! assert_eq!(tensors[0].shape(), [1, 3, 24, 32]);
//! # Ok::<(), opine::pixels::ImageFault>(())
//! ```

mod container;
mod decode;
mod fault;
mod header;
mod look;
mod orient;
mod prepare;
mod reencode;
mod resample;
mod rgb;
mod scaled;
mod seen;
mod step;

pub use decode::decode;
pub use fault::ImageFault;
pub use header::{Format, Header, Limits, inspect};
pub use look::Look;
pub use prepare::{Decoding, Preparation, Tensor};
pub use reencode::{Encoding, Reencoding};
pub use rgb::Rgb8;
pub use seen::{Seen, Twin};
pub use step::{Filter, Step};

/// White, the colour of paper: what transparent pixels are laid over unless a judge says otherwise.
pub const DEFAULT_BACKGROUND: [u8; 3] = [255, 255, 255];
