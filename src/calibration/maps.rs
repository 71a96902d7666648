//! Fitted maps as they are kept: bound to one judge, and applied to no other.

use std::fmt;
use std::path::{Path, PathBuf};

use super::conformal::{Conformal, Measure};
use super::figures::{Figure, Figured};
use super::file::{Fitted, MapFileError};
use super::problem::yes_and_no;
use super::{Calibration, Difference, FittedTies, JudgeKey, MapKind};
use crate::digest::Digest;
use crate::judging::protocol::OpinionRule;
use crate::judging::{
    CalibratedScore, CalibrationMap, Opinion, Provenance, RawScore, Readout, Verdict, WordError,
};
use crate::stats::Interval;
use crate::stats::calibration::prediction_set;
use crate::stats::fit::Direction;

/// A map with what it is bound to and what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedMap {
    /// Name of its file, for messages; empty before it is written.
    pub file: String,
    /// Kind of map.
    pub kind: MapKind,
    /// The judge for which it holds.
    pub key: JudgeKey,
    /// The map.
    pub map: CalibrationMap,
    /// Which way people's values go as the judge's rise.
    pub direction: Direction,
    /// Spearman's rho of raw scores and labels, with the interval that left out 0.
    pub spearman: Figured,
    /// What it was fitted on.
    pub labels: LabelSource,
    /// How it was measured.
    pub folds: usize,
    /// Seed of folds and resamples.
    pub seed: u64,
    /// Figures before and after, on held-out folds.
    pub figures: Vec<Figure>,
    /// Intervals for new labels.
    pub conformal: Conformal,
}

/// Where the labels of a fit came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelSource {
    /// Name of their file.
    pub source: String,
    /// Digest of that file.
    pub digest: Digest,
    /// Items that were labelled and scored.
    pub n: usize,
    /// Column whose values were held out whole.
    pub group: Option<String>,
}

/// A calibrated score and where its label may lie.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// On the human scale.
    pub score: CalibratedScore,
    /// Where a label of such an item lies with the map's coverage, within the human scale. For levels from the
    /// lowest to the highest of `likely`; none where no level is likely.
    pub interval: Option<Interval>,
    /// Worth and probability of each level, where the labels of the fit were levels.
    pub levels: Option<Vec<(f64, f64)>>,
    /// Worths of the levels that the label may have with the map's coverage; may be empty.
    pub likely: Option<Vec<f64>>,
}

/// Why a map may not be applied to a judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mismatch {
    /// No map was fitted for a judge of this name.
    NoMap {
        /// The judge.
        judge: String,
        /// Judges for which there are maps.
        known: Vec<String>,
    },
    /// No tie width was fitted for a judge of this name.
    NoTies {
        /// The judge.
        judge: String,
        /// Judges for which there are tie widths.
        known: Vec<String>,
    },
    /// The nearest map was fitted for another judge.
    Differs {
        /// File of the map.
        file: String,
        /// Every field in which the judges differ.
        differences: Vec<Difference>,
    },
    /// Several maps were fitted for this very judge.
    Several {
        /// The judge.
        judge: String,
        /// Their files.
        files: Vec<String>,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::NoMap { judge, known } if known.is_empty() => {
                write!(
                    formatter,
                    "there is no calibration map, for `{judge}` or any other"
                )
            }
            Mismatch::NoMap { judge, known } => write!(
                formatter,
                "no calibration map was fitted for `{judge}`; there are maps for {}",
                known.join(", ")
            ),
            Mismatch::NoTies { judge, known } => {
                write!(formatter, "no tie width was fitted for `{judge}`; ")?;
                match known.is_empty() {
                    true => formatter.write_str("`opine calibrate-ties` fits one"),
                    false => write!(formatter, "there are some for {}", known.join(", ")),
                }
            }
            Mismatch::Differs { file, differences } => {
                let all: Vec<String> = differences.iter().map(Difference::to_string).collect();
                write!(formatter, "calibration map `{file}`: {}", all.join("; "))
            }
            Mismatch::Several { judge, files } => write!(
                formatter,
                "several calibration maps were fitted for this `{judge}`: {}; name one",
                files.join(", ")
            ),
        }
    }
}

