//! The Open Inference Protocol, version 2, over REST: one picture out, one row of numbers in.
//!
//! Numbers go as JSON, or as little-endian bytes after the JSON where the server knows the extension
//! `binary_tensor_data`; `Inference-Header-Content-Length` says where the JSON ends.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::backend::remote::{Content, Reply};
use crate::pixels::Tensor;

/// How numbers are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// As bytes.
    Binary,
    /// As JSON.
    Json,
}

/// Name of the extension in the server's metadata.
const EXTENSION: &str = "binary_tensor_data";
const HEADER_LENGTH: &str = "inference-header-content-length";

/// What the metadata of a server (`GET v2`) say of the wire.
pub(super) fn wire_of(metadata: &Value) -> Wire {
    let extensions = metadata["extensions"].as_array();
    if extensions.is_some_and(|names| names.iter().any(|name| name == EXTENSION)) {
        Wire::Binary
    } else {
        Wire::Json
    }
}

#[derive(Serialize)]
struct Request<'a> {
    inputs: [Input<'a>; 1],
    outputs: [WantedOutput<'a>; 1],
}

#[derive(Serialize)]
struct Input<'a> {
    name: &'a str,
    shape: [usize; 4],
    datatype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a [f32]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<BinarySize>,
}

#[derive(Serialize)]
struct BinarySize {
    binary_data_size: usize,
}

#[derive(Serialize)]
struct WantedOutput<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<BinaryOutput>,
}

#[derive(Serialize)]
struct BinaryOutput {
    binary_data: bool,
}

/// The request for one picture.
pub(super) fn request(wire: Wire, input: &str, output: &str, tensor: &Tensor) -> Content {
    let binary = wire == Wire::Binary;
    let size = size_of_val(tensor.data());
    let request = Request {
        inputs: [Input {
            name: input,
            shape: tensor.shape(),
            datatype: "FP32",
            data: (!binary).then(|| tensor.data()),
            parameters: binary.then_some(BinarySize {
                binary_data_size: size,
            }),
        }],
        outputs: [WantedOutput {
            name: output,
            parameters: binary.then_some(BinaryOutput { binary_data: true }),
        }],
    };
    let mut bytes = serde_json::to_vec(&request).expect("names and finite numbers are JSON");
    if !binary {
        return Content {
            headers: vec![("content-type", "application/json".into())],
            bytes,
        };
    }
    let length = bytes.len().to_string();
    bytes.reserve_exact(size);
    bytes.extend(tensor.data().iter().flat_map(|number| number.to_le_bytes()));
    Content {
        headers: vec![
            ("content-type", "application/octet-stream".into()),
            (HEADER_LENGTH, length),
        ],
        bytes,
    }
}

#[derive(Deserialize)]
struct Answer {
    outputs: Vec<Output>,
}

