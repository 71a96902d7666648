//! `opine calibrate-ties`: fits the margin within which a judge's comparisons are ties.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use futures::stream::{self, StreamExt};
use serde::Serialize;

use crate::assemble::assemble;
use crate::calibration::{
    Figured, FittedTies, HumanPair, JudgeKey, JudgeName, JudgedPairs, TieSettings, calibrate_ties,
    read_judged_pairs,
};
use crate::cli::compare::RuleName;
use crate::cli::files::{named_text, read_at_most};
use crate::cli::score::progress;
use crate::cli::{CliError, Common, Ending, output, runtime};
use crate::config::Config;
use crate::digest::Digest;
use crate::engine::{Engine, Judge, RunLimits};
use crate::judging::{Image, Margin, Subject};
use crate::ranking::votes;

/// Each paragraph on one line: it is wrapped to the terminal.
const AFTER_HELP: &str = "\
People's pairs are a CSV with the columns first, second, outcome (first, second or tie) and optionally weight and voter, as `opine rank --from` takes it. Comparisons come from --judged, lines that `opine compare --json` printed, or from --images, where the judge is asked about every pair now. The width holds for exactly that judge, and is refused for any other.

The width is the one that agrees best with people; what it is worth is measured on pairs that it was not fitted on, beside calling no tie at all and always saying what most people say. None is fitted where people call nothing a tie, or where the judge is not shown to prefer what people prefer: the exit code is then 1.

Example: opine calibrate-ties --judge two-afc@my-model --images photos --labels votes.csv";

/// Arguments of `opine calibrate-ties`.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(in crate::cli) struct TiesArguments {
    /// Judge, or JUDGE@BACKEND
    #[arg(long, value_name = "ID")]
    judge: String,
    /// What people said of pairs
    #[arg(long, value_name = "FILE")]
    labels: PathBuf,
    /// The judge's comparisons
    #[arg(long, value_name = "FILE", required_unless_present = "images")]
    judged: Option<PathBuf>,
    /// Compare the pairs of people now; their items are images of this folder
    #[arg(long, value_name = "DIR", conflicts_with = "judged")]
    images: Option<PathBuf>,
    /// In what the margin is measured
    #[arg(long, value_enum, default_value = "log-odds")]
    margin: MarginName,
    /// How a judge that rates compares, with --images
    #[arg(long, value_enum, default_value = "thurstone")]
    by: RuleName,
    /// A text that the judge's question quotes, with --images; may be given several times
    #[arg(long = "text", value_name = "NAME=TEXT", value_parser = named_text)]
    texts: Vec<(String, String)>,
    /// Held-out folds
    #[arg(long, value_name = "K", default_value_t = 5, value_parser = clap::value_parser!(u32).range(3..=20))]
    folds: u32,
    /// Seed of the folds
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// Where to write the width [default: calibration/maps/JUDGE-BACKEND-ties.toml]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MarginName {
    /// Log-odds of the first over the second
    LogOdds,
    /// Difference of their probabilities
    Probability,
}

impl MarginName {
    fn margin(self) -> Margin {
        match self {
            MarginName::LogOdds => Margin::LogOdds,
            MarginName::Probability => Margin::Probability,
        }
    }
}

/// What was fitted, and what it is worth.
#[derive(Debug, Serialize)]
struct TiesJson<'a> {
    status: &'static str,
    judge: &'a str,
    backend: &'a str,
    model_revision: &'a str,
    readout: &'static str,
    by: Option<&'static str>,
    margin: &'static str,
    width: f64,
    pairs: usize,
    votes: u64,
    unscored: usize,
    folds: usize,
    seed: u64,
    agreement: FigureJson,
    never: FigureJson,
    majority: FigureJson,
    over_never: FigureJson,
    over_majority: FigureJson,
    shown_to_help: bool,
    file: String,
}

#[derive(Debug, Serialize)]
struct FigureJson {
    value: f64,
    ci: Option<[f64; 2]>,
}

impl From<Figured> for FigureJson {
    fn from(figured: Figured) -> Self {
        FigureJson {
            value: figured.value,
            ci: figured.interval,
        }
    }
}

