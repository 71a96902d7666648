//! Eight-bit RGB pixels in memory, and how other samples become them.

use super::ImageFault;

/// A picture as row-major RGB, 8 bits a channel, values as stored (no colour profile is applied).
#[derive(Clone, PartialEq, Eq)]
pub struct Rgb8 {
    width: u32,
    height: u32,
    data: Vec<u8>,
}

impl Rgb8 {
    /// Takes `width * height` pixels of 3 bytes, top row first.
    ///
    /// # Errors
    /// [`ImageFault::WrongLength`] when the bytes do not fit the size, or the picture has no pixel.
    pub fn new(width: u32, height: u32, data: Vec<u8>) -> Result<Self, ImageFault> {
        let expected = (u64::from(width) * u64::from(height)).saturating_mul(3);
        if expected == 0 || expected != data.len() as u64 {
            return Err(ImageFault::WrongLength {
                width,
                height,
                expected,
                got: data.len(),
            });
        }
        Ok(Rgb8 {
            width,
            height,
            data,
        })
    }

    /// For callers that made the pixels themselves.
    pub(super) fn made(width: u32, height: u32, data: Vec<u8>) -> Self {
        Rgb8::new(width, height, data).expect("the maker sized the buffer by these sides")
    }

    /// Width in pixels, at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes: `3 * width * height`, rows from the top, red first.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Gives the bytes away.
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }

    pub(super) fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    /// The rows from the top, `3 * width` bytes each.
    pub(super) fn rows(&self) -> std::slice::ChunksExact<'_, u8> {
        self.data.chunks_exact(3 * self.width as usize)
    }
}

/// Shows the size only: pixels belong in no log.
impl std::fmt::Debug for Rgb8 {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Rgb8({}x{})", self.width, self.height)
    }
}

/// How decoded samples lie in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Samples {
    Gray8,
    GrayAlpha8,
    Rgb8,
    Rgba8,
    Gray16,
    GrayAlpha16,
    Rgb16,
    Rgba16,
}

impl Samples {
    /// Bytes of one pixel.
    pub(super) fn stride(self) -> usize {
        match self {
            Samples::Gray8 => 1,
            Samples::GrayAlpha8 | Samples::Gray16 => 2,
            Samples::Rgb8 => 3,
            Samples::Rgba8 | Samples::GrayAlpha16 => 4,
            Samples::Rgb16 => 6,
            Samples::Rgba16 => 8,
        }
    }

    /// Turns samples into RGB within their own buffer, which has room for the larger of the two.
    ///
    /// Sixteen bits are rounded to eight; transparent pixels are laid over `background`.
    pub(super) fn flatten(self, data: &mut Vec<u8>, pixels: usize, background: [u8; 3]) {
        match self {
            Samples::Rgb8 => {}
            Samples::Gray8 => spread(data, pixels, |[gray]| [gray; 3]),
            Samples::GrayAlpha8 => spread(data, pixels, |[gray, alpha]| {
                over(background, [gray; 3], alpha)
            }),
            Samples::Gray16 => spread(data, pixels, |[a, b]| [narrow([a, b]); 3]),
            Samples::Rgba8 => gather(data, pixels, |[r, g, b, alpha]| {
                over(background, [r, g, b], alpha)
            }),
            Samples::GrayAlpha16 => gather(data, pixels, |[a, b, c, d]| {
                over(background, [narrow([a, b]); 3], narrow([c, d]))
            }),
            Samples::Rgb16 => gather(data, pixels, |[a, b, c, d, e, f]| {
                [narrow([a, b]), narrow([c, d]), narrow([e, f])]
            }),
            Samples::Rgba16 => gather(data, pixels, |[a, b, c, d, e, f, g, h]| {
                let colour = [narrow([a, b]), narrow([c, d]), narrow([e, f])];
                over(background, colour, narrow([g, h]))
            }),
        }
        // Give memory back before anything else is allocated: a picture may be turned next.
        data.truncate(3 * pixels);
        data.shrink_to_fit();
    }
}

