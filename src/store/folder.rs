//! The data folder: one process at a time.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use super::{StoreError, display};

/// The file that is locked, and in which the holder writes its process id.
const LOCK: &str = "opine.lock";

/// A folder that is ours until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Folder {
    _lock: File,
}

impl Folder {
    /// Makes the folder if it is not there, and locks it.
    ///
    /// # Errors
    /// A folder that cannot be used, or that another process has.
    pub(super) fn claim(folder: &Path) -> Result<Self, StoreError> {
        let fault = |error: std::io::Error| StoreError::Folder {
            folder: display(folder),
            message: error.to_string(),
        };
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        // Images and results of all callers lie in it: nobody else on the machine reads a folder that we make.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(fault)?;
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut lock = options.open(folder.join(LOCK)).map_err(fault)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // The id is for people; a file that cannot be read still says that somebody holds it.
                drop(lock.read_to_string(&mut holder));
                let holder = holder.trim();
                let known = !holder.is_empty() && holder.bytes().all(|byte| byte.is_ascii_digit());
                return Err(StoreError::InUse {
                    folder: display(folder),
                    holder: if known { holder } else { "(unknown)" }.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(fault(error)),
        }
        lock.set_len(0).map_err(fault)?;
        // On a full disk the id is missing and the lock holds all the same.
        drop(writeln!(lock, "{}", std::process::id()));
        Ok(Folder { _lock: lock })
    }
}
