//! Matrices of numbers in MATLAB's level 5 files, compressed or not.
//!
//! Little-endian files only; cells, structures, text, sparse and complex matrices are left out.
//! MathWorks, "MAT-File Format" (2019), level 5.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use flate2::read::ZlibDecoder;

use super::DatasetError;

/// A matrix of real numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Matrix {
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// Column by column.
    pub(super) values: Vec<f64>,
}

impl Matrix {
    /// The values of one row.
    pub(super) fn row(&self, row: usize) -> impl Iterator<Item = f64> + '_ {
        self.values
            .iter()
            .skip(row)
            .step_by(self.rows.max(1))
            .copied()
    }
}

const HEADER: usize = 128;
/// A matrix that unpacks to more is refused.
const MOST_BYTES: u64 = 1 << 30;

/// Reads every matrix of real numbers by name.
pub(super) fn read(path: &Path) -> Result<BTreeMap<String, Matrix>, DatasetError> {
    let error = |byte, reason: String| DatasetError {
        path: path.display().to_string(),
        byte,
        reason,
    };
    let bytes = std::fs::read(path).map_err(|e| error(0, format!("cannot be read: {e}")))?;
    matrices(&bytes).map_err(|(byte, reason)| error(byte, reason))
}

type Fault = (usize, String);

fn matrices(bytes: &[u8]) -> Result<BTreeMap<String, Matrix>, Fault> {
    if bytes.len() < HEADER || bytes[126..HEADER] != *b"IM" {
        let reason = "not a little-endian MATLAB file of level 5 (`save -v6` or `-v7` writes one)";
        return Err((0, reason.into()));
    }
    let mut found = BTreeMap::new();
    let mut place = HEADER;
    while place < bytes.len() {
        let element = Element::at(bytes, place)?;
        let in_file = |(_, reason): Fault| (place, reason);
        let named = match element.kind {
            COMPRESSED => {
                let unpacked = unpack(element.data).map_err(|reason| (place, reason))?;
                let inner = Element::at(&unpacked, 0).map_err(in_file)?;
                matrix(&inner).map_err(in_file)?
            }
            _ => matrix(&element).map_err(in_file)?,
        };
        if let Some((name, matrix)) = named {
            found.insert(name, matrix);
        }
        // Compressed elements are not padded, all others are to eight bytes.
        place = if element.kind == COMPRESSED {
            element.end
        } else {
            element.end.next_multiple_of(8)
        };
    }
    Ok(found)
}

fn unpack(data: &[u8]) -> Result<Vec<u8>, String> {
    let mut unpacked = Vec::new();
    ZlibDecoder::new(data)
        .take(MOST_BYTES + 1)
        .read_to_end(&mut unpacked)
        .map_err(|error| format!("the packed matrix is damaged: {error}"))?;
    if unpacked.len() as u64 > MOST_BYTES {
        return Err(format!(
            "the matrix unpacks to more than {MOST_BYTES} bytes"
        ));
    }
    Ok(unpacked)
}

const MATRIX: u32 = 14;
const COMPRESSED: u32 = 15;

/// One tagged piece of data.
struct Element<'a> {
    kind: u32,
    data: &'a [u8],
    /// Where the data ends, padding not counted.
    end: usize,
}

impl<'a> Element<'a> {
    fn at(bytes: &'a [u8], place: usize) -> Result<Self, Fault> {
        let cut = || {
            let reason = "the file ends inside a matrix; it is truncated";
            (bytes.len(), reason.to_owned())
        };
        let word = |at: usize| {
            let four = bytes.get(at..at + 4)?;
            Some(u32::from_le_bytes(four.try_into().ok()?))
        };
        let first = word(place).ok_or_else(cut)?;
        // A size in the upper half of the first word marks up to four bytes of data in the tag itself.
        let (kind, start, size) = match first >> 16 {
            0 => (first, place + 8, word(place + 4).ok_or_else(cut)?),
            size => (first & 0xffff, place + 4, size),
        };
        let end = usize::try_from(size)
            .ok()
            .and_then(|size| start.checked_add(size))
            .ok_or_else(cut)?;
        let data = bytes.get(start..end).ok_or_else(cut)?;
        Ok(Element { kind, data, end })
    }
}

/// The matrix in an element, if it is one of real numbers.
fn matrix(element: &Element<'_>) -> Result<Option<(String, Matrix)>, Fault> {
    if element.kind != MATRIX {
        return Ok(None);
    }
    let mut place = 0;
    let mut next = || {
        let part = Element::at(element.data, place)?;
        place = part.end.next_multiple_of(8);
        Ok::<_, Fault>(part)
    };
    let flags = next()?.data.to_vec();
    // Classes 6 to 15 are numbers of one width each; bit 3 of the second byte marks complex ones.
    let plain = matches!(flags.as_slice(), [6..=15, more, ..] if more & 0b1000 == 0);
    let sizes = numbers(&next()?)?;
    let name = String::from_utf8_lossy(next()?.data).into_owned();
    let ([rows, columns], true) = (sizes.as_slice(), plain) else {
        return Ok(None);
    };
    let values = numbers(&next()?)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the sizes are checked against the number of values right below"
    )]
    let (rows, columns) = (*rows as usize, *columns as usize);
    if rows.checked_mul(columns) != Some(values.len()) {
        let reason = format!(
            "`{name}` is {rows} by {columns} but holds {} numbers",
            values.len()
        );
        return Err((0, reason));
    }
    Ok(Some((
        name,
        Matrix {
            rows,
            columns,
            values,
        },
    )))
}

