//! The main table of MLLM-as-a-Judge: one row for each way of judging and each judge, one column for each of
//! fourteen image sets, and the published average.
//!
//! A CSV with comment lines (`#`) above its header. An empty cell is a set that was not reported.

use std::path::Path;

use super::DatasetError;
use super::delimited::{Delimited, Delimiter};

/// One row of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What was measured: `score` (Pearson's r), `pair_w_tie`, `pair_wo_tie` (accuracies), `batch` (distance).
    pub metric: String,
    /// The judge.
    pub judge: String,
    /// Who measured it: `orig` for the benchmark's own paper.
    pub provenance: String,
    /// The figure on each set of [`Table::sets`], where there is one.
    pub cells: Vec<Option<f64>>,
    /// The published average.
    pub average: f64,
}

/// The whole table.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Names of the sets.
    pub sets: Vec<String>,
    /// Its rows.
    pub lines: Vec<Line>,
}

/// Reads the table.
///
/// # Errors
/// A file that cannot be read or is damaged, or a cell that is no number.
pub fn read(path: &Path) -> Result<Table, DatasetError> {
    table(&Delimited::read(path, Delimiter::CommaWithComments)?)
}

fn table(file: &Delimited) -> Result<Table, DatasetError> {
    let named = file.columns(["metric", "model", "provenance", "Ave"])?;
    let [metric, judge, provenance, average] = named;
    let sets: Vec<usize> = (0..file.header().len())
        .filter(|column| !named.contains(column))
        .collect();
    let lines = file
        .records
        .iter()
        .map(|record| {
            let cells = sets.iter().map(|&set| {
                if record.cells[set].trim().is_empty() {
                    return Ok(None);
                }
                file.number(record, set).map(Some)
            });
            Ok(Line {
                metric: record.cells[metric].clone(),
                judge: record.cells[judge].clone(),
                provenance: record.cells[provenance].clone(),
                cells: cells.collect::<Result<_, _>>()?,
                average: file.number(record, average)?,
            })
        })
        .collect::<Result<_, _>>()?;
    let sets = sets.iter().map(|&set| file.header()[set].clone()).collect();
    Ok(Table { sets, lines })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rows: &str) -> Result<Table, DatasetError> {
        let text = format!("# source\n# a, b\nmetric,model,provenance,COCO,Diff,Ave\n{rows}");
        let bytes = text.as_bytes();
        let file = Delimited::parse("table.csv".into(), bytes, Delimiter::CommaWithComments)?;
        table(&file)
    }

    #[test]
    fn sets_are_the_columns_between_names_and_average() {
        let table = parse("score,a judge,orig,0.25,,0.25\n").unwrap();
        assert_eq!(table.sets, ["COCO", "Diff"]);
        assert_eq!(table.lines[0].cells, [Some(0.25), None]);
        assert_eq!(
            (table.lines[0].judge.as_str(), table.lines[0].average),
            ("a judge", 0.25)
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (rows, reason) in [
            ("score,a,orig,0.25,n/a,0.25\n", "line 4: `Diff` is `n/a`"),
            ("score,a,orig,0.25,0.5,\n", "line 4: `Ave` is ``"),
            ("score,a,orig,0.25\n", "line 4: 4 cells"),
        ] {
            let error = parse(rows).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
