//! `opine reproduce`: a published table beside what its authors' files give.

use std::path::PathBuf;

use clap::Args;

use super::{CliError, Ending, output};
use crate::agreement::reproduce::{Reproduction, recompute};

/// Arguments of `opine reproduce`.
#[derive(Debug, Args)]
pub(super) struct ReproduceArguments {
    /// Table: q-bench-a3
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
    let header = [
        "model",
        "dataset",
        "n",
        "statistic",
        "ours",
        "95 % interval",
        "published",
        "difference",
        "ties",
    ];
    let optional = |value: Option<f64>, decimals: usize| {
        value.map_or_else(|| "-".into(), |v| format!("{v:.decimals$}"))
    };
    let rows: Vec<Vec<String>> = table
        .rows
        .iter()
        .map(|row| {
            vec![
                row.model.clone(),
                row.dataset.clone(),
                row.n.to_string(),
                row.statistic.to_owned(),
                format!("{:.4}", row.value),
                row.ci.map_or_else(
                    || "-".into(),
                    |[low, high]| format!("{low:.3} to {high:.3}"),
                ),
                optional(row.published, 3),
                row.delta
                    .map_or_else(|| "-".into(), |delta| format!("{delta:+.4}")),
                format!("{:.3}", row.tie_share),
            ]
        })
        .collect();
    output::table(&header, &rows, &[2, 4, 5, 6, 7, 8])?;
    let mut notes: Vec<&str> = table
        .rows
        .iter()
        .filter_map(|row| row.note.as_deref())
        .collect();
    notes.dedup();
    for note in notes {
        output::line(format_args!("{note}"))?;
    }
    Ok(())
}
