//! Recorded judges of pairs that see grays: each with its own sharpness, liking for the first place, and mistakes.

use std::fmt::Write;
use std::path::Path;

use opine::judging::Image;

use super::app::fixtures;
use super::png;

/// A recorded judge of pairs.
pub(crate) struct Voter {
    /// Name of its backend.
    pub(crate) name: &'static str,
    /// Log-odds for each step of ten grays; negative for a judge that votes against the truth.
    pub(crate) slope: f64,
    /// What it adds for the one shown first, in log-odds.
    pub(crate) first: f64,
    /// It answers only of pictures darker than this.
    pub(crate) below: u8,
}

impl Voter {
    pub(crate) fn new(name: &'static str, slope: f64) -> Self {
        Voter {
            name,
            slope,
            first: 0.0,
            below: 255,
        }
    }

    fn recording(&self, grays: &[u8]) -> String {
        let digest = |gray: u8| Image::new(png::gray(gray)).digest().to_string();
        let known = grays.iter().filter(|gray| **gray <= self.below);
        let mut lines = String::new();
        for one in known.clone() {
            for other in known.clone().filter(|other| one != *other) {
                let odds = self.slope * (f64::from(*one) - f64::from(*other)) / 10.0 + self.first;
                // Log masses up to a constant: 0 for the second.
                writeln!(
                    lines,
                    r#"{{"images": ["{}", "{}"], "options": ["A", "B"], "log_mass": [{odds}, 0.0], "readout": "label_tokens"}}"#,
                    digest(*one),
                    digest(*other)
                )
                .unwrap();
            }
        }
        lines
    }
}

/// Writes pictures of these grays, a recording for each voter, and the configuration that has them all.
pub(crate) fn write(folder: &Path, grays: &[u8], voters: &[Voter]) {
    let pictures = folder.join("pictures");
    std::fs::create_dir_all(&pictures).unwrap();
    for gray in grays {
        std::fs::write(pictures.join(format!("{gray:03}.png")), png::gray(*gray)).unwrap();
    }
    let judges = fixtures("judges").display().to_string();
    let mut config = format!("listen = \"127.0.0.1:0\"\n[judges]\nfolders = [{judges:?}]\n");
    for voter in voters {
        let file = format!("{}.jsonl", voter.name);
        std::fs::write(folder.join(&file), voter.recording(grays)).unwrap();
        write!(
            config,
            "[backends.{}]\nkind = \"recorded\"\nfile = {file:?}\n",
            voter.name
        )
        .unwrap();
    }
    std::fs::write(folder.join("opine.toml"), config).unwrap();
}
