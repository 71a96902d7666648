//! AGIQA-3K: judges asked for quality, held against people's quality and, to see the difference, alignment.
//!
//! The judges' answers are those of Q-Bench A3 (`q-bench-a3/MODEL/agi.json`), joined by the image's name.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::q_bench_a3::{self, Answer, Judged};
use super::{Keys, ReproduceError, Reproduction, Row};
use crate::dataset::DatasetError;
use crate::dataset::agiqa_3k::{self, Item, Opinion, RATERS};
use crate::stats::krasula::{ItemOpinion, Krasula, Outcome, differences, krasula, outcomes};
use crate::stats::{Estimate, PairedSample, Ranks, StatsError, kendall_tau_b, pearson, spearman};

const NAME: &str = "agiqa-3k";
const FILE: &str = "data.csv";
const JUDGES: &str = "q-bench-a3";
const NOT_ASKED: &str = "the judge was asked for quality; a judge that sees only quality follows alignment as far as people's two opinions go together";

type Correlation = fn(&PairedSample) -> Result<Estimate, StatsError>;
const CORRELATIONS: [(&str, Correlation, &str); 3] = [
    ("srcc", spearman, "midranks"),
    ("plcc", pearson, "no fit"),
    ("krcc", kendall_tau_b, "tau-b"),
];

/// Reads people's opinions and every judge's answers and recomputes how far they go together.
pub(super) fn recompute(folder: &Path) -> Result<Reproduction, ReproduceError> {
    let path = folder.join(FILE);
    let items = agiqa_3k::read(&path)?;
    let judges = judges(folder)?;
    let different = outcomes(&opinions(&items)).map_err(|error| ReproduceError::Statistic {
        file: path.display().to_string(),
        error,
    })?;
    let mut rows = people(&items)?;
    for judge in judges {
        rows.extend(one_judge(&judge, &items, &different)?);
    }
    Ok(Reproduction { name: NAME, rows })
}

/// Q-Bench A3's answers on these images, inside the folder or beside it.
fn judges(folder: &Path) -> Result<Vec<Judged>, ReproduceError> {
    let beside = folder.canonicalize().ok();
    let beside = beside.as_deref().and_then(Path::parent);
    let found = [Some(folder), beside]
        .into_iter()
        .flatten()
        .map(|folder| folder.join(JUDGES))
        .find(|folder| folder.is_dir());
    let judges = match &found {
        Some(folder) => q_bench_a3::judged(folder, "agi")?,
        None => Vec::new(),
    };
    if judges.is_empty() {
        return Err(ReproduceError::Nothing {
            folder: found.unwrap_or_else(|| PathBuf::from(folder)),
            expected: "`q-bench-a3/MODEL/agi.json`, the judges' answers, which belong in this folder or beside it",
        });
    }
    Ok(judges)
}

fn opinions(items: &[Item]) -> Vec<ItemOpinion> {
    items
        .iter()
        .map(|item| ItemOpinion {
            mean: item.quality.mean,
            sd: item.quality.sd,
            n: RATERS,
        })
        .collect()
}

/// People's two opinions beside each other: what a perfect judge of quality would reach on alignment.
fn people(items: &[Item]) -> Result<Vec<Row>, ReproduceError> {
    let column = |opinion: fn(&Item) -> Opinion| -> Vec<f64> {
        items.iter().map(|item| opinion(item).mean).collect()
    };
    let quality = column(|item| item.quality);
    let alignment = column(|item| item.alignment);
    correlations("people's quality", "alignment", &quality, &alignment)
}

fn correlations(
    judge: &str,
    opinion: &str,
    judged: &[f64],
    people: &[f64],
) -> Result<Vec<Row>, ReproduceError> {
    let sample = PairedSample::new(judged, people).map_err(|error| ReproduceError::Statistic {
        file: format!("`{judge}` beside {opinion}"),
        error,
    })?;
    Ok(CORRELATIONS
        .map(|(statistic, correlate, convention)| {
            Row::found(
                keys(judge, opinion),
                statistic,
                sample.len(),
                correlate(&sample),
                format!("{convention}; mean opinions; all generators pooled"),
            )
        })
        .to_vec())
}

fn keys(judge: &str, opinion: &str) -> Keys {
    Keys::new([("judge", judge), ("opinion", opinion)])
}

fn one_judge(
    judge: &Judged,
    items: &[Item],
    different: &[Outcome],
) -> Result<Vec<Row>, ReproduceError> {
    let answers = joined(judge, items)?;
    let scores: Vec<f64> = answers.iter().map(|answer| answer.score).collect();
    let margins: Vec<f64> = answers.iter().map(|answer| answer.margin).collect();
    let quality: Vec<f64> = items.iter().map(|item| item.quality.mean).collect();
    let alignment: Vec<f64> = items.iter().map(|item| item.alignment.mean).collect();
    let mut rows: Vec<Row> = correlations(&judge.model, "quality", &scores, &quality)?
        .into_iter()
        .map(|row| match judge.published(row.statistic) {
            Some((figure, tolerance)) => row.against(figure, tolerance),
            None => row,
        })
        .collect();
    rows.extend(
        correlations(&judge.model, "alignment", &scores, &alignment)?
            .into_iter()
            .map(|row| row.noting(NOT_ASKED)),
    );
    rows.extend(krasula_rows(
        &judge.model,
        items.len(),
        &krasula(&differences(&margins), different),
    ));
    let pairs = (items.len() * (items.len() - 1) / 2) as f64;
    rows.push(Row::new(
        keys(&judge.model, "quality"),
        "tied_pairs",
        items.len(),
        Some(Ranks::of(&scores).tied_pairs() as f64 / pairs),
        "share of all pairs of images that the judge scores alike",
    ));
    Ok(rows)
}

