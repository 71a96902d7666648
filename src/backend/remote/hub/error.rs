//! Why a repository's files could not be fetched, and what would help.

/// Files that could not be fetched. Every case names the repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HubError {
    /// The address or the token cannot be used.
    #[error("`[hub]`: {message}")]
    Options {
        /// What was wrong.
        message: String,
    },
    /// A status other than 2xx.
    #[error("the hub answered {status} for `{file}` of `{repository}`; {remedy}")]
    Status {
        /// Repository and revision.
        repository: String,
        /// The file.
        file: String,
        /// The status.
        status: u16,
        /// What would help.
        remedy: &'static str,
    },
    /// No answer, or half of one. Nothing of the file was kept.
    #[error(
        "`{file}` of `{repository}` did not come: {message}; try again, or download the export and set `folder` to it (files that are complete are kept)"
    )]
    BrokenOff {
        /// Repository and revision.
        repository: String,
        /// The file.
        file: String,
        /// What the connection said.
        message: String,
    },
    /// The list of files is none.
    #[error(
        "the hub's list of the files of `{repository}` cannot be read ({message}); does `[hub] endpoint` speak the API of Hugging Face?"
    )]
    Listing {
        /// Repository and revision.
        repository: String,
        /// What its reader said.
        message: String,
    },
    /// The repository is there and has not what the model needs.
    #[error(
        "`{repository}` has no {}; name a repository with an ONNX export, or another `variant`",
        .files.join(", no ")
    )]
    NoFile {
        /// Repository and revision.
        repository: String,
        /// The files.
        files: Vec<String>,
    },
    /// The cache cannot be written.
    #[error(
        "`{file}` of `{repository}` cannot be kept: {message}; set `[hub] cache` to a folder with room"
    )]
    Cache {
        /// Repository and revision.
        repository: String,
        /// The file.
        file: String,
        /// What the system said.
        message: String,
    },
}

/// What would help against a status.
pub(super) fn remedy(status: u16) -> &'static str {
    match status {
        401 | 403 => {
            "give a token that may read it by `[hub] token_variable` or `token_file`, and accept its terms where it has some"
        }
        404 => {
            "check repository and revision; a private one needs `[hub] token_variable` or `token_file`"
        }
        _ => "try again later, or download the export and set `folder` to it",
    }
}
