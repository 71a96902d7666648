//! Reads the frequencies of one scan (ITU-T T.81, F.1.4 and G.1.3).

use super::super::array;
use super::coder::{Coder, Statistics};
use super::frame::{Block, Frame};

/// What decoding depends on beside the data (T.81, F.1.4.4.1.4): which differences count as small, and up to which
/// frequency magnitudes are told apart from those of the higher ones.
#[derive(Clone, Copy)]
pub(super) struct Conditioning {
    /// Lower and upper bound, as powers of two, for each table of first frequencies.
    pub(super) small: [(u8, u8); 16],
    /// Last low frequency, for each table of the others.
    pub(super) low: [u8; 16],
}

impl Default for Conditioning {
    /// T.81, F.1.4.4.1.4.
    fn default() -> Self {
        Conditioning {
            small: [(0, 1); 16],
            low: [5; 16],
        }
    }
}

impl Conditioning {
    /// Takes in a segment that defines conditioning (T.81, B.2.4.3).
    pub(super) fn define(&mut self, body: &[u8]) {
        for pair in body.chunks_exact(2) {
            let table = usize::from(pair[0] & 15);
            if pair[0] < 16 {
                self.small[table] = (pair[1] & 15, pair[1] >> 4);
            } else {
                self.low[table] = pair[1];
            }
        }
    }
}

/// What a scan header states.
pub(super) struct Scan {
    parts: Vec<Part>,
    from: usize,
    to: usize,
    /// Whether earlier scans told the higher bits.
    refines: bool,
    /// The place of the bit that is told last.
    shift: u32,
    is_progressive: bool,
}

struct Part {
    component: usize,
    first_table: usize,
    other_table: usize,
}

/// The data do not follow the rules.
pub(super) struct Damaged;

impl Scan {
    /// Reads a scan header; `None` where it states what cannot be.
    pub(super) fn read(header: &[u8], frame: &Frame, is_progressive: bool) -> Option<Scan> {
        let count = usize::from(*header.first()?);
        let parts = header.get(1..1 + 2 * count)?.chunks_exact(2).map(|pair| {
            let mut components = frame.components.iter();
            Some(Part {
                component: components.position(|one| one.id == pair[0])?,
                first_table: usize::from(pair[1] >> 4),
                other_table: usize::from(pair[1] & 15),
            })
        });
        let parts: Vec<Part> = parts.collect::<Option<_>>()?;
        let [from, to, bits] = array(header, 1 + 2 * count)?;
        let scan = if is_progressive {
            Scan {
                parts,
                from: usize::from(from),
                to: usize::from(to),
                refines: bits >> 4 != 0,
                shift: u32::from(bits & 15),
                is_progressive,
            }
        } else {
            // A sequential scan holds all frequencies at full precision, whatever its header says (T.81, table B.3).
            Scan {
                parts,
                from: 0,
                to: 63,
                refines: false,
                shift: 0,
                is_progressive,
            }
        };
        let is_lawful = (1..=4).contains(&scan.parts.len())
            && scan.from <= scan.to
            && scan.to < 64
            && scan.shift < 14
            && (!is_progressive || scan.from > 0 || scan.to == 0)
            && (scan.from == 0 || scan.parts.len() == 1);
        is_lawful.then_some(scan)
    }

    /// Reads the data behind the header into the frame.
    pub(super) fn decode(
        &self,
        frame: &mut Frame,
        conditioning: &Conditioning,
        restart_interval: usize,
        data: &[u8],
    ) -> Result<(), Damaged> {
        let mut reader = Reader::new(self, conditioning, data);
        let alone = self.parts.len() == 1;
        let (across, down) = if alone {
            let only = &frame.components[self.parts[0].component];
            (only.own_across, only.own_down)
        } else {
            (frame.units_across, frame.units_down)
        };
        for unit in 0..across * down {
            if restart_interval > 0 && unit > 0 && unit % restart_interval == 0 {
                reader.restart()?;
            }
            let (row, column) = (unit / across, unit % across);
            for (place, part) in self.parts.iter().enumerate() {
                let component = &mut frame.components[part.component];
                let (wide, high) = if alone {
                    (1, 1)
                } else {
                    (component.across, component.down)
                };
                for block in 0..wide * high {
                    let at = (row * high + block / wide) * component.stride
                        + column * wide
                        + block % wide;
                    reader.block(place, &mut component.blocks[at])?;
                }
            }
        }
        Ok(())
    }
}

/// A scan in work.
struct Reader<'a> {
    scan: &'a Scan,
    conditioning: &'a Conditioning,
    coder: Coder<'a>,
    first: [[Statistics; 64]; 16],
    others: [[Statistics; 256]; 16],
    /// First frequency of the block before, and what kind of difference led to it, for each part.
    before: [(i32, usize); 4],
}

impl<'a> Reader<'a> {
    fn new(scan: &'a Scan, conditioning: &'a Conditioning, data: &'a [u8]) -> Self {
        Reader {
            scan,
            conditioning,
            coder: Coder::new(data),
            first: [[0; 64]; 16],
            others: [[0; 256]; 16],
            before: [(0, 0); 4],
        }
    }

    /// Begins anew behind a restart marker.
    fn restart(&mut self) -> Result<(), Damaged> {
        let data = self.coder.after_restart().ok_or(Damaged)?;
        *self = Reader::new(self.scan, self.conditioning, data);
        Ok(())
    }

