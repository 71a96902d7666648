//! A scripted server of the Open Inference Protocol, version 2, whose model is that of the `brightness` judge:
//! the mean of all numbers, times the weights of tests/fixtures/make_models.py.

use serde_json::{Value, json};

use super::scripted::{Asked, Play, Scripted};

const WEIGHTS: [f64; 5] = [2.0, 1.0, 0.0, -1.0, -2.0];

/// Serves `brightness`, version 3, with or without the binary extension.
pub(crate) fn brightness(binary: bool) -> Scripted {
    Scripted::start(move |asked| serve(asked, binary))
}

pub(crate) fn serve(asked: &Asked, binary: bool) -> Play {
    let extensions: &[&str] = if binary { &["binary_tensor_data"] } else { &[] };
    match asked.path.as_str() {
        "/v2" => Play::json(&json!({"name": "scripted", "version": "1", "extensions": extensions})),
        "/v2/models/brightness/versions/3/ready" => Play::json(&json!({})),
        "/v2/models/brightness/versions/3" => Play::json(&json!({
            "name": "brightness",
            "inputs": [{"name": "pixels", "datatype": "FP32", "shape": [1, 3, -1, -1]}],
            "outputs": [{"name": "value"}, {"name": "logits"}, {"name": "masses"}],
        })),
        "/v2/models/brightness/versions/3/infer" => infer(asked, binary),
        _ => Play::Reply {
            status: 404,
            headers: vec![],
            body: br#"{"error": "no such model"}"#.to_vec(),
        },
    }
}

fn infer(asked: &Asked, binary: bool) -> Play {
    let (request, numbers) = numbers(asked, binary);
    let shape: Vec<u64> = serde_json::from_value(request["inputs"][0]["shape"].clone()).unwrap();
    assert_eq!(shape.iter().product::<u64>(), numbers.len() as u64);
    assert_eq!(request["inputs"][0]["name"], "pixels");
    let mean = numbers.iter().map(|number| f64::from(*number)).sum::<f64>() / numbers.len() as f64;
    let logits = WEIGHTS.map(|weight| mean * weight);
    let total: f64 = logits.iter().map(|logit| logit.exp()).sum();
    let masses = logits.map(|logit| logit.exp() / total);
    // As servers do, all outputs are sent whichever was asked for.
    let outputs: [(&str, &[f64]); 3] =
        [("value", &[mean]), ("logits", &logits), ("masses", &masses)];
    if !binary {
        let outputs = outputs.map(|(name, data)| {
            json!({"name": name, "datatype": "FP64", "shape": [1, data.len()], "data": [data]})
        });
        return Play::json(&json!({"model_name": "brightness", "outputs": outputs}));
    }
    let headers = outputs.map(|(name, data)| {
        json!({"name": name, "datatype": "FP64", "shape": [1, data.len()],
            "parameters": {"binary_data_size": 8 * data.len()}})
    });
    let mut body = json!({"outputs": headers}).to_string().into_bytes();
    let length = body.len().to_string();
    for (_, data) in outputs {
        body.extend(data.iter().flat_map(|number| number.to_le_bytes()));
    }
    Play::Reply {
        status: 200,
        headers: vec![("inference-header-content-length".into(), length)],
        body,
    }
}

/// The JSON of a request, and the numbers of its input.
fn numbers(asked: &Asked, binary: bool) -> (Value, Vec<f32>) {
    let stated = asked.headers.get("inference-header-content-length");
    assert_eq!(stated.is_some(), binary, "the other wire was used");
    let Some(stated) = stated else {
        let request = asked.json();
        let numbers = serde_json::from_value(request["inputs"][0]["data"].clone()).unwrap();
        return (request, numbers);
    };
    let (header, bytes) = asked.body.split_at(stated.parse().unwrap());
    let request: Value = serde_json::from_slice(header).unwrap();
    assert_eq!(
        request["inputs"][0]["parameters"]["binary_data_size"],
        bytes.len()
    );
    assert_eq!(request["outputs"][0]["parameters"]["binary_data"], true);
    let (numbers, []) = bytes.as_chunks::<4>() else {
        panic!("{} bytes", bytes.len());
    };
    (
        request,
        numbers
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect(),
    )
}