pub(super) fn run(arguments: &TiesArguments) -> Result<Ending, CliError> {
    match fitted(arguments) {
        Err(CliError::Calibration(error)) if error.is_finding() => {
            if arguments.json {
                output::json_document(&serde_json::json!({
                    "status": "refused",
                    "reason": error.code(),
                    "detail": error.to_string(),
                }))?;
            }
            output::say(format_args!("refused: {error}"));
            Ok(Ending::Incomplete)
        }
        ended => ended,
    }
}

fn fitted(arguments: &TiesArguments) -> Result<Ending, CliError> {
    let config = arguments.common.configuration()?;
    let engine = assemble(&config)?;
    let human = human_pairs(&arguments.labels)?;
    let judged = match (&arguments.judged, &arguments.images) {
        (Some(file), _) => {
            let (judge, backend) = match arguments.judge.split_once('@') {
                Some((judge, backend)) => (judge, Some(backend)),
                None => (arguments.judge.as_str(), None),
            };
            // Comparisons in a file may come from a judge that is not at hand here.
            let card = engine.judges().find(judge).ok().map(|judge| judge.card);
            let name = JudgeName {
                judge,
                backend,
                card: card.map(|card| card.digest),
                levels: None,
            };
            read_judged_pairs(file, name)?
        }
        (None, folder) => {
            let judge = engine.judges().find(&arguments.judge)?;
            let folder = folder.as_deref().unwrap_or(Path::new(""));
            compare_all(&engine, &judge, (&human, folder), &config, arguments)?
        }
    };
    let source = arguments
        .labels
        .file_name()
        .map(|name| name.to_string_lossy());
    let source = (
        source.unwrap_or_default().into_owned(),
        file_digest(&arguments.labels)?,
    );
    let settings = TieSettings {
        margin: arguments.margin.margin(),
        folds: arguments.folds as usize,
        seed: arguments.seed,
    };
    let mut ties = calibrate_ties(&judged, &human, source, settings)?;
    let path = arguments.out.clone().unwrap_or_else(|| place_of(&ties));
    let inputs = [Some(&arguments.labels), arguments.judged.as_ref()];
    let place = |path: &Path| std::fs::canonicalize(path).ok();
    let is_input = |input: &&PathBuf| place(input).is_some() && place(input) == place(&path);
    if inputs.into_iter().flatten().any(|input| is_input(&input)) {
        return Err(CliError::ReportOverInput(path));
    }
    ties.file = path.display().to_string();
    ties.save(&path)?;
    if arguments.json {
        output::json_document(&report(&ties, judged.unscored))?;
    } else {
        print(&ties, judged.unscored)?;
    }
    if !ties.is_shown_to_help() {
        output::say(format_args!(
            "note: it is not shown that this width agrees better with people than calling no tie"
        ));
    }
    output::say(format_args!("wrote {}", path.display()));
    Ok(Ending::Done)
}

fn file_digest(path: &Path) -> Result<Digest, CliError> {
    std::fs::File::open(path)
        .and_then(Digest::of_reader)
        .map_err(|e| CliError::Unreadable(path.to_owned(), e))
}

/// The votes on each pair, added up.
fn human_pairs(path: &Path) -> Result<Vec<HumanPair>, CliError> {
    use crate::stats::strengths::Outcome;
    let table = votes::read(path)?;
    let mut pairs: BTreeMap<(u32, u32), ([f64; 3], u64)> = BTreeMap::new();
    for vote in table.votes.all() {
        let turned = vote.first > vote.second;
        let key = (vote.first.min(vote.second), vote.first.max(vote.second));
        let (votes, count) = pairs.entry(key).or_default();
        let at = match (vote.outcome, turned) {
            (Outcome::First, false) | (Outcome::Second, true) => 0,
            (Outcome::Second, false) | (Outcome::First, true) => 1,
            (Outcome::Tie | Outcome::Soft { .. }, _) => 2,
        };
        votes[at] += vote.weight;
        *count += 1;
    }
    let name = |item: u32| table.items[item as usize].clone();
    Ok(pairs
        .into_iter()
        .map(|((first, second), (votes, count))| HumanPair {
            first: name(first),
            second: name(second),
            votes,
            count,
        })
        .collect())
}

