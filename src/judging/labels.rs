//! What people said of the same items.

use std::collections::BTreeMap;

use super::{Scale, WordError};

/// People's judgement of one item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HumanLabel {
    /// Mean rating.
    pub mean: f64,
    /// Standard deviation of the ratings, where it was released.
    pub deviation: Option<f64>,
    /// Number of ratings, where it was released.
    pub ratings: Option<u32>,
}

/// Labels by item id, with unique ids; the scale is known or said to be unknown.
#[derive(Debug, Clone, PartialEq)]
pub struct HumanLabels {
    by_item: BTreeMap<String, HumanLabel>,
    scale: Option<Scale>,
    source: String,
}

impl HumanLabels {
    /// Checks that ids are unique and values finite.
    ///
    /// # Errors
    /// A second label for an id, naming it, or a value that is not finite.
    pub fn new(
        labels: impl IntoIterator<Item = (String, HumanLabel)>,
        scale: Option<Scale>,
        source: impl Into<String>,
    ) -> Result<Self, WordError> {
        let mut by_item = BTreeMap::new();
        for (item, label) in labels {
            if !label.mean.is_finite()
                || label
                    .deviation
                    .is_some_and(|deviation| !deviation.is_finite())
            {
                return Err(WordError::new(format!(
                    "the label of `{item}` is not finite"
                )));
            }
            if by_item.contains_key(&item) {
                return Err(WordError::new(format!(
                    "`{item}` is labelled twice; ids must be unique"
                )));
            }
            by_item.insert(item, label);
        }
        Ok(HumanLabels {
            by_item,
            scale,
            source: source.into(),
        })
    }

    /// The label of an item.
    pub fn get(&self, item: &str) -> Option<&HumanLabel> {
        self.by_item.get(item)
    }

    /// Items and labels in order of id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &HumanLabel)> {
        self.by_item
            .iter()
            .map(|(item, label)| (item.as_str(), label))
    }

    /// How many items are labelled.
    pub fn len(&self) -> usize {
        self.by_item.len()
    }

    /// Whether nothing is labelled.
    pub fn is_empty(&self) -> bool {
        self.by_item.is_empty()
    }

    /// The scale of the means, where it is known.
    pub fn scale(&self) -> Option<Scale> {
        self.scale
    }

    /// Where the labels come from.
    pub fn source(&self) -> &str {
        &self.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(mean: f64) -> HumanLabel {
        HumanLabel {
            mean,
            deviation: None,
            ratings: None,
        }
    }

    #[test]
    fn ids_are_unique_and_values_finite() {
        let twice = [("a".to_owned(), label(1.0)), ("a".to_owned(), label(2.0))];
        assert!(
            HumanLabels::new(twice, None, "test")
                .unwrap_err()
                .to_string()
                .contains("`a`")
        );
        assert!(HumanLabels::new([("a".to_owned(), label(f64::NAN))], None, "test").is_err());
    }
}
