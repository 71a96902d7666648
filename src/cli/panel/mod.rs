//! A panel of judges on the command line: who sits on it, and what each counts.

mod compare;
mod rank;
mod score;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::CliError;
use crate::agreement::audit::{Audited, read_report};
use crate::calibration::{FittedMap, Maps, weights_of};
use crate::engine::Engine;
use crate::engine::panel::{Bench, Panel, PanelError};
use crate::judging::Readout;
use crate::judging::panel::Jury;
use crate::wire::{RestsOn, Weighing, by_maps};

pub(super) use compare::run as compare;
pub(super) use rank::{Asked, print as print_members, run as rank};
pub(super) use score::{Scoring, run as score};

/// Who judges.
#[derive(Debug, Args)]
pub(super) struct PanelArguments {
    /// Judge, or JUDGE@BACKEND; given several times, these sit as a panel
    #[arg(long = "judge", value_name = "ID", default_value = "technical-quality")]
    judges: Vec<String>,
    /// How a panel's members are put together [default: mean, where there are several]
    #[arg(long, value_enum)]
    jury: Option<JuryName>,
    /// What a member counts by `--jury reliability`; given for each of them
    #[arg(long = "weight", value_name = "JUDGE=WEIGHT", value_parser = named_weight)]
    weights: Vec<(String, f64)>,
    /// What members count by `--jury reliability`: `opine audit --report` of each as JSON, or calibration maps
    #[arg(
        long = "reliability",
        value_name = "REPORT.json|MAP.toml|FOLDER",
        conflicts_with = "weights"
    )]
    reliability: Vec<PathBuf>,
    /// How many members have to answer [default: more than half of those that count]
    #[arg(long, value_name = "MEMBERS")]
    quorum: Option<usize>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum JuryName {
    /// Every member counts alike
    Mean,
    /// Each counts by how far it was found to agree with people, or by a weight that is given
    Reliability,
    /// Reliabilities are estimated together with the strengths of a ranking by pairs
    Joint,
}

fn named_weight(given: &str) -> Result<(String, f64), String> {
    let named = given.rsplit_once('=');
    let weight = named.and_then(|(name, weight)| Some((name, weight.parse().ok()?)));
    match weight {
        Some((name, weight)) if !name.is_empty() => Ok((name.to_owned(), weight)),
        _ => Err("a weight is given as JUDGE=WEIGHT, such as `q-align=0.6`".to_owned()),
    }
}

impl PanelArguments {
    /// The one judge that was named, where it is one; see [`PanelArguments::is_panel`].
    pub(super) fn judge(&self) -> &str {
        self.judges.first().map_or("", String::as_str)
    }

    /// All judges, for a heading.
    pub(super) fn title(&self) -> String {
        self.judges.join(", ")
    }

    /// Whether several judges are asked, or one as a panel is.
    ///
    /// # Errors
    /// What only a panel has, with one judge.
    pub(super) fn is_panel(&self) -> Result<bool, CliError> {
        if self.judges.len() > 1 || self.jury.is_some() {
            return Ok(true);
        }
        if self.weights.is_empty() && self.reliability.is_empty() && self.quorum.is_none() {
            return Ok(false);
        }
        Err(CliError::Panel(
            "`--weight`, `--reliability` and `--quorum` are for a panel; name several judges"
                .to_owned(),
        ))
    }

    /// The panel, and what its weights rest on.
    ///
    /// # Errors
    /// Judges that make no panel, or weights that are missing, wrong or another judge's.
    pub(super) fn seat(&self, engine: &Engine) -> Result<(Panel, Weighing), CliError> {
        let jury = match self.jury {
            None | Some(JuryName::Mean) => Jury::Mean,
            Some(JuryName::Reliability) => Jury::Reliability,
            Some(JuryName::Joint) => Jury::Joint,
        };
        let bench = Bench::seat(&engine.judges(), &self.judges)?;
        let members = bench.names().len();
        let given = !self.weights.is_empty() || !self.reliability.is_empty();
        let (weights, rests_on, read_as) = match (jury, given) {
            (Jury::Mean | Jury::Joint, false) => {
                (vec![1.0; members], Vec::new(), vec![None; members])
            }
            (Jury::Mean | Jury::Joint, true) => {
                let detail = format!(
                    "weights are for `--jury reliability`; by `{}` members have none of their own",
                    jury.name()
                );
                return Err(CliError::Panel(detail));
            }
            (Jury::Reliability, false) => {
                return Err(CliError::Panel(
                    "`--jury reliability` weighs by what is known of each member: give `--weight` or `--reliability`"
                        .to_owned(),
                ));
            }
            (Jury::Reliability, true) if self.reliability.is_empty() => {
                let mut weights = std::collections::BTreeMap::new();
                for (name, weight) in &self.weights {
                    if weights.insert(name.clone(), *weight).is_some() {
                        let detail = format!("`{name}` has two weights; each member has one");
                        return Err(CliError::Panel(detail));
                    }
                }
                let weights = bench.weights_of(&weights)?;
                (
                    weights,
                    vec![RestsOn::given(); members],
                    vec![None; members],
                )
            }
            (Jury::Reliability, true) => self.relied(&bench)?,
        };
        let panel = bench.weighed(&weights, self.quorum)?.reading_as(read_as);
        Ok((panel, Weighing { jury, rests_on }))
    }

