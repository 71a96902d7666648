//! Segments of JPEG files.

use std::borrow::Cow;
use std::io::BufRead;

use super::array;
use crate::pixels::{Format, ImageFault};

/// The most passes over a small picture. libjpeg writes 10 for colour, the most thorough optimisers some twenty.
const MAX_SCANS: u64 = 100;
/// The most passes over a picture of the largest size: a pass costs time for every block, however few bytes
/// it has (measured: up to 3.5 ns per pixel), so that this keeps any one JPEG near two seconds.
const MAX_SCANS_OF_LARGEST: u64 = 12;

pub(super) const START: u8 = 0xd8;
pub(super) const END: u8 = 0xd9;
pub(super) const SCAN: u8 = 0xda;
pub(super) const ARITHMETIC: u8 = 0xc9;
pub(super) const ARITHMETIC_PROGRESSIVE: u8 = 0xca;
const EXIF: u8 = 0xe1;
const ADOBE: u8 = 0xee;
const EXIF_NAME: &[u8] = b"Exif\0\0";

const TRUNCATED: ImageFault = ImageFault::Truncated {
    format: Format::Jpeg,
};

/// What the segments of a whole JPEG tell.
pub(super) struct Outline<'a> {
    pub(super) exif: Option<&'a [u8]>,
    /// Memory for the coefficients of all components, which a progressive picture keeps until its last scan.
    pub(super) coefficient_bytes: u64,
    /// The file, with header bytes mended that have one sensible meaning and that the decoder stumbles over.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Whether it is coded arithmetically, which the decoder does not read.
    pub(super) is_arithmetic: bool,
    /// Passes over the picture.
    pub(super) scans: u32,
}

/// Width and height in the first frame header.
pub(super) fn stated_size(bytes: &[u8]) -> Result<(u32, u32), ImageFault> {
    for segment in Segments::new(bytes) {
        if is_frame(segment.marker) {
            readable(&segment)?;
            let side = |at| {
                array(segment.body, at)
                    .map(u16::from_be_bytes)
                    .map(u32::from)
            };
            return side(3).zip(side(1)).ok_or(ImageFault::Malformed {
                format: Format::Jpeg,
                reason: "its frame header is too short",
            });
        }
        if segment.marker == SCAN || segment.marker == END {
            return Err(ImageFault::Malformed {
                format: Format::Jpeg,
                reason: "no frame header comes before the picture",
            });
        }
    }
    Err(TRUNCATED)
}

/// How many scans a picture of this many pixels may have, where the largest allowed has `max_pixels`.
pub(super) fn max_scans(pixels: u64, max_pixels: u64) -> u32 {
    let scans = MAX_SCANS_OF_LARGEST.saturating_mul(max_pixels) / pixels.max(1);
    u32::try_from(scans.min(MAX_SCANS)).expect("at most 100")
}

/// Walks all segments to the end marker; a file without one was cut short.
///
/// A decoder pads what is missing with gray and says nothing, which would be scored as if it were seen.
pub(super) fn outline(bytes: &[u8], max_scans: u32) -> Result<Outline<'_>, ImageFault> {
    let mut outline = Outline {
        exif: None,
        coefficient_bytes: 0,
        bytes: Cow::Borrowed(bytes),
        is_arithmetic: false,
        scans: 0,
    };
    let mut sequential = false;
    for segment in Segments::new(bytes) {
        match segment.marker {
            END if outline.scans > 0 => return Ok(outline),
            END => {
                return Err(ImageFault::Malformed {
                    format: Format::Jpeg,
                    reason: "it has no picture data",
                });
            }
            SCAN if outline.scans == max_scans => {
                return Err(ImageFault::TooManyScans { allowed: max_scans });
            }
            SCAN => {
                outline.scans += 1;
                if sequential {
                    mend_scan(&mut outline.bytes, &segment);
                }
            }
            ADOBE => mend_adobe(&mut outline.bytes, &segment),
            EXIF if outline.exif.is_none() => {
                outline.exif = segment.body.strip_prefix(EXIF_NAME);
            }
            ARITHMETIC | ARITHMETIC_PROGRESSIVE => {
                outline.is_arithmetic = true;
                outline.coefficient_bytes = coefficient_bytes(segment.body);
            }
            marker if is_progressive(marker) => {
                outline.coefficient_bytes = coefficient_bytes(segment.body);
            }
            marker if is_frame(marker) => sequential = true,
            _ => {}
        }
    }
    Err(TRUNCATED)
}

