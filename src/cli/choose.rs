//! `opine choose`: image files and closed questions in, the probability of every allowed answer out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::files::{named_text, read_image, shown};
use super::{CliError, Common, Ending, output, runtime};
use crate::assemble::assemble;
use crate::engine::{Engine, Judge, RunLimits};
use crate::evaluation::{
    AskedQuestion, GivenAnswers, GivenQuestion, closed_questions, parse_closed_questions,
};
use crate::wire::{ChooseResult, ChosenJson};

const AFTER_HELP: &str = "\
A judge that looks at several images is shown all files together; any other is shown each by itself.

Example: opine choose fox.png --judge choose@llava --question 'What colour is the fox?' --answer red --answer 'grey=gray,silver'";

/// Arguments of `opine choose`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct ChooseArguments {
    /// Image files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Judge that answers closed questions, or JUDGE@BACKEND
    #[arg(long, value_name = "ID")]
    judge: String,
    /// What is asked
    #[arg(long, value_name = "TEXT", required_unless_present = "questions")]
    question: Option<String>,
    /// An allowed answer, perhaps with further spellings; yes and no where none is given
    #[arg(
        long = "answer",
        value_name = "ANSWER[=SPELLING,...]",
        requires = "question"
    )]
    answers: Vec<String>,
    /// Questions in a file: a JSON list of {"id", "question", "answers"}
    #[arg(long, value_name = "FILE", conflicts_with = "question")]
    questions: Option<PathBuf>,
    /// A text that the judge's wording quotes, such as `prompt=a red fox`; may be given several times
    #[arg(long = "text", value_name = "NAME=TEXT", value_parser = named_text)]
    texts: Vec<(String, String)>,
    /// Print one JSON object per image
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(arguments: &ChooseArguments) -> Result<Ending, CliError> {
    let questions = arguments.asked()?;
    let config = arguments.common.configuration()?;
    let engine = assemble(&config)?;
    let judge = engine.judges().find(&arguments.judge)?;
    let texts: BTreeMap<String, String> = arguments.texts.iter().cloned().collect();
    let together = match judge.card.recipe.images() {
        0 | 1 => 1,
        _ => arguments.files.len(),
    };
    let runtime = runtime()?;
    let mut all_answered = true;
    for files in arguments.files.chunks(together) {
        let asked = about(
            &engine,
            &judge,
            files,
            &texts,
            &questions,
            config.limits.image_bytes,
        );
        let result = runtime.block_on(asked)?;
        all_answered &= result.is_answered();
        if arguments.json {
            output::json_line(&result)?;
        } else {
            print(&result)?;
        }
    }
    Ok(if all_answered {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

/// Asks all questions about these files together.
async fn about(
    engine: &Engine,
    judge: &Judge,
    files: &[PathBuf],
    texts: &BTreeMap<String, String>,
    questions: &[AskedQuestion],
    most_bytes: usize,
) -> Result<ChooseResult, CliError> {
    let names = files
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let images = files
        .iter()
        .map(|path| read_image(path, most_bytes))
        .collect();
    let asked = questions
        .iter()
        .map(|question| question.asked.clone())
        .collect();
    let limits = RunLimits::none();
    let chosen = engine.choose(judge, images, texts.clone(), asked, &limits);
    let (provenance, answers) = chosen.await?;
    Ok(ChooseResult::new(names, questions, &provenance, &answers))
}

impl ChooseArguments {
    fn asked(&self) -> Result<Vec<AskedQuestion>, CliError> {
        if let Some(path) = &self.questions {
            let unreadable = |error| CliError::Unreadable(path.clone(), error);
            let json = std::fs::read_to_string(path).map_err(unreadable)?;
            let wrong = |detail| CliError::Asked(format!("`{}`: {detail}", path.display()));
            return parse_closed_questions(&json).map_err(wrong);
        }
        let answers = self
            .answers
            .iter()
            .map(|answer| match answer.split_once('=') {
                None => (answer.clone(), Vec::new()),
                Some((name, spellings)) => {
                    let spellings = spellings.split(',').map(str::to_owned);
                    (name.to_owned(), spellings.collect())
                }
            });
        let given = GivenQuestion {
            id: None,
            question: self.question.clone().unwrap_or_default(),
            answers: (!self.answers.is_empty()).then(|| GivenAnswers(answers.collect())),
        };
        closed_questions(vec![given]).map_err(|fault| CliError::Asked(fault.detail))
    }
}

fn print(result: &ChooseResult) -> std::io::Result<()> {
    let images: Vec<String> = result.images.iter().map(|name| shown(name)).collect();
    output::line(format_args!("{}", images.join("  ")))?;
    result.answers.iter().try_for_each(print_answer)
}

/// The answer, its probability, those of the others, and the question.
fn print_answer(answer: &ChosenJson) -> std::io::Result<()> {
    let Some(shares) = &answer.given.probabilities else {
        let detail = answer.given.detail.as_deref().unwrap_or_default();
        return output::line(format_args!("  unscored  {}: {detail}", answer.question));
    };
    let mut shares: Vec<(&String, f64)> = shares.iter().map(|(name, p)| (name, *p)).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    let shares: Vec<String> = shares
        .into_iter()
        .map(|(name, share)| format!("{name} {share:.4}"))
        .collect();
    let coverage = answer
        .given
        .coverage
        .map(|share| format!("  coverage {share:.4}"));
    output::line(format_args!(
        "  {}{}  {}",
        shares.join("  "),
        coverage.unwrap_or_default(),
        answer.question
    ))
}
