//! JPEG files decoded at a fraction of their size, where a preparation would make them small anyway.
//!
//! A JPEG stores 8x8 blocks as frequencies; leaving out the high ones gives the block at 1/2 or 1/4 of its
//! size for a fraction of the work, and of the memory. The rest of the way is an ordinary resize from a picture
//! that still has at least three times the sides that are wanted: what comes out differs from that of a full decode
//! by 45 dB or more (the tests hold this). The only place that imports `jpeg_decoder`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jpeg_decoder::{Decoder, PixelFormat};

use super::container::Contents;
use super::rgb::Samples;
use super::{Header, Limits, Rgb8};

/// How much larger than wanted a scaled picture still is, per side. Colour is often stored at half the size: with
/// twice the sides it would have no pixel to spare (measured: 44.9 dB on a photograph).
const MARGIN: u32 = 3;

/// A picture at a fraction of its size.
pub(super) struct Scaled {
    pub(super) picture: Rgb8,
    /// How much of the width and height the picture really has: the last column and row stand for a whole
    /// fraction of a block, also where the file's own size ends within it.
    pub(super) extent: (f64, f64),
}

/// Decodes at the smallest fraction with at least three times the wanted sides; `None` where the whole picture is
/// needed, or where this decoder does not manage and the ordinary one is to have its say.
///
/// The header has been held against the limits already.
pub(super) fn decoded(
    header: &Header,
    contents: &Contents<'_>,
    limits: &Limits,
    (wanted_width, wanted_height): (u32, u32),
) -> Option<Scaled> {
    let eighths = eighths(header, wanted_width, wanted_height)?;
    let side = |length: u32| (length * eighths).div_ceil(8);
    let (width, height) = (side(header.width), side(header.height));
    // The planes of the components and the picture itself, all at the small size.
    let small = 6 * u64::from(width) * u64::from(height);
    if contents.scratch.saturating_add(small) > limits.max_memory() {
        return None;
    }
    let decoding = || {
        let mut decoder = Decoder::new(contents.bytes.as_ref());
        decoder.set_max_decoding_buffer_size(usize::try_from(limits.max_memory()).ok()?);
        let sides = (u16::try_from(width).ok()?, u16::try_from(height).ok()?);
        // It takes the first fraction that reaches one of the sides; that is not always ours.
        if decoder.scale(sides.0, sides.1).ok()? != sides {
            return None;
        }
        let mut data = decoder.decode().ok()?;
        let pixels = width as usize * height as usize;
        let (samples, length) = match decoder.info()?.pixel_format {
            PixelFormat::L8 => (Samples::Gray8, pixels),
            PixelFormat::RGB24 => (Samples::Rgb8, 3 * pixels),
            // The ordinary decoder's formula for CMYK is the one that scores were made with.
            PixelFormat::CMYK32 | PixelFormat::L16 => return None,
        };
        if data.len() != length {
            return None;
        }
        data.resize(3 * pixels, 0);
        samples.flatten(&mut data, pixels, [0; 3]);
        let true_side = |length: u32| f64::from(length) * f64::from(eighths) / 8.0;
        Some(Scaled {
            picture: Rgb8::made(width, height, data),
            extent: (true_side(header.width), true_side(header.height)),
        })
    };
    // A panic in the decoder costs the short way, and nothing else: it shares only the bytes.
    catch_unwind(AssertUnwindSafe(decoding)).ok().flatten()
}

/// How many eighths of the size are enough; `None` where it takes all eight.
///
/// One eighth would leave the mean of each block. Where pixels are clipped, as in noise on white, it is not the mean
/// of what a full decode shows (measured: 43.3 dB), and it costs nearly as much time: the frequencies that are left
/// out are read all the same.
fn eighths(header: &Header, width: u32, height: u32) -> Option<u32> {
    [2, 4].into_iter().find(|eighths| {
        let reaches = |length: u32, wanted: u32| {
            (u64::from(length) * u64::from(*eighths)).div_ceil(8)
                >= u64::from(wanted) * u64::from(MARGIN)
        };
        reaches(header.width, width) && reaches(header.height, height)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::Format;

    #[test]
    fn the_smallest_fraction_that_leaves_three_times_the_sides() {
        for (sides, wanted, expected) in [
            ((4000, 3000), (224, 224), Some(2)),
            ((2688, 2688), (224, 224), Some(2)),
            ((2684, 2688), (224, 224), Some(4)),
            ((1344, 1344), (224, 224), Some(4)),
            ((1342, 1344), (224, 224), None),
            ((4000, 671), (224, 224), None),
            ((100, 100), (200, 200), None),
        ] {
            let header = Header {
                format: Format::Jpeg,
                width: sides.0,
                height: sides.1,
            };
            assert_eq!(eighths(&header, wanted.0, wanted.1), expected, "{sides:?}");
        }
    }
}
