//! `opine audit`: how far a judge's values in one file agree with people's in another.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{CliError, Ending, output};
use crate::agreement::audit::{
    Audit, AuditOptions, Better, Duplicates, Matching, Missing, NamedColumns, Row, audit, percent,
    thousands,
};
use crate::agreement::report;
use crate::table::TablePlace;

/// What a script wants to know, and how far files may grow.
const AFTER_HELP: &str = "\
Exit codes:
  0  done: every item that people rated was scored, and every row had its counterpart
  1  done, with something missing: items unscored, ids in one file only, or duplicates left out
  2  not done: the message names file, line and column, and what to do

Files are read as streams and ids are held as digests: memory is about 130 bytes an item with
one judge (1.3 GB for ten million), whatever else rows hold. A pipe is held as a whole.";

/// Arguments of `opine audit`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct AuditArguments {
    /// The judge's values: CSV, TSV, JSON or JSON Lines, as `opine score --json` prints them or any table
    #[arg(long, value_name = "FILE")]
    judged: PathBuf,
    /// People's values
    #[arg(long, value_name = "FILE")]
    human: PathBuf,
    /// Another judge's values on the same items, to compare with; may be given several times
    #[arg(long, value_name = "FILE")]
    baseline: Vec<PathBuf>,
    /// Report to write: .html, .md or .json by its name; `-` prints JSON
    #[arg(long, value_name = "FILE")]
    report: Vec<PathBuf>,
    /// Id column, or the two as JUDGED=HUMAN
    #[arg(long, value_name = "COLUMN")]
    on: Option<String>,
    /// Column whose groups are shown apart and averaged
    #[arg(long, value_name = "COLUMN")]
    group: Option<String>,
    /// Column whose items belong together, such as one prompt: intervals resample them as a whole
    #[arg(long, value_name = "COLUMN")]
    cluster: Option<String>,
    #[command(flatten)]
    columns: Columns,
    #[command(flatten)]
    choices: Choices,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Columns (found by their usual names unless given)")]
