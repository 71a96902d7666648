//! Opens the files of an audit and decides which column is what.

use super::AuditError;
use super::columns::{
    self, AUTHOR, CLUSTER, GROUP, HUMAN, HUMAN_RATINGS, HUMAN_SD, JUDGED, LENGTH, POSITION, SWAPPED,
};
use super::join::{Joined, join};
use super::options::AuditOptions;
use super::side::{Plan, Side, read, with_role};
use crate::table::{Table, TableError, TablePlace};

/// Reads the judged and the human file and brings their rows together.
pub(super) fn load(options: &AuditOptions) -> Result<Joined, AuditError> {
    let judged = Table::open(options.judged.clone(), options.delimiter)?;
    let delimiter = options.human_delimiter.or(options.delimiter);
    let human = Table::open(options.human.clone(), delimiter)?;
    for (name, option) in [
        (&options.columns.group, "--group"),
        (&options.columns.cluster, "--cluster"),
    ] {
        if let Some(name) = name {
            require_in_either(name, option, &judged, &human)?;
        }
    }
    let (judged_id, human_id) = columns::ids(&judged, &human, options.on.as_ref())?;
    let judged = read_judged(
        judged,
        judged_id,
        options,
        options.columns.judged.as_deref(),
    )?;
    let human = read_human(human, human_id, options)?;
    join(judged, human, options.matching)
}

/// Reads another judge's file, found by the same names as the first where it has them.
pub(super) fn load_other(
    place: &TablePlace,
    options: &AuditOptions,
    human: Side,
) -> Result<Joined, AuditError> {
    let table = Table::open(place.clone(), options.delimiter)?;
    let id = options.on.as_ref().map(|(judged, _)| judged.clone());
    let id = match id.filter(|id| table.has(id)) {
        Some(id) => id,
        None => columns::ids(&table, &human.table, None)?.0,
    };
    let value = options
        .columns
        .judged
        .as_deref()
        .filter(|name| table.has(name));
    let mut options = options.clone();
    // The first judge's file may have columns that this one need not have.
    for name in [&mut options.columns.position, &mut options.columns.swapped] {
        name.take_if(|name| !table.has(name));
    }
    let side = read_judged(table, id, &options, value)?;
    join(side, human, options.matching)
}

fn require_in_either(
    name: &str,
    option: &'static str,
    judged: &Table,
    human: &Table,
) -> Result<(), AuditError> {
    if judged.has(name) || human.has(name) {
        return Ok(());
    }
    let mut columns: Vec<&String> = human.columns().iter().chain(judged.columns()).collect();
    columns.sort();
    columns.dedup();
    Err(AuditError::NoColumn {
        column: name.to_owned(),
        option,
        judged: judged.path().to_owned(),
        human: human.path().to_owned(),
        columns: columns
            .iter()
            .map(|column| format!("`{column}`"))
            .collect::<Vec<_>>()
            .join(", "),
    })
}

/// Columns that either file may hold.
struct Further {
    numbers: Vec<(&'static str, String)>,
    names: Vec<(&'static str, String)>,
}

fn further(table: &Table, options: &AuditOptions) -> Result<Further, TableError> {
    let named = &options.columns;
    // A column that was named for both files need only be in one of them.
    let here = |name: &Option<String>| name.clone().filter(|name| table.has(name));
    let usual = |role, label, name: &Option<String>| match name {
        Some(_) if here(name).is_none() => Ok(None),
        name => with_role(role, label, table, name.as_deref()),
    };
    let numbers = [usual(&LENGTH, "length", &named.length)?];
    let mut names = vec![usual(&AUTHOR, "author", &named.author)?];
    for (role, label, name) in [
        (&GROUP, "group", &named.group),
        (&CLUSTER, "cluster", &named.cluster),
    ] {
        if let Some(name) = here(name) {
            names.push(with_role(role, label, table, Some(&name))?);
        }
    }
    Ok(Further {
        numbers: numbers.into_iter().flatten().collect(),
        names: names.into_iter().flatten().collect(),
    })
}

fn read_judged(
    table: Table,
    id: String,
    options: &AuditOptions,
    value: Option<&str>,
) -> Result<Side, AuditError> {
    let Further { mut numbers, names } = further(&table, options)?;
    numbers.extend(with_role(
        &POSITION,
        "position",
        &table,
        options.columns.position.as_deref(),
    )?);
    let swapped = SWAPPED.optional(&table, options.columns.swapped.as_deref())?;
    let value = {
        let mut claimed: Vec<&str> = vec![&id];
        claimed.extend(
            numbers
                .iter()
                .chain(&names)
                .map(|(_, column)| column.as_str()),
        );
        claimed.extend(swapped.as_deref());
        columns::value(&table, &JUDGED, value, &claimed)?
    };
    let plan = Plan {
        id,
        value: Some(value),
        raters: Vec::new(),
        numbers,
        names,
        swapped,
        status: true,
        better: options.judged_better,
        matching: options.matching,
        duplicates: options.duplicates,
        missing_text: &options.missing_text,
    };
    Ok(read(table, &plan)?)
}

fn read_human(table: Table, id: String, options: &AuditOptions) -> Result<Side, AuditError> {
    let Further { mut numbers, names } = further(&table, options)?;
    let named = &options.columns;
    let same_for_all = named
        .human_ratings
        .as_deref()
        .filter(|name| !table.has(name))
        .and_then(|name| name.parse::<f64>().ok())
        .filter(|ratings| *ratings >= 1.0);
    numbers.extend(with_role(
        &HUMAN_SD,
        "human_sd",
        &table,
        named.human_sd.as_deref(),
    )?);
    if same_for_all.is_none() {
        numbers.extend(with_role(
            &HUMAN_RATINGS,
            "human_ratings",
            &table,
            named.human_ratings.as_deref(),
        )?);
    }
    let raters = columns::raters(&table, &named.raters)?;
    let value = {
        let mut claimed: Vec<&str> = vec![&id];
        claimed.extend(
            numbers
                .iter()
                .chain(&names)
                .map(|(_, column)| column.as_str()),
        );
        claimed.extend(raters.iter().map(String::as_str));
        match columns::value(&table, &HUMAN, named.human.as_deref(), &claimed) {
            Ok(value) => Some(value),
            // Without a mean of their own, single raters are averaged.
            Err(_) if named.human.is_none() && !raters.is_empty() => None,
            Err(error) => return Err(error.into()),
        }
    };
    let plan = Plan {
        id,
        value,
        raters,
        numbers,
        names,
        swapped: None,
        status: false,
        better: options.human_better,
        matching: options.matching,
        duplicates: options.duplicates,
        missing_text: &options.missing_text,
    };
    let mut side = read(table, &plan)?;
    if let Some(ratings) = same_for_all {
        side.numbers
            .insert("human_ratings", vec![Some(ratings); side.values.len()]);
    }
    Ok(side)
}
