//! The outer layers of image files: who they are, how large, and whether they are all there.
//!
//! Decoders are lenient in ways that change scores (a cut JPEG is padded with gray) or cost memory
//! (a compressed profile is inflated). What we must know before we trust one of them is read here.

mod arithmetic;
mod jpeg;
mod plain;
mod png;
mod webp;

use std::borrow::Cow;

use super::{Format, Header, ImageFault, Limits};

/// What a decoder is given and what it will need.
pub(super) struct Contents<'a> {
    /// The file, without parts that a decoder would spend time or memory on in vain.
    pub(super) bytes: Cow<'a, [u8]>,
    /// The EXIF block (a small TIFF), if there is one.
    pub(super) exif: Option<&'a [u8]>,
    /// Bytes a decoder holds beside its output, at most.
    pub(super) scratch: u64,
}

/// Names the format by the first bytes.
pub(super) fn sniff(bytes: &[u8]) -> Result<Format, ImageFault> {
    if bytes.starts_with(b"RIFF") {
        return match bytes.get(8..12) {
            Some(b"WEBP") => Ok(Format::WebP),
            Some(_) => Err(ImageFault::UnknownFormat {
                looks_like: Some("a RIFF file that is not WebP"),
            }),
            None => Err(ImageFault::Truncated {
                format: Format::WebP,
            }),
        };
    }
    const SIGNATURES: [(&[u8], Format); 7] = [
        (b"\xff\xd8", Format::Jpeg),
        (b"\x89PNG\r\n\x1a\n", Format::Png),
        (b"GIF87a", Format::Gif),
        (b"GIF89a", Format::Gif),
        (b"BM", Format::Bmp),
        (b"II*\0", Format::Tiff),
        (b"MM\0*", Format::Tiff),
    ];
    for (signature, format) in SIGNATURES {
        if bytes.starts_with(signature) {
            return Ok(format);
        }
        if signature.starts_with(bytes) {
            return Err(ImageFault::Truncated { format });
        }
    }
    Err(ImageFault::UnknownFormat {
        looks_like: looks_like(bytes),
    })
}

/// Reads the size that the header states.
pub(super) fn stated_size(format: Format, bytes: &[u8]) -> Result<(u32, u32), ImageFault> {
    match format {
        Format::Jpeg => jpeg::stated_size(bytes),
        Format::Png => png::stated_size(bytes),
        Format::WebP => webp::stated_size(bytes),
        Format::Gif => plain::gif_size(bytes),
        Format::Bmp => plain::bmp_size(bytes),
        Format::Tiff => plain::tiff_size(bytes),
    }
}

/// Checks that the file is whole as far as its container tells, and takes out what decoding needs.
pub(super) fn contents<'a>(
    header: &Header,
    bytes: &'a [u8],
    limits: &Limits,
) -> Result<Contents<'a>, ImageFault> {
    let pixels = header.pixels();
    let whole = |exif, scratch| {
        Ok(Contents {
            bytes: Cow::Borrowed(bytes),
            exif,
            scratch,
        })
    };
    match header.format {
        Format::Jpeg => {
            let outline = jpeg::outline(bytes, jpeg::max_scans(pixels, limits.max_pixels))?;
            if outline.is_arithmetic {
                arithmetic::allowed(header, bytes, &outline, limits)?;
                let bytes = arithmetic::as_huffman(bytes, pixels)?;
                return Ok(Contents {
                    scratch: bytes.len() as u64,
                    bytes: Cow::Owned(bytes),
                    exif: outline.exif,
                });
            }
            Ok(Contents {
                bytes: outline.bytes,
                exif: outline.exif,
                scratch: outline.coefficient_bytes,
            })
        }
        Format::Png => {
            let png::Picture { bytes, exif } = png::picture_only(bytes)?;
            Ok(Contents {
                bytes,
                exif,
                scratch: 0,
            })
        }
        Format::WebP => {
            let outline = webp::outline(bytes)?;
            whole(outline.exif, outline.scratch_per_pixel * pixels)
        }
        Format::Gif => {
            plain::gif_first_frame(bytes)?;
            // A frame that does not fill the screen is decoded beside it, 4 bytes per pixel.
            whole(None, 4 * pixels)
        }
        Format::Bmp => whole(None, 0),
        // A TIFF file is laid out like an EXIF block. Its decoder keeps the samples as stored beside its
        // output: 4 per pixel, of 2 bytes, at most.
        Format::Tiff => whole(Some(bytes), 4 * plain::tiff_sample_bytes(bytes) * pixels),
    }
}

/// The `N` bytes at `at`, if they are all there.
fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], usize, &str); 12] = [
        (b"ftypavif", 4, "AVIF"),
        (b"ftyphei", 4, "HEIC"),
        (b"ftypmif1", 4, "HEIF"),
        (b"ftyp", 4, "an MPEG-4 family file"),
        (b"\xff\x0a", 0, "JPEG XL"),
        (b"\0\0\0\x0cJXL ", 0, "JPEG XL"),
        (b"\0\0\0\x0cjP  ", 0, "JPEG 2000"),
        (b"%PDF", 0, "PDF"),
        (b"%!PS", 0, "PostScript"),
        (b"PK\x03\x04", 0, "a ZIP archive"),
        (b"II+\0", 0, "BigTIFF"),
        (b"MM\0+", 0, "BigTIFF"),
    ];
    let found = KINDS
        .iter()
        .find(|(magic, at, _)| bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    if let Some((_, _, kind)) = found {
        return Some(kind);
    }
    let start = &bytes[..bytes.len().min(512)];
    if start.trim_ascii_start().starts_with(b"<") {
        return Some("markup such as SVG or HTML");
    }
    let printable = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    start.iter().all(printable).then_some("plain text")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_signature_is_a_cut_image_and_a_foreign_one_is_named() {
        assert_eq!(
            sniff(b"\x89PNG"),
            Err(ImageFault::Truncated {
                format: Format::Png
            })
        );
        for (bytes, kind) in [
            (&b"<svg xmlns='x'/>"[..], "markup such as SVG or HTML"),
            (b"hello world", "plain text"),
            (b"\0\0\0\x1cftypheic", "HEIC"),
        ] {
            assert_eq!(
                sniff(bytes),
                Err(ImageFault::UnknownFormat {
                    looks_like: Some(kind)
                })
            );
        }
    }
}
