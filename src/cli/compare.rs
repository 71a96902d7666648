//! `opine compare`: which of two images is better.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::files::{named_text, read_at_most, shown};
use super::panel::{self, PanelArguments};
use super::runtime;
use super::{CliError, Common, Ending, output};
use crate::calibration::{ApplyError, Maps};
use crate::engine::RunLimits;
use crate::judging::protocol::OpinionRule;
use crate::judging::{Disagreement, Image, Margin, Subject, TieWidth};
use crate::wire::{CompareResult, ComparedJson, PairReading};

/// Arguments of `opine compare`.
#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    /// The first image
    first: PathBuf,
    /// The second image
    second: PathBuf,
    #[command(flatten)]
    panel: PanelArguments,
    /// How a judge that rates compares
    #[arg(long, value_enum, default_value = "thurstone")]
    by: RuleName,
    /// Log-odds within which it is a tie
    #[arg(long, value_name = "LOG_ODDS", value_parser = width)]
    tie_width: Option<TieWidth>,
    /// Take the tie width that `opine calibrate-ties` fitted for this very judge, from this file or folder
    #[arg(long, value_name = "FILE|FOLDER", conflicts_with = "tie_width")]
    calibration: Option<PathBuf>,
    /// What becomes of a pair whose two orders prefer different images
    #[arg(long, value_enum, default_value = "average")]
    on_disagreement: DisagreementName,
    /// A text that the judge's question quotes; may be given several times
    #[arg(long = "text", value_name = "NAME=TEXT", value_parser = named_text)]
    texts: Vec<(String, String)>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

/// Names of the rules.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RuleName {
    /// Phi of the difference over the judge's own spread
    Thurstone,
    /// The exact probability over its levels; equal levels are ties
    Levels,
}

impl RuleName {
    pub(super) fn rule(self) -> OpinionRule {
        match self {
            RuleName::Thurstone => OpinionRule::Thurstone,
            RuleName::Levels => OpinionRule::Levels,
        }
    }
}

/// Names of what becomes of orders that disagree.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum DisagreementName {
    /// The averaged log-odds decide
    Average,
    /// It is a tie
    Tie,
    /// It counts for nothing
    Drop,
    /// A person should look
    Review,
}

impl DisagreementName {
    pub(super) fn choice(self) -> Disagreement {
        match self {
            DisagreementName::Average => Disagreement::Average,
            DisagreementName::Tie => Disagreement::Tie,
            DisagreementName::Drop => Disagreement::Drop,
            DisagreementName::Review => Disagreement::Review,
        }
    }
}

fn width(text: &str) -> Result<TieWidth, String> {
    let width = text.parse::<f64>().ok();
    width
        .and_then(|width| TieWidth::new(Margin::LogOdds, width).ok())
        .ok_or_else(|| "a tie width is a number of log-odds, 0 or above".to_owned())
}

pub(super) fn run(arguments: &CompareArguments) -> Result<Ending, CliError> {
    let config = arguments.common.configuration()?;
    let most_bytes = config.limits.image_bytes;
    let maps = arguments
        .calibration
        .as_deref()
        .map(Maps::load)
        .transpose()?;
    let engine = crate::assemble::assemble(&config)?;
    let read = |path: &Path| {
        let bytes = read_at_most(path, most_bytes);
        bytes
            .map(Image::new)
            .map_err(|e| CliError::Unreadable(path.to_owned(), e))
    };
    let images = vec![read(&arguments.first)?, read(&arguments.second)?];
    let texts: BTreeMap<String, String> = arguments.texts.iter().cloned().collect();
    let reading = PairReading {
        by: arguments.by.rule(),
        ties: arguments.tie_width.unwrap_or_default(),
        on_disagreement: arguments.on_disagreement.choice(),
    };
    let pair = Subject::new(images, texts);
    let name = |path: &Path| path.display().to_string();
    let (first, second) = (name(&arguments.first), name(&arguments.second));
    if arguments.panel.is_panel()? {
        if maps.is_some() {
            let detail = "`--calibration` is for one judge: a tie width is fitted for one, and not for a panel";
            return Err(CliError::Panel(detail.to_owned()));
        }
        let names = [first.as_str(), second.as_str()];
        let json = arguments.json;
        return panel::compare(&arguments.panel, &engine, &pair, names, reading, json);
    }
    let judge = engine.judges().find(arguments.panel.judge())?;
    let runtime = runtime()?;
    let limits = RunLimits::none();
    let judged = runtime.block_on(engine.compare(&judge, pair, reading.by, &limits))?;
    let (reading, fitted) = match &maps {
        Some(maps) => reading
            .calibrated(&judged, maps)
            .map_err(ApplyError::from)?,
        None => (reading, None),
    };
    let result = CompareResult::new(first, second, &judged, reading).with_map(fitted);
    if arguments.json {
        output::json_line(&result)?;
    } else {
        print(&result)?;
    }
    Ok(if result.compared.preference.is_some() {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

/// The line of a comparison of these two: what is preferred and how sure it is, or why there is nothing.
pub(super) fn print_preference(
    [first, second]: [&str; 2],
    compared: &ComparedJson,
) -> std::io::Result<()> {
    let Some(preference) = compared.preference else {
        let detail = compared.detail.as_deref().unwrap_or_default();
        return output::line(format_args!("unscored  {detail}"));
    };
    let share = |share: Option<f64>| share.unwrap_or_default();
    output::line(format_args!(
        "{preference}  {:.4} {}  {:.4} {}  tie {:.4}",
        share(compared.first_better),
        shown(first),
        share(compared.second_better),
        shown(second),
        share(compared.tie),
    ))
}

fn print(result: &CompareResult) -> std::io::Result<()> {
    let compared = &result.compared;
    print_preference([&result.first, &result.second], compared)?;
    if compared.preference.is_none() {
        return Ok(());
    }
    if let Some(ties) = &result.tie_width {
        let from = ties.map.as_deref().map(|map| format!(", from `{map}`"));
        output::say(format_args!(
            "a margin of {:.4} or less in {} is a tie{}",
            ties.width,
            ties.margin,
            from.unwrap_or_default()
        ));
    }
    if let Some(effect) = compared.order_effect {
        output::say(format_args!(
            "being shown first adds {effect:+.4} in log-odds"
        ));
    }
    if compared.orders_disagree == Some(true) {
        output::say(format_args!("note: the two orders prefer different images"));
    }
    if let Some(detail) = &compared.detail {
        output::say(format_args!("note: {detail}"));
    }
    Ok(())
}
