//! Why a model cannot be opened, and what would help.

use super::model::ModelError;
use crate::backend::BackendError;
use crate::pixels::ImageFault;

/// A model that cannot be opened, with what would help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be read, is not a model, or has other inputs and outputs than the card says.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A model's folder is not as it must be.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// What is wrong with a model's folder. Every case names the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FolderError {
    /// The folder itself is not there.
    #[error(
        "there is no folder `{folder}`; put the model's export there, or change `folder` in the configuration"
    )]
    NoFolder {
        /// The folder.
        folder: String,
    },
    /// Files that are needed are not there.
    #[error("`{folder}` has no {}; {remedy}", .files.join(", no "))]
    Missing {
        /// The folder.
        folder: String,
        /// The files, each with the places where it may be.
        files: Vec<String>,
        /// What would help.
        remedy: String,
    },
    /// A file is there and cannot be read.
    #[error("`{file}` cannot be read: {message}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system said.
        message: String,
    },
    /// A file is not what its name says.
    #[error("`{file}` is not {expected}: {message}")]
    Malformed {
        /// The file.
        file: String,
        /// What it should be.
        expected: &'static str,
        /// What its reader said.
        message: String,
    },
    /// A file asks for something that is not done here, or does not fit the others.
    #[error("`{file}`: {message}")]
    NotUnderstood {
        /// The file.
        file: String,
        /// What it asks for, and what would work.
        message: String,
    },
}

impl FolderError {
    pub(super) fn not_understood(file: impl Into<String>, message: impl Into<String>) -> Self {
        FolderError::NotUnderstood {
            file: file.into(),
            message: message.into(),
        }
    }
}

impl From<ImageFault> for BackendError {
    fn from(fault: ImageFault) -> Self {
        BackendError::Image {
            code: fault.code(),
            message: fault.to_string(),
        }
    }
}

impl From<ort::Error> for BackendError {
    fn from(error: ort::Error) -> Self {
        BackendError::Failed {
            message: format!("the model did not run: {error}"),
        }
    }
}
