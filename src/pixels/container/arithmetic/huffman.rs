//! Writes blocks as a sequential JPEG with Huffman codes (ITU-T T.81, F.1.2 and B.2).
//!
//! All codes of a table have the same length: the file is read once, in memory, and then forgotten.

use super::frame::{Block, Frame};

/// Differences of first frequencies have up to 11 bits, other frequencies up to 10, where samples have 8.
const FIRST_BITS: u32 = 11;
const OTHER_BITS: u32 = 10;
const END_OF_BLOCK: u8 = 0x00;
const SIXTEEN_ZEROS: u8 = 0xf0;

/// Appends frame header, tables and the one scan of a frame, and the end marker.
pub(super) fn write(frame: &Frame, file: &mut Vec<u8>) {
    let firsts: Vec<u8> = (0..=11).collect();
    let others = other_symbols();
    header(frame, file);
    table(0x00, 4, &firsts, file);
    table(0x10, 8, &others, file);
    scan_header(frame, file);
    let codes = Codes::new(&others);
    let mut bits = Bits {
        file,
        held: 0,
        count: 0,
    };
    let mut before = [0; 4];
    for unit in 0..frame.units_across * frame.units_down {
        let (row, column) = (unit / frame.units_across, unit % frame.units_across);
        for (component, before) in frame.components.iter().zip(&mut before) {
            for block in 0..component.across * component.down {
                let down = row * component.down + block / component.across;
                let across = column * component.across + block % component.across;
                let block = &component.blocks[down * component.stride + across];
                *before = codes.write(block, *before, &mut bits);
            }
        }
    }
    bits.finish();
    file.extend([0xff, 0xd9]);
}

fn header(frame: &Frame, file: &mut Vec<u8>) {
    let side = |length: usize| u16::try_from(length).expect("it was read from 16 bits");
    let mut body = vec![8];
    body.extend(side(frame.height).to_be_bytes());
    body.extend(side(frame.width).to_be_bytes());
    body.push(count(frame));
    for component in &frame.components {
        let factors = component.across << 4 | component.down;
        let factors = u8::try_from(factors).expect("factors are at most 4");
        body.extend([component.id, factors, component.table]);
    }
    segment(0xc0, &body, file);
}

fn scan_header(frame: &Frame, file: &mut Vec<u8>) {
    let mut body = vec![count(frame)];
    body.extend(frame.components.iter().flat_map(|one| [one.id, 0x00]));
    body.extend([0, 63, 0]);
    segment(0xda, &body, file);
}

fn count(frame: &Frame) -> u8 {
    u8::try_from(frame.components.len()).expect("at most 4 components")
}

/// A table whose codes all have `length` bits, in the order of its symbols.
fn table(class_and_id: u8, length: usize, symbols: &[u8], file: &mut Vec<u8>) {
    let mut body = vec![class_and_id];
    let mut lengths = [0; 16];
    lengths[length - 1] = u8::try_from(symbols.len()).expect("fewer symbols than codes");
    body.extend(lengths);
    body.extend(symbols);
    segment(0xc4, &body, file);
}

fn segment(marker: u8, body: &[u8], file: &mut Vec<u8>) {
    let length = u16::try_from(body.len() + 2).expect("these segments are short");
    file.extend([0xff, marker]);
    file.extend(length.to_be_bytes());
    file.extend(body);
}

/// Up to 15 zeros and the bits of what follows them, and the two symbols of their own.
fn other_symbols() -> Vec<u8> {
    let runs = (0..16u8).flat_map(|run| (1..=10u8).map(move |size| run << 4 | size));
    [END_OF_BLOCK, SIXTEEN_ZEROS]
        .into_iter()
        .chain(runs)
        .collect()
}

/// The place of each symbol in its table, which is its code.
struct Codes {
    others: [u32; 256],
}

impl Codes {
    fn new(symbols: &[u8]) -> Self {
        let mut others = [0; 256];
        for (code, symbol) in (0..).zip(symbols) {
            others[usize::from(*symbol)] = code;
        }
        Codes { others }
    }

    /// Writes a block and gives its first frequency, from which the next one's is told.
    fn write(&self, block: &Block, before: i32, bits: &mut Bits) -> i32 {
        // A lawful frequency of 8-bit samples never comes near these ends.
        let first = i32::from(block[0]).clamp(-1024, 1023);
        let (size, pattern) = sized(first - before, FIRST_BITS);
        bits.put(size, 4);
        bits.put(pattern, size);
        let mut zeros = 0;
        for frequency in &block[1..] {
            if *frequency == 0 {
                zeros += 1;
                continue;
            }
            while zeros > 15 {
                self.symbol(SIXTEEN_ZEROS, bits);
                zeros -= 16;
            }
            let (size, pattern) = sized(i32::from(*frequency), OTHER_BITS);
            let run = u8::try_from(zeros << 4 | size).expect("15 zeros and 10 bits at most");
            self.symbol(run, bits);
            bits.put(pattern, size);
            zeros = 0;
        }
        if zeros > 0 {
            self.symbol(END_OF_BLOCK, bits);
        }
        first
    }

    fn symbol(&self, symbol: u8, bits: &mut Bits) {
        bits.put(self.others[usize::from(symbol)], 8);
    }
}

/// How many bits a value takes, and these bits; negative ones are told by their complement.
fn sized(value: i32, most: u32) -> (u32, u32) {
    let ceiling = (1 << most) - 1;
    let value = value.clamp(-ceiling, ceiling);
    let size = 32 - value.unsigned_abs().leading_zeros();
    let pattern = if value < 0 { value - 1 } else { value };
    (size, pattern.cast_unsigned() & ((1 << size) - 1))
}

/// Bits, the first highest; a zero is stuffed behind every byte of ones.
struct Bits<'a> {
    file: &'a mut Vec<u8>,
    held: u32,
    count: u32,
}

impl Bits<'_> {
    fn put(&mut self, pattern: u32, length: u32) {
        self.held = self.held << length | pattern;
        self.count += length;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.held >> self.count & 0xff) as u8;
            self.file.push(byte);
            if byte == 0xff {
                self.file.push(0);
            }
        }
    }

    /// Fills up the last byte with ones.
    fn finish(&mut self) {
        if self.count > 0 {
            let missing = 8 - self.count;
            self.put((1 << missing) - 1, missing);
        }
    }
}
