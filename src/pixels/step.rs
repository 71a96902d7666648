//! Named preparation steps as plain data.

use std::fmt;

use super::resample::resized;
use super::{ImageFault, Limits, Rgb8};

/// How a pixel is computed when a picture is resized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Filter {
    /// Windowed sinc over 6 source pixels; sharpest.
    Lanczos3,
    /// Cubic over 4 source pixels, a = -0.5; what Pillow and PyTorch call bicubic with antialiasing.
    CatmullRom,
    /// Triangle over 2 source pixels.
    Bilinear,
}

impl Filter {
    /// The name in preprocessing ids.
    pub fn name(self) -> &'static str {
        match self {
            Filter::Lanczos3 => "lanczos3",
            Filter::CatmullRom => "catmullrom",
            Filter::Bilinear => "bilinear",
        }
    }
}

/// One step of a preparation. Lengths are in pixels; each shows as it stands in the preprocessing id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Shrinks so that the longer side is at most this, keeping proportions; never enlarges.
    LongestSide {
        /// Longest allowed side.
        at_most: u32,
        /// How pixels are computed.
        filter: Filter,
    },
    /// Extends sides shorter than this by mirrored pixels, the edge pixel repeated, as many before as after
    /// (one more after if odd): `numpy.pad(mode="symmetric")`. Resolution is kept.
    ShortestSide {
        /// Least allowed side.
        at_least: u32,
    },
    /// Extends the shorter side to the longer with one colour, the picture in the middle
    /// (one more row or column after if odd).
    PadSquare {
        /// Red, green, blue.
        color: [u8; 3],
    },
    /// Resizes to exactly this, whatever the proportions.
    Resize {
        /// New width.
        width: u32,
        /// New height.
        height: u32,
        /// How pixels are computed.
        filter: Filter,
    },
    /// Cuts this out of the middle (rounding towards the top left); a smaller picture is an error.
    CenterCrop {
        /// Width kept.
        width: u32,
        /// Height kept.
        height: u32,
    },
    /// Cuts into a grid of `ceil(width / side)` by `ceil(height / side)` tiles, left to right and then down.
    /// Tile `i` of `k` spans `floor(i * length / k) .. floor((i + 1) * length / k)`: sizes differ by one
    /// pixel at most, and every pixel lies in exactly one tile.
    Tiles {
        /// Longest allowed side of a tile.
        side: u32,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::LongestSide { at_most, filter } => {
                write!(formatter, "longest<={at_most}:{}", filter.name())
            }
            Step::ShortestSide { at_least } => write!(formatter, "shortest>={at_least}:mirror"),
            Step::PadSquare {
                color: [red, green, blue],
            } => write!(formatter, "square:{red:02x}{green:02x}{blue:02x}"),
            Step::Resize {
                width,
                height,
                filter,
            } => write!(formatter, "resize={width}x{height}:{}", filter.name()),
            Step::CenterCrop { width, height } => write!(formatter, "center={width}x{height}"),
            Step::Tiles { side } => write!(formatter, "tiles={side}"),
        }
    }
}

impl Step {
    /// Carries the step out on one picture; only [`Step::Tiles`] returns more than one.
    ///
    /// # Errors
    /// [`ImageFault::BadStep`] for a size of zero, [`ImageFault::TooSmall`] for a crop larger than the
    /// picture, [`ImageFault::TooManyPixels`] when the result would be larger than any picture may be.
    pub fn apply(&self, picture: Rgb8) -> Result<Vec<Rgb8>, ImageFault> {
        self.check()?;
        let (width, height) = (picture.width(), picture.height());
        let one = match *self {
            Step::Tiles { side } => return Ok(tiles(&picture, side)),
            Step::LongestSide { at_most, filter } => {
                let longest = width.max(height);
                if longest <= at_most {
                    return Ok(vec![picture]);
                }
                let (width, height) = (
                    scaled(width, at_most, longest),
                    scaled(height, at_most, longest),
                );
                resized(&picture, width, height, filter)
            }
            Step::Resize {
                width,
                height,
                filter,
            } => {
                check_size(width, height)?;
                resized(&picture, width, height, filter)
            }
            Step::ShortestSide { at_least } if width.min(height) >= at_least => picture,
            Step::ShortestSide { at_least } => mirrored(&picture, at_least)?,
            Step::PadSquare { color } => squared(&picture, color)?,
            Step::CenterCrop {
                width: needed_width,
                height: needed_height,
            } => {
                if width < needed_width || height < needed_height {
                    return Err(ImageFault::TooSmall {
                        step: self.to_string(),
                        width,
                        height,
                        needed_width,
                        needed_height,
                    });
                }
                let left = (width - needed_width) / 2;
                let top = (height - needed_height) / 2;
                cut(&picture, left, top, needed_width, needed_height)
            }
        };
        Ok(vec![one])
    }

