//! From where an image comes to the image.
//!
//! A path never leads out of the folder of images: not by its words, which is seen when the manifest is read, and not
//! by a link, which is seen when the file is opened.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use super::{JobOptions, Source};
use crate::fetch::{ByteBudget, FetchError, UrlReader};
use crate::judging::{Image, Reason, Unscored};

/// The folder of images cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the folder of images for jobs, {folder}, cannot be used: {message}")]
pub struct PlaceError {
    /// The folder.
    pub folder: String,
    /// What the system said.
    pub message: String,
}

/// Opens images.
#[derive(Debug, Clone)]
pub(super) struct Pictures {
    /// Without links in it.
    folder: Option<PathBuf>,
    most_bytes: usize,
    urls: UrlReader,
    attempts: u32,
    first_pause: Duration,
}

/// Longest path, in bytes.
const LONGEST_PATH: usize = 1_024;

/// Whether the words of a path stay below the folder that it starts from.
pub fn is_inside(path: &str) -> bool {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    (1..=LONGEST_PATH).contains(&path.len())
        && !path.contains('\0')
        && !path.contains('\\')
        && Path::new(path).components().all(plain)
}

impl Pictures {
    /// Opens images below the folder of the options, and from the URLs that may be read.
    ///
    /// # Errors
    /// A folder that is not there.
    pub(super) fn new(options: &JobOptions, urls: UrlReader) -> Result<Self, PlaceError> {
        let real = |folder: &Path| {
            let fault = |error: std::io::Error| PlaceError {
                folder: folder.display().to_string(),
                message: error.to_string(),
            };
            let real = folder.canonicalize().map_err(fault)?;
            fs::read_dir(&real).map_err(fault)?;
            Ok(real)
        };
        Ok(Pictures {
            folder: options.images.as_deref().map(real).transpose()?,
            most_bytes: options.image_bytes,
            urls,
            attempts: options.attempts,
            first_pause: options.first_pause,
        })
    }

    /// The image, or why there is none; one by URL takes its bytes from the budget of its item.
    ///
    /// # Errors
    /// A fault of the image alone.
    pub(super) async fn open(
        &self,
        source: Source,
        budget: &ByteBudget,
    ) -> Result<Image, Unscored> {
        match source {
            Source::Bytes(bytes) => Ok(Image::new(bytes)),
            Source::Broken(detail) => Err(Unscored::new(Reason::Image("image_base64"), detail)),
            Source::Path(path) => {
                let pictures = self.clone();
                let reading = tokio::task::spawn_blocking(move || pictures.read(&path));
                let read = reading.await;
                read.unwrap_or_else(|_| Err(unreadable("the file could not be read")))
            }
            Source::Url(url) => {
                let read = self.fetch(&url, budget).await;
                read.map(Image::new).map_err(Unscored::from)
            }
        }
    }

    /// Nobody waits for a job as for a reply: a host that may answer another time is asked again.
    async fn fetch(&self, url: &str, budget: &ByteBudget) -> Result<Vec<u8>, FetchError> {
        let mut pause = self.first_pause;
        let mut attempt = 1;
        loop {
            match self.urls.read(url, budget).await {
                Err(error) if error.may_pass() && attempt < self.attempts => {}
                read => return read,
            }
            attempt += 1;
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    fn read(&self, path: &str) -> Result<Image, Unscored> {
        let Some(folder) = &self.folder else {
            return Err(unreadable(
                "this service has no folder of images any more; set `[jobs] images`",
            ));
        };
        let missing = |_| unreadable("no such file below the folder of images");
        let real = folder.join(path).canonicalize().map_err(missing)?;
        if !is_inside(path) || !real.starts_with(folder) {
            return Err(unreadable("the path leads out of the folder of images"));
        }
        let file = fs::metadata(&real).map_err(missing)?;
        if !file.is_file() {
            return Err(unreadable("this is no file"));
        }
        let most = self.most_bytes;
        let mut bytes = Vec::new();
        let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let read = File::open(&real).and_then(|file| file.take(limit).read_to_end(&mut bytes));
        read.map_err(|error| unreadable(format!("the file cannot be read: {}", error.kind())))?;
        if bytes.len() > most {
            let detail = format!("the file has more than {most} bytes");
            return Err(Unscored::new(Reason::Image("image_too_large"), detail));
        }
        Ok(Image::new(bytes))
    }
}

fn unreadable(detail: impl Into<String>) -> Unscored {
    Unscored::new(Reason::Image("file_unreadable"), detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_path_stay_inside() {
        for inside in ["a.png", "a/b c/d.png", "..png", "a/...", "./a.png"] {
            // A leading `.` is a part of its own and is refused with the rest that is not plain.
            assert_eq!(is_inside(inside), !inside.starts_with("./"), "{inside}");
        }
        for outside in [
            "",
            "/etc/passwd",
            "../a",
            "a/../../b",
            "a/..",
            "..",
            ".",
            "a\\..\\b",
            "a\0b",
        ] {
            assert!(!is_inside(outside), "{outside}");
        }
        assert!(!is_inside(&"x".repeat(LONGEST_PATH + 1)));
    }

    /// Pictures of 5 bytes at most.
    fn below(folder: &Path) -> Result<Pictures, PlaceError> {
        let options = JobOptions {
            images: Some(folder.to_owned()),
            image_bytes: 5,
            share: 1.0,
            attempts: 1,
            first_pause: std::time::Duration::ZERO,
            pause_after: 1,
            item_time: std::time::Duration::ZERO,
            item_bytes: 0,
            owns_answers: false,
        };
        Pictures::new(&options, UrlReader::off())
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_does_not_lead_out() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret"), b"secret").unwrap();
        fs::write(folder.path().join("image"), b"image").unwrap();
        fs::create_dir(folder.path().join("deep")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("out")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("image"), folder.path().join("deep/in"))
            .unwrap();
        let pictures = below(folder.path()).unwrap();
        let budget = ByteBudget::new(0);
        let open = async |path: &str| pictures.open(Source::Path(path.into()), &budget).await;
        assert_eq!(open("image").await.unwrap().bytes(), b"image");
        assert_eq!(open("deep/in").await.unwrap().bytes(), b"image");
        for path in ["out/secret", "out", "deep", "missing", "../image"] {
            let unscored = open(path).await.unwrap_err();
            assert_eq!(unscored.reason.code(), "file_unreadable", "{path}");
            assert!(!unscored.detail.contains("secret"));
        }
        fs::write(folder.path().join("image"), b"images").unwrap();
        let unscored = open("image").await.unwrap_err();
        assert_eq!(unscored.reason.code(), "image_too_large");
        assert!(below(&folder.path().join("none")).is_err());
    }
}
