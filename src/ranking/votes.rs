//! Votes on pairs of named items, as a CSV file with the columns `first`, `second`, `outcome` and, where there
//! are such, `weight` and `voter`.

use std::collections::BTreeMap;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::covariates::{CovariateError, Covariates};
use crate::stats::strengths::{Outcome, Vote, Votes};

/// Votes with the names of what they are on and who gave them.
#[derive(Debug, Clone, PartialEq)]
pub struct VoteTable {
    /// Names of the items, sorted; votes speak of positions among them.
    pub items: Vec<String>,
    /// The votes, in file order.
    pub votes: Votes,
    /// Who voted, where the file has a column `voter`.
    pub voters: Option<Voters>,
    /// Names of the covariates that the votes have.
    pub covariates: Vec<String>,
}

impl VoteTable {
    /// The same with numbers of each item, whose effects are fitted beside the strengths.
    ///
    /// # Errors
    /// An item without numbers.
    pub fn with_covariates(mut self, covariates: &Covariates) -> Result<Self, CovariateError> {
        self.votes = covariates.on(&self.items, self.votes)?;
        self.covariates = covariates.names().to_vec();
        Ok(self)
    }
}

/// Names of the voters, sorted, and whose each vote is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voters {
    /// The names.
    pub names: Vec<String>,
    /// Position of the voter of each vote.
    pub of: Vec<u32>,
}

/// A votes file that is not one: where, and what would work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VotesError {
    /// The file cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// Something stands where it should not.
    #[error("`{path}`, line {line}, column `{column}`: {reason}")]
    Misplaced {
        /// The file.
        path: String,
        /// Line, from 1; the header is line 1.
        line: u64,
        /// Name of the column.
        column: String,
        /// What is wrong, and what would work.
        reason: String,
    },
    /// The file as a whole is not what it should be.
    #[error("`{path}`: {reason}")]
    Unusable {
        /// The file.
        path: String,
        /// What is wrong, and what would work.
        reason: String,
    },
}

impl VoteTable {
    /// The same votes among exactly these items, of which some may have none; `path` is for errors.
    ///
    /// # Errors
    /// [`VotesError::Unusable`] for a vote on another item, or for a name that is given twice.
    pub fn among(&self, items: &[String], path: &str) -> Result<VoteTable, VotesError> {
        let unusable = |reason: String| VotesError::Unusable {
            path: path.to_owned(),
            reason,
        };
        let known = Names::new(items.iter());
        if known.0.len() != items.len() {
            let twice = (0..items.len()).find(|at| items[..*at].contains(&items[*at]));
            let name = twice.map_or("", |at| &items[at]);
            return Err(unusable(format!(
                "is ranked among items of which `{name}` is given twice"
            )));
        }
        if let Some(name) = self.items.iter().find(|name| !known.0.contains_key(*name)) {
            return Err(unusable(format!(
                "has a vote on `{name}`, which is not among the {} items that are given",
                items.len()
            )));
        }
        let place = |item: u32| known.place(&self.items[item as usize]);
        let votes = self.votes.all().iter().map(|vote| Vote {
            first: place(vote.first),
            second: place(vote.second),
            ..*vote
        });
        let votes = Votes::new(items.len(), votes.collect());
        Ok(VoteTable {
            votes: votes.expect("sound votes on known items"),
            items: known.sorted(),
            voters: self.voters.clone(),
            covariates: Vec::new(),
        })
    }
}

/// Reads a file of votes. A byte order mark, CR LF, blank lines and blanks around values are no part of it;
/// columns of other names are left out.
///
/// # Errors
/// [`VotesError`], with line and column where it is in one: a missing or doubled column, an item against itself, an
/// outcome that is none, a weight that is negative or no number, an empty name, no vote at all.
pub fn read(path: &Path) -> Result<VoteTable, VotesError> {
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|error| VotesError::Unreadable {
        path: name.clone(),
        reason: error.to_string(),
    })?;
    parse(&bytes, &name)
}

/// Reads votes from the bytes of a file; `path` is for errors.
///
/// # Errors
/// As [`read`].
pub fn parse(bytes: &[u8], path: &str) -> Result<VoteTable, VotesError> {
    // Places in the file are then places in what the reader sees.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new()
        .trim(Trim::All)
        .flexible(true)
        .from_reader(bytes);
    let unreadable = |error: csv::Error| VotesError::Unusable {
        path: path.to_owned(),
        reason: format!("is no CSV in UTF-8: {error}"),
    };
    let header = reader.headers().map_err(unreadable)?.clone();
    let columns = Columns::find(&header, path)?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        rows.push(columns.row(&record, bytes, path)?);
    }
    table(&rows, columns.voter.is_some(), path)
}

