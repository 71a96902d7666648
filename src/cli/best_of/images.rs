//! `opine best-of` over image files: the judge is asked now.

use std::collections::{BTreeMap, BTreeSet};

use super::{BestOfArguments, ByName};
use crate::assemble::assemble;
use crate::cli::files::{image_files, read_image, shown};
use crate::cli::score::maps;
use crate::cli::{CliError, Ending, output, runtime};
use crate::engine::{Candidate, PickPlan, RunLimits};
use crate::gate::Tripwires;
use crate::wire::{BestOfResult, NotPicked};

pub(super) fn run(arguments: &BestOfArguments) -> Result<Ending, CliError> {
    let config = arguments.common.configuration()?;
    let engine = assemble(&config)?;
    let judge = engine.judges().find(&arguments.judge)?;
    if arguments.by == ByName::Scores && arguments.pair_judge.is_some() {
        let detail = "by scores nobody compares: leave out `--pair-judge`, or say `--by both`";
        return Err(CliError::Reply(detail.to_owned()));
    }
    if arguments.by != ByName::Pairs && judge.card.recipe.scale().is_none() {
        return Err(judge.wrong_protocol("score").into());
    }
    let pair_judge = match &arguments.pair_judge {
        Some(name) => engine.judges().find(name)?,
        None => judge.clone(),
    };
    let maps = arguments.calibration.as_deref().map(maps).transpose()?;
    let texts: BTreeMap<String, String> = arguments.texts.iter().cloned().collect();
    let files = image_files(&arguments.files)?;
    let mut names = BTreeSet::new();
    if let Some(twice) = files.iter().find(|file| !names.insert(*file)) {
        let detail = format!("`{}` is named twice", twice.display());
        return Err(CliError::Images(detail));
    }
    let candidates: Vec<Candidate> = files
        .iter()
        .map(|path| Candidate {
            name: path.display().to_string(),
            image: read_image(path, config.limits.image_bytes),
            texts: texts.clone(),
        })
        .collect();
    let plan = PickPlan {
        scores: (arguments.by != ByName::Pairs).then_some(&judge),
        compares: (arguments.by != ByName::Scores).then_some(&pair_judge),
        shortlist: arguments.shortlist as usize,
        tripwires: match arguments.no_tripwires {
            true => Tripwires::NONE,
            false => Tripwires::OF_CANDIDATES,
        },
    };
    let limits = RunLimits::none();
    let run = runtime()?.block_on(engine.pick(plan, &candidates, &limits))?;
    let found = BestOfResult::new(plan, &candidates, run, maps.as_ref());
    let found = found.map_err(|error| match error {
        NotPicked::Ranked(error) => CliError::from(error),
        NotPicked::Apply(error) => CliError::from(error),
    })?;
    if arguments.json {
        output::json_line(&found)?;
    } else {
        print(&found)?;
    }
    Ok(match found.picked.pick {
        Some(_) => Ending::Done,
        None => Ending::Incomplete,
    })
}

fn print(found: &BestOfResult) -> std::io::Result<()> {
    for (at, one) in found.picked.ranked.iter().enumerate() {
        let number = |value: Option<f64>| {
            value.map_or_else(|| "      -".to_owned(), |value| format!("{value:7.4}"))
        };
        let mark = if at == 0 { "keep" } else { "" };
        output::line(format_args!(
            "{mark:<4}  score {}  strength {}  {}",
            number(one.score),
            number(one.strength),
            shown(&one.id)
        ))?;
    }
    for name in &found.picked.unscored {
        output::line(format_args!("unscored  {}", shown(name)))?;
    }
    for tripped in &found.tripped {
        let name = shown(&tripped.id);
        output::line(format_args!("{}  {name}: {}", tripped.code, tripped.detail))?;
    }
    if found.picked.tied {
        output::line(format_args!("others are as good as the first"))?;
    } else if let Some(margin) = found.picked.margin {
        output::line(format_args!("it leads by {margin:.4}"))?;
    }
    if let Some(expected) = &found.expected {
        output::line(format_args!(
            "the calibration map expects {:.4} of it, {:.4} of one drawn by lot: {:+.4}",
            expected.picked, expected.random, expected.uplift
        ))?;
    }
    Ok(())
}
