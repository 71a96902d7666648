//! `opine judges check`: what would be right and wrong, before a judge is trusted.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::backend::Finding;
use crate::cli::runtime;
use crate::cli::{CliError, Common, Ending, output};
use crate::judging::{Image, Subject};

/// Pictures that are shown unless others are given.
const EXAMPLES: [&[u8]; 2] = [
    include_bytes!("../../../judges/technical-quality/examples/jpeg.jpg"),
    include_bytes!("../../../judges/technical-quality/examples/blurred.jpg"),
];

/// What stands for a text that is not given.
const EXAMPLE_TEXT: &str = "a photograph of a landscape";

/// Arguments of `opine judges check`.
#[derive(Debug, Args)]
pub(super) struct CheckArguments {
    /// Judge, or JUDGE@BACKEND
    #[arg(value_name = "ID")]
    judge: String,
    /// Image to show; a picture of our own unless given, twice for a judge of pairs
    #[arg(long = "image", value_name = "FILE")]
    images: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Serialize)]
struct CheckJson {
    judge: String,
    holds: bool,
    findings: Vec<FindingJson>,
}

#[derive(Debug, Serialize)]
struct FindingJson {
    subject: &'static str,
    holds: bool,
    detail: String,
}

pub(super) fn run(arguments: &CheckArguments) -> Result<Ending, CliError> {
    let engine = arguments.common.engine()?;
    let judge = engine.judges().find(&arguments.judge)?;
    let recipe = &judge.card.recipe;
    let mut images = Vec::new();
    for path in &arguments.images {
        images.push(Image::new(
            std::fs::read(path).map_err(|error| CliError::Unreadable(path.clone(), error))?,
        ));
    }
    let examples = EXAMPLES.iter().map(|bytes| Image::new(*bytes));
    images.extend(examples.skip(images.len()));
    images.truncate(recipe.images());
    let text = |name: &str| (name.to_owned(), EXAMPLE_TEXT.to_owned());
    let texts: BTreeMap<String, String> = recipe.texts().into_iter().map(text).collect();
    let subject = Subject::new(images, texts);
    let runtime = runtime()?;
    let findings = runtime.block_on(engine.examine(&judge, &subject))?;
    let holds = findings.iter().all(|finding| finding.holds);
    if arguments.json {
        output::json_document(&CheckJson {
            judge: arguments.judge.clone(),
            holds,
            findings: findings.into_iter().map(FindingJson::from).collect(),
        })?;
    } else {
        let rows: Vec<Vec<String>> = findings.iter().map(row).collect();
        output::table(&["what", "", "finding"], &rows, &[])?;
    }
    Ok(if holds {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

fn row(finding: &Finding) -> Vec<String> {
    let mark = if finding.holds { "ok" } else { "wrong" };
    vec![
        finding.subject.to_owned(),
        mark.to_owned(),
        finding.detail.clone(),
    ]
}

impl From<Finding> for FindingJson {
    fn from(finding: Finding) -> Self {
        FindingJson {
            subject: finding.subject,
            holds: finding.holds,
            detail: finding.detail,
        }
    }
}
