//! The judge of edits against the people who rated some of them, and those people against each other.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::{ReproduceError, Row};
use super::{ALL, CORRELATIONS, correlation_row, keys};
use crate::dataset::edit_judge::{ByImage, Ratings as Rated, Setting, read_judge, read_people};
use crate::stats::raters::{Measurement, Ratings, krippendorff_alpha, leave_one_out_ceiling};
use crate::stats::resample::Plan;
use crate::stats::{PairedSample, StatsError, spearman};

const PEOPLE: &str = "human_eval_results_latest.csv";
const JUDGE: &str = "judge_evaluations_all_main.jsonl";
/// The key of rows that hold the judge against people, and of people held against each other.
const AGAINST: &str = "people";
const OVERALL: &str = "overall";
const RESAMPLES: u32 = 1000;

/// The rows, or none where the folder lacks either file.
pub(super) fn rows(folder: &Path) -> Result<Vec<Row>, ReproduceError> {
    let (people, judge) = (folder.join(PEOPLE), folder.join(JUDGE));
    if !people.is_file() || !judge.is_file() {
        return Ok(Vec::new());
    }
    let judge = read_judge(&judge)?;
    let factors: Vec<String> = judge
        .values()
        .next()
        .map_or_else(Vec::new, |factors| factors.keys().cloned().collect());
    let rated = read_people(&people, &factors)?;
    let wrong = |error| ReproduceError::Statistic {
        file: people.display().to_string(),
        error,
    };
    let means = means(&rated);
    let mut rows = Vec::new();
    for setting in Setting::BOTH {
        rows.extend(agreement(setting, &factors, &judge, &means).map_err(wrong)?);
    }
    for factor in factors.iter().map(String::as_str).chain([OVERALL]) {
        rows.extend(ceiling(factor, &rated).map_err(wrong)?);
    }
    Ok(rows)
}

/// The mean rating of every factor and image.
fn means(rated: &[Rated]) -> BTreeMap<&str, BTreeMap<&str, f64>> {
    let mut sums: BTreeMap<&str, BTreeMap<&str, (f64, f64)>> = BTreeMap::new();
    for ratings in rated {
        for (factor, score) in &ratings.scores {
            let images = sums.entry(factor).or_default();
            let (sum, count) = images.entry(&ratings.image).or_default();
            *sum += score;
            *count += 1.0;
        }
    }
    let mean = |images: BTreeMap<_, (f64, f64)>| {
        let images = images.into_iter();
        images
            .map(|(image, (sum, count))| (image, sum / count))
            .collect()
    };
    sums.into_iter()
        .map(|(factor, images)| (factor, mean(images)))
        .collect()
}

fn agreement(
    setting: Setting,
    factors: &[String],
    judge: &ByImage,
    means: &BTreeMap<&str, BTreeMap<&str, f64>>,
) -> Result<Vec<Row>, StatsError> {
    let mut rows = Vec::new();
    let (mut all_judged, mut all_human) = (Vec::new(), Vec::new());
    for factor in factors {
        let (mut judged, mut human) = (Vec::new(), Vec::new());
        for (image, mean) in means.get(factor.as_str()).into_iter().flatten() {
            let key = (setting, (*image).to_owned());
            if let Some(score) = judge.get(&key).and_then(|scores| scores.get(factor)) {
                judged.push(*score);
                human.push(*mean);
            }
        }
        let sample = PairedSample::new(&judged, &human)?;
        for (statistic, correlate, convention) in CORRELATIONS {
            let keys = keys(setting.name(), ALL, factor, AGAINST);
            let convention = format!("{convention}; mean of people's ratings of an edit");
            let row = correlation_row(keys, statistic, &sample, correlate, convention);
            rows.push(row);
        }
        all_judged.extend(judged);
        all_human.extend(human);
    }
    let sample = PairedSample::new(&all_judged, &all_human)?;
    for (statistic, correlate, convention) in CORRELATIONS {
        let keys = keys(setting.name(), ALL, ALL, AGAINST);
        let convention = format!("{convention}; every factor of every edit is one observation");
        let mut row = correlation_row(keys, statistic, &sample, correlate, convention);
        row.ci = None;
        rows.push(
            row.noting("the factors of one edit are not independent, so that there is no interval"),
        );
    }
    Ok(rows)
}

