//! What a power cut leaves of the files of a process: a library between it and the system (`disk.c`) notes what is
//! written and what is waited for, and from the notes the files are made as they may be found at any moment.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::lots::Lots;
use super::preload::library;

/// Stands between a process and one folder.
pub(crate) struct Disk {
    library: PathBuf,
    place: PathBuf,
    folder: PathBuf,
}

/// What a process did to a file, and where the note of it ends.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) end: u64,
    file: String,
    change: Change,
}

#[derive(Debug, Clone)]
enum Change {
    Written { place: usize, bytes: Vec<u8> },
    Cut { length: usize },
    Removed,
    Waited,
    WaitedInVain,
}

impl Disk {
    /// For the folder `data`, which must be there; keeps what it needs in `place`.
    pub(crate) fn new(place: &Path, data: &Path) -> Self {
        Disk {
            library: library("disk", place),
            place: place.to_owned(),
            folder: data.canonicalize().unwrap(),
        }
    }

    /// Puts itself between.
    pub(crate) fn stand_between(&self, program: &mut Command) {
        program
            .env("LD_PRELOAD", &self.library)
            .env("DISK_FOLDER", &self.folder)
            .env("DISK_NOTES", self.place.join("notes"))
            .env("DISK_FAILS", self.place.join("fails"));
    }

    /// Whether waiting for the disk fails from now on.
    pub(crate) fn fail(&self, fails: bool) {
        let file = self.place.join("fails");
        if fails {
            fs::write(file, "").unwrap();
        } else {
            fs::remove_file(file).unwrap();
        }
    }

    /// Where the notes end now: whatever the process had waited for is among them.
    pub(crate) fn now(&self) -> u64 {
        fs::metadata(self.place.join("notes")).unwrap().len()
    }

    /// All notes.
    pub(crate) fn notes(&self) -> Vec<Note> {
        let bytes = fs::read(self.place.join("notes")).unwrap();
        let mut rest = &bytes[..];
        let mut take = |length: usize| {
            let (taken, left) = rest.split_at_checked(length)?;
            rest = left;
            Some(taken.to_vec())
        };
        let mut notes = Vec::new();
        let mut end = 0;
        // The process may have ended in the middle of a note.
        while let Some(head) = take(2) {
            let Some(name) = take(usize::from(head[1])) else {
                break;
            };
            let Some(numbers) = take(16) else { break };
            let number = |at: usize| u64::from_ne_bytes(numbers[at..at + 8].try_into().unwrap());
            let [place, length] = [0, 8].map(|at| usize::try_from(number(at)).unwrap());
            let Some(bytes) = take(length) else { break };
            end += (2 + name.len() + 16 + length) as u64;
            let change = match head[0] {
                b'w' => Change::Written { place, bytes },
                b't' => Change::Cut { length: place },
                b'u' => Change::Removed,
                b's' => Change::Waited,
                b'f' => Change::WaitedInVain,
                other => panic!("{other}"),
            };
            notes.push(Note {
                end,
                file: String::from_utf8(name).unwrap(),
                change,
            });
        }
        notes
    }
}

impl Note {
    /// Whether it says that the disk was waited for, in vain or not.
    pub(crate) fn waits(&self) -> bool {
        matches!(self.change, Change::Waited | Change::WaitedInVain)
    }
}

/// The files of a folder: as the process sees them, and as they are on the disk.
#[derive(Debug, Default)]
pub(crate) struct Files(BTreeMap<String, File>);

#[derive(Debug, Default)]
struct File {
    seen: Vec<u8>,
    kept: Vec<u8>,
    /// What may be on the disk or not.
    pending: Vec<Change>,
    /// Whether the folder was waited for since the file was made: without that it may not be there at all.
    is_listed: bool,
    /// Whether it was removed, and may still be there until the folder is waited for.
    is_removed: bool,
}

impl Files {
    /// What the next note says.
    pub(crate) fn follow(&mut self, note: &Note, lots: &mut Lots) {
        if note.file.is_empty() {
            if matches!(note.change, Change::Waited) {
                self.0.retain(|_, file| !file.is_removed);
                self.0.values_mut().for_each(|file| file.is_listed = true);
            }
            return;
        }
        let file = self.0.entry(note.file.clone()).or_default();
        match &note.change {
            Change::Removed => file.is_removed = true,
            change @ (Change::Written { .. } | Change::Cut { .. }) => {
                if file.is_removed {
                    *file = File::default();
                }
                change.apply(&mut file.seen);
                file.pending.push(change.clone());
            }
            Change::Waited => {
                for change in file.pending.drain(..) {
                    change.apply(&mut file.kept);
                }
            }
            // What a system could not write it forgets: it is not written by the next time that is waited either.
            Change::WaitedInVain => file.settle(lots),
        }
    }

    /// As the process sees them.
    pub(crate) fn seen(&self) -> BTreeMap<&str, &[u8]> {
        let files = self.0.iter().filter(|(_, file)| !file.is_removed);
        files
            .map(|(name, file)| (name.as_str(), &file.seen[..]))
            .collect()
    }

    /// Writes into a folder what a power cut at this moment may leave.
    pub(crate) fn cut_power(&self, folder: &Path, lots: &mut Lots) {
        for (name, file) in self.0.iter().filter(|(_, file)| file.is_listed) {
            if file.is_removed && lots.below(2) == 0 {
                continue;
            }
            let mut left = File {
                kept: file.kept.clone(),
                pending: file.pending.clone(),
                ..File::default()
            };
            left.settle(lots);
            fs::write(folder.join(name), left.kept).unwrap();
        }
    }
}

impl File {
    /// Lets what is pending be on the disk whole, in part or not at all.
    fn settle(&mut self, lots: &mut Lots) {
        for change in std::mem::take(&mut self.pending) {
            match lots.below(4) {
                0 | 1 => {}
                2 => change.apply(&mut self.kept),
                _ => change.torn(lots).apply(&mut self.kept),
            }
        }
    }
}

impl Change {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Change::Written { place, bytes } => {
                let end = place + bytes.len();
                if file.len() < end {
                    file.resize(end, 0);
                }
                file[*place..end].copy_from_slice(bytes);
            }
            Change::Cut { length } => file.resize(*length, 0),
            Change::Removed | Change::Waited | Change::WaitedInVain => {}
        }
    }

    /// The same, of which only the first sectors reached the disk.
    fn torn(&self, lots: &mut Lots) -> Change {
        match self {
            Change::Written { place, bytes } => {
                let sectors = bytes.len().div_ceil(512) as u64;
                let kept = usize::try_from(512 * lots.below(sectors)).unwrap();
                Change::Written {
                    place: *place,
                    bytes: bytes[..kept].to_vec(),
                }
            }
            Change::Cut { .. } | Change::Removed | Change::Waited | Change::WaitedInVain => {
                self.clone()
            }
        }
    }
}
