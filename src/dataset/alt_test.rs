//! Annotations of the alternative-annotator test: a folder with `human_annotations.json` and
//! `llm_annotations.json`, each annotator -> item -> annotation.
//!
//! Annotations are numbers or labels; an annotator may have left items out.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::{DatasetError, json};

/// What one annotator said of one item.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Annotation {
    /// A rating.
    Number(f64),
    /// A label.
    Label(String),
}

/// What each annotator said of each item, both in the order of their names.
pub type Annotators = BTreeMap<String, BTreeMap<String, Annotation>>;

/// The annotations of one data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotations {
    /// People.
    pub people: Annotators,
    /// Judges.
    pub judges: Annotators,
}

/// Name of the file with people's annotations.
pub const PEOPLE: &str = "human_annotations.json";
const JUDGES: &str = "llm_annotations.json";

/// Reads the two files of a data set's folder.
///
/// # Errors
/// A file that cannot be read, is truncated, is not of this form, or holds no annotator.
pub fn read(folder: &Path) -> Result<Annotations, DatasetError> {
    Ok(Annotations {
        people: annotators(&folder.join(PEOPLE))?,
        judges: annotators(&folder.join(JUDGES))?,
    })
}

fn annotators(path: &Path) -> Result<Annotators, DatasetError> {
    let found: Annotators = json::document(path)?;
    if found.values().all(BTreeMap::is_empty) {
        return Err(DatasetError {
            path: path.display().to_string(),
            byte: 0,
            reason: "there is no annotation; expected annotator -> item -> annotation".into(),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(people: &str, judges: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(PEOPLE), people).unwrap();
        std::fs::write(folder.path().join(JUDGES), judges).unwrap();
        folder
    }

    #[test]
    fn numbers_and_labels_are_read() {
        let folder = folder(
            r#"{"p1": {"i": 3, "j": 2.5}, "p2": {}}"#,
            r#"{"judge": {"i": "tie"}}"#,
        );
        let found = read(folder.path()).unwrap();
        assert_eq!(found.people["p1"]["j"], Annotation::Number(2.5));
        assert!(found.people["p2"].is_empty());
        assert_eq!(found.judges["judge"]["i"], Annotation::Label("tie".into()));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let good = r#"{"p": {"i": 1}}"#;
        for (people, judges, file, reason) in [
            (r#"{"p": {"i": 1"#, good, PEOPLE, "truncated"),
            (good, r#"{"p": [1, 2]}"#, JUDGES, "expected a map"),
            (
                r#"{"p": {"i": [1]}}"#,
                good,
                PEOPLE,
                "did not match any variant",
            ),
            (r#"{"p": {}}"#, good, PEOPLE, "no annotation"),
        ] {
            let error = read(folder(people, judges).path()).unwrap_err();
            assert!(error.path.ends_with(file), "{error}");
            assert!(error.reason.contains(reason), "{error}");
        }
        let error = read(Path::new("no such folder")).unwrap_err();
        assert!(error.reason.contains("cannot be read"), "{error}");
    }
}