    /// Refuses sizes of zero; judges call this when they are loaded.
    ///
    /// # Errors
    /// [`ImageFault::BadStep`].
    pub fn check(&self) -> Result<(), ImageFault> {
        let least = match *self {
            Step::LongestSide { at_most, .. } => at_most,
            Step::ShortestSide { at_least } => at_least,
            Step::Tiles { side } => side,
            Step::Resize { width, height, .. } | Step::CenterCrop { width, height } => {
                width.min(height)
            }
            Step::PadSquare { .. } => 1,
        };
        if least == 0 {
            return Err(ImageFault::BadStep {
                step: self.to_string(),
                reason: "a size of zero pixels",
            });
        }
        Ok(())
    }
}

/// `length * part / whole`, rounded to the nearest, at least 1.
fn scaled(length: u32, part: u32, whole: u32) -> u32 {
    let (length, part, whole) = (u64::from(length), u64::from(part), u64::from(whole));
    u32::try_from((2 * length * part + whole) / (2 * whole))
        .expect("shrinking makes no side longer")
        .max(1)
}

/// A step may not make a picture larger than the largest that is decoded.
fn check_size(width: u32, height: u32) -> Result<(), ImageFault> {
    let allowed = Limits::default().max_pixels;
    if u64::from(width) * u64::from(height) > allowed {
        return Err(ImageFault::TooManyPixels {
            width,
            height,
            allowed,
        });
    }
    Ok(())
}

fn cut(picture: &Rgb8, left: u32, top: u32, width: u32, height: u32) -> Rgb8 {
    let columns = 3 * left as usize..3 * (left + width) as usize;
    let data = picture
        .rows()
        .skip(top as usize)
        .take(height as usize)
        .flat_map(|row| &row[columns.clone()])
        .copied()
        .collect();
    Rgb8::made(width, height, data)
}

fn tiles(picture: &Rgb8, side: u32) -> Vec<Rgb8> {
    let mut tiles = Vec::new();
    for (top, bottom) in spans(picture.height(), side) {
        for (left, right) in spans(picture.width(), side) {
            tiles.push(cut(picture, left, top, right - left, bottom - top));
        }
    }
    tiles
}

/// Cuts a length into as few equal spans as fit `side`.
fn spans(length: u32, side: u32) -> impl Iterator<Item = (u32, u32)> {
    let count = u64::from(length.div_ceil(side));
    let bound = move |index: u64| {
        u32::try_from(index * u64::from(length) / count).expect("a bound is within the length")
    };
    (0..count).map(move |index| (bound(index), bound(index + 1)))
}

fn mirrored(picture: &Rgb8, at_least: u32) -> Result<Rgb8, ImageFault> {
    let width = picture.width().max(at_least);
    let height = picture.height().max(at_least);
    check_size(width, height)?;
    let columns = mirror_indices(picture.width(), width);
    let (source, _) = picture.data().as_chunks::<3>();
    let mut data = Vec::with_capacity(3 * width as usize * height as usize);
    for row in mirror_indices(picture.height(), height) {
        let row = &source[row * picture.width() as usize..][..picture.width() as usize];
        columns
            .iter()
            .for_each(|column| data.extend_from_slice(&row[*column]));
    }
    Ok(Rgb8::made(width, height, data))
}

/// For each position of the longer side, the pixel it mirrors: `.. b a | a b c | c b ..`.
fn mirror_indices(length: u32, target: u32) -> Vec<usize> {
    let (length, target) = (length as usize, target as usize);
    let before = (target - length) / 2;
    // Where position 0 lies in the repeating pattern forth and back, which starts at the first pixel.
    let period = 2 * length;
    let start = period - before % period;
    (start..start + target)
        .map(|position| position % period)
        .map(|position| position.min(period - 1 - position))
        .collect()
}

fn squared(picture: &Rgb8, color: [u8; 3]) -> Result<Rgb8, ImageFault> {
    let side = picture.width().max(picture.height());
    check_size(side, side)?;
    let left = 3 * ((side - picture.width()) / 2) as usize;
    let top = ((side - picture.height()) / 2) as usize;
    let row_length = 3 * side as usize;
    let mut data = color.repeat(side as usize * side as usize);
    for (target, source) in data
        .chunks_exact_mut(row_length)
        .skip(top)
        .zip(picture.rows())
    {
        target[left..left + source.len()].copy_from_slice(source);
    }
    Ok(Rgb8::made(side, side, data))
}

#[cfg(test)]
mod tests;
