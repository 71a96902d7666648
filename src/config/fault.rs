//! What is wrong with a configuration: every fault at once, each with its place and what would have worked.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use crate::near::{near, quoted};

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// All that is wrong, in the order of the file, and what came from the environment after it.
    pub faults: Vec<ConfigFault>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let line = if index == 0 { "" } else { "\n       " };
            write!(formatter, "{line}{fault}")?;
        }
        Ok(())
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigFault {
    /// Where it came from.
    pub source: Source,
    /// The key with all its tables, such as `limits.request_bytes`; empty for a file as a whole.
    pub key: String,
    /// What was wrong and what would have worked.
    pub message: String,
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A line of the file, from 1; 0 for the file as a whole.
    File {
        /// The file.
        file: String,
        /// The line.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.source)?;
        if !self.key.is_empty() {
            write!(formatter, "`{}` ", self.key)?;
        }
        formatter.write_str(&self.message)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File { file, line: 0 } => formatter.write_str(file),
            Source::File { file, line } => write!(formatter, "{file}, line {line}"),
            Source::Variable(name) => write!(formatter, "environment variable `{name}`"),
        }
    }
}

/// One fault as the reader of values meets it: below which key, and what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    /// Keys and places from the root.
    pub(super) path: Vec<String>,
    pub(super) what: What,
}

/// What can be wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// The last step of the path is no key of its table.
    UnknownKey { known: &'static [&'static str] },
    /// The table has no such key, and must.
    Missing(String),
    /// A word that is none of those that are known.
    Variant {
        given: String,
        known: &'static [&'static str],
    },
    /// Anything else.
    Other(String),
}

impl Wrong {
    /// The same, seen from one table further out.
    pub(super) fn inside(mut self, step: &str) -> Self {
        self.path.insert(0, step.to_owned());
        self
    }

    /// The key that is at fault, with all its tables.
    pub(super) fn key(&self) -> String {
        let mut steps: Vec<&str> = self.path.iter().map(String::as_str).collect();
        if let What::Missing(name) = &self.what {
            steps.push(name);
        }
        steps.join(".")
    }

    /// What was wrong and what would have worked.
    pub(super) fn message(&self) -> String {
        match &self.what {
            What::UnknownKey { known } => {
                let name = self.path.last().map_or("", String::as_str);
                format!("is not a known key; {}", likely(name, known))
            }
            What::Missing(_) => "is missing".to_owned(),
            What::Variant { given, known } => {
                format!("is `{given}`, which is not known; {}", likely(given, known))
            }
            What::Other(message) => message.clone(),
        }
    }
}

fn likely(given: &str, known: &[&str]) -> String {
    let near = near(given, known.iter().copied());
    match (near.as_slice(), known) {
        ([], []) => "nothing can be set here".to_owned(),
        ([], known) => format!("known here are {}", quoted(known)),
        (near, _) => format!("did you mean {}?", quoted(near)),
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}`: {}", self.key(), self.message())
    }
}

impl std::error::Error for Wrong {}

impl Error for Wrong {
    /// Takes the path back out of a message that has been a [`Wrong`] before: what serde flattens it reads on its
    /// own, and hands on as text.
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        let inner = message
            .strip_prefix('`')
            .and_then(|rest| rest.split_once("`: "));
        match inner {
            Some((path, rest)) => Wrong {
                path: path.split('.').map(str::to_owned).collect(),
                what: match rest {
                    "is missing" => return Wrong::missing_at(path),
                    rest => What::Other(rest.to_owned()),
                },
            },
            None => Wrong::other(message),
        }
    }

    fn invalid_type(given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Wrong::other(format!(
            "is {}; it must be {}",
            kind(given),
            plain(expected)
        ))
    }

    fn invalid_value(given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(given, expected)
    }

    fn unknown_variant(given: &str, known: &'static [&'static str]) -> Self {
        Wrong {
            path: Vec::new(),
            what: What::Variant {
                given: given.to_owned(),
                known,
            },
        }
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        Wrong {
            path: vec![name.to_owned()],
            what: What::UnknownKey { known },
        }
    }

    fn missing_field(name: &'static str) -> Self {
        Wrong {
            path: Vec::new(),
            what: What::Missing(name.to_owned()),
        }
    }
}

impl Wrong {
    fn other(message: impl Into<String>) -> Self {
        Wrong {
            path: Vec::new(),
            what: What::Other(message.into()),
        }
    }

    fn missing_at(path: &str) -> Self {
        let mut path: Vec<String> = path.split('.').map(str::to_owned).collect();
        let name = path.pop().unwrap_or_default();
        Wrong {
            path,
            what: What::Missing(name),
        }
    }
}

/// What was given, of the kinds that TOML has. Texts are not repeated: a secret may stand where it should not.
fn kind(given: Unexpected<'_>) -> String {
    if let Unexpected::Signed(number) = given {
        number.to_string()
    } else if let Unexpected::Float(number) = given {
        number.to_string()
    } else if let Unexpected::Bool(truth) = given {
        truth.to_string()
    } else if given == Unexpected::Seq {
        "a list".to_owned()
    } else if given == Unexpected::Map {
        "a table".to_owned()
    } else {
        "a text".to_owned()
    }
}

/// What was expected, in words.
fn plain(expected: &dyn Expected) -> String {
    let said = expected.to_string();
    match said.as_str() {
        "usize" | "u64" | "u32" | "u16" => "a whole number, 0 or above".to_owned(),
        "a nonzero usize" => "a whole number above 0".to_owned(),
        "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" | "path string" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        said if said.starts_with("struct ") => "a table".to_owned(),
        _ => said,
    }
}

/// What the checks of the sections find.
#[derive(Debug, Default)]
pub(super) struct Report {
    place: Vec<String>,
    pub(super) found: Vec<Wrong>,
}

impl Report {
    /// What `check` finds, below a table.
    pub(super) fn within(&mut self, table: &str, check: impl FnOnce(&mut Report)) {
        self.place.push(table.to_owned());
        check(self);
        self.place.pop();
    }

    /// A key of the table at hand is wrong.
    pub(super) fn fault(&mut self, key: &str, message: impl Into<String>) {
        let mut path = self.place.clone();
        path.push(key.to_owned());
        self.found.push(Wrong {
            path,
            what: What::Other(message.into()),
        });
    }
}