/// Widens pixels of fewer than 3 bytes, from the last to the first so that none is overwritten unread.
fn spread<const N: usize>(data: &mut [u8], pixels: usize, rgb: impl Fn([u8; N]) -> [u8; 3]) {
    for index in (0..pixels).rev() {
        let pixel = rgb(std::array::from_fn(|part| data[N * index + part]));
        data[3 * index..3 * index + 3].copy_from_slice(&pixel);
    }
}

/// Narrows pixels of more than 3 bytes, from the first to the last.
fn gather<const N: usize>(data: &mut [u8], pixels: usize, rgb: impl Fn([u8; N]) -> [u8; 3]) {
    for index in 0..pixels {
        let pixel = rgb(std::array::from_fn(|part| data[N * index + part]));
        data[3 * index..3 * index + 3].copy_from_slice(&pixel);
    }
}

/// `round(v / 257)`, so that 65535 is 255 and 8-bit values stored twice come back unchanged.
fn narrow(bytes: [u8; 2]) -> u8 {
    let value = u32::from(u16::from_ne_bytes(bytes));
    u8::try_from((value + 128) / 257).expect("65535 / 257 is 255")
}

/// `round((colour * alpha + background * (255 - alpha)) / 255)`, as stored, without linearising.
fn over(background: [u8; 3], colour: [u8; 3], alpha: u8) -> [u8; 3] {
    let alpha = u32::from(alpha);
    std::array::from_fn(|channel| {
        let mixed =
            u32::from(colour[channel]) * alpha + u32::from(background[channel]) * (255 - alpha);
        u8::try_from((mixed + 127) / 255).expect("a mean of bytes is a byte")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(samples: Samples, raw: &[u8], background: [u8; 3]) -> Vec<u8> {
        let pixels = raw.len() / samples.stride();
        let mut data = raw.to_vec();
        data.resize(raw.len().max(3 * pixels), 0);
        samples.flatten(&mut data, pixels, background);
        data
    }

    fn wide(values: &[u16]) -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_ne_bytes())
            .collect()
    }

    #[test]
    fn every_kind_of_sample_becomes_rgb() {
        let over_blue = [0, 0, 255];
        let cases: [(Samples, Vec<u8>, &[u8]); 8] = [
            (Samples::Gray8, vec![1, 2], &[1, 1, 1, 2, 2, 2]),
            (
                Samples::GrayAlpha8,
                vec![9, 255, 9, 0],
                &[9, 9, 9, 0, 0, 255],
            ),
            (Samples::Rgb8, vec![1, 2, 3], &[1, 2, 3]),
            (
                Samples::Rgba8,
                vec![9, 8, 7, 255, 200, 100, 50, 51],
                &[9, 8, 7, 40, 20, 214],
            ),
            (
                Samples::Gray16,
                wide(&[0, 65535]),
                &[0, 0, 0, 255, 255, 255],
            ),
            (Samples::GrayAlpha16, wide(&[257, 65535]), &[1, 1, 1]),
            (Samples::Rgb16, wide(&[128, 129, 65406]), &[0, 1, 254]),
            (Samples::Rgba16, wide(&[257, 514, 771, 0]), &[0, 0, 255]),
        ];
        for (samples, raw, expected) in cases {
            assert_eq!(flat(samples, &raw, over_blue), expected, "{samples:?}");
        }
    }

    #[test]
    fn a_picture_has_as_many_bytes_as_its_sides_say() {
        assert!(Rgb8::new(2, 1, vec![0; 6]).is_ok());
        for (width, height, length) in [(2, 1, 5), (0, 1, 0), (u32::MAX, u32::MAX, 3)] {
            let fault = Rgb8::new(width, height, vec![0; length]).unwrap_err();
            assert_eq!(fault.code(), "image_wrong_length");
        }
    }
}