/// The numbers of an element, whatever width they are stored in.
fn numbers(element: &Element<'_>) -> Result<Vec<f64>, Fault> {
    fn each<const N: usize>(data: &[u8], number: impl Fn([u8; N]) -> f64) -> Vec<f64> {
        let (chunks, _) = data.as_chunks::<N>();
        chunks.iter().map(|chunk| number(*chunk)).collect()
    }
    let data = element.data;
    Ok(match element.kind {
        1 => each(data, |bytes| f64::from(i8::from_le_bytes(bytes))),
        2 => each(data, |bytes| f64::from(u8::from_le_bytes(bytes))),
        3 => each(data, |bytes| f64::from(i16::from_le_bytes(bytes))),
        4 => each(data, |bytes| f64::from(u16::from_le_bytes(bytes))),
        5 => each(data, |bytes| f64::from(i32::from_le_bytes(bytes))),
        6 => each(data, |bytes| f64::from(u32::from_le_bytes(bytes))),
        7 => each(data, |bytes| f64::from(f32::from_le_bytes(bytes))),
        9 => each(data, f64::from_le_bytes),
        kind => return Err((0, format!("numbers of MATLAB's type {kind} are not read"))),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write;

    use flate2::{Compression, write::ZlibEncoder};

    use super::*;

    fn element(kind: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    fn tagged(name: &str, rows: usize, columns: usize, values: &[u8], kind: u32) -> Vec<u8> {
        let sizes: Vec<u8> = [rows, columns]
            .iter()
            .flat_map(|size| u32::try_from(*size).unwrap().to_le_bytes())
            .collect();
        let parts = [
            element(6, &[6, 0, 0, 0, 0, 0, 0, 0]),
            element(5, &sizes),
            element(1, name.as_bytes()),
            element(kind, values),
        ];
        element(MATRIX, &parts.concat())
    }

    /// A matrix of doubles, its values column by column.
    pub(in super::super) fn matrix(name: &str, rows: usize, values: &[f64]) -> Vec<u8> {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        tagged(name, rows, values.len() / rows, &bytes, 9)
    }

    /// A row of doubles stored as 16-bit integers and packed, as MATLAB does.
    pub(in super::super) fn signs(name: &str, values: &[i16]) -> Vec<u8> {
        let bytes: Vec<u8> = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder
            .write_all(&tagged(name, 1, values.len(), &bytes, 3))
            .unwrap();
        let packed = encoder.finish().unwrap();
        let mut whole = COMPRESSED.to_le_bytes().to_vec();
        whole.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        whole.extend(packed);
        whole
    }

    pub(in super::super) fn file(matrices: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = vec![b' '; 124];
        bytes.extend([0, 1, b'I', b'M']);
        bytes.extend(matrices.concat());
        bytes
    }

    #[test]
    fn packed_and_plain_matrices_are_read() {
        let bytes = file(&[
            signs("s", &[1, -1, 0]),
            matrix("m", 2, &[1.0, 2.0, 3.0, 4.5]),
        ]);
        let found = matrices(&bytes).unwrap();
        assert_eq!(found["s"].values, [1.0, -1.0, 0.0]);
        assert_eq!((found["m"].rows, found["m"].columns), (2, 2));
        assert_eq!(found["m"].row(1).collect::<Vec<_>>(), [2.0, 4.5]);
    }

    #[test]
    fn small_data_in_the_tag_is_read() {
        let small = [2_u32 << 16 | 1, u32::from_le_bytes(*b"ab\0\0")];
        let bytes: Vec<u8> = small.iter().flat_map(|word| word.to_le_bytes()).collect();
        let element = Element::at(&bytes, 0).unwrap();
        assert_eq!(
            (element.kind, element.data, element.end),
            (1, &b"ab"[..], 6)
        );
    }

    #[test]
    fn text_is_left_out() {
        let mut text = matrix("t", 1, &[1.0]);
        text[16] = 4;
        assert!(matrices(&file(&[text])).unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_byte() {
        let whole = file(&[matrix("m", 1, &[1.0, 2.0])]);
        let mut packed = file(&[signs("s", &[1])]);
        let broken = packed.len() - 6;
        packed[broken] ^= 0xff;
        let mut misshapen = whole.clone();
        misshapen[HEADER + 32] = 9;
        for (bytes, byte, reason) in [
            (b"signif,a\n".to_vec(), 0, "not a little-endian MATLAB file"),
            (
                whole[..whole.len() - 4].to_vec(),
                whole.len() - 4,
                "truncated",
            ),
            (packed, HEADER, "damaged"),
            (misshapen, HEADER, "`m` is 9 by 2 but holds 2 numbers"),
        ] {
            let (found, message) = matrices(&bytes).unwrap_err();
            assert!(message.contains(reason), "{message}");
            assert_eq!(found, byte, "{message}");
        }
    }
}
