//! What a file says of itself, checked against limits before anything is allocated.

use super::ImageFault;
use super::container;

/// How large an image may be. All are checked from the header, before decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest encoded size in bytes.
    pub max_bytes: usize,
    /// Largest number of pixels. It bounds memory too: decoding may take 6 bytes per allowed pixel
    /// (the RGB result and one copy of it), and what needs more is refused.
    pub max_pixels: u64,
    /// Longest side in pixels.
    pub max_side: u32,
}

impl Default for Limits {
    /// 32 MiB encoded, 50 megapixels (as imgproxy does), sides of 16,384 pixels.
    fn default() -> Self {
        Limits {
            max_bytes: 32 << 20,
            max_pixels: 50_000_000,
            max_side: 16_384,
        }
    }
}

impl Limits {
    /// Memory in bytes that decoding one image may take at its peak.
    pub fn max_memory(&self) -> u64 {
        self.max_pixels.saturating_mul(6)
    }
}

/// A format that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG: baseline and progressive, 8 bits; gray, colour, CMYK and YCCK.
    Jpeg,
    /// PNG; of an animation, the default image.
    Png,
    /// WebP, lossy and lossless; of an animation, the first frame.
    WebP,
    /// GIF; the first frame on its screen.
    Gif,
    /// Windows bitmap.
    Bmp,
    /// TIFF; the first page.
    Tiff,
}

impl Format {
    /// Every format, in the order in which they are named to people.
    pub const ALL: [Format; 6] = [
        Format::Jpeg,
        Format::Png,
        Format::WebP,
        Format::Gif,
        Format::Bmp,
        Format::Tiff,
    ];

    /// The name people use.
    pub fn name(self) -> &'static str {
        match self {
            Format::Jpeg => "JPEG",
            Format::Png => "PNG",
            Format::WebP => "WebP",
            Format::Gif => "GIF",
            Format::Bmp => "BMP",
            Format::Tiff => "TIFF",
        }
    }

    /// The registered media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Jpeg => "image/jpeg",
            Format::Png => "image/png",
            Format::WebP => "image/webp",
            Format::Gif => "image/gif",
            Format::Bmp => "image/bmp",
            Format::Tiff => "image/tiff",
        }
    }

    pub(super) fn accepted() -> String {
        Format::ALL.map(Format::name).join(", ")
    }
}

/// What the header states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Format by content.
    pub format: Format,
    /// Width in pixels as stored, before orientation is undone.
    pub width: u32,
    /// Height in pixels as stored, before orientation is undone.
    pub height: u32,
}

impl Header {
    /// Number of pixels.
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// Reads format and size from the content and holds them against the limits; allocates nothing.
///
/// # Errors
/// [`ImageFault`] for whatever the first bytes already tell: emptiness, a foreign format, a broken
/// header, and every limit.
pub fn inspect(bytes: &[u8], limits: &Limits) -> Result<Header, ImageFault> {
    if bytes.is_empty() {
        return Err(ImageFault::Empty);
    }
    if bytes.len() > limits.max_bytes {
        return Err(ImageFault::TooManyBytes {
            bytes: bytes.len(),
            allowed: limits.max_bytes,
        });
    }
    let format = container::sniff(bytes)?;
    let (width, height) = container::stated_size(format, bytes)?;
    let header = Header {
        format,
        width,
        height,
    };
    within(header, limits)
}

fn within(header: Header, limits: &Limits) -> Result<Header, ImageFault> {
    let Header {
        format,
        width,
        height,
    } = header;
    if width == 0 || height == 0 {
        return Err(ImageFault::ZeroSize {
            format,
            width,
            height,
        });
    }
    if width.max(height) > limits.max_side {
        return Err(ImageFault::SideTooLong {
            width,
            height,
            allowed: limits.max_side,
        });
    }
    if header.pixels() > limits.max_pixels {
        return Err(ImageFault::TooManyPixels {
            width,
            height,
            allowed: limits.max_pixels,
        });
    }
    Ok(header)
}
