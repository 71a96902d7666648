//! Labels and judged values, joined by id.

use std::collections::BTreeMap;
use std::path::Path;

use super::judged::Said;
use super::labels::is_event;
use super::{CalibrationError, Judged, Labels};
use crate::judging::{Better, Scale};
use crate::table::{TableError, TableFault};

/// How ids of both files are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// Letter by letter.
    Exact,
    /// By what follows the last slash.
    FileName,
    /// By the file name without its extension.
    Stem,
}

/// One item that is labelled and scored.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// The judge's score, on the judge's scale.
    pub raw: f64,
    /// Probability of each of the judge's levels, in the order of its card, where it is known.
    pub shares: Option<Vec<f64>>,
    /// People's label, on their scale.
    pub human: f64,
    /// What must not be split between two sides, where labels are grouped.
    pub group: Option<String>,
}

/// Items in order of id, as columns of one length; all are grouped or none is.
#[derive(Debug, Clone, PartialEq)]
pub struct Items {
    pub(super) ids: Vec<String>,
    pub(super) raw: Vec<f64>,
    pub(super) shares: Vec<Option<Vec<f64>>>,
    pub(super) human: Vec<f64>,
    /// Number of the group of each item, from 0 without gaps.
    pub(super) groups: Option<Vec<u32>>,
    pub(super) raw_scale: Scale,
    pub(super) human_scale: Scale,
    /// Worths of the levels that labels name, rising.
    pub(super) level_worths: Option<Vec<f64>>,
}

/// The items, and what was left out.
#[derive(Debug, Clone, PartialEq)]
pub struct Joined {
    /// Labelled and scored.
    pub items: Items,
    /// Labelled, and not among the scored.
    pub unscored: usize,
    /// Scored, and not labelled.
    pub unlabelled: usize,
}

/// Joins labels and judged values.
///
/// # Errors
/// [`CalibrationError::NothingJoined`], and [`CalibrationError::Table`] where two ids match the same one.
pub fn join(
    labels: &Labels,
    judged: &Judged,
    matching: Matching,
) -> Result<Joined, CalibrationError> {
    let mut said: BTreeMap<&str, &Said> = BTreeMap::new();
    for (item, value) in &judged.by_item {
        if said.insert(matching.part_of(item), value).is_some() {
            return Err(twice(labels, item, "judged"));
        }
    }
    let mut items = Vec::new();
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for (id, label) in labels.people.iter() {
        let part = matching.part_of(id);
        if taken.insert(part, id).is_some() {
            return Err(twice(labels, id, "labelled"));
        }
        let Some(said) = said.get(part) else { continue };
        let group = labels.groups.as_ref().and_then(|groups| groups.get(id));
        items.push(Item {
            id: id.to_owned(),
            raw: said.score,
            shares: said.shares.clone(),
            human: label.mean,
            group: group.cloned(),
        });
    }
    if items.is_empty() {
        let first = |ids: Option<&str>| ids.unwrap_or("(none)").to_owned();
        return Err(CalibrationError::NothingJoined {
            label: first(labels.people.iter().next().map(|(item, _)| item)),
            judged: first(judged.by_item.keys().next().map(String::as_str)),
        });
    }
    let items = Items::new(
        items,
        judged.scale,
        labels.scale,
        labels.level_worths.clone(),
    )?;
    Ok(Joined {
        unscored: labels.people.len() - items.ids.len(),
        unlabelled: judged.by_item.len() - items.ids.len(),
        items,
    })
}