struct Columns {
    /// Column with the judge's value
    #[arg(long, value_name = "COLUMN")]
    judged_column: Option<String>,
    /// Column with people's value
    #[arg(long, value_name = "COLUMN")]
    human_column: Option<String>,
    /// Columns with the ratings of one person each, two or more; found by names such as `rater_1`
    #[arg(long, value_name = "COLUMN,COLUMN", value_delimiter = ',')]
    raters: Vec<String>,
    /// Column with the standard deviation of an item's human ratings
    #[arg(long, value_name = "COLUMN")]
    human_sd: Option<String>,
    /// Column with the number of an item's human ratings, or that number
    #[arg(long, value_name = "COLUMN|N")]
    human_ratings: Option<String>,
    /// Column with the length of what was judged
    #[arg(long, value_name = "COLUMN")]
    length: Option<String>,
    /// Column with who made what was judged
    #[arg(long, value_name = "COLUMN")]
    author: Option<String>,
    /// Column with the place at which an item was shown
    #[arg(long, value_name = "COLUMN")]
    position: Option<String>,
    /// Column that says whether a pair was shown in swapped order
    #[arg(long, value_name = "COLUMN")]
    swapped: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Choices (the report names each)")]
struct Choices {
    /// What stands in for a judge's missing value
    #[arg(long, value_enum, default_value_t = MissingChoice::Drop)]
    missing: MissingChoice,
    /// How ids of both files are matched
    #[arg(long = "match", value_enum, default_value_t = MatchingChoice::Exact)]
    matching: MatchingChoice,
    /// What becomes of an id on several rows
    #[arg(long, value_enum, default_value_t = DuplicatesChoice::Refuse)]
    duplicates: DuplicatesChoice,
    /// Which judged values are better
    #[arg(long, value_enum, default_value_t = BetterChoice::Higher)]
    judged_better: BetterChoice,
    /// Which human values are better
    #[arg(long, value_enum, default_value_t = BetterChoice::Higher)]
    human_better: BetterChoice,
    /// Judge and people use one scale: report errors in its units
    #[arg(long)]
    same_scale: bool,
    /// A further spelling of "no value", such as NaN
    #[arg(long, value_name = "TEXT")]
    missing_text: Vec<String>,
    /// Delimiter of files that are not JSON: one character, or `tab`
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: Option<u8>,
    /// Delimiter of the human file, where it is another
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    human_delimiter: Option<u8>,
    /// Name of the judge
    #[arg(long, value_name = "NAME")]
    judge: Option<String>,
    /// Name of a baseline judge, in the order of the files
    #[arg(long, value_name = "NAME")]
    baseline_judge: Vec<String>,
    /// Compute the coefficients that take long (calibrated ties, weighted tau, ...) above 20,000 items too
    #[arg(long)]
    full: bool,
    /// Draws of a bootstrap; fewer, down to 200, where items are many
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    resamples: u32,
    /// Seed of every random draw
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MissingChoice {
    /// Leave the item out
    Drop,
    /// Count it as the worst
    Worst,
    /// Count it as the judge's mean
    Mean,
    /// Count it as 0
    Zero,
    /// Allow none
    Refuse,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MatchingChoice {
    /// Letter by letter
    Exact,
    /// By what follows the last slash
    FileName,
    /// By the file name without its extension
    Stem,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DuplicatesChoice {
    /// An error that names the rows
    Refuse,
    /// The first row counts
    First,
    /// The last row counts
    Last,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum BetterChoice {
    /// Higher is better
    Higher,
    /// Lower is better
    Lower,
}

pub(super) fn run(arguments: &AuditArguments) -> Result<Ending, CliError> {
    let forms = arguments
        .report
        .iter()
        .map(|path| Form::of(path))
        .collect::<Result<Vec<Form>, CliError>>()?;
    arguments.spare_inputs()?;
    let found = audit(&arguments.options())?;
    for (path, form) in arguments.report.iter().zip(&forms) {
        form.write(&found, path)?;
    }
    if !forms.contains(&Form::Printed) {
        summary(&found)?;
    }
    for warning in &found.warnings {
        output::say(format_args!("warning: {warning}"));
    }
    Ok(if found.is_complete() {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

impl AuditArguments {
    /// Refuses a report that would be written over a file that is read.
    fn spare_inputs(&self) -> Result<(), CliError> {
        let place = |path: &PathBuf| std::fs::canonicalize(path).ok();
        let inputs: Vec<PathBuf> = [&self.judged, &self.human]
            .into_iter()
            .chain(&self.baseline)
            .filter_map(place)
            .collect();
        match self
            .report
            .iter()
            .find(|path| place(path).is_some_and(|path| inputs.contains(&path)))
        {
            Some(path) => Err(CliError::ReportOverInput(path.clone())),
            None => Ok(()),
        }
    }

    fn options(&self) -> AuditOptions {
        let (columns, choices) = (&self.columns, &self.choices);
        AuditOptions {
            baselines: self.baseline.iter().map(TablePlace::from).collect(),
            on: self.on.as_ref().map(|on| match on.split_once('=') {
                Some((judged, human)) => (judged.to_owned(), human.to_owned()),
                None => (on.clone(), on.clone()),
            }),
            columns: NamedColumns {
                judged: columns.judged_column.clone(),
                human: columns.human_column.clone(),
                group: self.group.clone(),
                cluster: self.cluster.clone(),
                raters: columns.raters.clone(),
                human_sd: columns.human_sd.clone(),
                human_ratings: columns.human_ratings.clone(),
                length: columns.length.clone(),
                author: columns.author.clone(),
                position: columns.position.clone(),
                swapped: columns.swapped.clone(),
            },
            judge: choices.judge.clone(),
            baseline_judges: choices.baseline_judge.clone(),
            matching: choices.matching.into(),
            duplicates: choices.duplicates.into(),
            missing: choices.missing.into(),
            missing_text: choices.missing_text.clone(),
            judged_better: choices.judged_better.into(),
            human_better: choices.human_better.into(),
            same_scale: choices.same_scale,
            delimiter: choices.delimiter,
            human_delimiter: choices.human_delimiter,
            full: choices.full,
            resamples: choices.resamples,
            seed: choices.seed,
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            ..AuditOptions::new(&self.judged, &self.human)
        }
    }
}

/// A form of the report, by the name of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Printed,
    Json,
    Html,
    Markdown,
}

impl Form {
    fn of(path: &Path) -> Result<Self, CliError> {
        if path.as_os_str() == "-" {
            return Ok(Form::Printed);
        }
        match path.extension().and_then(std::ffi::OsStr::to_str) {
            Some("json") => Ok(Form::Json),
            Some("html" | "htm") => Ok(Form::Html),
            Some("md" | "markdown") => Ok(Form::Markdown),
            _ => Err(CliError::ReportForm(path.to_owned())),
        }
    }

    fn write(self, found: &Audit, path: &Path) -> Result<(), CliError> {
        let text = match self {
            Form::Printed => return Ok(output::text(&report::json(found))?),
            Form::Json => report::json(found),
            Form::Html => report::html(found),
            Form::Markdown => report::markdown(found),
        };
        fs::write(path, text).map_err(|error| CliError::ReportFile(path.to_owned(), error))?;
        output::say(format_args!("wrote {}", path.display()));
        Ok(())
    }
}

/// The sentence, the coefficients, what is missing, and the verdict on the baseline.
fn summary(found: &Audit) -> std::io::Result<()> {
    output::line(format_args!("{}\n", found.sentence))?;
    let main = found.estimates.iter();
    let main = main.filter(|row| row.group.is_none() && !row.further);
    let rows: Vec<Vec<String>> = main.map(cells).collect();
    output::table(
        &["statistic", "value", "95 % interval", "n", "convention"],
        &rows,
        &[1, 3],
    )?;
    for input in &found.inputs {
        let columns: Vec<String> = input
            .columns
            .iter()
            .map(|named| format!("{} from `{}`", named.name, named.value))
            .collect();
        output::line(format_args!(
            "\n{} {}: {} rows, {}",
            input.role,
            input.file,
            thousands(input.rows),
            columns.join(", ")
        ))?;
    }
    output::line(format_args!("coverage {} %", percent(found.coverage)))?;
    for reason in &found.counts.unscored {
        output::line(format_args!(
            "unscored: {} {}",
            thousands(reason.n),
            reason.reason
        ))?;
    }
    for comparison in &found.comparisons {
        output::line(format_args!(
            "against `{}` on {} items: {}",
            comparison.baseline,
            thousands(comparison.n),
            comparison.verdict
        ))?;
    }
    Ok(())
}

fn cells(row: &Row) -> Vec<String> {
    let missing = || "-".to_owned();
    vec![
        row.name.clone(),
        row.value
            .map_or_else(|| "undefined".to_owned(), |value| format!("{value:.4}")),
        row.ci
            .map_or_else(missing, |[low, high]| format!("{low:.3} to {high:.3}")),
        row.n.to_string(),
        row.note
            .clone()
            .filter(|_| row.value.is_none())
            .unwrap_or_else(|| row.convention.clone()),
    ]
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [only] if only.is_ascii() && !only.is_ascii_alphanumeric() && *only != b'"' => Ok(*only),
        b"tab" | b"\\t" => Ok(b'\t'),
        b"comma" => Ok(b','),
        b"semicolon" => Ok(b';'),
        _ => Err("give one character such as `;`, or `tab`".to_owned()),
    }
}

impl From<MissingChoice> for Missing {
    fn from(choice: MissingChoice) -> Self {
        match choice {
            MissingChoice::Drop => Missing::Drop,
            MissingChoice::Worst => Missing::Worst,
            MissingChoice::Mean => Missing::Mean,
            MissingChoice::Zero => Missing::Zero,
            MissingChoice::Refuse => Missing::Refuse,
        }
    }
}

impl From<MatchingChoice> for Matching {
    fn from(choice: MatchingChoice) -> Self {
        match choice {
            MatchingChoice::Exact => Matching::Exact,
            MatchingChoice::FileName => Matching::FileName,
            MatchingChoice::Stem => Matching::Stem,
        }
    }
}

impl From<DuplicatesChoice> for Duplicates {
    fn from(choice: DuplicatesChoice) -> Self {
        match choice {
            DuplicatesChoice::Refuse => Duplicates::Refuse,
            DuplicatesChoice::First => Duplicates::First,
            DuplicatesChoice::Last => Duplicates::Last,
        }
    }
}

impl From<BetterChoice> for Better {
    fn from(choice: BetterChoice) -> Self {
        match choice {
            BetterChoice::Higher => Better::Higher,
            BetterChoice::Lower => Better::Lower,
        }
    }
}