impl std::error::Error for Mismatch {}

impl Mismatch {
    /// The same, of tie widths.
    fn of_ties(self) -> Self {
        if let Mismatch::NoMap { judge, known } = self {
            return Mismatch::NoTies { judge, known };
        }
        self
    }
}

/// Why a verdict was not calibrated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ApplyError {
    /// The map is for another judge.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// The verdict is not what the map takes.
    #[error(transparent)]
    Word(#[from] WordError),
}

impl FittedMap {
    /// A calibration bound to the judge that it was fitted on.
    pub fn new(calibration: Calibration, key: JudgeKey, labels: LabelSource) -> Self {
        let spearman = &calibration.relation.spearman;
        FittedMap {
            file: String::new(),
            kind: calibration.settings.kind,
            key,
            map: calibration.map,
            direction: calibration.relation.direction,
            spearman: Figured {
                value: spearman.value,
                interval: spearman.interval.as_ref().map(|i| [i.low, i.high]),
            },
            labels,
            folds: calibration.settings.folds,
            seed: calibration.settings.plan.seed,
            figures: calibration.figures,
            conformal: calibration.conformal,
        }
    }

    /// Whether the map was fitted for exactly this judge.
    ///
    /// # Errors
    /// [`Mismatch::Differs`] with every field that is another.
    pub fn check(&self, provenance: &Provenance, readout: Readout) -> Result<(), Mismatch> {
        let differences = self.key.differences(&JudgeKey::of(provenance, readout));
        if differences.is_empty() {
            return Ok(());
        }
        Err(Mismatch::Differs {
            file: self.file.clone(),
            differences,
        })
    }

    /// The calibrated score of a verdict, if this very judge gave it.
    ///
    /// # Errors
    /// [`ApplyError::Mismatch`] for any other judge, and as [`FittedMap::apply`].
    pub fn apply_to(
        &self,
        provenance: &Provenance,
        verdict: &Verdict,
    ) -> Result<Calibrated, ApplyError> {
        self.check(provenance, verdict.readout)?;
        Ok(self.apply(verdict.score, verdict.opinion.as_ref())?)
    }

    /// The calibrated score of a raw one, from a judge that [`FittedMap::check`] has let pass.
    ///
    /// # Errors
    /// A score on another scale; no opinion, or one over other levels, for a map that reads it.
    pub fn apply(&self, raw: RawScore, opinion: Option<&Opinion>) -> Result<Calibrated, WordError> {
        let mapped = self.map.apply(raw, opinion)?;
        let (score, scale) = (mapped.score, self.map.human_scale());
        let interval = |low: f64, high: f64| Interval {
            low,
            high,
            level: self.conformal.level,
            method: format!("split conformal over folds, {} items", self.conformal.n).into(),
        };
        let quantile = match self.conformal.measure {
            Measure::HalfWidth(width) => {
                let end = |value: f64| value.clamp(scale.min(), scale.max());
                return Ok(Calibrated {
                    score,
                    interval: Some(interval(
                        end(score.value() - width),
                        end(score.value() + width),
                    )),
                    levels: None,
                    likely: None,
                });
            }
            Measure::Shortfall(quantile) => quantile,
        };
        let worths = self.map.worths();
        let worths = worths.unwrap_or_else(|| vec![scale.min(), scale.max()]);
        let shares = mapped.levels.unwrap_or_else(|| yes_and_no(score.value()));
        let set = prediction_set(&shares, quantile);
        let mut likely: Vec<f64> = set.into_iter().map(|level| worths[level]).collect();
        likely.sort_by(f64::total_cmp);
        Ok(Calibrated {
            score,
            interval: (likely.first().zip(likely.last()))
                .map(|(lowest, highest)| interval(*lowest, *highest)),
            levels: Some(worths.into_iter().zip(shares).collect()),
            likely: Some(likely),
        })
    }
}

