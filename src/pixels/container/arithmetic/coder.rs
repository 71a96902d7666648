//! The adaptive binary arithmetic decoder of JPEG (ITU-T T.81, annex D.2).

/// What has been seen of one kind of decision: the place in [`STATES`], and in the top bit the likelier outcome.
pub(super) type Statistics = u8;

/// A decision that is even and stays so, as signs are.
pub(super) const EVEN: Statistics = 113;

/// One row of T.81, table D.3.
struct State {
    /// Share of the interval that the less likely outcome takes, of 0x10000.
    share: u16,
    /// Where to go after the less likely outcome; its top bit exchanges the outcomes.
    after_less_likely: u8,
    /// Where to go after the likelier one.
    after_likelier: u8,
}

/// Decodes decisions from the data of one restart interval.
pub(super) struct Coder<'a> {
    rest: &'a [u8],
    /// What was read and not yet explained.
    code: u32,
    interval: u32,
    /// Bits that are left of the byte read last; negative until the first two bytes are read.
    bits: i32,
}

impl<'a> Coder<'a> {
    /// Starts at the data behind a scan header or a restart marker.
    pub(super) fn new(data: &'a [u8]) -> Self {
        Coder {
            rest: data,
            code: 0,
            interval: 0,
            bits: -16,
        }
    }

    /// What follows the restart marker at the end of this interval; `None` where another marker stands there.
    pub(super) fn after_restart(&self) -> Option<&'a [u8]> {
        let mut rest = self.rest;
        loop {
            let at = rest.iter().position(|byte| *byte == 0xff)?;
            rest = &rest[at + 1..];
            match rest.first()? {
                0x00 | 0xff => {}
                0xd0..=0xd7 => return Some(&rest[1..]),
                _ => return None,
            }
        }
    }

    /// One decision.
    pub(super) fn decide(&mut self, seen: &mut Statistics) -> bool {
        self.fill();
        let outcome = *seen & 0x80;
        let state = &STATES[usize::from(*seen & 0x7f)];
        let share = u32::from(state.share);
        self.interval -= share;
        let border = self.interval << self.bits;
        // Below the border lies the likelier outcome, unless its part of the interval has become the smaller one.
        let is_above = self.code >= border;
        if !is_above && self.interval >= 0x8000 {
            return outcome != 0;
        }
        let is_likelier = is_above == (self.interval < share);
        if is_above {
            self.code -= border;
            self.interval = share;
        }
        if is_likelier {
            *seen = outcome ^ state.after_likelier;
            outcome != 0
        } else {
            *seen = outcome ^ state.after_less_likely;
            outcome == 0
        }
    }

    /// A decision that nothing was ever learnt about.
    pub(super) fn decide_evenly(&mut self) -> bool {
        self.decide(&mut EVEN.clone())
    }

    /// Doubles the interval until it is half of its range again, and reads on where bits run out.
    fn fill(&mut self) {
        while self.interval < 0x8000 {
            self.bits -= 1;
            if self.bits < 0 {
                self.code = (self.code << 8) | u32::from(self.next_byte());
                self.bits += 8;
                if self.bits < 0 {
                    self.bits += 1;
                    if self.bits == 0 {
                        self.interval = 0x8000;
                    }
                }
            }
            self.interval <<= 1;
        }
    }

    /// The next byte, or zero at a marker: an encoder leaves out the zeros at the end.
    fn next_byte(&mut self) -> u8 {
        match self.rest {
            [0xff, 0x00, rest @ ..] => {
                self.rest = rest;
                0xff
            }
            [] | [0xff, ..] => 0,
            [byte, rest @ ..] => {
                self.rest = rest;
                *byte
            }
        }
    }
}

const fn state(share: u16, after_less_likely: u8, after_likelier: u8) -> State {
    State {
        share,
        after_less_likely,
        after_likelier,
    }
}