/// Where the columns stand.
struct Columns {
    first: usize,
    second: usize,
    outcome: usize,
    weight: Option<usize>,
    voter: Option<usize>,
}

/// A line of the file.
struct Row {
    first: String,
    second: String,
    outcome: Outcome,
    weight: f64,
    voter: String,
}

impl Columns {
    fn find(header: &StringRecord, path: &str) -> Result<Self, VotesError> {
        let unusable = |reason: String| VotesError::Unusable {
            path: path.to_owned(),
            reason,
        };
        if header.iter().all(str::is_empty) {
            return Err(unusable(
                "is empty; a header `first,second,outcome` and a vote a line are needed".to_owned(),
            ));
        }
        let optional = |name: &str| {
            let mut places = header
                .iter()
                .enumerate()
                .filter(|(_, column)| *column == name);
            let place = places.next().map(|(place, _)| place);
            match places.next() {
                None => Ok(place),
                Some(_) => Err(unusable(format!("has two columns `{name}`; one is needed"))),
            }
        };
        let needed = |name: &str| {
            optional(name)?.ok_or_else(|| {
                let found: Vec<&str> = header.iter().collect();
                unusable(format!(
                    "has no column `{name}`; its header is `{}`, and `first,second,outcome` are needed",
                    found.join(",")
                ))
            })
        };
        Ok(Columns {
            first: needed("first")?,
            second: needed("second")?,
            outcome: needed("outcome")?,
            weight: optional("weight")?,
            voter: optional("voter")?,
        })
    }

    fn row(&self, record: &StringRecord, bytes: &[u8], path: &str) -> Result<Row, VotesError> {
        let misplaced = |column: &str, reason: String| VotesError::Misplaced {
            path: path.to_owned(),
            line: line_of(record, bytes),
            column: column.to_owned(),
            reason,
        };
        let named = |place: usize, column: &str| match record.get(place) {
            Some(name) if !name.is_empty() => Ok(name.to_owned()),
            Some(_) | None => Err(misplaced(column, "is empty; a name is needed".to_owned())),
        };
        let (first, second) = (named(self.first, "first")?, named(self.second, "second")?);
        if first == second {
            let reason =
                format!("`{second}` is compared with itself; two different items are needed");
            return Err(misplaced("second", reason));
        }
        let outcome = match record.get(self.outcome).unwrap_or_default() {
            "first" => Outcome::First,
            "second" => Outcome::Second,
            "tie" => Outcome::Tie,
            other => {
                let reason =
                    format!("`{other}` is no outcome; allowed are `first`, `second` and `tie`");
                return Err(misplaced("outcome", reason));
            }
        };
        let weight = match self.weight {
            None => 1.0,
            Some(place) => {
                let text = record.get(place).unwrap_or_default();
                let weight = text
                    .parse()
                    .ok()
                    .filter(|weight: &f64| weight.is_finite() && *weight >= 0.0);
                weight.ok_or_else(|| {
                    misplaced(
                        "weight",
                        format!("`{text}` is no weight; a number of zero or more is needed"),
                    )
                })?
            }
        };
        let voter = match self.voter {
            None => String::new(),
            Some(place) => named(place, "voter")?,
        };
        Ok(Row {
            first,
            second,
            outcome,
            weight,
            voter,
        })
    }
}

/// The line that a record begins on. The reader counts the blank lines before it as part of it.
fn line_of(record: &StringRecord, bytes: &[u8]) -> u64 {
    let start = record.position().map_or(0, csv::Position::byte);
    let start = usize::try_from(start)
        .unwrap_or(bytes.len())
        .min(bytes.len());
    let blanks = bytes[start..]
        .iter()
        .take_while(|byte| b"\r\n".contains(byte));
    let before = bytes[..start].iter().chain(blanks);
    1 + before.filter(|byte| **byte == b'\n').count() as u64
}

