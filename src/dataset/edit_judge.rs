//! Ratings of edited images by a judge, by people and by classical metrics, and the correlations that their
//! authors published: the files of MLLM-as-a-Judge for image editing, in one folder.
//!
//! JSON lines, one for each image: the judge's twelve factors in two settings (`offline` with the true edit,
//! `online` without), each with a score and a text. Beside the images' metrics stand lines for whole tasks.
//! People's ratings are a CSV; two factors have other names there.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use super::delimited::{Delimited, Delimiter, Record};
use super::{DatasetError, json};

/// Whether the judge saw the true edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Setting {
    /// It did.
    Offline,
    /// It did not.
    Online,
}

impl Setting {
    /// Both settings.
    pub const BOTH: [Setting; 2] = [Setting::Offline, Setting::Online];

    /// The authors' name.
    pub fn name(self) -> &'static str {
        match self {
            Setting::Offline => "offline",
            Setting::Online => "online",
        }
    }
}

/// Values by name: of a factor or of a metric.
pub type Values = BTreeMap<String, f64>;

/// Values of every image in one or both settings.
pub type ByImage = BTreeMap<(Setting, String), Values>;

/// One published correlation of a factor with a metric.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Coefficients {
    /// Pearson's r.
    pub pearson: Coefficient,
    /// Spearman's rho.
    pub spearman: Coefficient,
    /// Kendall's tau-b.
    pub kendall: Coefficient,
    /// Number of images.
    pub sample_size: usize,
}

/// A published coefficient; nothing where it is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Coefficient {
    /// Its value.
    pub correlation: Option<f64>,
}

/// The published correlations of one factor with every metric.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Published {
    /// The judge's setting.
    pub setting: Setting,
    /// The judge's factor.
    pub factor: String,
    /// The kind of edit; all where there is none.
    pub task: Option<String>,
    /// By metric.
    pub correlations: BTreeMap<String, Coefficients>,
}

/// One person's ratings of one edit.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratings {
    /// Who rated.
    pub person: String,
    /// The image, named as in the judge's files.
    pub image: String,
    /// Scores by factor, named as in the judge's files, and `overall`.
    pub scores: Values,
}

/// The kind of edit that an image's name holds: `HumanEdit_Remove_17_x` is `Remove`.
pub fn task(image: &str) -> &str {
    image.split('_').nth(1).unwrap_or_default()
}

#[derive(Deserialize)]
struct JudgedLine {
    image_id: String,
    offline_factor_results: Option<BTreeMap<String, Judged>>,
    online_factor_results: Option<BTreeMap<String, Judged>>,
}

#[derive(Deserialize)]
struct Judged {
    score: Option<f64>,
}

/// Reads a judge's scores, plain or normalised.
///
/// # Errors
/// A file that cannot be read, is truncated or not of this form, or names an image twice.
pub fn read_judge(path: &Path) -> Result<ByImage, DatasetError> {
    let mut found = ByImage::new();
    for (line, judged) in json::lines::<JudgedLine>(path)? {
        for (setting, factors) in [
            (Setting::Offline, judged.offline_factor_results),
            (Setting::Online, judged.online_factor_results),
        ] {
            let Some(factors) = factors else { continue };
            let scores = factors
                .into_iter()
                .filter_map(|(factor, judged)| Some((factor, judged.score?)));
            let image = judged.image_id.clone();
            insert(&mut found, (setting, image), scores.collect(), line, path)?;
        }
    }
    Ok(found)
}

#[derive(Deserialize)]
struct MeasuredLine {
    image_id: String,
    setting: Setting,
    #[serde(default)]
    pixel_level_fidelity: BTreeMap<String, Option<f64>>,
    #[serde(default)]
    content_preservation: BTreeMap<String, Option<f64>>,
    #[serde(default)]
    perceptual_alignment: BTreeMap<String, Option<f64>>,
}

/// Lines with this prefix are of whole tasks, not of an image.
const WHOLE_TASK: &str = "task_metrics";
/// What normalised names end in, where the published correlations leave it out.
const NORMALISED: &str = "_norm";

/// Reads the classical metrics of every image.
///
/// # Errors
/// As [`read_judge`].
pub fn read_metrics(path: &Path) -> Result<ByImage, DatasetError> {
    let mut found = ByImage::new();
    for (line, measured) in json::lines::<MeasuredLine>(path)? {
        if measured.image_id.starts_with(WHOLE_TASK) {
            continue;
        }
        let values = measured
            .pixel_level_fidelity
            .into_iter()
            .chain(measured.content_preservation)
            .chain(measured.perceptual_alignment)
            .filter_map(|(name, value)| {
                let plain = name.strip_suffix(NORMALISED).unwrap_or(&name).to_owned();
                Some((plain, value?))
            });
        let key = (measured.setting, measured.image_id);
        insert(&mut found, key, values.collect(), line, path)?;
    }
    Ok(found)
}

fn insert(
    found: &mut ByImage,
    key: (Setting, String),
    values: Values,
    line: usize,
    path: &Path,
) -> Result<(), DatasetError> {
    if found.contains_key(&key) {
        return Err(DatasetError {
            path: path.display().to_string(),
            byte: 0,
            reason: format!("line {line}: `{}` is here a second time", key.1),
        });
    }
    found.insert(key, values);
    Ok(())
}

/// Reads the published correlations.
///
/// # Errors
/// A file that cannot be read, is truncated or not of this form.
pub fn read_published(path: &Path) -> Result<Vec<Published>, DatasetError> {
    let lines = json::lines(path)?;
    Ok(lines.into_iter().map(|(_, published)| published).collect())
}

