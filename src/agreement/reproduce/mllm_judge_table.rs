//! The main table of MLLM-as-a-Judge (arXiv 2402.04788, as later papers extend it): averages over fourteen sets.

use std::path::Path;

use super::{Keys, ReproduceError, Reproduction, Row, located};
use crate::dataset::mllm_judge::{self, Line, Table};
use crate::stats::rankings::{RankingMeasure, ranking_chance};
use crate::stats::{Estimate, StatsError, fisher_mean, mean};

const NAME: &str = "mllm-judge-table";
const FILES: [&str; 2] = ["main_table.csv", "mllm-judge/main_table.csv"];
/// The average is rounded to three decimals; rounding of its fourteen cells adds 1e-4 at most in practice
/// (their mean has a standard deviation of 8e-5).
const TOLERANCE: f64 = 6e-4;
const CORRELATIONS: &str = "score";
const WITHOUT_TIES: &str = "pair_wo_tie";
const RANKINGS: &str = "batch";

/// Recomputes every published average.
pub(super) fn recompute(folder: &Path) -> Result<Reproduction, ReproduceError> {
    let path = located(folder, &FILES, "`main_table.csv`")?;
    let table = mllm_judge::read(&path)?;
    let rows = rows(&table).map_err(|error| ReproduceError::Statistic {
        file: path.display().to_string(),
        error,
    })?;
    Ok(Reproduction { name: NAME, rows })
}

fn rows(table: &Table) -> Result<Vec<Row>, StatsError> {
    let mut rows = Vec::new();
    for line in &table.lines {
        let given: Vec<f64> = line.cells.iter().flatten().copied().collect();
        let missing = missing(table, line);
        rows.push(average(line, &given, &missing)?);
        if line.metric == CORRELATIONS {
            rows.push(fisher_row(line, &given));
        }
        rows.extend(shared_row(table, line)?);
    }
    if table.lines.iter().any(|line| line.metric == RANKINGS) {
        rows.extend([chance_row(4)?, chance_row(3)?]);
    }
    Ok(rows)
}

fn keys(line: &Line) -> Keys {
    Keys::new([
        ("metric", &line.metric),
        ("judge", &line.judge),
        ("measured_by", &line.provenance),
    ])
}

fn missing<'a>(table: &'a Table, line: &Line) -> Vec<&'a str> {
    let cells = table.sets.iter().zip(&line.cells);
    cells
        .filter(|(_, cell)| cell.is_none())
        .map(|(set, _)| set.as_str())
        .collect()
}

/// The average as published: over the sets that the judge has.
fn average(line: &Line, given: &[f64], missing: &[&str]) -> Result<Row, StatsError> {
    let found = mean(given)?;
    let estimate = Ok(found.estimate);
    let convention =
        "arithmetic mean over the sets reported, unweighted; Student's interval over sets";
    let mut row = Row::found(keys(line), "average", given.len(), estimate, convention)
        .against(line.average, TOLERANCE);
    if row.within_tolerance == Some(false) {
        row = row.noting("the published average is not the mean of the published cells");
    }
    if !missing.is_empty() {
        row = row.noting(format!(
            "{} is not reported, so that this average is over other sets than its neighbours'; \
             `average_of_shared_sets` compares like with like",
            missing.join(", ")
        ));
    }
    Ok(match chance_remark(&line.metric, found_value(&row))? {
        Some(remark) => row.noting(remark),
        None => row,
    })
}

fn found_value(row: &Row) -> f64 {
    row.value.unwrap_or(f64::NAN)
}

/// What chance reaches, where the judge does no better.
fn chance_remark(metric: &str, average: f64) -> Result<Option<String>, StatsError> {
    Ok(match metric {
        RANKINGS => {
            let (four, three) = (chance(4)?.0, chance(3)?.0);
            (average >= three).then(|| {
                format!(
                    "lower is better, and random orders reach {three:.4} of three answers, {four:.4} of four"
                )
            })
        }
        WITHOUT_TIES => (average < 0.5).then(|| {
            "below an even chance between the two answers; a judge's tie counts as wrong".to_owned()
        }),
        _ => None,
    })
}

