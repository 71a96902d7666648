//! `opine score` with a panel.

use std::collections::BTreeMap;
use std::path::Path;

use futures::stream::{self, StreamExt};

use super::PanelArguments;
use crate::cli::files::{read_image, shown};
use crate::cli::{CliError, Ending, output, runtime};
use crate::engine::panel::{Panel, PanelScored};
use crate::engine::{Engine, RunLimits};
use crate::judging::Subject;
use crate::judging::panel::Jury;
use crate::wire::{PanelJson, PanelScoreResult};

/// Files that a panel works on at once.
const AT_ONCE: usize = 8;

/// What is scored, and how it is shown.
pub(in crate::cli) struct Scoring<'a> {
    pub(in crate::cli) files: &'a [std::path::PathBuf],
    pub(in crate::cli) texts: BTreeMap<String, String>,
    pub(in crate::cli) most_bytes: usize,
    pub(in crate::cli) json: bool,
}

pub(in crate::cli) fn run(
    arguments: &PanelArguments,
    engine: &Engine,
    scoring: &Scoring<'_>,
) -> Result<Ending, CliError> {
    let (panel, weighing) = arguments.seat(engine)?;
    if weighing.jury == Jury::Joint {
        return Err(CliError::Panel(
            "`--jury joint` takes the votes of a whole ranking; take `mean` or `reliability`"
                .to_owned(),
        ));
    }
    let scale = panel.scale()?;
    let told = PanelJson::new(&panel, &weighing);
    let (mut all_scored, mut questions) = (true, vec![0; told.members.len()]);
    runtime()?.block_on(async {
        let scored = stream::iter(scoring.files)
            .map(|path| score_file(engine, &panel, path, scoring))
            .buffered(AT_ONCE);
        let mut scored = std::pin::pin!(scored);
        let mut files = scoring.files.iter();
        while let (Some(scored), Some(path)) = (scored.next().await, files.next()) {
            let scored = scored?;
            let name = path.display().to_string();
            let result = PanelScoreResult::new(name, &panel, &scale, &scored);
            all_scored &= result.is_scored();
            for (sum, member) in questions.iter_mut().zip(&scored.members) {
                *sum += member.questions;
            }
            if scoring.json {
                output::json_line(&result)?;
            } else {
                print(&result)?;
            }
        }
        Ok::<(), CliError>(())
    })?;
    for (seat, asked) in told.members.iter().zip(questions) {
        output::say(format_args!(
            "{}: weight {:.4}, {asked} questions",
            seat.judge, seat.weight
        ));
    }
    Ok(if all_scored {
        Ending::Done
    } else {
        Ending::Incomplete
    })
}

async fn score_file(
    engine: &Engine,
    panel: &Panel,
    path: &Path,
    scoring: &Scoring<'_>,
) -> Result<PanelScored, CliError> {
    match read_image(path, scoring.most_bytes) {
        Ok(image) => {
            let subject = Subject::new(vec![image], scoring.texts.clone());
            let limits = RunLimits::none();
            Ok(engine.panel_score(panel, &subject, &limits).await?)
        }
        Err(unscored) => Ok(panel.unasked(&unscored)),
    }
}

/// Score, disagreement and the file; then who said what.
fn print(result: &PanelScoreResult) -> std::io::Result<()> {
    let name = shown(&result.image);
    match (result.score, result.disagreement) {
        (Some(score), Some(apart)) => {
            output::line(format_args!("{score:.4}  members apart {apart:.4}  {name}"))?;
        }
        _ => {
            let detail = result.detail.as_deref().unwrap_or_default();
            output::line(format_args!("unscored  {name}: {detail}"))?;
        }
    }
    for member in &result.members {
        match (member.placed, &member.detail) {
            (Some(placed), _) => output::say(format_args!(
                "  {placed:.4}  share {:.4}  {}",
                member.share, member.judge
            )),
            (None, detail) => output::say(format_args!(
                "  missing  {}: {}",
                member.judge,
                detail.as_deref().unwrap_or_default()
            )),
        }
    }
    Ok(())
}