/// Names of people's columns that the judge's files write otherwise.
const RENAMED: [(&str, &str); 2] = [
    ("texture_detail", "texture_and_detail"),
    ("color_lighting", "color_and_lighting"),
];

/// Reads people's ratings with the factors named in `factors` and `overall`; skipped ones are left out.
///
/// # Errors
/// A file that cannot be read or is damaged, lacks a factor, or has a person rate an image twice.
pub fn read_people(path: &Path, factors: &[String]) -> Result<Vec<Ratings>, DatasetError> {
    people(&Delimited::read(path, Delimiter::Comma)?, factors)
}

fn people(file: &Delimited, factors: &[String]) -> Result<Vec<Ratings>, DatasetError> {
    let [person, image, skipped] = file.columns(["annotator_id", "task_id", "skipped"])?;
    let mut columns = Vec::new();
    for factor in factors.iter().map(String::as_str).chain(["overall"]) {
        let renamed = RENAMED.iter().find(|(_, theirs)| *theirs == factor);
        let [column] = file.columns([renamed.map_or(factor, |(name, _)| name)])?;
        columns.push((factor, column));
    }
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for record in &file.records {
        if record.cells[skipped] != "false" {
            continue;
        }
        let (person, image) = (&record.cells[person], &record.cells[image]);
        if !seen.insert((person, image)) {
            return Err(file.at(record, format!("`{person}` rates `{image}` a second time")));
        }
        found.push(Ratings {
            person: person.clone(),
            image: image.clone(),
            scores: scores(file, record, &columns)?,
        });
    }
    Ok(found)
}

fn scores(
    file: &Delimited,
    record: &Record,
    columns: &[(&str, usize)],
) -> Result<Values, DatasetError> {
    let given = columns
        .iter()
        .filter(|(_, column)| !record.cells[*column].trim().is_empty());
    given
        .map(|(factor, column)| Ok(((*factor).to_owned(), file.number(record, *column)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn both_settings_of_the_judge_are_read() {
        let file = written(concat!(
            r#"{"image_id": "HumanEdit_Add_1_x", "online_factor_results": {"alignment": {"score": 6, "justification": "a NaN"}, "plausibility": {"score": null}}, "offline_factor_results": {"alignment": {"score": 0.5}}}"#,
            "\n"
        ));
        let found = read_judge(file.path()).unwrap();
        let image = || "HumanEdit_Add_1_x".to_owned();
        let offline = &found[&(Setting::Offline, image())];
        assert_eq!(offline.get("alignment"), Some(&0.5));
        assert_eq!(found[&(Setting::Online, image())].len(), 1);
        assert_eq!(task(&image()), "Add");
    }

    #[test]
    fn metrics_lose_their_suffix_and_whole_tasks_are_left_out() {
        let file = written(concat!(
            r#"{"image_id": "a", "setting": "online", "pixel_level_fidelity": {"psnr": 0.5}, "perceptual_alignment": {"clip_image_norm": 0.25, "clip_text_norm": NaN}}"#,
            "\n",
            r#"{"image_id": "task_metrics_Add_online", "setting": "online", "perceptual_quality": {"fid": 1.0}}"#,
        ));
        let found = read_metrics(file.path()).unwrap();
        assert_eq!(found.len(), 1);
        let names: Vec<&String> = found[&(Setting::Online, "a".into())].keys().collect();
        assert_eq!(names, ["clip_image", "psnr"]);
    }

    #[test]
    fn published_coefficients_may_not_exist() {
        let file = written(
            r#"{"setting": "offline", "factor": "f", "correlations": {"psnr": {"mse": 1, "pearson": {"correlation": 0.5, "p_value": 0.1}, "spearman": {"correlation": NaN, "p_value": NaN}, "kendall": {"correlation": null}, "sample_size": 3}}}"#,
        );
        let found = read_published(file.path()).unwrap();
        let coefficients = &found[0].correlations["psnr"];
        assert_eq!(found[0].task, None);
        assert_eq!(coefficients.pearson.correlation, Some(0.5));
        assert_eq!(coefficients.spearman.correlation, None);
        assert_eq!(coefficients.sample_size, 3);
    }

    #[test]
    fn people_have_other_names_for_two_factors() {
        let rows = "annotator_id,task_id,skipped,texture_detail,overall,comment\n\
                    p,a,false,3,,\"one\ntwo\"\np,b,true,1,1,\n";
        let file = Delimited::parse("people.csv".into(), rows.as_bytes(), Delimiter::Comma);
        let found = people(&file.unwrap(), &["texture_and_detail".into()]).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].scores,
            Values::from([("texture_and_detail".into(), 3.0)])
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let twice = "{\"image_id\": \"a\", \"online_factor_results\": {}}\n".repeat(2);
        let error = read_judge(written(&twice).path()).unwrap_err();
        assert!(
            error.reason.contains("line 2: `a` is here a second time"),
            "{error}"
        );
        let error = read_judge(written("{\"image_id\": \"a\"}\n{\"image").path()).unwrap_err();
        assert!(
            error.byte == 25 && error.reason.contains("truncated"),
            "{error}"
        );
        let error = read_metrics(written(r#"{"image_id": "a", "setting": "else"}"#).path());
        assert!(error.unwrap_err().reason.contains("unknown variant `else`"));
        let rows = "annotator_id,task_id,skipped,overall\np,a,false,high\n";
        let file = Delimited::parse("people.csv".into(), rows.as_bytes(), Delimiter::Comma);
        let error = people(&file.unwrap(), &[]).unwrap_err();
        assert!(
            error.reason.contains("line 2: `overall` is `high`"),
            "{error}"
        );
    }
}
