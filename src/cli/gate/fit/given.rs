//! What a threshold is fitted on: a table of labelled scores, or labels beside the results of one judge.

use std::path::{Path, PathBuf};

use super::FitArguments;
use crate::calibration::{FittedMap, JudgeKey, JudgeName, Judged, JudgedColumns, read_judged};
use crate::cli::CliError;
use crate::gate::{GateLabels, LabelColumns, LabelSet, read_goods, read_labels, read_scores};
use crate::judging::Better;

/// Labelled scores with what is known of them.
pub(super) struct Given {
    pub(super) labels: GateLabels,
    pub(super) set: LabelSet,
    /// The judge, where its results say it.
    pub(super) key: Option<JudgeKey>,
    pub(super) better: Better,
}

impl Given {
    pub(super) fn read(arguments: &FitArguments) -> Result<Self, CliError> {
        match &arguments.judged {
            Some(judged) => judged_labels(arguments, judged),
            None => table(arguments),
        }
    }
}

fn table(arguments: &FitArguments) -> Result<Given, CliError> {
    let columns = arguments.columns();
    let mut labels = read_labels(&arguments.labels, columns)?;
    if let Some(file) = &arguments.unlabelled {
        let scores = read_scores(file, columns)?;
        let scores = scores.iter().map(|(item, score)| (item.as_str(), *score));
        labels = labels.with_unlabelled(scores);
    }
    Ok(Given {
        labels,
        set: LabelSet::of(&arguments.labels)?,
        key: None,
        better: arguments.better.map_or(Better::Higher, Better::from),
    })
}

fn judged_labels(arguments: &FitArguments, file: &Path) -> Result<Given, CliError> {
    let judged = arguments.judged(file)?;
    let labels = match arguments.labels.extension() {
        Some(ending) if ending == "toml" => labels_of_map(&arguments.labels, &judged.key)?,
        _ => arguments.labels.clone(),
    };
    let goods = read_goods(&labels, arguments.columns())?;
    let mut joined = GateLabels::join(&goods, &judged)?;
    if let Some(file) = &arguments.unlabelled {
        let others = arguments.judged(file)?;
        if let Some(difference) = judged.key.differences(&others.key).first() {
            return Err(CliError::Reply(format!(
                "`{}` holds scores of another judge: {difference}",
                file.display()
            )));
        }
        joined = joined.with_unlabelled(others.scores());
    }
    let scale = judged.scale.better();
    if let Some(named) = arguments
        .better
        .map(Better::from)
        .filter(|named| *named != scale)
    {
        return Err(CliError::Reply(format!(
            "`--better {}` contradicts the judge's scale, on which {} scores are better; leave it out",
            named.name(),
            scale.name()
        )));
    }
    Ok(Given {
        labels: joined,
        set: LabelSet::of(&labels)?,
        key: Some(judged.key),
        better: scale,
    })
}

/// The labels that a calibration map was fitted on: where it names them, or beside it, and still the same.
fn labels_of_map(file: &Path, judge: &JudgeKey) -> Result<PathBuf, CliError> {
    let map = FittedMap::load(file)?;
    if let Some(difference) = map.key.differences(judge).first() {
        return Err(CliError::Reply(format!(
            "calibration map `{}`: {difference}",
            file.display()
        )));
    }
    let named = PathBuf::from(&map.labels.source);
    let beside = file.parent().map(|folder| folder.join(&named));
    let places = [Some(named), beside];
    let found = places.into_iter().flatten().find(|place| place.is_file());
    let refused = |detail: &str| {
        CliError::Reply(format!(
            "calibration map `{}` was fitted on `{}`, {detail}",
            file.display(),
            map.labels.source
        ))
    };
    let found = found.ok_or_else(|| refused("which is neither here nor beside it"))?;
    if LabelSet::of(&found)?.digest != map.labels.digest {
        return Err(refused("which has changed since: fit the map again"));
    }
    Ok(found)
}

impl FitArguments {
    /// Columns of the labels.
    fn columns(&self) -> LabelColumns<'_> {
        LabelColumns {
            id: self
                .on
                .split_once('=')
                .map_or(&*self.on, |(_, labels)| labels),
            score: &self.score_column,
            good: &self.good_column,
            good_at: self.good_at,
        }
    }

    /// One judge's results.
    fn judged(&self, file: &Path) -> Result<Judged, CliError> {
        let name = self.judge.as_deref().unwrap_or_default();
        let (judge, backend) = match name.split_once('@') {
            Some((judge, backend)) => (judge, Some(backend)),
            None => (name, None),
        };
        let columns = JudgedColumns {
            id: self.on.split_once('=').map(|(judged, _)| judged),
            score: None,
        };
        let name = JudgeName {
            judge,
            backend,
            card: None,
            levels: None,
        };
        Ok(read_judged(file, columns, name)?)
    }
}
