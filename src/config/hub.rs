//! Where the export of a model is: in a folder of this machine, or in a repository of a hub.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;

use super::remote::secret;

/// How an address in a hub begins.
const SCHEME: &str = "hf://";

/// Where repositories of models are, and where their files are kept:
///
/// ```toml
/// [hub]
/// endpoint = "https://hub.example"
/// cache = "models"
/// token_variable = "HUB_TOKEN"
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HubConfig {
    /// Address of a hub that speaks the API of Hugging Face; needed until the files are in the cache.
    pub endpoint: Option<String>,
    /// Folder for files that were fetched, relative to the configuration's folder; `opine/hub` in the user's cache
    /// folder unless set.
    pub cache: Option<PathBuf>,
    /// Name of the environment variable that holds a token. The token itself never stands in a configuration.
    pub token_variable: Option<String>,
    /// File that holds the token and nothing else, relative to the configuration's folder.
    pub token_file: Option<PathBuf>,
}

impl HubConfig {
    pub(super) fn resolve(&mut self, folder: &Path) {
        for path in [&mut self.cache, &mut self.token_file]
            .into_iter()
            .flatten()
        {
            *path = folder.join(&path);
        }
    }

    /// The token, read now; `None` where none is configured.
    ///
    /// # Errors
    /// A variable that is not set or a file that cannot be read, by name.
    pub fn token(&self) -> Result<Option<String>, String> {
        secret(
            ["token_variable", "token_file", "token"],
            self.token_variable.as_deref(),
            self.token_file.as_deref(),
        )
    }

    /// Folder for files that were fetched: the configured one, or one in the user's cache folder.
    ///
    /// # Errors
    /// Neither is known.
    pub fn cache_folder(&self) -> Result<PathBuf, String> {
        let own = || super::user_cache().map(|folder| folder.join("opine").join("hub"));
        self.cache
            .clone()
            .or_else(own)
            .ok_or_else(|| "set `[hub] cache` to a folder: the user has no cache folder".to_owned())
    }
}

/// Where an export is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum ExportPlace {
    /// A folder, relative to the configuration's folder.
    Folder(PathBuf),
    /// `hf://org/repo@revision`.
    Hub(HubAddress),
}

/// A repository of a hub at a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubAddress {
    /// `org/repo`.
    pub repository: String,
    /// Commit, tag or branch. A branch stays what it was when it was first fetched.
    pub revision: String,
}

impl ExportPlace {
    pub(super) fn resolve(&mut self, folder: &Path) {
        if let ExportPlace::Folder(path) = self {
            *path = folder.join(&path);
        }
    }
}

impl TryFrom<String> for ExportPlace {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.starts_with(SCHEME) {
            true => Ok(ExportPlace::Hub(text.parse()?)),
            false => Ok(ExportPlace::Folder(PathBuf::from(text))),
        }
    }
}

impl FromStr for HubAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("`{text}` {why}; write `{SCHEME}org/repo@revision`");
        let address = text.strip_prefix(SCHEME).unwrap_or(text);
        let Some((repository, revision)) = address.split_once('@') else {
            return Err(wrong(
                "names no revision, and one must be pinned: answers of another model are other answers",
            ));
        };
        let steps: Vec<&str> = repository.split('/').collect();
        if steps.len() != 2 || !steps.iter().all(|step| is_name(step)) {
            return Err(wrong("names no repository"));
        }
        if !revision.split('/').all(is_name) {
            return Err(wrong("has a revision that cannot be one"));
        }
        Ok(HubAddress {
            repository: repository.to_owned(),
            revision: revision.to_owned(),
        })
    }
}

/// Names become folders of the cache, so that none may lead out of it.
fn is_name(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && !text.starts_with('.') && text.chars().all(allowed)
}

impl fmt::Display for HubAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SCHEME}{}@{}", self.repository, self.revision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Result<ExportPlace, String> {
        ExportPlace::try_from(text.to_owned())
    }

    #[test]
    fn an_address_names_repository_and_revision() {
        for (text, repository, revision) in [
            ("hf://org/repo@v1.0", "org/repo", "v1.0"),
            ("hf://a-b/c_d.e@refs/pr/1", "a-b/c_d.e", "refs/pr/1"),
        ] {
            let expected = HubAddress {
                repository: repository.into(),
                revision: revision.into(),
            };
            assert_eq!(expected.to_string(), text);
            assert_eq!(place(text), Ok(ExportPlace::Hub(expected)));
        }
        assert_eq!(
            place("models/a@b"),
            Ok(ExportPlace::Folder("models/a@b".into()))
        );
    }

    #[test]
    fn an_address_that_is_none_or_leads_elsewhere_is_refused() {
        for (text, part) in [
            ("hf://org/repo", "pinned"),
            ("hf://org/repo@", "revision"),
            ("hf://repo@v1", "repository"),
            ("hf://org/repo/more@v1", "repository"),
            ("hf://../repo@v1", "repository"),
            ("hf://org/.@v1", "repository"),
            ("hf://org/re%2Fpo@v1", "repository"),
            ("hf://org/repo@../../v1", "revision"),
            ("hf://org/repo@v1\\..", "revision"),
            ("hf://org/repo@a@b", "revision"),
        ] {
            let error = place(text).unwrap_err();
            assert!(
                error.contains(part) && error.contains("hf://org/repo@revision"),
                "{error}"
            );
        }
    }
}