/// Correlations averaged on Fisher's scale.
fn fisher_row(line: &Line, given: &[f64]) -> Row {
    Row::new(
        keys(line),
        "average_fisher_z",
        given.len(),
        fisher_mean(given),
        "mean of Pearson's r over the sets reported, on Fisher's z and turned back",
    )
}

/// The average over the sets that every judge of this metric has, where that is not all sets.
fn shared_row(table: &Table, line: &Line) -> Result<Option<Row>, StatsError> {
    let peers = || table.lines.iter().filter(|peer| peer.metric == line.metric);
    let shared: Vec<f64> = line
        .cells
        .iter()
        .enumerate()
        .filter(|(set, _)| peers().all(|peer| peer.cells[*set].is_some()))
        .filter_map(|(_, cell)| *cell)
        .collect();
    if shared.len() == table.sets.len() {
        return Ok(None);
    }
    let convention = "arithmetic mean over the sets that every judge of this metric has";
    let estimate = mean(&shared).map(|found| found.estimate);
    let statistic = "average_of_shared_sets";
    Ok(Some(Row::found(
        keys(line),
        statistic,
        shared.len(),
        estimate,
        convention,
    )))
}

fn chance(answers: usize) -> Result<(f64, String), StatsError> {
    let found = ranking_chance(RankingMeasure::NormalisedLevenshtein, answers, 0, 0)?;
    Ok((found.value, found.method))
}

fn chance_row(answers: usize) -> Result<Row, StatsError> {
    let (value, method) = chance(answers)?;
    let judge = format!("random order of {answers}");
    let keys = Keys::new([("metric", RANKINGS), ("judge", &judge), ("measured_by", "")]);
    let estimate = Ok(Estimate::new("chance", value, answers, ""));
    let convention = format!("edit distance over the longer length, {method}");
    Ok(Row::found(keys, "chance", answers, estimate, convention))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(lines: &str) -> Vec<Row> {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("# comment\nmetric,model,provenance,A,B,C,Ave\n{lines}");
        std::fs::write(folder.path().join(FILES[0]), text).unwrap();
        recompute(folder.path()).unwrap().rows
    }

    fn one<'a>(rows: &'a [Row], judge: &str, statistic: &str) -> &'a Row {
        let judged = |row: &&Row| row.keys.0[1].1 == judge && row.statistic == statistic;
        rows.iter().find(judged).unwrap()
    }

    #[test]
    fn averages_leave_missing_sets_out_and_shared_ones_stand_beside() {
        let rows = table("score,a,orig,0.1,,0.3,0.200\nscore,b,orig,0.1,0.9,0.2,0.5\n");
        let a = one(&rows, "a", "average");
        assert!((a.value.unwrap() - 0.2).abs() < 1e-15);
        assert_eq!((a.n, a.within_tolerance), (2, Some(true)));
        assert!(a.note.as_ref().unwrap().contains("B is not reported"));
        let b = one(&rows, "b", "average");
        assert_eq!(b.within_tolerance, Some(false));
        assert!(b.note.as_ref().unwrap().contains("not the mean"));
        let shared = one(&rows, "b", "average_of_shared_sets");
        assert_eq!(shared.n, 2);
        assert!((shared.value.unwrap() - 0.15).abs() < 1e-15);
        assert!(one(&rows, "b", "average_fisher_z").value.unwrap() > b.value.unwrap());
    }

    #[test]
    fn chance_stands_beside_rankings_and_judges_below_it_are_marked() {
        let rows = table(
            "batch,a,flex,0.6,0.5,0.7,0.6\nbatch,b,flex,0.1,0.2,0.3,0.2\npair_wo_tie,c,flex,0.4,0.4,0.5,0.433\n",
        );
        assert_eq!(
            one(&rows, "random order of 4", "chance").value,
            Some(0.65625)
        );
        assert!(one(&rows, "a", "average").note.is_some());
        assert!(one(&rows, "b", "average").note.is_none());
        assert!(
            one(&rows, "c", "average")
                .note
                .as_ref()
                .unwrap()
                .contains("even chance")
        );
        assert!(
            rows.iter()
                .all(|row| row.statistic != "average_of_shared_sets")
        );
    }
}
