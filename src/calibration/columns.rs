//! Which column means what: named by the caller, or found by its usual names.

use crate::table::{Table, TableError, TableFault, quoted};

/// A role that a column can play.
pub(super) struct Role {
    /// In words.
    what: &'static str,
    /// The option that names it.
    option: &'static str,
    /// Usual names in lower case; the first one wins over the others.
    names: &'static [&'static str],
}

pub(super) const ID: Role = Role {
    what: "id",
    option: "--on",
    names: &[
        "id",
        "image",
        "item",
        "item_id",
        "image_id",
        "image_path",
        "img_path",
        "image_name",
        "name",
        "filename",
        "file_name",
        "file",
        "path",
    ],
};
pub(super) const SCORE: Role = Role {
    what: "judge's score",
    option: "--judged-column",
    names: &["score", "judged", "predicted", "prediction", "value"],
};
pub(super) const HUMAN: Role = Role {
    what: "label",
    option: "--human-column",
    names: &[
        "human",
        "label",
        "mos",
        "dmos",
        "mean",
        "level",
        "human_score",
        "human_mean",
        "gt_score",
        "score",
        "rating",
        "value",
    ],
};
pub(super) const DEVIATION: Role = Role {
    what: "standard deviation of the ratings",
    option: "",
    names: &["deviation", "sd", "std", "human_sd", "mos_std", "std_mos"],
};
pub(super) const RATINGS: Role = Role {
    what: "number of ratings",
    option: "",
    names: &["n", "ratings", "n_ratings", "votes", "human_ratings"],
};
pub(super) const IMAGE: Role = Role {
    what: "image file",
    option: "",
    names: &["image", "image_path", "img_path", "file", "path"],
};

impl Role {
    /// The named column, or the one with a usual name.
    pub(super) fn find(&self, table: &Table, named: Option<&str>) -> Result<String, TableError> {
        if let Some(name) = named {
            return if table.has(name) {
                Ok(name.to_owned())
            } else {
                Err(self.absent(table, &format!("no column is called `{name}`")))
            };
        }
        let found = self.found(table);
        let first = |name: &&String| name.eq_ignore_ascii_case(self.names[0]);
        match found.as_slice() {
            [] => Err(self.absent(table, &format!("no column holds the {}", self.what))),
            [only] => Ok(only.clone()),
            several => several
                .iter()
                .find(first)
                .cloned()
                .ok_or_else(|| self.ambiguous(table, several)),
        }
    }

    /// The column with a usual name, if there is exactly one.
    pub(super) fn optional(&self, table: &Table) -> Option<String> {
        match self.found(table).as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        }
    }

    fn found(&self, table: &Table) -> Vec<String> {
        let known = |column: &&String| self.names.contains(&column.to_ascii_lowercase().as_str());
        table.columns().iter().filter(known).cloned().collect()
    }

    fn absent(&self, table: &Table, detail: &str) -> TableError {
        table.no_column(detail, format!("pass `{} NAME`", self.option))
    }

    fn ambiguous(&self, table: &Table, found: &[String]) -> TableError {
        TableError::new(
            table.path(),
            TableFault::AmbiguousColumn,
            format!("the {} could be any of {}", self.what, quoted(found)),
            format!("pass `{} NAME`", self.option),
        )
    }
}
