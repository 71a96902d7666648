//! Backends in this process, opened as a user opens them: from one table of the configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::executor::block_on;
use opine::assemble::{AssembleError, assemble};
use opine::backend::{Backend, BackendError};
use opine::engine::BackendState;
use opine::judging::{Answer, AnswerOption, Image, Options, Part, Prompt, Wanted};

use super::app::config;

/// The state of a backend with this table; paths in it are absolute.
pub(crate) fn state(table: &str) -> Result<BackendState, AssembleError> {
    let mut config = config();
    config
        .backends
        .insert("local".into(), toml::from_str(table).unwrap());
    let engine = assemble(&config)?;
    let judges = engine.judges();
    let (_, state) = judges.backends().next().unwrap();
    Ok(state.clone())
}

/// A backend that can be asked.
pub(crate) fn ready(table: &str) -> Arc<dyn Backend> {
    match state(table).unwrap() {
        BackendState::Ready(backend) => backend,
        other @ (BackendState::Unavailable { .. } | BackendState::Unbound) => panic!("{other:?}"),
    }
}

/// A folder of tests/fixtures/exports.
pub(crate) fn export(name: &str) -> PathBuf {
    super::app::fixtures("exports").join(name)
}

/// The table of a backend over a folder.
pub(crate) fn table(kind: &str, folder: &Path, more: &str) -> String {
    format!(
        "kind = \"{kind}\"\nfolder = {:?}\n{more}",
        folder.display().to_string()
    )
}

pub(crate) fn ask(backend: &dyn Backend, prompt: &Prompt) -> Result<Answer, BackendError> {
    block_on(backend.ask(std::slice::from_ref(prompt))).remove(0)
}

/// Options by their names.
pub(crate) fn options(names: &[impl AsRef<str>]) -> Wanted {
    let option = |name: &str| AnswerOption::new(name, vec![]).unwrap();
    let options = names.iter().map(|name| option(name.as_ref())).collect();
    Wanted::Options(Options::new(options).unwrap())
}

/// A picture and a text, the text only if there is one.
pub(crate) fn prompt(image: &[u8], text: &str, wanted: Wanted) -> Prompt {
    let mut parts = vec![Part::Image(Image::new(image))];
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
    Prompt::new(parts, wanted).unwrap()
}
