//! Pairs for Krasula's analysis: what people say of each pair, and every metric's difference of scores.
//!
//! Either `data_Toyama.mat` as its authors give it (`objScoDif`, metrics by pairs, and `signif`, one by pairs),
//! or the same as a CSV with the column `signif` and one more for each metric.

use std::cmp::Ordering;
use std::path::Path;

use super::DatasetError;
use super::delimited::{Delimited, Delimiter};
use super::matlab;

/// Pairs of stimuli.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// Whether the first of each pair is significantly worse, not different, or better.
    pub outcomes: Vec<Ordering>,
    /// For each metric its name and its difference of scores on each pair, first less second.
    pub metrics: Vec<(String, Vec<f64>)>,
}

/// Reads a `.mat` file or a CSV, told apart by the name.
///
/// # Errors
/// A file that cannot be read, is damaged, or holds an outcome other than -1, 0 and 1.
pub fn read(path: &Path) -> Result<Pairs, DatasetError> {
    if path.extension().is_some_and(|extension| extension == "mat") {
        from_matlab(path)
    } else {
        from_table(&Delimited::read(path, Delimiter::Comma)?)
    }
}

fn from_matlab(path: &Path) -> Result<Pairs, DatasetError> {
    let error = |reason| DatasetError {
        path: path.display().to_string(),
        byte: 0,
        reason,
    };
    let file = matlab::read(path)?;
    let matrix = |name| {
        let found = file.get(name);
        found.ok_or_else(|| error(format!("there is no matrix `{name}`")))
    };
    let (differences, signs) = (matrix("objScoDif")?, matrix("signif")?);
    if signs.rows != 1 || signs.columns != differences.columns {
        return Err(error(format!(
            "`signif` is {} by {}; expected 1 by {} as `objScoDif` has columns",
            signs.rows, signs.columns, differences.columns
        )));
    }
    let outcomes = signs.values.iter().enumerate().map(|(pair, sign)| {
        let wrong = || {
            error(format!(
                "`signif` of pair {pair} is {sign}; expected -1, 0 or 1"
            ))
        };
        outcome(*sign).ok_or_else(wrong)
    });
    let metrics = (0..differences.rows)
        .map(|row| (format!("metric{row}"), differences.row(row).collect()))
        .collect();
    Ok(Pairs {
        outcomes: outcomes.collect::<Result<_, _>>()?,
        metrics,
    })
}

fn from_table(file: &Delimited) -> Result<Pairs, DatasetError> {
    let [sign] = file.columns(["signif"])?;
    let mut metrics: Vec<(usize, (String, Vec<f64>))> = (0..file.header().len())
        .filter(|column| *column != sign)
        .map(|column| (column, (file.header()[column].clone(), Vec::new())))
        .collect();
    let mut outcomes = Vec::with_capacity(file.records.len());
    for record in &file.records {
        let value = file.number(record, sign)?;
        let wrong = || file.at(record, format!("`signif` is {value}; expected -1, 0 or 1"));
        outcomes.push(outcome(value).ok_or_else(wrong)?);
        for (column, (_, differences)) in &mut metrics {
            differences.push(file.number(record, *column)?);
        }
    }
    Ok(Pairs {
        outcomes,
        metrics: metrics.into_iter().map(|(_, metric)| metric).collect(),
    })
}

fn outcome(sign: f64) -> Option<Ordering> {
    [
        (-1.0, Ordering::Less),
        (0.0, Ordering::Equal),
        (1.0, Ordering::Greater),
    ]
    .into_iter()
    .find(|(value, _)| (value - sign).abs() == 0.0)
    .map(|(_, outcome)| outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rows: &str) -> Result<Pairs, DatasetError> {
        let file = Delimited::parse("pairs.csv".into(), rows.as_bytes(), Delimiter::Comma)?;
        from_table(&file)
    }

    #[test]
    fn columns_are_metrics() {
        let pairs = parse("signif,a,b\n0,1.5,-2\n-1,0.25,3e-2\n1,0,0\n").unwrap();
        assert_eq!(
            pairs.outcomes,
            [Ordering::Equal, Ordering::Less, Ordering::Greater]
        );
        assert_eq!(pairs.metrics[1], ("b".into(), vec![-2.0, 0.03, 0.0]));
    }

    #[test]
    fn a_matlab_file_gives_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.mat");
        let differences = matlab::tests::matrix("objScoDif", 2, &[1.5, -2.0, 0.25, 0.03, 0.0, 0.0]);
        let signs = matlab::tests::signs("signif", &[0, -1, 1]);
        std::fs::write(&path, matlab::tests::file(&[differences, signs])).unwrap();
        let pairs = read(&path).unwrap();
        let table = parse("signif,metric0,metric1\n0,1.5,-2\n-1,0.25,3e-2\n1,0,0\n").unwrap();
        assert_eq!(pairs, table);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (rows, reason) in [
            ("signif,a\n2,1\n", "line 2: `signif` is 2"),
            ("sign,a\n1,1\n", "no column `signif`"),
            ("signif,a\n1,nan\n", "line 2: `a` is `nan`"),
        ] {
            let error = parse(rows).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.mat");
        let differences = matlab::tests::matrix("objScoDif", 1, &[1.0, 2.0]);
        for (matrices, reason) in [
            (vec![differences.clone()], "no matrix `signif`"),
            (
                vec![differences.clone(), matlab::tests::signs("signif", &[1])],
                "`signif` is 1 by 1; expected 1 by 2",
            ),
            (
                vec![differences, matlab::tests::signs("signif", &[1, 7])],
                "`signif` of pair 1 is 7",
            ),
        ] {
            std::fs::write(&path, matlab::tests::file(&matrices)).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }
}
