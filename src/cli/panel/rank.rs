//! `opine rank` with a panel.

use super::PanelArguments;
use crate::cli::rank::{progress, show};
use crate::cli::{CliError, output, runtime};
use crate::engine::{Engine, ItemTexts, RankChoice, RunLimits};
use crate::judging::Image;
use crate::judging::protocol::RankProgress;
use crate::ranking::JudgedSettings;
use crate::wire::{PanelRankReply, RankedPanelJson};

/// What is ranked, and how.
pub(in crate::cli) struct Asked<'a> {
    pub(in crate::cli) names: &'a [String],
    pub(in crate::cli) images: &'a [Image],
    pub(in crate::cli) texts: ItemTexts,
    pub(in crate::cli) choice: RankChoice,
    pub(in crate::cli) settings: &'a JudgedSettings,
}

pub(in crate::cli) fn run(
    arguments: &PanelArguments,
    engine: &Engine,
    asked: &Asked<'_>,
) -> Result<PanelRankReply, CliError> {
    let (panel, weighing) = arguments.seat(engine)?;
    let way = asked
        .choice
        .clone()
        .way_of(&panel, weighing.jury, asked.images.len())?;
    let bar = progress(&way, asked.images.len());
    let watch = |progress: &RankProgress| show(&bar, progress);
    let limits = RunLimits::none();
    let ranked = engine.panel_rank(&panel, asked.images, &asked.texts, way, &limits, &watch);
    let ranked = runtime()?.block_on(ranked);
    bar.finish_and_clear();
    let ranked = ranked?;
    Ok(PanelRankReply::new(
        asked.names,
        &panel,
        &weighing,
        ranked,
        asked.settings,
    )?)
}

/// How each member counted, how far it went with the panel, and what it cost.
pub(in crate::cli) fn print(panel: &RankedPanelJson) {
    for member in &panel.members {
        let seat = &member.seat;
        let mut line = format!("{}: weight {:.4}", seat.judge, seat.weight);
        let mut tell = |part: String| line.push_str(&part);
        if let Some(own) = &member.consistency {
            if let Some(reliability) = &own.reliability {
                tell(format!(", reliability {:.4}", reliability.value));
            }
            if let Some(agreement) = own.agreement {
                tell(format!(", {:.1} % with the ranking", 100.0 * agreement));
            }
            tell(format!(
                ", {} of {} triads circular",
                own.cyclic_triads, own.triads
            ));
            if let Some(effect) = &own.order_effect {
                tell(format!(", being first adds {:+.4}", effect.value));
            }
        }
        if let Some(tau) = member.tau {
            tell(format!(", tau {tau:.4} with the panel"));
        }
        tell(format!(", {} questions", member.questions));
        if let Some(detail) = &member.detail {
            tell(format!(", missing {} times: {detail}", member.missing));
        }
        output::say(format_args!("{line}"));
    }
}
