//! Annotations as numbers, item by item.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::super::ReproduceError;
use super::{AltTestScoring, Preference};
use crate::dataset::DatasetError;
use crate::dataset::alt_test::{Annotation, Annotations, Annotators};
use crate::stats::raters::Ratings;

/// The choices of a comparison of two answers.
const CHOICES: [(&str, Preference); 3] = [
    ("model_a", Preference::First),
    ("tie", Preference::Tie),
    ("model_b", Preference::Second),
];

/// The annotations of one data set; items are those that people annotated, in the order of their names.
pub(super) struct Coded {
    /// People's annotations.
    pub(super) people: Ratings,
    /// Each judge's name and annotation of every item.
    pub(super) judges: Vec<(String, Vec<Option<f64>>)>,
    /// The choice that each code stands for, where all labels are choices between two answers.
    choices: Option<Vec<Preference>>,
}

impl Coded {
    /// Labels become codes, numbers stay; `path` is for errors.
    pub(super) fn new(
        path: &Path,
        annotations: &Annotations,
        scoring: AltTestScoring,
    ) -> Result<Self, ReproduceError> {
        let code = match scoring {
            AltTestScoring::Accuracy => Code::Label(labels(annotations)),
            AltTestScoring::NegativeRmse => Code::Number,
        };
        let items: BTreeSet<&String> = annotations
            .people
            .values()
            .flat_map(BTreeMap::keys)
            .collect();
        let wrong = |reason| DatasetError {
            path: path.display().to_string(),
            byte: 0,
            reason,
        };
        let table = |annotators: &Annotators| {
            annotators
                .iter()
                .map(|(name, own)| {
                    let cells = items
                        .iter()
                        .map(|item| code.cell(name, item, own.get(*item)));
                    Ok((name.clone(), cells.collect::<Result<Vec<_>, _>>()?))
                })
                .collect::<Result<Vec<_>, String>>()
                .map_err(wrong)
        };
        let people = table(&annotations.people)?;
        let cells: Vec<Vec<Option<f64>>> = people.into_iter().map(|(_, cells)| cells).collect();
        Ok(Coded {
            people: Ratings::new(&cells).map_err(|error| ReproduceError::Statistic {
                file: path.display().to_string(),
                error,
            })?,
            judges: table(&annotations.judges)?,
            choices: code.choices(),
        })
    }

    /// The judge's value and the mean of people's, of every item that both have.
    pub(super) fn judged_means(&self, judged: &[Option<f64>]) -> Vec<(f64, f64)> {
        let items = judged.iter().zip(self.people.by_item());
        items
            .filter_map(|(judged, cells)| {
                let given: Vec<f64> = cells.iter().flatten().copied().collect();
                #[expect(clippy::cast_precision_loss, reason = "counts of people")]
                let mean = given.iter().sum::<f64>() / given.len() as f64;
                Some(((*judged)?, mean))
            })
            .collect()
    }

    /// The judge's choice beside every vote, where labels are choices between two answers.
    pub(super) fn votes(
        &self,
        judged: &[Option<f64>],
    ) -> Option<(Vec<Preference>, Vec<Preference>)> {
        let choices = self.choices.as_ref()?;
        let choice = |code: f64| {
            let place = (0_u32..)
                .zip(choices)
                .find(|(place, _)| f64::from(*place) >= code);
            place.map(|(_, choice)| *choice)
        };
        let (mut predicted, mut human) = (Vec::new(), Vec::new());
        for (judged, cells) in judged.iter().zip(self.people.by_item()) {
            let Some(judged) = judged else { continue };
            for vote in cells.iter().flatten() {
                predicted.push(choice(*judged)?);
                human.push(choice(*vote)?);
            }
        }
        Some((predicted, human))
    }
}

/// How annotations become numbers.
enum Code {
    Number,
    /// Every label that anyone gave; its place is its code.
    Label(Vec<String>),
}

impl Code {
    fn cell(
        &self,
        annotator: &str,
        item: &str,
        annotation: Option<&Annotation>,
    ) -> Result<Option<f64>, String> {
        let Some(annotation) = annotation else {
            return Ok(None);
        };
        match (self, annotation) {
            (Code::Number, Annotation::Number(value)) => Ok(Some(*value)),
            (Code::Number, Annotation::Label(label)) => Err(format!(
                "`{item}` of `{annotator}` is `{label}`, not a number"
            )),
            (Code::Label(labels), _) => {
                let label = label(annotation);
                let place = (0_u32..).zip(labels).find(|(_, known)| **known == label);
                Ok(place.map(|(place, _)| f64::from(place)))
            }
        }
    }

    fn choices(&self) -> Option<Vec<Preference>> {
        let Code::Label(labels) = self else {
            return None;
        };
        let choice = |label: &String| {
            let known = CHOICES.iter().find(|(name, _)| name == label);
            known.map(|(_, choice)| *choice)
        };
        labels.iter().map(choice).collect()
    }
}

fn labels(annotations: &Annotations) -> Vec<String> {
    let everyone = annotations
        .people
        .values()
        .chain(annotations.judges.values());
    let labels: BTreeSet<String> = everyone.flat_map(BTreeMap::values).map(label).collect();
    labels.into_iter().collect()
}

fn label(annotation: &Annotation) -> String {
    match annotation {
        Annotation::Number(value) => value.to_string(),
        Annotation::Label(label) => label.clone(),
    }
}