#[derive(Deserialize)]
struct Output {
    name: String,
    datatype: String,
    #[serde(default)]
    data: Option<Value>,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
struct Parameters {
    binary_data_size: Option<usize>,
}

/// The numbers of an output, in order; not all of them need be finite.
///
/// # Errors
/// What is missing or of another kind than was stated.
pub(super) fn numbers(reply: &Reply, wanted: &str) -> Result<Vec<f64>, String> {
    let body = reply.bytes();
    let length = match reply.header(HEADER_LENGTH) {
        None => body.len(),
        Some(length) => length
            .parse()
            .ok()
            .filter(|length| *length <= body.len())
            .ok_or_else(|| format!("`{HEADER_LENGTH}: {length}` does not fit the body"))?,
    };
    let (header, mut rest) = body.split_at(length);
    let answer: Answer = serde_json::from_slice(header)
        .map_err(|error| format!("the answer is not of the protocol: {error}"))?;
    for output in &answer.outputs {
        let mut binary = None;
        if let Some(size) = output.parameters.binary_data_size {
            let (own, others) = rest
                .split_at_checked(size)
                .ok_or_else(|| format!("output `{}` is cut short", output.name))?;
            (binary, rest) = (Some(own), others);
        }
        if output.name == wanted {
            return match (binary, &output.data) {
                (Some(bytes), _) => from_bytes(&output.datatype, bytes),
                (None, Some(data)) => from_json(data),
                (None, None) => Err(format!("output `{wanted}` has no data")),
            };
        }
    }
    let names: Vec<&str> = answer.outputs.iter().map(|o| o.name.as_str()).collect();
    Err(format!(
        "the model gave no output `{wanted}`; it gave {}",
        names.join(", ")
    ))
}

fn from_bytes(datatype: &str, bytes: &[u8]) -> Result<Vec<f64>, String> {
    match datatype {
        "FP64" => read(bytes, f64::from_le_bytes),
        "FP32" => read(bytes, |number| f64::from(f32::from_le_bytes(number))),
        "FP16" => read(bytes, |number| from_half(u16::from_le_bytes(number))),
        "BF16" => read(bytes, |number| {
            f64::from(f32::from_bits(u32::from(u16::from_le_bytes(number)) << 16))
        }),
        other => Err(format!(
            "the output is of `{other}`; FP64, FP32, FP16 and BF16 are read"
        )),
    }
}

fn read<const N: usize>(bytes: &[u8], number: fn([u8; N]) -> f64) -> Result<Vec<f64>, String> {
    match bytes.as_chunks::<N>() {
        (numbers, []) => Ok(numbers.iter().map(|bytes| number(*bytes)).collect()),
        (_, rest) => Err(format!("{} bytes too many in the output", rest.len())),
    }
}

/// A half-precision number (IEEE 754 binary16): sign, 5 bits of exponent, 10 of fraction.
fn from_half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f64::from(bits & 0x3ff) / 1024.0;
    sign * match exponent {
        0 => fraction * 2f64.powi(-14),
        31 if fraction > 0.0 => f64::NAN,
        31 => f64::INFINITY,
        _ => (1.0 + fraction) * 2f64.powi(exponent - 15),
    }
}

/// Numbers in row-major order, flat or nested. `null` is what JSON writers make of a number that is not finite.
fn from_json(data: &Value) -> Result<Vec<f64>, String> {
    match data {
        Value::Array(items) => {
            let mut numbers = Vec::with_capacity(items.len());
            for item in items {
                numbers.extend(from_json(item)?);
            }
            Ok(numbers)
        }
        Value::Number(number) => Ok(vec![number.as_f64().unwrap_or(f64::NAN)]),
        Value::Null => Ok(vec![f64::NAN]),
        Value::Bool(_) | Value::String(_) | Value::Object(_) => {
            Err("the data of the output are not numbers".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_read_exactly() {
        // IEEE 754-2019, 3.4: 1, -2, largest, smallest normal, smallest subnormal.
        let cases = [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65_504.0),
            (0x0400, 2f64.powi(-14)),
            (0x0001, 2f64.powi(-24)),
        ];
        for (bits, expected) in cases {
            assert_eq!(
                from_half(bits).to_bits(),
                f64::to_bits(expected),
                "{bits:#x}"
            );
        }
        assert!(from_half(0x7c00).is_infinite() && from_half(0x7e00).is_nan());
    }

    #[test]
    fn bytes_are_read_by_their_stated_kind() {
        let one = [0x00, 0x3c, 0x00, 0xc0];
        assert_eq!(from_bytes("FP16", &one).unwrap(), [1.0, -2.0]);
        assert_eq!(from_bytes("BF16", &[0x80, 0x3f]).unwrap(), [1.0]);
        assert_eq!(from_bytes("FP32", &2.5f32.to_le_bytes()).unwrap(), [2.5]);
        assert_eq!(from_bytes("FP64", &2.5f64.to_le_bytes()).unwrap(), [2.5]);
        assert!(from_bytes("FP32", &one[..3]).is_err());
        assert!(from_bytes("INT8", &one).is_err());
    }

    #[test]
    fn json_may_be_nested_and_null_is_not_finite() {
        let nested = serde_json::json!([[1, 2.5], [null]]);
        let numbers = from_json(&nested).unwrap();
        assert_eq!(numbers[..2], [1.0, 2.5]);
        assert!(numbers[2].is_nan());
        assert!(from_json(&serde_json::json!(["1"])).is_err());
    }
}
