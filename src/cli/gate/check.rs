//! `opine gate check`: image files in, one decision each.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::assemble::assemble;
use crate::calibration::Maps;
use crate::cli::files::{named_text, read_image, shown};
use crate::cli::score::maps;
use crate::cli::{CliError, Common, Ending, output, runtime};
use crate::engine::RunLimits;
use crate::gate::{Decided, Policy, Saving};
use crate::pixels::Seen;
use crate::wire::{GateResult, PolicyJson};

const AFTER_HELP: &str = "\
Exit codes: 0 every image is accepted, 1 at least one is not, 2 could not be done.

Example: opine gate check photos/*.jpg --policy calibration/gates/technical.toml";

/// Arguments of `opine gate check`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct CheckArguments {
    /// Image files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The policy
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// A text that judges are shown, such as `prompt=a red circle`; may be given several times
    #[arg(long = "text", value_name = "NAME=TEXT", value_parser = named_text)]
    texts: Vec<(String, String)>,
    /// Calibration map, or a folder of them, for thresholds on a human scale
    #[arg(long, value_name = "FILE|FOLDER")]
    calibration: Option<PathBuf>,
    /// Print one JSON object per image
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

pub(super) fn run(arguments: &CheckArguments) -> Result<Ending, CliError> {
    let config = arguments.common.configuration()?;
    let engine = assemble(&config)?;
    let policy = Policy::load(&arguments.policy)?;
    engine.judges_of(&policy)?;
    let maps = match &arguments.calibration {
        Some(path) => maps(path)?,
        None => Maps::default(),
    };
    let name = PolicyJson::from(&policy);
    let texts: BTreeMap<String, String> = arguments.texts.iter().cloned().collect();
    let runtime = runtime()?;
    let limits = RunLimits::none();
    let mut all_accepted = true;
    let (mut seen, mut saving) = (Seen::default(), Saving::default());
    for path in &arguments.files {
        let file = path.display().to_string();
        let image = read_image(path, config.limits.image_bytes);
        let gated = runtime.block_on(async {
            let looked = engine.looked(image).await.among(&file, &mut seen);
            engine.gate(&policy, &maps, &looked, &texts, &limits).await
        })?;
        all_accepted &= gated.decision.verdict == Decided::Accept;
        saving.add(&gated.saving);
        let result = GateResult::new(file, &name, &gated);
        if arguments.json {
            output::json_line(&result)?;
        } else {
            print(&result)?;
        }
    }
    if policy
        .dimensions
        .iter()
        .any(|dimension| dimension.stages.len() > 1)
    {
        summarise(&saving);
    }
    Ok(if all_accepted {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

/// What the cascade saved over all images.
fn summarise(saving: &Saving) {
    let cost = match (saving.cost, saving.dear_cost, saving.saved_cost) {
        (Some(cost), Some(dear), Some(saved)) => {
            format!("; cost {cost} instead of {dear}, saved {saved}")
        }
        _ => "; no cost is known without a price of every judge".to_owned(),
    };
    output::say(format_args!(
        "cascade: {} questions instead of {} to the last judges alone, saved {}{cost}",
        saving.questions, saving.dear_questions, saving.saved_questions
    ));
}

fn print(result: &GateResult) -> std::io::Result<()> {
    let decision = &result.decision;
    let verdict = match decision.verdict {
        Decided::Accept => "accept",
        Decided::Review => "review",
        Decided::Reject => "reject",
        Decided::NotEvaluated => "not evaluated",
    };
    let scores = decision.dimensions.iter().flat_map(|dimension| {
        dimension
            .stages
            .iter()
            .filter_map(|stage| Some(format!("{} {:.4}", dimension.name, stage.score?)))
    });
    let scores: Vec<String> = scores.collect();
    output::line(format_args!(
        "{verdict:<13}  {}  {}",
        shown(&result.image),
        scores.join(", ")
    ))?;
    for reason in &decision.reasons {
        output::line(format_args!(
            "               {}: {}",
            reason.code, reason.detail
        ))?;
    }
    Ok(())
}
