//! Items of GenEval with the detections that the caller has: its `evaluation_metadata.jsonl`, and what a detector found.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::judging::detections::{
    COLOURS, CheckedPicture, DetectedScene, Detection, DetectionRules, DetectionSummary, Found,
    Relation, Requirement, SceneFault, Task,
};
use crate::near::quoted;

/// Longest part of a message that quotes what was given.
const MOST_SAID: usize = 160;
/// By how much the probabilities of colours may exceed 1 together: they are rounded.
const ROUNDING: f64 = 1e-3;

/// One picture of the benchmark.
#[derive(Debug, Clone, PartialEq)]
pub struct GenEvalItem {
    /// Its name.
    pub id: String,
    /// The task of its prompt.
    pub task: Task,
    /// What the prompt asks for, and what was found.
    pub scene: DetectedScene,
    /// What is the same for all pictures of one prompt.
    prompt: String,
}

/// Why an item cannot be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct GenEvalFault {
    /// Where in the item, as a JSON pointer.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

/// An item as typed: the benchmark's own fields, and ours.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ItemFile {
    #[serde(default, deserialize_with = "given")]
    id: Option<String>,
    tag: String,
    #[serde(default, deserialize_with = "given")]
    prompt: Option<String>,
    #[serde(default)]
    include: Vec<Value>,
    #[serde(default)]
    exclude: Vec<Value>,
    detections: Vec<Value>,
    /// Width and height of the picture.
    #[serde(default, deserialize_with = "given")]
    size: Option<[f64; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequirementFile {
    class: String,
    count: usize,
    #[serde(default, deserialize_with = "given")]
    color: Option<String>,
    #[serde(default, deserialize_with = "given")]
    position: Option<(String, usize)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DetectionFile {
    class: String,
    score: f64,
    #[serde(rename = "box")]
    corners: [f64; 4],
    /// A name, or a probability for each of several.
    #[serde(default, deserialize_with = "given")]
    color: Option<Value>,
}

/// What may be left out, and is not `null` where it stands.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(value: D) -> Result<Option<T>, D::Error> {
    T::deserialize(value).map(Some)
}

impl GenEvalItem {
    /// Every field of an item.
    pub const FIELDS: [&'static str; 7] = [
        "id",
        "tag",
        "prompt",
        "include",
        "exclude",
        "detections",
        "size",
    ];

    /// Reads one item; `name` is its id where it has none.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn read(item: Value, name: impl Into<String>) -> Result<Self, GenEvalFault> {
        let item: ItemFile = typed(item, String::new)?;
        let task = Task::from_name(&item.tag).ok_or_else(|| GenEvalFault {
            pointer: "/tag".to_owned(),
            detail: format!(
                "`{}` is no task of GenEval; they are {}",
                clipped(&item.tag),
                quoted(&Task::ALL.map(Task::name))
            ),
        })?;
        if let Some(size) = item.size
            && !size.iter().all(|side| side.is_finite() && *side > 0.0)
        {
            return Err(GenEvalFault {
                pointer: "/size".to_owned(),
                detail: "width and height are above 0".to_owned(),
            });
        }
        let include = each("include", item.include, requirement)?;
        let exclude = each("exclude", item.exclude, requirement)?;
        let prompt = format!("{:?} {include:?} {exclude:?}", item.prompt);
        let detections = each("detections", item.detections, detection)?;
        Ok(GenEvalItem {
            id: item.id.unwrap_or_else(|| name.into()),
            task,
            scene: DetectedScene::new(include, exclude, detections, item.size)?,
            prompt,
        })
    }

    /// Holds what was found against what was asked for, by the rules of the item's task.
    fn check(&self) -> Result<Found, GenEvalFault> {
        Ok(self.scene.check(&DetectionRules::of(self.task))?)
    }
}

/// Items that were checked.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedItems {
    /// What was found of each, in order.
    pub found: Vec<Found>,
    /// The figures over all of them.
    pub summary: DetectionSummary,
}

/// Checks items by their detections; nothing where there are none.
///
/// # Errors
/// The place of an item whose id was given before, or with an object whose colour matters and was not given.
pub fn check_items(items: &[GenEvalItem]) -> Result<Option<CheckedItems>, (usize, GenEvalFault)> {
    let mut ids = BTreeSet::new();
    let (mut found, mut pictures) = (Vec::new(), Vec::new());
    for (at, item) in items.iter().enumerate() {
        if !ids.insert(item.id.as_str()) {
            let fault = GenEvalFault {
                pointer: "/id".to_owned(),
                detail: format!("`{}` was given before", item.id),
            };
            return Err((at, fault));
        }
        let of_item = item.check().map_err(|fault| (at, fault))?;
        pictures.push(CheckedPicture {
            task: item.task,
            prompt: item.prompt.clone(),
            correct: of_item.is_correct(),
        });
        found.push(of_item);
    }
    let summary = DetectionSummary::of(&pictures);
    Ok(summary.map(|summary| CheckedItems { found, summary }))
}

