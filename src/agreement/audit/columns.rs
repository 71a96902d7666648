//! Which column means what: named by the caller, or found by its usual names.

use crate::table::{Table, TableError, TableFault};

/// A role that a column can play, and the names by which it is found, in lower case.
pub(super) struct Role {
    /// In words.
    what: &'static str,
    /// The option that names it.
    option: &'static str,
    names: &'static [&'static str],
}

pub(super) const ID: Role = Role {
    what: "id",
    option: "--on",
    names: &[
        "id",
        "item",
        "item_id",
        "image",
        "image_id",
        "img",
        "image_path",
        "img_path",
        "image_name",
        "img_name",
        "name",
        "filename",
        "file_name",
        "file",
        "path",
        "key",
        "uid",
    ],
};
pub(super) const JUDGED: Role = Role {
    what: "judged value",
    option: "--judged-column",
    names: &[
        "score",
        "judged",
        "predicted",
        "prediction",
        "pred",
        "judge_score",
        "value",
        "rating",
        "verdict",
        "preference",
        "choice",
        "answer",
    ],
};
pub(super) const HUMAN: Role = Role {
    what: "human value",
    option: "--human-column",
    names: &[
        "human",
        "mos",
        "dmos",
        "human_score",
        "human_mean",
        "gt_score",
        "gt",
        "label",
        "mean",
        "score",
        "rating",
        "value",
        "verdict",
        "preference",
        "choice",
    ],
};
pub(super) const HUMAN_SD: Role = Role {
    what: "standard deviation of human ratings",
    option: "--human-sd",
    names: &["human_sd", "sd", "std", "mos_std", "std_mos", "deviation"],
};
pub(super) const HUMAN_RATINGS: Role = Role {
    what: "number of human ratings",
    option: "--human-ratings",
    names: &[
        "human_ratings",
        "ratings",
        "n_ratings",
        "num_ratings",
        "votes",
        "n_votes",
        "c_total",
        "n",
    ],
};
const RATERS: Role = Role {
    what: "ratings of one person",
    option: "--raters",
    names: &[],
};
pub(super) const LENGTH: Role = Role {
    what: "length",
    option: "--length",
    names: &[
        "length",
        "response_length",
        "chars",
        "characters",
        "words",
        "tokens",
    ],
};
pub(super) const AUTHOR: Role = Role {
    what: "author",
    option: "--author",
    names: &[
        "author",
        "generator",
        "generated_by",
        "produced_by",
        "source_model",
    ],
};
pub(super) const POSITION: Role = Role {
    what: "position",
    option: "--position",
    names: &["position", "order", "place", "shown_at"],
};
pub(super) const SWAPPED: Role = Role {
    what: "swapped order",
    option: "--swapped",
    names: &["swapped", "swap", "is_swapped"],
};
pub(super) const GROUP: Role = Role {
    what: "group",
    option: "--group",
    names: &[],
};
pub(super) const CLUSTER: Role = Role {
    what: "cluster",
    option: "--cluster",
    names: &[],
};

impl Role {
    fn found(&self, table: &Table) -> Vec<String> {
        let known = |column: &&String| self.names.contains(&column.to_ascii_lowercase().as_str());
        table.columns().iter().filter(known).cloned().collect()
    }

    fn ambiguous(&self, table: &Table, found: &[String]) -> TableError {
        TableError::new(
            table.path(),
            TableFault::AmbiguousColumn,
            format!("the {} could be any of {}", self.what, listed(found)),
            format!("pass `{} NAME`", self.option),
        )
    }

    fn absent(&self, table: &Table) -> TableError {
        TableError::new(
            table.path(),
            TableFault::NoColumn,
            format!(
                "no column holds the {}; there are {}",
                self.what,
                listed(table.columns())
            ),
            format!("pass `{} NAME`", self.option),
        )
    }

