//! The folder of an exported model: its files found, read and digested.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::error::FolderError;
use crate::digest::Digest;

/// What to do about missing files.
const REMEDY: &str = "the folder must hold an export in the layout of Hugging Face (`onnx/` and the JSON files beside it)";

/// A folder that exists.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, FolderError> {
        if path.is_dir() {
            return Ok(Folder(path.to_path_buf()));
        }
        Err(FolderError::NoFolder {
            folder: path.display().to_string(),
        })
    }

    /// The ONNX file of this name, in `onnx/` or in the folder itself.
    pub(super) fn graph(&self, name: &str) -> Option<PathBuf> {
        self.first(&[&format!("onnx/{name}.onnx"), &format!("{name}.onnx")])
    }

    /// The first of these files that exists.
    pub(super) fn first(&self, names: &[&str]) -> Option<PathBuf> {
        names
            .iter()
            .map(|name| self.0.join(name))
            .find(|path| path.is_file())
    }

    /// All of these, or an error that names every one that is missing.
    pub(super) fn need<const N: usize>(
        &self,
        wanted: [(&str, Option<PathBuf>); N],
    ) -> Result<[PathBuf; N], FolderError> {
        let missing: Vec<String> = wanted
            .iter()
            .filter(|(_, path)| path.is_none())
            .map(|(name, _)| (*name).to_owned())
            .collect();
        if !missing.is_empty() {
            return Err(self.missing(missing));
        }
        Ok(wanted.map(|(_, path)| path.expect("none of them is missing")))
    }

    pub(super) fn missing(&self, files: Vec<String>) -> FolderError {
        FolderError::Missing {
            folder: self.0.display().to_string(),
            files,
            remedy: REMEDY.to_owned(),
        }
    }

    /// Digest of these files and of the weights that lie beside the graphs among them, with their names.
    pub(super) fn revision(&self, files: &[&Path]) -> Result<Digest, FolderError> {
        let mut all: Vec<PathBuf> = Vec::new();
        for file in files {
            all.push(file.to_path_buf());
            all.extend(weights_beside(file)?);
        }
        all.sort();
        all.dedup();
        let mut fields = Vec::with_capacity(2 * all.len());
        for path in &all {
            let name = path.strip_prefix(&self.0).unwrap_or(path);
            let digest = File::open(path)
                .and_then(Digest::of_reader)
                .map_err(|error| unreadable(path, &error))?;
            fields.push(name.display().to_string().into_bytes());
            fields.push(digest.as_bytes().to_vec());
        }
        Ok(Digest::of_fields(fields.iter().map(Vec::as_slice)))
    }
}

/// Large exports keep their weights in files that begin like the graph's own name.
fn weights_beside(graph: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let (Some(folder), Some(stem)) = (graph.parent(), graph.file_stem()) else {
        return Ok(Vec::new());
    };
    if graph
        .extension()
        .is_none_or(|extension| extension != "onnx")
    {
        return Ok(Vec::new());
    }
    let beginning = format!("{}.", stem.to_string_lossy());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&beginning) && path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, FolderError> {
    fs::read(path).map_err(|error| unreadable(path, &error))
}

/// A JSON file with at least the fields of `T`.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, FolderError> {
    serde_json::from_slice(&read(path)?).map_err(|error| FolderError::Malformed {
        file: path.display().to_string(),
        expected: "the JSON that was expected",
        message: error.to_string(),
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> FolderError {
    FolderError::Unreadable {
        file: path.display().to_string(),
        message: error.to_string(),
    }
}
