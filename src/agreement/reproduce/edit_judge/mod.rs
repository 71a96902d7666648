//! MLLM-as-a-Judge for image editing: twelve factors against eleven classical metrics, and against people.

mod people;

use std::collections::BTreeMap;
use std::path::Path;

use super::{Keys, ReproduceError, Reproduction, Row, located};
use crate::dataset::edit_judge::{
    ByImage, Coefficient, Coefficients, Published, Setting, read_judge, read_metrics,
    read_published, task,
};
use crate::stats::{Estimate, PairedSample, Ranks, StatsError, kendall_tau_b, pearson, spearman};

const NAME: &str = "edit-judge";
const PUBLISHED: &str = "judge_traditional_correlations_all_main.jsonl";
const JUDGE: &str = "normalized_judge_evaluations_all_main.jsonl";
const METRICS: &str = "normalized_traditional_evaluations.jsonl";
/// Both are doubles from the same numbers; only the order of sums differs.
const TOLERANCE: f64 = 1e-12;
/// The key of rows over all kinds of edit.
const ALL: &str = "all";
/// Metrics this near to each other on every image are one metric.
const SAME: f64 = 1e-6;

type Correlate = fn(&PairedSample) -> Result<Estimate, StatsError>;

/// What every pair of columns is correlated by.
const CORRELATIONS: [(&str, Correlate, &str); 3] = [
    ("plcc", pearson, "no fit"),
    ("srcc", spearman, "midranks"),
    ("krcc", kendall_tau_b, "tau-b"),
];

/// Recomputes the published correlations, and where people's ratings are there, the agreement with them.
pub(super) fn recompute(folder: &Path) -> Result<Reproduction, ReproduceError> {
    let published = located(
        folder,
        &[
            PUBLISHED,
            "mllm-judge/edit-judge/judge_traditional_correlations_all_main.jsonl",
        ],
        "`judge_traditional_correlations_all_main.jsonl`; name the folder with the authors' results",
    )?;
    let folder = published.parent().unwrap_or(folder);
    let judge = read_judge(&folder.join(JUDGE))?;
    let metrics = read_metrics(&folder.join(METRICS))?;
    let twins = twins(&metrics);
    let mut rows = Vec::new();
    for line in read_published(&published)? {
        rows.extend(correlations(&line, &judge, &metrics, &twins)?);
    }
    rows.extend(people::rows(folder)?);
    Ok(Reproduction { name: NAME, rows })
}

fn keys(setting: &str, task: &str, factor: &str, against: &str) -> Keys {
    Keys::new([
        ("setting", setting),
        ("task", task),
        ("factor", factor),
        ("against", against),
    ])
}

/// Three rows for each metric of one published line.
fn correlations(
    line: &Published,
    judge: &ByImage,
    metrics: &ByImage,
    twins: &BTreeMap<(Setting, String), Vec<String>>,
) -> Result<Vec<Row>, ReproduceError> {
    let mut rows = Vec::new();
    for (metric, published) in &line.correlations {
        let sample = sample(line, metric, judge, metrics).map_err(|error| {
            let file = format!("{METRICS}: `{metric}`");
            ReproduceError::Statistic { file, error }
        })?;
        let twin = twins.get(&(line.setting, metric.clone()));
        for (statistic, correlate, convention) in CORRELATIONS {
            let keys = keys(
                line.setting.name(),
                line.task.as_deref().unwrap_or(ALL),
                &line.factor,
                metric,
            );
            let convention =
                format!("{convention}; both columns min-max normalised by the authors");
            let mut row = correlation_row(keys, statistic, &sample, correlate, convention);
            row = beside(row, coefficient(published, statistic));
            if row.n != published.sample_size {
                row = row.noting(format!("published over {} images", published.sample_size));
            }
            if let Some(twin) = twin {
                row = row.noting(format!(
                    "`{metric}` and `{}` are the same on every image: the authors' mask had no effect",
                    twin.join("`, `")
                ));
            }
            rows.push(row);
        }
    }
    Ok(rows)
}

/// A row for one coefficient of the judge's scores, which are the sample's predicted side.
fn correlation_row(
    keys: Keys,
    statistic: &'static str,
    sample: &PairedSample,
    correlate: Correlate,
    convention: String,
) -> Row {
    let mut row = Row::found(keys, statistic, sample.len(), correlate(sample), convention);
    if !sample.is_empty() {
        let levels = Ranks::of(sample.predicted()).levels();
        #[expect(clippy::cast_precision_loss, reason = "counts of images")]
        let share = 1.0 - levels as f64 / sample.len() as f64;
        row.tie_share = Some(share);
    }
    row
}

fn coefficient(published: &Coefficients, statistic: &str) -> Coefficient {
    match statistic {
        "plcc" => published.pearson,
        "srcc" => published.spearman,
        _ => published.kendall,
    }
}

/// Two coefficients that both do not exist agree.
fn beside(row: Row, published: Coefficient) -> Row {
    match (row.value, published.correlation) {
        (_, Some(published)) => row.against(published, TOLERANCE),
        (None, None) => row.noting("published as not a number"),
        (Some(_), None) => {
            let mut row = row.noting("published as not a number");
            row.within_tolerance = Some(false);
            row
        }
    }
}

