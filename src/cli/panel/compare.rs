//! `opine compare` with a panel.

use serde::Serialize;

use super::PanelArguments;
use crate::cli::files::shown;
use crate::cli::{CliError, Ending, output, runtime};
use crate::engine::{Engine, RunLimits};
use crate::judging::Subject;
use crate::judging::panel::Jury;
use crate::wire::{PairReading, PanelCompareResult, PanelJson};

#[derive(Debug, Serialize)]
struct PanelCompareJson {
    panel: PanelJson,
    #[serde(flatten)]
    result: PanelCompareResult,
}

pub(in crate::cli) fn run(
    arguments: &PanelArguments,
    engine: &Engine,
    pair: &Subject,
    [first, second]: [&str; 2],
    reading: PairReading,
    json: bool,
) -> Result<Ending, CliError> {
    let (panel, weighing) = arguments.seat(engine)?;
    if weighing.jury == Jury::Joint {
        return Err(CliError::Panel(
            "`--jury joint` takes the votes of a whole ranking; take `mean` or `reliability`"
                .to_owned(),
        ));
    }
    let limits = RunLimits::none();
    let compared = engine.panel_compare(&panel, pair, reading.by, &limits);
    let compared = runtime()?.block_on(compared)?;
    let result = PanelCompareResult::new(first, second, &panel, &compared, reading);
    let ending = if result.preference.is_some() {
        Ending::Done
    } else {
        Ending::Incomplete
    };
    if json {
        let panel = PanelJson::new(&panel, &weighing);
        output::json_line(&PanelCompareJson { panel, result })?;
    } else {
        print(&result)?;
    }
    Ok(ending)
}

fn print(result: &PanelCompareResult) -> std::io::Result<()> {
    match result.preference {
        None => {
            let detail = result.detail.as_deref().unwrap_or_default();
            output::line(format_args!("unscored  {detail}"))?;
        }
        Some(preference) => {
            let share = |share: Option<f64>| share.unwrap_or_default();
            output::line(format_args!(
                "{preference}  {:.4} {}  {:.4} {}  tie {:.4}",
                share(result.first_better),
                shown(&result.first),
                share(result.second_better),
                shown(&result.second),
                share(result.tie),
            ))?;
        }
    }
    for member in &result.members {
        let own = member.result.as_ref().and_then(|own| own.preference);
        let said = own.or(member.reason).unwrap_or("missing");
        output::say(format_args!(
            "  {said}  share {:.4}  {} questions  {}",
            member.share, member.questions, member.judge
        ));
    }
    Ok(())
}
