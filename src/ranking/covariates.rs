//! Numbers of each item beside its votes, such as a length, whose effect is to be told from its strength.

use std::collections::BTreeMap;
use std::path::Path;

use crate::stats::strengths::Votes;
use crate::table::{Cell, Reading, Table, TableError, TableFault};

/// Most numbers of an item.
const MOST: usize = 16;

/// Names of the numbers, and each item's.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Covariates {
    names: Vec<String>,
    of: BTreeMap<String, Vec<f64>>,
}

/// Why numbers of items cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CovariateError {
    /// The file is not what it should be.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The numbers are not those of these items.
    #[error("covariates: {0}")]
    Items(String),
}

impl Covariates {
    /// Reads a table (CSV, TSV, JSON or JSON Lines) with the column `item` and one column of numbers or more.
    ///
    /// # Errors
    /// A file that cannot be read, no column `item` or none beside it, an item twice, a cell that is no number.
    pub fn read(path: &Path) -> Result<Self, CovariateError> {
        let table = Table::open(path, None)?;
        let others = table.columns().iter().filter(|name| *name != "item");
        let names: Vec<String> = others.cloned().collect();
        if !table.has("item") || names.is_empty() || names.len() > MOST {
            let found = table.columns().join("`, `");
            return Err(CovariateError::Table(TableError::new(
                path,
                TableFault::NoColumn,
                format!("the columns are `{found}`"),
                format!("one is `item`, and 1 to {MOST} others are numbers of it"),
            )));
        }
        let mut of: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let wanted: Vec<&str> = std::iter::once("item")
            .chain(names.iter().map(String::as_str))
            .collect();
        table.rows(&wanted, |line, cells| {
            let wrong = |fault, column: &str, detail: String, remedy: &str| {
                TableError::new(path, fault, detail, remedy)
                    .at(line)
                    .column(column)
            };
            let Some(item) = cells.first().and_then(Cell::label) else {
                let detail = "no name".to_owned();
                let remedy = "each row names its item";
                return Err(wrong(TableFault::Missing, "item", detail, remedy));
            };
            let numbers =
                names
                    .iter()
                    .zip(&cells[1..])
                    .map(|(name, cell)| match cell.number(&[]) {
                        Reading::Value(number) => Ok(number),
                        Reading::Missing(spelling) => Err(wrong(
                            TableFault::Missing,
                            name,
                            format!("{spelling} for `{item}`"),
                            "each item has every number",
                        )),
                        Reading::Wrong(fault, detail, remedy) => {
                            Err(wrong(fault, name, detail, remedy))
                        }
                    });
            let numbers = numbers.collect::<Result<Vec<f64>, _>>()?;
            if of.insert(item.clone(), numbers).is_some() {
                let detail = format!("`{item}` was there before");
                let remedy = "an item has one row";
                return Err(wrong(TableFault::DuplicateId, "item", detail, remedy));
            }
            Ok(())
        })?;
        Ok(Covariates { names, of })
    }

    /// Numbers by name, one for each item in order.
    ///
    /// # Errors
    /// No name or more than sixteen, another number of values than of items, a value that is not finite.
    pub fn new(items: &[String], columns: Vec<(String, Vec<f64>)>) -> Result<Self, CovariateError> {
        if !(1..=MOST).contains(&columns.len()) {
            let given = columns.len();
            let detail = format!("{given} were given; an item has 1 to {MOST}");
            return Err(CovariateError::Items(detail));
        }
        let mut of: BTreeMap<String, Vec<f64>> = (items.iter())
            .map(|item| (item.clone(), Vec::new()))
            .collect();
        for (name, values) in &columns {
            if values.len() != items.len() || !values.iter().all(|value| value.is_finite()) {
                let (values, items) = (values.len(), items.len());
                return Err(CovariateError::Items(format!(
                    "`{name}` has {values} values for {items} items; each has one finite number"
                )));
            }
            for (item, value) in items.iter().zip(values) {
                of.entry(item.clone()).or_default().push(*value);
            }
        }
        Ok(Covariates {
            names: columns.into_iter().map(|(name, _)| name).collect(),
            of,
        })
    }

