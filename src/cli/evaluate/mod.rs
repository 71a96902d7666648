//! `opine evaluate`: image files that were made from a text in, one explained score each.

mod geneval;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::assemble::assemble;
use crate::backend::recorded::Recorder;
use crate::cli::files::{named_text, read_at_most, read_image, shown};
use crate::cli::{CliError, Common, Ending, output, runtime};
use crate::engine::{Budget, EvaluateChoice, EvaluationPlan, Outcome, RunLimits};
use crate::evaluation::{extraction_json, questions_json, read_extraction, read_questions};
use crate::judging::Image;
use crate::judging::protocol::StageReport;
use crate::wire::EvaluateResult;

const AFTER_HELP: &str = "\
Methods: the rules of checklists, which are mean (TIFA), minimum, product, weighted (VisionReward), dsg (a question counts 0 where a parent's own answer is wrong), dpg (the same, carried on in the order of the questions) and soft-ancestors (each probability times those of its ancestors); t2i-eval (extract, answer, evaluate, summarise); vqascore (one score of the judge); viescore (the judge's consistency, viescore-pq's quality, and the root of their product); unified-reward (UnifiedReward's three axes from one answer, with its score of every word); geneval (--items, and no judge).

Questions are JSON: {\"questions\": [{\"id\": \"1\", \"question\": \"Is there a dog?\", \"answer\": \"yes\", \"parents\": []}]}, with `choices` for questions of several answers; or TIFA's list; or {\"dsg\": {\"tuples\", \"dependencies\", \"questions\"}}. An extraction is {\"questions\": [{\"aspect\": \"intrinsic\", \"question\": \"What color is the dog?\", \"about\": [\"dog\"]}], \"entities\": [{\"name\": \"dog\", \"attributes\": [[\"color\", \"red\"]]}]}, or T2I-Eval's Markdown. A --writer writes either from the prompt.

Items of GenEval are JSON Lines: a line of its evaluation_metadata.jsonl with an id and what a detector found, {\"id\": \"00000/0\", \"tag\": \"colors\", \"include\": [{\"class\": \"cup\", \"count\": 1, \"color\": \"red\"}], \"prompt\": \"a photo of a red cup\", \"detections\": [{\"class\": \"cup\", \"score\": 0.94, \"box\": [10, 20, 110, 140], \"color\": {\"red\": 0.8, \"orange\": 0.2}}], \"size\": [512, 512]}; an empty list of detections is a picture that shows nothing.

Examples:
  opine evaluate fox.png --judge choose@llava --questions fox.json --method dsg
  opine evaluate fox.png --judge choose@llava --prompt 'a red fox' --writer write@llama --method t2i-eval
  opine evaluate --items detected.jsonl --summary geneval.md";

/// Arguments of `opine evaluate`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct EvaluateArguments {
    /// Image files
    #[arg(required_unless_present = "items", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Judge that answers closed questions, or for vqascore and viescore one that scores; or JUDGE@BACKEND
    #[arg(long, required_unless_present = "items", value_name = "ID")]
    judge: Option<String>,
    /// Pictures by their detections, for geneval
    #[arg(long, value_name = "FILE", conflicts_with_all = geneval::NOT_BESIDE)]
    items: Option<PathBuf>,
    /// Write GenEval's figures to a file: .md or .json
    #[arg(long, value_name = "FILE", requires = "items")]
    summary: Option<PathBuf>,
    /// How the image is judged
    #[arg(long, alias = "rule", value_name = "METHOD")]
    method: Option<String>,
    /// The text that the image was made from
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// The questions of a checklist
    #[arg(long, value_name = "FILE")]
    questions: Option<PathBuf>,
    /// What t2i-eval looks for
    #[arg(long, value_name = "FILE", conflicts_with = "questions")]
    extraction: Option<PathBuf>,
    /// Who writes questions or extraction, such as write@llama
    #[arg(long, value_name = "ID")]
    writer: Option<String>,
    /// How questions are written: dsg or tifa
    #[arg(long, value_name = "FORM")]
    generate: Option<String>,
    /// Write the questions or the extraction to a file
    #[arg(long, value_name = "FILE")]
    write_questions: Option<PathBuf>,
    /// Count verdicts, 1 or 0, in place of probabilities
    #[arg(long)]
    verdicts: bool,
    /// What becomes of a question without an answer, or of one of which a stage failed
    #[arg(long, value_enum)]
    missing: Option<MissingName>,
    /// Scores in one stage with their explanations, or in a stage of their own: one or two
    #[arg(long, value_name = "NUMBER")]
    stages: Option<String>,
    /// How scores become one: model, model-joint, mean, min or weighted
    #[arg(long, value_name = "RULE")]
    aggregation: Option<String>,
    /// Weights of appearance, intrinsic attributes and relationships, such as 1,2,1
    #[arg(long, value_name = "A,I,R")]
    weights: Option<String>,
    /// How often a stage that cannot be read is asked again
    #[arg(long, value_name = "N")]
    retries: Option<String>,
    /// The picture that was edited, for viescore-sc-edit
    #[arg(long, value_name = "FILE")]
    source: Option<PathBuf>,
    /// A text that the judge's wording quotes, such as `prompt=a red fox`; may be given several times
    #[arg(long = "text", value_name = "NAME=TEXT", value_parser = named_text)]
    texts: Vec<(String, String)>,
    /// Most questions for one image
    #[arg(long, value_name = "N")]
    budget: Option<u64>,
    /// Most tokens for one image
    #[arg(long, value_name = "N")]
    budget_tokens: Option<u64>,
    /// Most money for one image, in the currency of the backends' prices
    #[arg(long, value_name = "AMOUNT")]
    budget_money: Option<f64>,
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
enum MissingName {
    /// There is no score
    Unscored,
    /// The others decide
    LeftOut,
    /// It counts as wrong
    Wrong,
    /// The mean of the other questions of its aspect stands for it (t2i-eval)
    Mean,
}

impl MissingName {
    fn name(self) -> &'static str {
        match self {
            MissingName::Unscored => "unscored",
            MissingName::LeftOut => "left-out",
            MissingName::Wrong => "wrong",
            MissingName::Mean => "mean",
        }
    }
}

pub(super) fn run(arguments: &EvaluateArguments) -> Result<Ending, CliError> {
    if let Some(items) = &arguments.items {
        return geneval::run(items, arguments);
    }
    let config = arguments.common.configuration()?;
    let mut engine = assemble(&config)?;
    if let Some(path) = &arguments.record {
        let recorder = Recorder::create(path);
        engine = engine.recording(recorder.map_err(|e| CliError::ReportFile(path.clone(), e))?);
    }
    let most_bytes = config.limits.image_bytes;
    let plan = arguments.choice(most_bytes)?;
    let judge = arguments.judge.as_deref().unwrap_or_default();
    let plan = plan.plan(&engine.judges(), judge)?;
    let mut texts: BTreeMap<String, String> = arguments.texts.iter().cloned().collect();
    texts.extend(
        arguments
            .prompt
            .iter()
            .map(|prompt| ("prompt".to_owned(), prompt.clone())),
    );
    if let Some(message) = plan.lacks(&texts) {
        return Err(CliError::Evaluate(format!("--prompt {message}")));
    }
    let limits = RunLimits::none().with_budget(Budget {
        questions: arguments.budget,
        tokens: arguments.budget_tokens,
        money: arguments.budget_money,
    });
    let runtime = runtime()?;
    let mut all_scored = true;
    let mut is_written = false;
    for path in &arguments.files {
        let image = read_image(path, most_bytes);
        let progress = |report: StageReport| say(path, &report);
        let evaluated = engine.evaluate_by(&plan, image, &texts, &limits, &progress);
        let evaluation = runtime.block_on(evaluated)?;
        all_scored &= evaluation.outcome.score().is_ok();
        if let Some(file) = arguments.write_questions.as_ref().filter(|_| !is_written) {
            is_written = keep(file, &evaluation.outcome)?;
        }
        let name = path.display().to_string();
        let result = EvaluateResult::new(&name, &plan, &evaluation);
        if arguments.json {
            output::json_line(&result)?;
        } else {
            print(&result, &plan)?;
        }
    }
    Ok(if all_scored {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

/// Writes what was asked to a file; false where nothing was.
fn keep(file: &Path, outcome: &Outcome) -> Result<bool, CliError> {
    let text = match outcome {
        Outcome::Checklist { set, .. } => questions_json(set),
        Outcome::Staged { extracted, .. } => extraction_json(extracted),
        Outcome::Nothing { .. }
        | Outcome::Score(_)
        | Outcome::VieScore { .. }
        | Outcome::Axes(_) => return Ok(false),
    };
    let written = std::fs::write(file, text + "\n");
    written.map_err(|error| CliError::ReportFile(file.to_owned(), error))?;
    Ok(true)
}

/// A stage as it ends, for people.
fn say(path: &Path, report: &StageReport) {
    let about = report
        .about
        .as_deref()
        .map_or(String::new(), |about| format!(" {}", shown(about)));
    let what = match (&report.failed, report.score, &report.text) {
        (Some(failed), _, _) => shown(&failed.to_string()),
        (None, Some(score), _) => format!("{score:.2}"),
        (None, None, Some(text)) => shown(&text.chars().take(100).collect::<String>()),
        (None, None, None) => "not applicable".to_owned(),
    };
    let image = shown(&path.display().to_string());
    output::say(format_args!("{image}: {}{about}: {what}", report.stage));
}

impl EvaluateArguments {
    fn choice(&self, most_bytes: usize) -> Result<EvaluateChoice, CliError> {
        let questions = self.questions.as_deref().map(read_questions).transpose()?;
        let extraction = self
            .extraction
            .as_deref()
            .map(read_extraction)
            .transpose()?;
        let source = self.source.as_ref().map(|path| {
            let bytes = read_at_most(path, most_bytes);
            bytes
                .map(Image::new)
                .map_err(|error| CliError::Unreadable(path.clone(), error))
        });
        Ok(EvaluateChoice {
            method: self.method.clone(),
            writer: self.writer.clone(),
            generate: self.generate.clone(),
            questions: questions.as_ref().map(questions_json),
            extraction: extraction.as_ref().map(extraction_json),
            counts: self.verdicts.then(|| "verdict".to_owned()),
            missing: self.missing.map(|missing| missing.name().to_owned()),
            stages: self.stages.clone(),
            aggregation: self.aggregation.clone(),
            weights: self.weights.clone(),
            retries: self.retries.clone(),
            source: source.transpose()?,
        })
    }
}

fn print(result: &EvaluateResult, plan: &EvaluationPlan) -> Result<(), CliError> {
    let json = serde_json::to_value(result).expect("results are always JSON");
    let text = |value: &Value, name: &str| shown(value[name].as_str().unwrap_or_default());
    let image = text(&json, "image");
    match json["score"].as_f64() {
        Some(score) => output::line(format_args!("{score:.4}  {image}"))?,
        None => output::line(format_args!("unscored  {image}: {}", text(&json, "detail")))?,
    }
    let wrong: Vec<&str> = json["wrong"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for question in json["questions"].as_array().into_iter().flatten() {
        let wanted = text(question, "wanted");
        let share = question["probabilities"][&wanted]
            .as_f64()
            .or(question["score"].as_f64());
        let share = share.map_or_else(|| text(question, "reason"), |share| format!("{share:.4}"));
        let wrong = if question["id"]
            .as_str()
            .is_some_and(|id| wrong.contains(&id))
        {
            "  wrong"
        } else {
            ""
        };
        let wanted = if wanted.is_empty() {
            text(question, "aspect")
        } else {
            wanted
        };
        output::line(format_args!(
            "  {share}  {} ({wanted}){wrong}",
            text(question, "question")
        ))?;
    }
    if let Some(imputed) = json["imputed"].as_u64().filter(|imputed| *imputed > 0) {
        output::line(format_args!(
            "  {imputed} of the questions failed; the mean of their aspect stands for them"
        ))?;
    }
    for name in ["consistency", "quality"] {
        if let Some(score) = json[name]["score"].as_f64() {
            output::line(format_args!("  {score:.4}  {name}"))?;
        }
    }
    for axis in json["axes"].as_array().into_iter().flatten() {
        let score = axis["score"].as_f64();
        let score = score.map_or_else(|| text(axis, "reason"), |score| format!("{score:.4}"));
        output::line(format_args!("  {score}  {}", text(axis, "axis")))?;
    }
    for word in json["words"]["scores"].as_array().into_iter().flatten() {
        let score = word["score"].as_f64().unwrap_or_default();
        output::line(format_args!(
            "  {score:.4}  {} (not shown)",
            text(word, "word")
        ))?;
    }
    let used = result.used;
    let tokens = used.tokens.map_or("tokens unknown".to_owned(), |tokens| {
        format!("{} tokens", tokens.input + tokens.output)
    });
    output::say(format_args!(
        "{image}: {} by {}: {} questions, {tokens}",
        plan.name, plan.judge.card.id, used.questions
    ));
    Ok(())
}
