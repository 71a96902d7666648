//! Spans as OTLP writes them in JSON (opentelemetry-proto 1, `ExportTraceServiceRequest`): ids in lower-case
//! hexadecimal, whole numbers of 64 bits as text.

use serde_json::{Value as Json, json};

use super::{Fields, Happened, Span, Value};

/// Kinds of spans.
const INTERNAL: u8 = 1;
const SERVER: u8 = 2;
const CLIENT: u8 = 3;

/// From this status on a request failed by a fault of ours.
const FAULT: i64 = 500;

/// One request to a collector.
pub(super) fn document(service: &str, spans: &[Span]) -> Json {
    let version = env!("CARGO_PKG_VERSION");
    let resource = vec![
        ("service.name", Value::Text(service.to_owned())),
        ("service.version", Value::Text(version.to_owned())),
    ];
    let spans: Vec<Json> = spans.iter().map(span).collect();
    json!({"resourceSpans": [{
        "resource": {"attributes": attributes(&resource)},
        "scopeSpans": [{"scope": {"name": "opine", "version": version}, "spans": spans}],
    }]})
}

fn span(span: &Span) -> Json {
    let kind = match span.name {
        "request" => SERVER,
        "ask" => CLIENT,
        _ => INTERNAL,
    };
    let failed = span.fields.iter().any(|(name, value)| {
        *name == "http.response.status_code"
            && matches!(value, Value::Integer(status) if *status >= FAULT)
    });
    let mut json = json!({
        "traceId": format!("{:032x}", span.trace),
        "spanId": format!("{:016x}", span.id),
        "name": span.name,
        "kind": kind,
        "startTimeUnixNano": span.began.as_nanos().to_string(),
        "endTimeUnixNano": span.ended.as_nanos().to_string(),
        "attributes": attributes(&span.fields),
        "events": span.events.iter().map(event).collect::<Vec<Json>>(),
    });
    if let Some(parent) = span.parent {
        json["parentSpanId"] = json!(format!("{parent:016x}"));
    }
    if failed {
        json["status"] = json!({"code": 2});
    }
    json
}

fn event(event: &Happened) -> Json {
    json!({
        "name": event.name,
        "timeUnixNano": event.at.as_nanos().to_string(),
        "attributes": attributes(&event.fields),
    })
}

fn attributes(fields: &Fields) -> Vec<Json> {
    let attribute = |(key, value): &(&'static str, Value)| {
        let value = match value {
            Value::Text(text) => json!({"stringValue": text}),
            Value::Integer(number) => json!({"intValue": number.to_string()}),
            Value::Double(number) => json!({"doubleValue": number}),
            Value::Truth(truth) => json!({"boolValue": truth}),
        };
        json!({"key": key, "value": value})
    };
    fields.iter().map(attribute).collect()
}
