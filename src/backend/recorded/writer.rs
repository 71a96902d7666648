//! Writes answers as lines that the recorded backend replays.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::line::Line;
use super::{Recorded, RecordingError};
use crate::digest::Digest;
use crate::judging::{Answer, Prompt};

/// A file that every answer is added to, each once.
#[derive(Debug)]
pub struct Recorder {
    /// What a continued recording knows already.
    known: Option<Recorded>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    written: HashSet<Digest>,
}

impl Recorder {
    /// Starts a recording; a file that is there already is not overwritten.
    ///
    /// # Errors
    /// A file that exists or cannot be made.
    pub fn create(path: &Path) -> std::io::Result<Self> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Recorder {
            known: None,
            state: Mutex::new(State {
                file,
                written: HashSet::new(),
            }),
        })
    }

    /// Continues a recording, or starts one where there is none: its answers are remembered and not asked for again.
    ///
    /// # Errors
    /// A file that cannot be read or written, or a line of it that is no answer.
    pub fn resume(path: &Path) -> Result<Self, RecordingError> {
        let broken = |error: std::io::Error| RecordingError {
            file: path.display().to_string(),
            line: 0,
            message: format!("cannot be continued: {error}"),
        };
        if !path.exists() {
            return Recorder::create(path).map_err(broken);
        }
        let known = Recorded::load("recording", path)?;
        let file = OpenOptions::new().append(true).open(path).map_err(broken)?;
        let written = known.prompts().collect();
        Ok(Recorder {
            known: Some(known),
            state: Mutex::new(State { file, written }),
        })
    }

    /// What the recording that is continued knows.
    pub fn known(&self, prompt: &Prompt) -> Option<Answer> {
        self.known.as_ref()?.recall(prompt).ok()
    }

    /// Adds the answer to a prompt; one that was written before is left out.
    ///
    /// # Errors
    /// The line could not be written.
    pub fn add(&self, prompt: &Prompt, answer: &Answer) -> std::io::Result<()> {
        let digest = prompt.digest();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.written.insert(digest) {
            return Ok(());
        }
        let mut line = serde_json::to_vec(&Line::of(prompt, digest, answer))?;
        line.push(b'\n');
        state.file.write_all(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Backend;
    use crate::backend::recorded::Recorded;
    use crate::judging::{
        AnswerOption, Choice, Coverage, Image, Listed, Options, Part, Readout, Wanted,
    };

    fn prompt(text: &str, wanted: Wanted) -> Prompt {
        let image = Part::Image(Image::new(&b"image"[..]));
        Prompt::new(vec![image, Part::Text(text.into())], wanted).unwrap()
    }

    fn closed(text: &str) -> Prompt {
        let option = |name: &str| AnswerOption::new(name, vec![]).unwrap();
        let options = Options::new(vec![option("good"), option("poor")]).unwrap();
        prompt(text, Wanted::Options(options))
    }

    #[tokio::test]
    async fn what_was_recorded_is_replayed_to_the_bit() {
        let full = Some(Coverage::new(0.93).unwrap());
        let listed = [Listed::At(-0.1), Listed::Below(-4.2)];
        let asked = [
            (
                closed("a"),
                Answer::Choice(Choice::new(vec![-0.1, -2.4], full, Readout::LabelTokens).unwrap()),
            ),
            (
                closed("b"),
                Answer::Choice(Choice::censored(&listed, full, Readout::TopTokens).unwrap()),
            ),
            (
                closed("c"),
                Answer::Choice(Choice::sampled(vec![7, 2], 11).unwrap()),
            ),
            (closed("f"), Answer::Choice(Choice::parsed(1, 2).unwrap())),
            (prompt("d", Wanted::Value), Answer::Value(0.1 + 0.2)),
            (
                prompt("e", Wanted::Text).with_repeat(3),
                Answer::Text("line\nline".into()),
            ),
        ];
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        let recorder = Recorder::create(&path).unwrap();
        for (prompt, answer) in asked.iter().chain(&asked) {
            recorder.add(prompt, answer).unwrap();
        }
        assert!(
            Recorder::create(&path).is_err(),
            "a recording is not overwritten"
        );
        let replay = Recorded::load("run", &path).unwrap();
        let continued = Recorder::resume(&path).unwrap();
        continued.add(&asked[0].0, &asked[0].1).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap().lines().count(),
            asked.len()
        );
        for (prompt, answer) in &asked {
            assert_eq!(continued.known(prompt).as_ref(), Some(answer));
            let replayed = replay.ask(std::slice::from_ref(prompt)).await;
            assert_eq!(replayed, [Ok(answer.clone())]);
        }
    }
}