impl From<SceneFault> for GenEvalFault {
    fn from(fault: SceneFault) -> Self {
        GenEvalFault {
            pointer: format!("/{}/{}/{}", fault.list, fault.at, fault.field),
            detail: fault.detail,
        }
    }
}

/// As much of what was given as a message needs.
fn clipped(text: &str) -> String {
    text.chars().take(MOST_SAID).collect()
}

fn typed<T: DeserializeOwned>(
    value: Value,
    pointer: impl FnOnce() -> String,
) -> Result<T, GenEvalFault> {
    serde_json::from_value(value).map_err(|error| GenEvalFault {
        pointer: pointer(),
        detail: clipped(&error.to_string()),
    })
}

/// Each element of a list; what is wrong names its place.
fn each<F: DeserializeOwned, T>(
    list: &str,
    values: Vec<Value>,
    read: impl Fn(F) -> Result<T, (&'static str, String)>,
) -> Result<Vec<T>, GenEvalFault> {
    let one = |(at, value): (usize, Value)| {
        let file: F = typed(value, || format!("/{list}/{at}"))?;
        read(file).map_err(|(field, detail)| GenEvalFault {
            pointer: format!("/{list}/{at}/{field}"),
            detail,
        })
    };
    values.into_iter().enumerate().map(one).collect()
}

fn requirement(file: RequirementFile) -> Result<Requirement, (&'static str, String)> {
    let position = file.position.map(|(name, target)| {
        let relation = Relation::from_name(&name).ok_or_else(|| {
            let known = quoted(&Relation::ALL.map(Relation::name));
            let said = clipped(&name);
            ("position", format!("`{said}` is none of {known}"))
        })?;
        Ok::<_, (&'static str, String)>((relation, target))
    });
    Ok(Requirement {
        class: file.class,
        count: file.count,
        colour: file.color,
        position: position.transpose()?,
    })
}

fn detection(file: DetectionFile) -> Result<Detection, (&'static str, String)> {
    let colour = file.color.map(colour).transpose();
    Ok(Detection {
        class: file.class,
        confidence: file.score,
        corners: file.corners,
        colour: colour.map_err(|detail| ("color", detail))?,
    })
}

/// A colour by its name, or the most probable one: of equally probable ones the first of the benchmark, as its `argmax` takes it.
fn colour(value: Value) -> Result<String, String> {
    if let Value::String(name) = value {
        return Ok(name);
    }
    let shares: BTreeMap<String, f64> = serde_json::from_value(value)
        .map_err(|_| "is the name of a colour, or an object of probabilities".to_owned())?;
    if let Some(name) = shares.keys().find(|name| !COLOURS.contains(&name.as_str())) {
        let said = clipped(name);
        return Err(format!("`{said}` is none of {}", quoted(&COLOURS)));
    }
    if !shares.values().all(|share| (0.0..=1.0).contains(share)) {
        return Err("probabilities lie within 0 to 1".to_owned());
    }
    let total: f64 = shares.values().sum();
    if total <= 0.0 || total > 1.0 + ROUNDING {
        return Err(format!(
            "the probabilities sum to {total}; expected more than 0 and at most 1"
        ));
    }
    let mut likeliest = (COLOURS[0], f64::NEG_INFINITY);
    for name in COLOURS {
        let share = shares.get(name).copied().unwrap_or(0.0);
        if share > likeliest.1 {
            likeliest = (name, share);
        }
    }
    Ok(likeliest.0.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn item(change: impl FnOnce(&mut Value)) -> Result<GenEvalItem, GenEvalFault> {
        let mut item = json!({
            "id": "00000", "tag": "color_attr", "prompt": "a photo of a red cup and a blue car",
            "include": [{"class": "cup", "count": 1, "color": "red"}, {"class": "car", "count": 1, "color": "blue"}],
            "detections": [
                {"class": "cup", "score": 0.9, "box": [0, 0, 10, 10], "color": "red"},
                {"class": "car", "score": 0.8, "box": [20, 0, 40.5, 10], "color": {"blue": 0.7, "white": 0.2}},
            ],
            "size": [64, 64],
        });
        change(&mut item);
        GenEvalItem::read(item, "0")
    }

    fn without(value: &mut Value, field: &str) {
        value.as_object_mut().unwrap().remove(field);
    }

    #[test]
    fn an_item_is_the_metadata_of_the_benchmark_with_detections() {
        let found = item(|_| {}).unwrap();
        assert_eq!(
            (found.id.as_str(), found.task),
            ("00000", Task::ColourAttribution)
        );
        assert!(found.check().unwrap().is_correct());
        assert_eq!(found.scene.detections()[1].colour.as_deref(), Some("blue"));
        let twin = item(|item| item["detections"] = json!([])).unwrap();
        let nothing = twin.check().unwrap();
        assert_eq!(
            nothing.reasons().collect::<Vec<_>>(),
            ["expected cup>=1, found 0", "expected car>=1, found 0"]
        );
    }

    #[test]
    fn pictures_of_one_prompt_are_told_by_what_is_asked_for() {
        let named = |id: &'static str, change: fn(&mut Value)| {
            item(|item| {
                item["id"] = json!(id);
                change(item);
            })
            .unwrap()
        };
        let items = [
            named("a", |_| {}),
            named("b", |item| item["detections"] = json!([])),
            named("c", |item| item["include"][0]["count"] = json!(2)),
            named("d", |item| item["prompt"] = json!("another")),
        ];
        let checked = check_items(&items).unwrap().unwrap();
        let task = &checked.summary.tasks[0];
        assert_eq!((task.images, task.correct, task.prompts), (4, 2, 3));
        assert_eq!(checked.summary.prompts_met, 2);
        let nameless = item(|item| without(item, "id")).unwrap();
        assert_eq!(nameless.id, "0");
        let twice = check_items(&[items[0].clone(), nameless, items[0].clone()]).unwrap_err();
        assert_eq!((twice.0, twice.1.pointer.as_str()), (2, "/id"));
        assert_eq!(check_items(&[]), Ok(None));
    }

    #[test]
    fn equally_probable_colours_are_taken_as_argmax_takes_them() {
        for (shares, expected) in [
            (json!({"white": 0.4, "black": 0.4}), "black"),
            (json!({"white": 0.6, "red": 0.4}), "white"),
            (json!({"pink": 1.0}), "pink"),
        ] {
            assert_eq!(colour(shares), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        type Change = fn(&mut Value);
        let cases: [(Change, &str, &str); 16] = [
            (
                |item| item["tag"] = json!("colour"),
                "/tag",
                "`single_object`",
            ),
            (|item| item["tags"] = json!([]), "", "unknown field `tags`"),
            (
                |item| without(item, "detections"),
                "",
                "missing field `detections`",
            ),
            (|item| item["size"] = json!([0, 64]), "/size", "above 0"),
            (|item| item["size"] = Value::Null, "", "null"),
            (
                |item| item["detections"][0]["color"] = Value::Null,
                "/detections/0/color",
                "the name of a colour",
            ),
            (
                |item| without(&mut item["include"][1], "class"),
                "/include/1",
                "missing field `class`",
            ),
            (
                |item| item["include"][1]["position"] = json!(["beside", 0]),
                "/include/1/position",
                "`left of`",
            ),
            (
                |item| item["include"][1]["position"] = json!(["above", 1]),
                "/include/1/position",
                "does not stand before",
            ),
            (
                |item| without(&mut item["detections"][0], "class"),
                "/detections/0",
                "missing field `class`",
            ),
            (
                |item| item["detections"][0]["box"] = json!([10, 0, 0, 10]),
                "/detections/0/box",
                "left <= right",
            ),
            (
                |item| item["detections"][0]["box"] = json!([0, 0, 80, 10]),
                "/detections/0/box",
                "leaves the picture",
            ),
            (
                |item| item["detections"][0]["box"][2] = Value::Null,
                "/detections/0",
                "expected f64",
            ),
            (
                |item| item["detections"][0]["score"] = json!(90),
                "/detections/0/score",
                "0 to 1",
            ),
            (
                |item| item["detections"][1]["color"]["teal"] = json!(0.01),
                "/detections/1/color",
                "`teal`",
            ),
            (
                |item| item["detections"][1]["color"] = json!({"red": 0.9, "blue": 0.9}),
                "/detections/1/color",
                "sum to",
            ),
        ];
        for (change, pointer, part) in cases {
            let fault = item(change).unwrap_err();
            assert_eq!(fault.pointer, pointer, "{fault}");
            assert!(fault.detail.contains(part), "{fault}");
        }
        let unsaid = item(|item| {
            without(&mut item["detections"][1], "color");
        });
        let fault = unsaid.unwrap().check().unwrap_err();
        assert_eq!(fault.pointer, "/detections/1/color");
    }
}
