//! `openapi.yaml` as the judge of every response.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::app::Reply;

/// The document as served.
pub(crate) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_norway::from_str(opine::http::CONTRACT).unwrap());

/// What a response must be: of a documented status and media type, with the documented headers, and valid.
///
/// A request that the document does not know must get the problem that it keeps for such requests.
pub(crate) fn check(method: &str, target: &str, reply: &Reply) {
    let path = target.split('?').next().unwrap_or(target);
    let is_stream = reply
        .headers
        .get("content-type")
        .is_some_and(|stated| ["application/jsonl", "text/event-stream"].contains(&&**stated));
    // A job without results yet has none to give.
    if !is_stream || method == "HEAD" {
        assert_eq!(method == "HEAD", reply.body.is_empty(), "{reply:?}");
    }
    let method = if method == "HEAD" { "GET" } else { method };
    let status = reply.status.to_string();
    let response = match documented_path(path) {
        None => unknown(reply, 404, "NotFound"),
        Some(item) => match item.get(method.to_ascii_lowercase()) {
            None => unknown(reply, 405, "MethodNotAllowed"),
            Some(operation) => operation["responses"].get(&status).unwrap_or_else(|| {
                panic!("{method} {path}: status {status} is not documented: {reply:?}")
            }),
        },
    };
    let response = resolve(response);
    check_headers(response, reply);
    let stated = reply.headers.get("content-type").map(String::as_str);
    let stated = stated.unwrap_or_else(|| panic!("{method} {path}: no content type"));
    let media_type = response["content"].get(stated);
    let media_type = media_type
        .unwrap_or_else(|| panic!("{method} {path} {status}: `{stated}` is not documented"));
    if reply.body.is_empty() {
        return;
    }
    if stated == "application/jsonl" {
        for line in reply.lines() {
            let faults = faults(&media_type["schema"], &line);
            assert!(faults.is_empty(), "{path}: {faults:?} in {line}");
        }
        return;
    }
    if stated == "text/event-stream" {
        for event in events(str::from_utf8(&reply.body).unwrap()) {
            let faults = faults(&media_type["schema"], &event);
            assert!(faults.is_empty(), "{path}: {faults:?} in {event}");
        }
        return;
    }
    let body: Value = if stated == "application/yaml" {
        serde_norway::from_slice(&reply.body).unwrap()
    } else if stated.starts_with("application/openmetrics-text") || stated.starts_with("text/") {
        json!(String::from_utf8(reply.body.clone()).unwrap())
    } else {
        reply.json()
    };
    let faults = faults(&media_type["schema"], &body);
    assert!(
        faults.is_empty(),
        "{method} {path}: {faults:?} in {reply:?}"
    );
}

/// The events of a stream, as objects of their fields; a line that begins with a colon is none.
fn events(stream: &str) -> Vec<Value> {
    let blocks = stream.split("\n\n").map(|block| {
        let fields = block.lines().filter_map(|line| line.split_once(": "));
        let fields = fields.filter(|(name, _)| !name.is_empty());
        fields
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .collect::<Map<_, _>>()
    });
    blocks
        .filter(|fields| !fields.is_empty())
        .map(Value::from)
        .collect()
}

/// How a value breaks a schema of the document.
pub(crate) fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": DOCUMENT["components"],
    });
    let validator = jsonschema::validator_for(&whole).unwrap();
    validator
        .iter_errors(value)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect()
}

/// The thing itself, where `value` may be a reference to it.
pub(crate) fn resolve(value: &Value) -> &Value {
    match value.get("$ref").and_then(Value::as_str) {
        None => value,
        Some(reference) => {
            let pointer = reference.strip_prefix('#').unwrap();
            resolve(
                DOCUMENT
                    .pointer(pointer)
                    .unwrap_or_else(|| panic!("{reference} leads nowhere")),
            )
        }
    }
}

/// The paths of the document.
pub(crate) fn paths() -> &'static Map<String, Value> {
    DOCUMENT["paths"].as_object().unwrap()
}

fn documented_path(path: &str) -> Option<&'static Value> {
    let fits = |template: &str| {
        let (template, path): (Vec<_>, Vec<_>) =
            (template.split('/').collect(), path.split('/').collect());
        template.len() == path.len()
            && template
                .iter()
                .zip(&path)
                .all(|(step, given)| step == given || (step.starts_with('{') && !given.is_empty()))
    };
    paths()
        .iter()
        .find(|(template, _)| fits(template))
        .map(|(_, item)| item)
}

fn unknown(reply: &Reply, status: u16, response: &str) -> &'static Value {
    let responses = &DOCUMENT["components"]["responses"];
    // Without a key, and with one that is spent, nobody learns what is there.
    match reply.status {
        401 => return &responses["Unauthorized"],
        403 => return &responses["Forbidden"],
        429 => return &responses["Overloaded"],
        _ => assert_eq!(reply.status, status, "{reply:?}"),
    }
    &DOCUMENT["components"]["responses"][response]
}

fn check_headers(response: &Value, reply: &Reply) {
    for (name, header) in response["headers"].as_object().unwrap() {
        let header = resolve(header);
        let value = reply.headers.get(&name.to_ascii_lowercase());
        let Some(value) = value else {
            assert_ne!(header["required"], true, "no {name} in {reply:?}");
            continue;
        };
        let value = match header["schema"]["type"].as_str() {
            Some("integer") => json!(value.parse::<i64>().unwrap()),
            _ => json!(value),
        };
        let faults = faults(&header["schema"], &value);
        assert!(faults.is_empty(), "{name}: {faults:?}");
    }
}