/// Start-of-frame markers; 0xc4, 0xc8 and 0xcc in their midst mean other things.
fn is_frame(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

fn is_progressive(marker: u8) -> bool {
    marker == 0xc2
}

/// Refuses what the decoder would call damaged although it is lawful.
fn readable(frame: &Segment) -> Result<(), ImageFault> {
    let feature = match (frame.marker, frame.body.first()) {
        (0xc0..=0xc2 | ARITHMETIC | ARITHMETIC_PROGRESSIVE, Some(8)) => return Ok(()),
        (0xc0..=0xc2 | ARITHMETIC | ARITHMETIC_PROGRESSIVE, _) => "its samples do not have 8 bits",
        (0xc3 | 0xcb, _) => "it is lossless",
        _ => "it is hierarchical",
    };
    Err(ImageFault::Unsupported {
        format: Format::Jpeg,
        feature,
    })
}

/// Two bytes for each sample of each component, as the frame header's sampling factors tell.
fn coefficient_bytes(frame: &[u8]) -> u64 {
    let side = |at| array(frame, at).map_or(0, |raw| u64::from(u16::from_be_bytes(raw)));
    let factors = |part: &[u8]| (u64::from(part[1] >> 4), u64::from(part[1] & 15));
    let components = frame
        .get(6..)
        .unwrap_or_default()
        .chunks_exact(3)
        .map(factors);
    let (across, down) = components
        .clone()
        .fold((1, 1), |most, one| (one.0.max(most.0), one.1.max(most.1)));
    let blocks: u64 = components.map(|(across, down)| across * down).sum();
    2 * blocks * side(1) * side(3) / (across * down)
}

/// A scan of a sequential picture holds all 64 frequencies at full precision, whatever its header says
/// (T.81, table B.3); libjpeg ignores these three bytes too.
fn mend_scan(bytes: &mut Cow<'_, [u8]>, scan: &Segment) {
    const WHOLE: [u8; 3] = [0, 63, 0];
    let Some(at) = scan.body.len().checked_sub(WHOLE.len()) else {
        return;
    };
    if scan.body[at..] != WHOLE {
        bytes.to_mut()[scan.at + at..][..WHOLE.len()].copy_from_slice(&WHOLE);
    }
}

/// A colour transform that Adobe never defined is read as the usual one, as libjpeg does.
fn mend_adobe(bytes: &mut Cow<'_, [u8]>, segment: &Segment) {
    const TRANSFORM: usize = 11;
    const LUMA_CHROMA: u8 = 1;
    let is_unknown = segment.body.get(TRANSFORM).is_some_and(|kind| *kind > 2);
    if segment.body.starts_with(b"Adobe") && is_unknown {
        bytes.to_mut()[segment.at + TRANSFORM] = LUMA_CHROMA;
    }
}

/// A marker and what belongs to it.
pub(super) struct Segment<'a> {
    pub(super) marker: u8,
    /// Where the body starts in the file.
    pub(super) at: usize,
    pub(super) body: &'a [u8],
}

/// The segments in order. Picture data between them is passed over, and so is stray filling.
pub(super) struct Segments<'a> {
    file_length: usize,
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Segments {
            file_length: bytes.len(),
            rest: bytes,
        }
    }

    /// Finds the next marker that opens a segment or stands alone at the start or end.
    fn next_marker(&mut self) -> Option<u8> {
        loop {
            // On a slice this is `memchr` and cannot fail.
            self.rest.skip_until(0xff).ok()?;
            let (marker, rest) = self.rest.split_first()?;
            match marker {
                // A stuffed zero, a restart or a private mark within picture data.
                0x00 | 0x01 | 0xd0..=0xd7 => self.rest = rest,
                // Fill bytes may come before any marker.
                0xff => {}
                _ => {
                    self.rest = rest;
                    return Some(*marker);
                }
            }
        }
    }
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let marker = self.next_marker()?;
        let at = self.file_length - self.rest.len() + 2;
        if marker == START || marker == END {
            return Some(Segment {
                marker,
                at,
                body: &[],
            });
        }
        let length = usize::from(array(self.rest, 0).map(u16::from_be_bytes)?).max(2);
        let body = self.rest.get(2..length)?;
        self.rest = &self.rest[length..];
        Some(Segment { marker, at, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A 16x8 frame with one full and two half-width components.
    const FRAME: [u8; 15] = [8, 0, 8, 0, 16, 3, 1, 0x21, 0, 2, 0x11, 1, 3, 0x11, 1];

    fn file(marker: u8, tail: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0xff, START, 0xff, marker, 0, 17];
        bytes.extend(FRAME);
        bytes.extend(tail);
        bytes
    }

    #[test]
    fn size_is_read_across_fill_bytes_and_other_segments() {
        let mut bytes = vec![0xff, START, 0xff, 0xff, 0xfe, 0, 4, 0xff, 0xc0];
        bytes.extend(&file(0xc0, &[])[2..]);
        assert_eq!(stated_size(&bytes), Ok((16, 8)));
    }

    #[test]
    fn progressive_coefficients_are_counted_and_baseline_ones_are_not() {
        let tail = [0xff, SCAN, 0, 2, 1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff, END];
        // 16 * 8 luma samples and twice 8 * 8 of chroma, two bytes each.
        assert_eq!(
            outline(&file(0xc2, &tail), 3).unwrap().coefficient_bytes,
            512
        );
        assert_eq!(outline(&file(0xc0, &tail), 3).unwrap().coefficient_bytes, 0);
    }

    #[test]
    fn without_an_end_marker_it_is_cut_short() {
        let tail = [0xff, SCAN, 0, 2, 1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff];
        assert_eq!(outline(&file(0xc0, &tail), 3).err(), Some(TRUNCATED));
    }

    #[test]
    fn larger_pictures_may_have_fewer_scans() {
        assert_eq!(max_scans(50_000_000, 50_000_000), 12);
        assert_eq!(max_scans(25_000_000, 50_000_000), 24);
        assert_eq!(max_scans(1, 50_000_000), 100);
    }

    #[test]
    fn scans_are_counted() {
        let mut tail = [0xff, SCAN, 0, 2].repeat(4);
        tail.extend([0xff, END]);
        assert!(matches!(
            outline(&file(0xc2, &tail), 3),
            Err(ImageFault::TooManyScans { .. })
        ));
        assert!(outline(&file(0xc2, &tail[4..]), 3).is_ok());
    }
}
