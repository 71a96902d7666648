//! Why there is no map: what the data do not show, or what is wrong with the files.

use std::path::PathBuf;

use super::MapKind;
use crate::judging::WordError;
use crate::stats::StatsError;
use crate::table::TableError;

/// Why no map was fitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// A file is wrong.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A statistic of the items does not exist.
    #[error(transparent)]
    Stats(#[from] StatsError),
    /// A value is none of the words of judging.
    #[error(transparent)]
    Word(#[from] WordError),
    /// An item cannot stand among the others.
    #[error("item `{item}`: {detail}")]
    Item {
        /// Its id.
        item: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The labels' range is neither given nor in the file.
    #[error(
        "the scale of the labels is not known: they run from {low} to {high}; pass `--scale MIN..MAX` with its two ends"
    )]
    NoScale {
        /// Least label.
        low: f64,
        /// Greatest label.
        high: f64,
    },
    /// A label lies outside of the scale.
    #[error(
        "{}, line {line}: the label of `{item}` is {value}, outside the scale {min} to {max}", .file.display()
    )]
    OutOfScale {
        /// The file.
        file: PathBuf,
        /// Line, from 1.
        line: u64,
        /// The item.
        item: String,
        /// Its label.
        value: f64,
        /// Lower end of the scale.
        min: f64,
        /// Upper end of the scale.
        max: f64,
    },
    /// No labelled item was judged.
    #[error(
        "no label belongs to a judged item: labels have ids such as `{label}`, judged values such as `{judged}`; name the columns with `--on JUDGED=LABEL`, or pass `--match file-name`"
    )]
    NothingJoined {
        /// Id of a label.
        label: String,
        /// Id of a judged value.
        judged: String,
    },
    /// No pair of people was compared by the judge.
    #[error(
        "no pair that people judged was compared by the judge: people judged pairs such as `{human}`, the judge such as `{judged}`"
    )]
    NoPairJoined {
        /// A pair of people.
        human: String,
        /// A pair of the judge.
        judged: String,
    },
    /// Nothing was scored at all.
    #[error("no item has a score: {unscored} unscored")]
    NothingScored {
        /// How many were tried.
        unscored: usize,
    },
    /// The judged values come from more than one judge.
    #[error(
        "`{item}` was judged with {field} `{other}`, items before it with `{first}`: a map is for one judge only"
    )]
    Mixed {
        /// The item.
        item: String,
        /// The field that differs.
        field: &'static str,
        /// Its first value.
        first: String,
        /// Its value at this item.
        other: String,
    },
    /// The judged values come from another judge than the one that was named.
    #[error("`{item}` was judged by {field} `{found}`, not by `{wanted}`")]
    AnotherJudge {
        /// The item.
        item: String,
        /// The field that differs.
        field: &'static str,
        /// What stands in the file.
        found: String,
        /// What was asked for.
        wanted: String,
    },
    /// A file has too few labelled and judged items.
    #[error("{got} items are labelled and scored; {what} needs at least {needed}")]
    TooFew {
        /// What needs more.
        what: &'static str,
        /// The least number.
        needed: usize,
        /// How many there are.
        got: usize,
    },
    /// The judge gives one score to everything.
    #[error("every score is {value}: a judge that tells nothing apart cannot be calibrated")]
    ConstantScores {
        /// The only score.
        value: f64,
    },
    /// All labels are the same.
    #[error("every one of {n} labels is {value}: labels of one kind show no relation")]
    OneClass {
        /// The only label.
        value: f64,
        /// How many there are.
        n: usize,
    },
    /// The judge's scores are not shown to rise or fall with people's.
    #[error(
        "no relation to people is shown: Spearman's correlation is {value:.3} with interval {low:.3} to {high:.3}, which holds 0, from {n} items; {}",
        more_labels(*.labels_needed, *.value)
    )]
    NoRelation {
        /// Labelled and scored items.
        n: usize,
        /// Spearman's rho.
        value: f64,
        /// Lower end of its interval.
        low: f64,
        /// Upper end of its interval.
        high: f64,
        /// Labels that would show such a correlation four times in five; none where they would be over a million.
        labels_needed: Option<u64>,
    },
    /// The judge's scores lead the wrong way.
    #[error(
        "the judge's scores {found} with the labels where both scales say that they should do the opposite: Spearman's correlation is {value:.3} with interval {low:.3} to {high:.3} from {n} items; if lower labels are better, pass `--human-better lower`"
    )]
    Against {
        /// `rise` or `fall`.
        found: &'static str,
        /// Labelled and scored items.
        n: usize,
        /// Spearman's rho.
        value: f64,
        /// Lower end of its interval.
        low: f64,
        /// Upper end of its interval.
        high: f64,
    },
    /// The best curve of the family turns, or leads against the relation.
    #[error(
        "the best `{kind}` curve is {found} over scores from {from} to {to}, and not {wanted}: use `isotonic` or `logistic4`"
    )]
    NotMonotone {
        /// The family.
        kind: MapKind,
        /// Which way the curve leads.
        found: &'static str,
        /// Which way it should.
        wanted: &'static str,
        /// Least score of the fit.
        from: f64,
        /// Greatest score of the fit.
        to: f64,
    },
    /// The labels are not of the kind that the map is fitted to.
    #[error("`{kind}` needs {wanted}; {found}")]
    WrongLabels {
        /// The map.
        kind: MapKind,
        /// What it needs.
        wanted: &'static str,
        /// What was found.
        found: String,
    },
    /// The map needs the opinion, and an item has none.
    #[error(
        "`{item}` has no usable opinion: a temperature is fitted on a probability above 0 for each level; calibrate from `opine score --json`, or fit another map"
    )]
    NoOpinion {
        /// The item.
        item: String,
    },
    /// The levels of the judge are not known.
    #[error(
        "the levels of this judge are not known here, and a temperature map needs them: add the folder of its card to the configuration"
    )]
    NoLevels,
    /// People called no pair a tie, so that their pairs say nothing of where ties begin.
    #[error("people call none of {n} pairs a tie: such pairs do not show where ties begin")]
    NoHumanTies {
        /// Judged pairs that people judged.
        n: usize,
    },
    /// The judge is not shown to prefer what people prefer.
    #[error(
        "the judge is not shown to prefer what people prefer: it agrees on {value:.3} of {n} pairs that both decide, with interval {low:.3} to {high:.3}, which does not lie above one half"
    )]
    NoPreference {
        /// Pairs that both decide.
        n: usize,
        /// Share on which they agree.
        value: f64,
        /// Lower end of its interval.
        low: f64,
        /// Upper end of its interval.
        high: f64,
    },
    /// One of the fits on a part of the items failed.
    #[error("without fold {fold}: {source}")]
    Fold {
        /// The fold, from 1.
        fold: usize,
        /// What failed.
        source: Box<CalibrationError>,
    },
}

