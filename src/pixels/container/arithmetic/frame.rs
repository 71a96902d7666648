//! The components of a JPEG and the frequencies of their blocks (ITU-T T.81, B.2.2 and A.1).

use super::super::array;

/// Frequencies of one 8x8 block, in zigzag order.
pub(super) type Block = [i16; 64];

/// What a frame header states, and room for all it announces.
pub(super) struct Frame {
    /// Pixels.
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) components: Vec<Component>,
    /// Units that hold whole blocks of every component.
    pub(super) units_across: usize,
    pub(super) units_down: usize,
}

/// One plane of samples.
pub(super) struct Component {
    pub(super) id: u8,
    /// Blocks of one unit.
    pub(super) across: usize,
    pub(super) down: usize,
    pub(super) table: u8,
    /// Blocks that hold samples of the picture; the units may hold more.
    pub(super) own_across: usize,
    pub(super) own_down: usize,
    pub(super) blocks: Vec<Block>,
    /// Blocks of one row, with those that fill up the units.
    pub(super) stride: usize,
}

impl Frame {
    /// Reads a frame header; `None` where it is too short, states what cannot be, or has other than `pixels`: room
    /// is made here, for what was held against the limits before.
    pub(super) fn read(header: &[u8], pixels: u64) -> Option<Frame> {
        let side = |at| array(header, at).map(|raw| usize::from(u16::from_be_bytes(raw)));
        let (height, width) = (side(1)?, side(3)?);
        let count = usize::from(*header.get(5)?);
        let parts = header.get(6..6 + 3 * count)?;
        let factors = |part: &[u8]| (usize::from(part[1] >> 4), usize::from(part[1] & 15));
        let lawful = |part: &[u8]| {
            let (across, down) = factors(part);
            (1..=4).contains(&across) && (1..=4).contains(&down)
        };
        if (width * height) as u64 != pixels || !(1..=4).contains(&count) {
            return None;
        }
        if !parts.chunks_exact(3).all(lawful) {
            return None;
        }
        let most = |take: fn((usize, usize)) -> usize| {
            parts.chunks_exact(3).map(|part| take(factors(part))).max()
        };
        let (most_across, most_down) = (most(|pair| pair.0)?, most(|pair| pair.1)?);
        let units_across = width.div_ceil(8 * most_across);
        let units_down = height.div_ceil(8 * most_down);
        let components = parts.chunks_exact(3).map(|part| {
            let (across, down) = factors(part);
            let stride = units_across * across;
            Component {
                id: part[0],
                across,
                down,
                table: part[2],
                own_across: (width * across).div_ceil(8 * most_across),
                own_down: (height * down).div_ceil(8 * most_down),
                blocks: vec![[0; 64]; stride * units_down * down],
                stride,
            }
        });
        Some(Frame {
            width,
            height,
            components: components.collect(),
            units_across,
            units_down,
        })
    }
}
