//! `opine embeddings`: scores of embeddings that the caller has.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use clap::Args;

use super::files::shown;
use super::{CliError, Ending, output};
use crate::evaluation::{EmbeddingRow, EmbeddingScore, EmbeddingScorer, json_rows, parse_head};

const AFTER_HELP: &str = "\
The file has one JSON object on each line: {\"id\": \"fox\", \"image\": [...], \"text\": [...], \"references\": [[...]]}.

Scorers, each with its scale in the output: clip-score (2.5 max(cos, 0)), ref-clip-score, pick-score (cos times --scale), hps (the cosine), aesthetic (an affine head on the unit embedding, as LAION's), image-reward (its head on BLIP's feature of picture and text, given as \"image\", or what somebody's head gave, given as \"raw\"; normalised by the authors' mean and deviation). A head is JSON: {\"w\": [...], \"b\": 5.2}. The embeddings must be the model's of that scorer; nothing here can tell.

Example: opine embeddings images.jsonl --scorer aesthetic --head head.json";

/// Arguments of `opine embeddings`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct EmbeddingsArguments {
    /// Embeddings in JSON Lines
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What is made of them
    #[arg(long, value_name = "NAME")]
    scorer: String,
    /// exp(logit_scale) of the model, of pick-score
    #[arg(long, value_name = "NUMBER")]
    scale: Option<f64>,
    /// Weights of the head, of aesthetic and of image-reward where it is given features
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
    /// Print one JSON object per row
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &EmbeddingsArguments) -> Result<Ending, CliError> {
    let refused = |error: &dyn std::fmt::Display| CliError::Evaluate(error.to_string());
    let head = match &arguments.head {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|error| CliError::Unreadable(path.clone(), error))?;
            Some(parse_head(&text).map_err(|error| refused(&error))?)
        }
    };
    let scorer = EmbeddingScorer::new(&arguments.scorer, arguments.scale, head);
    let scorer = scorer.map_err(|error| refused(&error))?;
    let unreadable = |error| CliError::Unreadable(arguments.file.clone(), error);
    let file = BufReader::new(File::open(&arguments.file).map_err(unreadable)?);
    let mut all_scored = true;
    for row in json_rows::<EmbeddingRow>(file) {
        let (line, row) = row.map_err(unreadable)?;
        let row = row.map_err(|detail| refused(&format_args!("line {line}: {detail}")))?;
        let scored = scorer.score(&row);
        all_scored &= scored.is_ok();
        let result = EmbeddingScore {
            id: row.id,
            scorer: arguments.scorer.clone(),
            score: scored.as_ref().ok().copied(),
            scale: scorer.scale(),
            reason: scored.as_ref().err().map(|unscored| unscored.reason.code()),
            detail: scored.err().map(|unscored| unscored.detail),
        };
        if arguments.json {
            output::json_line(&result)?;
        } else if let Some(score) = result.score {
            output::line(format_args!("{score:.6}  {}", shown(&result.id)))?;
        } else {
            let detail = result.detail.unwrap_or_default();
            output::line(format_args!("unscored  {}: {detail}", shown(&result.id)))?;
        }
    }
    if !arguments.json {
        output::say(format_args!("{}: {}", arguments.scorer, scorer.scale()));
    }
    Ok(if all_scored {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}
