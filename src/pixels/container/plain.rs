//! Sizes in the headers of GIF, BMP and TIFF.

use super::array;
use crate::pixels::{Format, ImageFault};

const TAG_WIDTH: u16 = 256;
const TAG_HEIGHT: u16 = 257;
const TAG_BITS: u16 = 258;
const TYPE_SHORT: u16 = 3;
const TYPE_LONG: u16 = 4;

/// The logical screen.
pub(super) fn gif_size(bytes: &[u8]) -> Result<(u32, u32), ImageFault> {
    let side = |at| array(bytes, at).map(u16::from_le_bytes).map(u32::from);
    side(6).zip(side(8)).ok_or(ImageFault::Truncated {
        format: Format::Gif,
    })
}

/// Width, and height without the sign that tells top-down from bottom-up.
pub(super) fn bmp_size(bytes: &[u8]) -> Result<(u32, u32), ImageFault> {
    let size = || {
        let header_length = array(bytes, 14).map(u32::from_le_bytes)?;
        if header_length == 12 {
            let side = |at| array(bytes, at).map(u16::from_le_bytes).map(u32::from);
            return Some((side(18)?, side(20)?));
        }
        let width = array(bytes, 18).map(i32::from_le_bytes)?;
        let height = array(bytes, 22).map(i32::from_le_bytes)?;
        Some((u32::try_from(width).unwrap_or(0), height.unsigned_abs()))
    };
    size().ok_or(ImageFault::Truncated {
        format: Format::Bmp,
    })
}

/// Width and height of the first page.
pub(super) fn tiff_size(bytes: &[u8]) -> Result<(u32, u32), ImageFault> {
    let file = Tiff::new(bytes);
    let width = file.entry(TAG_WIDTH)?.and_then(|entry| file.value(entry));
    let height = file.entry(TAG_HEIGHT)?.and_then(|entry| file.value(entry));
    width.zip(height).ok_or(ImageFault::Malformed {
        format: Format::Tiff,
        reason: "its first page states no width or height",
    })
}

/// Bytes of a sample on the first page: 1 where all samples have up to 8 bits, else the most read here.
pub(super) fn tiff_sample_bytes(bytes: &[u8]) -> u64 {
    let file = Tiff::new(bytes);
    let bits = || {
        let entry = file.entry(TAG_BITS).ok()??;
        match file.long(entry + 4)? {
            1 => file.value(entry),
            // Two samples fit in the entry; more stand elsewhere in the file.
            2 => file.short(entry + 8).map(u32::from),
            _ => file.short(file.long(entry + 8)? as usize).map(u32::from),
        }
    };
    if bits().unwrap_or(1) <= 8 { 1 } else { 2 }
}

struct Tiff<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl<'a> Tiff<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Tiff {
            bytes,
            little: bytes.starts_with(b"II"),
        }
    }

    /// Where the first page's entry for `tag` starts, if it has one.
    fn entry(&self, tag: u16) -> Result<Option<usize>, ImageFault> {
        let truncated = ImageFault::Truncated {
            format: Format::Tiff,
        };
        let directory = self.long(4).ok_or(truncated.clone())? as usize;
        let count = self.short(directory).ok_or(truncated.clone())?;
        for index in 0..usize::from(count) {
            let entry = directory.saturating_add(2 + 12 * index);
            if self.short(entry).ok_or(truncated.clone())? == tag {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }

    fn short(&self, at: usize) -> Option<u16> {
        let raw = array(self.bytes, at)?;
        Some(if self.little {
            u16::from_le_bytes(raw)
        } else {
            u16::from_be_bytes(raw)
        })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let raw = array(self.bytes, at)?;
        Some(if self.little {
            u32::from_le_bytes(raw)
        } else {
            u32::from_be_bytes(raw)
        })
    }

    /// The single whole number of an entry.
    fn value(&self, entry: usize) -> Option<u32> {
        let at = entry + 8;
        match self.short(entry + 2)? {
            TYPE_SHORT => self.short(at).map(u32::from),
            TYPE_LONG => self.long(at),
            _ => None,
        }
    }
}
