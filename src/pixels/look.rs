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
}

/// Luma from which down a picture is black, and from 255 minus it up white.
const DARK: f64 = 3.0;
/// Deviation below which a picture is of one tone.
const FLAT: f64 = 2.0;
/// Roughness from which on a picture is noise; that of photographs lies below .5.
const ROUGH: f64 = 0.8;
/// Range of channels up to which a picture is of one colour, rounding of an encoder included.
const ONE_COLOUR: u8 = 4;
/// Bits in which near duplicates may differ.
const NEAR: u32 = 4;

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

    /// Whether two pictures are nearly the same; pictures of one colour have no slope and are compared by their mean.
    pub fn is_near(&self, other: &Look) -> bool {
        if self.is_constant() || other.is_constant() {
            return self.is_constant()
                && other.is_constant()
                && (self.mean - other.mean).abs() < 1.0;
        }
        (self.fingerprint ^ other.fingerprint).count_ones() <= NEAR
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

/// Means over 9 x 8 areas; a bit for each of the 64 steps to the right that gets brighter.
fn fingerprint(values: &[f64], width: usize, height: usize) -> u64 {
    let area = |column: usize, row: usize| {
        let cells = |at: usize, of: usize, all: usize| {
            let from = at * all / of;
            from..((at + 1) * all / of).max(from + 1).min(all)
        };
        let mut sum = 0.0;
        let mut n = 0.0;
        for y in cells(row, 8, height) {
            for x in cells(column, 9, width) {
                sum += values[y * width + x];
                n += 1.0;
            }
        }
        if n > 0.0 { sum / n } else { 0.0 }
    };
    let mut bits = 0;
    for row in 0..8 {
        for column in 0..8 {
            bits = bits << 1 | u64::from(area(column + 1, row) > area(column, row));
        }
    }
    bits
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
}
