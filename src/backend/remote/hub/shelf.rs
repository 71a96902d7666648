//! What was fetched of one repository, and what is still missing.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::error::HubError;
use super::fetch::Hub;
use crate::backend::remote::path_step;

/// The kept list; no export has a file of this name.
const LISTING: &str = ".listing.json";

/// A repository at a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// `org/repo`: letters, digits, `-`, `_`, `.` and one `/`.
    pub name: String,
    /// Commit, tag or branch.
    pub revision: String,
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.name, self.revision)
    }
}

/// The files of a repository, as the hub lists them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Listing {
    /// The commit that the revision was.
    pub(super) sha: String,
    pub(super) siblings: Vec<Listed>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Listed {
    pub(super) rfilename: String,
    /// Bytes.
    #[serde(default)]
    pub(super) size: Option<u64>,
}

/// From the names that a repository lists to those that are needed, or to those that are needed and not listed.
type Choose<'a> = &'a (dyn Fn(&[String]) -> Result<Vec<String>, Vec<String>> + Sync);

/// The folder of one repository at one revision.
#[derive(Debug, Clone)]
pub struct Shelf {
    folder: PathBuf,
    pub(super) repository: Repository,
}

impl Shelf {
    /// The place of a repository in the cache; nothing is made yet.
    pub fn new(cache: &Path, repository: Repository) -> Self {
        let folder = repository.name.split('/').map(path_step);
        let folder = folder.fold(cache.to_path_buf(), |folder, step| folder.join(step));
        Shelf {
            folder: folder.join(path_step(&repository.revision)),
            repository,
        }
    }

    /// The folder, where all that is needed lies in it.
    pub fn complete(&self, choose: Choose<'_>) -> Option<PathBuf> {
        let wanted = self.wanted(&self.listing()?, choose).ok()?;
        let complete = self.missing(wanted).is_empty();
        complete.then(|| self.folder.clone())
    }

    /// Fetches what is missing.
    ///
    /// # Errors
    /// Any [`HubError`]. What was complete before it is kept.
    pub async fn fill(&self, hub: &Hub, choose: Choose<'_>) -> Result<PathBuf, HubError> {
        let listing = match self.listing() {
            Some(listing) => listing,
            None => self.fetch_listing(hub).await?,
        };
        for file in self.missing(self.wanted(&listing, choose)?) {
            let mut part = self
                .part()
                .map_err(|error| self.unkept(&file.rfilename, &error))?;
            hub.file(self, &listing.sha, &file, &mut part).await?;
            self.keep(&part, &file.rfilename)?;
        }
        Ok(self.folder.clone())
    }

    async fn fetch_listing(&self, hub: &Hub) -> Result<Listing, HubError> {
        let listing = hub.listing(&self.repository).await?;
        let text = serde_json::to_vec(&listing).expect("names and numbers can be written");
        let mut part = self.part().map_err(|error| self.unkept(LISTING, &error))?;
        part.write(&text)
            .map_err(|error| self.unkept(LISTING, &error))?;
        self.keep(&part, LISTING)?;
        Ok(listing)
    }

    /// The kept list; one that cannot be read is fetched again.
    fn listing(&self) -> Option<Listing> {
        serde_json::from_slice(&fs::read(self.folder.join(LISTING)).ok()?).ok()
    }

    fn wanted(&self, listing: &Listing, choose: Choose<'_>) -> Result<Vec<Listed>, HubError> {
        let listed = &listing.siblings;
        let names: Vec<String> = listed.iter().map(|file| file.rfilename.clone()).collect();
        let chosen = choose(&names).map_err(|files| HubError::NoFile {
            repository: self.repository.to_string(),
            files,
        })?;
        let wanted = listed
            .iter()
            .filter(|file| chosen.contains(&file.rfilename));
        Ok(wanted.cloned().collect())
    }

    fn missing(&self, wanted: Vec<Listed>) -> Vec<Listed> {
        let here = |file: &Listed| self.folder.join(&file.rfilename).is_file();
        wanted.into_iter().filter(|file| !here(file)).collect()
    }

    fn part(&self) -> io::Result<Part> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        fs::create_dir_all(&self.folder)?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = self
            .folder
            .join(format!(".part-{}-{count}", std::process::id()));
        Ok(Part {
            file: File::create(&path)?,
            path,
        })
    }

    fn keep(&self, part: &Part, name: &str) -> Result<(), HubError> {
        let target = self.folder.join(name);
        let kept = || {
            fs::create_dir_all(target.parent().unwrap_or(&self.folder))?;
            // Only what is on the disk may get its name: the power may fail between the two.
            part.file.sync_all()?;
            fs::rename(&part.path, &target)
        };
        kept().map_err(|error| self.unkept(name, &error))
    }

    pub(super) fn unkept(&self, file: &str, error: &io::Error) -> HubError {
        HubError::Cache {
            repository: self.repository.to_string(),
            file: file.to_owned(),
            message: error.to_string(),
        }
    }
}

/// A file that is not complete; removed when dropped, unless it was renamed.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.path));
    }
}
