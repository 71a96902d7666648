//! ImagenHub's human ratings: a folder per task, in it one `*.tsv` per rater.
//!
//! The first column is `uid`, every other one a model; a cell is `[consistency, quality]`, each 0, 0.5 or 1,
//! with or without a blank after the comma. VIEScore's repository carries the same files.

use std::path::{Path, PathBuf};

use super::DatasetError;
use super::delimited::{Delimited, Delimiter, Record};

/// All ratings of one task.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    /// Name of the folder.
    pub name: String,
    /// The models, in the order of the columns.
    pub models: Vec<String>,
    /// Names of the rated items, in the order of the first rater's file.
    pub items: Vec<String>,
    /// The raters, in the order of their files' names.
    pub raters: Vec<Rater>,
}

/// The ratings that one person gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Rater {
    /// Name of the file.
    pub file: String,
    /// For each model, for each item: semantic consistency and perceptual quality.
    pub ratings: Vec<Vec<[f64; 2]>>,
}

/// Reads every task below `folder`: each folder that holds `*.tsv` files, in the order of their names.
///
/// # Errors
/// A folder or file that cannot be read, a cell that is no such rating, raters whose models or items differ.
pub fn read(folder: &Path) -> Result<Vec<Task>, DatasetError> {
    let mut tasks = Vec::new();
    for entry in sorted_entries(folder)? {
        if entry.is_dir() {
            tasks.extend(read_task(&entry)?);
        }
    }
    Ok(tasks)
}

fn read_task(folder: &Path) -> Result<Option<Task>, DatasetError> {
    let mut task: Option<Task> = None;
    for path in sorted_entries(folder)? {
        if path.extension().is_none_or(|extension| extension != "tsv") {
            continue;
        }
        let file = Delimited::read(&path, Delimiter::Tab)?;
        let sheet = sheet(&file)?;
        let task = task.get_or_insert_with(|| Task {
            name: name_of(folder),
            models: sheet.models.clone(),
            items: sheet.items.clone(),
            raters: Vec::new(),
        });
        let ratings = sheet.aligned_with(task, &file)?;
        let file = name_of(&path);
        task.raters.push(Rater { file, ratings });
    }
    Ok(task)
}

fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let unreadable = |error: std::io::Error| DatasetError {
        path: folder.display().to_string(),
        byte: 0,
        reason: format!("cannot be read: {error}"),
    };
    let mut entries = std::fs::read_dir(folder)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<PathBuf>, _>>()
        .map_err(unreadable)?;
    entries.sort();
    Ok(entries)
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// One rater's file.
struct Sheet {
    models: Vec<String>,
    items: Vec<String>,
    ratings: Vec<Vec<[f64; 2]>>,
}

fn sheet(file: &Delimited) -> Result<Sheet, DatasetError> {
    let [uid] = file.columns(["uid"])?;
    let columns: Vec<usize> = (0..file.header().len())
        .filter(|column| *column != uid)
        .collect();
    if columns.is_empty() {
        return Err(file.whole("there is no column but `uid`; expected one for each model".into()));
    }
    let mut items: Vec<String> = Vec::with_capacity(file.records.len());
    for record in &file.records {
        if items.contains(&record.cells[uid]) {
            return Err(file.at(
                record,
                format!("`{}` is here a second time", record.cells[uid]),
            ));
        }
        items.push(record.cells[uid].clone());
    }
    let ratings = columns
        .iter()
        .map(|column| {
            file.records
                .iter()
                .map(|record| rating(file, record, *column))
                .collect()
        })
        .collect::<Result<_, _>>()?;
    Ok(Sheet {
        models: columns
            .iter()
            .map(|column| file.header()[*column].clone())
            .collect(),
        items,
        ratings,
    })
}

