//! From encoded bytes to upright RGB pixels.

use std::io::{Cursor, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::{
    bmp::BmpDecoder, gif::GifDecoder, jpeg::JpegDecoder, png::PngDecoder, tiff::TiffDecoder,
    webp::WebPDecoder,
};
use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, ImageError};

use super::container::{self, Contents};
use super::resample::resized_from;
use super::rgb::Samples;
use super::scaled::Scaled;
use super::{Filter, Format, Header, ImageFault, Limits, Rgb8, inspect, orient, scaled};

/// Decodes an image whole, lays it over `background` where it is transparent, and turns it upright.
///
/// Sixteen-bit samples are rounded to eight, gray becomes three equal channels, CMYK becomes RGB by the
/// decoder's formula; colour profiles are not applied. Of an animation the first frame is decoded (of an
/// animated PNG the default image). Peak memory is within [`Limits::max_memory`], beside the input.
///
/// # Errors
/// [`ImageFault`]: all that [`inspect`] refuses, and truncated, damaged or unreadable data.
pub fn decode(bytes: &[u8], limits: &Limits, background: [u8; 3]) -> Result<Rgb8, ImageFault> {
    match opened(bytes, limits, background, None)? {
        Opened::Whole(picture) | Opened::Resized(picture) => Ok(picture),
    }
}

/// A resize that a preparation begins with.
#[derive(Debug, Clone, Copy)]
pub(super) struct FirstResize {
    pub(super) sides: (u32, u32),
    pub(super) filter: Filter,
}

/// A decoded picture, upright.
pub(super) enum Opened {
    /// With all its pixels.
    Whole(Rgb8),
    /// Of the sides of the first resize.
    Resized(Rgb8),
}

/// Decodes as [`decode`] does, or at a fraction of the size and carries out the first resize, where there is one
/// and the file is a JPEG that is large enough.
pub(super) fn opened(
    bytes: &[u8],
    limits: &Limits,
    background: [u8; 3],
    first: Option<FirstResize>,
) -> Result<Opened, ImageFault> {
    let header = inspect(bytes, limits)?;
    let contents = container::contents(&header, bytes, limits)?;
    let orientation = orient::stated(contents.exif);
    if let Some(first) = first
        && header.format == Format::Jpeg
    {
        let sides = stored(first.sides, orientation);
        if let Some(Scaled { picture, extent }) = scaled::decoded(&header, &contents, limits, sides)
        {
            let small = resized_from(&picture, extent, sides, first.filter);
            return Ok(Opened::Resized(orient::upright(small, orientation)));
        }
    }
    let picture = guarded(header.format, || {
        decode_contents(&header, &contents, limits, background)
    })?;
    drop(contents);
    Ok(Opened::Whole(orient::upright(picture, orientation)))
}

/// The sides of an upright picture as a file with this orientation stores them.
fn stored((width, height): (u32, u32), orientation: Orientation) -> (u32, u32) {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => (height, width),
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => (width, height),
    }
}

/// Runs a decoder so that a panic inside it refuses this one image.
///
/// The decoders are other people's code fed with strangers' bytes; a failed assertion there must not end
/// a worker. Nothing is shared with them but the bytes, so that nothing can be left half changed.
fn guarded(
    format: Format,
    decoding: impl FnOnce() -> Result<Rgb8, ImageFault>,
) -> Result<Rgb8, ImageFault> {
    catch_unwind(AssertUnwindSafe(decoding)).unwrap_or(Err(ImageFault::Malformed {
        format,
        reason: "the decoder gave up on it",
    }))
}

fn decode_contents(
    header: &Header,
    contents: &Contents,
    limits: &Limits,
    background: [u8; 3],
) -> Result<Rgb8, ImageFault> {
    let job = Job {
        header,
        scratch: contents.scratch,
        limits,
        background,
    };
    let input = Cursor::new(contents.bytes.as_ref());
    let fault = |error| refused(header.format, &error);
    match header.format {
        Format::Jpeg => job.run(JpegDecoder::new(input).map_err(fault)?),
        Format::Png => {
            job.run(PngDecoder::with_limits(input, job.decoder_limits()).map_err(fault)?)
        }
        Format::WebP => job.run(WebPDecoder::new(input).map_err(fault)?),
        Format::Gif => job.run(GifDecoder::new(input).map_err(fault)?),
        Format::Bmp => job.run(BmpDecoder::new(input).map_err(fault)?),
        Format::Tiff => job.run(TiffDecoder::new(input).map_err(fault)?),
    }
}