fn sample(
    line: &Published,
    metric: &str,
    judge: &ByImage,
    metrics: &ByImage,
) -> Result<PairedSample, StatsError> {
    let of_task = |image: &str| {
        line.task
            .as_deref()
            .is_none_or(|wanted| task(image) == wanted)
    };
    let (mut scores, mut values) = (Vec::new(), Vec::new());
    for (key, factors) in judge {
        let (setting, image) = key;
        if *setting != line.setting || !of_task(image) {
            continue;
        }
        let value = metrics.get(key).and_then(|values| values.get(metric));
        if let (Some(score), Some(value)) = (factors.get(&line.factor), value) {
            scores.push(*score);
            values.push(*value);
        }
    }
    PairedSample::new(&scores, &values)
}

/// For every metric, the others that have its values on every image.
fn twins(metrics: &ByImage) -> BTreeMap<(Setting, String), Vec<String>> {
    let mut twins = BTreeMap::new();
    for setting in Setting::BOTH {
        let images: Vec<_> = metrics
            .iter()
            .filter(|((of, _), _)| *of == setting)
            .map(|(_, values)| values)
            .collect();
        let Some(names) = images.first().map(|values| values.keys()) else {
            continue;
        };
        let same = |one: &String, other: &String| {
            one != other
                && images
                    .iter()
                    .all(|values| match (values.get(one), values.get(other)) {
                        (Some(one), Some(other)) => (one - other).abs() <= SAME,
                        (None, None) => true,
                        _ => false,
                    })
        };
        for one in names.clone() {
            let others: Vec<String> = names
                .clone()
                .filter(|other| same(one, other))
                .cloned()
                .collect();
            if !others.is_empty() {
                twins.insert((setting, one.clone()), others);
            }
        }
    }
    twins
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four images: the judge's factor, a metric that follows it, its twin, and a constant one.
    fn folder(published: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let (mut judge, mut metrics) = (String::new(), String::new());
        for (image, score, ssim) in [
            ("a", 0.0, 0.1),
            ("b", 0.5, 0.2),
            ("c", 0.5, 0.4),
            ("d", 1.0, 0.3),
        ] {
            let name = format!("HumanEdit_Add_{image}");
            judge += &format!(
                "{{\"image_id\": \"{name}\", \"online_factor_results\": {{\"f\": {{\"score\": {score}}}}}}}\n"
            );
            metrics += &format!(
                "{{\"image_id\": \"{name}\", \"setting\": \"online\", \"pixel_level_fidelity\": {{\"ssim\": {ssim}, \"psnr\": 1.0}}, \"content_preservation\": {{\"mask_ssim\": {ssim}}}}}\n"
            );
        }
        std::fs::write(folder.path().join(JUDGE), judge).unwrap();
        std::fs::write(folder.path().join(METRICS), metrics).unwrap();
        std::fs::write(folder.path().join(PUBLISHED), published).unwrap();
        folder
    }

    fn line(metric: &str, coefficient: &str) -> String {
        let one = format!("{{\"correlation\": {coefficient}, \"p_value\": {coefficient}}}");
        format!(
            "{{\"setting\": \"online\", \"factor\": \"f\", \"task\": \"Add\", \"correlations\": {{\"{metric}\": {{\"pearson\": {one}, \"spearman\": {one}, \"kendall\": {one}, \"sample_size\": 4}}}}}}\n"
        )
    }

    #[test]
    fn coefficients_stand_beside_the_published_and_twins_are_named() {
        let folder = folder(&line("ssim", "0.7"));
        let rows = recompute(folder.path()).unwrap().rows;
        let values: Vec<f64> = rows.iter().map(|row| row.value.unwrap()).collect();
        // scipy 1.17.1: pearsonr, spearmanr, kendalltau of [0, .5, .5, 1] and [.1, .2, .4, .3].
        let expected = [
            0.632_455_532_033_675_8,
            0.632_455_532_033_675_9,
            0.547_722_557_505_166_1,
        ];
        for (value, expected) in values.iter().zip(expected) {
            assert!((value - expected).abs() < 1e-14, "{value}");
        }
        assert_eq!(rows[0].published, Some(0.7));
        assert_eq!(rows[0].within_tolerance, Some(false));
        assert_eq!(rows[0].tie_share, Some(0.25));
        assert!(rows[0].note.as_ref().unwrap().contains("`mask_ssim`"));
    }

    #[test]
    fn a_constant_column_has_no_coefficient() {
        let folder = folder(&line("psnr", "NaN"));
        for row in recompute(folder.path()).unwrap().rows {
            assert_eq!(
                (row.value, row.published, row.within_tolerance),
                (None, None, None)
            );
            assert!(row.note.unwrap().contains("constant"));
        }
    }

    #[test]
    fn a_metric_that_no_image_has_is_null() {
        let folder = folder(&line("lpips", "0.5"));
        let rows = recompute(folder.path()).unwrap().rows;
        assert_eq!(
            (rows[0].n, rows[0].value, rows[0].within_tolerance),
            (0, None, Some(false))
        );
        assert!(
            rows[0]
                .note
                .as_ref()
                .unwrap()
                .contains("published over 4 images")
        );
    }
}