fn rating(file: &Delimited, record: &Record, column: usize) -> Result<[f64; 2], DatasetError> {
    let text = &record.cells[column];
    let allowed = |value: &f64| [0.0, 0.5, 1.0].contains(value);
    serde_json::from_str::<[f64; 2]>(text)
        .ok()
        .filter(|pair| pair.iter().all(allowed))
        .ok_or_else(|| {
            file.at(
                record,
                format!(
                    "`{}` is `{text}`; expected two of 0, 0.5 and 1, such as `[0.5, 1]`",
                    file.header()[column]
                ),
            )
        })
}

impl Sheet {
    /// The ratings in the task's order of models and items.
    fn aligned_with(
        self,
        task: &Task,
        file: &Delimited,
    ) -> Result<Vec<Vec<[f64; 2]>>, DatasetError> {
        let models = positions(&task.models, &self.models).map_err(|model| {
            file.whole(format!("the raters' files differ in the model `{model}`"))
        })?;
        let items = positions(&task.items, &self.items).map_err(|item| {
            file.whole(format!(
                "the raters' files differ in the item `{item}`; one of them is truncated or of another task"
            ))
        })?;
        Ok(models
            .into_iter()
            .map(|model| {
                items
                    .iter()
                    .map(|item| self.ratings[model][*item])
                    .collect()
            })
            .collect())
    }
}

/// Where each of `wanted` stands in `given`, which must hold the same names; otherwise a name that only one holds.
fn positions(wanted: &[String], given: &[String]) -> Result<Vec<usize>, String> {
    if let Some(extra) = given.iter().find(|name| !wanted.contains(name)) {
        return Err(extra.clone());
    }
    wanted
        .iter()
        .map(|name| {
            given
                .iter()
                .position(|other| other == name)
                .ok_or_else(|| name.clone())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "uid\tSD\tGlide\r\na.jpg\t[1, 0.5]\t[0,0]\r\nb.jpg\t[0.5,1]\t[1, 1]\r\n";

    fn folder(second: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let task = folder.path().join("Text-To-Image");
        std::fs::create_dir(&task).unwrap();
        std::fs::write(task.join("rater1.tsv"), FIRST).unwrap();
        std::fs::write(task.join("rater2.tsv"), second).unwrap();
        std::fs::write(task.join("notes.txt"), "not a rating").unwrap();
        std::fs::write(folder.path().join("Analyze.ipynb"), "{}").unwrap();
        folder
    }

    #[test]
    fn raters_are_aligned_by_model_and_item() {
        let folder = folder("uid\tGlide\tSD\nb.jpg\t[0, 1]\t[0.5, 0.5]\na.jpg\t[1,1]\t[0,0]");
        let tasks = read(folder.path()).unwrap();
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0].models, ["SD", "Glide"]);
        assert_eq!(tasks[0].items, ["a.jpg", "b.jpg"]);
        assert_eq!(tasks[0].raters[0].ratings[0], [[1.0, 0.5], [0.5, 1.0]]);
        assert_eq!(tasks[0].raters[1].ratings[0], [[0.0, 0.0], [0.5, 0.5]]);
        assert_eq!(tasks[0].raters[1].ratings[1], [[1.0, 1.0], [0.0, 1.0]]);
    }

    #[test]
    fn what_is_wrong_is_said_with_file_and_line() {
        let cases = [
            (FIRST.replace("[1, 1]", "[1"), "line 3: `Glide` is `[1`"),
            (FIRST.replace("[1, 1]", "[1, 2]"), "line 3"),
            (FIRST.replace("[1, 1]", ""), "line 3"),
            (FIRST.replace("b.jpg", "a.jpg"), "second time"),
            (FIRST[..FIRST.len() - 24].to_owned(), "item `b.jpg`"),
            (FIRST.replace("Glide", "SDXL"), "model `SDXL`"),
            (FIRST.replace("uid", "id"), "no column `uid`"),
            ("uid\na.jpg\n".into(), "no column but `uid`"),
        ];
        for (second, reason) in cases {
            let folder = folder(&second);
            let error = read(folder.path()).unwrap_err();
            assert!(error.path.ends_with("rater2.tsv"), "{error}");
            assert!(error.reason.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(&folder.path().join("none")).is_err());
    }
}