/// The judge's answer about every item, in the items' order.
fn joined(judge: &Judged, items: &[Item]) -> Result<Vec<Answer>, ReproduceError> {
    let scores: HashMap<&str, Answer> = judge
        .answers
        .iter()
        .map(|(image, answer)| (image.as_str(), *answer))
        .collect();
    items
        .iter()
        .map(|item| {
            scores.get(item.image.as_str()).copied().ok_or_else(|| {
                ReproduceError::Dataset(DatasetError {
                    path: judge.path.display().to_string(),
                    byte: 0,
                    reason: format!(
                        "there is no answer for `{}`, which `{FILE}` has",
                        item.image
                    ),
                })
            })
        })
        .collect()
}

type Part = fn(&Krasula) -> &Estimate;

fn krasula_rows(judge: &str, n: usize, found: &Result<Krasula, StatsError>) -> Vec<Row> {
    let pairs = "difference of the two words' logits, on whose scale the areas depend; all pairs of images once; people tell two apart when |z| > 2";
    let parts: [(&'static str, Part); 4] = [
        ("krasula_auc_ds", |found| &found.auc_ds),
        ("krasula_auc_bw", |found| &found.auc_bw),
        ("krasula_cc0", |found| &found.cc0),
        ("krasula_cc0_half_ties", |found| &found.cc0_half_ties),
    ];
    parts
        .map(|(statistic, part)| {
            let estimate = found.as_ref().map(part).cloned().map_err(Clone::clone);
            let how = match &estimate {
                Ok(estimate) => estimate.convention.to_string(),
                Err(_) => String::new(),
            };
            Row::found(
                keys(judge, "quality"),
                statistic,
                n,
                estimate,
                format!("{pairs} of {RATERS} raters' standard errors; {how}"),
            )
        })
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &str = "name,prompt,mos_quality,std_quality,mos_align,std_align\n\
        a.jpg,one,1,0.1,3,0.1\n\
        b.jpg,\"two, too\",2,0.1,2,0.1\n\
        c.jpg,three,2,0.1,1,0.1\n\
        d.jpg,four,4,0.1,4,0.1\n\
        e.jpg,five,1,0.1,5,0.1\n";

    fn answer(image: &str, good: f64) -> String {
        format!(
            r#"{{"img_path": "{image}", "gt_score": "1", "logit_good": {good}, "logit_poor": 0.0}}"#
        )
    }

    /// The data, and beside its folder the answers of one model that orders a, b, c, d.
    fn folder(images: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("agiqa-3k")).unwrap();
        std::fs::write(folder.path().join("agiqa-3k/data.csv"), DATA).unwrap();
        let model = folder.path().join("q-bench-a3/llava_v1.5");
        std::fs::create_dir_all(&model).unwrap();
        let answers: String = (1_u8..)
            .zip(images)
            .map(|(place, image)| answer(image, f64::from(place)))
            .collect();
        std::fs::write(model.join("agi.json"), answers).unwrap();
        std::fs::write(model.join("koniq.json"), "not read").unwrap();
        folder
    }

    #[test]
    fn judges_are_joined_by_name_and_held_against_both_opinions() {
        let folder = folder(&["d.jpg", "c.jpg", "b.jpg", "a.jpg", "e.jpg"]);
        let rows = recompute(&folder.path().join("agiqa-3k")).unwrap().rows;
        let value = |judge: &str, opinion: &str, statistic: &str| {
            let row = rows
                .iter()
                .find(|row| {
                    row.keys.0[0].1 == judge
                        && row.keys.0[1].1 == opinion
                        && row.statistic == statistic
                })
                .unwrap();
            row.value.unwrap()
        };
        // People: quality 1, 2, 2, 4, 1 and alignment 3, 2, 1, 4, 5 (scipy 1.17.1); the judge: 4, 3, 2, 1, 5.
        assert!((value("people's quality", "alignment", "srcc") + 0.263_523_138_3).abs() < 1e-9);
        assert!((value("llava_v1.5", "quality", "srcc") + 0.948_683_298_1).abs() < 1e-9);
        assert!((value("llava_v1.5", "alignment", "srcc") - 0.4).abs() < 1e-9);
        // Every different pair is in the wrong order.
        assert!(value("llava_v1.5", "quality", "krasula_cc0").abs() < 1e-12);
        assert!(value("llava_v1.5", "quality", "tied_pairs").abs() < 1e-12);
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = folder(&["a.jpg", "b.jpg"]);
        let inner = folder.path().join("agiqa-3k");
        let message = recompute(&inner).unwrap_err().to_string();
        assert!(
            message.contains("agi.json") && message.contains("`c.jpg`"),
            "{message}"
        );
        std::fs::remove_dir_all(folder.path().join("q-bench-a3")).unwrap();
        let message = recompute(&inner).unwrap_err().to_string();
        assert!(message.contains("q-bench-a3/MODEL/agi.json"), "{message}");
        std::fs::remove_file(inner.join("data.csv")).unwrap();
        let message = recompute(&inner).unwrap_err().to_string();
        assert!(message.contains("data.csv"), "{message}");
    }
}
