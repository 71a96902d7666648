//! Segments of JPEG files.

use std::io::BufRead;

use super::array;
use crate::pixels::{Format, ImageFault};

/// More passes over a picture than this are refused: each one costs time for every block, however few
/// bytes it has. libjpeg writes 10 for a colour picture, and the most thorough optimisers some twenty.
const MAX_SCANS: u32 = 100;

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const EXIF: u8 = 0xe1;
const EXIF_NAME: &[u8] = b"Exif\0\0";

const TRUNCATED: ImageFault = ImageFault::Truncated {
    format: Format::Jpeg,
};

/// What the segments of a whole JPEG tell.
pub(super) struct Outline<'a> {
    pub(super) exif: Option<&'a [u8]>,
    /// Memory for the coefficients of all components, which a progressive picture keeps until its last scan.
    pub(super) coefficient_bytes: u64,
}

/// Width and height in the first frame header.
pub(super) fn stated_size(bytes: &[u8]) -> Result<(u32, u32), ImageFault> {
    for segment in Segments::new(bytes) {
        if is_frame(segment.marker) {
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

/// Walks all segments to the end marker; a file without one was cut short.
///
/// A decoder pads what is missing with gray and says nothing, which would be scored as if it were seen.
pub(super) fn outline(bytes: &[u8]) -> Result<Outline<'_>, ImageFault> {
    let mut outline = Outline {
        exif: None,
        coefficient_bytes: 0,
    };
    let mut scans = 0;
    for segment in Segments::new(bytes) {
        match segment.marker {
            END if scans > 0 => return Ok(outline),
            END => {
                return Err(ImageFault::Malformed {
                    format: Format::Jpeg,
                    reason: "it has no picture data",
                });
            }
            SCAN if scans == MAX_SCANS => {
                return Err(ImageFault::TooManyScans { allowed: MAX_SCANS });
            }
            SCAN => scans += 1,
            EXIF if outline.exif.is_none() => {
                outline.exif = segment.body.strip_prefix(EXIF_NAME);
            }
            marker if is_progressive(marker) => {
                outline.coefficient_bytes = coefficient_bytes(segment.body);
            }
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
    matches!(marker, 0xc2 | 0xc6 | 0xca | 0xce)
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

struct Segment<'a> {
    marker: u8,
    body: &'a [u8],
}

/// The segments in order. Picture data between them is passed over, and so is stray filling.
struct Segments<'a> {
    rest: &'a [u8],
}

impl<'a> Segments<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Segments { rest: bytes }
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
        if marker == START || marker == END {
            return Some(Segment { marker, body: &[] });
        }
        let length = usize::from(array(self.rest, 0).map(u16::from_be_bytes)?);
        let body = self.rest.get(2..length.max(2))?;
        self.rest = &self.rest[length.max(2)..];
        Some(Segment { marker, body })
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
        assert_eq!(outline(&file(0xc2, &tail)).unwrap().coefficient_bytes, 512);
        assert_eq!(outline(&file(0xc0, &tail)).unwrap().coefficient_bytes, 0);
    }

    #[test]
    fn without_an_end_marker_it_is_cut_short() {
        let tail = [0xff, SCAN, 0, 2, 1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff];
        assert_eq!(outline(&file(0xc0, &tail)).err(), Some(TRUNCATED));
    }

    #[test]
    fn scans_are_counted() {
        let mut tail = [0xff, SCAN, 0, 2].repeat(101);
        tail.extend([0xff, END]);
        assert!(matches!(
            outline(&file(0xc2, &tail)),
            Err(ImageFault::TooManyScans { .. })
        ));
        assert!(outline(&file(0xc2, &tail[4..])).is_ok());
    }
}