impl Items {
    /// Sorts the items by id; `level_worths` are those of the levels that labels name, if they do.
    ///
    /// # Errors
    /// [`CalibrationError::Word`] for an id that occurs twice, a value that is not finite or outside of its scale,
    /// or groups for some items only.
    pub fn new(
        mut items: Vec<Item>,
        raw_scale: Scale,
        human_scale: Scale,
        level_worths: Option<Vec<f64>>,
    ) -> Result<Self, CalibrationError> {
        items.sort_by(|a, b| a.id.cmp(&b.id));
        if let Some(pair) = items.windows(2).find(|pair| pair[0].id == pair[1].id) {
            return Err(CalibrationError::Item {
                item: pair[0].id.clone(),
                detail: "its id occurs twice".to_owned(),
            });
        }
        for item in &items {
            item.check(raw_scale, human_scale)?;
        }
        let groups = groups(&items)?;
        let mut columns = Items {
            ids: Vec::with_capacity(items.len()),
            raw: Vec::with_capacity(items.len()),
            shares: Vec::with_capacity(items.len()),
            human: Vec::with_capacity(items.len()),
            groups,
            raw_scale,
            human_scale,
            level_worths,
        };
        for item in items {
            columns.ids.push(item.id);
            columns.raw.push(item.raw);
            columns.shares.push(item.shares);
            columns.human.push(item.human);
        }
        Ok(columns)
    }

    /// Ids, ascending; results of a calibration are in this order.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether labels say only yes and no.
    pub fn is_binary(&self) -> bool {
        let unit = self.human_scale.min().abs() < f64::EPSILON
            && (self.human_scale.max() - 1.0).abs() < f64::EPSILON;
        unit && self.human.iter().copied().all(is_event)
    }

    /// A raw score as it stands on the human scale before any fit: end on end, good end on good end.
    pub fn placed(&self, raw: f64) -> f64 {
        place(raw, self.raw_scale, self.human_scale)
    }
}

impl Item {
    fn check(&self, raw: Scale, human: Scale) -> Result<(), CalibrationError> {
        for (what, value, scale) in [("score", self.raw, raw), ("label", self.human, human)] {
            if !(scale.min()..=scale.max()).contains(&value) {
                let (min, max) = (scale.min(), scale.max());
                return Err(CalibrationError::Item {
                    item: self.id.clone(),
                    detail: format!("its {what} is {value}, outside the scale {min} to {max}"),
                });
            }
        }
        Ok(())
    }
}

/// A number for the group of each item, in the order of the groups' names.
fn groups(items: &[Item]) -> Result<Option<Vec<u32>>, CalibrationError> {
    let mut names: Vec<&String> = items
        .iter()
        .filter_map(|item| item.group.as_ref())
        .collect();
    if names.is_empty() {
        return Ok(None);
    }
    names.sort_unstable();
    names.dedup();
    let number = |item: &Item| {
        let place = item
            .group
            .as_ref()
            .and_then(|name| names.binary_search(&name).ok());
        let place = place.ok_or_else(|| CalibrationError::Item {
            item: item.id.clone(),
            detail: "it belongs to no group, others do".to_owned(),
        })?;
        Ok(u32::try_from(place).expect("items are counted in 32 bits"))
    };
    items.iter().map(number).collect::<Result<_, _>>().map(Some)
}

/// A value of one scale at the same place of another: least on least, greatest on greatest, turned where the
/// better ends differ.
pub(super) fn place(value: f64, from: Scale, to: Scale) -> f64 {
    let share = (value - from.min()) / (from.max() - from.min());
    let share = match (from.better(), to.better()) {
        (Better::Higher, Better::Higher) | (Better::Lower, Better::Lower) => share,
        (Better::Higher, Better::Lower) | (Better::Lower, Better::Higher) => 1.0 - share,
    };
    // Rounding at an end must not leave the scale.
    (to.min() + share * (to.max() - to.min())).clamp(to.min(), to.max())
}

impl Matching {
    fn part_of(self, id: &str) -> &str {
        let name = id.rsplit(['/', '\\']).next().unwrap_or(id);
        match self {
            Matching::Exact => id,
            Matching::FileName => name,
            Matching::Stem => Path::new(name)
                .file_stem()
                .and_then(std::ffi::OsStr::to_str)
                .unwrap_or(name),
        }
    }
}

fn twice(labels: &Labels, item: &str, what: &str) -> CalibrationError {
    TableError::new(
        &labels.file,
        TableFault::DuplicateId,
        format!("`{item}` is {what} twice once ids are matched by a part of them"),
        "pass `--match exact`",
    )
    .into()
}