/// T.81, table D.3, and a last row that stays even.
#[rustfmt::skip]
static STATES: [State; 114] = [
    state(0x5a1d, 0x80 | 1, 1), state(0x2586, 14, 2), state(0x1114, 16, 3), state(0x080b, 18, 4), state(0x03d8, 20, 5),
    state(0x01da, 23, 6), state(0x00e5, 25, 7), state(0x006f, 28, 8), state(0x0036, 30, 9), state(0x001a, 33, 10),
    state(0x000d, 35, 11), state(0x0006, 9, 12), state(0x0003, 10, 13), state(0x0001, 12, 13), state(0x5a7f, 0x80 | 15, 15),
    state(0x3f25, 36, 16), state(0x2cf2, 38, 17), state(0x207c, 39, 18), state(0x17b9, 40, 19), state(0x1182, 42, 20),
    state(0x0cef, 43, 21), state(0x09a1, 45, 22), state(0x072f, 46, 23), state(0x055c, 48, 24), state(0x0406, 49, 25),
    state(0x0303, 51, 26), state(0x0240, 52, 27), state(0x01b1, 54, 28), state(0x0144, 56, 29), state(0x00f5, 57, 30),
    state(0x00b7, 59, 31), state(0x008a, 60, 32), state(0x0068, 62, 33), state(0x004e, 63, 34), state(0x003b, 32, 35),
    state(0x002c, 33, 9), state(0x5ae1, 0x80 | 37, 37), state(0x484c, 64, 38), state(0x3a0d, 65, 39), state(0x2ef1, 67, 40),
    state(0x261f, 68, 41), state(0x1f33, 69, 42), state(0x19a8, 70, 43), state(0x1518, 72, 44), state(0x1177, 73, 45),
    state(0x0e74, 74, 46), state(0x0bfb, 75, 47), state(0x09f8, 77, 48), state(0x0861, 78, 49), state(0x0706, 79, 50),
    state(0x05cd, 48, 51), state(0x04de, 50, 52), state(0x040f, 50, 53), state(0x0363, 51, 54), state(0x02d4, 52, 55),
    state(0x025c, 53, 56), state(0x01f8, 54, 57), state(0x01a4, 55, 58), state(0x0160, 56, 59), state(0x0125, 57, 60),
    state(0x00f6, 58, 61), state(0x00cb, 59, 62), state(0x00ab, 61, 63), state(0x008f, 61, 32), state(0x5b12, 0x80 | 65, 65),
    state(0x4d04, 80, 66), state(0x412c, 81, 67), state(0x37d8, 82, 68), state(0x2fe8, 83, 69), state(0x293c, 84, 70),
    state(0x2379, 86, 71), state(0x1edf, 87, 72), state(0x1aa9, 87, 73), state(0x174e, 72, 74), state(0x1424, 72, 75),
    state(0x119c, 74, 76), state(0x0f6b, 74, 77), state(0x0d51, 75, 78), state(0x0bb6, 77, 79), state(0x0a40, 77, 48),
    state(0x5832, 0x80 | 80, 81), state(0x4d1c, 88, 82), state(0x438e, 89, 83), state(0x3bdd, 90, 84), state(0x34ee, 91, 85),
    state(0x2eae, 92, 86), state(0x299a, 93, 87), state(0x2516, 86, 71), state(0x5570, 0x80 | 88, 89), state(0x4ca9, 95, 90),
    state(0x44d9, 96, 91), state(0x3e22, 97, 92), state(0x3824, 99, 93), state(0x32b4, 99, 94), state(0x2e17, 93, 86),
    state(0x56a8, 0x80 | 95, 96), state(0x4f46, 101, 97), state(0x47e5, 102, 98), state(0x41cf, 103, 99), state(0x3c3d, 104, 100),
    state(0x375e, 99, 93), state(0x5231, 105, 102), state(0x4c0f, 106, 103), state(0x4639, 107, 104), state(0x415e, 103, 99),
    state(0x5627, 0x80 | 105, 106), state(0x50e7, 108, 107), state(0x4b85, 109, 103), state(0x5597, 110, 109), state(0x504f, 111, 107),
    state(0x5a10, 0x80 | 110, 111), state(0x5522, 112, 109), state(0x59eb, 0x80 | 112, 111), state(0x5a1d, 113, 113),
];
