//! The policies of a folder, by id.

use std::collections::BTreeMap;
use std::path::Path;

use super::policy::{Policy, PolicyError};

/// Policies by id.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policies(BTreeMap<String, Policy>);

impl Policies {
    /// Every `.toml` file of a folder.
    ///
    /// # Errors
    /// A folder that cannot be read, the first file that is no policy, or two policies of one id.
    pub fn load(folder: &Path) -> Result<Self, PolicyError> {
        let unreadable = |error: std::io::Error| PolicyError {
            file: folder.display().to_string(),
            line: None,
            message: format!("cannot be read: {error}"),
        };
        let mut files = std::fs::read_dir(folder)
            .map_err(unreadable)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<Vec<_>, _>>()
            .map_err(unreadable)?;
        files.retain(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        });
        files.sort();
        let mut policies = BTreeMap::new();
        for path in files {
            let policy = Policy::load(&path)?;
            if policies.contains_key(&policy.id) {
                return Err(PolicyError {
                    file: path.display().to_string(),
                    line: None,
                    message: format!("another policy of this folder is called `{}`", policy.id),
                });
            }
            policies.insert(policy.id.clone(), policy);
        }
        Ok(Policies(policies))
    }

    /// The policy of that id.
    pub fn find(&self, id: &str) -> Option<&Policy> {
        self.0.get(id)
    }

    /// Their ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_and_two_of_one_id_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let text = "format = 1\nid = \"p\"\nversion = \"1.0.0\"\n[[dimension]]\nname = \"q\"\n[[dimension.stage]]\njudge = \"j\"\naccept = 1.0\n";
        std::fs::write(folder.path().join("a.toml"), text).unwrap();
        std::fs::write(folder.path().join("README.md"), "no policy").unwrap();
        let policies = Policies::load(folder.path()).unwrap();
        assert_eq!(policies.ids().collect::<Vec<_>>(), ["p"]);
        assert!(policies.find("p").is_some() && policies.find("q").is_none());
        std::fs::write(folder.path().join("b.toml"), text).unwrap();
        let error = Policies::load(folder.path()).unwrap_err();
        assert!(error.to_string().contains("called `p`"), "{error}");
        assert!(Policies::load(&folder.path().join("none")).is_err());
    }
}
