//! RIFF chunks of WebP files.

use super::array;
use crate::pixels::{Format, ImageFault};

const TRUNCATED: ImageFault = ImageFault::Truncated {
    format: Format::WebP,
};

/// What the chunks of a WebP file tell.
pub(super) struct Outline<'a> {
    pub(super) exif: Option<&'a [u8]>,
    /// Bytes per pixel that the decoder holds beside its output.
    pub(super) scratch_per_pixel: u64,
}

/// Size of the canvas.
pub(super) fn stated_size(bytes: &[u8]) -> Result<(u32, u32), ImageFault> {
    let body = 20;
    let size = match &array::<4>(bytes, 12).ok_or(TRUNCATED)? {
        b"VP8X" => extended_size(bytes, body),
        b"VP8L" => lossless_size(bytes, body),
        b"VP8 " => lossy_size(bytes, body),
        _ => {
            return Err(ImageFault::Malformed {
                format: Format::WebP,
                reason: "the first chunk is no picture",
            });
        }
    };
    size.ok_or(TRUNCATED)
}

/// Two 24-bit numbers, each one less than the side.
fn extended_size(bytes: &[u8], body: usize) -> Option<(u32, u32)> {
    let side = |at| {
        let [low, middle, high] = array(bytes, at)?;
        Some(u32::from_le_bytes([low, middle, high, 0]) + 1)
    };
    Some((side(body + 4)?, side(body + 7)?))
}

/// After a signature byte, two 14-bit numbers, each one less than the side.
fn lossless_size(bytes: &[u8], body: usize) -> Option<(u32, u32)> {
    let packed = array(bytes, body + 1).map(u32::from_le_bytes)?;
    Some(((packed & 0x3fff) + 1, ((packed >> 14) & 0x3fff) + 1))
}

/// After a frame tag and a start code, two 14-bit numbers, each below two bits of scaling.
fn lossy_size(bytes: &[u8], body: usize) -> Option<(u32, u32)> {
    let side = |at| {
        Some(u32::from(
            array(bytes, at).map(u16::from_le_bytes)? & 0x3fff,
        ))
    };
    Some((side(body + 6)?, side(body + 8)?))
}

/// Walks the chunks.
pub(super) fn outline(bytes: &[u8]) -> Result<Outline<'_>, ImageFault> {
    let mut outline = Outline {
        exif: None,
        scratch_per_pixel: 0,
    };
    let mut at = 12usize;
    while let Some(kind) = array::<4>(bytes, at) {
        let length = array(bytes, at + 4)
            .map(u32::from_le_bytes)
            .ok_or(TRUNCATED)? as usize;
        let body = bytes.get(at + 8..).and_then(|rest| rest.get(..length));
        let is_picture = matches!(&kind, b"VP8X" | b"VP8L" | b"VP8 " | b"ALPH" | b"ANMF");
        if is_picture && body.is_none() {
            return Err(TRUNCATED);
        }
        match &kind {
            b"EXIF" => outline.exif = body,
            // Canvas and frame as RGBA.
            b"ANMF" => outline.scratch_per_pixel = 8,
            // One copy as RGBA.
            b"VP8L" => outline.scratch_per_pixel = outline.scratch_per_pixel.max(4),
            // Alpha is decoded through an RGBA copy and a plane of its own.
            b"ALPH" => outline.scratch_per_pixel = outline.scratch_per_pixel.max(7),
            // Luma, and chroma at half size.
            b"VP8 " => outline.scratch_per_pixel = outline.scratch_per_pixel.max(2),
            _ => {}
        }
        at = at
            .saturating_add(8)
            .saturating_add(length.saturating_add(length % 2));
    }
    Ok(outline)
}
