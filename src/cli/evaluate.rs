//! `opine evaluate`: image files and a set of questions in, one explained score each.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::files::{named_text, read_image, shown};
use super::{CliError, Common, Ending, output, runtime};
use crate::assemble::assemble;
use crate::backend::recorded::Recorder;
use crate::engine::{Combination, RunLimits};
use crate::evaluation::read_questions;
use crate::judging::checklist::{ChecklistRule, Hardness, MissingAnswer};
use crate::wire::EvaluationResult;

const AFTER_HELP: &str = "\
Questions are JSON: {\"questions\": [{\"id\": \"1\", \"question\": \"Is there a dog?\", \"answer\": \"yes\", \"parents\": []}]}, with `choices` for questions of several answers; or TIFA's list; or {\"dsg\": {\"tuples\", \"dependencies\", \"questions\"}}.

Rules: mean (TIFA), minimum, product, weighted (VisionReward), dsg (a question counts 0 where a parent's own answer is wrong), dpg (the same, carried on in the order of the questions), soft-ancestors (each probability times those of its ancestors).

Example: opine evaluate fox.png --judge choose@llava --questions fox.json --rule dsg";

/// Arguments of `opine evaluate`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct EvaluateArguments {
    /// Image files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Judge that answers closed questions, or JUDGE@BACKEND
    #[arg(long, value_name = "ID")]
    judge: String,
    /// The questions
    #[arg(long, value_name = "FILE")]
    questions: PathBuf,
    /// How answers become one score
    #[arg(long, value_enum, default_value_t = RuleName::Mean)]
    rule: RuleName,
    /// Count verdicts, 1 or 0, in place of probabilities
    #[arg(long)]
    verdicts: bool,
    /// What becomes of a question without an answer
    #[arg(long, value_enum, default_value_t = MissingName::Unscored)]
    missing: MissingName,
    /// A text that the judge's wording quotes, such as `prompt=a red fox`; may be given several times
    #[arg(long = "text", value_name = "NAME=TEXT", value_parser = named_text)]
    texts: Vec<(String, String)>,
    /// Most questions for one image
    #[arg(long, value_name = "N")]
    budget: Option<u64>,
    /// Write every answer to a new file, which a `recorded` backend replays
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Print one JSON object per image
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RuleName {
    /// Mean over the questions
    Mean,
    /// The least
    Minimum,
    /// Product
    Product,
    /// Sum of weight times (2 p - 1)
    Weighted,
    /// Zero where a parent's own answer is wrong
    Dsg,
    /// The same in place, in the order of the questions
    Dpg,
    /// Each probability times those of its ancestors
    SoftAncestors,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MissingName {
    /// There is no score
    Unscored,
    /// The others decide
    LeftOut,
    /// It counts as wrong
    Wrong,
}

pub(super) fn run(arguments: &EvaluateArguments) -> Result<Ending, CliError> {
    let config = arguments.common.configuration()?;
    let mut engine = assemble(&config)?;
    if let Some(path) = &arguments.record {
        let recorder = Recorder::create(path);
        engine = engine.recording(recorder.map_err(|e| CliError::ReportFile(path.clone(), e))?);
    }
    let judge = engine.judges().find(&arguments.judge)?;
    let set = read_questions(&arguments.questions)?;
    let combination = arguments.combination();
    let texts: BTreeMap<String, String> = arguments.texts.iter().cloned().collect();
    let limits = match arguments.budget {
        Some(questions) => RunLimits::none().with_questions(questions),
        None => RunLimits::none(),
    };
    let runtime = runtime()?;
    let mut all_scored = true;
    for path in &arguments.files {
        let evaluated = match read_image(path, config.limits.image_bytes) {
            Ok(image) => {
                let asked =
                    engine.evaluate(&judge, image, texts.clone(), &set, combination, &limits);
                runtime.block_on(asked)?
            }
            Err(unscored) => engine.unasked_evaluation(&judge, &set, &unscored)?,
        };
        all_scored &= evaluated.outcome.is_ok();
        let name = path.display().to_string();
        let result = EvaluationResult::new(name, &set, combination, &evaluated);
        if arguments.json {
            output::json_line(&result)?;
        } else {
            print(&result)?;
        }
    }
    Ok(if all_scored {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

impl EvaluateArguments {
    fn combination(&self) -> Combination {
        Combination {
            rule: match self.rule {
                RuleName::Mean => ChecklistRule::Mean,
                RuleName::Minimum => ChecklistRule::Minimum,
                RuleName::Product => ChecklistRule::Product,
                RuleName::Weighted => ChecklistRule::Weighted,
                RuleName::Dsg => ChecklistRule::RawParents,
                RuleName::Dpg => ChecklistRule::InPlace,
                RuleName::SoftAncestors => ChecklistRule::SoftAncestors,
            },
            hardness: if self.verdicts {
                Hardness::Verdict
            } else {
                Hardness::Probability
            },
            missing: match self.missing {
                MissingName::Unscored => MissingAnswer::Unscored,
                MissingName::LeftOut => MissingAnswer::LeftOut,
                MissingName::Wrong => MissingAnswer::Wrong,
            },
        }
    }
}

fn print(result: &EvaluationResult) -> std::io::Result<()> {
    let image = shown(&result.image);
    match result.score {
        Some(score) => output::line(format_args!("{score:.4}  {image}"))?,
        None => {
            let detail = result.detail.as_deref().unwrap_or_default();
            output::line(format_args!("unscored  {image}: {detail}"))?;
        }
    }
    for question in &result.questions {
        let wanted = question
            .answer
            .probabilities
            .as_ref()
            .and_then(|shares| shares.get(&question.wanted));
        let share = wanted.map_or_else(
            || question.answer.reason.unwrap_or("-").to_owned(),
            |share| format!("{share:.4}"),
        );
        let wrong = if result.wrong.contains(&question.id) {
            "  wrong"
        } else {
            ""
        };
        output::line(format_args!(
            "  {share}  {} ({}){wrong}",
            question.question, question.wanted
        ))?;
    }
    Ok(())
}
