//! Whatever comes in from outside, changed by chance: nothing panics, nothing takes long, and what is read holds what
//! its type promises. Seeds are the pictures, examples and replies of the other tests; chance is the same in every run.

mod pictures;
mod replies;
mod requests;
mod tables;
mod urls;
mod votes;

use serde_json::{Value, json};

use crate::support::lots::Lots;

/// Some bytes changed, cut, doubled or put in.
fn changed(bytes: &[u8], lots: &mut Lots) -> Vec<u8> {
    let mut changed = bytes.to_vec();
    for _ in 0..=lots.below(4) {
        if changed.is_empty() {
            return changed;
        }
        let place = lots.place(changed.len());
        let length = lots.place(changed.len() - place).min(lots.place(64) + 1);
        match lots.below(8) {
            0 => changed[place] ^= 1 << lots.below(8),
            1 => changed[place] = [0, 0xff, 0x7f, 0x80][lots.place(4)],
            2 => changed.truncate(place),
            3 => drop(changed.drain(place..place + length)),
            4 => {
                let piece = changed[place..place + length].to_vec();
                let at = lots.place(changed.len());
                drop(changed.splice(at..at, piece));
            }
            5 => {
                let piece: Vec<u8> = (0..length).map(|_| lots.byte()).collect();
                changed[place..place + length].copy_from_slice(&piece);
            }
            // Lengths and offsets are mostly of two or four bytes.
            6 => changed[place..]
                .iter_mut()
                .take(4)
                .for_each(|byte| *byte = 0xff),
            _ => changed[place..]
                .iter_mut()
                .take(2)
                .for_each(|byte| *byte = 0),
        }
    }
    changed
}

/// A value in which something stands that does not belong there.
fn disturbed(value: &Value, lots: &mut Lots) -> Value {
    let mut whole = value.clone();
    let count = places(&whole);
    let mut left = lots.place(count);
    if let Some(place) = nth(&mut whole, &mut left) {
        disturb(place, lots);
    }
    whole
}

fn places(value: &Value) -> usize {
    let inner: usize = match value {
        Value::Array(items) => items.iter().map(places).sum(),
        Value::Object(fields) => fields.values().map(places).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    };
    1 + inner
}

fn nth<'a>(value: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
    if *left == 0 {
        return Some(value);
    }
    *left -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, left)),
        Value::Object(fields) => fields.values_mut().find_map(|field| nth(field, left)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn disturb(place: &mut Value, lots: &mut Lots) {
    let strange = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e308),
        json!(-1e-320),
        json!(u64::MAX),
        json!(0.5),
        json!(""),
        json!("\u{0}\u{feff}\u{202e}"),
        json!("x".repeat(3_000)),
        json!("NaN"),
        json!([]),
        json!({}),
        json!([[[[[[[[]]]]]]]]),
        json!({"": {"": null}}),
    ];
    match (place, lots.below(4)) {
        (Value::Object(fields), 0) => {
            let names: Vec<String> = fields.keys().cloned().collect();
            if !names.is_empty() {
                fields.remove(&names[lots.place(names.len())]);
            }
        }
        (Value::Object(fields), 1) => {
            fields.insert("unheard-of".into(), json!(1));
        }
        (Value::Array(items), 0 | 1) => {
            let copies = items.clone();
            items.extend(copies);
        }
        (Value::Array(items), 2) => drop(items.pop()),
        (Value::Number(number), 0) => {
            let negative = number.as_f64().map_or(json!(0), |number| json!(-number));
            *number = negative.as_number().expect("it is a number").clone();
        }
        (Value::String(text), 0) => text.push_str(" \u{1f600}"),
        (place, _) => *place = strange[lots.place(strange.len())].clone(),
    }
}