    /// The named column, which must be there.
    pub(super) fn named(&self, table: &Table, name: &str) -> Result<String, TableError> {
        if table.has(name) {
            return Ok(name.to_owned());
        }
        Err(TableError::new(
            table.path(),
            TableFault::NoColumn,
            format!(
                "no column is called `{name}`; there are {}",
                listed(table.columns())
            ),
            format!("check `{}`", self.option),
        ))
    }

    /// The named column, or the only one with a usual name, if any.
    pub(super) fn optional(
        &self,
        table: &Table,
        name: Option<&str>,
    ) -> Result<Option<String>, TableError> {
        if let Some(name) = name {
            return self.named(table, name).map(Some);
        }
        match self.found(table).as_slice() {
            [only] => Ok(Some(only.clone())),
            _ => Ok(None),
        }
    }
}

/// The id columns of both files: as named; else the only usual name that both share; else the only one in each.
pub(super) fn ids(
    judged: &Table,
    human: &Table,
    on: Option<&(String, String)>,
) -> Result<(String, String), TableError> {
    if let Some((in_judged, in_human)) = on {
        return Ok((ID.named(judged, in_judged)?, ID.named(human, in_human)?));
    }
    let (in_judged, in_human) = (ID.found(judged), ID.found(human));
    let shared: Vec<&String> = in_judged
        .iter()
        .filter(|name| in_human.contains(name))
        .collect();
    if let [only] = shared.as_slice() {
        return Ok(((*only).clone(), (*only).clone()));
    }
    Ok((id_of(judged, &in_judged)?, id_of(human, &in_human)?))
}

fn id_of(table: &Table, found: &[String]) -> Result<String, TableError> {
    match found {
        [] => Err(ID.absent(table)),
        [only] => Ok(only.clone()),
        several => match several.iter().find(|name| name.eq_ignore_ascii_case("id")) {
            Some(id) => Ok(id.clone()),
            None => Err(ID.ambiguous(table, several)),
        },
    }
}

/// The value column: as named; else the only one with a usual name; else the only one that nothing else claims.
pub(super) fn value(
    table: &Table,
    role: &Role,
    name: Option<&str>,
    claimed: &[&str],
) -> Result<String, TableError> {
    if let Some(name) = name {
        return role.named(table, name);
    }
    let free = |column: &String| !claimed.contains(&column.as_str());
    let found: Vec<String> = role.found(table).into_iter().filter(free).collect();
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => {
            let rest: Vec<&String> = table
                .columns()
                .iter()
                .filter(|column| free(column))
                .collect();
            match rest.as_slice() {
                [only] => Ok((*only).clone()),
                _ => Err(role.absent(table)),
            }
        }
        several => Err(role.ambiguous(table, several)),
    }
}

/// Columns of single human raters: as named, or else `rater_1`, `rater2`, `annotator 3`, two at least.
pub(super) fn raters(table: &Table, named: &[String]) -> Result<Vec<String>, TableError> {
    if let [only] = named {
        let detail = format!("`{only}` alone is no comparison of raters");
        let remedy = "name two columns or more: `--raters COLUMN,COLUMN`";
        return Err(TableError::new(
            table.path(),
            TableFault::NoColumn,
            detail,
            remedy,
        ));
    }
    if !named.is_empty() {
        return named.iter().map(|name| RATERS.named(table, name)).collect();
    }
    let is_rater = |column: &&String| {
        let lower = column.to_ascii_lowercase();
        let rest = ["rater", "annotator", "human"]
            .iter()
            .find_map(|prefix| lower.strip_prefix(prefix));
        rest.is_some_and(|rest| {
            let number = rest.trim_start_matches(['_', '-', ' ', '.']);
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let found: Vec<String> = table.columns().iter().filter(is_rater).cloned().collect();
    Ok(if found.len() < 2 { Vec::new() } else { found })
}

fn listed(columns: &[String]) -> String {
    let shown: Vec<String> = columns
        .iter()
        .take(40)
        .map(|column| format!("`{column}`"))
        .collect();
    shown.join(", ")
}
