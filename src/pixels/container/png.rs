//! Chunks of PNG files.

use std::borrow::Cow;

use super::array;
use crate::pixels::{Format, ImageFault};

const SIGNATURE_LENGTH: usize = 8;
/// Length and kind before the data of a chunk, and a check sum after.
const FRAME_LENGTH: usize = 12;
const TRUNCATED: ImageFault = ImageFault::Truncated {
    format: Format::Png,
};

/// Width and height in IHDR, which must come first.
pub(super) fn stated_size(bytes: &[u8]) -> Result<(u32, u32), ImageFault> {
    if array(bytes, 12).ok_or(TRUNCATED)? != *b"IHDR" {
        return Err(ImageFault::Malformed {
            format: Format::Png,
            reason: "the first chunk is not IHDR",
        });
    }
    let side = |at| array(bytes, at).map(u32::from_be_bytes);
    side(16).zip(side(20)).ok_or(TRUNCATED)
}

/// The chunks that make the picture, and the EXIF block, of a PNG that reaches its end.
///
/// Text, colour profiles and animation frames are left out: a decoder would inflate a profile to
/// hundreds of megabytes, or check hundreds of thousands of comments, before it looks at a pixel.
pub(super) fn picture_only(bytes: &[u8]) -> Result<(Cow<'_, [u8]>, Option<&[u8]>), ImageFault> {
    let mut exif = None;
    // The kept parts of the file so far: one borrowed run, until something had to be left out.
    let mut kept = Cow::Borrowed(&bytes[..SIGNATURE_LENGTH]);
    let mut at = SIGNATURE_LENGTH;
    loop {
        let chunk = chunk(bytes, at)?;
        let end = at + chunk.len();
        match &chunk[4..8] {
            b"IHDR" | b"PLTE" | b"tRNS" | b"IDAT" => keep(&mut kept, bytes, at, end),
            b"IEND" => {
                keep(&mut kept, bytes, at, end);
                return Ok((kept, exif));
            }
            b"eXIf" => exif = Some(&chunk[8..chunk.len() - 4]),
            // A chunk whose name starts with a capital must be understood, or the file be refused.
            kind if kind[0].is_ascii_uppercase() => {
                return Err(ImageFault::Unsupported {
                    format: Format::Png,
                    feature: "a critical chunk that the standard does not define",
                });
            }
            _ => {}
        }
        at = end;
    }
}

fn chunk(bytes: &[u8], at: usize) -> Result<&[u8], ImageFault> {
    let length = array(bytes, at).map(u32::from_be_bytes).ok_or(TRUNCATED)? as usize;
    let whole = length.saturating_add(FRAME_LENGTH);
    bytes[at..].get(..whole).ok_or(TRUNCATED)
}

fn keep<'a>(kept: &mut Cow<'a, [u8]>, bytes: &'a [u8], start: usize, end: usize) {
    match kept {
        Cow::Borrowed(run) if run.len() == start => *run = &bytes[..end],
        Cow::Borrowed(_) | Cow::Owned(_) => kept.to_mut().extend_from_slice(&bytes[start..end]),
    }
}
