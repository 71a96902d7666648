//! The choices of an audit in a request: named as the options of `opine audit` are, with `_` for `-`.

use super::format::Format;
use crate::agreement::audit::{AuditOptions, Better, Duplicates, Matching, Missing};
use crate::http::body::{Scalar, Structure};
use crate::http::problem::{Code, Problem};
use crate::http::uploads::{Uploaded, Uploads};
use crate::near::quoted;

/// Most draws of a bootstrap.
const MOST_RESAMPLES: u64 = 10_000;

/// Most rows of one table.
const MOST_ROWS: usize = 100_000;
/// Most other judges to compare with.
const MOST_BASELINES: usize = 8;

/// What an audit takes beside its tables.
pub(super) struct AuditChoices {
    pub(super) options: AuditOptions,
    /// In which form the report is wanted, where it is said.
    pub(super) format: Option<Format>,
}

impl Default for AuditChoices {
    fn default() -> Self {
        AuditChoices {
            options: AuditOptions::new("judged", "human"),
            format: None,
        }
    }
}

impl Uploads for AuditChoices {
    const TABLES: &'static [&'static str] = &["judged", "human"];
    const MANY: Option<(&'static str, &'static str, usize)> =
        Some(("baselines", "baseline", MOST_BASELINES));
    const SCALARS: &'static [&'static str] = &SCALARS;
    const LISTS: &'static [&'static str] = &["raters", "missing_text"];
    const MOST_ROWS: usize = MOST_ROWS;

    fn set(&mut self, name: &str, value: &Scalar) -> Result<(), Problem> {
        if name == "format" {
            self.format = Some(Format::given(value)?);
            return Ok(());
        }
        set(&mut self.options, name, value)
    }

    fn set_list(&mut self, name: &str, value: &Structure) -> Result<(), Problem> {
        let texts = value.texts(name)?;
        match name {
            "raters" => self.options.columns.raters = texts,
            _ => self.options.missing_text = texts,
        }
        Ok(())
    }
}

impl AuditChoices {
    /// The audit of what was uploaded with these choices.
    pub(super) fn options(uploaded: Uploaded<Self>) -> Result<AuditOptions, Problem> {
        let (judged, human) = (uploaded.table("judged")?, uploaded.table("human")?);
        let mut options = uploaded.choices.options;
        (options.judged, options.human) = (judged, human);
        for (name, place) in uploaded.many {
            options.baselines.push(place);
            // Without names in the request, judges are named by their files.
            options.baseline_judges.extend(name);
        }
        Ok(options)
    }
}

const SCALARS: [&str; 21] = [
    "format",
    "on",
    "group",
    "cluster",
    "judged_column",
    "human_column",
    "human_sd",
    "human_ratings",
    "length",
    "author",
    "position",
    "swapped",
    "judge",
    "match",
    "duplicates",
    "missing",
    "judged_better",
    "human_better",
    "same_scale",
    "resamples",
    "seed",
];

/// Takes one of [`SCALARS`] but `format`.
fn set(options: &mut AuditOptions, name: &str, value: &Scalar) -> Result<(), Problem> {
    let column = || column(name, value).map(Some);
    let columns = &mut options.columns;
    match name {
        "on" => {
            let on = value.text(name)?;
            let (judged, human) = on.split_once('=').unwrap_or((on, on));
            options.on = Some((judged.to_owned(), human.to_owned()));
        }
        "group" => columns.group = column()?,
        "cluster" => columns.cluster = column()?,
        "judged_column" => columns.judged = column()?,
        "human_column" => columns.human = column()?,
        "human_sd" => columns.human_sd = column()?,
        "human_ratings" => {
            columns.human_ratings = Some(match value {
                // So many for every item.
                Scalar::Number(_) => value.count(name)?.to_string(),
                Scalar::Text(_) | Scalar::Named(_) => self::column(name, value)?,
            });
        }
        "length" => columns.length = column()?,
        "author" => columns.author = column()?,
        "position" => columns.position = column()?,
        "swapped" => columns.swapped = column()?,
        "judge" => options.judge = column()?,
        "match" => {
            options.matching = one_of(
                name,
                value,
                &Matching::ALL.map(Matching::name),
                Matching::from_name,
            )?
        }
        "duplicates" => {
            let known = Duplicates::ALL.map(Duplicates::name);
            options.duplicates = one_of(name, value, &known, Duplicates::from_name)?;
        }
        "missing" => {
            let known = Missing::ALL.map(Missing::name);
            options.missing = one_of(name, value, &known, Missing::from_name)?;
        }
        "judged_better" => options.judged_better = better(name, value)?,
        "human_better" => options.human_better = better(name, value)?,
        "same_scale" => options.same_scale = value.truth(name)?,
        "seed" => options.seed = value.count(name)?,
        _ => {
            let resamples = value.count(name)?;
            options.resamples = u32::try_from(resamples)
                .ok()
                .filter(|_| (100..=MOST_RESAMPLES).contains(&resamples))
                .ok_or_else(|| wrong(format!("`resamples` is 100 to {MOST_RESAMPLES}")))?;
        }
    }
    Ok(())
}

/// A name that may be looked up and repeated in messages.
fn column(name: &str, value: &Scalar) -> Result<String, Problem> {
    const LONGEST: usize = 200;
    let text = value.text(name)?;
    if (1..=LONGEST).contains(&text.chars().count()) {
        return Ok(text.to_owned());
    }
    Err(wrong(format!("`{name}` has 1 to {LONGEST} characters")))
}

fn better(name: &str, value: &Scalar) -> Result<Better, Problem> {
    one_of(
        name,
        value,
        &Better::ALL.map(Better::name),
        Better::from_name,
    )
}

fn one_of<T>(
    name: &str,
    value: &Scalar,
    known: &[&str],
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Problem> {
    read(value.text(name)?).ok_or_else(|| wrong(format!("`{name}` is one of {}", quoted(known))))
}

fn wrong(detail: String) -> Problem {
    Problem::new(Code::InvalidValue, detail)
}
