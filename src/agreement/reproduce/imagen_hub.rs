//! ImagenHub: how far three raters agree with each other, model by model.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::published::{Published, half_a_digit};
use super::{Keys, ReproduceError, Reproduction, Row};
use crate::dataset::imagen_hub::{self, Task};
use crate::stats::StatsError;
use crate::stats::raters::{Measurement, Ratings, fleiss_kappa, krippendorff_alpha};

const NAME: &str = "imagenhub";
/// The two numbers of a cell, as the authors' notebook calls them.
const ASPECTS: [&str; 2] = ["SC", "PR"];
/// Draws of alpha's percentile interval.
const RESAMPLES: u32 = 1000;

static PUBLISHED: LazyLock<Published> =
    LazyLock::new(|| Published::parse(include_str!("imagen_hub.csv")));

/// Reads the raters' files below `folder` (or its `eval/human_ratings`) and recomputes both coefficients.
pub(super) fn recompute(folder: &Path) -> Result<Reproduction, ReproduceError> {
    let tasks = imagen_hub::read(&ratings_folder(folder))?;
    if tasks.is_empty() {
        return Err(ReproduceError::Nothing {
            folder: folder.to_owned(),
            expected: "`eval/human_ratings/TASK/*.tsv`",
        });
    }
    let mut rows = Vec::new();
    for task in &tasks {
        for model in 0..task.models.len() {
            for aspect in 0..ASPECTS.len() {
                rows.extend(agreement(task, model, aspect)?);
            }
        }
    }
    Ok(Reproduction { name: NAME, rows })
}

fn ratings_folder(folder: &Path) -> PathBuf {
    let inner = folder.join("eval").join("human_ratings");
    if inner.is_dir() {
        inner
    } else {
        folder.to_owned()
    }
}

fn agreement(task: &Task, model: usize, aspect: usize) -> Result<[Row; 2], ReproduceError> {
    let given: Vec<Vec<Option<f64>>> = task
        .raters
        .iter()
        .map(|rater| {
            rater.ratings[model]
                .iter()
                .map(|pair| Some(pair[aspect]))
                .collect()
        })
        .collect();
    let names = [&task.name, &task.models[model], ASPECTS[aspect]];
    let ratings = Ratings::new(&given).map_err(|error: StatsError| ReproduceError::Statistic {
        file: format!("ratings of `{}`", names[0]),
        error,
    })?;
    let scale = format!("{} raters, ratings 0, 0.5 and 1", ratings.raters());
    let row = |statistic, found, convention| {
        let keys = Keys::new([
            ("task", names[0]),
            ("model", names[1]),
            ("aspect", names[2]),
        ]);
        let row = Row::found(keys, statistic, ratings.items(), found, convention);
        match PUBLISHED.get(&[names[0], names[1], names[2], statistic]) {
            Some(published) => row.against(published, half_a_digit(2)),
            None => row,
        }
    };
    Ok([
        row(
            "fleiss_kappa",
            fleiss_kappa(&ratings),
            format!("{scale}, taken as names; levels that occur"),
        ),
        row(
            "krippendorff_alpha",
            krippendorff_alpha(&ratings, Measurement::Ordinal, RESAMPLES, 0),
            format!("{scale}, ordinal"),
        ),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, files: &[(&str, &str)]) {
        let task = folder.join("eval/human_ratings/Text-To-Image");
        std::fs::create_dir_all(&task).unwrap();
        for (name, text) in files {
            std::fs::write(task.join(name), text).unwrap();
        }
    }

    #[test]
    fn the_published_table_is_whole() {
        assert_eq!(PUBLISHED.len(), 130);
        assert_eq!(
            PUBLISHED.get(&["Text-To-Image", "Midjourney", "PR", "fleiss_kappa"]),
            Some(0.05)
        );
    }

    #[test]
    fn coefficients_stand_beside_what_was_published_and_are_null_where_they_do_not_exist() {
        let folder = tempfile::tempdir().unwrap();
        let head = "uid\tSDXL\tOther\n";
        write(
            folder.path(),
            &[
                (
                    "rater1.tsv",
                    &format!("{head}a\t[0,1]\t[0,0]\nb\t[1,0]\t[0,1]\n"),
                ),
                (
                    "rater2.tsv",
                    &format!("{head}a\t[0,1]\t[0,0]\nb\t[1,1]\t[0,1]\n"),
                ),
            ],
        );
        let rows = recompute(folder.path()).unwrap().rows;
        assert_eq!(rows.len(), 8);
        let find = |model: &str, aspect: &str, statistic: &str| {
            rows.iter()
                .find(|row| {
                    row.keys.0[1].1 == model
                        && row.keys.0[2].1 == aspect
                        && row.statistic == statistic
                })
                .unwrap()
        };
        let perfect = find("SDXL", "SC", "fleiss_kappa");
        assert!((perfect.value.unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(perfect.published, Some(0.49));
        assert_eq!(perfect.within_tolerance, Some(false));
        // Shares 1/4 and 3/4: (1/2 - 5/8) / (3/8).
        let kappa = find("SDXL", "PR", "fleiss_kappa");
        assert!((kappa.value.unwrap() + 1.0 / 3.0).abs() < 1e-12);
        for statistic in ["fleiss_kappa", "krippendorff_alpha"] {
            let constant = find("Other", "SC", statistic);
            assert_eq!((constant.value, constant.published), (None, None));
            assert!(constant.note.as_ref().unwrap().contains("undefined"));
        }
    }

    #[test]
    fn one_rater_or_none_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            recompute(folder.path()),
            Err(ReproduceError::Nothing { .. })
        ));
        write(folder.path(), &[("rater1.tsv", "uid\tSD\na\t[0,1]\n")]);
        assert!(matches!(
            recompute(folder.path()),
            Err(ReproduceError::Statistic { .. })
        ));
    }
}
