//! `opine compare` with a panel.

use serde::Serialize;

use super::PanelArguments;
use crate::cli::compare::print_preference;
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
    let ending = if result.compared.preference.is_some() {
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
    print_preference([&result.first, &result.second], &result.compared)?;
    for member in &result.members {
        let own = member
            .result
            .as_ref()
            .and_then(|own| own.compared.preference);
        let said = own.or(member.reason).unwrap_or("missing");
        output::say(format_args!(
            "  {said}  share {:.4}  {} questions  {}",
            member.share, member.questions, member.judge
        ));
    }
    Ok(())
}