    /// Weights by what files say: all of them reports of audits, or all of them maps.
    fn relied(&self, bench: &Bench) -> Result<Weights, CliError> {
        let is_report = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "json");
        let reports = self.reliability.iter().filter(is_report).count();
        if reports == 0 {
            return Ok(by_maps(bench, &maps(&self.reliability)?)?);
        }
        if reports < self.reliability.len() {
            return Err(CliError::Panel(
                "weights rest on reports of audits or on calibration maps, not on both: their labels differ"
                    .to_owned(),
            ));
        }
        by_reports(bench, &self.reliability)
    }
}

/// A weight for each member, what it rests on, and the reading that it holds for.
type Weights = (Vec<f64>, Vec<RestsOn>, Vec<Option<Readout>>);

fn maps(paths: &[PathBuf]) -> Result<Maps, CliError> {
    let mut maps = Vec::new();
    for path in paths {
        if path.is_dir() {
            maps.extend(Maps::load(path)?.iter().cloned());
        } else {
            maps.push(FittedMap::load(path)?);
        }
    }
    Ok(Maps::new(maps))
}

/// A report is a member's where it has its name, or the id of its card and no other member has that.
fn by_reports(bench: &Bench, paths: &[PathBuf]) -> Result<Weights, CliError> {
    let mut of: Vec<Option<(&Path, Audited)>> = vec![None; bench.names().len()];
    for path in paths {
        let audited = read_report(path)?;
        let seat = seat_of(bench, &audited.judge).ok_or_else(|| {
            CliError::Panel(format!(
                "`{}` is a report of `{}`, which is no member of this panel, or more than one; its members are `{}`",
                path.display(),
                audited.judge,
                bench.names().join("`, `")
            ))
        })?;
        if let Some((before, _)) = of[seat].replace((path, audited)) {
            return Err(CliError::Panel(format!(
                "`{}` and `{}` are reports of one member; give one",
                before.display(),
                path.display()
            )));
        }
    }
    let mut correlations = Vec::new();
    let mut rests_on = Vec::new();
    for (name, found) in bench.names().iter().zip(of) {
        let Some((path, audited)) = found else {
            let detail = format!("`{name}` has no report of an audit; each member needs one");
            return Err(CliError::Panel(detail));
        };
        correlations.push(audited.correlation);
        rests_on.push(RestsOn {
            source: "audit",
            file: Some(path.display().to_string()),
            correlation: Some(audited.correlation),
            n: Some(audited.n),
        });
    }
    let read_as = vec![None; correlations.len()];
    Ok((weights_of(&correlations)?, rests_on, read_as))
}

fn seat_of(bench: &Bench, judge: &str) -> Option<usize> {
    let by_name = bench.names().iter().position(|name| name == judge);
    by_name.or_else(|| {
        let mut seats = bench.judges().iter().enumerate();
        let mut seats = seats
            .by_ref()
            .filter(|(_, member)| member.card.id == judge)
            .map(|(at, _)| at);
        let first = seats.next()?;
        seats.next().is_none().then_some(first)
    })
}

impl From<PanelError> for CliError {
    fn from(error: PanelError) -> Self {
        match error {
            PanelError::Bind(error) => CliError::Bind(error),
            PanelError::SameJudge { .. } | PanelError::Rule(_) => {
                CliError::Panel(error.to_string())
            }
        }
    }
}