struct Job<'a> {
    header: &'a Header,
    scratch: u64,
    limits: &'a Limits,
    background: [u8; 3],
}

impl Job<'_> {
    fn run(&self, mut decoder: impl ImageDecoder) -> Result<Rgb8, ImageFault> {
        let Header {
            format,
            width,
            height,
        } = *self.header;
        if decoder.dimensions() != (width, height) {
            return Err(ImageFault::Malformed {
                format,
                reason: "it states its size twice, and not alike",
            });
        }
        let samples = known_samples(format, decoder.color_type())?;
        let pixels = width as usize * height as usize;
        let stored = samples.stride() * pixels;
        let mut data = self.buffer(stored.max(3 * pixels))?;
        let fault = |error| refused(format, &error);
        decoder.set_limits(self.decoder_limits()).map_err(fault)?;
        decoder.read_image(&mut data[..stored]).map_err(fault)?;
        samples.flatten(&mut data, pixels, self.background);
        Ok(Rgb8::made(width, height, data))
    }

    fn buffer(&self, length: usize) -> Result<Vec<u8>, ImageFault> {
        let needed = self.scratch.saturating_add(length as u64);
        let allowed = self.limits.max_memory();
        if needed > allowed {
            return Err(ImageFault::TooMuchMemory {
                format: self.header.format,
                needed,
                allowed,
            });
        }
        // Pages that the decoder never reaches stay untouched, and so cost nothing.
        Ok(vec![0; length])
    }

    fn decoder_limits(&self) -> image::Limits {
        let mut limits = image::Limits::no_limits();
        limits.max_image_width = Some(self.limits.max_side);
        limits.max_image_height = Some(self.limits.max_side);
        limits.max_alloc = Some(self.limits.max_memory());
        limits
    }
}

fn known_samples(format: Format, color: ColorType) -> Result<Samples, ImageFault> {
    match color {
        ColorType::L8 => Ok(Samples::Gray8),
        ColorType::La8 => Ok(Samples::GrayAlpha8),
        ColorType::Rgb8 => Ok(Samples::Rgb8),
        ColorType::Rgba8 => Ok(Samples::Rgba8),
        ColorType::L16 => Ok(Samples::Gray16),
        ColorType::La16 => Ok(Samples::GrayAlpha16),
        ColorType::Rgb16 => Ok(Samples::Rgb16),
        ColorType::Rgba16 => Ok(Samples::Rgba16),
        // Floats have no agreed white. `ColorType` is open, so that a new kind lands here as well.
        ColorType::Rgb32F | ColorType::Rgba32F | _ => Err(ImageFault::Unsupported {
            format,
            feature: "its samples are not 8-bit or 16-bit whole numbers",
        }),
    }
}

/// Sorts a decoder's error into ours. Its text is dropped: it may repeat bytes of the image.
fn refused(format: Format, error: &ImageError) -> ImageFault {
    match error {
        ImageError::IoError(error) if error.kind() == ErrorKind::UnexpectedEof => {
            ImageFault::Truncated { format }
        }
        ImageError::Unsupported(_) => ImageFault::Unsupported {
            format,
            feature: "it uses a coding or colour layout that the decoder does not know",
        },
        ImageError::Limits(_) => ImageFault::Malformed {
            format,
            reason: "its parts are larger than its header states",
        },
        ImageError::IoError(_)
        | ImageError::Decoding(_)
        | ImageError::Encoding(_)
        | ImageError::Parameter(_) => ImageFault::Malformed {
            format,
            reason: "the picture data do not follow the format",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_a_decoder_refuses_the_image_and_nothing_else() {
        let outcome = guarded(Format::Gif, || panic!("a failed assertion"));
        assert_eq!(outcome.unwrap_err().code(), "image_malformed");
    }
}
