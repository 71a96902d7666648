//! JSON as Python's `json.dumps(value, ensure_ascii=False)` prints it: templates were written for those blanks.

use serde_json::Value::{self, Array, Bool, Null, Number, Object, String as Text};
use serde_json::json;

/// With a blank after each comma and colon, as Python writes it.
pub(super) fn spaced(value: &Value) -> String {
    match value {
        Array(values) => {
            let values: Vec<String> = values.iter().map(spaced).collect();
            format!("[{}]", values.join(", "))
        }
        Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("{}: {}", json!(key), spaced(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        Null | Bool(_) | Number(_) | Text(_) => value.to_string(),
    }
}

/// With a line for each element, as Python writes it with `indent`.
pub(super) fn pretty(value: &Value, indent: usize) -> String {
    nested(value, indent, 0)
}

fn nested(value: &Value, indent: usize, depth: usize) -> String {
    let (inner, outer) = (" ".repeat(indent * (depth + 1)), " ".repeat(indent * depth));
    let lines = |open: char, lines: Vec<String>, close: char| {
        let lines: Vec<String> = lines.iter().map(|line| format!("{inner}{line}")).collect();
        format!("{open}\n{}\n{outer}{close}", lines.join(",\n"))
    };
    match value {
        Array(values) if !values.is_empty() => {
            let values = values.iter().map(|value| nested(value, indent, depth + 1));
            lines('[', values.collect(), ']')
        }
        Object(fields) if !fields.is_empty() => {
            let fields = fields.iter().map(|(key, value)| {
                format!("{}: {}", json!(key), nested(value, indent, depth + 1))
            });
            lines('{', fields.collect(), '}')
        }
        Array(_) | Object(_) | Null | Bool(_) | Number(_) | Text(_) => value.to_string(),
    }
}
