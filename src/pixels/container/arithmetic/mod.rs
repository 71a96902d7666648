//! JPEG files that are coded arithmetically, written anew with Huffman codes, frequency by frequency.
//!
//! The two codings hold the same numbers: nothing is lost, and the decoder of all other JPEG files does the rest.
//! Such files are rare (`jpegtran -arithmetic` makes them), and no Rust decoder that we may use reads them.

mod coder;
mod frame;
mod huffman;
mod scan;

use self::frame::Frame;
use self::scan::{Conditioning, Scan};
use super::jpeg::{self, Outline, Segments};
use crate::pixels::{Format, Header, ImageFault, Limits};

/// Such a picture is held as frequencies, and every one of them takes decisions that depend on those before. These
/// bounds keep any one picture near two seconds: bytes are read at some 6 MB/s (measured: 5.1 s for 32 MB of noise), and
/// a pass costs time for every frequency, however few bytes it has.
const MAX_PIXELS: u64 = 16_000_000;
const MAX_BYTES: usize = 8_000_000;
const MAX_PIXELS_OF_ALL_SCANS: u64 = 160_000_000;

const DAMAGED: ImageFault = ImageFault::Malformed {
    format: Format::Jpeg,
    reason: "its arithmetic codes do not follow the format",
};

/// How many scans such a picture of this many pixels may have.
fn max_scans(pixels: u64) -> u32 {
    u32::try_from(MAX_PIXELS_OF_ALL_SCANS / pixels.max(1)).unwrap_or(u32::MAX)
}

/// Whether a picture of this size may be read at all.
///
/// # Errors
/// [`ImageFault::Unsupported`], [`ImageFault::TooManyScans`] and [`ImageFault::TooMuchMemory`].
pub(super) fn allowed(
    header: &Header,
    bytes: &[u8],
    outline: &Outline<'_>,
    limits: &Limits,
) -> Result<(), ImageFault> {
    if header.pixels() > MAX_PIXELS || bytes.len() > MAX_BYTES {
        return Err(ImageFault::Unsupported {
            format: Format::Jpeg,
            feature: "it is coded arithmetically, which is read up to 16 megapixels and 8 megabytes",
        });
    }
    let most = max_scans(header.pixels());
    if outline.scans > most {
        return Err(ImageFault::TooManyScans { allowed: most });
    }
    let allowed = limits.max_memory();
    if outline.coefficient_bytes > allowed {
        return Err(ImageFault::TooMuchMemory {
            format: Format::Jpeg,
            needed: outline.coefficient_bytes,
            allowed,
        });
    }
    Ok(())
}

/// The same picture with Huffman codes. Segments that tell how to show it are kept as they are.
///
/// # Errors
/// [`ImageFault::Malformed`] where headers or codes do not follow the format.
pub(super) fn as_huffman(bytes: &[u8], pixels: u64) -> Result<Vec<u8>, ImageFault> {
    let mut file = vec![0xff, jpeg::START];
    let mut frame = None;
    let mut conditioning = Conditioning::default();
    let mut restart_interval = 0;
    let mut scans = 0;
    for segment in Segments::new(bytes) {
        match segment.marker {
            jpeg::START => {}
            jpeg::END => break,
            jpeg::ARITHMETIC | jpeg::ARITHMETIC_PROGRESSIVE if frame.is_none() => {
                let read = Frame::read(segment.body, pixels).ok_or(DAMAGED)?;
                frame = Some((read, segment.marker == jpeg::ARITHMETIC_PROGRESSIVE));
            }
            jpeg::ARITHMETIC | jpeg::ARITHMETIC_PROGRESSIVE => return Err(DAMAGED),
            0xcc => conditioning.define(segment.body),
            0xdd => {
                let interval = segment.body.first_chunk().ok_or(DAMAGED)?;
                restart_interval = usize::from(u16::from_be_bytes(*interval));
            }
            jpeg::SCAN => {
                let (frame, is_progressive) = frame.as_mut().ok_or(DAMAGED)?;
                let scan = Scan::read(segment.body, frame, *is_progressive).ok_or(DAMAGED)?;
                let data = &bytes[segment.at + segment.body.len()..];
                scan.decode(frame, &conditioning, restart_interval, data)
                    .map_err(|_| DAMAGED)?;
                scans += 1;
            }
            // How samples were made coarse, and of which colours they are. A table that comes between scans would
            // be for those that follow; no program writes such files.
            0xdb | 0xe0..=0xef if scans == 0 => {
                file.extend(&bytes[segment.at - 4..segment.at + segment.body.len()]);
            }
            _ => {}
        }
    }
    let (frame, _) = frame.ok_or(DAMAGED)?;
    huffman::write(&frame, &mut file);
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn larger_pictures_may_have_fewer_scans_and_none_may_take_long() {
        let outline = |scans| Outline {
            exif: None,
            coefficient_bytes: 0,
            bytes: Vec::new().into(),
            is_arithmetic: true,
            scans,
        };
        let header = |width| Header {
            format: Format::Jpeg,
            width,
            height: 4_000,
        };
        let limits = Limits::default();
        let asked = |width, length, scans| {
            allowed(&header(width), &vec![0; length], &outline(scans), &limits)
        };
        assert_eq!(asked(4_000, 8_000_000, 10), Ok(()));
        assert_eq!(
            asked(4_000, 100, 11),
            Err(ImageFault::TooManyScans { allowed: 10 })
        );
        assert_eq!(asked(2_000, 100, 20), Ok(()));
        for (width, length) in [(4_001, 100), (4_000, 8_000_001)] {
            let refused = asked(width, length, 1).unwrap_err();
            assert_eq!(refused.code(), "image_unsupported_feature");
        }
    }
}
