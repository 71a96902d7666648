//! What an audit is asked to do: every choice has a name, which the report prints.

use crate::table::TablePlace;

/// The choices of an audit.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditOptions {
    /// The judge's values.
    pub judged: TablePlace,
    /// People's values.
    pub human: TablePlace,
    /// Other judges' values on the same items.
    pub baselines: Vec<TablePlace>,
    /// Id columns of the judged and of the human file, where named.
    pub on: Option<(String, String)>,
    /// Column names, where named.
    pub columns: NamedColumns,
    /// Name of the judge, where the file does not hold it.
    pub judge: Option<String>,
    /// Names of the baseline judges, in the order of their files; files beyond them are named by themselves.
    pub baseline_judges: Vec<String>,
    /// How ids of both files are matched.
    pub matching: Matching,
    /// What becomes of an id on several rows.
    pub duplicates: Duplicates,
    /// What stands in for a judge's missing value.
    pub missing: Missing,
    /// Further spellings of "no value".
    pub missing_text: Vec<String>,
    /// Whether a lower judged value is better.
    pub judged_better: Better,
    /// Whether a lower human value is better.
    pub human_better: Better,
    /// Whether judge and people use one scale, so that errors in its units mean something.
    pub same_scale: bool,
    /// Delimiter of delimited files, where the name does not say it.
    pub delimiter: Option<u8>,
    /// That of the human file, where it is another.
    pub human_delimiter: Option<u8>,
    /// Whether coefficients that take long are computed for many items too.
    pub full: bool,
    /// Resamples of a bootstrap.
    pub resamples: u32,
    /// Seed of a bootstrap and of the choice of points in a plot.
    pub seed: u64,
    /// Threads of a bootstrap; they change no result.
    pub threads: usize,
}

impl AuditOptions {
    /// An audit of two files with every choice at its default.
    pub fn new(judged: impl Into<TablePlace>, human: impl Into<TablePlace>) -> Self {
        AuditOptions {
            judged: judged.into(),
            human: human.into(),
            baselines: Vec::new(),
            on: None,
            columns: NamedColumns::default(),
            judge: None,
            baseline_judges: Vec::new(),
            matching: Matching::Exact,
            duplicates: Duplicates::Refuse,
            missing: Missing::Drop,
            missing_text: Vec::new(),
            judged_better: Better::Higher,
            human_better: Better::Higher,
            same_scale: false,
            delimiter: None,
            human_delimiter: None,
            full: false,
            resamples: 1_000,
            seed: 7,
            threads: 1,
        }
    }
}

/// Columns that were named instead of found by their usual names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedColumns {
    /// The judge's value.
    pub judged: Option<String>,
    /// People's value.
    pub human: Option<String>,
    /// The group of an item, in either file.
    pub group: Option<String>,
    /// The cluster that is resampled as a whole, in either file.
    pub cluster: Option<String>,
    /// One column for each human rater; two at least, or none to find them by name.
    pub raters: Vec<String>,
    /// Standard deviation of an item's human ratings.
    pub human_sd: Option<String>,
    /// Number of an item's human ratings.
    pub human_ratings: Option<String>,
    /// Length of what was judged, in either file.
    pub length: Option<String>,
    /// Who made what was judged, in either file.
    pub author: Option<String>,
    /// Place at which an item was shown, in the judged file.
    pub position: Option<String>,
    /// Whether a pair was shown in swapped order, in the judged file.
    pub swapped: Option<String>,
}

/// How ids of both files are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matching {
    /// Letter by letter.
    Exact,
    /// By what follows the last slash or backslash.
    FileName,
    /// By the file name without its extension.
    Stem,
}

impl Matching {
    /// All choices.
    pub const ALL: [Matching; 3] = [Matching::Exact, Matching::FileName, Matching::Stem];

    /// Name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Matching::Exact => "exact",
            Matching::FileName => "file-name",
            Matching::Stem => "stem",
        }
    }

    /// The choice of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }

    /// The part of an id that is compared.
    pub fn part_of(self, id: &str) -> &str {
        let name = id.rsplit(['/', '\\']).next().unwrap_or(id);
        match self {
            Matching::Exact => id,
            Matching::FileName => name,
            Matching::Stem => match name.rsplit_once('.') {
                Some((stem, _)) if !stem.is_empty() => stem,
                _ => name,
            },
        }
    }
}

/// What becomes of an id on several rows of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicates {
    /// It is an error that names the rows.
    Refuse,
    /// The first row counts.
    First,
    /// The last row counts.
    Last,
}

impl Duplicates {
    /// All choices.
    pub const ALL: [Duplicates; 3] = [Duplicates::Refuse, Duplicates::First, Duplicates::Last];

    /// Name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Duplicates::Refuse => "refuse",
            Duplicates::First => "first",
            Duplicates::Last => "last",
        }
    }

    /// The choice of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }
}

/// What stands in for the judge's value of an item that people rated and the judge did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Nothing: the item is left out, and coverage falls.
    Drop,
    /// The worst value the judge gave, or its scale's worse end where the file holds the scale.
    Worst,
    /// The mean of the values the judge gave, as T2I-Eval's authors fill their tables: it rewards a judge that refuses.
    Mean,
    /// Zero.
    Zero,
    /// Nothing may be missing: it is an error.
    Refuse,
}

impl Missing {
    /// All choices.
    pub const ALL: [Missing; 5] = [
        Missing::Drop,
        Missing::Worst,
        Missing::Mean,
        Missing::Zero,
        Missing::Refuse,
    ];

    /// Name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Missing::Drop => "drop",
            Missing::Worst => "worst",
            Missing::Mean => "mean",
            Missing::Zero => "zero",
            Missing::Refuse => "refuse",
        }
    }

    /// The choice of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }

    /// What a report prints.
    pub fn describe(self) -> &'static str {
        match self {
            Missing::Drop => "items without a judged value are left out",
            Missing::Worst => "items without a judged value count as the worst",
            Missing::Mean => "items without a judged value count as the judge's mean",
            Missing::Zero => "items without a judged value count as 0",
            Missing::Refuse => "every item must have a judged value",
        }
    }
}

/// Which end of a scale is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Higher values are better.
    Higher,
    /// Lower values are better, as in difference scores and distances; values are negated when read.
    Lower,
}

impl Better {
    /// All choices.
    pub const ALL: [Better; 2] = [Better::Higher, Better::Lower];

    /// Name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Better::Higher => "higher",
            Better::Lower => "lower",
        }
    }

    /// The choice of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }

    /// The value with higher as better.
    pub fn upward(self, value: f64) -> f64 {
        match self {
            Better::Higher => value,
            // Adding zero keeps -0.0 out of ranks and reports.
            Better::Lower => 0.0 - value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_matched_by_the_named_part() {
        let path = "images/set.1/a.b.jpg";
        assert_eq!(Matching::Exact.part_of(path), path);
        assert_eq!(Matching::FileName.part_of(path), "a.b.jpg");
        assert_eq!(Matching::Stem.part_of(path), "a.b");
        assert_eq!(Matching::FileName.part_of("c:\\x\\y.png"), "y.png");
        assert_eq!(Matching::Stem.part_of(".hidden"), ".hidden");
    }
}