impl CalibrationError {
    /// Whether the files are in order and the numbers in them do not allow a map: a finding, not a mistake.
    pub fn is_finding(&self) -> bool {
        match self {
            CalibrationError::Stats(_)
            | CalibrationError::TooFew { .. }
            | CalibrationError::NothingScored { .. }
            | CalibrationError::ConstantScores { .. }
            | CalibrationError::OneClass { .. }
            | CalibrationError::NoRelation { .. }
            | CalibrationError::Against { .. }
            | CalibrationError::NotMonotone { .. }
            | CalibrationError::NoHumanTies { .. }
            | CalibrationError::NoPreference { .. }
            | CalibrationError::Fold { .. } => true,
            CalibrationError::Table(_)
            | CalibrationError::Word(_)
            | CalibrationError::Item { .. }
            | CalibrationError::NoScale { .. }
            | CalibrationError::OutOfScale { .. }
            | CalibrationError::NothingJoined { .. }
            | CalibrationError::NoPairJoined { .. }
            | CalibrationError::Mixed { .. }
            | CalibrationError::AnotherJudge { .. }
            | CalibrationError::WrongLabels { .. }
            | CalibrationError::NoOpinion { .. }
            | CalibrationError::NoLevels => false,
        }
    }

    /// Stable code in reports.
    pub fn code(&self) -> &'static str {
        match self {
            CalibrationError::Table(_) => "table",
            CalibrationError::Stats(_) => "undefined",
            CalibrationError::Word(_) => "value",
            CalibrationError::Item { .. } => "item",
            CalibrationError::NoScale { .. } => "no_scale",
            CalibrationError::OutOfScale { .. } => "out_of_scale",
            CalibrationError::NothingJoined { .. } | CalibrationError::NoPairJoined { .. } => {
                "nothing_joined"
            }
            CalibrationError::NothingScored { .. } => "nothing_scored",
            CalibrationError::Mixed { .. } => "mixed_judges",
            CalibrationError::AnotherJudge { .. } => "another_judge",
            CalibrationError::TooFew { .. } => "too_few_labels",
            CalibrationError::ConstantScores { .. } => "constant_scores",
            CalibrationError::OneClass { .. } => "one_class",
            CalibrationError::NoRelation { .. } => "no_relation",
            CalibrationError::Against { .. } => "against",
            CalibrationError::NotMonotone { .. } => "not_monotone",
            CalibrationError::WrongLabels { .. } => "wrong_labels",
            CalibrationError::NoOpinion { .. } => "no_opinion",
            CalibrationError::NoLevels => "no_levels",
            CalibrationError::NoHumanTies { .. } => "no_human_ties",
            CalibrationError::NoPreference { .. } => "no_preference",
            CalibrationError::Fold { source, .. } => source.code(),
        }
    }
}

fn more_labels(needed: Option<u64>, value: f64) -> String {
    match needed {
        Some(needed) => {
            format!(
                "if {value:.3} is the truth, about {needed} labels would show it four times in five"
            )
        }
        None => "not even a million labels would show a correlation so small".to_owned(),
    }
}
