//! What a picture looks like at a glance: what tells that something went wrong before any judge is asked.

use super::Rgb8;

/// Facts of a picture's luma, cheap to take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Mean luma, 0 (black) to 255 (white), by the weights of Rec. 601.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
    /// Largest difference of any channel over the picture.
    pub range: u8,
    /// Mean squared difference of neighbouring pixels over twice the variance: 1 for noise without any structure, far
    /// below for pictures; 0 where nothing varies.
    pub roughness: f64,
    /// Difference hash: 64 signs of the slope over 9 x 8 areas. Near duplicates differ in few bits.
    pub fingerprint: u64,
    /// Mean red, green and blue of those areas, row by row.
    pub areas: [[u8; 3]; AREAS],
}

/// Areas across.
const COLUMNS: usize = 9;
/// Areas down.
const ROWS: usize = 8;
/// Areas of a picture.
const AREAS: usize = COLUMNS * ROWS;

/// Luma from which down a picture is black, and from 255 minus it up white.
const DARK: f64 = 3.0;
/// Deviation below which a picture is of one tone.
const FLAT: f64 = 2.0;
/// Roughness from which on a picture is noise; that of photographs lies below .5.
const ROUGH: f64 = 0.8;
/// Range of channels up to which a picture is of one colour, rounding of an encoder included.
const ONE_COLOUR: u8 = 4;
/// Bits of 64 in which near duplicates may differ.
const NEAR: u32 = 4;
/// Most by which the mean of a channel over an area may differ in near duplicates, of 255. The signs of slopes alone do
/// not tell a red shape on white from a blue one, and a flat picture has no slopes.
const SHADE: u8 = 16;

impl Look {
    /// Looks at a picture.
    pub fn of(picture: &Rgb8) -> Self {
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let luma = |pixel: &[u8]| {
            0.299 * f64::from(pixel[0]) + 0.587 * f64::from(pixel[1]) + 0.114 * f64::from(pixel[2])
        };
        let values: Vec<f64> = picture.data().chunks_exact(3).map(luma).collect();
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        Look {
            width: picture.width(),
            height: picture.height(),
            mean,
            deviation: variance.sqrt(),
            range: range(picture),
            roughness: roughness(&values, width, height, variance),
            fingerprint: fingerprint(&values, width, height),
            areas: areas(picture),
        }
    }

    /// Whether it is of one colour.
    pub fn is_constant(&self) -> bool {
        self.range <= ONE_COLOUR
    }

    /// Whether it is black.
    pub fn is_black(&self) -> bool {
        self.mean <= DARK && self.deviation <= FLAT
    }

    /// Whether it is white.
    pub fn is_white(&self) -> bool {
        self.mean >= 255.0 - DARK && self.deviation <= FLAT
    }

    /// Whether it is noise without structure.
    pub fn is_noise(&self) -> bool {
        self.roughness >= ROUGH && self.deviation > FLAT
    }

    /// In how many of 64 bits two difference hashes differ.
    pub fn bits_apart(&self, other: &Look) -> u32 {
        (self.fingerprint ^ other.fingerprint).count_ones()
    }

    /// Whether two pictures are nearly the same: the same one at another size, encoded again, or a little brighter.
    pub fn is_near(&self, other: &Look) -> bool {
        let areas = self.areas.iter().flatten();
        self.bits_apart(other) <= NEAR
            && areas
                .zip(other.areas.iter().flatten())
                .all(|(one, other)| one.abs_diff(*other) <= SHADE)
    }
}

fn range(picture: &Rgb8) -> u8 {
    let ends = picture
        .data()
        .chunks_exact(3)
        .fold([(u8::MAX, u8::MIN); 3], |mut ends, pixel| {
            for ((low, high), value) in ends.iter_mut().zip(pixel) {
                *low = (*low).min(*value);
                *high = (*high).max(*value);
            }
            ends
        });
    ends.iter().map(|(low, high)| high - low).max().unwrap_or(0)
}

fn roughness(values: &[f64], width: usize, height: usize, variance: f64) -> f64 {
    let mut sum = 0.0;
    let mut pairs = 0.0;
    for (y, row) in values.chunks_exact(width).enumerate() {
        for x in 1..width {
            sum += (row[x] - row[x - 1]).powi(2);
        }
        pairs += (width - 1) as f64;
        if y + 1 < height {
            let below = &values[(y + 1) * width..(y + 2) * width];
            sum += row
                .iter()
                .zip(below)
                .map(|(a, b)| (a - b).powi(2))
                .sum::<f64>();
            pairs += width as f64;
        }
    }
    if variance <= 0.0 || pairs <= 0.0 {
        return 0.0;
    }
    sum / pairs / (2.0 * variance)
}

/// The pixels of the area at this column and row: at least one.
fn area(
    (column, row): (usize, usize),
    (width, height): (usize, usize),
) -> impl Iterator<Item = usize> {
    let cells = |at: usize, of: usize, all: usize| {
        let from = (at * all / of).min(all - 1);
        from..((at + 1) * all / of).max(from + 1).min(all)
    };
    let across = cells(column, COLUMNS, width);
    cells(row, ROWS, height).flat_map(move |y| across.clone().map(move |x| y * width + x))
}