    /// Names of the numbers.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The votes on these items with what the first has more than the second.
    ///
    /// An item is found by its name, or where that is a path by the last part of it.
    ///
    /// # Errors
    /// An item without numbers.
    pub fn on(&self, items: &[String], votes: Votes) -> Result<Votes, CovariateError> {
        let last = |item: &str| {
            let name = Path::new(item).file_name();
            name.map(|name| name.to_string_lossy().into_owned())
        };
        let found = items.iter().map(|item| {
            let own = self.of.get(item);
            own.or_else(|| self.of.get(&last(item)?)).ok_or_else(|| {
                let names = self.names.join("`, `");
                CovariateError::Items(format!("`{item}` has no `{names}`; each item needs it"))
            })
        });
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let leads = votes.all().iter().flat_map(|vote| {
            let (first, second) = (found[vote.first as usize], found[vote.second as usize]);
            first
                .iter()
                .zip(second)
                .map(|(first, second)| first - second)
        });
        let leads: Vec<f64> = leads.collect();
        votes
            .with_covariates(self.names.len(), leads)
            .map_err(|error| CovariateError::Items(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::strengths::{Model, Outcome, StrengthSettings, Vote, fit_strengths};

    fn read(name: &str, text: &str) -> Result<Covariates, CovariateError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Covariates::read(&path)
    }

    #[test]
    fn a_table_and_lists_say_the_same() {
        let items = ["a".to_owned(), "b".to_owned()];
        let lists = Covariates::new(&items, vec![("length".into(), vec![3.0, 5.5])]).unwrap();
        assert_eq!(read("x.csv", "item,length\na,3\nb,5.5\n").unwrap(), lists);
        let json = r#"[{"item": "a", "length": 3}, {"item": "b", "length": 5.5}]"#;
        assert_eq!(read("x.json", json).unwrap(), lists);
    }

    #[test]
    fn what_is_no_number_of_an_item_is_named() {
        for (text, told) in [
            ("item\na\n", "the columns are `item`"),
            ("name,length\na,1\n", "one is `item`"),
            ("item,length\na,\n", "line 2, column `length`"),
            ("item,length\na,long\n", "line 2, column `length`"),
            ("item,length\na,1\na,2\n", "line 3, column `item`"),
        ] {
            let error = read("x.csv", text).unwrap_err().to_string();
            assert!(error.contains(told), "{text}: {error}");
        }
        let items = ["a".to_owned(), "b".to_owned()];
        for columns in [
            vec![],
            vec![("length".to_owned(), vec![1.0])],
            vec![("length".to_owned(), vec![1.0, f64::NAN])],
        ] {
            assert!(Covariates::new(&items, columns).is_err());
        }
    }

    #[test]
    fn an_effect_of_length_is_told_from_the_strengths() {
        // All items are equal but for what a longer one is given, 0.7 a unit.
        let items: Vec<String> = (0..6).map(|item| format!("folder/{item}.png")).collect();
        let lengths = [0.0, 1.0, 2.0, 0.5, 1.5, 3.0];
        let mut votes = Vec::new();
        for first in 0..6_u32 {
            for second in 0..6_u32 {
                if first != second {
                    let lead = 0.7 * (lengths[first as usize] - lengths[second as usize]);
                    let share = 1.0 / (1.0 + f64::exp(-lead));
                    let outcome = Outcome::Soft {
                        first: share,
                        second: 1.0 - share,
                    };
                    votes.push(Vote::new(first, second, outcome));
                }
            }
        }
        let rows: String = (0..6)
            .map(|item| format!("{item}.png,{}\n", lengths[item]))
            .collect();
        let covariates = read("x.csv", &format!("item,length\n{rows}")).unwrap();
        let votes = covariates
            .on(&items, Votes::new(6, votes).unwrap())
            .unwrap();
        let settings = StrengthSettings {
            ridge: 10.0,
            ..StrengthSettings::new(Model::BradleyTerry)
        };
        let fitted = fit_strengths(&votes, &settings).unwrap();
        assert!((fitted.covariates[0] - 0.7).abs() < 1e-6, "{fitted:?}");
        let more = ["6.png".to_owned(), "0.png".to_owned()];
        let votes = Votes::new(2, vec![Vote::new(0, 1, Outcome::Tie)]).unwrap();
        let error = covariates.on(&more, votes).unwrap_err();
        assert!(
            error.to_string().contains("`6.png` has no `length`"),
            "{error}"
        );
    }
}
