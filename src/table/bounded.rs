//! A reader that ends a record that never ends.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

/// The longest record: an opening quote without its closing one would otherwise read a whole file into memory.
pub(super) const LONGEST_RECORD: u64 = 8 << 20;

/// What a reader and its owner both see: lines begun, and bytes that the record may still take.
#[derive(Debug, Clone)]
pub(super) struct Meter {
    left: Rc<Cell<u64>>,
    line: Rc<Cell<u64>>,
}

impl Meter {
    /// A new record begins.
    pub(super) fn renew(&self) {
        self.left.set(LONGEST_RECORD);
    }

    /// The line at which the reader stands, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line.get()
    }

    /// Whether the record was cut for its length.
    pub(super) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }
}

/// Counts lines and bytes, and fails once a record takes more than it may. Skips a UTF-8 byte-order mark.
pub(super) struct Bounded<R> {
    inner: BufReader<R>,
    meter: Meter,
    begun: bool,
}

impl<R: Read> Bounded<R> {
    pub(super) fn new(inner: R) -> Self {
        let meter = Meter {
            left: Rc::new(Cell::new(LONGEST_RECORD)),
            line: Rc::new(Cell::new(1)),
        };
        Bounded {
            inner: BufReader::with_capacity(1 << 16, inner),
            meter,
            begun: false,
        }
    }

    pub(super) fn meter(&self) -> Meter {
        self.meter.clone()
    }

    fn skip_mark(&mut self) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            if self.inner.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
                self.inner.consume(3);
            }
        }
        Ok(())
    }

    /// One line without its end, or nothing at the end of the file.
    pub(super) fn line(&mut self, into: &mut Vec<u8>) -> io::Result<bool> {
        self.skip_mark()?;
        into.clear();
        let read = (&mut self.inner)
            .take(LONGEST_RECORD)
            .read_until(b'\n', into)?;
        if read as u64 == LONGEST_RECORD {
            self.meter.left.set(0);
            return Err(io::Error::other("record too long"));
        }
        while matches!(into.last(), Some(b'\n' | b'\r')) {
            into.pop();
        }
        Ok(read > 0)
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.skip_mark()?;
        if self.meter.is_spent() {
            return Err(io::Error::other("record too long"));
        }
        let read = self.inner.read(into)?;
        let lines = into[..read].iter().filter(|byte| **byte == b'\n').count();
        self.meter.line.set(self.meter.line.get() + lines as u64);
        self.meter
            .left
            .set(self.meter.left.get().saturating_sub(read as u64));
        Ok(read)
    }
}