/// Asks the judge about every pair of people, as `opine compare` does.
fn compare_all(
    engine: &Engine,
    judge: &Judge,
    (human, folder): (&[HumanPair], &Path),
    config: &Config,
    arguments: &TiesArguments,
) -> Result<JudgedPairs, CliError> {
    let at_once = judge.backend()?.abilities().concurrency.max(1);
    let texts: BTreeMap<String, String> = arguments.texts.iter().cloned().collect();
    let image = |name: &str| {
        let path = folder.join(name);
        let bytes = read_at_most(&path, config.limits.image_bytes);
        bytes
            .map(Image::new)
            .map_err(|e| CliError::Unreadable(path, e))
    };
    let (limits, by) = (RunLimits::none(), arguments.by.rule());
    let bar = progress(human.len());
    let (mut compared, mut unscored) = (Vec::with_capacity(human.len()), 0);
    runtime()?.block_on(async {
        let asked = stream::iter(human)
            .map(|pair| {
                let subject = image(&pair.first).and_then(|first| {
                    Ok(Subject::new(
                        vec![first, image(&pair.second)?],
                        texts.clone(),
                    ))
                });
                let limits = &limits;
                async move { Ok::<_, CliError>(engine.compare(judge, subject?, by, limits).await?) }
            })
            .buffered(at_once);
        let mut asked = std::pin::pin!(asked);
        let mut pairs = human.iter();
        while let (Some(judged), Some(pair)) = (asked.next().await, pairs.next()) {
            let judged = judged?;
            bar.inc(1);
            match judged.outcome {
                Ok(found) if !judged.same_image => compared.push((
                    (pair.first.clone(), pair.second.clone()),
                    (JudgeKey::of(&judged.provenance, found.readout), judged.rule),
                    found.comparison,
                )),
                Ok(_) => unscored += 1,
                Err(reason) => {
                    unscored += 1;
                    bar.suspend(|| {
                        output::say(format_args!(
                            "unscored: {}, {}: {reason}",
                            pair.first, pair.second
                        ));
                    });
                }
            }
        }
        Ok::<(), CliError>(())
    })?;
    bar.finish_and_clear();
    Ok(JudgedPairs::collect(compared, unscored)?)
}

fn place_of(ties: &FittedTies) -> PathBuf {
    Path::new("calibration/maps").join(ties.key.file_name("ties"))
}

fn report(ties: &FittedTies, unscored: usize) -> TiesJson<'_> {
    let held_out = ties.held_out;
    TiesJson {
        status: "fitted",
        judge: &ties.key.judge,
        backend: &ties.key.backend,
        model_revision: &ties.key.model_revision,
        readout: ties.key.readout.name(),
        by: ties.by.map(crate::judging::protocol::OpinionRule::name),
        margin: ties.margin().name(),
        width: ties.ties.width(),
        pairs: ties.labels.n,
        votes: ties.votes,
        unscored,
        folds: ties.folds,
        seed: ties.seed,
        agreement: held_out.agreement.into(),
        never: held_out.never.into(),
        majority: held_out.majority.into(),
        over_never: held_out.over_never.into(),
        over_majority: held_out.over_majority.into(),
        shown_to_help: ties.is_shown_to_help(),
        file: ties.file.clone(),
    }
}

fn print(ties: &FittedTies, unscored: usize) -> std::io::Result<()> {
    let key = &ties.key;
    output::line(format_args!(
        "tie width {:.6} in {} for `{}@{}` (version {}, read by {}), from {} pairs with {} votes\n",
        ties.ties.width(),
        ties.margin().name(),
        key.judge,
        key.backend,
        key.version,
        key.readout.name(),
        ties.labels.n,
        ties.votes
    ))?;
    let held_out = &ties.held_out;
    let row = |name: &str, figured: &Figured| {
        let interval = figured.interval;
        let interval =
            interval.map_or_else(String::new, |[low, high]| format!("{low:.4} to {high:.4}"));
        vec![name.to_owned(), format!("{:.4}", figured.value), interval]
    };
    let rows = [
        row("with the width", &held_out.agreement),
        row("no ties", &held_out.never),
        row("always the majority", &held_out.majority),
        row("gained over no ties", &held_out.over_never),
        row("gained over the majority", &held_out.over_majority),
    ];
    output::table(&["held out", "agreement", "95 %"], &rows, &[1])?;
    if unscored > 0 {
        output::say(format_args!(
            "left out: {unscored} pairs without a comparison"
        ));
    }
    Ok(())
}