/// Maps and tie widths by file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Maps {
    maps: Vec<FittedMap>,
    ties: Vec<FittedTies>,
}

impl Maps {
    /// These maps.
    pub fn new(maps: impl IntoIterator<Item = FittedMap>) -> Self {
        Maps {
            maps: maps.into_iter().collect(),
            ties: Vec::new(),
        }
    }

    /// One file of either kind, or every `.toml` file of a folder, in order of name.
    ///
    /// # Errors
    /// A folder that cannot be read, or the first file that is neither.
    pub fn load(path: &Path) -> Result<Self, MapFileError> {
        let mut found = Maps::default();
        for file in files(path)? {
            match Fitted::load(&file)? {
                Fitted::Map(map) => found.maps.push(*map),
                Fitted::Ties(ties) => found.ties.push(*ties),
            }
        }
        Ok(found)
    }

    /// All maps.
    pub fn iter(&self) -> impl Iterator<Item = &FittedMap> {
        self.maps.iter()
    }

    /// All tie widths.
    pub fn ties(&self) -> impl Iterator<Item = &FittedTies> {
        self.ties.iter()
    }

    /// The map that was fitted for exactly this judge.
    ///
    /// # Errors
    /// [`Mismatch`]: no map for a judge of that name; none for this very judge, with the differences from the
    /// nearest; or more than one.
    pub fn for_provenance(
        &self,
        provenance: &Provenance,
        readout: Readout,
    ) -> Result<&FittedMap, Mismatch> {
        let here = JudgeKey::of(provenance, readout);
        let all = self.maps.iter();
        let compared = all.map(|map| (map.key.differences(&here), &map.key, &*map.file, map));
        nearest(&here.judge, compared)
    }

    /// The tie width that was fitted for exactly this judge, comparing by this rule. Without a `readout`, before
    /// anything was asked, one of any readout is taken: [`FittedTies::check`] then sees to it.
    ///
    /// # Errors
    /// As [`Maps::for_provenance`].
    pub fn ties_for(
        &self,
        provenance: &Provenance,
        readout: Option<Readout>,
        by: Option<OpinionRule>,
    ) -> Result<&FittedTies, Mismatch> {
        let compared = self.ties.iter().map(|ties| {
            let here = JudgeKey::of(provenance, readout.unwrap_or(ties.key.readout));
            (ties.differences(&here, by), &ties.key, &*ties.file, ties)
        });
        nearest(&provenance.judge, compared).map_err(Mismatch::of_ties)
    }
}

/// The file itself, or every `.toml` file of the folder, in order of name.
fn files(path: &Path) -> Result<Vec<PathBuf>, MapFileError> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: std::io::Error| MapFileError::unreadable(path, &error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        let extension = file.extension();
        if extension.is_some_and(|extension| extension == "toml") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// The one of these, with its differences, key and file, that differs in nothing.
fn nearest<'a, T>(
    judge: &str,
    compared: impl Iterator<Item = (Vec<Difference>, &'a JudgeKey, &'a str, &'a T)>,
) -> Result<&'a T, Mismatch> {
    let mut known: Vec<String> = Vec::new();
    let mut own = Vec::new();
    for (differences, key, file, one) in compared {
        known.push(key.judge.clone());
        if key.judge == judge {
            own.push((differences, file, one));
        }
    }
    own.sort_by_key(|(differences, ..)| differences.len());
    let exact = own.iter().filter(|(found, ..)| found.is_empty());
    let files: Vec<String> = exact.map(|(_, file, _)| (*file).to_owned()).collect();
    match (files.len(), own.into_iter().next()) {
        (1, Some((_, _, one))) => Ok(one),
        (0, Some((differences, file, _))) => Err(Mismatch::Differs {
            file: file.to_owned(),
            differences,
        }),
        (_, None) => {
            known.sort();
            known.dedup();
            Err(Mismatch::NoMap {
                judge: judge.to_owned(),
                known,
            })
        }
        (_, Some(_)) => Err(Mismatch::Several {
            judge: judge.to_owned(),
            files,
        }),
    }
}