fn table(rows: &[Row], with_voters: bool, path: &str) -> Result<VoteTable, VotesError> {
    let items = Names::new(rows.iter().flat_map(|row| [&row.first, &row.second]));
    let voters = with_voters.then(|| {
        let names = Names::new(rows.iter().map(|row| &row.voter));
        let of = rows.iter().map(|row| names.place(&row.voter)).collect();
        Voters {
            of,
            names: names.sorted(),
        }
    });
    let votes = rows.iter().map(|row| Vote {
        first: items.place(&row.first),
        second: items.place(&row.second),
        outcome: row.outcome,
        weight: row.weight,
    });
    let votes = votes.collect();
    let items = items.sorted();
    if !rows.iter().any(|row| row.weight > 0.0) {
        return Err(VotesError::Unusable {
            path: path.to_owned(),
            reason: "has no vote with a weight above zero".to_owned(),
        });
    }
    let votes = Votes::new(items.len(), votes).expect("each vote was checked with its line");
    Ok(VoteTable {
        items,
        votes,
        voters,
        covariates: Vec::new(),
    })
}

/// Names and their places in sorted order.
struct Names(BTreeMap<String, u32>);

impl Names {
    fn new<'a>(names: impl Iterator<Item = &'a String>) -> Self {
        let mut places: BTreeMap<String, u32> = BTreeMap::new();
        for name in names {
            if !places.contains_key(name) {
                places.insert(name.clone(), 0);
            }
        }
        for (place, counted) in (0..).zip(places.values_mut()) {
            *counted = place;
        }
        Names(places)
    }

    fn place(&self, name: &str) -> u32 {
        self.0[name]
    }

    fn sorted(self) -> Vec<String> {
        self.0.into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<VoteTable, VotesError> {
        parse(text.as_bytes(), "votes.csv")
    }

    #[test]
    fn columns_are_found_by_name_and_others_left_out() {
        let table =
            read("voter,outcome,second,note,first,weight\nann,first,b,x,a,2\nbob,tie,a,,c,0.5\n")
                .unwrap();
        assert_eq!(table.items, ["a", "b", "c"]);
        let first = Vote {
            weight: 2.0,
            ..Vote::new(0, 1, Outcome::First)
        };
        let second = Vote {
            weight: 0.5,
            ..Vote::new(2, 0, Outcome::Tie)
        };
        assert_eq!(table.votes.all(), [first, second]);
        let voters = table.voters.unwrap();
        assert_eq!((voters.names.len(), voters.of), (2, vec![0, 1]));
    }

    #[test]
    fn marks_line_ends_quotes_and_blanks_are_no_part_of_names() {
        let plain = read("first,second,outcome\na b,\u{e9},first\n\"c,d\",a b,second\n").unwrap();
        let dressed = read(
            "\u{feff}first, second ,outcome\r\n a b ,\u{e9},first\r\n\r\n\"c,d\",a b, second\r\n",
        )
        .unwrap();
        assert_eq!(plain, dressed);
        assert_eq!(plain.items, ["a b", "c,d", "\u{e9}"]);
    }

    #[test]
    fn what_is_wrong_in_a_line_is_named_with_line_and_column() {
        for (line, column) in [
            ("a,a,first,1,v", "second"),
            ("a,b,won,1,v", "outcome"),
            ("a,b,First,1,v", "outcome"),
            ("a,b,,1,v", "outcome"),
            ("a,b,first,-1,v", "weight"),
            ("a,b,first,NaN,v", "weight"),
            ("a,b,first,inf,v", "weight"),
            ("a,b,first,much,v", "weight"),
            ("a,b,first", "weight"),
            (",b,first,1,v", "first"),
            ("a,,first,1,v", "second"),
            ("a,b,first,1,", "voter"),
            ("a", "second"),
        ] {
            let text =
                format!("\u{feff}first,second,outcome,weight,voter\nx,y,first,1,v\r\n\r\n{line}\n");
            match read(&text) {
                Err(VotesError::Misplaced {
                    line: at,
                    column: of,
                    ..
                }) => {
                    assert_eq!((at, of.as_str()), (4, column), "{line}");
                }
                other => panic!("{line}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_file_without_votes_or_columns_is_named() {
        for text in [
            "",
            "\n",
            "first,second,outcome\n",
            "first,second,outcome,weight\na,b,first,0\n",
            "first,second\na,b\n",
            "first,second,outcome,first\na,b,tie,c\n",
            "winner,loser\na,b\n",
        ] {
            assert!(
                matches!(read(text), Err(VotesError::Unusable { .. })),
                "{text:?}"
            );
        }
        let latin = parse(b"first,second,outcome\n\xe9,b,first\n", "votes.csv");
        assert!(
            matches!(latin, Err(VotesError::Unusable { .. })),
            "{latin:?}"
        );
        let missing = super::read(Path::new("no such file.csv"));
        assert!(matches!(missing, Err(VotesError::Unreadable { .. })));
    }
}
