//! `opine reproduce`: a published table beside what its authors' files give.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use super::{CliError, Ending, output};
use crate::agreement::reproduce::{Reproduction, Row, recompute};

/// Arguments of `opine reproduce`.
#[derive(Debug, Args)]
pub(super) struct ReproduceArguments {
    /// Table, such as q-bench-a3; any other word lists all that are known
    #[arg(value_name = "NAME")]
    name: String,
    /// Folder with the authors' files
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &ReproduceArguments) -> Result<Ending, CliError> {
    let table = recompute(&arguments.name, &arguments.data)?;
    if arguments.json {
        output::json_document(&table)?;
    } else {
        print(&table)?;
    }
    let strays = table
        .rows
        .iter()
        .filter(|row| row.within_tolerance == Some(false))
        .count();
    let compared = table
        .rows
        .iter()
        .filter(|row| row.published.is_some())
        .count();
    output::say(format_args!(
        "{} figures, {compared} of them published, {strays} out of tolerance",
        table.rows.len()
    ));
    Ok(if strays == 0 {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

fn print(table: &Reproduction) -> std::io::Result<()> {
    let keys = table.rows.first().map_or(0, |row| row.keys.0.len());
    let mut header: Vec<&str> = table
        .rows
        .first()
        .map_or(vec![], |row| row.keys.0.iter().map(|key| key.0).collect());
    header.extend([
        "n",
        "statistic",
        "ours",
        "95 % interval",
        "published",
        "difference",
    ]);
    let right: Vec<usize> = [0, 2, 3, 4, 5].map(|column| keys + column).to_vec();
    let rows: Vec<Vec<String>> = table.rows.iter().map(cells).collect();
    output::table(&header, &rows, &right)?;
    let notes: BTreeSet<&str> = table
        .rows
        .iter()
        .filter_map(|row| row.note.as_deref())
        .collect();
    for note in notes {
        output::line(format_args!("note: {note}"))?;
    }
    Ok(())
}

fn cells(row: &Row) -> Vec<String> {
    let missing = || "-".to_owned();
    let mut cells: Vec<String> = row.keys.0.iter().map(|(_, value)| value.clone()).collect();
    cells.extend([
        row.n.to_string(),
        row.statistic.to_owned(),
        row.value
            .map_or_else(missing, |value| format!("{value:.4}")),
        row.ci
            .map_or_else(missing, |[low, high]| format!("{low:.3} to {high:.3}")),
        row.published
            .map_or_else(missing, |published| published.to_string()),
        row.delta
            .map_or_else(missing, |delta| format!("{delta:+.4}")),
    ]);
    cells
}
