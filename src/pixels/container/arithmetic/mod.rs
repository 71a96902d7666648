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
use super::jpeg::{self, Segments};
use crate::pixels::{Format, Header, ImageFault, Limits};

/// Such a picture is held as frequencies, and every one of them takes a decision that depends on the one before:
/// about 20 megapixels a second.
const MAX_PIXELS: u64 = 16_000_000;

const DAMAGED: ImageFault = ImageFault::Malformed {
    format: Format::Jpeg,
    reason: "its arithmetic codes do not follow the format",
};

/// Whether a picture of this size may be read at all.
///
/// # Errors
/// [`ImageFault::Unsupported`] and [`ImageFault::TooMuchMemory`].
pub(super) fn allowed(
    header: &Header,
    coefficient_bytes: u64,
    limits: &Limits,
) -> Result<(), ImageFault> {
    if header.pixels() > MAX_PIXELS {
        return Err(ImageFault::Unsupported {
            format: Format::Jpeg,
            feature: "it is coded arithmetically, which is read up to 16 megapixels",
        });
    }
    let allowed = limits.max_memory();
    if coefficient_bytes > allowed {
        return Err(ImageFault::TooMuchMemory {
            format: Format::Jpeg,
            needed: coefficient_bytes,
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