    fn block(&mut self, place: usize, block: &mut Block) -> Result<(), Damaged> {
        let scan = self.scan;
        if scan.from == 0 {
            if scan.refines {
                if self.coder.decide_evenly() {
                    block[0] |= 1 << scan.shift;
                }
            } else {
                let first = self.first_frequency(place)?;
                block[0] = shifted(first, scan.shift);
            }
        }
        match (scan.is_progressive, scan.to, scan.refines) {
            (_, 0, _) => Ok(()),
            (true, _, true) => self.refine(place, block),
            (true, _, false) => self.other_frequencies(place, scan.from, block),
            (false, ..) => self.other_frequencies(place, 1, block),
        }
    }

    /// T.81, F.1.4.1: the difference to the block before, under the kind of difference that led to that one.
    fn first_frequency(&mut self, place: usize) -> Result<i32, Damaged> {
        let table = self.scan.parts[place].first_table;
        let seen = &mut self.first[table];
        let coder = &mut self.coder;
        let (before, kind) = &mut self.before[place];
        let base = *kind;
        if !coder.decide(&mut seen[base]) {
            *kind = 0;
            return Ok(*before);
        }
        let is_negative = coder.decide(&mut seen[base + 1]);
        let mut at = base + 2 + usize::from(is_negative);
        let mut magnitude = u32::from(coder.decide(&mut seen[at]));
        if magnitude != 0 {
            at = 20;
            magnitude = doubled(coder, seen, &mut at, magnitude)?;
        }
        let (lower, upper) = self.conditioning.small[table];
        let sign = usize::from(is_negative) * 4;
        *kind = if magnitude < (1 << lower) >> 1 {
            0
        } else if magnitude > (1 << upper) >> 1 {
            12 + sign
        } else {
            4 + sign
        };
        let value = signed(with_low_bits(coder, seen, at, magnitude), is_negative);
        // Differences are told in 16 bits, and go round.
        *before = ((*before + value + 0x8000) & 0xffff) - 0x8000;
        Ok(*before)
    }

    /// T.81, F.1.4.2 and G.1.3.2: runs of zeros and values, up to where only zeros follow.
    fn other_frequencies(
        &mut self,
        place: usize,
        from: usize,
        block: &mut Block,
    ) -> Result<(), Damaged> {
        let table = self.scan.parts[place].other_table;
        let seen = &mut self.others[table];
        let coder = &mut self.coder;
        let mut frequency = from;
        while frequency <= self.scan.to {
            if coder.decide(&mut seen[3 * (frequency - 1)]) {
                break;
            }
            while !coder.decide(&mut seen[3 * (frequency - 1) + 1]) {
                frequency += 1;
                if frequency > self.scan.to {
                    return Err(Damaged);
                }
            }
            let is_negative = coder.decide_evenly();
            let mut at = 3 * (frequency - 1) + 2;
            let mut magnitude = u32::from(coder.decide(&mut seen[at]));
            if magnitude != 0 && coder.decide(&mut seen[at]) {
                let is_low = frequency <= usize::from(self.conditioning.low[table]);
                at = if is_low { 189 } else { 217 };
                magnitude = doubled(coder, seen, &mut at, 2)?;
            }
            let value = signed(with_low_bits(coder, seen, at, magnitude), is_negative);
            block[frequency] = shifted(value, self.scan.shift);
            frequency += 1;
        }
        Ok(())
    }

    /// T.81, G.1.3.3: one more bit of what is not zero, and what comes to be not zero.
    fn refine(&mut self, place: usize, block: &mut Block) -> Result<(), Damaged> {
        let seen = &mut self.others[self.scan.parts[place].other_table];
        let coder = &mut self.coder;
        let bit = 1 << self.scan.shift;
        let last = (1..=self.scan.to)
            .rev()
            .find(|frequency| block[*frequency] != 0)
            .unwrap_or(0);
        let mut frequency = self.scan.from;
        while frequency <= self.scan.to {
            if frequency > last && coder.decide(&mut seen[3 * (frequency - 1)]) {
                break;
            }
            loop {
                let at = 3 * (frequency - 1);
                let value = &mut block[frequency];
                if *value != 0 {
                    if coder.decide(&mut seen[at + 2]) {
                        *value = value.saturating_add(if *value < 0 { -bit } else { bit });
                    }
                    break;
                }
                if coder.decide(&mut seen[at + 1]) {
                    *value = if coder.decide_evenly() { -bit } else { bit };
                    break;
                }
                frequency += 1;
                if frequency > self.scan.to {
                    return Err(Damaged);
                }
            }
            frequency += 1;
        }
        Ok(())
    }
}

/// Doubles a magnitude for each yes, at decisions one after the other (T.81, figure F.23).
fn doubled(
    coder: &mut Coder<'_>,
    seen: &mut [Statistics],
    at: &mut usize,
    mut magnitude: u32,
) -> Result<u32, Damaged> {
    while coder.decide(&mut seen[*at]) {
        magnitude <<= 1;
        if magnitude == 0x8000 {
            return Err(Damaged);
        }
        *at += 1;
    }
    Ok(magnitude)
}

/// The bits below the highest one, which all share a decision (T.81, figure F.24).
fn with_low_bits(coder: &mut Coder<'_>, seen: &mut [Statistics], at: usize, magnitude: u32) -> u32 {
    let mut value = magnitude;
    let mut bit = magnitude >> 1;
    while bit > 0 {
        if coder.decide(&mut seen[at + 14]) {
            value |= bit;
        }
        bit >>= 1;
    }
    value + 1
}

fn signed(magnitude: u32, is_negative: bool) -> i32 {
    let value = magnitude.cast_signed();
    if is_negative { -value } else { value }
}

/// A frequency whose lower bits are not told yet.
fn shifted(value: i32, shift: u32) -> i16 {
    let whole = i64::from(value) << shift;
    let whole = whole.clamp(i64::from(i16::MIN), i64::from(i16::MAX));
    i16::try_from(whole).expect("it was clamped")
}
