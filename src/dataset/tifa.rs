//! TIFA v1.0 human annotations: one JSON object, keyed by image, with two ratings and every metric's score.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::DatasetError;

/// One image.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its name.
    pub image: String,
    /// Ratings from 1 to 5, one for each person.
    pub ratings: Vec<f64>,
    /// Their mean as the authors give it.
    pub mean_rating: f64,
    /// The score of each automatic metric, by its name.
    pub scores: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
struct Typed {
    human_scores: Vec<f64>,
    human_avg: f64,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Reads `human_annotations_with_scores.json`; every number beside the ratings is a metric's score.
///
/// # Errors
/// A file that cannot be read, is truncated, is not of this format, or has items with different metrics.
pub fn read(path: &Path) -> Result<Vec<Item>, DatasetError> {
    let error = |byte, reason: String| DatasetError {
        path: path.display().to_string(),
        byte,
        reason,
    };
    let text = std::fs::read_to_string(path)
        .map_err(|failure| error(0, format!("cannot be read: {failure}")))?;
    parse(&text).map_err(|(byte, reason)| error(byte, reason))
}

fn parse(text: &str) -> Result<Vec<Item>, (usize, String)> {
    let map: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        let reason = if error.is_eof() {
            "the file ends inside the object; it is truncated".to_owned()
        } else {
            format!("not an object keyed by image: {error}")
        };
        (byte_of(text, error.line(), error.column()), reason)
    })?;
    let mut items: Vec<Item> = Vec::with_capacity(map.len());
    for (image, value) in map {
        let place = text.find(&format!("\"{image}\"")).unwrap_or(0);
        let item = item(image, value).map_err(|reason| (place, reason))?;
        if let Some(first) = items.first()
            && !first.scores.keys().eq(item.scores.keys())
        {
            return Err((
                place,
                format!(
                    "`{}` has other metrics than `{}`: {:?} and {:?}",
                    item.image,
                    first.image,
                    item.scores.keys(),
                    first.scores.keys()
                ),
            ));
        }
        items.push(item);
    }
    if items.is_empty() {
        return Err((0, "there is no image in the object".into()));
    }
    Ok(items)
}

fn item(image: String, value: Value) -> Result<Item, String> {
    let typed: Typed =
        serde_json::from_value(value).map_err(|error| format!("`{image}`: {error}"))?;
    if typed.human_scores.is_empty() {
        return Err(format!("`{image}` has no rating"));
    }
    Ok(Item {
        image,
        ratings: typed.human_scores,
        mean_rating: typed.human_avg,
        scores: typed
            .rest
            .into_iter()
            .filter_map(|(name, value)| value.as_f64().map(|score| (name, score)))
            .collect(),
    })
}

/// Offset of a place that is given by line and column, both from 1.
fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    (before + column.saturating_sub(1)).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"{
    "coco_1_a": {"text": "a cat", "human_scores": [5, 4], "human_avg": 4.5, "bleu": 5.6e-05, "spice": 1},
    "coco_1_b": {"text": "a cat", "human_scores": [2, 2], "human_avg": 2.0, "bleu": 0.5, "spice": 0}
}"#;

    #[test]
    fn numbers_beside_the_ratings_are_scores() {
        let items = parse(TWO).unwrap();
        assert_eq!(items.len(), 2);
        assert_eq!(items[0].image, "coco_1_a");
        assert_eq!(items[0].ratings, [5.0, 4.0]);
        let names: Vec<&str> = items[0].scores.keys().map(String::as_str).collect();
        assert_eq!(names, ["bleu", "spice"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_byte() {
        let second = TWO.find("\"coco_1_b\"").unwrap();
        let cases = [
            (
                TWO[..TWO.len() - 30].to_owned(),
                TWO.len() - 30,
                "truncated",
            ),
            ("prompt,score\n".into(), 0, "not an object"),
            ("{}".into(), 0, "no image"),
            (
                TWO.replace("0.5, \"spice\"", "0.5, \"rouge\""),
                second,
                "other metrics",
            ),
            (TWO.replace("[2, 2]", "[]"), second, "no rating"),
            (TWO.replace("[2, 2]", "[2, null]"), second, "invalid type"),
        ];
        for (text, byte, reason) in cases {
            let (found, message) = parse(&text).unwrap_err();
            assert!(message.contains(reason), "{message}");
            assert!(found.abs_diff(byte) <= 1, "{message}: {found} for {byte}");
        }
    }
}