/// A bit for each of the 64 steps to the right that gets brighter.
fn fingerprint(values: &[f64], width: usize, height: usize) -> u64 {
    let mean = |column: usize, row: usize| {
        let (sum, n) = area((column, row), (width, height))
            .fold((0.0, 0.0), |(sum, n), at| (sum + values[at], n + 1.0));
        sum / n
    };
    let mut bits = 0;
    for row in 0..ROWS {
        for column in 1..COLUMNS {
            bits = bits << 1 | u64::from(mean(column, row) > mean(column - 1, row));
        }
    }
    bits
}

/// Mean colour of each area.
fn areas(picture: &Rgb8) -> [[u8; 3]; AREAS] {
    let size = (picture.width() as usize, picture.height() as usize);
    std::array::from_fn(|place| {
        let mut sums = [0_u64; 3];
        let mut n = 0;
        for at in area((place % COLUMNS, place / COLUMNS), size) {
            n += 1;
            for (sum, value) in sums.iter_mut().zip(&picture.data()[3 * at..]) {
                *sum += u64::from(*value);
            }
        }
        // A mean of bytes is a byte.
        sums.map(|sum| u8::try_from(sum / n).unwrap_or(u8::MAX))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pixels::{DEFAULT_BACKGROUND, Limits, decode};

    fn made(pixel: impl Fn(u32, u32) -> [u8; 3]) -> Look {
        let (width, height) = (48, 32);
        let data = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| pixel(x, y))
            .collect();
        Look::of(&Rgb8::new(width, height, data).unwrap())
    }

    /// A hash of the place, as good as noise here.
    fn noise(x: u32, y: u32) -> u8 {
        let mixed =
            (x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77)).wrapping_mul(0xC2B2_AE3D);
        (mixed ^ mixed >> 15).to_le_bytes()[2]
    }

    #[test]
    fn what_is_empty_is_told_from_what_is_a_picture() {
        let black = made(|_, _| [0; 3]);
        assert!(black.is_black() && black.is_constant() && !black.is_noise());
        let white = made(|_, _| [255; 3]);
        assert!(white.is_white() && white.is_constant() && !white.is_black());
        let red = made(|_, _| [200, 10, 10]);
        assert!(red.is_constant() && !red.is_black() && !red.is_white());
        let static_noise = made(|x, y| [noise(x, y), noise(x + 999, y), noise(x, y + 999)]);
        assert!(static_noise.is_noise(), "{static_noise:?}");
        let ramp = made(|x, _| [(x * 5).to_le_bytes()[0]; 3]);
        assert!(
            !ramp.is_noise() && !ramp.is_constant() && ramp.roughness < 0.1,
            "{ramp:?}"
        );
    }

    #[test]
    fn photographs_pass() {
        for bytes in [
            &include_bytes!("../../judges/technical-quality/examples/clean.jpg")[..],
            include_bytes!("../../tests/images/good/base.png"),
        ] {
            let picture = decode(bytes, &Limits::default(), DEFAULT_BACKGROUND).unwrap();
            let look = Look::of(&picture);
            let trips = [
                look.is_constant(),
                look.is_black(),
                look.is_white(),
                look.is_noise(),
            ];
            assert_eq!(trips, [false; 4], "{look:?}");
        }
    }

    #[test]
    fn near_duplicates_are_near_and_others_are_not() {
        let ramp = made(|x, _| [(x * 5).to_le_bytes()[0]; 3]);
        let brighter = made(|x, _| [(x * 5 + 10).to_le_bytes()[0]; 3]);
        let turned = made(|x, _| [(240 - x * 5).to_le_bytes()[0]; 3]);
        assert!(ramp.is_near(&brighter) && !ramp.is_near(&turned));
        let (black, white) = (made(|_, _| [0; 3]), made(|_, _| [255; 3]));
        assert!(black.is_near(&black) && !black.is_near(&white) && !black.is_near(&ramp));
    }

    #[test]
    fn what_differs_in_colour_or_in_one_small_thing_is_no_duplicate() {
        let square = |from: u32, colour: [u8; 3]| {
            made(move |x, y| {
                let inside = (from..from + 6).contains(&x) && (10..16).contains(&y);
                if inside { colour } else { [250; 3] }
            })
        };
        let red = square(12, [200, 30, 30]);
        // Of nearly the same luma, so that all slopes are the same.
        let green = square(12, [20, 105, 30]);
        assert_eq!(red.bits_apart(&green), 0);
        assert!(red.is_near(&red) && !red.is_near(&green));
        assert!(!red.is_near(&square(30, [200, 30, 30])));
    }

    #[test]
    fn a_smaller_copy_is_a_duplicate() {
        let bytes = include_bytes!("../../judges/technical-quality/examples/clean.jpg");
        let picture = decode(bytes, &Limits::default(), DEFAULT_BACKGROUND).unwrap();
        let (width, height) = (picture.width() / 2, picture.height() / 2);
        let data = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .flat_map(|(x, y)| {
                let at = 3 * (2 * y * picture.width() + 2 * x) as usize;
                picture.data()[at..at + 3].to_vec()
            })
            .collect();
        let half = Look::of(&Rgb8::new(width, height, data).unwrap());
        let whole = Look::of(&picture);
        assert!(whole.is_near(&half), "{} bits", whole.bits_apart(&half));
        let other = include_bytes!("../../tests/images/good/base.png");
        let other = decode(other, &Limits::default(), DEFAULT_BACKGROUND).unwrap();
        assert!(!whole.is_near(&Look::of(&other)));
    }
}
