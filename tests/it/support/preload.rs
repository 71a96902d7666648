//! Libraries that stand between a process and its system, made from C when a test needs them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes the library of that name in a folder.
pub(crate) fn library(name: &str, folder: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/support")
        .join(name)
        .with_extension("c");
    let library = folder.join(name).with_extension("so");
    // Whoever builds Rust programs has a C compiler: they are linked by it.
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
        .arg(&library)
        .arg(source)
        .arg("-ldl")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
    library
}