/// How far people agree on a factor, which no judge can be asked to exceed by much.
fn ceiling(factor: &str, rated: &[Rated]) -> Result<Vec<Row>, StatsError> {
    let ratings = table(factor, rated)?;
    let keys = || keys("", ALL, factor, "each other");
    let mut rows = Vec::new();
    for (statistic, measurement) in [
        ("krippendorff_alpha_ordinal", Measurement::Ordinal),
        ("krippendorff_alpha_interval", Measurement::Interval),
    ] {
        let alpha = krippendorff_alpha(&ratings, measurement, RESAMPLES, 0);
        let convention = match &alpha {
            Ok(alpha) => format!(
                "{}; interval from {RESAMPLES} resamples of edits",
                alpha.convention
            ),
            Err(_) => String::from("missing ratings left out"),
        };
        rows.push(Row::found(
            keys(),
            statistic,
            ratings.items(),
            alpha,
            convention,
        ));
    }
    let ceiling = leave_one_out_ceiling(&ratings, "spearman", &Plan::default(), spearman);
    let estimate = ceiling.map(|ceiling| ceiling.leave_one_out);
    let convention = "midranks; each person against the mean of the others, mean over persons";
    let raters = ratings.raters();
    rows.push(Row::found(
        keys(),
        "ceiling_srcc",
        raters,
        estimate,
        convention,
    ));
    Ok(rows)
}

fn table(factor: &str, rated: &[Rated]) -> Result<Ratings, StatsError> {
    let numbered = |name: fn(&Rated) -> &str| {
        let mut names: Vec<&str> = rated.iter().map(name).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let people = numbered(|rated| &rated.person);
    let images = numbered(|rated| &rated.image);
    let mut rows = vec![vec![None; images.len()]; people.len()];
    for ratings in rated {
        let person = people.partition_point(|name| *name < ratings.person.as_str());
        let image = images.partition_point(|name| *name < ratings.image.as_str());
        rows[person][image] = ratings.scores.get(factor).copied();
    }
    Ratings::new(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_judge_is_held_against_mean_ratings_and_people_against_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let mut judge = String::new();
        let mut people = "annotator_id,task_id,skipped,f,overall\n".to_owned();
        for (image, score, first, second) in [
            ("a", 1, 1, 2),
            ("b", 2, 3, 3),
            ("c", 4, 7, 6),
            ("d", 5, 5, 6),
        ] {
            let factors = format!("{{\"f\": {{\"score\": {score}}}}}");
            judge += &format!(
                "{{\"image_id\": \"{image}\", \"online_factor_results\": {factors}, \"offline_factor_results\": {factors}}}\n"
            );
            people += &format!("p,{image},false,{first},4\nq,{image},false,{second},4\n");
        }
        std::fs::write(folder.path().join(JUDGE), judge).unwrap();
        std::fs::write(folder.path().join(PEOPLE), people).unwrap();
        let rows = rows(folder.path()).unwrap();
        let one = |factor: &str, statistic: &str| {
            let wanted = |row: &&Row| row.keys.0[2].1 == factor && row.statistic == statistic;
            rows.iter().find(wanted).unwrap()
        };
        // Means 1.5, 3, 6.5, 5.5 against 1, 2, 4, 5: one of six pairs is out of order.
        assert_eq!(one("f", "krcc").value, Some(4.0 / 6.0));
        assert_eq!((one(ALL, "krcc").n, one(ALL, "krcc").ci), (4, None));
        let alpha = one("f", "krippendorff_alpha_interval").value.unwrap();
        // krippendorff 0.9.0: alpha([[1, 3, 7, 5], [2, 3, 6, 6]], level_of_measurement="interval").
        assert!((alpha - 0.920_152_091_254_752_8).abs() < 1e-12, "{alpha}");
        let same = one(OVERALL, "krippendorff_alpha_ordinal");
        assert_eq!(same.value, None);
        assert!(
            same.note
                .as_ref()
                .unwrap()
                .contains("all ratings are the same")
        );
    }

    #[test]
    fn without_people_there_are_no_rows() {
        let folder = tempfile::tempdir().unwrap();
        assert!(rows(folder.path()).unwrap().is_empty());
    }
}
