//! Image files and texts as they are named on the command line.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::judging::{Image, Reason, Unscored};

/// The file, or as much of it as shows that it is larger than an image may be.
pub(super) fn read_at_most(path: &Path, most_bytes: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let enough = u64::try_from(most_bytes)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    File::open(path)?.take(enough).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The image of a file. One that cannot be read has no score, and spoils no neighbour.
///
/// # Errors
/// `file_unreadable`.
pub(super) fn read_image(path: &Path, most_bytes: usize) -> Result<Image, Unscored> {
    read_at_most(path, most_bytes)
        .map(Image::new)
        .map_err(|error| {
            let detail = format!("`{}` cannot be read: {error}", path.display());
            Unscored::new(Reason::Image("file_unreadable"), detail)
        })
}

/// The URL that is given in the place of a file.
pub(super) fn url(path: &Path) -> Option<&str> {
    let text = path.to_str()?;
    let is = |scheme: &str| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    (is("https://") || is("http://")).then_some(text)
}

/// A name as it may be shown on a terminal: control characters would be obeyed there.
pub(super) fn shown(name: &str) -> String {
    let visible = |sign: char| {
        if sign.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            sign
        }
    };
    name.chars().map(visible).collect()
}

/// A text given as `NAME=TEXT`.
pub(super) fn named_text(given: &str) -> Result<(String, String), String> {
    match given.split_once('=') {
        Some((name, text)) if !name.is_empty() => Ok((name.to_owned(), text.to_owned())),
        _ => Err("a text is given as NAME=TEXT, such as `prompt=a red circle`".to_owned()),
    }
}

/// Endings of the files that a folder is looked through for.
const ENDINGS: [&str; 8] = ["jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"];

/// The image files that paths name, in order: a file is itself, a folder its images by name, and a `.txt` file the
/// paths on its lines, relative to its folder.
///
/// # Errors
/// A folder or list that cannot be read.
pub(super) fn image_files(paths: &[PathBuf]) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let ending = path.extension().and_then(|ending| ending.to_str());
        if path.is_dir() {
            let mut inside = std::fs::read_dir(path)?
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<Vec<_>, _>>()?;
            inside.retain(|file| is_image(file) && file.is_file());
            inside.sort();
            files.extend(inside);
        } else if ending == Some("txt") {
            let folder = path.parent().unwrap_or(Path::new(""));
            let list = std::fs::read_to_string(path)?;
            let lines = list.lines().map(str::trim).filter(|line| !line.is_empty());
            files.extend(lines.map(|line| folder.join(line)));
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn is_image(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| {
        ENDINGS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(ending))
    })
}
